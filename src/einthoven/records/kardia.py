"""Read the JSON that AliveCor's Kardia gives for a recording: unfiltered samples of one, six or twelve leads.

Source: documentation of the Kardia API. ``amplitudeResolution`` is in nV a count, ``recordedAt`` a time in ISO 8601. Recordings
of Kardia 12L stand under ``data12L`` and state no resolution.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.records.channels import Channel, Content, record_of
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a, number_of

TITLE = "Kardia JSON"
_MOST_BYTES = 64 << 20
_MEASUREMENTS = {"qt": "qt_ms", "rr": "rr_ms", "qtcb": "qtc_ms"}
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?")


def read_kardia(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a recording of the Kardia API.

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
        If it is damaged, or holds no samples.
    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise not_a(path, TITLE, f"{size:,} bytes, over {_MOST_BYTES:,}", "cut it into shorter recordings")
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise not_a(path, TITLE, f"JSON that is not well formed: {error}"[:160]) from error
    said = _mapping(document)
    kind, block = _block(said)
    if not block:
        raise not_a(path, TITLE, "no samples under data.raw or data.enhanced", "export it with its samples")
    fs_hz = _number(block.get("frequency"))
    if fs_hz is None or fs_hz <= 0:
        raise not_a(path, TITLE, f"a frequency of {block.get('frequency')!s:.40}")
    per_count_nv = _number(block.get("amplitudeResolution"))
    channels = []
    for name, samples in _mapping(block.get("samples")).items():
        try:
            counts = np.array(samples, np.float64)
        except (ValueError, TypeError, OverflowError) as error:
            raise not_a(path, TITLE, f"samples of {name[:40]} that are no numbers") from error
        if counts.ndim != 1 or not len(counts):
            raise not_a(path, TITLE, f"samples of {name[:40]} that are no list of numbers")
        channels.append(
            Channel(name.removeprefix("lead"), counts, (per_count_nv or 1) / 1000, "uV" if per_count_nv else "")
        )
    content = Content(
        warnings=("the samples as Kardia filtered them are read",) if kind == "enhanced" else (),
        identity=_identity(said),
        machine=_machine(said),
    )
    return record_of(path, fs_hz, channels, stated, content)


def _block(said: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the samples, unfiltered ones if there are any, and what stands beside them; empty if there are none."""
    for place in ("data", "data12L"):
        data = _mapping(said.get(place))
        for kind, block in (("raw", data.get("raw")), ("enhanced", data.get("enhanced")), ("raw", data)):
            if _mapping(_mapping(block).get("samples")):
                return kind, _mapping(block)
    return "", {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    return None if isinstance(value, bool | list | dict) or value is None else number_of(str(value))


def _identity(said: Mapping[str, Any]) -> Identity:
    moment = _MOMENT.match(str(said.get("recordedAt") or ""))
    device = _mapping(said.get("deviceInfo"))
    model = next((str(value) for key, value in device.items() if key.lower() == "hardwaretype"), "")
    return Identity(
        patient_id=str(said.get("patientID") or ""),
        recorded_at=moment[0] if moment else "",
        device=f"AliveCor {model}".strip(),
    )


def _machine(said: Mapping[str, Any]) -> MachineReading:
    measured = {"heart_rate_bpm": _number(said.get("heartRate"))}
    for key, value in _mapping(said.get("qtMeasurement")).items():
        name = _MEASUREMENTS.get(key.lower())
        if name:
            measured[name] = _number(_mapping(value).get("Value") if isinstance(value, dict) else value)
    determined = str(said.get("algorithmDetermination") or "")
    known = {name: value for name, value in measured.items() if value is not None}
    return MachineReading((determined,) if determined else (), (), known)
