"""Knows the filters that a model's input passes. Their length is finite: a slice with a margin gives what the whole gives."""

from functools import lru_cache

import numpy as np


@lru_cache
def band_pass_taps(fs_hz: float, low_hz: float, high_hz: float) -> np.ndarray:
    """Taps of a symmetric (zero-phase) Hamming-windowed band-pass, two periods of `low_hz` long, exactly zero at 0 Hz.

    A linear-phase high-pass may reach 0.67 Hz without bending the ST segment (AHA/ACCF/HRS 2007, Kligfield et al.,
    section on low-frequency filtering).
    """
    from scipy.signal import firwin
    from scipy.signal.windows import hamming

    n_taps = 2 * int(fs_hz / low_hz) + 1
    high_hz = min(high_hz, 0.49 * fs_hz)
    taps = firwin(n_taps, (low_hz, high_hz), pass_zero=False, fs=fs_hz)
    window = hamming(n_taps)
    return taps - window * (taps.sum() / window.sum())


def band_pass(signal: np.ndarray, fs_hz: float, low_hz: float, high_hz: float) -> np.ndarray:
    """Zero-phase band-pass; the first and last sample are held beyond the edges.

    Parameters
    ----------
    signal : array [leads, samples]
    fs_hz, low_hz, high_hz : rate and band

    Returns
    -------
    array [leads, samples], same dtype
    """
    from scipy.signal import oaconvolve

    taps = band_pass_taps(fs_hz, low_hz, high_hz).astype(signal.dtype)
    half = len(taps) // 2
    # Without this shift single precision would lose the small signal on a large offset; the filter has no answer at 0 Hz.
    level = np.median(signal, axis=-1, keepdims=True)
    held = np.pad(signal - level, ((0, 0), (half, half)), mode="edge")
    return oaconvolve(held, taps[None], mode="valid", axes=-1).astype(signal.dtype, copy=False)


def local_rms(signal: np.ndarray, fs_hz: float, span_s: float) -> np.ndarray:
    """Root mean square over a centred span of `span_s`, shorter at the edges.

    Parameters
    ----------
    signal : array [leads, samples]

    Returns
    -------
    array [leads, samples], same dtype
    """
    n_samples = signal.shape[-1]
    half = int(span_s * fs_hz / 2)
    power = np.zeros((*signal.shape[:-1], n_samples + 1))
    np.cumsum(np.square(signal, dtype=np.float64), axis=-1, out=power[..., 1:])
    at = np.arange(n_samples)
    left, right = np.maximum(at - half, 0), np.minimum(at + half + 1, n_samples)
    mean = (power[..., right] - power[..., left]) / (right - left)
    return np.sqrt(np.maximum(mean, 0.0)).astype(signal.dtype)
