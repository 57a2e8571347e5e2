"""Knows measurements of a stretch of one lead: how regular its beats are, how alike, what lies between them. Knows no class.

They are what a person looks at who tells fibrillation from other rhythms: intervals and their steps, early beats and pauses,
whether P waves are there and alike, waves that are left when the beats are taken away, and how much of it is noise.
"""

import numpy as np

N_RHYTHM = 109
"""Numbers of :func:`measured`."""
N_INTERVALS = 56
"""Those at its beginning, of :func:`of_intervals`."""
_BEFORE_S, _AFTER_S = 0.3, 0.5
_BANDS_HZ = ((0.5, 1.5), (1.5, 4), (4, 7), (7, 10), (10, 15), (15, 25), (25, 40))
_N_STEPS, _N_RATIOS = 12, 10
_STEADY = 0.8
_LIMIT = 8.0


def measured(signal: np.ndarray, beats: np.ndarray, fs_hz: float) -> np.ndarray:
    """Numbers on a stretch of one lead.

    Parameters
    ----------
    signal : array [samples], filtered; beats : sample numbers of its R peaks [n], ascending; fs_hz : its rate

    Returns
    -------
    array [109], float32, each between -8 and 8: 56 on intervals, then on the likeness of the beats, on the P and T waves, on the
    spectrum with and without the beats, and on noise; most are ratios, so that amplitudes do not matter, and none changes when the
    signal is turned upside down
    """
    if not len(beats):
        beats = np.array([len(signal) // 2])
    intervals = of_intervals(beats / fs_hz, len(signal) / fs_hz)
    found = np.concatenate((intervals, _of_beats(signal, beats, fs_hz), _of_noise(signal)))
    return np.clip(np.nan_to_num(found, posinf=_LIMIT, neginf=-_LIMIT), -_LIMIT, _LIMIT).astype(np.float32)


def of_intervals(beats_s: np.ndarray, duration_s: float) -> np.ndarray:
    """56 numbers on RR intervals: spread, steps, their distributions, entropies, early beats and pauses, runs and trends.

    Without three beats they are those of a steady rhythm, and the first number is one.
    """
    intervals = np.diff(beats_s)
    is_poor = len(intervals) < 2
    if is_poor:
        intervals = np.full(3, _STEADY)
    middle = float(np.median(intervals))
    steps, ratios = np.diff(intervals), intervals / middle
    sizes = np.abs(steps)
    near = np.clip(np.arange(len(intervals))[:, None] + np.arange(-4, 5), 0, len(intervals) - 1)
    local = np.median(intervals[near], axis=1)
    early, late = intervals < 0.85 * local, intervals > 1.12 * local
    moved = intervals - intervals.mean()
    power = np.square(moved).sum() + 1e-9
    own = [float((moved[lag:] * moved[:-lag]).sum() / power) if len(moved) > lag else 0.0 for lag in (1, 2, 3)]
    shapes = []
    for values, bins, most in ((steps / middle, _N_STEPS, (-0.6, 0.6)), (ratios, _N_RATIOS, (0.4, 1.8))):
        share = np.histogram(np.clip(values, *most), bins, most)[0] / len(values)
        shapes += [*share, -(share * np.log(share + 1e-9)).sum()]
    return np.array(
        [
            *(
                float(is_poor),
                len(beats_s) / duration_s,
                middle,
                ratios.std(),
                *np.quantile(ratios, (0.05, 0.25, 0.75, 0.95)),
            ),
            *(ratios.min(), ratios.max(), np.sqrt(np.square(steps).mean()) / middle, sizes.mean() / middle),
            *(np.median(sizes) / middle, (sizes > 0.05).mean(), (sizes > 0.02).mean()),
            *((sizes > 0.1 * middle).mean(), (sizes > 0.2 * middle).mean()),
            *(sample_entropy(intervals, *how) for how in ((1, 0.03), (1, 0.1 * middle), (2, 0.1 * middle))),
            *shapes,
            *own,
            (steps[1:] * steps[:-1] < 0).mean() if len(steps) > 1 else 0.0,
            *(early.mean(), late.mean(), (early[:-1] & late[1:]).mean()),
            *((intervals / local).min(), (intervals / local).max(), np.abs(intervals - local).mean() / middle),
            _longest(sizes < 0.06 * middle) / len(steps),
            abs(np.polyfit(np.arange(len(ratios)), ratios, 1)[0]) * len(ratios),
        ]
    )


def sample_entropy(values: np.ndarray, m: int, tolerance: float) -> float:
    """Sample entropy of a series [n] (Richman and Moorman 2000), half a match added to each count; 0 where it is too short."""
    if len(values) < m + 3:
        return 0.0
    counts = []
    for size in (m, m + 1):
        runs = np.lib.stride_tricks.sliding_window_view(values, size)[: len(values) - m]
        apart = np.abs(runs[:, None] - runs[None]).max(axis=2)
        counts.append(((apart < tolerance).sum() - len(runs)) / 2)
    return float(-np.log((counts[1] + 0.5) / (counts[0] + 0.5)))


def _of_beats(signal: np.ndarray, beats: np.ndarray, fs_hz: float) -> np.ndarray:
    """47 numbers on how alike beats are, on QRS, P and T, and on the spectrum with and without the beats."""
    from einthoven.signal.context import correlation

    before, after = round(_BEFORE_S * fs_hz), round(_AFTER_S * fs_hz)
    held = np.pad(signal, (before, after), mode="edge")
    each = held[beats[:, None] + np.arange(before + after)]
    own = np.median(each, axis=0)
    if len(each) > 3:
        alike = correlation(each, own)
        own = np.median(each[alike >= np.median(alike)], axis=0)
    alike = correlation(each, own)

    def span(first_s: float, last_s: float) -> slice:
        return slice(before + round(first_s * fs_hz), before + round(last_s * fs_hz))

    qrs, p_wave, t_wave = span(-0.055, 0.06), span(-0.24, -0.06), span(0.1, 0.43)
    level = own - np.median(own)
    if level[qrs].max() < -level[qrs].min():
        signal, each, own, level = -signal, -each, -own, -level
    height = np.ptp(own[qrs]) + 1e-3
    alike_qrs, heights = correlation(each[:, qrs], own[qrs]), np.ptp(each[:, qrs], axis=1) + 1e-6
    odd = np.flatnonzero(alike_qrs < 0.8)
    intervals = np.diff(beats)
    odd = odd[(odd > 0) & (odd < len(intervals))]
    usual = np.median(intervals) if len(intervals) else 1.0
    p_own, p_each = (values - values.mean(axis=-1, keepdims=True) for values in (own[p_wave], each[:, p_wave]))
    p_alike = correlation(p_each, p_own)
    slope = np.abs(np.diff(own))
    steep = slope[span(-0.1, 0.1)] > 0.2 * slope.max()
    peak = np.abs(level[qrs]).max() + 1e-6
    without = signal.copy()
    for beat in beats:
        first, last = max(0, beat - before), min(len(signal), beat + after)
        without[first:last] -= own[first - beat + before : last - beat + before]
    return np.array(
        [
            *(
                alike.mean(),
                alike.min(),
                alike.std(),
                np.quantile(alike, 0.1),
                (alike < 0.8).mean(),
                (alike < 0.5).mean(),
            ),
            *(alike_qrs.mean(), alike_qrs.min(), alike_qrs.std(), (alike_qrs < 0.85).mean()),
            *(heights.std() / heights.mean(), heights.max() / np.median(heights), heights.min() / np.median(heights)),
            *(p_alike.mean(), p_alike.std(), np.median(p_alike), (p_alike > 0.5).mean()),
            *(np.ptp(p_own) / height, p_own.max() / height, p_own.min() / height, (p_each - p_own).std() / height),
            *(p_own.argmax() / len(p_own), p_own.argmin() / len(p_own)),
            correlation(each[:, t_wave], own[t_wave]).mean(),
            *(np.ptp(own[t_wave]) / height, level[t_wave].max() / height, level[t_wave].min() / height),
            own[t_wave].argmax() / len(own[t_wave]),
            len(odd) / len(beats),
            *(
                (intervals[odd - 1] / usual).mean() if len(odd) else 1.0,
                (intervals[odd] / usual).mean() if len(odd) else 1.0,
            ),
            *((np.abs(level[span(-0.1, 0.1)]) > 0.3 * peak).mean(), steep.mean()),
            *_spectrum(signal, without, fs_hz),
        ]
    )


def _spectrum(signal: np.ndarray, without: np.ndarray, fs_hz: float) -> list[float]:
    """Logarithms of the shares of bands in the signal's power [7], and those of what is left without the beats, beside them [7]."""
    from scipy.fft import rfft

    window = np.hanning(len(signal))
    hz = np.arange(len(signal) // 2 + 1) * fs_hz / len(signal)
    powers = [np.square(np.abs(rfft(values * window))) for values in (without, signal)]
    total = powers[1][(hz > _BANDS_HZ[0][0]) & (hz < _BANDS_HZ[-1][1])].sum() + 1e-9
    bands = [(hz >= low) & (hz < high) for low, high in _BANDS_HZ]
    return [float(np.log(power[band].sum() / total + 1e-6)) / 2 for power in powers for band in bands]


def _of_noise(signal: np.ndarray) -> np.ndarray:
    """6 numbers: kurtosis and skewness of all, kurtosis of eighths, how unlike fifteenths are in their spread."""
    eighths = [_moment(piece, 4) for piece in np.array_split(signal, 8)]
    spreads = np.array([piece.std() for piece in np.array_split(signal, 15)]) + 1e-6
    return np.array(
        [
            *(_moment(signal, 4) / 5, abs(_moment(signal, 3)), min(eighths) / 5, np.median(eighths) / 5),
            *(spreads.std() / spreads.mean(), spreads.max() / np.median(spreads)),
        ]
    )


def _moment(values: np.ndarray, order: int) -> float:
    moved = values - values.mean()
    return float((moved**order).mean() / (moved.std() ** order + 1e-9))


def _longest(good: np.ndarray) -> int:
    """Length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
