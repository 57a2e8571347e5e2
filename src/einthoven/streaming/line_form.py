"""Recognise how the lines of a live signal are written: separators, times, several samples a line, labels, JSON.

Lines that are a value for each lead, with the sample's number before them or without, need none of this.
"""

import json
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from einthoven.records import table_words as words
from einthoven.records.times import seconds_of
from einthoven.signal.lead_names import parts_of_name
from einthoven.signal.leads import canonical

PEEKED = 8
"""Lines that are looked at before the first sample."""
_LEAST_PACKET = 16
_MISSING = frozenset(("", "na", "nan", "null", "none", "-", "!"))
_LABEL = re.compile(r"\s*([A-Za-z_][^:,;=]*?)\s*[:=]\s*([+\-]?[\d.]+(?:[eE][+\-]?\d+)?|nan)\s*", re.IGNORECASE)
_VALUE_KEYS = (
    "ecg",
    "ekg",
    "values",
    "value",
    "samples",
    "sample",
    "signal",
    "data",
    "voltage",
    "waveform",
    "raw",
    "v",
)
_TIME_KEYS = ("time", "timestamp", "t", "ts", "stamp", "timestamp_ms", "time_ms", "unix_ms", "sensor_timestamp")
_NUMBER_KEYS = ("n", "seq", "index", "nseq", "sample_number")


@dataclass(frozen=True)
class Parsed:
    """What a line holds."""

    samples: list[list[float]]
    """Samples in order, a value for each lead."""
    number: int | None = None
    """Number of the first sample."""
    stamp: float | None = None
    """Time of the line, in any unit."""


@dataclass(frozen=True)
class LineForm:
    """How lines are written."""

    kind: str
    """``cells``, ``labels`` or ``json``."""
    separator: str | None = ","
    """Mark between cells; None for blanks."""
    has_decimal_commas: bool = False
    """Whether decimals follow a comma."""
    roles: tuple[str, ...] = ()
    """Of each cell: the name of its lead, ``time``, ``number`` or ``-``."""
    repeats: bool = False
    """Whether the leads of `roles` come again and again up to the end of the line."""
    header: str = field(default="", compare=False)
    """A line of names before the first sample."""
    unit: str = ""
    """Unit of the leads in the header, a key of UNITS_MV."""

    def parse(self, text: str, leads: tuple[str, ...]) -> Parsed:
        """Return what a line holds.

        Parameters
        ----------
        text : str
            The line.
        leads : tuple of str
            Leads of the signal, in order.

        Returns
        -------
        Parsed

        Raises
        ------
        ValueError
            Where the line is written otherwise.
        """
        if self.kind == "json":
            return _from_json(json.loads(text), leads)
        if self.kind == "labels":
            return _from_labels(text, leads)
        return self._from_cells(_cells(text, self.separator, self.has_decimal_commas), leads)

    def _from_cells(self, cells: list[str], leads: tuple[str, ...]) -> Parsed:
        before = [role for role in self.roles if role not in leads]
        roles = list(self.roles)
        if self.repeats:
            n_more = len(cells) - len(before)
            if n_more <= 0 or n_more % len(leads):
                raise ValueError("another number of values")
            roles = [*before, *leads * (n_more // len(leads))]
        if len(cells) != len(roles):
            raise ValueError("another number of values")
        number = stamp = None
        by_lead: dict[str, list[float]] = {lead: [] for lead in leads}
        for cell, role in zip(cells, roles, strict=True):
            if role == "time":
                stamp = _time(cell)
            elif role == "number":
                number = int(float(cell))
            elif role in by_lead:
                by_lead[role].append(_number(cell))
        return Parsed([list(row) for row in zip(*by_lead.values(), strict=True)], number, stamp)


def form_of(lines: list[str], leads: tuple[str, ...], fs_hz: float, columns: str = "") -> LineForm | None:
    """Recognise the form of the first lines.

    Parameters
    ----------
    lines : list of str
        The first lines that may hold samples.
    leads : tuple of str
        Leads of the signal, in order.
    fs_hz : float
        Sampling rate, Hz.
    columns : str
        What a header states of the cells, such as ``time,I`` or ``time,I...`` for several samples a line.

    Returns
    -------
    LineForm or None
        None for lines that hold a value for each lead, with a sample number before them or without, or nothing known.
    """
    lines = [line for line in lines if line.strip()]
    rows = [line for line in lines if re.search(r"\d", line) and not re.fullmatch(r"[^\d]*[A-Za-z_]\w*", line.strip())]
    if not rows:
        return None
    if 2 * sum(line.lstrip().startswith(("{", "[")) for line in rows) > len(rows):
        return LineForm("json")
    if 2 * sum(bool(_LABEL.match(line)) for line in rows) > len(rows):
        return LineForm("labels")
    separator = _separator(rows)
    decimal = separator != "," and any("," in line for line in rows)
    if separator == "," and len(leads) == 1 and not columns and _has_decimal_commas(rows):
        return LineForm("cells", None, True, leads)
    if columns:
        names = tuple(_role(name.removesuffix("..."), leads) for name in columns.split(","))
        return LineForm("cells", separator, decimal, names, columns.endswith("..."))
    split = [_cells(line, separator, decimal) for line in rows]
    n_cells = Counter(len(cells) for cells in split).most_common(1)[0][0]
    split = [cells for cells in split if len(cells) == n_cells and all(_is_value(cell) for cell in cells)]
    header = _cells(lines[0], separator, False)
    is_header = len(header) == n_cells and not any(_is_value(cell) for cell in header) and n_cells > 1
    if not split:
        return None
    roles, repeats = _roles(split, leads, fs_hz, header if is_header else [])
    if not roles:
        return None
    unit = _unit(header, roles, leads) if is_header else ""
    form = LineForm("cells", separator, decimal, roles, repeats, lines[0] if is_header else "", unit)
    usual = {leads, ("number", *leads)}
    return None if separator == "," and roles in usual and not repeats and not is_header else form


def _roles(
    rows: list[list[str]], leads: tuple[str, ...], fs_hz: float, header: list[str]
) -> tuple[tuple[str, ...], bool]:
    """Return what each cell holds, and whether the leads repeat."""
    n_cells = len(rows[0])
    if header:
        named = tuple(
            "number" if role == "time" and _counts([_time(row[at]) for row in rows]) else role
            for at, role in enumerate(_role(name, leads) for name in header)
        )
        if all(lead in named for lead in leads):
            return named, False
        signals = [at for at, name in enumerate(named) if name == "?"]
        if len(signals) == len(leads):
            lead_at = dict(zip(signals, leads, strict=True))
            return tuple(lead_at.get(at, "-" if name == "?" else name) for at, name in enumerate(named)), False
    first = [_time(row[0]) for row in rows]
    if n_cells == len(leads):
        return leads, False
    n_samples = (n_cells - 1) / len(leads)
    is_time = _is_time(first, fs_hz, n_samples)
    if n_cells == len(leads) + 1:
        return ("time" if is_time else "number", *leads), False
    if n_cells < _LEAST_PACKET:  # other leads or sensors, more likely
        return (), False
    if len(leads) == 1 or n_cells % len(leads) == (1 if is_time else 0):
        return (("time", *leads) if is_time else leads), True
    return (), False


def _is_time(values: list[float], fs_hz: float, n_samples: float) -> bool:
    """Return whether values are times of lines: since 1970, or with the steps of that many samples."""
    if not all(math.isfinite(value) for value in values):
        return False
    if all(value > 1e8 for value in values):
        return True
    steps = [after - before for before, after in pairwise(values)]
    if len(steps) < 2 or min(steps) < 0:
        return False
    mean = (values[-1] - values[0]) / len(steps)
    if n_samples <= 0 or not math.isfinite(mean):
        return False
    return not _counts(values) and any(
        0.6 < mean * scale * fs_hz / n_samples < 1.6 for scale in (1.0, 1e-3, 1e-6, 1e-9)
    )


def _counts(values: list[float]) -> bool:
    """Return whether values are whole numbers that rise by one, or do not rise."""
    mean = (values[-1] - values[0]) / max(1, len(values) - 1)
    return all(value == math.floor(value) for value in values if math.isfinite(value)) and mean in (0.0, 1.0)


def _role(name: str, leads: tuple[str, ...]) -> str:
    """Return the role of a named cell: a lead, ``time``, ``number``, ``-`` for what is no lead, or ``?``."""
    bare = re.sub(r"[\[(].*?[\])]", "", name).replace("_", " ").strip()
    known = canonical(parts_of_name(name)[0])
    by_name = {canonical(lead): lead for lead in leads}
    if known in by_name:
        return by_name[known]
    if words.TIME_NAME.fullmatch(bare):
        return "time"
    if words.INDEX_NAME.fullmatch(bare):
        return "number"
    return "-" if bare in ("", "-") or words.OTHER_NAME.fullmatch(bare) else "?"


def _unit(header: list[str], roles: tuple[str, ...], leads: tuple[str, ...]) -> str:
    """Return the unit behind the names of the leads; empty if they have none, or several."""
    found = {parts_of_name(name)[1].lower() for name, role in zip(header, roles, strict=True) if role in leads}
    return words.VOLTAGE_UNITS.get(found.pop(), "") if len(found) == 1 else ""


def _separator(rows: list[str]) -> str | None:
    for mark in (";", "\t"):
        if 2 * sum(mark in row for row in rows) > len(rows):
            return mark
    has_blanks = 2 * sum(bool(re.search(r"\S +\S", row)) and "," not in row for row in rows) > len(rows)
    return None if has_blanks else ","


def _has_decimal_commas(rows: list[str]) -> bool:
    """Return whether each line is one number with a decimal comma: decimals have no sign, and may begin with zeros."""
    parts = [re.fullmatch(r"\s*([+\-]?\d+),(\d+)\s*", row) for row in rows]
    found = [part for part in parts if part]
    shown = any(part[1] == "-0" or re.fullmatch(r"0\d+", part[2]) for part in found)
    return 2 * len(found) > len(rows) and len(found) > 1 and shown


def _cells(text: str, separator: str | None, has_decimal_commas: bool) -> list[str]:
    cells = text.split() if separator is None else [cell.strip() for cell in text.split(separator)]
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    return [cell.replace(",", ".") for cell in cells] if has_decimal_commas else cells


def _is_value(cell: str) -> bool:
    try:
        _time(cell)
    except ValueError:
        return False
    return True


def _time(cell: str) -> float:
    return float(seconds_of([cell])[0]) if ":" in cell else _number(cell)


def _number(cell: str) -> float:
    return math.nan if cell.lower() in _MISSING else float(cell)


def _from_labels(text: str, leads: tuple[str, ...]) -> Parsed:
    """Read ``ECG:512, mean:500``, as sketches write it for Arduino's serial plotter."""
    found = {canonical(match[1]): _number(match[2]) for match in _LABEL.finditer(text)}
    if not found:
        raise ValueError("no labelled value")
    by_lead = [found.get(canonical(lead)) for lead in leads]
    if None not in by_lead:
        return Parsed([[value for value in by_lead if value is not None]])
    values = list(found.values())
    if len(leads) == 1:
        return Parsed([[found.get("ECG", values[0])]])
    if len(values) != len(leads):
        raise ValueError("another number of values")
    return Parsed([values])


def _from_json(document: Any, leads: tuple[str, ...]) -> Parsed:
    """Read an object with a value or a list of values for each lead, or a list of values."""
    if isinstance(document, list):
        return Parsed(_in_rows([document] if len(leads) == 1 else [[value] for value in document], leads))
    if not isinstance(document, dict):
        raise ValueError("no object")
    flat = _flat(document)
    by_name = {canonical(name): value for name, value in flat.items()}
    columns = [by_name.get(canonical(lead)) for lead in leads]
    if None in columns:
        lower = {name.lower(): value for name, value in flat.items()}
        columns = [lower[key] for key in _VALUE_KEYS if key in lower][:1]
    lower = {name.lower(): value for name, value in flat.items()}
    stamp = next((lower[key] for key in _TIME_KEYS if isinstance(lower.get(key), int | float)), None)
    number = next((lower[key] for key in _NUMBER_KEYS if isinstance(lower.get(key), int)), None)
    lists = [value if isinstance(value, list) else [value] for value in columns]
    return Parsed(_in_rows(lists, leads), number, stamp)


def _flat(document: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return the numbers and lists of an object and of the objects in it, by their own names."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict) and depth < 4:
            found = _flat(value, depth + 1) | found
        elif isinstance(value, int | float | list) and not isinstance(value, bool):
            found[name] = value
    return found


def _in_rows(columns: list[list[Any]], leads: tuple[str, ...]) -> list[list[float]]:
    if len(columns) != len(leads) or not columns or len({len(column) for column in columns}) != 1:
        raise ValueError("another number of values")
    numbers = [[math.nan if value is None else float(value) for value in column] for column in columns]
    return [list(row) for row in zip(*numbers, strict=True)]
