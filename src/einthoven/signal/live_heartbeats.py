"""Knows how sleepecg's detector goes on from one stretch to the next, so that a stream finds the beats that the whole record has.

sleepecg looks at a whole signal at once. Here its filters run over stretches with a margin, and its thresholds (Pan and Tompkins
1985, doi 10.1109/TBME.1985.325532, as sleepecg 0.6 changed them) are a state that can be kept.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from einthoven.signal.heartbeats import SHORTEST_S, refined

_MARGIN_S = 2.0  # the filter's ringing is below 1e-10 by then
_BAND_HZ = (5.0, 30.0)
_WINDOW_S, _REFRACTORY_S, _T_WAVE_S, _LEARNING_S = 0.15, 0.2, 0.36, 2.0
_MOST_SEARCHES = 15
_REGULAR = 8
"""Intervals within the limits that make the mean."""
_PRUNED_EVERY = 500
_KEPT_S = 10.0


@dataclass
class Thresholds:
    """Adaptive thresholds over the filtered signal (f) and its moving power (i), and where the search stands.

    Sample numbers count from the first sample that is not flat.
    """

    fs_hz: float
    f: list[float] = field(default_factory=list)
    i: list[float] = field(default_factory=list)
    first: int = 0
    """Sample number of the first value that is kept of `f` and `i`."""
    signal_f: float = 0.0
    noise_f: float = 0.0
    signal_i: float = 0.0
    noise_i: float = 0.0
    limit_f: float = 0.0
    limit_i: float = 0.0
    low: float = 0.0
    high: float = 0.0
    longest: float = 0.0
    intervals: list[tuple[int, int]] = field(default_factory=list)
    """Number of the beat that ended it, and samples; of each length only the latest that can still be asked for."""
    n_found: int = 0
    searches: bool = True
    previous: int = 0
    search_from: int = 0
    at: int = 0

    def __post_init__(self):
        if self.at == 0:
            self.previous, self.search_from, self.at = 1 - self._refractory, 1, 1

    @property
    def _refractory(self) -> int:
        return int(_REFRACTORY_S * self.fs_hz)

    def learn(self) -> None:
        """Begin with the first two seconds: their largest value is a beat's, their mean is noise's."""
        n = int(_LEARNING_S * self.fs_hz)
        f, i = np.array(self.f[:n]), np.array(self.i[:n])
        self.signal_f, self.noise_f = max(0.0, float(f.max())), float(f.sum()) / n
        self.signal_i, self.noise_i = max(0.0, float(i.max())), float(i.sum()) / n
        self._set_limits()

    def _set_limits(self) -> None:
        self.limit_i = self.noise_i + 0.25 * (self.signal_i - self.noise_i)
        self.limit_f = self.noise_f + 0.25 * (self.signal_f - self.noise_f)

    def go_on(self) -> list[int]:
        """Beats up to the last value but one."""
        found = []
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
        """The highest peak since the last beat that lowered limits let pass; what it looked at last moves the thresholds."""
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
        """Largest step on the rise towards a peak."""
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
            if self.n_found - since + 1 > len(regular):  # another interval lies among them
                self.limit_f, self.limit_i = self.limit_f / 2, self.limit_i / 2
        self.searches, self.previous = True, beat
        self.search_from = self.at = beat + self._refractory

    def _forget(self) -> None:
        """Let go of values that nothing can ask for again."""
        since = min(self.previous, self.search_from) if self.searches else self.previous
        gone = max(since, self.at - round(_KEPT_S * self.fs_hz)) - round(0.5 * self.fs_hz) - self.first
        if gone > 0:
            self.f, self.i, self.first = self.f[gone:], self.i[gone:], self.first + gone
            self.search_from = max(self.search_from, self.first + 1)


def _latest_of_each(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of each length the latest eight: more of one length are never asked for."""
    times: Counter[int] = Counter()
    kept = []
    for number, length in reversed(intervals):
        times[length] += 1
        if times[length] <= _REGULAR:
            kept.append((number, length))
    return kept[::-1]


class LiveHeartbeats:
    """R peaks of one lead as it comes: those of :func:`einthoven.signal.heartbeats.find` on the whole of it.

    Parameters
    ----------
    fs_hz : rate
    """

    def __init__(self, fs_hz: float):
        self.fs_hz = fs_hz
        self.thresholds = Thresholds(fs_hz)
        self.raw = np.zeros(0, np.float32)
        self.first = 0
        """Sample number of the first sample that is kept."""
        self.begins = -1
        """First sample that is not flat; -1 before it came."""
        self.filtered = 0
        """Samples that were filtered, counted from `begins`."""
        self.last = -1

    @property
    def n_samples(self) -> int:
        """Samples that came."""
        return self.first + len(self.raw)

    def feed(self, signal_mv: np.ndarray) -> np.ndarray:
        """Take samples [n], without NaN; give the beats that are certain now, as sample numbers [k]."""
        self.raw = np.concatenate((self.raw, np.asarray(signal_mv, np.float32)))
        if self.begins < 0 and not self._has_begun():
            return np.zeros(0, np.int64)
        margin, second = round(_MARGIN_S * self.fs_hz), round(self.fs_hz)
        seconds = (self.n_samples - self.begins - self.filtered - margin) // second
        return self._go_on(self.filtered + seconds * second) if seconds > 0 else np.zeros(0, np.int64)

    def end(self) -> np.ndarray:
        """The beats that were not certain while more could come."""
        if self.begins < 0 or self.n_samples < SHORTEST_S * self.fs_hz:
            return np.zeros(0, np.int64)
        return self._go_on(self.n_samples - self.begins)

    def _has_begun(self) -> bool:
        if len(self.raw) < 2:
            return False
        moved = np.flatnonzero(self.raw != self.raw[0])
        if not len(moved):
            self.raw, self.first = self.raw[-1:], self.n_samples - 1
            return False
        self.begins = self.first if self.raw[1] != self.raw[0] and self.first == 0 else self.first + int(moved[0])
        return True

    def _go_on(self, until: int) -> np.ndarray:
        """Filter up to a sample number (counted from `begins`), ask the thresholds."""
        if until < _LEARNING_S * self.fs_hz:
            return np.zeros(0, np.int64)
        margin = round(_MARGIN_S * self.fs_hz)
        begin = max(0, self.filtered - margin)
        end = min(self.n_samples - self.begins, until + margin)
        known = self.raw[self.begins + begin - self.first : self.begins + end - self.first]
        f, power = _filtered(known, self.fs_hz)
        asked = self.thresholds
        asked.f += f[self.filtered - begin : until - begin].tolist()
        asked.i += power[self.filtered - begin : until - begin].tolist()
        is_first = self.filtered == 0
        self.filtered = until
        if is_first:
            asked.learn()
        rough = np.array(asked.go_on(), np.int64) + self.begins
        beats = refined(rough - self.first, self.raw, self.fs_hz) + self.first
        beats = np.unique(beats[beats > self.last])
        if len(beats):
            self.last = int(beats[-1])
        kept = min(self.filtered - margin, asked.first) - round(0.1 * self.fs_hz) + self.begins - self.first
        if kept > 0:
            self.raw, self.first = self.raw[kept:], self.first + kept
        return beats

    def state(self) -> dict:
        """Plain values that :meth:`restored` goes on from."""
        own = {name: getattr(self, name) for name in ("fs_hz", "first", "begins", "filtered", "last")}
        return own | {"raw": self.raw.tolist(), "thresholds": vars(self.thresholds) | {}}

    @classmethod
    def restored(cls, state: dict) -> "LiveHeartbeats":
        """The way back from :meth:`state`."""
        live = cls(state["fs_hz"])
        live.thresholds = Thresholds(**state["thresholds"])
        live.raw = np.array(state["raw"], np.float32)
        for name in ("first", "begins", "filtered", "last"):
            setattr(live, name, state[name])
        return live


def _filtered(signal: np.ndarray, fs_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """The band of QRS complexes, and the power of its slope over a moving window, both [samples]."""
    from scipy.signal import butter, sosfiltfilt

    band = sosfiltfilt(butter(2, _BAND_HZ, "bandpass", output="sos", fs=fs_hz), signal.astype(np.float64))
    slope = np.correlate(band, np.array([-1.0, -2.0, 0.0, 2.0, 1.0]), mode="same")
    return band, np.convolve(np.square(slope), np.ones(int(_WINDOW_S * fs_hz)), mode="same")
