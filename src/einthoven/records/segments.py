"""Read WFDB records of several segments: fixed and variable layout, gaps, and segments that are missing.

Source: header(5) of the WFDB Applications Guide, G. Moody.
"""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records.bounds import MOST_MISSING
from einthoven.records.calibration import with_stated_scale
from einthoven.records.ecg_signals import at_rate, chosen
from einthoven.records.header import Header, Segment, Signal, read_header, unreadable
from einthoven.records.signal_files import located, read_signals, to_mv
from einthoven.records.stated import UNITS_MV, Stated
from einthoven.signal.leads import canonical


@dataclass(frozen=True)
class Assembled:
    """The leads of a record of several segments."""

    signal_mv: NDArray[np.float32]
    """Samples [leads, samples] in mV; NaN where nothing was recorded."""
    signals: tuple[Signal, ...]
    """A signal line for each lead."""
    used: tuple[Signal, ...]
    """Signal lines of all segments that are read."""
    frame: int
    """Samples in a frame."""
    fs_hz: float | None
    """Frames per second."""


def read_segments(path: Path, header: Header, stated: Stated, warnings: list[str]) -> Assembled:
    """Read the segments of a record into one signal.

    Parameters
    ----------
    path : Path
        The header of the whole record.
    header : Header
        Its content.
    stated : Stated
        What the user states.
    warnings : list of str
        Gets what is missing.

    Returns
    -------
    Assembled

    Raises
    ------
    RecordUnreadable
        If a segment is missing or damaged, or does not fit the others.
    """
    segments = header.segments or ()
    parts = _headers(path, segments, stated, warnings)
    n_frames = sum(segment.n_samples for segment in segments)
    if header.n_samples is not None and header.n_samples != n_frames:
        found = f"segments of {n_frames:,} frames together, {header.n_samples:,} stated"
        raise unreadable(path, found, "copy the header again")
    fs_hz = _rate(path, header, parts)
    signals = _described(path, segments, parts, n_frames)
    kept, frame = chosen(signals, path, fs_hz, warnings)
    _require_room(path, segments, parts, len(kept) * frame)
    out = np.full((len(kept), n_frames * frame), np.nan, np.float32)
    used: list[Signal] = []
    first = 0
    for segment in segments:
        last = first + segment.n_samples
        part = parts.get(segment.name)
        if segment.n_samples and part is not None:
            where = _rows(segment, part, signals, kept, warnings)
            used += _fill(path, segment, part, where, frame, out[:, first * frame : last * frame], stated, warnings)
        first = last
    if not used:
        leads = ", ".join(signals[at].lead for at in kept)
        raise unreadable(path, f"no segment with samples of {leads}", "copy the record again", "segments of one record")
    n_missing = sum(segment.n_samples for segment in segments if segment.is_gap)
    if n_missing:
        warnings.append(f"{n_missing / n_frames:.1%} of the record were not recorded: gaps between its segments")
    return Assembled(out, tuple(signals[at] for at in kept), tuple(used), frame, fs_hz)


def _headers(path: Path, segments: Sequence[Segment], stated: Stated, warnings: list[str]) -> dict[str, Header]:
    """Return the headers of the segments by name; a missing one is refused, unless a part is enough."""
    found: dict[str, Header] = {}
    missing = []
    for name in dict.fromkeys(segment.name for segment in segments if not segment.is_gap):
        file = located(path.parent, f"{name}.hea")
        if file is None:
            missing.append(f"{name}.hea")
            continue
        part = read_header(file)
        if part.segments is not None:
            raise unreadable(path, f"the segment {name}, which has segments itself", "copy the record again")
        found[name] = with_stated_scale(part, stated, warnings)
        if not part.is_layout:
            files = dict.fromkeys(signal.file for signal in part.signals)
            missing += [each for each in files if located(file.parent, each) is None]
    if missing and not stated.partial:
        raise _segment_missing(path, missing)
    if missing:
        warnings.append(f"files of segments are missing, and so are their samples: {_short(missing)}")
    return found


def _rate(path: Path, header: Header, parts: dict[str, Header]) -> float | None:
    """Return the frames per second of the record, which are those of each segment."""
    rates = [part.fs_hz for part in parts.values() if part.fs_hz is not None]
    fs_hz = header.fs_hz if header.fs_hz is not None else next(iter(rates), None)
    other = next((rate for rate in rates if abs(rate - (fs_hz or rate)) > 1e-6 * rate), None)
    if other is not None:
        raise unreadable(path, f"segments of {fs_hz:g} and of {other:g} Hz", "name one segment alone")
    return fs_hz


def _described(path: Path, segments: Sequence[Segment], parts: dict[str, Header], n_frames: int) -> tuple[Signal, ...]:
    """Return the signal lines that the leads of the record are named by: those of the layout, or of the first segment."""
    first = parts.get(segments[0].name) if segments and segments[0].n_samples == 0 else None
    if first is not None and not first.is_layout:
        raise unreadable(path, f"a segment {segments[0].name} without samples that is no layout", "copy it again")
    if any(parts[segment.name].is_layout for segment in segments[1:] if segment.name in parts):
        raise unreadable(path, "a layout among the segments with samples", "copy the header again")
    with_samples = [segment for segment in segments if segment.n_samples and segment.name in parts]
    if not with_samples:
        raise _all_missing(path, n_frames)
    return (first or parts[with_samples[0].name]).signals


def _require_room(path: Path, segments: Sequence[Segment], parts: dict[str, Header], per_frame: int) -> None:
    """Refuse gaps and repeated segments that would fill memory with nothing new."""
    n_new = sum({s.name: s.n_samples for s in segments if s.name in parts}.values())
    n_other = sum(segment.n_samples for segment in segments) - n_new
    if n_other * per_frame > MOST_MISSING:
        raise RecordUnreadable(
            f"{path} cannot be read.",
            found=f"{n_other:,} frames in gaps, and {n_new:,} in its segments",
            expected=f"at most {MOST_MISSING // max(1, per_frame):,} missing frames",
            remedy="name one of its segments",
        )


def _rows(
    segment: Segment, part: Header, signals: Sequence[Signal], kept: list[int], warnings: list[str]
) -> list[int | None]:
    """Return the position in the segment of each lead that is read; None where the segment does not have it."""
    wanted = _numbered(signals)
    there = {name: at for at, name in enumerate(_numbered(part.signals))}
    extra = [name for name, nth in there if (name, nth) not in wanted]
    if extra:
        warnings.append(f"left out, because the record does not describe them: {', '.join(extra)} in {segment.name}")
    return [there.get(wanted[at]) for at in kept]


def _numbered(signals: Sequence[Signal]) -> list[tuple[str, int]]:
    """Return the name of each signal, and which one of that name it is."""
    seen: Counter[str] = Counter()
    found = []
    for signal in signals:
        name = canonical(signal.lead)
        found.append((name, seen[name]))
        seen[name] += 1
    return found


def _fill(
    path: Path,
    segment: Segment,
    part: Header,
    rows: list[int | None],
    frame: int,
    out: NDArray[np.float32],
    stated: Stated,
    warnings: list[str],
) -> list[Signal]:
    """Write the leads of a segment into their place; return the signal lines that were used."""
    file = located(path.parent, f"{segment.name}.hea") or path
    if part.n_samples is not None and part.n_samples < segment.n_samples:
        found = f"{part.n_samples:,} frames in the segment {segment.name}, {segment.n_samples:,} stated"
        raise unreadable(path, found, "copy the record again")
    digital: list[NDArray[Any] | None] = read_signals(file, part, segment.n_samples, stated.partial, [])
    used = []
    for row, at in enumerate(rows):
        values = None if at is None else digital[at]
        if at is None or values is None:
            continue
        signal = part.signals[at]
        if signal.unit in UNITS_MV:
            out[row] = at_rate(to_mv(values, signal), signal.frame, frame)
            used.append(signal)
    return used


def _segment_missing(path: Path, missing: list[str]) -> RecordUnreadable:
    return RecordUnreadable(
        f"A segment of {path} is missing.",
        found=f"no {_short(missing)} in {path.parent}",
        expected="the header and the signal file of each segment",
        remedy=f"ls {shlex.quote(str(path.parent))}\n--partial      reads the others",
    )


def _all_missing(path: Path, n_frames: int) -> RecordUnreadable:
    return unreadable(
        path, f"{n_frames:,} frames, none of them recorded", "name another record", "a segment with samples of an ECG"
    )


def _short(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
