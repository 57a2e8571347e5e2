"""Draw recordings on ECG paper: strips with beats, rows with RR intervals, an overview."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from einthoven.report import paper
from einthoven.report.paper import LEFT_MM, MM_PER_MV, MM_PER_S, TOP_MM, Mark

STRIP_S = 7.0
"""Length of a strip."""
_ROW_S, _ROW_MM, _TALLEST_MV = 10.0, 30.0, 4.0
_ROW_MV = (-0.5 * _ROW_MM / MM_PER_MV, 0.5 * _ROW_MM / MM_PER_MV)
_BEATS_IN_A_ROW = 6


def strip(
    signal_mv: NDArray[np.floating],
    fs_hz: float,
    names: Sequence[str],
    start_s: float,
    marks: Sequence[Mark],
    title: str,
) -> str:
    """Draw one strip of seven seconds, all leads below each other.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The whole record, NaN where samples are missing.
    fs_hz : float
        Its sampling rate.
    names : sequence of str
        Names of the leads.
    start_s : float, seconds
        Where the strip begins.
    marks : sequence of Mark
        Beats of the record; those outside the strip are left out.
    title : str
        Description for screen readers.

    Returns
    -------
    str
        An SVG element.
    """
    first, last = round(start_s * fs_hz), round((start_s + STRIP_S) * fs_hz)
    cut = signal_mv[:, max(0, first) : last]
    width = LEFT_MM + STRIP_S * MM_PER_S
    inside = [mark for mark in marks if start_s <= mark.time_s < start_s + STRIP_S]
    drawn, top = [], TOP_MM
    for lead_mv, name in zip(cut, names, strict=True):
        bounds = paper.band_mv(lead_mv)
        end = top + float(np.ceil((bounds[1] - bounds[0]) * MM_PER_MV / 5) * 5)
        zero = top + bounds[1] * MM_PER_MV
        drawn += [
            paper.pulse(zero),
            paper.text("lead", name, 0.6, end - 1.2),
            paper.trace(lead_mv, fs_hz, zero, bounds),
        ]
        if paper.exceeds(lead_mv, bounds):
            drawn.append(paper.text("cut", f"{name} is cut off", width - 1, end - 1.2))
        for mark in inside:
            if mark.loud:
                reach = (mark.time_s - start_s - 0.12, mark.time_s - start_s + 0.28)
                drawn.append(paper.trace(lead_mv, fs_hz, zero, bounds, reach, mark.colour))
        top = end
    drawn += [_letter(mark, start_s) for mark in inside]
    return paper.svg(title, width, top, "".join(drawn), TOP_MM)


def _letter(mark: Mark, start_s: float) -> str:
    style = f' fill="{mark.colour}" font-weight="{"bold" if mark.loud else "normal"}"'
    return paper.text("beat", mark.letter, LEFT_MM + (mark.time_s - start_s) * MM_PER_S, 3.6, style)


def shaded(
    lead_mv: NDArray[np.floating],
    fs_hz: float,
    name: str,
    shade: NDArray[np.floating],
    shade_hz: float,
    start_s: float,
    title: str,
) -> str:
    """Draw ten seconds of one lead, darker where it is more important.

    Parameters
    ----------
    lead_mv : array [samples], mV
        The lead of the whole record.
    fs_hz : float
        Its sampling rate.
    name : str
        Name of the lead.
    shade : array [samples], 0 to 1
        Importance, from `start_s` on.
    shade_hz : float
        Its sampling rate.
    start_s : float, seconds
        Where the drawing begins.
    title : str
        Description for screen readers.

    Returns
    -------
    str
        An SVG element.
    """
    span_s = min(_ROW_S, len(shade) / shade_hz)
    first = round(start_s * fs_hz)
    cut = lead_mv[first : first + round(span_s * fs_hz)]
    drawn = paper.shade(shade[: round(span_s * shade_hz)], shade_hz, _ROW_MM)
    drawn += paper.trace(cut, fs_hz, 0.55 * _ROW_MM, _ROW_MV) + paper.text("lead", name, 0.6, 4)
    return paper.svg(title, LEFT_MM + span_s * MM_PER_S, _ROW_MM, drawn)


def rows(
    lead_mv: NDArray[np.floating],
    fs_hz: float,
    name: str,
    between_s: tuple[float, float],
    beats_s: NDArray[np.floating],
    title: str,
    shade: tuple[NDArray[np.floating], float] | None = None,
) -> str:
    """Draw one lead in rows of ten seconds, each RR interval above it in milliseconds.

    Parameters
    ----------
    lead_mv : array [samples], mV
        The lead of the whole record.
    fs_hz : float
        Its sampling rate.
    name : str
        Name of the lead.
    between_s : (float, float), seconds
        What is drawn of it.
    beats_s : array [n], seconds
        Times of the heartbeats.
    title : str
        Description for screen readers.
    shade : (array [samples], float), optional
        Importance, 0 to 1, from the drawing's beginning on, and its sampling rate.

    Returns
    -------
    str
        An SVG element.
    """
    begin, end = between_s
    n_rows = max(1, int(np.ceil((end - begin) / _ROW_S - 1e-6)))
    height, zero = _ROW_MM + TOP_MM, TOP_MM + 0.55 * _ROW_MM
    drawn = []
    for row in range(n_rows):
        start, stop = begin + row * _ROW_S, min(begin + (row + 1) * _ROW_S, end)
        drawn.append(f'<g transform="translate(0 {row * height:g})">')
        if shade is not None:
            first, last = (round(at * _ROW_S * shade[1]) for at in (row, row + 1))
            drawn.append(paper.shade(shade[0][first:last], shade[1], height))
        drawn.append(paper.pulse(zero))
        drawn.append(paper.trace(lead_mv[round(start * fs_hz) : round(stop * fs_hz)], fs_hz, zero, _ROW_MV))
        drawn.append(paper.text("lead", name, 0.6, height - 1.2))
        drawn += _rr_intervals(beats_s, start, stop)
        drawn.append("</g>")
    return paper.svg(title, LEFT_MM + _ROW_S * MM_PER_S, n_rows * height, "".join(drawn))


def _rr_intervals(beats_s: NDArray[np.floating], start_s: float, stop_s: float) -> list[str]:
    drawn = []
    for one, other in itertools.pairwise(beats_s):
        middle = (one + other) / 2
        if start_s <= middle < stop_s:
            x = LEFT_MM + (middle - start_s) * MM_PER_S
            drawn.append(paper.text("rr", f"{1000 * (other - one):.0f}", x, 3.6))
    return drawn


def beats(
    beat_mv: NDArray[np.floating], fs_hz: float, names: Sequence[str], shade: NDArray[np.floating], title: str
) -> str:
    """Draw one beat of each lead side by side, six in a row, darker where it is more important.

    Parameters
    ----------
    beat_mv : array [leads, samples], mV
        A beat of each lead.
    fs_hz : float
        Their sampling rate.
    names : sequence of str
        Names of the leads.
    shade : array [samples], 0 to 1
        Importance.
    title : str
        Description for screen readers.

    Returns
    -------
    str
        An SVG element.
    """
    step = LEFT_MM / 2 + beat_mv.shape[1] / fs_hz * MM_PER_S
    in_row = min(len(names), _BEATS_IN_A_ROW)
    height, zero = 1.4 * _ROW_MM, 0.8 * _ROW_MM
    drawn = []
    for at, (lead_mv, name) in enumerate(zip(beat_mv, names, strict=True)):
        drawn.append(f'<g transform="translate({at % in_row * step:g} {at // in_row * height:g})">')
        drawn.append(paper.shade(shade, fs_hz, height, 2 / fs_hz))
        drawn.append(paper.trace(lead_mv, fs_hz, zero, (-_TALLEST_MV, _TALLEST_MV)))
        drawn.append(paper.text("lead", name, LEFT_MM + 0.6, 4) + "</g>")
    return paper.svg(title, step * in_row + LEFT_MM, height * -(-len(names) // in_row), "".join(drawn))


def overview(lead_mv: NDArray[np.floating], fs_hz: float, start_s: float, span_s: float, marks: Sequence[Mark]) -> str:
    """Draw one compressed line of a lead [samples], as wide as the page, with ticks below it at beats that stand out.

    Parameters
    ----------
    lead_mv : array
        The lead [samples], mV.
    fs_hz : float
        Samples per second.
    start_s : float
        Start of the line in the recording.
    span_s : float
        Duration of the line.
    marks : sequence of Mark
        Beats that stand out.
    """
    width, height, level, scale = 1000.0, 46.0, 20.0, 15.0
    cut = lead_mv[round(start_s * fs_hz) : round((start_s + span_s) * fs_hz)]
    bins = max(1, min(700, len(cut) // 2))
    there = np.nan_to_num(cut - np.nanmedian(cut) if np.isfinite(cut).any() else cut)
    edges = np.linspace(0, len(there), bins + 1).astype(int)[:-1]
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


def stretches(times_s: NDArray[np.floating], loud: NDArray[np.bool_], duration_s: float) -> list[tuple[float, int]]:
    """Choose where strips begin so that every beat that stands out is on one.

    Parameters
    ----------
    times_s : array [n], seconds
        Times of all beats.
    loud : array of bool [n]
        Which of them stand out.
    duration_s : float, seconds
        Length of the record.

    Returns
    -------
    list of (float, int)
        Beginning of each strip, and how many such beats it shows.
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
