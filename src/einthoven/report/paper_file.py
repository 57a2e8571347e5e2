"""Write printed pages: PDF with a page for each recording, or a PNG of one."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages

from einthoven import __version__
from einthoven.interpretation.interpretation import Interpretation
from einthoven.report.paper_sheet import draw
from einthoven.report.sheet import Sheet

_DPI = 200


def write_pdf(found: Sequence[Interpretation], path: Path, sheet: Sheet) -> None:
    """Write a PDF of vectors: a page for each recording, with words that can be searched.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    path : Path
        The file.
    sheet : Sheet
        Paper and layout.
    """
    named = ", ".join(one.record.name for one in found)[:200]
    about = {"Title": f"ECG: {named}", "Creator": f"einthoven {__version__}", "CreationDate": None}
    with rc_context({"pdf.fonttype": 42}), PdfPages(path, metadata=about) as pages:
        for one in found:
            figure = draw(one, sheet)
            FigureCanvasPdf(figure)
            pages.savefig(figure)


def write_png(found: Interpretation, path: Path, sheet: Sheet) -> None:
    """Write a picture of the page.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    path : Path
        The file.
    sheet : Sheet
        Paper and layout.
    """
    figure = draw(found, sheet)
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=_DPI, format="png")
