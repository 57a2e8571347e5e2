"""Delineate a live signal: each wave of all leads together, two to three seconds after its peak."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.inference.delineator import Delineator
from einthoven.inference.fitting import SHORTEST_WAVES_S
from einthoven.inference.predictor import Predictor
from einthoven.records.record import Record, with_impossible_missing
from einthoven.signal import quality
from einthoven.signal.boundaries import WAVES, Waves

Array = NDArray[Any]

DELAY_S = 2.0
"""Signal behind a wave's peak that is waited for, s: the net sees the beat whole, and the filter has settled."""
STEP_S = 1.0
"""Time between two looks at the signal, s; a wave is told DELAY_S to DELAY_S + STEP_S after its peak."""
SPAN_S = 12.0
"""Latest signal that is looked at, s."""


class WaveStream:
    """A live signal whose waves are told as they come.

    Parameters
    ----------
    model : Predictor
        A delineator.
    fs_hz : float, Hz
        Sampling rate of the signal.
    leads : tuple of str
        Names of its leads.
    """

    def __init__(self, model: Predictor, fs_hz: float, leads: tuple[str, ...]) -> None:
        self.delineator, self.fs_hz, self.leads = Delineator(model), fs_hz, leads
        self._latest = np.zeros((len(leads), 0), np.float32)
        self._n_samples, self._looked_at, self._told_until_s = 0, 0, 0.0

    def feed(self, signal_mv: Array) -> list[dict[str, Any]]:
        """Take new samples and return the waves that are certain now.

        Parameters
        ----------
        signal_mv : array [leads, n], mV
            New samples, NaN where one is missing.

        Returns
        -------
        list of dict
            For each wave ``kind`` (``wave``), ``wave``, ``onset_s``, ``peak_s``, ``offset_s`` and ``delay_s``: how far behind
            the newest sample its peak is.
        """
        told = []
        step = max(1, round(STEP_S * self.fs_hz))
        for first in range(0, signal_mv.shape[1], step):
            piece, _ = with_impossible_missing(signal_mv[:, first : first + step])
            self._latest = np.concatenate((self._latest, piece), axis=1)[:, -round(SPAN_S * self.fs_hz) :]
            self._n_samples += piece.shape[1]
            if self._n_samples - self._looked_at >= step:
                told += self._look(self._n_samples / self.fs_hz - DELAY_S)
        return told

    def end(self) -> list[dict[str, Any]]:
        """Return the waves of the last seconds."""
        return self._look(self._n_samples / self.fs_hz)

    def _look(self, until_s: float) -> list[dict[str, Any]]:
        """Delineate the latest signal and tell the waves whose peak is before a time, each once."""
        self._looked_at = self._n_samples
        if self._latest.shape[1] < SHORTEST_WAVES_S * self.fs_hz or until_s <= self._told_until_s:
            return []
        record = Record("live", self._latest, self.fs_hz, self.leads)
        _, found = self.delineator.waves(record, quality.examine(record.signal_mv, record.leads, record.fs_hz))
        now_s = self._n_samples / self.fs_hz
        waves = found.moved(now_s - self._latest.shape[1] / self.fs_hz)
        told = waves[(waves.peak_s >= self._told_until_s) & (waves.peak_s < until_s)]
        self._told_until_s = until_s
        return _lines(told, now_s)


def _lines(waves: Waves, now_s: float) -> list[dict[str, Any]]:
    columns = zip(waves.kind, waves.onset_s, waves.peak_s, waves.offset_s, strict=True)
    return [
        {
            "kind": "wave",
            "wave": WAVES[kind],
            "onset_s": round(float(onset), 4),
            "peak_s": round(float(peak), 4),
            "offset_s": round(float(offset), 4),
            "delay_s": round(now_s - float(peak), 3),
        }
        for kind, onset, peak, offset in columns
    ]
