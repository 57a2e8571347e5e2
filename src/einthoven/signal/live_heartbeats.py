"""Find heartbeats with the heartbeat network, in pieces: a stream and a whole record give the same beats."""

from collections.abc import Callable
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import heartbeat_evidence, heartbeat_input, heartbeat_network, resample
from einthoven.signal.heartbeat_input import FS_HZ
from einthoven.signal.heartbeat_network import EVIDENCE_HZ

Array = NDArray[Any]

SHORTEST_S = 3.0
"""Shortest signal in which beats are sought, s."""
_RESAMPLING_S = 0.25
AHEAD_S = _RESAMPLING_S + heartbeat_input.AHEAD_S + heartbeat_network.REACH_S + heartbeat_evidence.AHEAD_S
"""Seconds of later signal after which a beat is certain."""
_NETWORK_BEHIND_S = heartbeat_network.REACH_S + heartbeat_evidence.BEHIND_S
_BEHIND_S = _RESAMPLING_S + heartbeat_input.BEHIND_S + _NETWORK_BEHIND_S


class LiveHeartbeats:
    """Finds the R peaks of a stream, the same as :func:`einthoven.signal.heartbeats.find` in the whole record.

    Parameters
    ----------
    fs_hz : float, Hz
        Sampling rate.
    n_leads : int
        Number of leads, which are read together.
    network : callable
        Takes prepared leads and returns their evidence, as :func:`einthoven.signal.heartbeat_network.evidence` does.
    """

    def __init__(self, fs_hz: float, n_leads: int = 1, network: Callable[[Array], Array] = heartbeat_network.evidence):
        self.fs_hz, self.network = fs_hz, network
        self.raw = np.zeros((n_leads, 0), np.float32)
        self.first = 0
        """Sample number of the first sample in `raw`."""
        self.done = 0
        """Number of values of the evidence that were searched."""
        self.clear = heartbeat_evidence.NEVER
        """Number of the last of them at which a heart was clear."""

    @property
    def n_samples(self) -> int:
        """Number of samples that were fed."""
        return self.first + int(self.raw.shape[1])

    @property
    def searched(self) -> int:
        """Sample number before which no further beat will be found."""
        margin_s = heartbeat_evidence.MOVED_S
        return max(0, int((self.done / EVIDENCE_HZ - margin_s) * self.fs_hz))

    def feed(self, signal_mv: Array) -> NDArray[np.int64]:
        """Take samples and return the beats that are certain now.

        Parameters
        ----------
        signal_mv : array [leads, n], mV
            The next samples, without NaN.

        Returns
        -------
        array [k], int64
            Sample numbers.
        """
        self._take(signal_mv)
        final = int((self.n_samples / self.fs_hz - AHEAD_S) * EVIDENCE_HZ)
        return self._search(final) if final >= self.done + EVIDENCE_HZ else np.zeros(0, np.int64)

    def end(self, last_mv: Array | None = None) -> NDArray[np.int64]:
        """Return the remaining beats at the end of the stream.

        Parameters
        ----------
        last_mv : array [leads, n], mV, optional
            The last samples, searched once; fed before the end, the latest of them would be searched twice.

        Returns
        -------
        array [k], int64
            Sample numbers.
        """
        if last_mv is not None:
            self._take(last_mv)
        if self.n_samples < SHORTEST_S * self.fs_hz:
            return np.zeros(0, np.int64)
        return self._search(None)

    def _take(self, signal_mv: Array) -> None:
        self.raw = np.concatenate((self.raw, np.asarray(signal_mv, np.float32)), axis=1)

    def _search(self, until: int | None) -> NDArray[np.int64]:
        """Return the beats up to a value of the evidence, or to the end."""
        begin = self.needed_from()
        span = self.raw[:, begin - self.first :]
        at_128 = resample.resample(span, self.fs_hz, FS_HZ)
        origin = round(begin * float(resample.ratio(self.fs_hz, FS_HZ)))
        since = max(0, int((self.done / EVIDENCE_HZ - _NETWORK_BEHIND_S) * FS_HZ) - origin)
        since -= since % heartbeat_input.BLOCK
        inputs = heartbeat_input.scaled(at_128)[:, :, since:]
        evidence = self.network(inputs)
        offset = (origin + since) // heartbeat_network.STEP
        joined = heartbeat_evidence.joined(evidence)
        clear = heartbeat_evidence.last_clear(joined, self.done - offset, self.clear - offset)
        at = heartbeat_evidence.peaks(joined, clear)
        until = offset + evidence.shape[1] if until is None else until
        at = at[(at + offset >= self.done) & (at + offset < until)]
        if until > self.done:
            self.done, self.clear = until, int(clear[until - offset - 1]) + offset
        beats = begin + heartbeat_evidence.placed(at, evidence, since // heartbeat_network.STEP, span, self.fs_hz)
        kept = self.needed_from()
        if kept > self.first:
            self.raw, self.first = self.raw[:, kept - self.first :], kept
        return beats

    def needed_from(self) -> int:
        """Return the first sample that a later beat depends on."""
        return self._aligned(self.done / EVIDENCE_HZ - _BEHIND_S)

    def _aligned(self, at_s: float) -> int:
        """Return the last sample number before a time at which blocks of the network's input begin."""
        factor = resample.ratio(self.fs_hz, FS_HZ)
        step = factor.denominator * (heartbeat_input.BLOCK // gcd(factor.numerator, heartbeat_input.BLOCK))
        return max(0, int(at_s * self.fs_hz)) // step * step

    def state(self) -> dict[str, Any]:
        """Return plain values for :meth:`restored`."""
        return {
            "fs_hz": self.fs_hz,
            "first": self.first,
            "done": self.done,
            "clear": self.clear,
            "raw": self.raw.tolist(),
        }

    @classmethod
    def restored(cls, state: dict[str, Any]) -> "LiveHeartbeats":
        """Continue from a saved state.

        Parameters
        ----------
        state : dict
            What :meth:`state` returned.

        Returns
        -------
        LiveHeartbeats
        """
        live = cls(state["fs_hz"], len(state["raw"]))
        live.raw = np.array(state["raw"], np.float32).reshape(len(state["raw"]), -1)
        live.first, live.done, live.clear = state["first"], state["done"], state["clear"]
        return live
