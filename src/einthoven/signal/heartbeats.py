"""Find heartbeats with the detector of sleepecg, and compare two lists of beats."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.signal.detector import detected

TOLERANCE_MS = 150.0  # ANSI/AAMI EC57, beat-by-beat comparison
SHORTEST_S = 3.0  # sleepecg needs it to learn its thresholds


def find(signal_mv: NDArray[Any], fs_hz: float) -> NDArray[np.int64]:
    """Find the R peaks of one lead (detector of sleepecg, then the largest deflection within 60 ms).

    Parameters
    ----------
    signal_mv : array [samples], mV
        One lead, without NaN.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [n]
        Sample numbers, ascending; empty if the signal is shorter than 3 s or has no beat.

    Raises
    ------
    RecordUnreadable
        If the signal is not one lead.
    """
    if np.ndim(signal_mv) != 1:
        raise RecordUnreadable(
            "Heartbeats are found in one lead at a time.",
            found=f"an array of shape {np.shape(signal_mv)}",
            expected="an array [samples]",
            remedy="heartbeats.find(record.signal_mv[0], record.fs_hz)",
        )
    if len(signal_mv) < SHORTEST_S * fs_hz or np.ptp(signal_mv) == 0:
        return np.zeros(0, np.int64)
    found: NDArray[np.int64] = np.unique(refined(detected(signal_mv, fs_hz), signal_mv, fs_hz))
    return found


def refined(rough: NDArray[np.int64], signal_mv: NDArray[Any], fs_hz: float) -> NDArray[np.int64]:
    """Move each beat to the largest deflection of a lead within 60 ms.

    Parameters
    ----------
    rough : array [n]
        Sample numbers of the beats.
    signal_mv : array [samples], mV
        The lead.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [n]
        Sample numbers of the moved beats.
    """
    if len(rough) == 0:
        return rough
    reach = max(1, round(0.06 * fs_hz))
    held = np.pad(signal_mv, reach, mode="edge")
    around = held[rough[:, None] + np.arange(2 * reach + 1)]
    peak = np.abs(around - np.median(around, axis=1, keepdims=True)).argmax(axis=1)
    moved: NDArray[np.int64] = np.clip(rough + peak - reach, 0, len(signal_mv) - 1)
    return moved


@dataclass(frozen=True)
class Matching:
    """Pairs of reference beats and test beats.

    Parameters
    ----------
    pairs : array [n, 2]
        Indices into reference and test.
    missed : array [m]
        Indices of unpaired reference beats.
    extra : array [k]
        Indices of unpaired test beats.
    """

    pairs: NDArray[np.int64]
    missed: NDArray[np.int64]
    extra: NDArray[np.int64]

    @property
    def sensitivity(self) -> float:
        """Share of the reference beats that were found, 0 to 1; NaN if there are none."""
        total = len(self.pairs) + len(self.missed)
        return len(self.pairs) / total if total else float("nan")

    @property
    def positive_predictivity(self) -> float:
        """Share of the found beats that are true, 0 to 1; NaN if none were found."""
        total = len(self.pairs) + len(self.extra)
        return len(self.pairs) / total if total else float("nan")


def match(
    reference: NDArray[np.int64], test: NDArray[np.int64], fs_hz: float, tolerance_ms: float = TOLERANCE_MS
) -> Matching:
    """Pair beats within a tolerance, each at most once, nearer pairs first among neighbours (as EC57 and bxb do).

    Parameters
    ----------
    reference : array [n]
        Sample numbers, ascending.
    test : array [m]
        Sample numbers, ascending.
    fs_hz : float
        Sampling rate of both, Hz.
    tolerance_ms : float
        Largest distance of a pair, ms.

    Returns
    -------
    Matching
        The pairs, and the unpaired beats of each list.
    """
    reach = tolerance_ms / 1000 * fs_hz
    pairs, missed, extra = [], [], []
    r = t = 0
    while r < len(reference) and t < len(test):
        gap = abs(int(reference[r]) - int(test[t]))
        if gap > reach:
            if reference[r] < test[t]:
                missed.append(r)
                r += 1
            else:
                extra.append(t)
                t += 1
        elif r + 1 < len(reference) and abs(int(reference[r + 1]) - int(test[t])) < gap:
            missed.append(r)
            r += 1
        elif t + 1 < len(test) and abs(int(reference[r]) - int(test[t + 1])) < gap:
            extra.append(t)
            t += 1
        else:
            pairs.append((r, t))
            r, t = r + 1, t + 1
    missed.extend(range(r, len(reference)))
    extra.extend(range(t, len(test)))
    return Matching(np.array(pairs, np.int64).reshape(-1, 2), np.array(missed, np.int64), np.array(extra, np.int64))
