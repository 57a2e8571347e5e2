"""Read the head of a table: names and units of its columns, and what it says of rate, unit, lead, patient and device."""

import json
import re
from dataclasses import dataclass
from typing import Any

from einthoven.records import table_words as words
from einthoven.records.facts import Facts
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.table_cells import is_number
from einthoven.records.table_layout import Layout
from einthoven.signal.lead_names import known_lead

_PAIR = re.compile(r"\s*([^:=,;\t]{1,60}?)\s*[:=,;\t]\s*(.*\S)\s*")
_HEAD_NAMES = 4
_LAST_PAIRS = 3
_COMMENT_MARK = re.compile(r"^\s*(#+|%+|//)\s?")

# BITalino (r)evolution ECG sensor data sheet: mV = (counts / 2^n - 0.5) * 3.3 V / 1100; biosignalsplux ECG: 3 V, 1000.
_PLUX = {"bitalino": (3.3, 1100.0), "biosignalsplux": (3.0, 1000.0)}


@dataclass(frozen=True)
class Head:
    """What the head of a table says."""

    names: tuple[str, ...] | None
    """Names of the columns; None if there are none."""
    units: tuple[str, ...] | None
    """Units in a row of their own, as written."""
    facts: Facts
    """Rate, unit, lead, patient and device."""


def head_of(layout: Layout) -> Head:
    """Read the head of a table.

    Parameters
    ----------
    layout : Layout
        The layout with the lines of the head.

    Returns
    -------
    Head
    """
    lines = [line for line in layout.head if line.strip() and not re.fullmatch(r"sep=.", line.strip(), re.IGNORECASE)]
    known = _opensignals(lines, layout.n_cells) or _acqknowledge(lines, layout)
    if known is not None:
        return known
    rows = [_cells(line, layout) for line in lines[-_HEAD_NAMES:]]
    names = units = None
    for cells in reversed(rows):
        fitted = _fitted(cells, layout)
        if fitted is None:
            continue
        if units is None and names is None and _is_units(fitted):
            units = fitted
        elif _are_names(fitted):
            names = fitted
            break
    keyed_names, keyed_units = _keyed(lines, layout)
    pairs = _pairs(lines)
    if units is not None and re.fullmatch(r"[\d.]+ ?(sec|s|ms)", units[0]):  # PhysioNet's ATM: the interval of samples
        pairs.append(("interval", units[0]))
    return Head(keyed_names or names, keyed_units or units, _facts(pairs, lines))


def _cells(line: str, layout: Layout) -> list[str]:
    bare = _COMMENT_MARK.sub("", line)
    cells = layout.cells(bare)
    if layout.separator is None and len(cells) > layout.n_cells > 1:  # names of several words, as "Elapsed time"
        return re.split(r"\s{2,}", bare.strip())
    return cells


def _fitted(cells: list[str], layout: Layout) -> tuple[str, ...] | None:
    """Return a name for each column; None if a row of the head has another number of cells."""
    while len(cells) > layout.n_cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) == layout.n_cells - 1 and len(cells) > 0:  # a first column without a name, or a mark behind each row
        cells = [*cells, ""] if layout.kinds[-1] == "empty" else ["", *cells]
    return tuple(cells) if len(cells) == layout.n_cells else None


def _is_units(cells: tuple[str, ...]) -> bool:
    filled = [cell for cell in cells if cell]
    are_leads = all(known_lead(cell) for cell in filled)
    return bool(filled) and all(words.is_unit(cell) for cell in filled) and not are_leads


def _are_names(cells: tuple[str, ...]) -> bool:
    filled = [cell for cell in cells if cell]
    if len(cells) == 1 and (
        not filled or len(filled[0]) > 40 or words.HERTZ.match(filled[0]) or _PAIR.fullmatch(filled[0])
    ):
        return False
    return bool(filled) and 2 * sum(is_number(cell, ",") for cell in filled) < len(filled)


def _keyed(lines: list[str], layout: Layout) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return names and units of LabChart's head, whose rows begin with ``ChannelTitle=``, ``UnitName=`` and ``Range=``."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        key, mark, rest = line.partition("=")
        cells = rest.lstrip("\t").split("\t") if mark and "\t" in line else []
        while cells and not cells[-1].strip():
            cells.pop()
        if cells and len(cells) in (layout.n_cells, layout.n_cells - 1):
            first = [""] * (layout.n_cells - len(cells))
            found[key.strip().lower()] = (*first, *(cell.strip() for cell in cells))
    names = found.get("channeltitle")
    if names is None:
        return None, None
    if names[0] == "":
        names = ("time", *names[1:])
    ranges = found.get("range", ("",) * len(names))
    own = found.get("unitname", ("*",) * len(names))
    units = [span if unit in ("", "*") else unit for unit, span in zip(own, ranges, strict=False)]
    return names, tuple(unit.split()[-1] if unit else "" for unit in units) if len(units) == len(names) else None


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for line in lines:
        match = _PAIR.fullmatch(_COMMENT_MARK.sub("", line).strip().strip('"'))
        if match:
            pairs.append((match[1].strip("\"' "), match[2].strip("\"',; \t")))
    return pairs


def _facts(pairs: list[tuple[str, str]], lines: list[str]) -> Facts:
    fs_hz = _rate(pairs)
    units = {words.VOLTAGE_UNITS[words.unit_of(value)] for key, value in pairs if _states_unit(key, value)}
    known = [lead for key, value in pairs if words.LEAD_KEY.match(key) and (lead := known_lead(value))]
    if not known:  # a key or a word in a language that is not known, as in "Svod,Svod I", beside the unit
        known = [lead for key, value in pairs[-_LAST_PAIRS:] if (lead := words.lead_among(value, key))]
    is_openbci = any("openbci" in line.lower() for line in lines[:3])
    unit = next(iter(units)) if len(units) == 1 else "uV" if is_openbci else None
    return Facts(
        fs_hz=fs_hz,
        rate_source="the head of the file",
        unit=unit,
        leads=(known[0],) if len(known) == 1 else (),
        identity=_identity(pairs),
        machine=MachineReading(tuple(value for key, value in pairs if words.CLASS_KEY.match(key))),
    )


def _states_unit(key: str, value: str) -> bool:
    is_voltage = words.unit_of(value) in words.VOLTAGE_UNITS
    return is_voltage and (words.UNIT_KEY.match(key) is not None or words.unit_of(value) not in ("v", "mv"))


def _rate(pairs: list[tuple[str, str]]) -> float | None:
    for key, value in pairs:
        hertz = words.HERTZ.match(value)
        number = words.number_in(value)
        if number and (words.RATE_KEY.search(key) or hertz):
            return number
        if number and words.PERIOD_KEY.match(key):
            unit = re.sub(r"^[\"'\s\d.,eE+\-]+", "", value).strip().lower()
            period_s = number * {"ms": 1e-3, "us": 1e-6, "µs": 1e-6}.get(unit, 1.0)
            return words.whole_rate(1 / period_s)
    return None


def _identity(pairs: list[tuple[str, str]]) -> Identity:
    def first(pattern: re.Pattern[str]) -> str:
        return next((value for key, value in pairs if pattern.match(key)), "")

    return Identity(
        name=first(words.NAME_KEY),
        birth_date=first(words.BIRTH_KEY),
        recorded_at=first(words.RECORDED_KEY),
        device=first(words.DEVICE_KEY),
    )


def _acqknowledge(lines: list[str], layout: Layout) -> Head | None:
    """Read the head of AcqKnowledge: an interval, ``2 channels``, and a name and a unit of each channel in lines of their own."""
    at = next((at for at, line in enumerate(lines[:4]) if words.PER_SAMPLE.match(line)), -1)
    counted = re.match(r"\s*(\d{1,3})\s*channels?\s*$", lines[at + 1]) if 0 <= at < len(lines) - 1 else None
    if counted is None:
        return None
    n = int(counted[1])
    described = [line.strip(" \t,;") for line in lines[at + 2 : at + 2 + 2 * n]]
    interval = words.PER_SAMPLE.match(lines[at])
    if len(described) < 2 * n or interval is None:
        return None
    seconds = float(interval[1].replace(",", ".")) * {"m": 1e-3, "u": 1e-6}.get(interval[2][0].lower(), 1.0)
    before = layout.n_cells - n - (layout.kinds[-1] == "empty")
    names = (*("time" for _ in range(max(0, before))), *described[::2])
    units = (*("" for _ in range(max(0, before))), *described[1::2])
    more = max(0, layout.n_cells - len(names))
    if len(names) > layout.n_cells or seconds <= 0:
        return None
    return Head(
        (*names, *[""] * more),
        (*units, *[""] * more),
        Facts(fs_hz=words.whole_rate(1 / seconds), rate_source="the head of the file"),
    )


def _opensignals(lines: list[str], n_cells: int) -> Head | None:
    """Read the head of OpenSignals: a line of JSON with a device, its columns, sensors, rate and bits."""
    for line in lines[:5]:
        text = _COMMENT_MARK.sub("", line)
        if not text.startswith("{") or "sampling rate" not in text:
            continue
        try:
            found = json.loads(text)
            device = next(iter(found.values()))
            return _opensignals_head(device, n_cells)
        except (ValueError, TypeError, KeyError, AttributeError, StopIteration, RecursionError):
            return None
    return None


def _without_sensor(column: str) -> str:
    """Return the name of a column of sample numbers, or of a digital port: DI is no lead here."""
    return column if column.lower().startswith("nseq") else f"{column} (digital)"


def _opensignals_head(device: dict[str, Any], n_cells: int) -> Head:
    columns, sensors = [str(name) for name in device["column"]], [str(name) for name in device["sensor"]]
    labels = [str(name) for name in device.get("label", columns[-len(sensors) :])]
    sensor_of = dict(zip(labels, sensors, strict=False))
    names = []
    for column in columns:
        sensor = sensor_of.get(column, "")
        names.append(
            _without_sensor(column)
            if sensor == ""
            else "ECG"
            if "ECG" in sensor.upper()
            else f"{column} ({sensor}, other)"
        )
    names += [""] * (n_cells - len(names))
    of_channels = [int(bit) for bit in device.get("resolution", ())][-len(labels) :]  # behind those of other columns
    bits = [bit for bit, sensor in zip(of_channels, sensors, strict=False) if "ECG" in sensor.upper()]
    model = str(device.get("device", ""))
    facts = Facts(
        fs_hz=float(device["sampling rate"]),
        rate_source="the head of the file",
        identity=Identity(device=model, recorded_at=f"{device.get('date', '')} {device.get('time', '')}".strip()),
    )
    if device.get("convertedValues") in (1, "1", True):
        return Head(tuple(names[:n_cells]), None, facts.but(unit="mV"))
    volts = next((value for key, value in _PLUX.items() if model.lower().startswith(key)), None)
    if volts is not None and bits and "ECG" in names:
        supply_v, factor = volts
        counts = 2.0 ** bits[0]
        facts = facts.but(gain=counts * factor / (supply_v * 1000.0), zero=counts / 2).warned(
            f"counts of {bits[0]} bits are read as millivolts by the data sheet of {model}: {supply_v:g} V, gain {factor:g}"
        )
    return Head(tuple(names[:n_cells]), None, facts)
