"""State how a page is printed: paper and layout."""

from dataclasses import dataclass

from einthoven.report.twelve import USUAL

PAPERS = {"a4": (297.0, 210.0), "letter": (279.4, 215.9)}
"""Width and height of a landscape page, mm."""


@dataclass(frozen=True)
class Sheet:
    """How a page is printed."""

    paper: str = "a4"
    """A key of PAPERS."""
    layout: str = USUAL
    """A key of :data:`einthoven.report.twelve.LAYOUTS`, for twelve leads."""


USUAL_SHEET = Sheet()
"""A4 with the usual layout."""
