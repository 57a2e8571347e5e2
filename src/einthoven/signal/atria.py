"""Measure the activity of the atria in a window of one lead: P waves ahead of the beats, flutter and fibrillation between them.

Flutter: waves of one shape at 200 to 350/min that the conducted beats follow in whole numbers. Fibrillation: waves of changing
shape at 350 to 600/min (Hindricks et al. 2021, ESC guideline). QRS complexes are replaced by straight lines first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.fourier import irfft, rfft
from einthoven.signal.rhythm import sample_entropy
from einthoven.signal.typical_beat import correlation

Array = NDArray[Any]

_LIMIT = 8.0
_QRS_S = (-0.07, 0.09)
_P_S = (-0.30, -0.05)
_ALIKE, _EARLY, _LATE = 0.8, 0.85, 1.15
_PIECE_S, _BAND_HZ = 4.0, (3.0, 12.0)
_FLUTTER_S = (0.16, 0.32)
_CONDUCTED = (2, 3, 4)
_LEAST_RR_S = 0.45

NAMES = (
    "intervals between usual beats",
    "share of intervals between usual beats",
    "median interval between usual beats",
    "root mean square step between usual intervals",
    "mean step between usual intervals",
    "median step between usual intervals",
    "share of usual steps over 6 %",
    "share of usual steps over 12 %",
    "sample entropy of usual intervals",
    "coefficient of sample entropy of all intervals",
    "share of intervals near a whole multiple of one cycle",
    "share of intervals that repeat one of the two before",
    "bits that an interval's length tells of the next",
    "height of the typical P wave",
    "correlation of P waves with the typical one",
    "share of P waves with a correlation over 0.6",
    "typical P wave against the rest about it",
    "place of the P wave's extreme",
    "spread of the places of P waves",
    "waves between the beats against the QRS complex",
    "strongest frequency between the beats",
    "share of the strongest frequency",
    "share of its double",
    "entropy of the spectrum between the beats",
    "power from 4 to 9 Hz against that from 1 to 4 Hz",
    "spread of the strongest frequencies of pieces",
    "strongest frequency after the typical beat is removed",
    "its share",
    "entropy of that spectrum",
    "power that the typical beat does not explain",
    "highest autocorrelation at lags of flutter",
    "its lag",
    "its lag against the RR interval",
    *(f"autocorrelation at RR / {n}" for n in _CONDUCTED),
)
_OF_UNIT = {"Hz": (20, 25, 26), "s": (2, 31), "bit": (12,), "QRS height": (13, 19), "ln": (24,), "median RR": (3, 4, 5)}
UNITS = tuple(next((unit for unit, ats in _OF_UNIT.items() if at in ats), "1") for at in range(len(NAMES)))


def atrial_features(signal: Array, beats: Array, fs_hz: float) -> Array:
    """Measure the activity of the atria, and the irregularity of the intervals that ectopic beats do not explain.

    Parameters
    ----------
    signal : array [samples]
        One prepared lead.
    beats : array [k]
        Sample numbers of its heartbeats, ascending.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [36], float32
        In the order of :data:`NAMES`, limited to ±8. Zeros with fewer than three beats.
    """
    if len(beats) < 3:
        return np.zeros(len(NAMES), np.float32)
    signal = np.asarray(signal, float)
    around = _cut(signal, beats, fs_hz, (-0.3, 0.35))
    before = round(0.3 * fs_hz)
    qrs = around[:, before + round(_QRS_S[0] * fs_hz) : before + round(_QRS_S[1] * fs_hz)]
    typical = np.median(qrs, axis=0)
    alike, height = correlation(qrs, typical), float(np.ptp(typical)) + 1e-3
    intervals = np.diff(beats) / fs_hz
    blanked = _without_qrs(signal, beats, fs_hz)
    found = np.array(
        [
            *_intervals(intervals, alike),
            *_p_waves(signal, beats, intervals, alike, height, fs_hz),
            *_between(blanked, height, fs_hz),
            *_unexplained(blanked, beats, fs_hz),
            *_repeated(blanked, float(np.median(intervals)), fs_hz),
        ]
    )
    limited: Array = np.clip(np.nan_to_num(found, posinf=_LIMIT, neginf=-_LIMIT), -_LIMIT, _LIMIT)
    return limited.astype(np.float32)


def _cut(signal: Array, beats: Array, fs_hz: float, span_s: tuple[float, float]) -> Array:
    """Return the signal around beats [k, samples]; the first and the last sample are repeated beyond the edges."""
    at = np.arange(round(span_s[0] * fs_hz), round(span_s[1] * fs_hz))
    return np.asarray(signal[np.clip(beats[:, None] + at, 0, len(signal) - 1)])


def _intervals(intervals: Array, alike: Array) -> list[float]:
    """Return measurements of the intervals that begin and end with usual beats, neither early nor late, and of all."""
    middle = float(np.median(intervals))
    near = np.clip(np.arange(len(intervals))[:, None] + np.arange(-4, 5), 0, len(intervals) - 1)
    ratio = intervals / np.median(intervals[near], axis=1)
    early = ratio < _EARLY
    # An early beat with another shape, or with a pause behind it, is ectopic; in fibrillation intervals are early by chance.
    ectopic = early & ((alike[1:] < _ALIKE) | (np.append(ratio[1:], 1.0) > _LATE))
    beside = np.append(False, ectopic[:-1])
    usual = ~ectopic & ~beside & (alike[1:] >= _ALIKE) & (alike[:-1] >= _ALIKE)
    both = usual[1:] & usual[:-1]
    kept, steps = intervals[usual], np.abs(np.diff(intervals))[both] / middle
    if not len(steps):
        kept, steps = intervals, np.abs(np.diff(intervals)) / middle
    entropy = sample_entropy(intervals, 1, 0.03)
    return [
        min(_LIMIT, usual.sum() / 10),
        float(usual.mean()),
        float(np.median(kept)) if len(kept) else middle,
        *(float(np.sqrt(np.square(steps).mean())), float(steps.mean()), float(np.median(steps))),
        *(float((steps > 0.06).mean()), float((steps > 0.12).mean())),
        sample_entropy(kept, 1, 0.05 * middle),
        entropy - float(np.log(intervals.mean())),
        _in_cycles(intervals),
        _repeats(intervals),
        _told(intervals / middle),
    ]


def _in_cycles(intervals: Array) -> float:
    """Return the largest share of intervals that one cycle of 0.17 to 0.3 s fits a whole number of times, and twice at least."""
    cycles = np.arange(0.17, 0.301, 0.005)[:, None]
    times = intervals[None] / cycles
    return float(((np.abs(times - np.rint(times)) < 0.1) & (times > 1.5)).mean(axis=1).max())


def _repeats(intervals: Array) -> float:
    """Return the share of intervals that are like one of the two before, within 4 %."""
    if len(intervals) < 3:
        return 1.0
    this = intervals[2:]
    apart = np.minimum(np.abs(this - intervals[1:-1]), np.abs(this - intervals[:-2]))
    return float((apart < 0.04 * this).mean())


def _told(ratios: Array) -> float:
    """Return the mutual information of an interval's kind (short, usual, long) and the next one's, bits."""
    kind = np.digitize(ratios, (0.9, 1.1))
    table = np.zeros((3, 3))
    np.add.at(table, (kind[:-1], kind[1:]), 1.0)
    share = table / max(1.0, table.sum())
    apart = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    there = share > 0
    return float((share[there] * np.log2(share[there] / apart[there])).sum())


def _p_waves(signal: Array, beats: Array, intervals: Array, alike: Array, height: float, fs_hz: float) -> list[float]:
    """Return measurements of what stands ahead of the usual beats that have room for a P wave."""
    room = np.append(False, intervals > _LEAST_RR_S) & (alike >= _ALIKE)
    chosen = beats[room] if room.sum() >= 3 else beats
    pieces = _cut(signal, chosen, fs_hz, _P_S)
    line = np.linspace(0.0, 1.0, pieces.shape[1])
    pieces = pieces - (pieces[:, :1] * (1 - line) + pieces[:, -1:] * line)
    typical = np.median(pieces, axis=0)
    like = correlation(pieces, typical)
    rest = np.sqrt(np.square(pieces - typical).mean())
    middle = typical - np.median(typical)
    sign = 1.0 if middle.max() > -middle.min() else -1.0
    inside = slice(len(line) // 8, len(line) - len(line) // 8)
    places = (sign * pieces)[:, inside].argmax(axis=1) / len(line)
    return [
        float(np.ptp(typical)) / height,
        *(float(like.mean()), float((like > 0.6).mean()), float(typical.std() / (rest + 1e-6))),
        *(float((sign * middle).argmax() / len(line)), float(places.std())),
    ]


def _without_qrs(signal: Array, beats: Array, fs_hz: float) -> Array:
    """Return the signal with a straight line instead of each QRS complex."""
    gone = np.zeros(len(signal), bool)
    first, last = (round(edge * fs_hz) for edge in _QRS_S)
    for beat in beats.tolist():
        gone[max(0, beat + first) : beat + last] = True
    at = np.arange(len(signal))
    if gone.all():
        return np.zeros(len(signal))
    return np.asarray(np.interp(at, at[~gone], signal[~gone]))


def _spectra(signal: Array, fs_hz: float) -> tuple[Array, Array]:
    """Return the frequencies, Hz, and the spectra of pieces of 4 s that overlap by half [pieces, frequencies]."""
    size = round(_PIECE_S * fs_hz)
    held = np.pad(signal, (0, max(0, size - len(signal))))
    pieces = np.lib.stride_tricks.sliding_window_view(held, size)[:: size // 2]
    pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * np.hanning(size)
    hz = np.arange(size // 2 + 1) * fs_hz / size
    return hz, np.square(np.abs(rfft(pieces)))


def _between(blanked: Array, height: float, fs_hz: float) -> list[float]:
    """Return measurements of the spectrum between the QRS complexes."""
    hz, powers = _spectra(blanked, fs_hz)
    band = (hz >= _BAND_HZ[0]) & (hz <= _BAND_HZ[1])
    peaks_hz = hz[band][powers[:, band].argmax(axis=1)]
    mean = (powers / (powers[:, band].sum(axis=1, keepdims=True) + 1e-9)).mean(axis=0)
    peak_hz, share, entropy = _peak(hz, mean, band)
    double = mean[np.abs(hz - 2 * peak_hz) < 0.5].sum()
    slow, fast = (mean[(hz >= low) & (hz < high)].sum() + 1e-6 for low, high in ((1.0, 4.0), (4.0, 9.0)))
    own = np.sqrt(max(0.0, powers[:, band].mean())) / len(blanked) ** 0.5
    return [own / height, peak_hz, share, double, entropy, float(np.log(fast / slow)), float(peaks_hz.std())]


def _peak(hz: Array, power: Array, band: Array) -> tuple[float, float, float]:
    """Return the strongest frequency of a band, the share of the power within 0.5 Hz of it, and the entropy of the shares."""
    shares = power[band] / (power[band].sum() + 1e-12)
    peak_hz = float(hz[band][shares.argmax()])
    entropy = float(-(shares * np.log(shares + 1e-12)).sum() / np.log(len(shares)))
    return peak_hz, float(shares[np.abs(hz[band] - peak_hz) <= 0.5].sum()), entropy


def _unexplained(blanked: Array, beats: Array, fs_hz: float) -> list[float]:
    """Return measurements of the spectrum that is left when the typical course after a beat is removed."""
    reach = round(0.6 * fs_hz)
    after = np.diff(np.append(beats, len(blanked)))
    typical = np.median(_cut(blanked, beats, fs_hz, (0.0, 0.6)), axis=0)
    left = blanked.copy()
    for beat, room in zip(beats.tolist(), np.minimum(after, reach).tolist(), strict=True):
        left[beat : beat + room] -= typical[: min(room, len(left) - beat)]
    hz, powers = _spectra(left, fs_hz)
    band = (hz >= _BAND_HZ[0]) & (hz <= _BAND_HZ[1])
    share_left = float(left.std() / (blanked.std() + 1e-6))
    return [*_peak(hz, powers.mean(axis=0), band), share_left]


def _repeated(blanked: Array, middle_s: float, fs_hz: float) -> list[float]:
    """Return measurements of the autocorrelation between the QRS complexes: at lags of flutter, and at parts of the RR interval."""
    moved = blanked - blanked.mean()
    spectrum = rfft(moved, 2 * len(moved))
    hz = np.arange(len(spectrum)) * fs_hz / (2 * len(moved))
    own = irfft(np.square(np.abs(spectrum)) * ((hz > 2.5) & (hz < 15)), 2 * len(moved))
    own = own[: round(2.0 * fs_hz)] / (own[0] + 1e-9)
    first, last = (round(edge * fs_hz) for edge in _FLUTTER_S)
    best = first + int(own[first:last].argmax())
    lags = np.clip(np.rint([middle_s / n * fs_hz for n in _CONDUCTED]).astype(int), 0, len(own) - 1)
    return [float(own[best]), best / fs_hz, best / fs_hz / middle_s, *own[lags].tolist()]
