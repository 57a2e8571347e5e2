"""Draw what a Holter report counts: ectopic beats by hour, the histogram of RR intervals, and the Lorenz plot."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.interpretation.hourly import Hour
from einthoven.report.colours import colour_of
from einthoven.report.times import clock

Array = NDArray[Any]

_WIDTH, _HEIGHT = 720.0, 180.0
_LEFT, _BOTTOM, _TOP = 52.0, 36.0, 8.0
_SIDE = 360.0
_BIN_MS, _LEAST_MS, _MOST_MS = 20.0, 200.0, 2200.0
_CELL_MS = 20.0
_SHADES = ("#b9c2d2", "#7d8aa3", "#4a5568", "#1a202c")


def ectopy_by_hour(hours: Sequence[Hour], names: Sequence[str]) -> str:
    """Draw the number of ectopic beats of each class in each hour as bars beside each other.

    Parameters
    ----------
    hours : sequence of Hour
        The hours, or other spans.
    names : sequence of str
        Classes; S is hatched, so that it differs in grey, too.

    Returns
    -------
    str
        An SVG element.
    """
    most = _nice(max((hour.ectopic.get(name, 0) for hour in hours for name in names), default=0))
    inner = _HEIGHT - _TOP - _BOTTOM
    slot = (_WIDTH - _LEFT) / len(hours)
    bar = min(26.0, 0.8 * slot / max(1, len(names)))
    parts = [_hatch(), *_ruled(most, inner)]
    for at, hour in enumerate(hours):
        middle = _LEFT + (at + 0.5) * slot
        for number, name in enumerate(names):
            n = hour.ectopic.get(name, 0)
            tall = inner * n / most
            x = middle + (number - len(names) / 2) * bar
            fill = "url(#hatch)" if name == "S" else colour_of(name, 0)
            box = f'x="{x:.1f}" y="{_TOP + inner - tall:.1f}" width="{bar - 1:.1f}" height="{tall:.1f}"'
            said = f"{n:,} {name} from {clock(hour.start_s)}"
            parts.append(
                f'<rect {box} fill="{fill}" stroke="{colour_of(name, 0)}"><title>{escape(said)}</title></rect>'
            )
            if n and bar > 9:
                parts.append(_text(x + bar / 2, _TOP + inner - tall - 2, name, "middle"))
        if at % max(1, round(len(hours) / 8)) == 0:
            parts.append(_text(_LEFT + at * slot, _TOP + inner + 15, clock(hour.start_s), "start"))
    parts.append(_text(_LEFT, _HEIGHT - 4, "time from the start of the recording", "start"))
    total = ", ".join(f"{sum(hour.ectopic.get(name, 0) for hour in hours):,} {name}" for name in names)
    return _svg(f"ectopic beats over time: {total}", _WIDTH, _HEIGHT, parts)


def rr_histogram(all_ms: Array, normal_ms: Array) -> str:
    """Draw how many RR intervals have which length.

    Parameters
    ----------
    all_ms : array [n], ms
        All intervals.
    normal_ms : array [m], ms
        Those between two normal beats, drawn darker in front.

    Returns
    -------
    str
        An SVG element.
    """
    edges = np.arange(_LEAST_MS, _MOST_MS + _BIN_MS, _BIN_MS)
    every, normal = (
        np.histogram(np.clip(row, _LEAST_MS, _MOST_MS - 1), edges)[0].tolist() for row in (all_ms, normal_ms)
    )
    most, inner = _nice(max(every, default=0)), _HEIGHT - _TOP - _BOTTOM
    step = (_WIDTH - _LEFT) / len(every)
    parts = _ruled(most, inner)
    for counts, fill in ((every, _SHADES[0]), (normal, _SHADES[2])):
        for at, n in enumerate(counts):
            if n:
                tall = inner * n / most
                box = (
                    f'x="{_LEFT + at * step:.1f}" y="{_TOP + inner - tall:.1f}" width="{step:.1f}" height="{tall:.1f}"'
                )
                parts.append(f'<rect {box} fill="{fill}"/>')
    for ms in range(200, 2201, 200):
        x = _LEFT + (ms - _LEAST_MS) / _BIN_MS * step
        parts.append(_text(x, _TOP + inner + 15, f"{ms}", "start" if ms == 200 else "end" if ms == 2200 else "middle"))
    parts.append(_text(_WIDTH, _HEIGHT - 4, "RR interval (ms); the outermost bars hold what is beyond", "end"))
    title = f"histogram of {len(all_ms):,} RR intervals"
    if len(all_ms):
        title += f", median {np.median(all_ms):.0f} ms"
    return _svg(title, _WIDTH, _HEIGHT, parts)


def lorenz(first_ms: Array, second_ms: Array) -> str:
    """Draw each RR interval against the one before it, darker where there are more.

    Parameters
    ----------
    first_ms : array [n], ms
        Intervals.
    second_ms : array [n], ms
        The interval that follows each directly.

    Returns
    -------
    str
        An SVG element.
    """
    edges = np.arange(_LEAST_MS, _MOST_MS + _CELL_MS, _CELL_MS)
    first, second = (np.clip(row, _LEAST_MS, _MOST_MS - 1) for row in (first_ms, second_ms))
    counts = np.histogram2d(first, second, [edges, edges])[0]
    inner = _SIDE - _LEFT - _TOP
    step = inner / (len(edges) - 1)
    limits = (1, *(max(2.0, counts.max() ** power) for power in (0.4, 0.6, 0.8)))
    parts = [f'<path class="line" d="M{_LEFT} {_SIDE - _LEFT}L{_SIDE - _TOP} {_TOP}"/>']
    for x, y in np.argwhere(counts > 0).tolist():
        shade = _SHADES[sum(counts[x, y] >= limit for limit in limits) - 1]
        left, top = _LEFT + x * step, _SIDE - _LEFT - (y + 1) * step
        parts.append(f'<path fill="{shade}" d="M{left:.1f} {top:.1f}h{step:.1f}v{step:.1f}h-{step:.1f}z"/>')
    for ms in range(200, 2201, 400):
        at = (ms - _LEAST_MS) / (_MOST_MS - _LEAST_MS) * inner
        anchor = "start" if ms == 200 else "end" if ms == 2200 else "middle"
        parts.append(_text(_LEFT + at, _SIDE - _LEFT + 15, f"{ms}", anchor))
        parts.append(_text(_LEFT - 5, _SIDE - _LEFT - at + 4, f"{ms}", "end"))
    parts.append(_text(_SIDE - _TOP, _SIDE - 18, "to the right an RR interval (ms), upwards the next one", "end"))
    return _svg(f"Lorenz plot of {len(first_ms):,} pairs of successive RR intervals", _SIDE, _SIDE, parts, "square")


def _svg(title: str, width: float, height: float, parts: Sequence[str], kind: str = "") -> str:
    return (
        f'<svg class="figure {kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _ruled(most: float, inner: float) -> list[str]:
    """Return lines with their numbers at none, half and all of the largest number."""
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = _TOP + inner * (1 - share)
        parts.append(f'<path class="line" d="M{_LEFT} {y:.1f}H{_WIDTH}"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{most * share:,.0f}", "end"))
    return parts


def _hatch() -> str:
    colour = colour_of("S", 0)
    return (
        '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="5" height="5" fill="#fff"/><path d="M0 0v5" stroke="{colour}" stroke-width="4"/></pattern></defs>'
    )


def _nice(most: int) -> float:
    """Return a round even number that is not below the largest one."""
    if most <= 2:
        return 2.0
    power = 10.0 ** np.floor(np.log10(most))
    return float(next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= most))
