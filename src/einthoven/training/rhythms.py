"""Simulation of rhythms that few training records show, by their measurements alone; waveforms stay real.

In a person with atrial runs most beats can be early ones, and a run then sets the median by which its own beats would be
judged. In fibrillation beats come early by chance and none is supraventricular ectopic; P waves are absent.
"""

import numpy as np

from einthoven.errors import ConfigurationFault
from einthoven.signal.beat_rhythm import P_WAVE_NAMES, rr_features
from einthoven.signal.windows import Windows, concatenated
from einthoven.training.task import Task

_NORMAL, _EARLY = "N", "S"
_MADE = ("rr", "p_waves")
_LEAST = 10  # normal windows of a record, so that the simulated beats differ


def with_rhythms(task: Task, rhythms: tuple[str, ...], n_beats: int, seed: int) -> Task:
    """The task with `n_beats` simulated beats for each training record and rhythm: its normal windows, in another rhythm.

    The windows are real; only the numbers on the rhythm, and the class of the beats that come early, are made. They are
    marked synthetic and train only.

    Parameters
    ----------
    rhythms : of RHYTHMS

    Raises
    ------
    ConfigurationFault
        Where the windows bear no numbers on the rhythm, or the classes are not AAMI's.
    """
    if not set(_MADE) <= set(task.preparation.inputs) or not {_NORMAL, _EARLY} <= set(task.classes):
        raise ConfigurationFault(
            "rhythms cannot be simulated for this task.",
            found=f"inputs {', '.join(task.preparation.inputs)}; classes {', '.join(task.classes)}",
            expected=f"inputs {' and '.join(_MADE)}, and classes {_NORMAL} and {_EARLY} among others",
            remedy="--prepare.inputs signal beat rr p_waves similarity --prepare.scaling millivolt",
        )
    rng = np.random.default_rng((seed, 1))
    normal, early = task.classes.index(_NORMAL), task.classes.index(_EARLY)
    windows: list[Windows] = []
    labels = []
    columns = task.preparation.columns
    for record in np.unique(task.record[task.train]):
        mine = task.train[(task.record[task.train] == record) & (task.labels[task.train] == normal)]
        if len(mine) < _LEAST:
            continue
        for name in rhythms:
            is_early, simulated = RHYTHMS[name](n_beats, rng)
            real = task.windows[rng.choice(mine, n_beats)]
            features = np.array(real.features)
            for part, values in simulated.items():
                features[:, columns[part]] = values
            windows.append(Windows(real.signal, real.beat, features))
            labels.append(np.where(is_early, early, normal))
    if not windows:
        return task
    how = {"what": f"{', '.join(rhythms)}; waveforms are real", "beats_per_record_and_rhythm": n_beats}
    return task.with_generated(concatenated(windows), np.concatenate(labels).astype(np.int64), how)


Simulated = tuple[np.ndarray, dict[str, np.ndarray]]
"""Which beats are early, bool [n], and the measurements that are made, by their set."""


def _runs(n_beats: int, rng: np.random.Generator) -> Simulated:
    is_early, beats_s = rhythm_with_runs(n_beats, float(rng.uniform(0.7, 1.4)), rng)
    return is_early, {"rr": rr_features(beats_s)}


def _fibrillation(n_beats: int, rng: np.random.Generator) -> Simulated:
    """Simulate a rhythm without early beats in which P waves are alike by chance only."""
    waves = np.empty((n_beats, len(P_WAVE_NAMES)), np.float32)
    intervals = rr_features(fibrillation(n_beats, rng))
    waves[:, 0] = rng.uniform(-0.1, 0.45) + 0.05 * rng.standard_normal(n_beats)
    waves[:, 1] = rng.uniform(0.02, 0.06)
    return np.zeros(n_beats, bool), {"rr": intervals, "p_waves": waves}


def _patterns(n_beats: int, rng: np.random.Generator) -> Simulated:
    is_early, beats_s = rhythm_with_patterns(n_beats, float(rng.uniform(0.7, 1.4)), rng)
    return is_early, {"rr": rr_features(beats_s)}


RHYTHMS = {"runs": _runs, "patterns": _patterns, "fibrillation": _fibrillation}


def rhythm_with_runs(n_beats: int, sinus_s: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sinus beats and runs of early ones, each run followed by a pause.

    Parameters
    ----------
    n_beats : how many; sinus_s : the sinus interval

    Returns
    -------
    which beats are early, bool [n]; times in s [n]
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


def rhythm_with_patterns(n_beats: int, sinus_s: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A sinus rhythm that breathes, and early beats by themselves, in bigeminy, in couplets or in runs, each followed by a pause.

    Parameters
    ----------
    n_beats : how many; sinus_s : the sinus interval

    Returns
    -------
    which beats are early, bool [n]; times in s [n]
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


def fibrillation(n_beats: int, rng: np.random.Generator) -> np.ndarray:
    """Times in s [n] of beats whose intervals are independent of each other, as in atrial fibrillation."""
    spread = rng.uniform(0.15, 0.3)
    return np.cumsum(np.clip(rng.uniform(0.5, 0.9) * np.exp(spread * rng.standard_normal(n_beats)), 0.28, 2.5))
