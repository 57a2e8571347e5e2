"""Read recordings in JSON: exports of devices and apps, FHIR, and other documents that hold lists of samples."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.errors import RecordUnreadable
from einthoven.records import health_json, ours
from einthoven.records.arrays import Value, damaged, no_array, record_of_variables
from einthoven.records.facts import Facts, Rows, record_of
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.plain import is_ours
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.text import text_of
from einthoven.records.times import timing_of

_MOST_BYTES = 256 << 20
_MOST_DEPTH = 12
_LEAST_SAMPLES = 64
# Movesense Device Library: one count of /Meas/ECG is 1 / (20 * 2^17) V.
_MOVESENSE_COUNTS_PER_MV = 20 * 2**17 / 1000


def read_json(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a JSON document, or a file of one JSON object a line.

    Fitbit's and Google's ``ecgReadings`` state rate and scale, Withings' ``body`` rate and microvolts, HealthKit's and FHIR's
    samples their units. Movesense's ``ecg`` objects have times and counts of 0.38 µV. Of another document the lists of numbers
    are read, and what stands beside them.

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If the file is damaged, or holds no signal, or several recordings.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise no_array(path, f"a JSON file of {path.stat().st_size:,} bytes")
    try:
        document = _parsed(text_of(path).decode("utf-8", "replace"))
        if is_ours(document):
            return ours.record_of_json(path, document, stated)
        found = _known(path, document)
        if found is not None:
            return record_of(path, *found, stated)
        variables = dict(_variables(document, ""))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise damaged(path, "JSON", error) from error
    return record_of_variables(path, variables, stated)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]


def _known(path: Path, document: Any) -> tuple[Rows, Facts] | None:
    """Return the signal of a document whose form is known."""
    fitbit = _fitbit_readings(document)
    if fitbit:
        if len(fitbit) > 1:
            raise _several(path, len(fitbit), "waveformSamples")
        return _fitbit(fitbit[0])
    ecgs = health_json.healthkit(document)
    if ecgs:
        if len(ecgs) > 1:
            raise _several(path, len(ecgs), "voltageMeasurements")
        return health_json.of_healthkit(ecgs[0])
    parts = health_json.sampled_data(document)
    if parts:
        return health_json.of_sampled_data(parts, document)
    if isinstance(document, dict) and ("body" in document or "wearposition" in document):
        body = document.get("body", document)
        if isinstance(body, dict) and "signal" in body and "sampling_frequency" in body:
            facts = Facts(fs_hz=float(body["sampling_frequency"]), unit="uV", identity=Identity(device="Withings"))
            return Rows(np.array([body["signal"]], np.float64), ("I",)), facts
    packets = _movesense_packets(document)
    return _movesense(packets) if packets else None


def _fitbit_readings(document: Any) -> list[dict[str, Any]]:
    readings = document
    if isinstance(document, dict):
        readings = document.get("ecgReadings", document.get("dataPoints", [document]))
    if not isinstance(readings, list):
        return []
    readings = [one.get("electrocardiogram", one) if isinstance(one, dict) else one for one in readings]
    return [one for one in readings if isinstance(one, dict) and "waveformSamples" in one]


def _fitbit(reading: dict[str, Any]) -> tuple[Rows, Facts]:
    fs_hz = reading.get("samplingFrequencyHz", reading.get("samplingFrequencyHertz"))
    per_mv = reading.get("scalingFactor", reading.get("millivoltsScalingFactor"))
    started = reading.get("startTime") or dict(reading.get("interval") or {}).get("startTime", "")
    rate = reading.get("averageHeartRate", reading.get("beatsPerMinuteAvg"))
    facts = Facts(
        fs_hz=None if fs_hz is None else float(fs_hz),
        gain=None if per_mv is None or not float(per_mv) > 0 else float(per_mv),
        identity=Identity(recorded_at=str(started), device=str(reading.get("deviceName", "Fitbit"))),
        machine=MachineReading(
            statements=tuple(str(text) for text in (reading.get("resultClassification"),) if text),
            measurements={} if rate is None else {"heart_rate_bpm": float(rate)},
        ),
    )
    return Rows(np.array([reading["waveformSamples"]], np.float64), ("I",)), facts


def _movesense_packets(document: Any) -> list[dict[str, Any]]:
    items = document.get("data", document.get("ecg", [])) if isinstance(document, dict) else document
    packets = []
    for item in items if isinstance(items, list) else []:
        inner = item.get("ecg", item.get("ECG", item.get("Body", item))) if isinstance(item, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("Samples", inner.get("samples")), list):
            packets.append(inner)
    return packets


def _movesense(packets: list[dict[str, Any]]) -> tuple[Rows, Facts]:
    parts = [np.array(one.get("Samples", one.get("samples")), np.float64) for one in packets]
    samples = np.concatenate(parts)
    stamps = np.array([one.get("Timestamp", one.get("timestamp", np.nan)) for one in packets], np.float64)
    first = np.cumsum([0, *(len(part) for part in parts[:-1])])
    timing = timing_of(stamps, "ms", first.astype(np.int64))
    facts = Facts(fs_hz=timing.fs_hz, rate_source="the times of the packets", identity=Identity(device="Movesense"))
    if bool((samples == np.rint(samples)).all()):
        text = "counts are read as millivolts by the definition of Movesense: 0.38147 µV each"
        facts = facts.but(gain=_MOVESENSE_COUNTS_PER_MV).warned(text)
    else:
        facts = facts.but(unit="mV")
    return Rows(samples[None], ("ECG",)), facts


def _variables(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Value]]:
    """Yield the lists of numbers, the numbers and texts of a document, each under its path."""
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _variables(inner, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        yield name, np.array(float(value))
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, list) and value:
        yield from _list(value, name, depth)


def _list(value: list[Any], name: str, depth: int) -> Iterator[tuple[str, Value]]:
    if all(isinstance(item, str) for item in value):
        yield name, value[:1000]
    elif all(item is None or (isinstance(item, int | float) and not isinstance(item, bool)) for item in value):
        yield name or "signal", np.array([np.nan if item is None else item for item in value], np.float64)
    elif all(isinstance(item, list) for item in value) and len({len(item) for item in value}) == 1:
        yield name or "signal", np.array(value, np.float64)
    elif all(isinstance(item, dict) for item in value) and len(value) >= _LEAST_SAMPLES:
        for key in value[0]:
            column = [item.get(key) for item in value]
            if all(item is None or isinstance(item, int | float) for item in column):
                yield (
                    f"{name}.{key}" if name else key,
                    np.array([np.nan if x is None else x for x in column], np.float64),
                )
    elif all(isinstance(item, dict) and _named(item) for item in value):
        for item in value[:100]:
            lead, samples = _named(item) or ("", [])
            yield f"{name}.{lead}", np.array([np.nan if x is None else x for x in samples], np.float64)
    else:
        for at, item in enumerate(value[:100]):
            yield from _variables(item, f"{name}.{at}", depth + 1)


def _named(item: dict[str, Any]) -> tuple[str, list[Any]] | None:
    """Return name and samples of an object that holds one lead."""
    name = next((item[key] for key in ("name", "lead", "label", "leadName") if isinstance(item.get(key), str)), None)
    lists = [value for value in item.values() if isinstance(value, list) and len(value) >= _LEAST_SAMPLES]
    are_numbers = len(lists) == 1 and all(x is None or isinstance(x, int | float) for x in lists[0])
    return (name, lists[0]) if name and are_numbers else None


def _several(path: Path, n: int, key: str) -> RecordUnreadable:
    one = path.with_name(f"{path.stem}-0.json")
    python = (
        f"import json; f = lambda v: [v] if {key!r} in v else [x for y in (v.values() if isinstance(v, dict) else v) "
        f"if isinstance(y, (dict, list)) for x in f(y)]; json.dump(f(json.load(open({str(path)!r})))[0], open({str(one)!r}, 'w'))"
    )
    return RecordUnreadable(
        f"{path} is not one recording.",
        found=f"{n} readings",
        expected="one reading",
        remedy=f"python -c {shlex.quote(python)}      saves the first as {one.name}",
    )
