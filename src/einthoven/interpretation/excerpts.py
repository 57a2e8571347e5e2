"""Choose the moments of a long recording that are worth a strip: one of each rhythm, kind of event, extreme and shape of beat."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from einthoven.interpretation.shapes import shapes_of

if TYPE_CHECKING:
    from einthoven.interpretation.interpretation import Interpretation

_KINDS = {"V": "ventricular", "S": "supraventricular", "F": "fusion", "N": "normal"}
"""Classes of beats in words, those that are rarest and matter most first."""
_AHEAD_S = 1.5
"""What a strip shows ahead of an event."""


@dataclass(frozen=True)
class Excerpt:
    """A moment that is worth a strip."""

    kind: str
    """What it shows: ``rhythm``, ``rate``, ``pause``, ``run``, ``couplet``, ``bigeminy``, ``trigeminy`` or ``shape``."""
    text: str
    """What it shows, in words."""
    at_s: float
    """Time of the event, s."""
    start_s: float
    """Where its strip begins, s."""


def excerpts_of(found: "Interpretation", strip_s: float, most: int) -> tuple[Excerpt, ...]:
    """Choose moments that differ.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    strip_s : float, s
        Length of a strip.
    most : int
        Most moments that are chosen.

    Returns
    -------
    tuple of Excerpt
        What matters most first. Of moments that one strip shows, the first; its text names the others too.
    """
    last_s = max(0.0, found.record.duration_s - strip_s)
    chosen: list[Excerpt] = []
    for kind, text, at_s in _wanted(found):
        start_s = float(np.clip(at_s - _AHEAD_S, 0.0, last_s))
        same = next((n for n, one in enumerate(chosen) if abs(one.start_s - start_s) < strip_s / 3), None)
        if same is not None:
            one = chosen[same]
            chosen[same] = Excerpt(one.kind, f"{one.text}; {text}", one.at_s, one.start_s)
        elif len(chosen) < most:
            chosen.append(Excerpt(kind, text, at_s, start_s))
    return tuple(chosen)


Wanted = Iterator[tuple[str, str, float]]


def _wanted(found: "Interpretation") -> Wanted:
    yield from _pauses(found)
    yield from _runs(found)
    yield from _rhythms(found)
    yield from _rates(found)
    yield from _patterns(found)
    yield from _shapes(found)


def _pauses(found: "Interpretation") -> Wanted:
    if found.ectopy is not None and found.ectopy.pauses:
        pause = max(found.ectopy.pauses, key=lambda one: one.length_s)
        yield "pause", f"longest pause, {pause.length_s:.1f} s", pause.start_s


def _runs(found: "Interpretation") -> Wanted:
    if found.ectopy is None:
        return
    for beat in ("V", "S"):
        runs = [run for run in found.ectopy.runs if run.beat == beat]
        if runs:
            longest, fastest = max(runs, key=lambda one: one.n), max(runs, key=lambda one: one.rate_bpm)
            for word, run in (("longest", longest), ("fastest", fastest)):
                yield "run", f"{word} {_KINDS[beat]} run, {run.n} beats, {run.rate_bpm:.0f}/min", run.start_s
        pairs = [pair for pair in found.ectopy.pairs if pair.beat == beat]
        if pairs:
            fastest = max(pairs, key=lambda one: one.rate_bpm)
            yield "couplet", f"fastest {_KINDS[beat]} couplet, {fastest.rate_bpm:.0f}/min", fastest.start_s


def _rhythms(found: "Interpretation") -> Wanted:
    if found.rhythm is None or found.rhythm_answer is None:
        return
    names = dict(zip(found.rhythm_answer.classes, found.rhythm_answer.card.meanings, strict=True))
    for name in found.rhythm.rhythms:
        longest = max(found.rhythm.of(name), key=lambda one: one.length_s)
        # The middle of an episode shows it best: its ends are known to half a minute only.
        yield "rhythm", f"{names[name]} ({name}), within the longest episode", (longest.start_s + longest.end_s) / 2


def _rates(found: "Interpretation") -> Wanted:
    hours = found.hours()
    slow = [(hour.min_bpm, hour.min_at_s) for hour in hours if hour.min_bpm is not None and hour.min_at_s is not None]
    fast = [(hour.max_bpm, hour.max_at_s) for hour in hours if hour.max_bpm is not None and hour.max_at_s is not None]
    for word, rates, best in (("lowest", slow, min), ("highest", fast, max)):
        if rates:
            bpm, at_s = best(rates)
            yield "rate", f"{word} heart rate, {bpm:.0f}/min", at_s + _AHEAD_S


def _patterns(found: "Interpretation") -> Wanted:
    if found.ectopy is None:
        return
    for kind in ("bigeminy", "trigeminy"):
        for beat in ("V", "S"):
            these = [one for one in found.ectopy.patterns if one.kind == kind and one.beat == beat]
            if these:
                longest = max(these, key=lambda one: one.n)
                yield kind, f"{_KINDS[beat]} {kind}, the longest: {longest.n} ectopic beats", longest.start_s


def _shapes(found: "Interpretation") -> Wanted:
    if found.ectopy is None or found.beat_answer is None:
        return
    record = found.record
    lead = found.beat_answer.leads[0]
    lead_mv = record.signal_mv[record.leads.index(lead)]
    for beat, kind in _KINDS.items():
        times_s = found.ectopy.times_s[found.ectopy.classes == beat]
        shapes = shapes_of(lead_mv, record.fs_hz, times_s)
        for number, shape in enumerate(shapes, start=1):
            text = f"{kind} beat ({beat}), shape {number} of {len(shapes)} in {lead}: {shape.share:.0%} of {len(times_s):,}"
            yield "shape", text, float(times_s[shape.typical])
