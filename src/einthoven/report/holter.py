"""Collect what the page of a long recording shows: trend, hours, ectopy, rhythm, intervals, variability, strips and the viewer."""

from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from einthoven.interpretation.ectopy import ECTOPIC
from einthoven.interpretation.episodes import Episode
from einthoven.interpretation.excerpts import Excerpt, excerpts_of
from einthoven.interpretation.following import follows
from einthoven.interpretation.hourly import HOUR_S, unreadable_s
from einthoven.interpretation.interpretation import Interpretation
from einthoven.report import holter_figures, paper, strips, viewer
from einthoven.report.colours import colour_of
from einthoven.report.times import clock, of_day
from einthoven.report.trend import rate_trend

Array = NDArray[Any]

MOST_STRIPS, LEAST_STRIPS = 24, 4
"""Strips of a recording alone on its page, and beside many others."""
MOST_ROWS = 60
"""Rows of a table of events; the viewer steps through all."""
_SHORT_S, _SHORT_SPAN_S = 3 * HOUR_S, 600.0
_MOST_LEADS = 3


def holter(found: Interpretation, number: int = 1, n_long: int = 1) -> dict[str, Any]:
    """Return what the template of a long recording shows.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    number : int
        Number of the recording on its page.
    n_long : int
        Number of long recordings on the page, which share its room.

    Returns
    -------
    dict
    """
    name = f"viewer-{number}"
    chosen = excerpts_of(found, strips.STRIP_S, max(LEAST_STRIPS, MOST_STRIPS // n_long))
    packed = viewer.packed(found, viewer.MOST_BYTES // n_long)
    all_ms, normal_ms, pairs_ms = _intervals(found)
    span_s = HOUR_S if found.record.duration_s >= _SHORT_S else _SHORT_SPAN_S
    hours = found.hours(span_s)
    told = [beat for beat in ECTOPIC if found.ectopy is not None and beat in found.ectopy.counts]
    return {
        "name": name,
        "viewer": packed,
        "viewer_words": "" if packed is None else viewer.words_of(packed.form, found.record.leads),
        "trend": _trend(found, name),
        "span": "hour" if span_s == HOUR_S else "ten minutes",
        "hours": [(hour, of_day(found.record.identity.recorded_at, hour.start_s)) for hour in hours],
        "told": told,
        "ectopy": Markup(holter_figures.ectopy_by_hour(hours, told)) if told else None,
        "histogram": Markup(holter_figures.rr_histogram(all_ms, normal_ms)) if len(all_ms) else None,
        "lorenz": Markup(holter_figures.lorenz(*pairs_ms)) if len(pairs_ms[0]) else None,
        "n_rr": len(all_ms),
        "n_normal": len(normal_ms),
        "episodes": [] if found.rhythm is None else [_episode(found, one) for one in found.rhythm.episodes],
        "events": _events(found),
        "most_rows": MOST_ROWS,
        "strips": [(one, _drawn(found, one)) for one in chosen],
        "not_drawn": not_drawn(found, chosen),
        "unreadable_s": unreadable_s(found.quality, 0.0, found.record.duration_s),
    }


def _trend(found: Interpretation, name: str) -> Markup | None:
    at = found.beats
    is_next = follows(at, found.quality)
    if not is_next.any():
        return None
    episodes = () if found.rhythm is None else found.rhythm.episodes
    return Markup(rate_trend(at / found.record.fs_hz, is_next, found.record.duration_s, episodes, name))


def _intervals(found: Interpretation) -> tuple[Array, Array, tuple[Array, Array]]:
    """Return all RR intervals, those between normal beats, and pairs of successive ones, in ms."""
    linked = follows(found.beats, found.quality)[1:]
    rr_ms = np.diff(found.beats) / found.record.fs_hz * 1000
    both = linked[1:] & linked[:-1]
    is_normal = np.zeros(len(found.beats), bool)
    if found.ectopy is not None and len(found.beats):
        normal_s = found.ectopy.times_s[found.ectopy.classes == "N"]
        is_normal[np.isin(found.beats, np.rint(normal_s * found.record.fs_hz).astype(int))] = True
    between_normal = linked & is_normal[1:] & is_normal[:-1]
    return rr_ms[linked], rr_ms[between_normal], (rr_ms[:-1][both], rr_ms[1:][both])


def _events(found: Interpretation) -> list[tuple[str, list[tuple[str, float, float, str]], int]]:
    """Return tables of events: a heading, rows of time, start, end and words, and how many events there are."""
    tables = []
    for kind, rows in viewer.events_of(found).items():
        if kind.startswith("episodes"):
            continue
        shown = [(clock(start), start, end, words) for start, end, words in rows[:MOST_ROWS]]
        tables.append((kind, shown, len(rows)))
    return tables


def _episode(found: Interpretation, one: Episode) -> dict[str, Any]:
    assert found.rhythm_answer is not None
    names = dict(zip(found.rhythm_answer.classes, found.rhythm_answer.card.meanings, strict=True))
    return {
        "name": names[one.rhythm],
        "code": one.rhythm,
        "at_s": one.start_s,
        "start": clock(one.start_s),
        "end": clock(one.end_s),
        "length": clock(one.length_s),
        "probability": f"{one.probability:.2f}",
    }


def _drawn(found: Interpretation, one: Excerpt) -> Markup:
    """Return the strip of a moment, the letter of each beat's class above it."""
    record, start_s = found.record, one.start_s
    marks: list[paper.Mark] = []
    if found.ectopy is not None:
        names = list(found.ectopy.counts)
        first, last = np.searchsorted(found.ectopy.times_s, (start_s, start_s + strips.STRIP_S))
        for time_s, name in zip(found.ectopy.times_s[first:last], found.ectopy.classes[first:last], strict=True):
            colour = colour_of(name, names.index(name))
            marks.append(paper.Mark(float(time_s), name, colour, name != "N"))
    title = f"{record.name} from {clock(start_s)}: {one.text}"
    shown_mv, shown = record.signal_mv[:_MOST_LEADS], record.leads[:_MOST_LEADS]
    return Markup(strips.strip(shown_mv, record.fs_hz, shown, start_s, marks, title))


def not_drawn(found: Interpretation, chosen: tuple[Excerpt, ...]) -> str:
    """Return a sentence about what no strip shows.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    chosen : tuple of Excerpt
        The strips that are drawn.

    Returns
    -------
    str
    """
    n = len(chosen)
    drawn_s = _covered_s([one.start_s for one in chosen], found.record.duration_s)
    words = f"{n} strip{'s' if n != 1 else ''} of {strips.STRIP_S:g} s: {drawn_s:.0f} s of {clock(found.record.duration_s)}."
    if found.ectopy is not None:
        left = []
        for beat in ECTOPIC:
            times_s = found.ectopy.times_s[found.ectopy.classes == beat]
            shown = np.zeros(len(times_s), bool)
            for one in chosen:
                shown |= (times_s >= one.start_s) & (times_s < one.start_s + strips.STRIP_S)
            if not shown.all():
                left.append(f"{int((~shown).sum()):,} of {len(times_s):,} {beat} beats")
        if left:
            words += f" Not on a strip: {', '.join(left)}."
    return words


def _covered_s(starts_s: list[float], duration_s: float) -> float:
    total, until = 0.0, 0.0
    for start in sorted(starts_s):
        end = min(start + strips.STRIP_S, duration_s)
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total
