"""Filter the input of models; the filters have finite length, so a slice with a margin gives the same as the whole signal."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.fourier import irfft, next_fast_len, rfft

Array = NDArray[Any]

_LONG = 20_000
_BLOCK = 4  # lengths of the filter in a transform, at least


@lru_cache
def band_pass_taps(fs_hz: float, low_hz: float, high_hz: float) -> Array:
    """Return the taps of a symmetric (zero-phase) Hamming-windowed band-pass, two periods of `low_hz` long, zero at 0 Hz.

    A linear-phase high-pass up to 0.67 Hz does not distort the ST segment (AHA/ACCF/HRS 2007, Kligfield et al., section on
    low-frequency filtering).

    Parameters
    ----------
    fs_hz : float, Hz
        Sampling rate.
    low_hz : float, Hz
        Lower edge.
    high_hz : float, Hz
        Upper edge; at most 0.49 of the sampling rate.

    Returns
    -------
    array [taps]
    """
    n_taps = 2 * int(fs_hz / low_hz) + 1
    high_hz = min(high_hz, 0.49 * fs_hz)
    # As scipy.signal.firwin, whose import takes longer than a record's whole preparation.
    at = np.arange(n_taps) - n_taps // 2
    low, high = low_hz / fs_hz, high_hz / fs_hz
    window = np.hamming(n_taps)
    taps = (2 * high * np.sinc(2 * high * at) - 2 * low * np.sinc(2 * low * at)) * window
    taps /= (taps * np.cos(np.pi * (low + high) * at)).sum()
    balanced: Array = taps - window * (taps.sum() / window.sum())
    return balanced


def band_pass(signal: Array, fs_hz: float, low_hz: float, high_hz: float) -> Array:
    """Apply a zero-phase band-pass; first and last sample are repeated beyond the edges.

    Parameters
    ----------
    signal : array [leads, samples]
        The signal.
    fs_hz : float, Hz
        Its sampling rate.
    low_hz : float, Hz
        Lower edge.
    high_hz : float, Hz
        Upper edge.

    Returns
    -------
    array [leads, samples], same dtype
    """
    taps = band_pass_taps(fs_hz, low_hz, high_hz).astype(signal.dtype)
    half = len(taps) // 2
    # Without this shift single precision would lose a small signal on a large offset; the filter removes 0 Hz anyway.
    level = np.median(signal, axis=-1, keepdims=True)
    held = np.pad(signal - level, ((0, 0), (half, half)), mode="edge")
    if held.shape[-1] > _LONG:
        return _in_blocks(held, taps)

    # In one piece: for a few seconds blocks cost more than they save.
    size = next_fast_len(held.shape[-1])
    product = rfft(held, size) * rfft(taps, size)
    return np.asarray(irfft(product, size)[..., 2 * half : held.shape[-1]], signal.dtype)


def _in_blocks(held: Array, taps: Array) -> Array:
    """Return where a signal [leads, samples + taps - 1] and the filter overlap fully [leads, samples], by overlap-save."""
    # As scipy.signal.oaconvolve, whose import takes longer than this.
    n_samples, size = held.shape[-1] - len(taps) + 1, 1 << (_BLOCK * len(taps)).bit_length()
    step = size - len(taps) + 1
    blocks = -(-n_samples // step)
    held = np.pad(held, ((0, 0), (0, blocks * step - n_samples)))
    cut = np.lib.stride_tricks.sliding_window_view(held, size, axis=-1)[:, ::step]
    product = np.fft.rfft(cut) * np.fft.rfft(taps, size)
    kept = np.fft.irfft(product, size)[..., len(taps) - 1 :]
    return np.asarray(kept.reshape(len(held), -1)[:, :n_samples], held.dtype)


def local_rms(signal: Array, fs_hz: float, span_s: float) -> Array:
    """Return the root mean square around each sample.

    Parameters
    ----------
    signal : array [leads, samples]
        The signal.
    fs_hz : float, Hz
        Its sampling rate.
    span_s : float, s
        Length of the centred span, which is shorter at the edges.

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
    return np.asarray(np.sqrt(np.maximum(mean, 0.0)), signal.dtype)
