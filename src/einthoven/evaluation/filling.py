"""Score filled gaps: errors, beats at the right place, beats of the right shape, bands that hold what they promise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TOLERANCES_MS = (75.0, 150.0)
_BEAT_S = (0.25, 0.4)


def errors(truth: Array, guess: Array, hidden: NDArray[np.bool_]) -> dict[str, float]:
    """Return the sums of squared and absolute errors over hidden samples, and their number.

    Parameters
    ----------
    truth, guess : array [samples]
        The lead and what was filled in.
    hidden : array [samples], bool
        Whether a sample was hidden.
    """
    differ = (guess - truth)[hidden]
    return {
        "squared": float(np.square(differ).sum()),
        "absolute": float(np.abs(differ).sum()),
        "n": float(hidden.sum()),
    }


def crps(truth: Array, drawn: Array) -> Array:
    """Return the continuous ranked probability score of each sample: E|X - y| - E|X - X'| / 2, without bias for few draws.

    Parameters
    ----------
    truth : array [samples]
        The lead.
    drawn : array [draws, samples]
        At least two draws.

    Returns
    -------
    array [samples]
        In the unit of the lead; of one certain value it is the absolute error.
    """
    n = len(drawn)
    ordered = np.sort(drawn, axis=0)
    weights = 2 * np.arange(1, n + 1) - n - 1
    apart = 2 * (weights[:, None] * ordered).sum(0) / (n * (n - 1))
    score: Array = np.abs(drawn - truth).mean(0) - apart / 2
    return score


def beats_found(
    true: NDArray[np.int64], found: NDArray[np.int64], hidden: NDArray[np.bool_], fs_hz: float
) -> list[int]:
    """Return how many hidden beats there are, and how many have a found one within 75 and within 150 ms.

    Parameters
    ----------
    true : array [n]
        Beats of the whole lead.
    found : array [m]
        Beats of the filled lead.
    hidden : array [samples], bool
        Whether a sample was hidden.
    fs_hz : float, Hz
        Sampling rate.
    """
    of_gaps = true[hidden[true]] if len(true) else true
    near = [np.abs(found - at).min() / fs_hz * 1000 if len(found) else np.inf for at in of_gaps]
    return [len(of_gaps), *(int(sum(one <= most for one in near)) for most in TOLERANCES_MS)]


def correlations(
    truth: Array, guess: Array, true: NDArray[np.int64], hidden: NDArray[np.bool_], fs_hz: float
) -> list[float]:
    """Return the correlation of each hidden beat, over its hidden samples, with what was filled in; 0 where that is flat.

    Parameters
    ----------
    truth, guess : array [samples]
        The lead and what was filled in.
    true : array [n]
        Beats of the whole lead.
    hidden : array [samples], bool
        Whether a sample was hidden.
    fs_hz : float, Hz
        Sampling rate.
    """
    before, after = (round(part * fs_hz) for part in _BEAT_S)
    rows = []
    for at in true[hidden[true]] if len(true) else true:
        beat = slice(max(0, at - before), at + after)
        there = hidden[beat]
        one, other = truth[beat][there], guess[beat][there]
        if len(one) > 2:
            power = float(one.std() * other.std())
            rows.append(float(np.mean((one - one.mean()) * (other - other.mean())) / power) if power > 1e-9 else 0.0)
    return rows
