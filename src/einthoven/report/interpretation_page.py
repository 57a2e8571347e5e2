"""Show interpretations as one HTML page that works offline."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from einthoven import __version__
from einthoven.errors import EinthovenError
from einthoven.inference.answer import DISCLAIMER
from einthoven.interpretation.asked import QUESTIONS
from einthoven.interpretation.interpretation import Interpretation
from einthoven.report import interpretation_tables, paper, strips, twelve_section
from einthoven.report.holter import holter
from einthoven.report.paper_plan import SHORT_S
from einthoven.report.sheet import USUAL_SHEET, Sheet
from einthoven.report.times import clock

_PAGE_SIZES = {"a4": "A4", "letter": "letter"}


def render(found: Sequence[Interpretation], failed: Mapping[Path, EinthovenError], sheet: Sheet = USUAL_SHEET) -> str:
    """Return the page of one or several interpretations.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.
    sheet : Sheet
        Paper and layout of pages that are printed.

    Returns
    -------
    str
    """
    n_long = sum(one.record.duration_s > SHORT_S for one in found)
    pages = Environment(loader=PackageLoader("einthoven.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    pages.filters["clock"] = clock
    return pages.get_template("interpretation.html").render(
        version=__version__,
        disclaimer=DISCLAIMER,
        grid=Markup(paper.grid_pattern()),
        page_size=_PAGE_SIZES[sheet.paper],
        sections=[_section(one, sheet, number, n_long) for number, one in enumerate(found, start=1)],
        script=_script() if n_long else "",
        is_long=n_long == len(found),
        failed={str(file): interpretation_tables.why(error) for file, error in failed.items()},
        strip_s=strips.STRIP_S,
    )


def _script() -> Markup:
    """Return the program of the viewers; no text in it ends a script element."""
    return Markup(resources.files("einthoven.report").joinpath("templates", "viewer.js").read_text(encoding="utf-8"))


def _section(found: Interpretation, sheet: Sheet, number: int, n_long: int) -> dict[str, Any]:
    record = found.record
    is_short = record.duration_s <= SHORT_S
    return {
        "found": found,
        "record": record,
        "length": clock(record.duration_s),
        "holter": None if is_short else holter(found, number, n_long),
        "diagnoses": sorted(found.to_dict()["diagnoses"] or [], key=lambda row: -row["probability"])[:8],
        "stretches": [row for row in found.quality.stretches if row.verdict != "good"],
        "asked": [(QUESTIONS[one.question], one) for one in found.asked],
        **twelve_section.parts(found, sheet, is_short),
    }
