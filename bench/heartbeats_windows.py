"""Cuts and disturbs windows for the training of the heartbeat network."""

import numpy as np

import heartbeats_noise as noise
from einthoven.signal.heartbeat_input import FS_HZ, scaled
from heartbeats_data import Lead

SIZE = 2048
"""Samples of a window: 16 s."""
STEP = 2
"""Samples of a window for one value of the network."""
_SHARES = {"mitdb": 0.45, "svdb": 0.25, "qtdb": 0.12, "ludb": 0.18}
_WIDTH_S = 0.025
_BEFORE, _AFTER = round(0.28 * FS_HZ), round(0.42 * FS_HZ)
_POOL, _RENEWED, _RECORDED = 2048, 16, 0.45
_WITHOUT_HEART, _STOPPING, _RUN, _FOREIGN = 0.16, 0.06, 0.08, 0.08


class Windows:
    """Draws windows of the leads that train."""

    def __init__(self, leads: list[Lead], noises: dict[str, np.ndarray], rng):
        self.rng, self.noises = rng, noises
        self.pool = np.concatenate([self._drawn(_RENEWED) for _ in range(_POOL // _RENEWED)]).astype(np.float32)
        self.renewed = 0
        self.of = {name: [lead for lead in leads if lead.corpus == name] for name in _SHARES}
        self.odds = {}
        for name, group in self.of.items():
            weight = np.array(
                [lead.signal.shape[1] * (1 + 4 * lead.wide.mean() if len(lead.wide) else 1) for lead in group]
            )
            self.odds[name] = weight / weight.sum()
        self.wide = [(lead, at) for lead in leads for at in lead.beats[lead.wide] if _inside(lead, at)]
        self.plain = [
            (lead, at)
            for lead in leads
            for at in lead.beats[~lead.wide][::40]
            if _inside(lead, at) and lead.corpus != "ludb"
        ]

    def batch(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs [n, 2, samples], wanted values and weights [n, samples / 2]."""
        rng = self.rng
        drawn = [self._one() for _ in range(n)]
        signal = np.stack([one[0] for one in drawn])
        wanted = np.stack([target_of(one[1]) for one in drawn])
        known = np.stack([one[2] for one in drawn])
        height = np.array([_height(one[0], one[1]) for one in drawn])
        heartless = rng.random(n) < _WITHOUT_HEART
        signal[heartless] = rng.uniform(-1, 1, (heartless.sum(), 1))
        wanted[heartless], known[heartless], height[heartless] = 0, 1, 1
        signal, wanted = self._stopped(signal, wanted, [one[1] for one in drawn], heartless)
        signal += self._noise(n, height, heartless)
        signal *= np.where(rng.random((n, 1)) < 0.5, np.exp(rng.normal(0, 0.5, (n, 1))), 1)
        signal *= np.where(rng.random((n, 1)) < 0.4, -1, 1)
        erased = np.flatnonzero(rng.random(n) < 0.04)
        for at in erased:
            first, length = rng.integers(SIZE - 200), rng.integers(60, 900)
            level = signal[at, first] if rng.random() < 0.5 else rng.uniform(-5, 5)
            signal[at, first : first + length] = level
            known[at, max(0, first // STEP - 12) : (first + length) // STEP + 12] = 0
            known[at, first // STEP + 16 : (first + length) // STEP - 16] = 1
            wanted[at, first // STEP + 16 : (first + length) // STEP - 16] = 0
        clipped = np.flatnonzero(rng.random(n) < 0.03)
        for at in clipped:
            limit = np.abs(signal[at]).max() * rng.uniform(0.3, 0.9)
            signal[at] = np.clip(signal[at], -limit, limit)
        return scaled(signal), wanted.astype(np.float32), known.astype(np.float32)

    def _noise(self, n: int, height, heartless) -> np.ndarray:
        rng = self.rng
        snr_db = np.where(rng.random(n) < 0.35, rng.uniform(18, 45, n), rng.uniform(-5, 22, n))
        size = height / np.sqrt(8) / 10 ** (snr_db / 20)
        size = np.where(heartless, np.exp(rng.uniform(np.log(0.004), np.log(3), n)), size)
        added = self._from_pool(n) * size[:, None]
        for at in np.flatnonzero(rng.random(n) < 0.35):  # a part of the window, its edges held
            first, last = np.sort(rng.integers(0, SIZE, 2))
            added[at] = np.where(np.arange(SIZE) < first, added[at, first], added[at])
            added[at, last:] = added[at, last]
        strong = np.where(rng.random(n) < 0.3, np.exp(rng.uniform(np.log(0.1), np.log(8), n)), 0) * height
        added += noise.baseline(rng, n, SIZE) * strong[:, None] * 0.3
        for at in np.flatnonzero(rng.random(n) < 0.15):  # spikes, those of a pacemaker among them
            places = rng.integers(0, SIZE - 2, rng.integers(1, 12))
            added[at, places] += rng.choice([-1, 1]) * rng.uniform(0.2, 6) * height[at]
        return added + rng.standard_normal((n, SIZE)) * np.exp(rng.uniform(np.log(5e-4), np.log(0.015), (n, 1)))

    def _from_pool(self, n: int) -> np.ndarray:
        """Noise [n, samples], of which a part is drawn anew; the rest is moved and turned round."""
        rng, fresh = self.rng, slice(self.renewed, self.renewed + _RENEWED)
        self.pool[fresh] = self._drawn(_RENEWED)
        self.renewed = (self.renewed + _RENEWED) % _POOL
        at = (rng.integers(SIZE, size=(n, 1)) + np.arange(SIZE) * rng.choice([-1, 1], (n, 1))) % SIZE
        return np.take_along_axis(self.pool[rng.integers(_POOL, size=n)], at, axis=1).astype(np.float64)

    def _drawn(self, n: int) -> np.ndarray:
        """New noise [n, samples]: computed, recorded, or both."""
        n_heard = round(_RECORDED * n)
        computed = noise.mixed(self.rng, n, SIZE)
        heard = noise.recorded(self.rng, self.noises, n_heard, SIZE)
        computed[:n_heard] = heard + computed[:n_heard] * np.where(self.rng.random((n_heard, 1)) < 0.3, 0.4, 0)
        return computed

    def _one(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A window [samples], its beats, and where they are known [samples / 2]."""
        rng = self.rng
        name = rng.choice(list(_SHARES), p=list(_SHARES.values()))
        lead = self.of[name][rng.choice(len(self.odds[name]), p=self.odds[name])]
        stretch = np.exp(rng.uniform(np.log(0.65), np.log(1.5))) if rng.random() < 0.5 else 1.0
        size = int(SIZE * stretch) + 2
        signal = lead.signal[rng.integers(len(lead.signal))]
        if len(lead.signal) > 1 and rng.random() < 0.3:
            angle = rng.uniform(0, 6.3)
            signal = np.cos(angle) * lead.signal[0] + np.sin(angle) * lead.signal[1]
        begin = int(rng.integers(-SIZE // 8, max(1, len(signal) - size + SIZE // 8)))
        first, last = max(0, begin), min(len(signal), begin + size)
        cut = np.pad(signal[first:last], (0, max(0, size - (last - first))), mode="edge")
        beats = (lead.beats[(lead.beats >= first) & (lead.beats < last)] - first) / stretch
        wide = lead.wide[(lead.beats >= first) & (lead.beats < last)]
        known = np.ones(SIZE // STEP)
        for begins, ends in (*lead.unknown, (last, first + size + 1)):
            a, b = ((edge - first) / stretch / STEP for edge in (begins, ends))
            known[max(0, int(a)) : max(0, int(b) + 1)] = 0
        at = np.minimum(np.arange(SIZE) * stretch, size - 1.001)
        signal = np.interp(at, np.arange(size), cut)
        inside = beats < SIZE
        return self._collage(signal, beats[inside], known, wide[inside])

    def _collage(self, signal, beats, known, wide):
        """Put in a run of wide beats, or a wide beat of someone else in the place of a beat."""
        rng, chance = self.rng, self.rng.random()
        if chance > _RUN + _FOREIGN or len(beats) < 3:
            return signal, beats, known
        height = _height(signal, beats) or 1.0
        if chance < _RUN:
            source = self.wide if rng.random() < 0.8 else self.plain
            first = rng.uniform(0, SIZE - 400)
            last = min(SIZE, first + rng.uniform(300, SIZE))
            cycle = rng.uniform(0.27, 0.9) * FS_HZ
            jitter = rng.choice([0.01, 0.05, 0.25])
            places = (
                first
                + _BEFORE
                + np.cumsum(cycle * np.clip(rng.normal(1, jitter, int((last - first) / cycle) + 1), 0.6, 2))
            )
            places = places[places < last - _AFTER * 0.6]
        else:
            source = self.wide
            places = rng.choice(beats, min(len(beats), rng.integers(1, 6)), replace=False)
            places = np.sort(places - rng.uniform(0, 0.25) * FS_HZ * rng.integers(0, 2))
        if not len(places):
            return signal, beats, known
        lead, place = source[rng.integers(len(source))]
        row, warp = lead.signal[rng.integers(len(lead.signal))], rng.uniform(0.75, 1.4)
        offsets = np.arange(-int(_BEFORE * warp), int(_AFTER * warp))
        shape = np.interp(place + offsets / warp, np.arange(len(row)), row)
        shape = shape - np.linspace(shape[:4].mean(), shape[-4:].mean(), len(shape))
        shape *= np.minimum(1, np.minimum(np.arange(len(shape)), np.arange(len(shape))[::-1]) / 8)
        shape *= height * rng.uniform(0.4, 2.2) / max(np.ptp(shape), 1e-3)
        return _pasted(signal, beats, known, places, shape, offsets, chance < _RUN)

    def _stopped(self, signal, wanted, beats, heartless):
        """Let the heart stop in some windows."""
        rng = self.rng
        for at in np.flatnonzero((rng.random(len(signal)) < _STOPPING) & ~heartless):
            if len(beats[at]) < 2:
                continue
            first = int(rng.choice(beats[at]) + 0.5 * FS_HZ)
            last = SIZE if rng.random() < 0.5 else first + int(rng.uniform(2, 10) * FS_HZ)
            after = beats[at][beats[at] > last - 0.3 * FS_HZ]
            last = int(after[0] - 0.3 * FS_HZ) if len(after) else SIZE
            if last - first < 128:
                continue
            line = np.linspace(signal[at, first], signal[at, min(last, SIZE - 1)], last - first)
            if rng.random() < 0.3:  # P waves go on
                t = np.arange(last - first) / FS_HZ
                width = rng.uniform(0.02, 0.04)
                every = rng.uniform(0.4, 1.2)
                away = (t + every / 2) % every - every / 2
                line = line + rng.uniform(0.03, 0.15) * _height(signal[at], beats[at]) * np.exp(
                    -((away / width) ** 2) / 2
                )
            signal[at, first:last] = line
            wanted[at, first // STEP : last // STEP] = 0
        return signal, wanted


def _pasted(signal, beats, known, places, shape, offsets, is_run):
    if is_run:
        first, last = int(max(0, places[0] + offsets[0])), int(min(SIZE, places[-1] + offsets[-1]))
        signal = signal.copy()
        signal[first:last] = np.linspace(signal[first], signal[last - 1], last - first)
        beats = beats[(beats < first) | (beats > last)]
    for place in places:
        at = int(place) + offsets
        inside = (at >= 0) & (at < SIZE)
        if not is_run:
            near = (at >= 0) & (at < SIZE)
            spot = at[near]
            fade = np.minimum(1, np.minimum(np.arange(len(spot)), np.arange(len(spot))[::-1]) / 6)
            signal[spot] = signal[spot] * (1 - fade) + fade * np.linspace(signal[spot[0]], signal[spot[-1]], len(spot))
            beats = beats[(beats < spot[0]) | (beats > spot[-1])]
        signal[at[inside]] += shape[inside]
    return signal, np.sort(np.concatenate((beats, places[places < SIZE]))), known


def target_of(beats) -> np.ndarray:
    """The wanted values [samples / 2]: 1 at a beat."""
    at = np.arange(SIZE // STEP) * STEP
    if not len(beats):
        return np.zeros(len(at))
    away = np.abs(at[:, None] - np.asarray(beats)).min(axis=1) / FS_HZ
    return np.exp(-((away / _WIDTH_S) ** 2) / 2)


def _height(signal, beats) -> float:
    """Median peak-to-peak size of complexes, mV."""
    inside = np.asarray(beats)[(np.asarray(beats) > 7) & (np.asarray(beats) < len(signal) - 7)].astype(int)
    if not len(inside):
        return 1.0
    return max(0.05, float(np.median(np.ptp(signal[inside[:, None] + np.arange(-6, 7)], axis=1))))


def _inside(lead: Lead, at: float) -> bool:
    return 2 * _BEFORE < at < lead.signal.shape[1] - 2 * _AFTER
