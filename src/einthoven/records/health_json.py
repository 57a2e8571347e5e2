"""Know JSON in which the voltages of an ECG stand beside their units: HealthKit's measurements, and FHIR's sampled data."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.records.facts import Facts, Rows
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.stated import unit_named

_DEEPEST = 6
_MOST_ITEMS = 1000
_LEAD_CODE = re.compile(r"(?:MDC_ECG_(?:ELEC_POTL|LEAD)_)?(.{1,40})", re.IGNORECASE)
_MISSING = frozenset("EUL")  # FHIR: an error, and values above or below what can be measured


def healthkit(document: Any) -> list[dict[str, Any]]:
    """Return the ECGs of HealthKit in a document, as apps on an iPhone export them.

    Parameters
    ----------
    document : Any
        Parsed JSON.

    Returns
    -------
    list of dict
        Objects with ``voltageMeasurements``.
    """
    return [found for found in _objects(document, 0) if isinstance(found.get("voltageMeasurements"), list)]


def of_healthkit(ecg: dict[str, Any]) -> tuple[Rows, Facts]:
    """Return the samples of an ECG of HealthKit: pairs of a time in s and volts, or voltages with their unit.

    Parameters
    ----------
    ecg : dict
        One of :func:`healthkit`.

    Returns
    -------
    rows : Rows
        Lead I.
    facts : Facts
        Rate, unit, date, device, and the watch's classification.
    """
    measured = ecg["voltageMeasurements"]
    if all(isinstance(one, dict) for one in measured):
        values = [one.get("voltage") for one in measured]
        units = {unit_named(str(one.get("units", one.get("unit", "")))) for one in measured}
    else:
        values, units = [one[1] for one in measured], {"V"}
    rate = ecg.get("samplingFrequency")
    bpm = ecg.get("averageHeartRate")
    facts = Facts(
        fs_hz=None if rate is None else float(rate),
        unit=units.pop() if len(units) == 1 else None,
        identity=Identity(
            recorded_at=str(ecg.get("start") or ecg.get("startDate") or ""), device=str(ecg.get("device") or "")
        ),
        machine=MachineReading(
            tuple(str(text) for text in (ecg.get("classification"),) if text),
            measurements={} if bpm is None else {"heart_rate_bpm": float(bpm)},
        ),
    )
    return Rows(_samples(values)[None], ("I",)), facts


def sampled_data(document: Any) -> list[dict[str, Any]]:
    """Return the parts of a FHIR observation that hold sampled data of one dimension.

    Parameters
    ----------
    document : Any
        Parsed JSON.

    Returns
    -------
    list of dict
        Components, or the observation itself.
    """
    found = [found for found in _objects(document, 0) if isinstance(found.get("valueSampledData"), dict)]
    return [one for one in found if one["valueSampledData"].get("dimensions", 1) == 1]


def of_sampled_data(parts: list[dict[str, Any]], observation: Any) -> tuple[Rows, Facts]:
    """Return the leads of a FHIR observation: a sample is its number times the factor, above the origin.

    Parameters
    ----------
    parts : list of dict
        Those of :func:`sampled_data`.
    observation : Any
        The document.

    Returns
    -------
    rows : Rows
        Leads of equal length and rate; others are left out.
    facts : Facts
        Rate, date, and what was left out.
    """
    leads = [(_name(part), *_scaled(part["valueSampledData"])) for part in parts]
    _, values, fs_hz, _ = leads[0]
    kept = [lead for lead in leads if len(lead[1]) == len(values) and lead[2] == fs_hz]
    others = [lead[0] for lead in leads if lead not in kept]
    texts = (f"left out, because of another length or rate: {', '.join(others)}",) if others else ()
    said = observation if isinstance(observation, dict) else {}
    moment = str(said.get("effectiveDateTime") or "")
    rows = Rows(np.stack([lead[1] for lead in kept]), tuple(lead[0] for lead in kept), tuple(lead[3] for lead in kept))
    return rows, Facts(fs_hz=fs_hz, identity=Identity(recorded_at=moment), warnings=texts)


def _objects(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner, depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value[:_MOST_ITEMS]:
            yield from _objects(inner, depth + 1)


def _samples(values: list[Any]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _name(part: dict[str, Any]) -> str:
    code = part.get("code") or {}
    codings = code.get("coding") or [{}]
    written = str(codings[0].get("display") or code.get("text") or codings[0].get("code") or "")
    found = _LEAD_CODE.match(written)
    return found[1] if found else "ECG"


def _scaled(data: dict[str, Any]) -> tuple[NDArray[np.float64], float | None, str | None]:
    """Return samples, rate in Hz and unit, as far as they are stated."""
    words = str(data.get("data") or "").split()
    values = _samples([None if word in _MISSING else word for word in words])
    origin = data.get("origin") or {}
    unit = unit_named(str(origin.get("unit") or origin.get("code") or ""))
    interval, seconds = float(data.get("period", data.get("interval", 0)) or 0), 1e-3
    if str(data.get("intervalUnit", "ms")) in ("s", "us"):
        seconds = {"s": 1.0, "us": 1e-6}[data["intervalUnit"]]
    values = values * float(data.get("factor", 1.0)) + float(origin.get("value", 0.0))
    return values, 1 / (interval * seconds) if interval > 0 else None, unit
