"""Draw the heart rate and the rhythm of a long recording over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.interpretation.episodes import Episode
from einthoven.report.colours import PALETTE
from einthoven.report.times import clock

Array = NDArray[Any]

_WIDTH, _HEIGHT, _BAND = 720.0, 150.0, 20.0
_LEFT, _BOTTOM, _TOP = 44.0, 20.0, 8.0
_POINTS = 300
_RHYTHMS, _OTHER = {"N": "#9aa7bd", "A": PALETTE[2], "AFL": PALETTE[3]}, PALETTE[1]
_STEPS_S, _MOST_TICKS = (10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 21600.0, 43200.0, 86400.0), 7
"""Time between two marks of the axis, and how many marks fit."""
_LEAST_BPM, _MOST_BPM = 30.0, 220.0


@dataclass(frozen=True)
class Span:
    """The heart rate in a piece of a recording, beats/min."""

    middle_s: float
    """Middle of the piece, s."""
    lowest: float
    """5th percentile."""
    median: float
    """Median."""
    highest: float
    """95th percentile."""


@dataclass(frozen=True)
class Trend:
    """The heart rate of a recording over time."""

    spans: tuple[Span, ...]
    """Up to 300 pieces of at least ten seconds, those without a beat left out."""
    low_bpm: float
    """Where the scale begins."""
    high_bpm: float
    """Where the scale ends."""
    said: str
    """The trend in words."""


def trend_of(times_s: Array, follows: Array, duration_s: float) -> Trend:
    """Sum up the heart rate over time.

    Parameters
    ----------
    times_s : array [n], s
        Times of the beats, ascending.
    follows : array of bool [n]
        Whether each beat follows the one before it directly.
    duration_s : float, s
        Length of the recording.

    Returns
    -------
    Trend
    """
    linked = np.asarray(follows[1:], bool)
    rates, at_s = 60 / np.diff(times_s)[linked], times_s[1:][linked]
    span_s = max(10.0, duration_s / _POINTS)
    bins = (at_s // span_s).astype(int)
    spans = [
        Span(float(number + 0.5) * span_s, *map(float, np.percentile(rates[bins == number], (5, 50, 95))))
        for number in np.unique(bins)
    ]
    said = f"heart rate, {rates.min():.0f} to {rates.max():.0f} beats a minute" if len(rates) else "heart rate"
    return Trend(tuple(spans), *_bounds(rates), said)


def step_s(duration_s: float) -> float:
    """Return the time between two marks of an axis.

    Parameters
    ----------
    duration_s : float, s
        Length of the axis.
    """
    found = next((step for step in _STEPS_S if duration_s / step <= _MOST_TICKS), None)
    return 86400.0 * float(np.ceil(duration_s / 6 / 86400)) if found is None else found


def colour_of_rhythm(rhythm: str) -> str:
    """Return the colour of a rhythm in the band.

    Parameters
    ----------
    rhythm : str
        Its name.
    """
    return _RHYTHMS.get(rhythm, _OTHER)


def rate_trend(times_s: Array, follows: Array, duration_s: float, episodes: Sequence[Episode], viewer: str = "") -> str:
    """Draw the heart rate: its median and its range in each of up to 300 spans, above a band of the rhythms.

    Parameters
    ----------
    times_s : array [n], s
        Times of the beats, ascending.
    follows : array of bool [n]
        Whether each beat follows the one before it directly.
    duration_s : float, s
        Length of the recording.
    episodes : sequence of Episode
        Stretches of one rhythm; each is named by its letter in the band.
    viewer : str
        Identifier of the viewer of the page that shows where it is in the trend; empty for none.

    Returns
    -------
    str
        An SVG element.
    """
    trend = trend_of(times_s, follows, duration_s)
    low_bpm, high_bpm = trend.low_bpm, trend.high_bpm
    x = (_WIDTH - _LEFT) / max(duration_s, 1e-9)

    def y(bpm: float) -> float:
        return _TOP + (_HEIGHT - _TOP) * float(1 - (np.clip(bpm, low_bpm, high_bpm) - low_bpm) / (high_bpm - low_bpm))

    parts = [_grid(low_bpm, high_bpm, y)]
    for span in trend.spans:
        left = _LEFT + span.middle_s * x
        parts.append(f'<path class="range" d="M{left:.1f} {y(span.lowest):.1f}V{y(span.highest):.1f}"/>')
        parts.append(f'<circle class="middle" cx="{left:.1f}" cy="{y(span.median):.1f}" r="1.6"/>')
    for episode in episodes:
        parts.append(_episode(episode, x))
    parts += [_hour(at, duration_s, x) for at in np.arange(0, duration_s, step_s(duration_s))]
    height = _HEIGHT + _BAND + _BOTTOM
    here = ""
    if viewer:
        here = f' data-of="{escape(viewer)}" data-left="{_LEFT:g}" data-right="{_WIDTH:g}"'
        parts.append(f'<rect class="here" x="{_LEFT:g}" y="0" width="2" height="{_HEIGHT + _BAND:g}"/>')
    return (
        f'<svg class="trend"{here} viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(trend.said)}">'
        f"{''.join(parts)}</svg>"
    )


def _bounds(rates: Array) -> tuple[float, float]:
    if not len(rates):
        return 40.0, 120.0
    low, high = np.percentile(rates, (1, 99))
    low_bpm = max(_LEAST_BPM, 20 * np.floor((low - 5) / 20))
    return float(low_bpm), float(min(_MOST_BPM, max(low_bpm + 60, 20 * np.ceil((high + 5) / 20))))


def _grid(low_bpm: float, high_bpm: float, y: Any) -> str:
    lines = []
    for bpm in np.arange(low_bpm, high_bpm + 1, 20):
        lines.append(f'<path class="line" d="M{_LEFT} {y(bpm):.1f}H{_WIDTH}"/>')
        lines.append(f'<text class="tick" x="{_LEFT - 6}" y="{y(bpm) + 4:.1f}" text-anchor="end">{bpm:.0f}</text>')
    return "".join(lines)


def _episode(episode: Episode, x: float) -> str:
    left, width = _LEFT + episode.start_s * x, max(1.0, episode.length_s * x)
    named = f"{episode.rhythm} {clock(episode.start_s)} to {clock(episode.end_s)}"
    letter = ""
    if width > 12:
        middle = left + width / 2
        letter = f'<text class="rhythm" x="{middle:.1f}" y="{_HEIGHT + 14}" text-anchor="middle">{escape(episode.rhythm)}</text>'
    return (
        f'<rect x="{left:.1f}" y="{_HEIGHT + 2}" width="{width:.1f}" height="{_BAND - 4}" '
        f'fill="{colour_of_rhythm(episode.rhythm)}" fill-opacity=".35"><title>{escape(named)}</title></rect>{letter}'
    )


def _hour(at_s: float, duration_s: float, x: float) -> str:
    anchor = "start" if at_s == 0 else "end" if at_s > 0.96 * duration_s else "middle"
    return (
        f'<text class="tick" x="{_LEFT + at_s * x:.1f}" y="{_HEIGHT + _BAND + _BOTTOM - 4}" text-anchor="{anchor}">'
        f"{clock(float(at_s))}</text>"
    )
