"""Draw the heart rate and the rhythm of a long recording on a printed page whose unit is the millimetre."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from einthoven.interpretation.following import follows
from einthoven.interpretation.interpretation import Interpretation
from einthoven.report.paper_text import MM_PER_POINT, font
from einthoven.report.times import clock
from einthoven.report.trend import Trend, colour_of_rhythm, step_s, trend_of

HEIGHT_MM = 34.0
"""Height of the trend with its band and the times below."""
_LEFT_MM, _BAND_MM, _TIMES_MM, _POINTS = 9.0, 4.5, 4.0, 6.5
_INK, _SOFT, _LINE = "#111111", "#4a5568", "#cbd5e0"
_NARROW_MM = 4.0


def has_trend(found: Interpretation) -> bool:
    """Return whether there are intervals to draw.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    """
    return bool(len(found.beats) and follows(found.beats, found.quality).any())


def draw_trend(axes: Axes, found: Interpretation, left_mm: float, top_mm: float, wide_mm: float) -> None:
    """Draw median and range of the heart rate in up to 300 pieces, above a band of the rhythms.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes whose unit is the millimetre, downwards.
    found : Interpretation
        The interpretation.
    left_mm, top_mm, wide_mm : float, mm
        Where it is drawn; it is :data:`HEIGHT_MM` high.
    """
    duration_s = found.record.duration_s
    trend = trend_of(found.beats / found.record.fs_hz, follows(found.beats, found.quality), duration_s)
    left_mm, wide_mm = left_mm + _LEFT_MM, wide_mm - _LEFT_MM
    bottom_mm = top_mm + HEIGHT_MM - _BAND_MM - _TIMES_MM
    _rates(axes, trend, (left_mm, wide_mm, top_mm, bottom_mm), duration_s)
    mm_per_s = wide_mm / duration_s
    for episode in () if found.rhythm is None else found.rhythm.episodes:
        x, width = left_mm + episode.start_s * mm_per_s, max(0.3, episode.length_s * mm_per_s)
        band = Rectangle(
            (x, bottom_mm + 0.5), width, _BAND_MM - 1.0, color=colour_of_rhythm(episode.rhythm), alpha=0.35
        )
        axes.add_patch(band)
        if width > _NARROW_MM:
            _word(axes, x + width / 2, bottom_mm + _BAND_MM - 1.6, episode.rhythm, "center")
    for at_s in np.arange(0, duration_s, step_s(duration_s)):
        side = "left" if at_s == 0 else "right" if at_s > 0.96 * duration_s else "center"
        _word(axes, left_mm + at_s * mm_per_s, top_mm + HEIGHT_MM - 0.8, clock(float(at_s)), side)


def _rates(axes: Axes, trend: Trend, place_mm: tuple[float, float, float, float], duration_s: float) -> None:
    left_mm, wide_mm, top_mm, bottom_mm = place_mm

    def y(bpm: float) -> float:
        share = (np.clip(bpm, trend.low_bpm, trend.high_bpm) - trend.low_bpm) / (trend.high_bpm - trend.low_bpm)
        return float(bottom_mm - share * (bottom_mm - top_mm))

    levels = np.arange(trend.low_bpm, trend.high_bpm + 1, 20)
    lines = [((left_mm, y(bpm)), (left_mm + wide_mm, y(bpm))) for bpm in levels]
    axes.add_collection(LineCollection(lines, colors=_LINE, linewidths=0.1 / MM_PER_POINT))
    for bpm in levels[:: 1 + len(levels) // 6]:
        _word(axes, left_mm - 1.0, y(bpm) + 0.8, f"{bpm:.0f}", "right")
    _word(axes, left_mm + 1.0, top_mm - 0.8, "heart rate, beats/min: median and 5th to 95th percentile", "left")
    xs = [left_mm + span.middle_s / duration_s * wide_mm for span in trend.spans]
    ranges = [((x, y(span.lowest)), (x, y(span.highest))) for x, span in zip(xs, trend.spans, strict=True)]
    axes.add_collection(LineCollection(ranges, colors="#9aa7bd", linewidths=0.35 / MM_PER_POINT))
    axes.plot(xs, [y(span.median) for span in trend.spans], linestyle="none", marker=".", markersize=1.6, color=_INK)


def _word(axes: Axes, x: float, y: float, text: str, side: str) -> None:
    axes.text(x, y, text, ha=side, fontproperties=font(_POINTS), color=_SOFT, parse_math=False, clip_on=False)
