"""Hold what a file says of its patient, its device and the device's own reading."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MEASUREMENTS = {
    "heart_rate_bpm": "1/min",
    "rr_ms": "ms",
    "p_ms": "ms",
    "pr_ms": "ms",
    "qrs_ms": "ms",
    "qt_ms": "ms",
    "qtc_ms": "ms",
    "p_axis_deg": "degrees",
    "qrs_axis_deg": "degrees",
    "t_axis_deg": "degrees",
}
"""Measurements that devices print, and their units."""


@dataclass(frozen=True)
class Identity:
    """Who was recorded, when and with what, as the file says it; empty or None where it does not."""

    name: str = ""
    """Name of the patient."""
    patient_id: str = ""
    """Number of the patient in the file's institution."""
    birth_date: str = ""
    """ISO 8601 date."""
    age_years: float | None = None
    """Age at the recording."""
    sex: str = ""
    """``male``, ``female`` or empty."""
    recorded_at: str = ""
    """ISO 8601 date and time of the first sample, as the file has it; no time zone is added."""
    device: str = ""
    """Manufacturer and model."""

    def __bool__(self) -> bool:
        return self != Identity()


UNKNOWN = Identity()
"""Nothing is said of the patient."""


@dataclass(frozen=True)
class MachineReading:
    """What the device that recorded says itself; never an answer of einthoven."""

    statements: tuple[str, ...] = ()
    """Its sentences, in order."""
    confirmed: tuple[str, ...] = ()
    """The sentences that a physician confirmed or wrote, where the file keeps them apart from the device's."""
    measurements: Mapping[str, float] = field(default_factory=dict)
    """Its measurements: keys of MEASUREMENTS, values in their units."""

    def __bool__(self) -> bool:
        return bool(self.statements or self.confirmed or self.measurements)


SILENT = MachineReading()
"""The device says nothing."""


@dataclass(frozen=True, eq=False)
class MedianBeats:
    """Median (representative) beats that the file holds beside the rhythm."""

    signal_mv: NDArray[np.float32]
    """Beats [leads, samples] in mV; read-only."""
    fs_hz: float
    """Sampling rate in Hz."""
    leads: tuple[str, ...]
    """Names of the rows."""
