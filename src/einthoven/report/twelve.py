"""Lay the twelve leads out on a page of ten seconds, as electrocardiographs print them, and draw them as SVG."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from einthoven.report import paper
from einthoven.report.paper import LEFT_MM, MM_PER_S
from einthoven.signal.leads import STANDARD

PAGE_S = 10.0
"""What a page shows, s."""
TALLEST_MV = 4.0
"""Limits of what is drawn of a lead, mV about its median."""
_LEAST_ABOVE_MM = 15.0
ZERO = 0.55
"""Where the baseline of a row is, as a share of its height from its top."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a lead in a row of the page."""

    lead: str
    """Name of the lead; with a minus before it, it is drawn upside down."""
    row: int
    """The row, from the top."""
    at_s: float
    """Where it begins in the row, s."""
    length_s: float
    """How long it is, s."""


@dataclass(frozen=True)
class Layout:
    """Where each lead is drawn."""

    pieces: tuple[Piece, ...]
    """The leads; all rows begin at the same time, so that what is above each other happens at once."""
    row_mm: float
    """Height of a row."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return 1 + max(piece.row for piece in self.pieces)


def above_mm(row_mm: float) -> float:
    """Return the room above the first row, so that a tall R wave is drawn in it where rows are low.

    Parameters
    ----------
    row_mm : float
        Height of a row.

    Returns
    -------
    float
        In whole squares of the paper, mm.
    """
    return 5.0 * math.ceil(max(0.0, _LEAST_ABOVE_MM - ZERO * row_mm) / 5)


def _grid(columns: tuple[tuple[str, ...], ...], row_mm: float, below: str = "") -> Layout:
    """Return a layout of columns of leads, and one lead throughout below them."""
    length_s = PAGE_S / len(columns)
    pieces = [
        Piece(lead, row, column * length_s, length_s)
        for column, names in enumerate(columns)
        for row, lead in enumerate(names)
    ]
    if below:
        pieces.append(Piece(below, len(columns[0]), 0.0, PAGE_S))
    return Layout(tuple(pieces), row_mm)


_LIMB, _CHEST = STANDARD[:6], STANDARD[6:]
_CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III")

LAYOUTS: dict[str, Layout] = {
    "3x4+1": _grid((_LIMB[:3], _LIMB[3:], _CHEST[:3], _CHEST[3:]), 30.0, "II"),
    "6x2": _grid((_LIMB, _CHEST), 21.0),
    "12x1": _grid((STANDARD,), 10.5),
    "cabrera": _grid((_CABRERA, _CHEST), 21.0),
}
"""Layouts by name: rows by columns, ``+1`` with lead II throughout below; the limb leads in the order of Cabrera."""
USUAL = "3x4+1"


def row_of(piece: Piece, signal_mv: NDArray[np.floating], fs_hz: float, start_s: float) -> NDArray[np.floating]:
    """Return the samples of a piece, the right way up for its lead.

    Parameters
    ----------
    piece : Piece
        The piece.
    signal_mv : array [12, samples], mV
        The leads in the order of :data:`einthoven.signal.leads.STANDARD`.
    fs_hz : float
        Their sampling rate.
    start_s : float, s
        Where the page begins.

    Returns
    -------
    array [samples], mV
        Empty where the recording has ended.
    """
    name = piece.lead.removeprefix("-")
    begin, end = (round((start_s + at) * fs_hz) for at in (piece.at_s, piece.at_s + piece.length_s))
    cut = signal_mv[STANDARD.index(name), begin:end]
    return -cut if piece.lead.startswith("-") else cut


def shown_name(lead: str) -> str:
    """Return the name of a lead as it is printed: ``−aVR`` with a true minus.

    Parameters
    ----------
    lead : str
        Name of a piece's lead.

    Returns
    -------
    str
    """
    return lead.replace("-", "−")


def draw(
    signal_mv: NDArray[np.floating], fs_hz: float, start_s: float, title: str, layout: Layout = LAYOUTS[USUAL]
) -> str:
    """Draw ten seconds of the twelve standard leads as SVG.

    Parameters
    ----------
    signal_mv : array [12, samples], mV
        The whole record, leads in the order of :data:`einthoven.signal.leads.STANDARD`.
    fs_hz : float
        Its sampling rate.
    start_s : float, s
        Where the drawing begins.
    title : str
        Description for screen readers.
    layout : Layout
        Where each lead is drawn.

    Returns
    -------
    str
        An SVG element.
    """
    top = above_mm(layout.row_mm)
    zeros = [top + (row + ZERO) * layout.row_mm for row in range(layout.n_rows)]
    drawn = [paper.pulse(zero) for zero in zeros]
    for piece in layout.pieces:
        zero, x = zeros[piece.row], piece.at_s * MM_PER_S
        trace = paper.trace(row_of(piece, signal_mv, fs_hz, start_s), fs_hz, zero, (-TALLEST_MV, TALLEST_MV))
        name = paper.text("lead", shown_name(piece.lead), LEFT_MM + 0.8, zero - min(0.36 * layout.row_mm, 7.0))
        parted = f'<path class="pulse" d="M{LEFT_MM:g} {zero - 3:g}v6"/>' if piece.at_s else ""
        drawn.append(f'<g transform="translate({x:g} 0)">{trace}{name}{parted}</g>')
    width, height = LEFT_MM + PAGE_S * MM_PER_S, top + layout.n_rows * layout.row_mm
    return paper.svg(title, width, height, "".join(drawn))
