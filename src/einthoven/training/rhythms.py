"""Simulate rhythms that few training records show, by their measurements alone; waveforms stay real.

In atrial runs most beats of a person can be early, and then they also decide the median with which each beat is compared. In
fibrillation beats come early by chance, none of them is supraventricular ectopic, and P waves are absent.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import ConfigurationFault
from einthoven.signal.beat_rhythm import P_WAVE_NAMES, rr_features
from einthoven.signal.windows import Windows, concatenated
from einthoven.training.task import Task

Array = NDArray[Any]
_NORMAL, _EARLY = "N", "S"
_NEEDED = ("rr", "p_waves")
_LEAST = 10
"""Normal windows that a record needs, so that the simulated beats differ."""


def with_rhythms(task: Task, kinds: tuple[str, ...], n_beats: int, seed: int) -> Task:
    """Return a task with simulated beats: normal windows of each training record in other rhythms.

    The windows are real; only the measurements of the rhythm, and the class of the beats that come early, are simulated. They
    are marked synthetic and used for training only.

    Parameters
    ----------
    task : Task
        The task.
    kinds : tuple of str
        Keys of RHYTHMS.
    n_beats : int
        Beats for each training record and rhythm.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    Task

    Raises
    ------
    ConfigurationFault
        If the windows have no measurements of the rhythm, or the classes are not AAMI's.
    """
    if not set(_NEEDED) <= set(task.preparation.inputs) or not {_NORMAL, _EARLY} <= set(task.classes):
        raise ConfigurationFault(
            "Rhythms cannot be simulated for these windows and classes.",
            found=f"inputs {', '.join(task.preparation.inputs)}; classes {', '.join(task.classes)}",
            expected=f"inputs {' and '.join(_NEEDED)}, and at least the classes {_NORMAL} and {_EARLY}",
            remedy="--prepare.inputs signal beat rr p_waves similarity --prepare.scaling millivolt",
        )
    rng = np.random.default_rng((seed, 1))
    normal, early = task.classes.index(_NORMAL), task.classes.index(_EARLY)
    windows: list[Windows] = []
    labels = []
    columns = task.preparation.columns
    for record in np.unique(task.record[task.train]):
        normal_windows = task.train[(task.record[task.train] == record) & (task.labels[task.train] == normal)]
        if len(normal_windows) < _LEAST:
            continue
        for name in kinds:
            is_early, simulated = RHYTHMS[name](n_beats, rng)
            real = task.windows[rng.choice(normal_windows, n_beats)]
            features = np.array(real.features)
            for part, values in simulated.items():
                features[:, columns[part]] = values
            windows.append(Windows(real.signal, real.beat, features))
            labels.append(np.where(is_early, early, normal))
    if not windows:
        return task
    how = {"what": f"{', '.join(kinds)}; waveforms are real", "beats_per_record_and_rhythm": n_beats}
    return task.with_generated(concatenated(windows), np.concatenate(labels).astype(np.int64), how)


Simulated = tuple[Array, dict[str, Array]]
"""Which beats are early, bool [n], and the simulated measurements, by their set."""


def _runs(n_beats: int, rng: np.random.Generator) -> Simulated:
    is_early, beats_s = rhythm_with_runs(n_beats, float(rng.uniform(0.7, 1.4)), rng)
    return is_early, {"rr": rr_features(beats_s)}


def _fibrillation(n_beats: int, rng: np.random.Generator) -> Simulated:
    """Simulate fibrillation, in which no beat counts as early and P waves are alike by chance only."""
    waves = np.empty((n_beats, len(P_WAVE_NAMES)), np.float32)
    intervals = rr_features(fibrillation(n_beats, rng))
    waves[:, 0] = rng.uniform(-0.1, 0.45) + 0.05 * rng.standard_normal(n_beats)
    waves[:, 1] = rng.uniform(0.02, 0.06)
    return np.zeros(n_beats, bool), {"rr": intervals, "p_waves": waves}


def _patterns(n_beats: int, rng: np.random.Generator) -> Simulated:
    is_early, beats_s = rhythm_with_patterns(n_beats, float(rng.uniform(0.7, 1.4)), rng)
    return is_early, {"rr": rr_features(beats_s)}


RHYTHMS = {"runs": _runs, "patterns": _patterns, "fibrillation": _fibrillation}
"""Simulators by the name that a recipe uses."""


def rhythm_with_runs(n_beats: int, sinus_s: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Simulate sinus beats and runs of early beats, each run followed by a pause.

    Parameters
    ----------
    n_beats : int
        Number of beats.
    sinus_s : float, seconds
        Sinus interval.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    tuple of array
        Which beats are early, bool [n]; times in s [n].
    """
    coupling, longest_run, longest_rest = rng.uniform(0.45, 0.8), rng.uniform(1, 12), rng.uniform(1, 8)
    pause = rng.uniform(1.0, 1.8)
    is_early: list[bool] = []
    intervals: list[float] = []
    while len(is_early) < n_beats:
        n_rest, n_run = 1 + rng.geometric(1 / longest_rest), rng.geometric(1 / longest_run)
        rest = np.full(n_rest, sinus_s) * (1 + 0.04 * rng.standard_normal(n_rest))
        rest[0] *= pause if is_early else 1.0
        run = np.full(n_run, coupling * sinus_s) * (1 + 0.08 * rng.standard_normal(n_run))
        intervals += [*rest, *run]
        is_early += [False] * n_rest + [True] * n_run
    return np.array(is_early[:n_beats]), np.cumsum(np.clip(intervals[:n_beats], 0.25, 4.0))


def rhythm_with_patterns(n_beats: int, sinus_s: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Simulate respiratory sinus arrhythmia with early beats: single, bigeminy, couplets or runs, each followed by a pause.

    Parameters
    ----------
    n_beats : int
        Number of beats.
    sinus_s : float, seconds
        Sinus interval.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    tuple of array
        Which beats are early, bool [n]; times in s [n].
    """
    coupling, within = rng.uniform(0.45, 0.85), rng.uniform(0.85, 1.1)
    mean_run, mean_rest = rng.choice((1.0, rng.uniform(1, 4), rng.uniform(2, 15))), np.exp(rng.uniform(0, np.log(20)))
    pause, jitter = rng.uniform(1.0, 1.8), rng.uniform(0.02, 0.1)
    breath, breaths = rng.uniform(0.0, 0.12), rng.uniform(2.5, 6.0)
    is_early: list[bool] = []
    intervals: list[float] = []
    while len(is_early) < n_beats:
        n_rest, n_run = rng.geometric(1 / mean_rest), rng.geometric(1 / mean_run)
        phase = 2 * np.pi * (len(is_early) + np.arange(n_rest)) / breaths
        rest = sinus_s * (1 + breath * np.sin(phase) + 0.03 * rng.standard_normal(n_rest))
        rest[0] *= pause * rng.uniform(0.9, 1.1) if is_early else 1.0
        run = (
            coupling * sinus_s * np.append(1.0, np.full(n_run - 1, within)) * (1 + jitter * rng.standard_normal(n_run))
        )
        intervals += [*rest, *run]
        is_early += [False] * n_rest + [True] * n_run
    return np.array(is_early[:n_beats]), np.cumsum(np.clip(intervals[:n_beats], 0.25, 4.0))


def sustained_tachycardia(n_beats: int, sinus_s: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Simulate sinus rhythm with long supraventricular tachycardias, which begin and end suddenly and are regular.

    Parameters
    ----------
    n_beats : int
        Number of beats.
    sinus_s : float, seconds
        Sinus interval.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    tuple of array
        Which beats are early, bool [n]; times in s [n].
    """
    fast_s = rng.uniform(0.3, min(0.55, 0.75 * sinus_s))
    mean_run, mean_rest = np.exp(rng.uniform(np.log(20), np.log(400))), np.exp(rng.uniform(np.log(20), np.log(300)))
    pause, breath, breaths = rng.uniform(1.0, 1.8), rng.uniform(0.0, 0.08), rng.uniform(2.5, 6.0)
    is_early: list[bool] = []
    intervals: list[float] = []
    while len(is_early) < n_beats:
        n_rest, n_run = rng.geometric(1 / mean_rest), rng.geometric(1 / mean_run)
        rest = sinus_s * (
            1 + breath * np.sin(2 * np.pi * np.arange(n_rest) / breaths) + 0.03 * rng.standard_normal(n_rest)
        )
        rest[0] *= pause if is_early else 1.0
        run = fast_s * (
            1
            + rng.uniform(0.005, 0.03) * rng.standard_normal(n_run)
            + rng.uniform(0, 0.1) * np.exp(-np.arange(n_run) / 20)
        )
        intervals += [*rest, *run]
        is_early += [False] * n_rest + [True] * n_run
    return np.array(is_early[:n_beats]), np.cumsum(np.clip(intervals[:n_beats], 0.25, 4.0))


def fibrillation(n_beats: int, rng: np.random.Generator) -> Array:
    """Simulate beats with independent intervals, as in atrial fibrillation.

    Parameters
    ----------
    n_beats : int
        Number of beats.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    array [n]
        Times in s.
    """
    spread = rng.uniform(0.15, 0.3)
    return np.cumsum(np.clip(rng.uniform(0.5, 0.9) * np.exp(spread * rng.standard_normal(n_beats)), 0.28, 2.5))
