"""Transform real signals by SciPy's pocketfft; importing scipy.fft takes longer than examining a record of ten seconds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.compiled import part

Array = NDArray[Any]

_COMPILED = ("scipy.fft", "_pocketfft/pypocketfft")
_FORWARD, _BACKWARD = 0, 2  # normalization: none, and by the length


def rfft(signal: Array, size: int | None = None) -> Array:
    """Return the spectrum of the last axis, as ``scipy.fft.rfft`` does.

    Parameters
    ----------
    signal : array [..., samples]
        A real signal.
    size : int, optional
        Samples of the transform; zeros are added, or samples left out at the end.

    Returns
    -------
    array [..., size // 2 + 1], complex
        In the precision of the signal.
    """
    compiled = part(*_COMPILED)
    if compiled is None:
        from scipy.fft import rfft as transform  # SciPy has no types

        return np.asarray(transform(signal, size))
    held = _of_size(_floating(signal), signal.shape[-1] if size is None else size)
    return np.asarray(compiled.r2c(held, (held.ndim - 1,), True, _FORWARD, None, 1))


def irfft(spectrum: Array, size: int) -> Array:
    """Return the signal of a spectrum, as ``scipy.fft.irfft`` does.

    Parameters
    ----------
    spectrum : array [..., frequencies]
        A spectrum as of :func:`rfft`, or a real one.
    size : int
        Samples of the signal.

    Returns
    -------
    array [..., size]
    """
    compiled = part(*_COMPILED)
    if compiled is None:
        from scipy.fft import irfft as transform

        return np.asarray(transform(spectrum, size))
    held = _of_size(spectrum + 0j if np.isrealobj(spectrum) else spectrum, size // 2 + 1)
    return np.asarray(compiled.c2r(held, (held.ndim - 1,), size, False, _BACKWARD, None, 1))


def next_fast_len(least: int) -> int:
    """Return the next length that a real signal is transformed fast at.

    Parameters
    ----------
    least : int
        Samples.

    Returns
    -------
    int

    Examples
    --------
    >>> next_fast_len(5003)
    5120
    """
    compiled = part(*_COMPILED)
    if compiled is None:
        from scipy.fft import next_fast_len as found

        return int(found(least, real=True))
    return int(compiled.good_size(least, True))


def _floating(signal: Array) -> Array:
    return signal if signal.dtype in (np.float32, np.float64) else signal.astype(np.float64)


def _of_size(values: Array, size: int) -> Array:
    """Return values [..., size], with zeros added or the last left out."""
    n = values.shape[-1]
    if n >= size:
        return values[..., :size]
    held = np.zeros((*values.shape[:-1], size), values.dtype)
    held[..., :n] = values
    return held
