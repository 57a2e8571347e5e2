"""Knows ECG paper: 25 mm/s and 10 mm/mV as SVG whose unit is the millimetre. Does not know what a class means."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from einthoven.signal.leads import STANDARD

MM_PER_S, MM_PER_MV = 25.0, 10.0  # IEC 60601-2-25 / AHA 2007: standard speed and gain
STRIP_S = 7.0
_PULSE_MM = 6.0
_LABEL_MM = 5.0
_LEAST_MV, _MOST_MV = 2.0, 6.0  # of a band above or below its baseline at most
_DRAWN_HZ = 180.0
_COLUMN_S, _ROW_MM, _TALLEST_MV = 2.5, 30.0, 4.0
_BEATS_IN_A_ROW = 6


@dataclass(frozen=True)
class Mark:
    """A beat on the paper: when, which letter, which colour, how loud (an abnormal beat is drawn in its colour)."""

    time_s: float
    letter: str
    colour: str
    loud: bool


def strip(
    signal_mv: np.ndarray, fs_hz: float, names: Sequence[str], start_s: float, marks: Sequence[Mark], title: str
) -> str:
    """One strip of seven seconds, all leads below each other, in true proportions.

    Parameters
    ----------
    signal_mv : array [leads, samples] of the whole record, NaN where samples are missing
    names : of the leads
    start_s : where the strip begins
    marks : beats; those outside are left out
    title : read aloud by a screen reader

    Returns
    -------
    an SVG element
    """
    first, last = round(start_s * fs_hz), round((start_s + STRIP_S) * fs_hz)
    cut = signal_mv[:, max(0, first) : last]
    width = _PULSE_MM + STRIP_S * MM_PER_S
    tops, heights = [], []
    top = _LABEL_MM
    for lead in cut:
        low, high = _range_mv(lead)
        heights.append((low, high))
        tops.append(top)
        top += np.ceil((high - low) * MM_PER_MV / 5) * 5
    inside = [mark for mark in marks if start_s <= mark.time_s < start_s + STRIP_S]
    drawn = []
    for lead, name, bounds, y, end in zip(cut, names, heights, tops, [*tops[1:], top], strict=True):
        zero = y + bounds[1] * MM_PER_MV
        drawn.append(f'<path class="pulse" d="M0.5 {zero:g}h1v{-MM_PER_MV:g}h3v{MM_PER_MV:g}h1"/>')
        drawn.append(f'<text class="lead" x="0.6" y="{end - 1.2:g}">{_escaped(name)}</text>')
        drawn.append(f'<path class="trace" stroke="#1a202c" d="{_path(lead, fs_hz, zero, bounds)}"/>')
        if _leaves(lead, bounds):
            drawn.append(f'<text class="cut" x="{width - 1:g}" y="{end - 1.2:g}">{_escaped(name)} is cut off</text>')
        for mark in inside:
            if mark.loud:
                reach = (mark.time_s - start_s - 0.12, mark.time_s - start_s + 0.28)
                path = _path(lead, fs_hz, zero, bounds, reach)
                drawn.append(f'<path class="trace loud" stroke="{mark.colour}" d="{path}"/>')
    for mark in inside:
        x = _PULSE_MM + (mark.time_s - start_s) * MM_PER_S
        weight = "bold" if mark.loud else "normal"
        drawn.append(
            f'<text class="beat" x="{x:.2f}" y="3.6" fill="{mark.colour}" font-weight="{weight}">{_escaped(mark.letter)}</text>'
        )
    grid = f'<rect x="0" y="{_LABEL_MM:g}" width="{width:g}" height="{top - _LABEL_MM:g}" fill="url(#paper)"/>'
    return _svg("strip", title, width, top, grid + "".join(drawn))


def twelve(signal_mv: np.ndarray, fs_hz: float, start_s: float, title: str) -> str:
    """Ten seconds of the twelve standard leads as cardiologists print them: three rows of four, below them lead II throughout.

    Parameters
    ----------
    signal_mv : array [12, samples] of the whole record, in the order of :data:`einthoven.signal.leads.STANDARD`
    start_s : where it begins

    Returns
    -------
    an SVG element; each column shows its own 2.5 seconds, one after the other
    """
    width, height = _PULSE_MM + 4 * _COLUMN_S * MM_PER_S, 4 * _ROW_MM
    first = round(start_s * fs_hz)
    drawn = []
    for row in range(4):
        zero = (row + 0.55) * _ROW_MM
        drawn.append(f'<path class="pulse" d="M0.5 {zero:g}h1v{-MM_PER_MV:g}h3v{MM_PER_MV:g}h1"/>')
        columns = [(1, 0, 4)] if row == 3 else [(3 * column + row, column, 1) for column in range(4)]
        for lead, column, n_columns in columns:
            begin, end = (first + round(at * _COLUMN_S * fs_hz) for at in (column, column + n_columns))
            cut = np.full(signal_mv.shape[1], np.nan, np.float32)
            cut[begin:end] = signal_mv[lead, begin:end]
            x = _PULSE_MM + column * _COLUMN_S * MM_PER_S
            path = _path(cut[first:], fs_hz, zero, (-_TALLEST_MV, _TALLEST_MV))
            drawn.append(f'<path class="trace" stroke="#1a202c" d="{path}"/>')
            drawn.append(f'<text class="lead" x="{x + 0.8:g}" y="{zero - 0.36 * _ROW_MM:g}">{STANDARD[lead]}</text>')
            if column:
                drawn.append(f'<path class="pulse" d="M{x:g} {zero - 3:g}v6"/>')
    grid = f'<rect x="0" y="0" width="{width:g}" height="{height:g}" fill="url(#paper)"/>'
    return _svg("strip", title, width, height, grid + "".join(drawn))


def shaded(
    lead_mv: np.ndarray, fs_hz: float, name: str, shade: np.ndarray, shade_hz: float, start_s: float, title: str
) -> str:
    """Ten seconds of one lead, darker where `shade` [samples at `shade_hz`, 0 to 1, from `start_s` on] is larger."""
    span_s = min(4 * _COLUMN_S, len(shade) / shade_hz)
    width, height, zero = _PULSE_MM + span_s * MM_PER_S, _ROW_MM, 0.55 * _ROW_MM
    drawn = _shade(shade[: round(span_s * shade_hz)], shade_hz, height)
    first = round(start_s * fs_hz)
    cut = lead_mv[first : first + round(span_s * fs_hz)]
    bounds = (-0.5 * _ROW_MM / MM_PER_MV, 0.5 * _ROW_MM / MM_PER_MV)
    drawn.append(f'<path class="trace" stroke="#1a202c" d="{_path(cut, fs_hz, zero, bounds)}"/>')
    drawn.append(f'<text class="lead" x="0.6" y="4">{_escaped(name)}</text>')
    grid = f'<rect x="0" y="0" width="{width:g}" height="{height:g}" fill="url(#paper)"/>'
    return _svg("strip", title, width, height, grid + "".join(drawn))


def rows(
    lead_mv: np.ndarray,
    fs_hz: float,
    name: str,
    between_s: tuple[float, float],
    beats_s: np.ndarray,
    title: str,
    shade: tuple[np.ndarray, float] | None = None,
) -> str:
    """One lead in rows of ten seconds, each RR interval above it in milliseconds.

    Parameters
    ----------
    lead_mv : array [samples] of the whole record; between_s : what is drawn; beats_s : times of the heartbeats, in the record's
    shade : from 0 to 1 [samples], from where the drawing begins, and its rate; darker where it is larger

    Returns
    -------
    an SVG element
    """
    begin, end = between_s
    row_s = 4 * _COLUMN_S
    n_rows = max(1, int(np.ceil((end - begin) / row_s - 1e-6)))
    width, height = _PULSE_MM + row_s * MM_PER_S, _ROW_MM + _LABEL_MM
    bounds = (-0.5 * _ROW_MM / MM_PER_MV, 0.5 * _ROW_MM / MM_PER_MV)
    drawn = []
    for row in range(n_rows):
        start = begin + row * row_s
        zero = _LABEL_MM + 0.55 * _ROW_MM
        first, last = (round(at * fs_hz) for at in (start, min(start + row_s, end)))
        drawn.append(f'<g transform="translate(0 {row * height:g})">')
        if shade is not None:
            drawn += _shade(
                shade[0][round(row * row_s * shade[1]) : round((row + 1) * row_s * shade[1])], shade[1], height
            )
        path = _path(lead_mv[first:last], fs_hz, zero, bounds)
        drawn.append(f'<path class="pulse" d="M0.5 {zero:g}h1v{-MM_PER_MV:g}h3v{MM_PER_MV:g}h1"/>')
        drawn.append(f'<path class="trace" stroke="#1a202c" d="{path}"/>')
        drawn.append(f'<text class="lead" x="0.6" y="{height - 1.2:g}">{_escaped(name)}</text>')
        for one, other in itertools.pairwise(beats_s):
            middle = (one + other) / 2
            if start <= middle < min(start + row_s, end):
                x = _PULSE_MM + (middle - start) * MM_PER_S
                drawn.append(f'<text class="rr" x="{x:.2f}" y="3.6">{1000 * (other - one):.0f}</text>')
        drawn.append("</g>")
    height *= n_rows
    grid = f'<rect x="0" y="0" width="{width:g}" height="{height:g}" fill="url(#paper)"/>'
    return _svg("strip", title, width, height, grid + "".join(drawn))


def _shade(shade: np.ndarray, fs_hz: float, height: float) -> list[str]:
    """Boxes of 40 ms, the darker the larger `shade` [samples] is there."""
    step = max(1, round(0.04 * fs_hz))
    drawn = []
    for at in range(0, len(shade), step):
        strength = float(shade[at : at + step].mean())
        if strength > 0.03:
            x = _PULSE_MM + at / fs_hz * MM_PER_S
            box = f'x="{x:.2f}" y="0" width="{step / fs_hz * MM_PER_S + 0.02:.2f}" height="{height:g}"'
            drawn.append(f'<rect {box} fill="#e8590c" fill-opacity="{0.55 * strength:.2f}"/>')
    return drawn


def beats(beat_mv: np.ndarray, fs_hz: float, names: Sequence[str], shade: np.ndarray, title: str) -> str:
    """One beat of each lead side by side, six in a row, darker where `shade` [samples, 0 to 1] is larger.

    Parameters
    ----------
    beat_mv : array [leads, samples]; names : of the leads
    """
    step = _PULSE_MM / 2 + beat_mv.shape[1] / fs_hz * MM_PER_S
    in_row = min(len(names), _BEATS_IN_A_ROW)
    height, zero = 1.4 * _ROW_MM, 0.8 * _ROW_MM
    drawn = []
    for at, (lead, name) in enumerate(zip(beat_mv, names, strict=True)):
        drawn.append(f'<g transform="translate({at % in_row * step:g} {at // in_row * height:g})">')
        for sample in range(0, len(shade), 2):
            if shade[sample] > 0.03:
                x = _PULSE_MM + sample / fs_hz * MM_PER_S
                box = f'x="{x:.2f}" y="0" width="{2 / fs_hz * MM_PER_S + 0.02:.2f}" height="{height:g}"'
                drawn.append(f'<rect {box} fill="#e8590c" fill-opacity="{0.55 * float(shade[sample]):.2f}"/>')
        path = _path(lead, fs_hz, zero, (-_TALLEST_MV, _TALLEST_MV))
        drawn.append(f'<path class="trace" stroke="#1a202c" d="{path}"/>')
        drawn.append(f'<text class="lead" x="{_PULSE_MM + 0.6:g}" y="4">{_escaped(name)}</text></g>')
    width, height = step * in_row + _PULSE_MM, height * -(-len(names) // in_row)
    grid = f'<rect x="0" y="0" width="{width:g}" height="{height:g}" fill="url(#paper)"/>'
    return _svg("strip", title, width, height, grid + "".join(drawn))


def _svg(kind: str, title: str, width: float, height: float, content: str) -> str:
    return (
        f'<svg class="{kind}" role="img" aria-label="{_escaped(title)}" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}">{content}</svg>'
    )


def overview(signal_mv: np.ndarray, fs_hz: float, start_s: float, span_s: float, marks: Sequence[Mark]) -> str:
    """One compressed line of a single lead [samples], abnormal beats as ticks below it; stretched to the page's width."""
    width, height = 1000.0, 46.0
    cut = signal_mv[round(start_s * fs_hz) : round((start_s + span_s) * fs_hz)]
    bins = max(1, min(700, len(cut) // 2))
    there = np.nan_to_num(cut - np.nanmedian(cut) if np.isfinite(cut).any() else cut)
    edges = np.linspace(0, len(there), bins + 1).astype(int)[:-1]
    scale = 15.0
    level = 20.0
    share = len(cut) / (span_s * fs_hz)
    xs = np.repeat(np.linspace(0, width * share, bins), 2)
    ys = np.stack((np.maximum.reduceat(there, edges), np.minimum.reduceat(there, edges)), axis=1).ravel()
    ys = np.clip(level - ys * scale, 0, height - 8)
    line = "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
    ticks = [
        f'<path stroke="{mark.colour}" d="M{(mark.time_s - start_s) / span_s * width:.1f} {height - 7:g}v7"/>'
        for mark in marks
        if mark.loud and start_s <= mark.time_s < start_s + span_s
    ]
    return (
        f'<svg class="overview" aria-hidden="true" viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none">'
        f'<path class="thin" d="{line}"/>{"".join(ticks)}</svg>'
    )


def grid_pattern() -> str:
    """The millimetre pattern that every strip refers to; once a page."""
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
        '<pattern id="paper" width="5" height="5" y="5" patternUnits="userSpaceOnUse">'
        '<rect width="5" height="5" fill="#fff8f6"/>'
        '<path d="M1 0v5M2 0v5M3 0v5M4 0v5M0 1h5M0 2h5M0 3h5M0 4h5" stroke="#f6d5cd" stroke-width=".1" fill="none"/>'
        '<path d="M0 0v5M0 0h5" stroke="#e9a597" stroke-width=".25" fill="none"/></pattern></defs></svg>'
    )


def stretches(times_s: np.ndarray, loud: np.ndarray, duration_s: float) -> list[tuple[float, int]]:
    """Where strips begin so that every loud beat is on one, and how many loud beats each shows.

    Parameters
    ----------
    times_s : of all beats [n]; loud : bool [n]
    """
    starts: list[tuple[float, int]] = []
    wanted = times_s[loud]
    at = 0
    while at < len(wanted):
        start = min(max(0.0, wanted[at] - 1.5), max(0.0, duration_s - STRIP_S))
        # A beat in the last half second would be cut in its T wave: it opens the next strip.
        end = start + STRIP_S - (0.5 if start + STRIP_S < duration_s else 0)
        shown = max(1, int(np.searchsorted(wanted, end) - at))
        starts.append((float(start), shown))
        at += shown
    return starts


def _range_mv(lead: np.ndarray) -> tuple[float, float]:
    """Bounds of the drawing about the median: half millivolts around all that is there, at most six either way."""
    there = lead[np.isfinite(lead)]
    there = there - np.median(there) if len(there) else np.zeros(1)
    low, high = np.floor(there.min() * 2) / 2, np.ceil(there.max() * 2) / 2
    while high - low < _LEAST_MV:
        low, high = low - 0.5, high + 0.5
    return max(low, -_MOST_MV), min(high, _MOST_MV)


def _leaves(lead: np.ndarray, bounds_mv: tuple[float, float]) -> bool:
    there = lead[np.isfinite(lead)]
    moved = there - np.median(there) if len(there) else there
    return bool(((moved < bounds_mv[0]) | (moved > bounds_mv[1])).any())


def _path(
    lead: np.ndarray,
    fs_hz: float,
    zero_mm: float,
    bounds_mv: tuple[float, float],
    between_s: tuple[float, float] | None = None,
) -> str:
    """The trace as SVG path data; a gap where samples are missing."""
    there = np.isfinite(lead)
    if not there.any():
        return ""
    step = max(1, round(fs_hz / _DRAWN_HZ))
    first, last = (0, len(lead)) if between_s is None else (max(0, round(s * fs_hz)) for s in between_s)
    at = np.arange(first, min(last, len(lead)), step)
    ys = zero_mm - np.clip(lead - np.median(lead[there]), *bounds_mv) * MM_PER_MV
    words, pen_up = [], True
    for sample in at:
        if not there[sample]:
            pen_up = True
            continue
        x = _PULSE_MM + sample / fs_hz * MM_PER_S
        words.append(f"{'M' if pen_up else 'L'}{x:.2f} {ys[sample]:.2f}")
        pen_up = False
    return "".join(words)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
