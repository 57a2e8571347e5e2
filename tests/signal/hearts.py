"""Twelve leads of a made-up heart: a vector in space with P wave, QRS loop and T wave, seen by the leads (Dower 1980)."""

from types import SimpleNamespace

import numpy as np

from einthoven.signal.leads import STANDARD

_FROM_VECTOR = {
    "I": (0.632, -0.235, 0.059),
    "II": (0.235, 1.066, -0.132),
    "V1": (-0.515, 0.157, -0.917),
    "V2": (0.044, 0.164, -1.387),
    "V3": (0.882, 0.098, -1.277),
    "V4": (1.213, 0.127, -0.601),
    "V5": (1.125, 0.127, -0.086),
    "V6": (0.831, 0.076, 0.230),
}
"""What each lead sees of the vector to the left, to the feet and to the back."""
_WAVES = (
    (-0.16, 0.022, (0.06, 0.10, -0.02)),
    (-0.026, 0.009, (-0.10, 0.05, -0.28)),
    (0.0, 0.012, (0.95, 0.80, 0.25)),
    (0.028, 0.012, (-0.10, -0.15, 0.60)),
    (0.27, 0.05, (0.30, 0.22, -0.18)),
)
"""Time from the R peak and width in s, and the vector in mV, of each wave."""


def twelve_leads(fs_hz=500.0, seconds=10.0, rr_s=0.85, seed=0, noise_mv=0.01):
    """A recording of a healthy made-up heart, [12, samples] in mV."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * fs_hz)) / fs_hz
    vector = np.zeros((3, len(t)))
    at = 0.4
    while at < seconds - 0.3:
        for offset, width, direction in _WAVES:
            vector += np.outer(direction, np.exp(-0.5 * ((t - at - offset) / width) ** 2))
        at += rr_s + 0.02 * rng.standard_normal()
    seen = {lead: np.array(row) @ vector for lead, row in _FROM_VECTOR.items()}
    seen = {lead: row + noise_mv * rng.standard_normal(len(t)) for lead, row in seen.items()}
    return recording(with_limb_leads(seen), fs_hz)


def with_limb_leads(seen):
    """All twelve leads of the eight independent ones, in standard order."""
    one, two = seen["I"], seen["II"]
    all_leads = seen | {"III": two - one, "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}
    return {lead: all_leads[lead] for lead in STANDARD}


def recording(seen, fs_hz):
    """What the doctor looks at, of leads by name."""
    signal = np.stack(list(seen.values())).astype(np.float32)
    return SimpleNamespace(signal_mv=signal, fs_hz=float(fs_hz), leads=tuple(seen))


def leads_of(source):
    """The leads of a recording by name."""
    return dict(zip(source.leads, source.signal_mv, strict=True))


def changed(source, matrix):
    """The recording after a fault that changes the independent leads by a matrix [8, 8]."""
    seen = leads_of(source)
    rows = matrix @ np.stack([seen[lead] for lead in _FROM_VECTOR])
    return recording(with_limb_leads(dict(zip(_FROM_VECTOR, rows, strict=True))), source.fs_hz)
