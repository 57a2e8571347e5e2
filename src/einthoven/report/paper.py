"""Draw ECG paper and traces as SVG whose unit is the millimetre: 25 mm/s, 10 mm/mV."""

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

MM_PER_S, MM_PER_MV = 25.0, 10.0  # IEC 60601-2-25 / AHA 2007: standard speed and gain
LEFT_MM = 6.0
"""Room for the calibration pulse, left of a trace."""
TOP_MM = 5.0
"""Room for letters or numbers, above a trace."""
_LEAST_MV, _MOST_MV = 2.0, 6.0  # of a band above or below its baseline at most
_DRAWN_HZ = 180.0
_SHADE = "#e8590c"
_FAINTEST = 0.03


@dataclass(frozen=True)
class Mark:
    """A beat on the paper.

    Parameters
    ----------
    time_s : float, seconds
        Time of the beat.
    letter : str
        Letter above it.
    colour : str
        Colour of its class.
    loud : bool
        Whether the trace about the beat is drawn in that colour.
    """

    time_s: float
    letter: str
    colour: str
    loud: bool


def svg(title: str, width: float, height: float, content: str, top: float = 0.0) -> str:
    """Return an SVG element in true size: the paper from `top` on, and its content; `title` is for screen readers.

    Parameters
    ----------
    title : str
        Words for screen readers.
    width : float
        Width in mm.
    height : float
        Height in mm.
    content : str
        SVG elements.
    top : float
        Upper edge in mm.
    """
    grid = f'<rect x="0" y="{top:g}" width="{width:g}" height="{height - top:g}" fill="url(#paper)"/>'
    return (
        f'<svg class="strip" role="img" aria-label="{escape(title)}" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}">{grid}{content}</svg>'
    )


def pulse(zero_mm: float) -> str:
    """Return the calibration pulse of 1 mV at the left edge.

    Parameters
    ----------
    zero_mm : float
        Height of 0 mV on the paper, mm from its top.
    """
    return f'<path class="pulse" d="M0.5 {zero_mm:g}h1v{-MM_PER_MV:g}h3v{MM_PER_MV:g}h1"/>'


def text(kind: str, words: str, x_mm: float, y_mm: float, style: str = "") -> str:
    """Return words, escaped; `kind` is a class of the page's style sheet: ``lead``, ``cut``, ``beat`` or ``rr``.

    Parameters
    ----------
    kind : str
        Class of the style sheet.
    words : str
        The words.
    x_mm : float
        Position from the left.
    y_mm : float
        Position from the top.
    style : str
        More style of this element.
    """
    return f'<text class="{kind}" x="{x_mm:.2f}" y="{y_mm:g}"{style}>{escape(words)}</text>'


def trace(
    lead_mv: NDArray[np.floating],
    fs_hz: float,
    zero_mm: float,
    bounds_mv: tuple[float, float],
    between_s: tuple[float, float] | None = None,
    colour: str = "",
) -> str:
    """Return a lead about its median as a line, with a gap where samples are missing.

    Parameters
    ----------
    lead_mv : array [samples], mV
        The lead from the left edge on; NaN where samples are missing.
    fs_hz : float
        Its sampling rate.
    zero_mm : float, mm
        Height of its median.
    bounds_mv : (float, float), mV
        Limits of what is drawn, about the median.
    between_s : (float, float), seconds, optional
        What is drawn of it (default: all).
    colour : str, optional
        Colour of a beat that stands out.
    """
    kind = "trace loud" if colour else "trace"
    path = _path(lead_mv, fs_hz, zero_mm, bounds_mv, between_s)
    return f'<path class="{kind}" stroke="{colour or "#1a202c"}" d="{path}"/>'


def _path(
    lead: NDArray[np.floating],
    fs_hz: float,
    zero_mm: float,
    bounds_mv: tuple[float, float],
    between_s: tuple[float, float] | None,
) -> str:
    there = np.isfinite(lead)
    if not there.any():
        return ""
    step = max(1, round(fs_hz / _DRAWN_HZ))
    first, last = (0, len(lead)) if between_s is None else (max(0, round(s * fs_hz)) for s in between_s)
    at = _drawn(lead, there, np.arange(first, min(last, len(lead))), step)
    ys = zero_mm - np.clip(lead - np.median(lead[there]), *bounds_mv) * MM_PER_MV
    words, pen_up = [], True
    for sample in at:
        if not there[sample]:
            pen_up = True
            continue
        x = LEFT_MM + sample / fs_hz * MM_PER_S
        words.append(f"{'M' if pen_up else 'L'}{x:.2f} {ys[sample]:.2f}")
        pen_up = False
    return "".join(words)


def _drawn(lead: NDArray[np.floating], there: NDArray[np.bool_], at: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Return the samples that are drawn: all, or of every two steps the lowest and the highest, so that no peak is lost."""
    n_pairs = len(at) // (2 * step)
    if step == 1 or not n_pairs:
        return at
    pairs = at[: n_pairs * 2 * step].reshape(n_pairs, 2 * step)
    wanted = np.zeros(len(at), bool)
    wanted[[0, -1]] = True
    wanted[n_pairs * 2 * step :] = True
    starts = np.arange(n_pairs) * 2 * step
    for extreme in (np.argmin, np.argmax):
        wanted[starts + extreme(lead[pairs], axis=1)] = True
    wanted[: n_pairs * 2 * step].reshape(n_pairs, 2 * step)[~there[pairs].all(axis=1)] = True
    return at[wanted]


def shade(strength: NDArray[np.floating], fs_hz: float, height_mm: float, box_s: float = 0.04) -> str:
    """Return boxes that are darker where `strength` [samples, 0 to 1] is larger.

    Parameters
    ----------
    strength : array
        Importance [samples], 0 to 1.
    fs_hz : float
        Samples per second.
    height_mm : float
        Height of the boxes.
    box_s : float
        Duration of a box.
    """
    step = max(1, round(box_s * fs_hz))
    drawn = []
    for at in range(0, len(strength), step):
        dark = float(strength[at : at + step].mean())
        if dark > _FAINTEST:
            x = LEFT_MM + at / fs_hz * MM_PER_S
            box = f'x="{x:.2f}" y="0" width="{step / fs_hz * MM_PER_S + 0.02:.2f}" height="{height_mm:g}"'
            drawn.append(f'<rect {box} fill="{_SHADE}" fill-opacity="{0.55 * dark:.2f}"/>')
    return "".join(drawn)


def grid_pattern() -> str:
    """Return the millimetre pattern that every strip refers to; once a page."""
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
        '<pattern id="paper" width="5" height="5" y="5" patternUnits="userSpaceOnUse">'
        '<rect width="5" height="5" fill="#fff8f6"/>'
        '<path d="M1 0v5M2 0v5M3 0v5M4 0v5M0 1h5M0 2h5M0 3h5M0 4h5" stroke="#f6d5cd" stroke-width=".1" fill="none"/>'
        '<path d="M0 0v5M0 0h5" stroke="#e9a597" stroke-width=".25" fill="none"/></pattern></defs></svg>'
    )


def band_mv(lead_mv: NDArray[np.floating]) -> tuple[float, float]:
    """Return the limits of a lead's drawing about its median: half millivolts around all samples, at most 6 mV either way.

    Parameters
    ----------
    lead_mv : array
        The lead [samples], mV.
    """
    there = lead_mv[np.isfinite(lead_mv)]
    there = there - np.median(there) if len(there) else np.zeros(1)
    low, high = float(np.floor(there.min() * 2) / 2), float(np.ceil(there.max() * 2) / 2)
    while high - low < _LEAST_MV:
        low, high = low - 0.5, high + 0.5
    return max(low, -_MOST_MV), min(high, _MOST_MV)


def exceeds(lead_mv: NDArray[np.floating], bounds_mv: tuple[float, float]) -> bool:
    """Return whether a lead leaves the limits of its drawing.

    Parameters
    ----------
    lead_mv : array
        The lead [samples], mV.
    bounds_mv : tuple of float
        The limits.
    """
    there = lead_mv[np.isfinite(lead_mv)]
    moved = there - np.median(there) if len(there) else there
    return bool(((moved < bounds_mv[0]) | (moved > bounds_mv[1])).any())
