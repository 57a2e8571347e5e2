"""Find heartbeats with the heartbeat network, and compare two lists of beats."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.signal.heartbeat_network import evidence
from einthoven.signal.live_heartbeats import SHORTEST_S, LiveHeartbeats

__all__ = ["SHORTEST_S", "TOLERANCE_MS", "Matching", "find", "match"]

TOLERANCE_MS = 150.0  # ANSI/AAMI EC57, beat-by-beat comparison
PIECE_S = 600.0
"""Length of a piece of a long signal, s."""


def find(signal_mv: NDArray[Any], fs_hz: float) -> NDArray[np.int64]:
    """Find the R peaks of one lead, or of several leads together.

    Parameters
    ----------
    signal_mv : array [samples] or [leads, samples], mV
        The leads, without NaN.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [n]
        Sample numbers, ascending; empty if the signal is shorter than 3 s or has no beat.

    Raises
    ------
    RecordUnreadable
        If the signal is not leads by samples.
    """
    shape = np.shape(signal_mv)
    if len(shape) not in (1, 2) or (len(shape) == 2 and shape[0] > shape[1]):
        raise RecordUnreadable(
            "Heartbeats are found in leads by samples.",
            found=f"an array of shape {shape}",
            expected="an array [samples] or [leads, samples]",
            remedy="heartbeats.find(record.signal_mv, record.fs_hz)",
        )
    leads = np.atleast_2d(signal_mv)
    piece = round(PIECE_S * fs_hz)
    return find_in((leads[:, at : at + piece] for at in range(0, max(1, leads.shape[1]), piece)), fs_hz)


def find_in(
    pieces: Iterable[NDArray[Any]], fs_hz: float, network: Callable[[NDArray[Any]], NDArray[Any]] = evidence
) -> NDArray[np.int64]:
    """Find the R peaks of leads that come piece by piece, as :func:`find` does in the whole.

    Parameters
    ----------
    pieces : iterable of array [leads, samples], mV
        Pieces that follow each other, at least one, without NaN.
    fs_hz : float
        Sampling rate, Hz.
    network : callable
        Takes prepared leads and returns their evidence.

    Returns
    -------
    array [n]
        Sample numbers, ascending.
    """
    live: LiveHeartbeats | None = None
    found: list[NDArray[np.int64]] = []
    last: NDArray[Any] | None = None
    for piece in pieces:
        live = live or LiveHeartbeats(fs_hz, len(piece), network)
        if last is not None:
            found.append(live.feed(last))
        last = piece
    assert live is not None
    return np.concatenate((*found, live.end(last)))


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
