"""Judge the stretches of a live signal as soon as they are certain, the same as in the whole record."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import quality, resample
from einthoven.signal.quality import Quality
from einthoven.signal.quality_peaks import FS_HZ
from einthoven.streaming.buffer import Buffer

Array = NDArray[Any]

_KEPT = 64  # stretches: more than five minutes, longer than any window


class LiveQuality:
    """The verdicts on the stretches of a live signal, as :func:`einthoven.signal.quality.examine` gives them.

    Parameters
    ----------
    leads : tuple of str
        Names of the leads.
    fs_hz : float, Hz
        Sampling rate.
    """

    def __init__(self, leads: tuple[str, ...], fs_hz: float) -> None:
        self.leads, self.fs_hz = leads, fs_hz
        self.n_judged = 0
        """Number of stretches that were judged."""
        self.bounds = [0]
        """Sample number where each of the last judged stretches begins, and where the last ends."""
        self.verdicts: list[list[int]] = []
        """Verdict on each lead, for each of these stretches."""
        self.scores: list[float] = []
        """Score of each lead in the last of them."""

    @property
    def until(self) -> int:
        """Sample number up to which the signal is judged."""
        return self.bounds[-1]

    def needed_from(self) -> int:
        """Return the first sample that a later verdict depends on."""
        margin_s = quality.MARGIN_S + quality.STRETCH_S
        return resample.aligned(self.until - round(margin_s * self.fs_hz), self.fs_hz, FS_HZ)

    def feed(self, buffer: Buffer, is_last: bool) -> None:
        """Judge the stretches that are certain now.

        Parameters
        ----------
        buffer : Buffer
            The signal.
        is_last : bool
            Whether the signal has ended.
        """
        margin = round(quality.MARGIN_S * self.fs_hz)
        while (end := self._end_of(self.n_judged)) + margin <= buffer.certain:
            self._judge(buffer, np.array([self.until, end]), end + margin)
        if not is_last or not buffer.n_samples:
            return
        all_bounds = quality.stretch_bounds(buffer.n_samples, self.fs_hz)
        for end in all_bounds[self.n_judged + 1 :]:
            self._judge(buffer, np.array([self.until, end]), buffer.n_samples)
        self.bounds[-1] = buffer.n_samples

    def _judge(self, buffer: Buffer, bounds: Array, known_until: int) -> None:
        begin = max(self.needed_from(), buffer.first)
        filled = buffer.span(begin, known_until)
        missing = buffer.missing[:, begin - buffer.first : known_until - buffer.first]
        before = np.array(self.scores) if self.scores else None
        found = quality.judged(filled, missing, bounds - begin, self.leads, self.fs_hz, before)
        self.scores = found.scores[:, 0].tolist()
        self.verdicts.append(found.verdicts[:, 0].tolist())
        self.bounds.append(int(bounds[1]))
        self.n_judged += 1
        self.verdicts, self.bounds = self.verdicts[-_KEPT:], self.bounds[-_KEPT - 1 :]

    def _end_of(self, stretch: int) -> int:
        return round((stretch + 1) * quality.STRETCH_S * self.fs_hz)

    def now(self) -> Quality:
        """Return what was judged in the last minutes.

        Returns
        -------
        Quality
            Without measurements and scores.
        """
        verdicts = np.array(self.verdicts, np.int64).reshape(-1, len(self.leads)).T
        bounds = np.array(self.bounds if self.verdicts else [0, 0], np.int64)
        if not self.verdicts:
            verdicts = np.zeros((len(self.leads), 1), np.int64)
        unknown = np.ones(verdicts.shape)
        return Quality(self.leads, self.fs_hz, bounds, verdicts, unknown, np.zeros((*verdicts.shape, 0)), unknown)

    def audible(self, beats: list[int]) -> list[int]:
        """Take the heartbeats that are not in stretches where all leads are silent, as far as the signal is judged.

        Parameters
        ----------
        beats : list of int
            Sample numbers of heartbeats that are not taken yet, in increasing order; those that are judged are removed.

        Returns
        -------
        list of int
            Sample numbers.
        """
        seen = self.now()
        ready = np.array([at for at in beats if at < self.until], np.int64)
        beats[: len(ready)] = []
        return [int(at) for at in ready[~seen.silent[seen.at(ready)]]]
