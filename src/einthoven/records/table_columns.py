"""Tell the columns of a table apart: leads, times, sample numbers, and what is no lead."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records import table_words as words
from einthoven.records.facts import Facts, Rows, other_number_of_leads
from einthoven.records.stated import Stated
from einthoven.records.times import SECONDS, Timing, seconds_of, timing_of
from einthoven.signal.lead_names import known_lead, parts_of_name
from einthoven.signal.leads import canonical

Array = NDArray[Any]
_RATE_DIFFERS = 0.02
_NO_LEAD = frozenset(("", "-", "_", "skip", "none", "x", "time", "t", "index", "nseq", "n"))


@dataclass(frozen=True)
class Columns:
    """Columns of a table of any kind of file."""

    values: Array
    """[columns, samples]; NaN where a value is missing."""
    names: tuple[str, ...] | None
    """As the file writes them; None if it names no column."""
    units: tuple[str, ...] | None = None
    """As the file writes them, where they stand apart from the names."""
    texts: frozenset[int] = frozenset()
    """Columns of words."""
    blank: frozenset[int] = frozenset()
    """Columns behind a separator at the end of each row."""
    stamps: tuple[list[str], NDArray[np.int64]] | None = None
    """Times written as text, and the samples that they belong to."""
    stamps_at: int = -1
    """That column."""


@dataclass(frozen=True)
class _Column:
    at: int
    role: str
    """``lead``, ``time``, ``index``, ``other``, ``text`` or ``empty``."""
    name: str
    unit: str | None
    written: str
    """The name as the file writes it."""


def rows_and_facts(path: Path, columns: Columns, facts: Facts, stated: Stated) -> tuple[Rows, Facts, Stated]:
    """Choose the leads among the columns, and take the rate from their times.

    Parameters
    ----------
    path : Path
        The file.
    columns : Columns
        Its columns.
    facts : Facts
        What its head says.
    stated : Stated
        What the user states.

    Returns
    -------
    rows : Rows
        The leads.
    facts : Facts
        With the rate of the times, and a warning for each column that is left out.
    stated : Stated
        With `leads` None or as long as there are rows.

    Raises
    ------
    RecordUnreadable
        If another number of leads is stated.
    """
    found = [_column(columns, at) for at in range(len(columns.values))]
    chosen, names = _chosen(path, found, columns, stated)
    facts, places = _with_rate(columns, found, facts, {each.at for each in chosen})
    facts = facts.warned(*_left_out(found, {each.at for each in chosen}))
    values = columns.values[[each.at for each in chosen]]
    if places is not None:
        filled = np.full((len(values), int(places[-1]) + 1), np.nan)
        filled[:, places] = values
        n_lost = filled.shape[1] - values.shape[1]
        values = filled
        facts = facts.warned(f"{n_lost:,} samples are missing by the times beside the others")
    named = tuple(each.name for each in chosen) if columns.names is not None else None
    is_unnamed = named is None or (len(named) == 1 and known_lead(named[0]) is None)
    if is_unnamed and len(facts.leads) == len(chosen):
        named = facts.leads
    if named is None and stated.wanted:  # as the remedies call columns without a name
        named = tuple(f"LEAD{at + 1}" for at in range(len(chosen)))
    return Rows(values, named, tuple(each.unit for each in chosen)), facts, stated.but(leads=names)


def _column(columns: Columns, at: int) -> _Column:
    written = columns.names[at] if columns.names is not None else ""
    name, unit = parts_of_name(written)
    if not unit:
        name, unit = _split_unit(name)
    if columns.units is not None and columns.units[at]:
        unit = columns.units[at]
    voltage = words.VOLTAGE_UNITS.get(words.unit_of(unit))
    return _Column(at, _role(columns, at, name, unit, voltage), name, voltage, written)


def _split_unit(name: str) -> tuple[str, str]:
    """Split a name such as ``timestamp [ms]``, ``acc_x (mg)`` or ``time_s``."""
    for opening, closing in (("[", "]"), ("(", ")")):
        if name.endswith(closing) and opening in name:
            before, _, inside = name[:-1].rpartition(opening)
            if words.is_unit(inside):
                return before.strip(" _"), inside
    before, mark, last = name.rpartition("_")
    return (before, last) if mark and before and words.unit_of(last) in words.TIME_UNITS else (name, "")


def _role(columns: Columns, at: int, name: str, unit: str, voltage: str | None) -> str:
    values, bare = columns.values[at], name.replace("_", " ").strip()
    if at in columns.texts:
        return "time" if columns.stamps is not None and at == columns.stamps_at else "text"
    if not np.isfinite(values[:: max(1, len(values) // 5000)]).any() and not np.isfinite(values).any():
        return "empty" if at in columns.blank or (name and known_lead(name) is None) else "lead"
    if columns.names is not None:
        if voltage is None and words.TIME_NAME.fullmatch(bare) and not known_lead(name):
            return "time"
        if words.INDEX_NAME.fullmatch(bare) or (not bare and _counts(values)):
            return "index"
        if known_lead(name) or canonical(name) == "ECG":
            return "lead"
        if words.OTHER_NAME.fullmatch(bare) and "ecg" not in bare.lower() and "ekg" not in bare.lower():
            return "other"
        word = words.unit_of(unit)
        if voltage is None and word in words.OTHER_UNITS and word not in words.COUNT_UNITS:
            return "other"
    if voltage is None and _counts(values):
        return "index"
    if voltage is None and (_is_even(values) or _are_stamps(values)):
        return "time"
    return "lead"


def _counts(values: Array) -> bool:
    """Return whether values count up by one, and may begin again."""
    steps = np.diff(values[:100_000])
    return len(steps) > 2 and bool((steps == 1).mean() > 0.9)


def _is_even(values: Array) -> bool:
    """Return whether values rise evenly, as times do and an ECG does not."""
    if len(values) < 4 or not np.diff(values[:1000]).min() > 0:
        return False
    steps = np.diff(values)
    if not steps.min() > 0:
        return False
    return bool(steps.max() <= 1.01 * steps.min()) or bool(len(steps) > 50 and np.ptp(steps) <= 0.6 * np.median(steps))


def _are_stamps(values: Array) -> bool:
    """Return whether values are times since 1970, or since another year, that never go back."""
    return bool(values[0] > 1e8) and not bool((np.diff(values) < 0).any())


def _chosen(
    path: Path, found: list[_Column], columns: Columns, stated: Stated
) -> tuple[list[_Column], tuple[str, ...] | None]:
    """Return the columns that are leads, and their stated names."""
    leads = [each for each in found if each.role == "lead"]
    usable = [each for each in found if each.role != "text" and each.at not in columns.texts | columns.blank]
    if not usable:
        raise RecordUnreadable(
            f"{path} cannot be read.",
            found=f"{len(found)} columns, none of numbers",
            expected="a table with one row a sample and one column a lead",
            remedy="export the samples as numbers",
        )
    leads = leads or [each for each in usable if each.role != "time"] or usable
    if stated.wanted:
        return _wanted(found, columns, stated.wanted) or leads, None
    if stated.leads is None:
        return leads, None
    names = stated.leads
    signals = [each for each in usable if each.role not in ("time", "index")]
    for chosen in (leads, signals):
        if len(names) == len(chosen):
            return chosen, names
    by_name = _by_name(usable, columns, names)
    if by_name is not None:
        return by_name, names
    if len(names) == len(usable) > len(leads):
        kept = [
            (each, name)
            for each, name in zip(usable, names, strict=True)
            if each.role not in ("time", "index") and name.lower() not in _NO_LEAD
        ]
        return [each for each, _ in kept], tuple(name for _, name in kept)
    raise other_number_of_leads(path, names, len(leads) or len(usable))


def _by_name(usable: list[_Column], columns: Columns, names: tuple[str, ...]) -> list[_Column] | None:
    """Return the columns that have these names; None if one has none."""
    if columns.names is None:
        return None
    by_name = {canonical(each.name): each for each in reversed(usable)}
    chosen = [by_name.get(canonical(name)) for name in names]
    return None if None in chosen else [each for each in chosen if each is not None]


def _wanted(found: list[_Column], columns: Columns, wanted: tuple[str, ...]) -> list[_Column]:
    """Return the columns that the user renames, and those named as leads."""
    keys = {canonical(parts_of_name(name)[0]) for name in wanted} | {canonical(name) for name in wanted}
    if columns.names is None:
        return []
    seen: dict[str, int] = {}
    chosen, is_there = [], False
    for each in found:
        key = canonical(each.name)
        seen[key] = seen.get(key, 0) + 1
        asked = key in keys or f"{key}[{seen[key]}]" in keys or canonical(columns.names[each.at]) in keys
        is_there = is_there or (asked and each.role not in ("text", "empty"))
        is_lead = each.role == "lead" and known_lead(each.name) is not None
        if each.role not in ("text", "empty") and (asked or is_lead or _shares_name(each, found, keys)):
            chosen.append(each)
    return chosen if is_there else []


def _shares_name(each: _Column, found: list[_Column], keys: set[str]) -> bool:
    """Return whether another column of the same name is asked for, so that their numbers stay."""
    key = canonical(each.name)
    return sum(canonical(other.name) == key for other in found) > 1 and any(name.startswith(f"{key}[") for name in keys)


def _with_rate(
    columns: Columns, found: list[_Column], facts: Facts, used: set[int]
) -> tuple[Facts, NDArray[np.int64] | None]:
    """Add the rate of the first column of times that says one, and the places of samples where some were lost."""
    timings: list[tuple[str, Timing]] = []
    for each in found:
        if each.role == "time" and each.at not in used and each.at not in columns.texts:
            timings.append(
                (each.written or str(each.at + 1), timing_of(columns.values[each.at], _time_unit(columns, each)))
            )
    if columns.stamps is not None:
        stamps, at = columns.stamps
        written = columns.names[columns.stamps_at] if columns.names is not None else str(columns.stamps_at + 1)
        timings.append((written, timing_of(seconds_of(stamps), "s", at)))
    for written, timing in timings:
        if timing.remark:
            facts = facts.warned(f"the column {written!r} {timing.remark}")
    told = [(written, timing) for written, timing in timings if timing.fs_hz is not None]
    if not told:
        return facts, None
    written, timing = told[0]
    if facts.fs_hz is None:
        facts = facts.but(fs_hz=timing.fs_hz, rate_source=f"the column {written!r}")
    elif timing.fs_hz is not None and abs(timing.fs_hz / facts.fs_hz - 1) > _RATE_DIFFERS:
        facts = facts.warned(
            f"the column {written!r} rises as at {timing.fs_hz:g} Hz; the {facts.fs_hz:g} Hz of {facts.rate_source} are used"
        )
    return facts, timing.rows


def _time_unit(columns: Columns, each: _Column) -> str:
    written = columns.names[each.at] if columns.names is not None else ""
    unit = columns.units[each.at] if columns.units is not None and columns.units[each.at] else _split_unit(written)[1]
    spelled = words.TIME_UNITS.get(words.unit_of(unit) if unit else written.strip().lower(), "")
    return spelled if spelled in SECONDS else ""


def _left_out(found: list[_Column], used: set[int]) -> list[str]:
    """Return a warning for each kind of column that is left out."""
    texts = []
    for each in found:
        if each.at not in used and each.role in ("time", "index") and each.written:
            texts.append(f"the column {each.written!r} looks like times and is skipped")
    says = {"text": "holds words", "other": "is no lead", "empty": "is empty", "lead": "was not asked for"}
    for role, what in says.items():
        names = [each.written for each in found if each.role == role and each.at not in used and each.written]
        if names:
            shown = ", ".join(repr(name) for name in names[:12]) + (", …" if len(names) > 12 else "")
            texts.append(f"left out: {shown} ({what})")
    return texts
