"""Simulate whole recordings with many early beats, or in fibrillation, from the normal beats of a real one.

Few people of the databases have mostly supraventricular beats, and a model of few people takes them for normal ones. The shapes of
QRS complexes stay real; times, P waves and the T wave that the early beat falls on are simulated, and everything is measured again.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import features
from einthoven.signal.preparation import Preparation
from einthoven.signal.typical_beat import trimmed_median
from einthoven.signal.windows import Windows
from einthoven.training.rhythms import (
    fibrillation,
    rhythm_with_patterns,
    rhythm_with_runs,
    sustained_tachycardia,
)

Array = NDArray[Any]

LEAST = 150
"""Normal beats that a recording needs."""
_N_BEATS = {"ectopic": 600, "fibrillation": 500, "wandering": 500}
_MOST_EARLY = 0.3
"""Share of supraventricular beats above which the normal ones of a recording are too few to stand for sinus rhythm."""
_SINUS_S = (0.65, 1.5)
_P_ENDS_S = 0.07
"""Seconds before the QRS complex at which the simulated part of a window ends."""
_RHYTHMS = {
    "runs": (0.375, rhythm_with_runs),
    "patterns": (0.375, rhythm_with_patterns),
    "tachycardia": (0.25, sustained_tachycardia),
}
"""How often each rhythm is drawn, and what simulates it."""
_P_WAVES = {"same": 0.2, "inverted": 0.2, "absent": 0.25, "scaled": 0.15, "moved": 0.1, "mixed": 0.1}
_MOVED_S = 0.05
_T_BEGINS_S = 0.12
_FADES = 10
_V_SHARE = (0.01, 0.1)
_LEAST_V = 20


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated recording.

    Parameters
    ----------
    windows : Windows
        Windows around its beats, with measurements.
    labels : array [n]
        Class numbers: 0 normal, 1 supraventricular, 2 ventricular.
    """

    windows: Windows
    labels: Array


def ectopic(windows: Windows, labels: Array, preparation: Preparation, rng: np.random.Generator) -> Simulated | None:
    """Simulate a recording with early beats: single, in runs, in bigeminy, with P waves that differ or are absent.

    Parameters
    ----------
    windows : Windows
        Windows around all beats of a real recording.
    labels : array [n]
        Their class numbers: 0 normal, 1 supraventricular, 2 ventricular.
    preparation : Preparation
        How they were prepared.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    Simulated or None
        None where the recording has too few normal beats.
    """
    if (labels == 1).mean() > _MOST_EARLY:
        return None
    used = _normal_beats(labels, _N_BEATS["ectopic"], rng)
    if used is None:
        return None
    rhythm = str(rng.choice(list(_RHYTHMS), p=[share for share, _ in _RHYTHMS.values()]))
    is_early, beats_s = _RHYTHMS[rhythm][1](len(used), float(rng.uniform(*_SINUS_S)), rng)
    real = windows.signal
    signal = _with_p_waves(real[used], is_early, preparation, rng)
    signal = _on_t_waves(signal, real[used], beats_s, preparation)
    found = is_early.astype(np.int64)
    ventricular = np.flatnonzero(labels == 2)
    if len(ventricular) > _LEAST_V and rng.random() < 0.5:
        at = np.flatnonzero(rng.random(len(used)) < rng.uniform(*_V_SHARE))
        signal[at] = real[rng.choice(ventricular, len(at))]
        found[at] = 2
    return Simulated(_measured(signal, beats_s, preparation), found)


def wandering(windows: Windows, labels: Array, preparation: Preparation, rng: np.random.Generator) -> Simulated | None:
    """Simulate a recording in sinus arrhythmia: intervals follow breathing and drift, P waves stay, and no beat is ectopic.

    Parameters
    ----------
    windows : Windows
        Windows around all beats of a real recording.
    labels : array [n]
        Their class numbers; 0 is normal.
    preparation : Preparation
        How they were prepared.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    Simulated or None
        None where the recording has too few normal beats.
    """
    used = _normal_beats(labels, _N_BEATS["wandering"], rng)
    if used is None:
        return None
    at = np.arange(len(used))
    drift = np.cumsum(rng.uniform(0.0, 0.02) * rng.standard_normal(len(used)))
    drift -= np.convolve(np.pad(drift, 50, mode="edge"), np.ones(101) / 101, mode="valid")
    breathing = rng.uniform(0.05, 0.3) * np.sin(
        2 * np.pi * at / rng.uniform(2.5, 8) + np.cumsum(0.3 * rng.standard_normal(len(used)))
    )
    depth = 0.5 + 0.5 * np.sin(2 * np.pi * at / rng.uniform(20, 120))
    intervals = rng.uniform(0.6, 1.3) * np.exp(breathing * depth + drift + 0.02 * rng.standard_normal(len(used)))
    beats_s = np.cumsum(np.clip(intervals, 0.35, 2.5))
    signal = _on_t_waves(windows.signal[used].copy(), windows.signal[used], beats_s, preparation)
    return Simulated(_measured(signal, beats_s, preparation), np.zeros(len(used), np.int64))


def in_fibrillation(
    windows: Windows, labels: Array, preparation: Preparation, rng: np.random.Generator
) -> Simulated | None:
    """Simulate a recording in fibrillation: irregular, with fibrillatory waves and no P waves; none of its beats is ectopic.

    Parameters
    ----------
    windows : Windows
        Windows around all beats of a real recording.
    labels : array [n]
        Their class numbers; 0 is normal.
    preparation : Preparation
        How they were prepared.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    Simulated or None
        None where the recording has too few normal beats.
    """
    used = _normal_beats(labels, _N_BEATS["fibrillation"], rng)
    if used is None:
        return None
    beats_s = fibrillation(len(used), rng)
    signal = windows.signal[used].copy()
    end = _p_end(preparation)
    signal[..., :end] -= _above_line(signal[..., :end]) * rng.uniform(0.85, 1)
    time_s = np.arange(signal.shape[2]) / preparation.fs_hz
    phase = rng.uniform(0, 2 * np.pi, (len(used), 1, 1)) + np.cumsum(0.1 * rng.standard_normal(signal.shape), axis=2)
    height = np.ptp(signal, axis=2).mean(axis=0)[None, :, None] * rng.uniform(0.01, 0.08)
    signal = signal + height * np.sin(2 * np.pi * rng.uniform(4, 9) * time_s + phase)
    return Simulated(_measured(signal, beats_s, preparation), np.zeros(len(used), np.int64))


def _normal_beats(labels: Array, n_beats: int, rng: np.random.Generator) -> Array | None:
    """Return consecutive normal beats."""
    normal = np.flatnonzero(labels == 0)
    if len(normal) < LEAST:
        return None
    first = int(rng.integers(0, max(1, len(normal) - n_beats)))
    return normal[first : first + n_beats]


def _p_end(preparation: Preparation) -> int:
    return preparation.before - round(_P_ENDS_S * preparation.fs_hz)


def _above_line(head: Array) -> Array:
    """Return how far the head of each window is above the line between its ends."""
    share = np.linspace(0, 1, head.shape[2])
    return np.asarray(head - (head[..., :1] * (1 - share) + head[..., -1:] * share))


def _with_p_waves(real: Array, is_early: Array, preparation: Preparation, rng: np.random.Generator) -> Array:
    """Return windows whose early beats have other P waves; which ones is drawn for the recording."""
    signal, end = real.copy(), _p_end(preparation)
    waves = _above_line(real[..., :end])
    kind = str(rng.choice(list(_P_WAVES), p=list(_P_WAVES.values())))
    scale, reach = rng.uniform(-1, 1.3), round(_MOVED_S * preparation.fs_hz)
    step = int(rng.integers(-reach, reach + 1))
    for at in np.flatnonzero(is_early):
        this = str(rng.choice(["inverted", "absent", "scaled"])) if kind == "mixed" else kind
        wave = waves[at]
        changed = {
            "same": wave,
            "inverted": -wave * rng.uniform(0.5, 1),
            "absent": wave * rng.uniform(0, 0.15),
            "scaled": wave * scale,
            "moved": np.roll(wave, step, axis=-1),
        }[this]
        signal[at, :, :end] += changed - wave
    return signal


def _on_t_waves(signal: Array, real: Array, beats_s: Array, preparation: Preparation) -> Array:
    """Add to the head of each window what the beat before it has there, where it comes early."""
    end, n_samples = _p_end(preparation), real.shape[2]
    level = np.median(real, axis=2, keepdims=True)
    first_of_t = preparation.before + round(_T_BEGINS_S * preparation.fs_hz)
    for at in range(1, len(signal)):
        of_last = np.arange(end) + round(float(beats_s[at] - beats_s[at - 1]) * preparation.fs_hz)
        there = np.flatnonzero((of_last >= first_of_t) & (of_last < n_samples))
        fading = np.clip((n_samples - of_last[there]) / _FADES, 0, 1)
        signal[at][:, there] += (real[at - 1] - level[at - 1])[:, of_last[there]] * fading
    return signal


def _measured(signal: Array, beats_s: Array, preparation: Preparation) -> Windows:
    signal = (signal - np.median(signal, axis=2, keepdims=True)).astype(np.float32)
    typical = np.stack([trimmed_median(signal[:, lead]) for lead in range(signal.shape[1])])
    context = features.BeatContext(signal, typical, beats_s, preparation.before, preparation.fs_hz)
    return Windows(signal, features=features.compute(preparation.feature_sets, context))
