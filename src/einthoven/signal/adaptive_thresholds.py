"""Adapt the thresholds of a heartbeat detector, and find beats above them (Pan and Tompkins 1985, as sleepecg 0.6 has them)."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

_REFRACTORY_S, _T_WAVE_S = 0.2, 0.36
LEARNING_S = 2.0
"""Length of the signal that the thresholds learn from, s."""
_MOST_SEARCHES = 15
_REGULAR = 8
"""Number of intervals within the limits that are averaged."""
_PRUNED_EVERY = 500
_KEPT_S = 10.0


@dataclass
class Thresholds:
    """Adaptive thresholds over the filtered signal (f) and its moving power (i), and the state of the search.

    Sample numbers count from the first sample that is not flat.
    """

    fs_hz: float
    """Sampling rate, Hz."""
    f: list[float] = field(default_factory=list)
    """Filtered signal, as far as it is still needed."""
    i: list[float] = field(default_factory=list)
    """Moving power, likewise."""
    first: int = 0
    """Sample number of the first value of `f` and `i`."""
    signal_f: float = 0.0
    """Running height of beats in the filtered signal."""
    noise_f: float = 0.0
    """Running height of noise in the filtered signal."""
    signal_i: float = 0.0
    """Running height of beats in the moving power."""
    noise_i: float = 0.0
    """Running height of noise in the moving power."""
    limit_f: float = 0.0
    """Threshold of the filtered signal."""
    limit_i: float = 0.0
    """Threshold of the moving power."""
    low: float = 0.0
    """Shortest regular interval, samples."""
    high: float = 0.0
    """Longest regular interval, samples."""
    longest: float = 0.0
    """Interval after which a beat is overdue, samples."""
    intervals: list[tuple[int, int]] = field(default_factory=list)
    """Number of the beat that ended each interval, and its samples; of each length only the latest."""
    n_found: int = 0
    """Number of beats."""
    searches: bool = True
    """Whether an overdue beat is searched for."""
    previous: int = 0
    """Sample number of the last beat."""
    search_from: int = 0
    """Sample number from which an overdue beat is searched for."""
    at: int = 0
    """Sample number of the next value."""

    def __post_init__(self) -> None:
        if self.at == 0:
            self.previous, self.search_from, self.at = 1 - self._refractory, 1, 1

    @property
    def _refractory(self) -> int:
        return int(_REFRACTORY_S * self.fs_hz)

    def learn(self) -> None:
        """Learn from the first two seconds: their maximum is the height of a beat, their mean is noise."""
        n = int(LEARNING_S * self.fs_hz)
        f, i = np.array(self.f[:n]), np.array(self.i[:n])
        self.signal_f, self.noise_f = max(0.0, float(f.max())), float(f.sum()) / n
        self.signal_i, self.noise_i = max(0.0, float(i.max())), float(i.sum()) / n
        self._set_limits()

    def _set_limits(self) -> None:
        self.limit_i = self.noise_i + 0.25 * (self.signal_i - self.noise_i)
        self.limit_f = self.noise_f + 0.25 * (self.signal_f - self.noise_f)

    def advance(self) -> list[int]:
        """Return the beats up to the last value but one, as sample numbers."""
        found: list[int] = []
        f, first = self.f, self.first
        last = first + len(f) - 1
        while self.at < last:
            here = self.at - first
            beat, noise, peak_f, peak_i = None, False, 0.0, 0.0
            if self._is_overdue():
                beat, peak_f, peak_i = self._search_back()
            elif f[here] > f[here + 1]:
                if f[here] > f[here - 1]:
                    peak_f, peak_i = f[here], self.i[here]
                    if peak_f > self.limit_f and peak_i > self.limit_i:
                        self.signal_f = 0.125 * peak_f + 0.875 * self.signal_f
                        self.signal_i = 0.125 * peak_i + 0.875 * self.signal_i
                        beat = self.at
                    else:
                        noise = True
                self.at += 1
            if beat is not None and self.n_found and self._is_t_wave(beat):
                beat, noise = None, True
            if beat is not None:
                found.append(beat)
                self._accept(beat)
            elif noise:
                self.noise_i = 0.125 * peak_i + 0.875 * self.noise_i
                self.noise_f = 0.125 * peak_f + 0.875 * self.noise_f
                self._set_limits()
            self.at += 1
        self._forget()
        return found

    def _is_overdue(self) -> bool:
        since = self.at - self.previous
        if self.n_found > 1:
            return self.searches and since > self.longest
        return since > 1.5 * self.fs_hz if self.n_found else self.at > self.fs_hz

    def _search_back(self) -> tuple[int | None, float, float]:
        """Return the highest peak since the last beat above lowered thresholds, and the two values seen last."""
        f, i, first = self.f, self.i, self.first
        peak_f = peak_i = 0.0
        for halvings in range(1, _MOST_SEARCHES + 1):
            low_f, low_i = self.limit_f / (1 << halvings), self.limit_i / (1 << halvings)
            best, highest = None, -1.0
            at = self.search_from - first
            while at < self.at - first:
                peak_f = f[at]
                if peak_f > f[at + 1]:
                    if peak_f > f[at - 1]:
                        peak_i = i[at]
                        is_between = (low_f < peak_f < self.limit_f and low_i < peak_i) or (
                            low_i < peak_i < self.limit_i and low_f < peak_f
                        )
                        if is_between and peak_f > highest:
                            best, highest = at + first, peak_f
                    at += 1
                at += 1
            if best is not None:
                self.signal_i = 0.25 * peak_i + 0.75 * self.signal_i
                self.signal_f = 0.25 * peak_f + 0.75 * self.signal_f
                self.searches = False
                return best, peak_f, peak_i
        self.search_from = self.at
        return None, peak_f, peak_i

    def _is_t_wave(self, beat: int) -> bool:
        if beat - self.previous >= int(_T_WAVE_S * self.fs_hz):
            return False
        return self._steepest(beat) < self._steepest(self.previous) / 2

    def _steepest(self, peak: int) -> float:
        """Return the largest step on the rise to a peak."""
        at, steepest = peak - self.first, -1.0
        while at > 0 and self.f[at - 1] <= self.f[at]:
            steepest = max(steepest, self.f[at] - self.f[at - 1])
            at -= 1
        return steepest

    def _accept(self, beat: int) -> None:
        self.n_found += 1
        self._set_limits()
        if self.n_found > 1:
            interval = beat - self.previous
            self.intervals.append((self.n_found, interval))
            if self.n_found % _PRUNED_EVERY == 0:
                self.intervals = _latest_of_each(self.intervals)
            if self.n_found == 2:
                self.low, self.high = 0.92 * interval, 1.16 * interval
            within = (row for row in reversed(self.intervals) if self.low < row[1] < self.high)
            regular = list(islice(within, _REGULAR))
            mean = sum(length for _, length in regular) / len(regular) if regular else float("nan")
            self.low, self.high, self.longest = 0.92 * mean, 1.16 * mean, 1.66 * mean
            since = regular[-1][0] if len(regular) == _REGULAR else 2
            if self.n_found - since + 1 > len(regular):  # there is an irregular interval among them
                self.limit_f, self.limit_i = self.limit_f / 2, self.limit_i / 2
        self.searches, self.previous = True, beat
        self.search_from = self.at = beat + self._refractory

    def _forget(self) -> None:
        """Drop values that are not needed any more."""
        since = min(self.previous, self.search_from) if self.searches else self.previous
        gone = max(since, self.at - round(_KEPT_S * self.fs_hz)) - round(0.5 * self.fs_hz) - self.first
        if gone > 0:
            self.f, self.i, self.first = self.f[gone:], self.i[gone:], self.first + gone
            self.search_from = max(self.search_from, self.first + 1)


def _latest_of_each(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the latest eight intervals of each length; more are never needed."""
    times: Counter[int] = Counter()
    kept = []
    for number, length in reversed(intervals):
        times[length] += 1
        if times[length] <= _REGULAR:
            kept.append((number, length))
    return kept[::-1]
