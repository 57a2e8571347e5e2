"""Set words in columns of a printed page whose unit is the millimetre."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

MM_PER_POINT = 25.4 / 72
_FAMILY = "DejaVu Sans"
_LEADING, _SAFE = 1.32, 1.02
_LONGEST_WORD = 400


@dataclass(frozen=True)
class Line:
    """A line of a column, or a paragraph before it is broken into lines."""

    text: str
    """The words."""
    is_bold: bool = False
    """Whether they are bold."""
    colour: str = "#111111"
    """Their colour."""
    right: str = ""
    """Words at the right edge of the column, on the last line."""


@lru_cache(maxsize=8)
def font(points: float, is_bold: bool = False) -> FontProperties:
    """Return the font of a size; one that matplotlib brings, so that a page looks the same everywhere.

    Parameters
    ----------
    points : float
        Size.
    is_bold : bool
        Whether it is bold.
    """
    return FontProperties(family=_FAMILY, size=points, weight="bold" if is_bold else "normal")


def width_mm(text: str, points: float, is_bold: bool = False) -> float:
    """Return how wide words are, mm; letters are not moved together.

    Parameters
    ----------
    text : str
        The words.
    points : float
        Size of the font.
    is_bold : bool
        Whether they are bold.
    """
    return sum(_width(letter, is_bold) for letter in text) * points * MM_PER_POINT * _SAFE


@lru_cache(maxsize=4096)
def _width(letter: str, is_bold: bool) -> float:
    """Return the width of a letter as a share of the size of its font."""
    width, _, _ = TextToPath().get_text_width_height_descent(letter, font(100.0, is_bold), ismath=False)
    return float(width) / 100


def line_mm(points: float) -> float:
    """Return the distance between lines, mm.

    Parameters
    ----------
    points : float
        Size of the font.
    """
    return points * MM_PER_POINT * _LEADING


def broken(text: str, points: float, wide_mm: float, is_bold: bool = False) -> list[str]:
    """Break words into lines that are not wider than a column; a word that is wider is cut.

    Parameters
    ----------
    text : str
        The words.
    points : float
        Size of the font.
    wide_mm : float
        Width of the column.
    is_bold : bool
        Whether they are bold.

    Returns
    -------
    list of str
    """
    lines, line = [], ""
    for word in " ".join(text.split()).split(" "):
        joined = f"{line} {word}" if line else word
        if width_mm(joined, points, is_bold) <= wide_mm:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word[:_LONGEST_WORD]
        while width_mm(line, points, is_bold) > wide_mm and len(line) > 1:
            n = max(1, int(len(line) * wide_mm / width_mm(line, points, is_bold)))
            lines.append(line[:n])
            line = line[n:]
    return [*lines, line]


def set_line(axes: Axes, at_mm: tuple[float, float], line: Line, points: float, wide_mm: float = 0.0) -> None:
    """Draw one line; its words are never read as formulas.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes whose unit is the millimetre, downwards.
    at_mm : (float, float)
        Left end of the baseline.
    line : Line
        The line.
    points : float
        Size of the font.
    wide_mm : float
        Width of the column, for words at its right edge.
    """
    style: dict[str, Any] = {
        "fontproperties": font(points, line.is_bold),
        "color": line.colour,
        "parse_math": False,
        "clip_on": False,
    }
    axes.text(*at_mm, line.text, **style)
    if line.right:
        axes.text(at_mm[0] + wide_mm, at_mm[1], line.right, ha="right", **style)


def column(paragraphs: Sequence[Line], points: float, wide_mm: float) -> list[Line]:
    """Break paragraphs into the lines of a column.

    Parameters
    ----------
    paragraphs : sequence of Line
        The paragraphs.
    points : float
        Size of the font.
    wide_mm : float
        Width of the column.

    Returns
    -------
    list of Line
    """
    lines: list[Line] = []
    for one in paragraphs:
        beside_mm = width_mm(one.right, points, one.is_bold) + 1.5 if one.right else 0.0
        texts = broken(one.text, points, wide_mm - beside_mm, one.is_bold)
        lines += [Line(text, one.is_bold, one.colour) for text in texts[:-1]]
        lines.append(Line(texts[-1], one.is_bold, one.colour, one.right))
    return lines
