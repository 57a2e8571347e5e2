"""Hold the latest samples of a live signal, fill its gaps as those of a whole record, and mark what is odd about it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.quality import FLAT_MV, IMPLAUSIBLE_MV, interpolated

WAIT_S = 5.0
"""A gap that lasts longer is filled with the last value, so that answers about the signal before it need not wait."""
OFF_S = 3
"""Whole seconds in a row that vary by less than 0.03 mV, or are missing, before a lead counts as off."""
_GAP_S = 0.1

MARKS = ("gap", "lead_off", "lead_on", "implausible", "impossible", "too_short")
"""Kinds of :class:`Mark`."""


@dataclass(frozen=True)
class Mark:
    """Something odd about the signal.

    Parameters
    ----------
    kind : str
        ``gap``; ``lead_off``; ``lead_on``; ``implausible``: over 40 mV, the unit may be wrong; ``impossible``: over 1 V, counted
        as missing; ``too_short``: nothing can be predicted.
    lead : str
        Name of the lead.
    start_s, end_s : float, seconds
        Where it begins and ends; a ``lead_off`` and an ``implausible`` may go on.
    """

    kind: str
    lead: str
    start_s: float
    end_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


class Buffer:
    """The latest samples of the leads that a model uses.

    Parameters
    ----------
    leads : tuple of str
        Names of the leads.
    fs_hz : float
        Sampling rate, Hz.
    """

    def __init__(self, leads: tuple[str, ...], fs_hz: float) -> None:
        self.leads, self.fs_hz = leads, fs_hz
        self.values: NDArray[Any] = np.zeros((len(leads), 0), np.float32)
        self.missing: NDArray[Any] = np.zeros((len(leads), 0), bool)
        self.first = 0
        """Number of the first sample that is held."""
        self.n_final = [0] * len(leads)
        """Samples of each lead that will not change any more."""
        self.gap_since = [-1] * len(leads)
        """Number of the sample at which each lead's gap began; -1 where there is none now."""
        self.still_s = [0] * len(leads)
        """Seconds in a row that each lead has not varied."""
        self.loud = [False] * len(leads)
        """Whether the last second of each lead was implausible."""

    @property
    def n_samples(self) -> int:
        """Number of samples that were fed."""
        return self.first + int(self.values.shape[1])

    @property
    def certain(self) -> int:
        """Number of samples that will not change any more in any lead."""
        return min(self.n_final)

    def off(self, lead: int) -> bool:
        """Return whether a lead is off now.

        Parameters
        ----------
        lead : int
            Number of the lead.

        Returns
        -------
        bool
            Whether it is.
        """
        return self.still_s[lead] >= OFF_S

    def feed(self, piece: NDArray[Any], is_last: bool = False) -> list[Mark]:
        """Take a second of signal.

        Parameters
        ----------
        piece : array [leads, samples], mV
            The samples; NaN where one is missing. Only the last piece may be shorter than a second.
        is_last : bool
            Whether the signal ends here.

        Returns
        -------
        list of Mark
            What is odd about it.
        """
        begin = self.n_samples
        self.values = np.concatenate((self.values, piece.astype(np.float32)), axis=1)
        self.missing = np.concatenate((self.missing, ~np.isfinite(piece)), axis=1)
        marks = []
        for lead in range(len(self.leads)):
            marks += self._gaps(lead, begin, is_last)
            if piece.shape[1]:
                marks += self._stillness(lead, begin)
            self._fill_gaps(lead, is_last)
        return marks

    def span(self, begin: int, end: int) -> NDArray[Any]:
        """Return samples with their gaps filled.

        Parameters
        ----------
        begin, end : int
            Sample numbers.

        Returns
        -------
        array [leads, end - begin], mV
            The samples.
        """
        return self.values[:, begin - self.first : end - self.first]

    def is_missing(self, begin: int, end: int) -> bool:
        """Return whether a sample is missing in any lead.

        Parameters
        ----------
        begin, end : int
            Sample numbers.

        Returns
        -------
        bool
            Whether one is.
        """
        return bool(self.missing[:, max(0, begin - self.first) : max(0, end - self.first)].any())

    def forget(self, before: int) -> None:
        """Remove samples, except the last one that will not change.

        Parameters
        ----------
        before : int
            Number of the first sample that is kept.
        """
        gone = min(before, self.certain - 1) - self.first
        if gone > 0:
            self.values, self.missing = self.values[:, gone:].copy(), self.missing[:, gone:].copy()
            self.first += gone

    def _fill_gaps(self, lead: int, is_last: bool) -> None:
        """Fill the gaps of a lead that have ended, or last too long."""
        final = self.n_final[lead]
        present = np.flatnonzero(~self.missing[lead, final - self.first :])
        until = final + int(present[-1]) + 1 if len(present) else final
        waited = self.n_samples - until
        if waited and (is_last or waited > WAIT_S * self.fs_hz):
            until = self.n_samples
        if until == final:
            return
        begin = max(final - 1, 0)
        piece = self.values[lead, begin - self.first : until - self.first]
        self.values[lead, begin - self.first : until - self.first] = interpolated(piece)
        self.n_final[lead] = until

    def _gaps(self, lead: int, begin: int, is_last: bool) -> list[Mark]:
        """Mark the gaps of a lead that end in the samples from `begin`."""
        gone = np.concatenate(([self.gap_since[lead] >= 0], self.missing[lead, begin - self.first :], [False]))
        gone[-1] = gone[-2] and not is_last
        starts = (np.flatnonzero(np.diff(gone.astype(np.int8)) == 1) + begin).tolist()
        ends = (np.flatnonzero(np.diff(gone.astype(np.int8)) == -1) + begin).tolist()
        if self.gap_since[lead] >= 0:
            starts = [self.gap_since[lead], *starts]
        self.gap_since[lead] = starts[-1] if len(starts) > len(ends) else -1
        return [
            Mark("gap", self.leads[lead], start / self.fs_hz, end / self.fs_hz)
            for start, end in zip(starts, ends, strict=False)
            if end - start >= _GAP_S * self.fs_hz
        ]

    def _stillness(self, lead: int, begin: int) -> list[Mark]:
        """Mark a lead that goes off, comes back, or is implausible in the second from `begin`."""
        second = self.values[lead, begin - self.first :]
        present = second[np.isfinite(second)]
        range_mv = float(np.ptp(present)) if len(present) else 0.0
        is_still = range_mv < FLAT_MV
        was_s, self.still_s[lead] = self.still_s[lead], self.still_s[lead] + 1 if is_still else 0
        name, now_s = self.leads[lead], begin / self.fs_hz
        was_loud, self.loud[lead] = self.loud[lead], range_mv > IMPLAUSIBLE_MV
        marks = []
        if self.still_s[lead] == OFF_S:
            marks.append(Mark("lead_off", name, now_s + 1 - OFF_S, now_s + 1))
        if was_s >= OFF_S and not is_still:
            marks.append(Mark("lead_on", name, now_s - was_s, now_s))
        if self.loud[lead] and not was_loud:
            marks.append(Mark("implausible", name, now_s, now_s + 1))
        return marks
