"""Disturb a recording on purpose: wrong leads, wrong gain or rate, electrodes off, and signals that are no ECG."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import leads as lead_names
from einthoven.signal import not_ecg

Array = NDArray[Any]
Rng = np.random.Generator

NOT_ECG_S = 30.0
"""Longest signal that is no ECG, s."""


@dataclass(frozen=True, eq=False)
class Clean:
    """A recording that is going to be disturbed.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The signal, NaN where samples are missing.
    leads : tuple of str
        Names of its leads.
    fs_hz : float, Hz
        Its sampling rate.
    used : tuple of str
        Names of the leads that the model uses.
    beats : array of int [n], sample numbers
        Its heartbeats.
    """

    signal_mv: Array
    leads: tuple[str, ...]
    fs_hz: float
    used: tuple[str, ...]
    beats: Array

    @property
    def n_samples(self) -> int:
        """Samples of each lead."""
        return int(self.signal_mv.shape[1])

    @property
    def usable(self) -> list[int]:
        """Rows of the leads that the model uses; all rows where it derives its leads from others."""
        rows = [at for at, lead in enumerate(self.leads) if lead in self.used]
        return rows or list(range(len(self.leads)))

    def first(self, seconds: float) -> "Clean":
        """Return the beginning of the recording.

        Parameters
        ----------
        seconds : float, s
            Its length; a shorter recording is returned whole.
        """
        n = min(self.n_samples, round(seconds * self.fs_hz))
        return replace(self, signal_mv=self.signal_mv[:, :n], beats=self.beats[self.beats < n])


@dataclass(frozen=True, eq=False)
class Disturbed:
    """A recording with a disturbance.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The signal.
    fs_hz : float, Hz
        The sampling rate that is stated.
    rows : tuple of int
        Rows of the leads that were disturbed.
    spans : array of int [n, 2], sample numbers
        Beginning and end of each disturbance.
    """

    signal_mv: Array
    fs_hz: float
    rows: tuple[int, ...]
    spans: Array


Disturbance = Callable[[Clean, Rng], Disturbed | None]
"""Takes a recording and draws; returns it disturbed, or None where it lacks what can be disturbed."""


def whole(clean: Clean, signal_mv: Array, rows: list[int], fs_hz: float | None = None) -> Disturbed:
    """Return a recording that is disturbed from its beginning to its end.

    Parameters
    ----------
    clean : Clean
        The recording before.
    signal_mv : array [leads, samples], mV
        The signal after.
    rows : list of int
        Rows of the disturbed leads.
    fs_hz : float, Hz, optional
        Sampling rate that is stated (default: the true one).

    Returns
    -------
    Disturbed
    """
    spans = np.array([[0, signal_mv.shape[1]]])
    return Disturbed(signal_mv, clean.fs_hz if fs_hz is None else fs_hz, tuple(rows), spans)


def with_limb_laws(signal: Array, leads: tuple[str, ...]) -> Array:
    """Return noise with III, aVR, aVL and aVF computed from I and II, as an electrocardiograph computes them.

    Parameters
    ----------
    signal : array [leads, samples]
        Noise that was made for each lead by itself.
    leads : tuple of str
        Names of the leads.

    Returns
    -------
    array [leads, samples]
        The same array where I and II are not both there.
    """
    if not {"I", "II"} <= {*leads}:
        return signal
    two = signal[[leads.index("I"), leads.index("II")]]
    made = signal.copy()
    for row, lead in enumerate(leads):
        if lead in ("III", "aVR", "aVL", "aVF"):
            made[row] = lead_names.select(two, ("I", "II"), (lead,))[0][0]
    return made


def _undisturbed(clean: Clean, rng: Rng) -> Disturbed:
    return whole(clean, clean.signal_mv, list(range(len(clean.leads))))


def _exchanged(sources: Mapping[str, tuple[float, str]], clean: Clean, rng: Rng) -> Disturbed | None:
    """Replace leads by others, with a sign; None without one of these."""
    row_of = {lead: row for row, lead in enumerate(clean.leads)}
    if not {*sources} <= {*row_of}:
        return None
    made = clean.signal_mv.copy()
    for lead, (sign, source) in sources.items():
        made[row_of[lead]] = sign * clean.signal_mv[row_of[source]]
    return whole(clean, made, [row_of[lead] for lead in sources])


def _inverted(clean: Clean, rng: Rng) -> Disturbed:
    row, made = int(rng.choice(clean.usable)), clean.signal_mv.copy()
    made[row] *= -1
    return whole(clean, made, [row])


def _scaled(factor: float, clean: Clean, rng: Rng) -> Disturbed:
    return whole(clean, clean.signal_mv * np.float32(factor), list(range(len(clean.leads))))


def _rate_stated(factor: float, clean: Clean, rng: Rng) -> Disturbed:
    return whole(clean, clean.signal_mv, list(range(len(clean.leads))), clean.fs_hz * factor)


def _flat(rows: list[int], start: int, clean: Clean) -> Disturbed:
    """Hold leads at their median from a sample on."""
    made = clean.signal_mv.copy()
    made[rows, start:] = np.nan_to_num(_median(made[rows]))[:, None]
    return Disturbed(made, clean.fs_hz, tuple(rows), np.array([[start, clean.n_samples]]))


def _median(signal: Array) -> Array:
    """Return the median of each lead [leads]; 0 if all samples are missing."""
    return np.array([np.median(lead[np.isfinite(lead)]) if np.isfinite(lead).any() else 0.0 for lead in signal])


def _lead_off(clean: Clean, rng: Rng) -> Disturbed | None:
    return _flat([int(rng.choice(clean.usable))], 0, clean) if len(clean.leads) > 1 else None


def _all_off(clean: Clean, rng: Rng) -> Disturbed:
    return _flat(list(range(len(clean.leads))), 0, clean)


def _all_off_from_half(clean: Clean, rng: Rng) -> Disturbed:
    return _flat(list(range(len(clean.leads))), clean.n_samples // 2, clean)


def _replaced(kind: str, clean: Clean, rng: Rng) -> Disturbed:
    n = min(clean.n_samples, round(NOT_ECG_S * clean.fs_hz))
    made = np.stack([not_ecg.signal(kind, n, clean.fs_hz, rng) for _ in clean.leads])
    return whole(clean, with_limb_laws(made, clean.leads), list(range(len(clean.leads))))


_RA_LA = {"I": (-1, "I"), "II": (1, "III"), "III": (1, "II"), "aVR": (1, "aVL"), "aVL": (1, "aVR")}
_RA_LL = {"I": (-1, "III"), "II": (-1, "II"), "III": (-1, "I"), "aVR": (1, "aVF"), "aVF": (1, "aVR")}
_LA_LL = {"I": (1, "II"), "II": (1, "I"), "III": (-1, "III"), "aVL": (1, "aVF"), "aVF": (1, "aVL")}
_V1_V3 = {"V1": (1, "V3"), "V3": (1, "V1")}

CLEAN = "clean"
"""Name of the condition without a disturbance."""
LEADS: dict[str, Disturbance] = {
    "RA/LA exchanged": partial(_exchanged, _RA_LA),
    "RA/LL exchanged": partial(_exchanged, _RA_LL),
    "LA/LL exchanged": partial(_exchanged, _LA_LL),
    "V1/V3 exchanged": partial(_exchanged, _V1_V3),
    "one lead inverted": _inverted,
}
"""Wrong leads."""
UNITS: dict[str, Disturbance] = {
    "gain x10": partial(_scaled, 10.0),
    "gain ÷10": partial(_scaled, 0.1),
    "rate x2": partial(_rate_stated, 2.0),
    "rate ÷2": partial(_rate_stated, 0.5),
}
"""Gain and sampling rate stated wrongly."""
ELECTRODES: dict[str, Disturbance] = {
    "one lead off": _lead_off,
    "all leads off": _all_off,
    "all leads off, second half": _all_off_from_half,
}
"""Leads that are flat."""
NOT_ECG: dict[str, Disturbance] = {kind: partial(_replaced, kind) for kind in not_ecg.KINDS}
"""Signals that are no ECG, in all leads."""
UNDISTURBED: dict[str, Disturbance] = {CLEAN: _undisturbed}
"""The recording as it is."""
