"""Find heartbeats in a stream with the detector of sleepecg, the same beats as in the whole record.

sleepecg processes a whole signal. Here its filters run over pieces with a margin, and its thresholds (Pan and Tompkins 1985, doi
10.1109/TBME.1985.325532, as sleepecg 0.6 changed them) are a state that can be saved.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.adaptive_thresholds import LEARNING_S, Thresholds
from einthoven.signal.detector import WINDOW_S, qrs_band, slope
from einthoven.signal.heartbeats import SHORTEST_S, refined

_MARGIN_S = 2.0  # the filter's ringing is below 1e-10 by then


class LiveHeartbeats:
    """Finds the R peaks of one lead in a stream, the same as :func:`einthoven.signal.heartbeats.find` in the whole lead.

    Parameters
    ----------
    fs_hz : float, Hz
        Sampling rate.
    """

    def __init__(self, fs_hz: float):
        self.fs_hz = fs_hz
        self.thresholds = Thresholds(fs_hz)
        self.raw = np.zeros(0, np.float32)
        self.first = 0
        """Sample number of the first sample in `raw`."""
        self.begins = -1
        """Sample number of the first sample that is not flat; -1 before there is one."""
        self.filtered = 0
        """Number of filtered samples, counted from `begins`."""
        self.last = -1

    @property
    def n_samples(self) -> int:
        """Number of samples that were fed."""
        return self.first + len(self.raw)

    @property
    def searched(self) -> int:
        """Sample number up to which beats were searched; an overdue beat may still be found before it."""
        return self.n_samples if self.begins < 0 else self.begins + self.thresholds.at

    def feed(self, signal_mv: NDArray[Any]) -> NDArray[np.int64]:
        """Take samples and return the beats that are certain now.

        Parameters
        ----------
        signal_mv : array [n], mV
            The next samples, without NaN.

        Returns
        -------
        array [k], int64
            Sample numbers.
        """
        self.raw = np.concatenate((self.raw, np.asarray(signal_mv, np.float32)))
        if self.begins < 0 and not self._find_start():
            return np.zeros(0, np.int64)
        margin, second = round(_MARGIN_S * self.fs_hz), round(self.fs_hz)
        seconds = (self.n_samples - self.begins - self.filtered - margin) // second
        return self._filter_until(self.filtered + seconds * second) if seconds > 0 else np.zeros(0, np.int64)

    def end(self) -> NDArray[np.int64]:
        """Return the remaining beats at the end of the stream, as sample numbers [k]."""
        if self.begins < 0 or self.n_samples < SHORTEST_S * self.fs_hz:
            return np.zeros(0, np.int64)
        return self._filter_until(self.n_samples - self.begins)

    def _find_start(self) -> bool:
        """Return whether there is a sample that is not flat, and note the first."""
        if len(self.raw) < 2:
            return False
        moved = np.flatnonzero(self.raw != self.raw[0])
        if not len(moved):
            self.raw, self.first = self.raw[-1:], self.n_samples - 1
            return False
        self.begins = self.first if self.raw[1] != self.raw[0] and self.first == 0 else self.first + int(moved[0])
        return True

    def _filter_until(self, until: int) -> NDArray[np.int64]:
        """Filter up to a sample number (counted from `begins`) and return the beats there."""
        if until < LEARNING_S * self.fs_hz:
            return np.zeros(0, np.int64)
        margin = round(_MARGIN_S * self.fs_hz)
        begin = max(0, self.filtered - margin)
        end = min(self.n_samples - self.begins, until + margin)
        known = self.raw[self.begins + begin - self.first : self.begins + end - self.first]
        f, power = _filtered(known, self.fs_hz)
        thresholds = self.thresholds
        thresholds.f += f[self.filtered - begin : until - begin].tolist()
        thresholds.i += power[self.filtered - begin : until - begin].tolist()
        is_first = self.filtered == 0
        self.filtered = until
        if is_first:
            thresholds.learn()
        rough = np.array(thresholds.advance(), np.int64) + self.begins
        beats = refined(rough - self.first, self.raw, self.fs_hz) + self.first
        beats = np.unique(beats[beats > self.last])
        if len(beats):
            self.last = int(beats[-1])
        kept = min(self.filtered - margin, thresholds.first) - round(0.1 * self.fs_hz) + self.begins - self.first
        if kept > 0:
            self.raw, self.first = self.raw[kept:], self.first + kept
        return beats

    def state(self) -> dict[str, Any]:
        """Return plain values for :meth:`restored`."""
        own = {name: getattr(self, name) for name in ("fs_hz", "first", "begins", "filtered", "last")}
        return own | {"raw": self.raw.tolist(), "thresholds": vars(self.thresholds) | {}}

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
        live = cls(state["fs_hz"])
        live.thresholds = Thresholds(**state["thresholds"])
        live.raw = np.array(state["raw"], np.float32)
        for name in ("first", "begins", "filtered", "last"):
            setattr(live, name, state[name])
        return live


def _filtered(signal: NDArray[Any], fs_hz: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the band of QRS complexes, and the power of its slope over a moving window, both [samples]."""
    band = qrs_band(signal, fs_hz)
    return band, np.convolve(np.square(slope(band)), np.ones(int(WINDOW_S * fs_hz)), mode="same")
