"""Pack the signal, beats and events of a long recording so that its page can scroll through it without a network.

A lead is resampled, rounded to steps of a few microvolts, and cut into pieces of ten minutes. Of each piece the page holds the
differences of successive samples (zigzag, all low bytes before all high bytes), deflated, in base64. ``viewer.js`` unpacks a piece
when it is looked at.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from einthoven.interpretation.interpretation import Interpretation
from einthoven.report.colours import colour_of
from einthoven.report.times import clock
from einthoven.signal.resample import resample

Array = NDArray[Any]

MOST_BYTES = 12_000_000
"""What the signals of a page may take, so that 24 hours stay below 15 MB."""
PIECE_S = 600.0
_MARGIN_S = 2.0
_MOST_LEADS = 3
_FORMS = ((250.0, 5.0), (200.0, 5.0), (128.0, 5.0), (128.0, 10.0), (100.0, 10.0), (100.0, 20.0))
"""Sampling rate (Hz) and step (µV), the finest first. Twenty microvolts are 0.2 mm on paper."""
_TRIED, _SPARE = 3, 1.1
_NO_CLASS = 255


@dataclass(frozen=True)
class Form:
    """How signals are packed."""

    n_leads: int
    """Number of leads, from the first on."""
    fs_hz: float
    """Sampling rate."""
    step_uv: float
    """Height of a step, µV."""


@dataclass(frozen=True)
class Packed:
    """What a page holds for its viewer."""

    form: Form
    """How the signals are packed."""
    about: Markup
    """A JSON object: leads, rate, gaps, classes, rhythms, events."""
    lines: Markup
    """Base64 lines: of each piece each lead, then the beats."""


def packed(found: Interpretation, most_bytes: int = MOST_BYTES) -> Packed | None:
    """Pack a recording in the finest form that fits.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    most_bytes : int
        What its signals may take.

    Returns
    -------
    Packed or None
        None where no form fits.
    """
    form = form_of(found, most_bytes)
    if form is None:
        return None
    lines = [_line(_piece(found, lead, at, form)) for at in range(_n_pieces(found)) for lead in range(form.n_leads)]
    lines.append(_line(_beats(found)))
    # A text in a script element ends at "</": no tag may stand in it.
    about = json.dumps(_about(found, form), separators=(",", ":")).replace("<", "\\u003c")
    return Packed(form, Markup(about), Markup("\n".join(lines)))


def form_of(found: Interpretation, most_bytes: int) -> Form | None:
    """Return the finest form whose size, estimated from three pieces, is small enough.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    most_bytes : int
        What its signals may take.

    Returns
    -------
    Form or None
        With as many leads as possible, up to three; None where even one lead is too much.
    """
    n_pieces = _n_pieces(found)
    tried = np.unique(np.linspace(0, n_pieces - 1, min(_TRIED, n_pieces)).astype(int)).tolist()
    own_hz = found.record.fs_hz
    rates = [(min(fs_hz, own_hz), step_uv) for fs_hz, step_uv in _FORMS]
    for n_leads in range(min(_MOST_LEADS, len(found.record.leads)), 0, -1):
        for fs_hz, step_uv in dict.fromkeys(rates):
            form = Form(n_leads, fs_hz, step_uv)
            size = sum(len(_line(_piece(found, lead, at, form))) for at in tried for lead in range(n_leads))
            seconds = sum(min(PIECE_S, found.record.duration_s - at * PIECE_S) for at in tried)
            if _SPARE * size / max(seconds, 1e-9) * found.record.duration_s <= most_bytes:
                return form
    return None


def _n_pieces(found: Interpretation) -> int:
    return max(1, int(np.ceil(found.record.duration_s / PIECE_S)))


def _piece(found: Interpretation, lead: int, at: int, form: Form) -> bytes:
    """Return the differences of a piece's samples as bytes; where samples are missing, the last one is repeated."""
    fs_hz, whole = found.record.fs_hz, found.record.signal_mv[lead]
    start_s, end_s = at * PIECE_S, min((at + 1) * PIECE_S, found.record.duration_s)
    ahead_s = min(_MARGIN_S, start_s)
    cut = whole[round((start_s - ahead_s) * fs_hz) : round((end_s + _MARGIN_S) * fs_hz)]
    there = np.isfinite(cut)
    if not there.all():
        cut = cut[np.maximum.accumulate(np.where(there, np.arange(len(cut)), 0))]
        cut = np.nan_to_num(cut)
    moved = resample(cut[None], fs_hz, form.fs_hz)[0][round(ahead_s * form.fs_hz) :]
    moved = moved[: round((end_s - start_s) * form.fs_hz)]
    steps = np.clip(np.rint(moved * (1000 / form.step_uv)), -16383, 16383).astype(np.int16)
    difference = np.diff(steps, prepend=np.int16(0)).astype(np.int16)
    zigzag = ((difference << 1) ^ (difference >> 15)).astype("<u2")
    return b"".join(half.astype(np.uint8).tobytes() for half in (zigzag & 255, zigzag >> 8))


def _line(content: bytes) -> str:
    # Run lengths and Huffman codes alone: as small as with matches here, and four times as fast.
    deflated = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return base64.b64encode(deflated.compress(content) + deflated.flush()).decode("ascii")


def _beats(found: Interpretation) -> bytes:
    """Return times of all beats in ms as 32-bit numbers, then the class of each."""
    times_ms = np.rint(found.beats / found.record.fs_hz * 1000).astype("<u4")
    classes = np.full(len(times_ms), _NO_CLASS, np.uint8)
    if found.ectopy is not None:
        names = list(found.ectopy.counts)
        at = np.searchsorted(times_ms, np.rint(found.ectopy.times_s * 1000))
        classes[np.minimum(at, len(classes) - 1)] = [names.index(name) for name in found.ectopy.classes]
    return times_ms.tobytes() + classes.tobytes()


def _about(found: Interpretation, form: Form) -> dict[str, Any]:
    record = found.record
    names = [] if found.ectopy is None else list(found.ectopy.counts)
    return {
        "duration_s": round(record.duration_s, 3),
        "leads": list(record.leads[: form.n_leads]),
        "fs_hz": form.fs_hz,
        "step_mv": form.step_uv / 1000,
        "piece_s": PIECE_S,
        "n_beats": len(found.beats),
        "gaps": [_gaps(record.signal_mv[lead], record.fs_hz) for lead in range(form.n_leads)],
        "classes": names,
        "colours": [colour_of(name, at) for at, name in enumerate(names)],
        "rhythms": [] if found.rhythm is None else [_rounded(one, one.rhythm) for one in found.rhythm.episodes],
        "unreadable": _unreadable(found),
        "events": events_of(found),
    }


def _gaps(lead_mv: Array, fs_hz: float) -> list[list[float]]:
    """Return where samples are missing, s."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], np.isfinite(lead_mv), [True])).astype(np.int8)))
    return [[round(begin / fs_hz, 3), round(end / fs_hz, 3)] for begin, end in edges.reshape(-1, 2).tolist()]


def _unreadable(found: Interpretation) -> list[list[float]]:
    seen = found.quality
    edges = np.flatnonzero(np.diff(np.concatenate(([True], seen.readable_in_any, [True])).astype(np.int8)))
    return [[round(seen.bounds[at] / seen.fs_hz, 3) for at in pair] for pair in edges.reshape(-1, 2).tolist()]


def _rounded(one: Any, text: str) -> list[Any]:
    return [round(one.start_s, 3), round(one.end_s, 3), text]


def events_of(found: Interpretation) -> dict[str, list[list[Any]]]:
    """Return what one can jump to: episodes of rhythms that are not the commonest, runs, couplets, patterns, pauses, extremes.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    dict of str to list
        For each kind rows of start (s), end (s) and words; kinds without events are left out. Single beats of a class are not
        among them: the viewer finds them among the beats.
    """
    events = _episodes(found, first=True)
    if found.ectopy is not None:
        ectopy = found.ectopy
        for kind, runs in (("runs", ectopy.runs), ("couplets", ectopy.pairs)):
            for beat in ("V", "S"):
                rows = [_rounded(one, f"{one.n} beats, {one.rate_bpm:.0f}/min") for one in runs if one.beat == beat]
                events[f"{kind} of {beat}"] = rows
        for pattern in ("bigeminy", "trigeminy"):
            these = [one for one in ectopy.patterns if one.kind == pattern]
            events[pattern] = [_rounded(one, f"{pattern} of {one.beat}, {one.n} ectopic beats") for one in these]
        events["pauses over 2 s"] = [_rounded(one, f"pause, {one.length_s:.1f} s") for one in ectopy.pauses]
    events |= _episodes(found, first=False)
    events["stretches that are not readable"] = [[begin, end, "not readable"] for begin, end in _unreadable(found)]
    return {kind: rows for kind, rows in events.items() if rows}


def _episodes(found: Interpretation, first: bool) -> dict[str, list[list[Any]]]:
    """Return the episodes of fibrillation, or those of the other rhythms without the commonest."""
    if found.rhythm is None or found.rhythm_answer is None:
        return {}
    names = dict(zip(found.rhythm_answer.classes, found.rhythm_answer.card.meanings, strict=True))
    rhythms = [one for one in found.rhythm.rhythms if one == "A"] if first else found.rhythm.rhythms[1:]
    return {
        f"episodes of {names[rhythm]} ({rhythm})": [
            _rounded(one, f"{names[rhythm]}, {clock(one.length_s)}") for one in found.rhythm.of(rhythm)
        ]
        for rhythm in rhythms
        if first or rhythm != "A"
    }


def words_of(form: Form, leads: Sequence[str]) -> str:
    """Return a sentence about what the viewer shows of the recording, and what it does not.

    Parameters
    ----------
    form : Form
        How the signals are packed.
    leads : sequence of str
        All leads of the recording.

    Returns
    -------
    str
    """
    shown, left = ", ".join(leads[: form.n_leads]), ", ".join(leads[form.n_leads :])
    rest = f" Not in this page: {left}." if left else ""
    return f"The page holds {shown} at {form.fs_hz:g} samples a second in steps of {form.step_uv:g} µV.{rest}"
