"""Draw a recording, or its interpretation, as a figure; what einthoven.plot gives."""

import io
from os import PathLike
from pathlib import Path

from einthoven import records
from einthoven.errors import ConfigurationFault, optional_imports
from einthoven.interpretation.interpretation import Interpretation
from einthoven.records.record import Record
from einthoven.report.sheet import PAPERS, Sheet
from einthoven.report.twelve import LAYOUTS, USUAL
from einthoven.signal import doctor, quality

with optional_imports("pdf"):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from einthoven.report.paper_sheet import draw


class Page(Figure):
    """A figure as large as the paper, which notebooks show."""

    def _repr_png_(self) -> bytes:
        sink = io.BytesIO()
        self.savefig(sink, format="png", dpi=_SHOWN_DPI)
        return sink.getvalue()


_SHOWN_DPI = 110


def plot(
    source: Record | Interpretation | str | PathLike[str], layout: str = USUAL, paper: str = Sheet.paper
) -> Figure:
    """Draw a recording on one landscape page: 25 mm/s and 10 mm/mV, true if it is printed without scaling.

    Parameters
    ----------
    source : Record, Interpretation or path
        A recording, or its file, which is drawn without asking a model; or an interpretation, which is drawn with what it found.
    layout : str
        Where twelve leads are drawn: ``3x4+1``, ``6x2``, ``12x1`` or ``cabrera``.
    paper : str
        ``a4`` or ``letter``.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("ecg.pdf")`` writes it; a notebook shows it.

    Raises
    ------
    ConfigurationFault
        If layout or paper is unknown.
    LibraryMissing
        Where matplotlib is not installed.
    """
    for name, known in ((layout, LAYOUTS), (paper, PAPERS)):
        if name not in known:
            raise ConfigurationFault(
                f"A page cannot be drawn as {name!r}.",
                found=repr(name),
                expected=", ".join(known),
                remedy=f"einthoven.plot(record, {'layout' if known is LAYOUTS else 'paper'}={next(iter(known))!r})",
            )
    found = source if isinstance(source, Interpretation) else _examined(source)
    figure = draw(found, Sheet(paper, layout), Page)
    FigureCanvasAgg(figure)
    return figure


def _examined(source: Record | str | PathLike[str]) -> Interpretation:
    """Return an interpretation that asks no model."""
    record = source if isinstance(source, Record) else records.read(Path(source))
    seen = quality.examine(record.signal_mv, record.leads, record.fs_hz)
    return Interpretation(record, seen, doctor.examine(record), ())
