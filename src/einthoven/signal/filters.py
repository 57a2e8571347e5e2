"""Knows the filters that a model's input passes. Their length is finite: a slice with a margin gives what the whole gives."""

from functools import lru_cache

import numpy as np

_LONG = 20_000


@lru_cache
def band_pass_taps(fs_hz: float, low_hz: float, high_hz: float) -> np.ndarray:
    """Taps of a symmetric (zero-phase) Hamming-windowed band-pass, two periods of `low_hz` long, exactly zero at 0 Hz.

    A linear-phase high-pass may reach 0.67 Hz without bending the ST segment (AHA/ACCF/HRS 2007, Kligfield et al.,
    section on low-frequency filtering).
    """
    n_taps = 2 * int(fs_hz / low_hz) + 1
    high_hz = min(high_hz, 0.49 * fs_hz)
    # As scipy.signal.firwin, whose import takes longer than a record's whole preparation.
    at = np.arange(n_taps) - n_taps // 2
    low, high = low_hz / fs_hz, high_hz / fs_hz
    window = np.hamming(n_taps)
    taps = (2 * high * np.sinc(2 * high * at) - 2 * low * np.sinc(2 * low * at)) * window
    taps /= (taps * np.cos(np.pi * (low + high) * at)).sum()
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
    taps = band_pass_taps(fs_hz, low_hz, high_hz).astype(signal.dtype)
    half = len(taps) // 2
    # Without this shift single precision would lose the small signal on a large offset; the filter has no answer at 0 Hz.
    level = np.median(signal, axis=-1, keepdims=True)
    held = np.pad(signal - level, ((0, 0), (half, half)), mode="edge")
    if held.shape[-1] > _LONG:
        from scipy.signal import oaconvolve

        return oaconvolve(held, taps[None], mode="valid", axes=-1).astype(signal.dtype, copy=False)
    from scipy.fft import irfft, next_fast_len, rfft

    # In one piece: for a few seconds the blocks of oaconvolve cost more than they save.
    size = next_fast_len(held.shape[-1], real=True)
    product = rfft(held, size) * rfft(taps, size)
    return irfft(product, size)[..., 2 * half : held.shape[-1]].astype(signal.dtype, copy=False)


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
