"""Knows the latest samples of a live signal, and mends what is missing as the whole record's would be. Knows no model."""

from dataclasses import asdict, dataclass

import numpy as np

from einthoven.signal.quality import FLAT_MV, IMPLAUSIBLE_MV, interpolated

WAIT_S = 5.0
"""A gap that lasts longer is filled with the last value, so that answers about what came before it need not wait."""
OFF_S = 3
"""Whole seconds in a row that move by less than 0.03 mV, or miss altogether, before a lead is taken for off."""
_GAP_S = 0.1


MARKS = ("gap", "lead_off", "lead_on", "implausible", "impossible", "too_short")


@dataclass(frozen=True)
class Mark:
    """Something odd about the signal.

    kind : ``gap``, ``lead_off``, ``lead_on``, ``implausible`` (over 40 mV: is the unit right?), ``impossible`` (over 1 V: taken for
    missing), ``too_short`` (nothing can be said), all of MARKS; lead : name; start_s, end_s : its span (of ``lead_off`` and
    ``implausible``: up to now)
    """

    kind: str
    lead: str
    start_s: float
    end_s: float

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return asdict(self)


class Buffer:
    """Samples of the leads that a model uses, from one second to the next.

    Parameters
    ----------
    leads : names; fs_hz : rate
    """

    def __init__(self, leads: tuple[str, ...], fs_hz: float):
        self.leads, self.fs_hz = leads, fs_hz
        self.values = np.zeros((len(leads), 0), np.float32)
        self.missing = np.zeros((len(leads), 0), bool)
        self.first = 0
        self.mended = [0] * len(leads)
        """Of each lead, the number of samples that will not change any more."""
        self.gap_since = [-1] * len(leads)
        self.still_s = [0] * len(leads)
        self.loud = [False] * len(leads)
        self.off_spans: list[list[list[int]]] = [[] for _ in leads]
        """Of each lead, from and to which sample number it was off; to -1 where it is."""

    @property
    def n_samples(self) -> int:
        """Samples that came."""
        return self.first + self.values.shape[1]

    @property
    def certain(self) -> int:
        """Samples of all leads that will not change any more."""
        return min(self.mended)

    def off(self, lead: int) -> bool:
        """Whether a lead, by its number, is off now."""
        return self.still_s[lead] >= OFF_S

    def was_off(self, begin: int, end: int) -> bool:
        """Whether every lead was off at some time between two sample numbers."""
        return all(
            any(since < end and (until < 0 or until > begin) for since, until in spans) for spans in self.off_spans
        )

    def feed(self, piece: np.ndarray, is_last: bool = False) -> list[Mark]:
        """Take a second [leads, samples] in mV, NaN where a sample is missing; shorter where it is the last."""
        begin = self.n_samples
        self.values = np.concatenate((self.values, piece.astype(np.float32)), axis=1)
        self.missing = np.concatenate((self.missing, ~np.isfinite(piece)), axis=1)
        marks = []
        for lead in range(len(self.leads)):
            marks += self._gaps(lead, begin, is_last)
            if piece.shape[1]:
                marks += self._stillness(lead, begin)
            self._mend(lead, is_last)
        return marks

    def span(self, begin: int, end: int) -> np.ndarray:
        """Mended samples [leads, end - begin]."""
        return self.values[:, begin - self.first : end - self.first]

    def is_missing(self, begin: int, end: int) -> bool:
        """Whether any lead misses a sample between two sample numbers."""
        return bool(self.missing[:, max(0, begin - self.first) : max(0, end - self.first)].any())

    def forget(self, before: int) -> None:
        """Let go of samples ahead of a sample number, but for the last one that was mended."""
        gone = min(before, self.certain - 1) - self.first
        if gone > 0:
            self.values, self.missing = self.values[:, gone:].copy(), self.missing[:, gone:].copy()
            self.first += gone
            self.off_spans = [
                [span for span in spans if span[1] < 0 or span[1] > self.first] for spans in self.off_spans
            ]

    def _mend(self, lead: int, is_last: bool) -> None:
        known = self.mended[lead]
        gone = self.missing[lead, known - self.first :]
        there = np.flatnonzero(~gone)
        until = known + int(there[-1]) + 1 if len(there) else known
        waited = self.n_samples - until
        if waited and (is_last or waited > WAIT_S * self.fs_hz):
            until = self.n_samples
        if until == known:
            return
        begin = max(known - 1, 0) if known else known
        piece = self.values[lead, begin - self.first : until - self.first]
        self.values[lead, begin - self.first : until - self.first] = interpolated(piece)
        self.mended[lead] = until

    def _gaps(self, lead: int, begin: int, is_last: bool) -> list[Mark]:
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
        second = self.values[lead, begin - self.first :]
        there = second[np.isfinite(second)]
        moves_mv = float(np.ptp(there)) if len(there) else 0.0
        is_still = moves_mv < FLAT_MV
        was_s, self.still_s[lead] = self.still_s[lead], self.still_s[lead] + 1 if is_still else 0
        name, now_s = self.leads[lead], begin / self.fs_hz
        was_loud, self.loud[lead] = self.loud[lead], moves_mv > IMPLAUSIBLE_MV
        marks = []
        if self.still_s[lead] == OFF_S:
            self.off_spans[lead].append([begin - (OFF_S - 1) * round(self.fs_hz), -1])
            marks.append(Mark("lead_off", name, now_s + 1 - OFF_S, now_s + 1))
        if was_s >= OFF_S and not is_still:
            self.off_spans[lead][-1][1] = begin
            marks.append(Mark("lead_on", name, now_s - was_s, now_s))
        if self.loud[lead] and not was_loud:
            marks.append(Mark("implausible", name, now_s, now_s + 1))
        return marks
