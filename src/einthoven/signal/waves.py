"""Delineate P wave, QRS complex and T wave of a typical beat, and measure them as an electrocardiograph does.

All leads are used together: an interval begins in the lead where it begins first (Kligfield et al. 2007, AHA/ACC/HRS
recommendations, part I). The measurements need the twelve standard leads.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.leads import STANDARD
from einthoven.signal.spline import cubic

Array = NDArray[Any]

_COMMON = (
    *(("RR interval", "s"), ("PR interval", "s"), ("QRS duration", "s"), ("QT interval", "s"), ("QTc (Bazett)", "s")),
    *(("P wave height, all leads", "mV"), ("P wave peak to QRS onset", "s"), ("P wave onset", "s")),
    *(("QRS onset", "s"), ("QRS end", "s"), ("T wave end", "s")),
    *(("QRS axis", "rad"), ("cosine of the QRS axis", "1"), ("sine of the QRS axis", "1"), ("T wave axis", "rad")),
    *(("cosine of the angle between QRS and T axis", "1"), ("Sokolow-Lyon voltage", "mV"), ("R voltage in aVL", "mV")),
    *(("Cornell voltage", "mV"), ("R in I and S in III", "mV"), ("voltage-duration product", "mV s")),
    *((f"R to S in {lead}", "1") for lead in ("V1", "V2", "V3")),
)
_OF_A_LEAD = (
    *(
        ("R wave", "mV"),
        ("S wave", "mV"),
        ("time of R", "s"),
        ("time of S", "s"),
        ("Q wave", "mV"),
        ("S behind R", "mV"),
    ),
    *(("R behind S", "mV"), ("Q duration", "s"), ("QRS area", "mV s"), ("ST at J", "mV"), ("ST at J+40 ms", "mV")),
    *(("ST at J+80 ms", "mV"), ("T wave", "mV"), ("P wave, highest", "mV"), ("P wave, lowest", "mV")),
)
WAVE_NAMES = (*(name for name, _ in _COMMON), *(f"{name} in {lead}" for lead in STANDARD for name, _ in _OF_A_LEAD))
WAVE_UNITS = (*(unit for _, unit in _COMMON), *(unit for _ in STANDARD for _, unit in _OF_A_LEAD))
SPAN_S = (0.5, 0.7)
"""Seconds of a typical beat before and after its R peak."""
_FINE_HZ = 500.0
_QRS_S = (-0.16, 0.2)
"""Earliest start and latest end of a QRS complex, s from its R peak."""
_STILL, _STILL_S = 0.08, 0.012
"""A complex ends where the slope of all leads together stays below this share of its maximum, for so long, s."""
_P_HALF_S = 0.05
"""Half the width of a P wave, s: it stands out from the signal at this distance."""
_P_RISE = 0.25
"""A P wave begins where all leads together have risen by this share of its height."""
_FROM_LAST_BEAT = 0.36, 0.55
"""From the previous R peak to the earliest P wave, s, and at most as a share of the RR interval: the T wave is between."""
_T_FROM_S = 0.08
"""From the end of the complex to the earliest peak of its T wave, s."""
_DEEP_MV = 0.03
"""Depth of a Q wave below the level before the complex, mV."""
_MOST_R_TO_S = 20.0
"""Largest ratio of R to S; without an S wave it would have no bound."""
_I, _AVF, _III, _AVL = (STANDARD.index(name) for name in ("I", "aVF", "III", "aVL"))
_V1, _V2, _V3, _V5, _V6 = (STANDARD.index(name) for name in ("V1", "V2", "V3", "V5", "V6"))


@dataclass(frozen=True)
class Waves:
    """Positions of the waves of a typical beat, seconds from its R peak."""

    p_onset_s: float
    """Onset of the P wave, s."""
    p_peak_s: float
    """Peak of the P wave, s."""
    qrs_onset_s: float
    """Onset of the QRS complex, s."""
    qrs_offset_s: float
    """End of the QRS complex, s."""
    t_peak_s: float
    """Peak of the T wave, s."""
    t_offset_s: float
    """End of the T wave, s."""
    p_height_mv: float
    """Height of the P wave, root mean square over the leads, mV."""

    @property
    def pr_s(self) -> float:
        """PR interval: onset of the P wave to onset of the QRS complex, s."""
        return self.qrs_onset_s - self.p_onset_s

    @property
    def qrs_s(self) -> float:
        """Duration of the QRS complex, s."""
        return self.qrs_offset_s - self.qrs_onset_s

    @property
    def qt_s(self) -> float:
        """QT interval: onset of the QRS complex to end of the T wave, s."""
        return self.t_offset_s - self.qrs_onset_s


def upsampled(beat_mv: Array, fs_hz: float) -> Array:
    """Resample a typical beat to 500 Hz by cubic splines, so that positions resolve to 2 ms.

    Parameters
    ----------
    beat_mv : array [leads, samples], mV
        The beat.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    array [leads, samples], mV
    """
    last_s = (beat_mv.shape[1] - 1) / fs_hz
    at = np.arange(round(last_s * _FINE_HZ) + 1) / _FINE_HZ * fs_hz
    return cubic(beat_mv, np.minimum(at, beat_mv.shape[1] - 1))


def delineate(fine_mv: Array, rr_s: float) -> Waves:
    """Find the waves of a typical beat.

    Parameters
    ----------
    fine_mv : array [leads, samples], mV
        A beat of :func:`upsampled`, its R peak SPAN_S[0] after its start.
    rr_s : float, s
        RR interval.

    Returns
    -------
    Waves
        Where a wave is not found, the limits of the search.
    """
    n = fine_mv.shape[1]
    speed = _smoothed(np.sqrt(np.square(np.gradient(fine_mv, axis=1)).sum(axis=0)), 9)
    onset, offset = _complex(speed, n)
    p_onset, p_peak, height = _p_wave(fine_mv, onset, rr_s)
    t_peak, t_offset = _t_wave(fine_mv, onset, offset, rr_s)
    return Waves(
        _seconds(p_onset),
        _seconds(p_peak),
        _seconds(onset),
        _seconds(offset),
        _seconds(t_peak),
        _seconds(t_offset),
        height,
    )


def _seconds(at: int) -> float:
    """Return the time of a sample number from the R peak, s."""
    return at / _FINE_HZ - SPAN_S[0]


def _at(seconds: float, n: int) -> int:
    """Return the sample number of a time from the R peak, limited to the beat."""
    return int(np.clip(round((seconds + SPAN_S[0]) * _FINE_HZ), 0, n - 1))


def _smoothed(values: Array, size: int) -> Array:
    """Return a moving mean [..., samples] under a raised cosine of an odd `size`; the ends are repeated."""
    kernel: Array = np.hanning(size + 2)[1:-1]
    kernel /= kernel.sum()
    held = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(size // 2, size // 2)], mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(held, size, axis=-1) @ kernel)


def _complex(speed: Array, n: int) -> tuple[int, int]:
    """Return first and last sample of the QRS complex."""
    first, last = _at(-0.12, n), _at(0.14, n)
    fastest = first + int(speed[first:last].argmax())
    still = speed < _STILL * speed[fastest]
    need, r_peak = round(_STILL_S * _FINE_HZ), _at(0.0, n)
    stays = np.convolve(still, np.ones(need), "valid") == need
    earliest, latest = _at(_QRS_S[0], n), _at(_QRS_S[1], n)
    before = np.flatnonzero(stays[earliest : min(fastest, r_peak) - need + 1])
    behind = np.flatnonzero(stays[max(fastest, r_peak) : latest])
    onset = earliest + int(before[-1]) + need if len(before) else earliest
    offset = max(fastest, r_peak) + int(behind[0]) if len(behind) else latest
    return onset, offset


def _p_wave(fine_mv: Array, onset: int, rr_s: float) -> tuple[int, int, float]:
    """Return onset and peak of the P wave, sample numbers, and its height."""
    n, half = fine_mv.shape[1], round(_P_HALF_S * _FINE_HZ)
    last_wave_s = min(_FROM_LAST_BEAT[0], _FROM_LAST_BEAT[1] * rr_s)
    first = _at(max(0.02 - SPAN_S[0], last_wave_s - rr_s), n)
    at = np.arange(first, max(first + 1, onset - round(0.03 * _FINE_HZ)))
    left, right = np.maximum(at - half, 0), np.minimum(at + half, onset)
    out = fine_mv[:, at] - (fine_mv[:, left] + fine_mv[:, right]) / 2
    size = np.sqrt(np.square(out).mean(axis=0))
    peak = int(at[size.argmax()])
    level = fine_mv[:, max(0, peak - 2 * half) : max(1, peak - round(0.07 * _FINE_HZ))].mean(axis=1, keepdims=True)
    rise = np.sqrt(np.square(fine_mv[:, max(0, peak - round(0.09 * _FINE_HZ)) : peak + 1] - level).mean(axis=0))
    low = np.flatnonzero(rise <= _P_RISE * rise[-1])
    return peak - (len(rise) - 1 - int(low[-1]) if len(low) else len(rise) - 1), peak, float(size.max())


def _t_wave(fine_mv: Array, onset: int, offset: int, rr_s: float) -> tuple[int, int]:
    """Return peak and end of the T wave, sample numbers: it ends where its steepest tangent meets the level after it."""
    n = fine_mv.shape[1]
    base = fine_mv[:, max(0, onset - round(0.012 * _FINE_HZ)) : onset + 1].mean(axis=1, keepdims=True)
    first = min(offset + round(_T_FROM_S * _FINE_HZ), n - 8)
    last = int(np.clip(_at(max(0.3, rr_s - 0.22), n), first + 6, n))
    size = _smoothed(np.sqrt(np.square(fine_mv - base).mean(axis=0)), 15)
    peak = first + int(size[first:last].argmax())
    rest = size[peak : min(n, peak + round(0.2 * _FINE_HZ))]
    low = int(rest.argmin())
    if low < 3:
        return peak, peak
    slope = np.gradient(rest)[: low + 1]
    steepest = int(slope.argmin())
    reached = steepest + (rest[steepest] - rest[low]) / max(-slope[steepest], 1e-9)
    return peak, peak + min(round(reached), len(rest) - 1)


def wave_features(beat_mv: Array, fs_hz: float, rr_s: float) -> Array:
    """Measure a typical beat as an electrocardiograph does.

    Parameters
    ----------
    beat_mv : array [12, samples], mV
        The standard leads in their order, the R peak SPAN_S[0] after the start.
    fs_hz : float, Hz
        Sampling rate.
    rr_s : float, s
        RR interval.

    Returns
    -------
    array [204], float32
        In the order of :data:`WAVE_NAMES`: intervals and positions of the waves, axes of QRS complex and T wave in the frontal
        plane (rad), voltages in hypertrophy (Sokolow and Lyon 1949; product with the duration: Molloy et al. 1992), ratio of R to
        S in V1 to V3. Then for each lead heights and times of R and S, heights of Q, of S after R and of R after S, duration of Q,
        area of the complex, ST segment at the J point and 40 and 80 ms later, T wave, and highest and lowest point of the P wave.
    """
    x = upsampled(beat_mv, fs_hz)
    found = delineate(x, rr_s)
    n = x.shape[1]
    onset, offset, p_peak = (_at(t, n) for t in (found.qrs_onset_s, found.qrs_offset_s, found.p_peak_s))
    level = x[:, max(0, onset - round(0.012 * _FINE_HZ)) : onset + 1].mean(axis=1, keepdims=True)
    y = x - level
    complexes = y[:, onset : offset + 1]
    at = np.arange(complexes.shape[1])
    r_at, s_at = complexes.argmax(axis=1)[:, None], complexes.argmin(axis=1)[:, None]
    r, s = complexes.max(axis=1), complexes.min(axis=1)
    q = np.minimum(np.where(at < r_at, complexes, 0.0).min(axis=1), 0.0)
    s_late = np.where(at >= r_at, complexes, np.inf).min(axis=1)
    r_late = np.where(at >= s_at, complexes, -np.inf).max(axis=1)
    q_s = ((at < r_at) & (complexes < -_DEEP_MV)).sum(axis=1) / _FINE_HZ
    area = complexes.sum(axis=1) / _FINE_HZ
    st = [y[:, min(offset + round(late * _FINE_HZ), n - 1)] for late in (0.0, 0.04, 0.08)]
    first = min(offset + round(_T_FROM_S * _FINE_HZ), n - 8)
    rest = y[:, first : max(first + 6, _at(found.t_offset_s, n))]
    t = rest[np.arange(len(rest)), np.abs(rest).argmax(axis=1)]
    near = round(0.06 * _FINE_HZ)
    ahead = slice(max(0, p_peak - round(0.1 * _FINE_HZ)), max(1, p_peak - round(0.07 * _FINE_HZ)))
    p = x[:, max(0, p_peak - near) : p_peak + near] - x[:, ahead].mean(axis=1, keepdims=True)
    axis, t_axis = (np.arctan2(2 * v[_AVF], np.sqrt(3) * v[_I]) for v in (area, t))
    common = [
        *(rr_s, found.pr_s, found.qrs_s, found.qt_s, found.qt_s / np.sqrt(max(rr_s, 0.3))),
        *(found.p_height_mv, found.qrs_onset_s - found.p_peak_s, found.p_onset_s),
        *(found.qrs_onset_s, found.qrs_offset_s, found.t_offset_s),
        *(axis, np.cos(axis), np.sin(axis), t_axis, np.cos(axis - t_axis)),
        *(max(r[_V5], r[_V6]) - s[_V1], r[_AVL], r[_AVL] - s[_V3], r[_I] - s[_III]),
        (r - s).sum() * found.qrs_s,
        *np.clip(r[[_V1, _V2, _V3]] / (0.05 + np.maximum(-s[[_V1, _V2, _V3]], 0)), 0, _MOST_R_TO_S),
    ]
    per_lead = [
        *(r, s, r_at[:, 0] / _FINE_HZ, s_at[:, 0] / _FINE_HZ, q, s_late, r_late, q_s),
        *(area, *st, t, p.max(axis=1), p.min(axis=1)),
    ]
    return np.concatenate((np.nan_to_num(common), np.stack(per_lead, axis=1).ravel())).astype(np.float32)
