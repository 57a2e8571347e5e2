"""Knows how to cut windows of one length out of a signal, and the way back to its samples. Does not change a value."""

import numpy as np


def tile(n_samples: int, window: int, step: int) -> np.ndarray:
    """Starts of windows that tile a signal; the last is moved back to end where the signal ends.

    >>> tile(10, 4, 3)
    array([0, 3, 6])
    >>> tile(11, 4, 3)
    array([0, 3, 6, 7])
    """
    if n_samples < window:
        return np.zeros(0, np.int64)
    starts = np.arange(0, n_samples - window + 1, step, dtype=np.int64)
    last = n_samples - window
    return starts if starts[-1] == last else np.append(starts, last)


def crop_starts(n_samples: int, crop: int) -> np.ndarray:
    """Starts of crops that overlap by half, the last ending where the window ends."""
    return tile(n_samples, crop, max(1, crop // 2))


def around_beats(signal: np.ndarray, beats: np.ndarray, before: int, after: int) -> np.ndarray:
    """One window for each beat, from `before` samples ahead of it to `after` samples behind it; edges are held.

    Parameters
    ----------
    signal : array [leads, samples]
    beats : sample numbers [n]
    before, after : samples

    Returns
    -------
    array [n, leads, before + after]
    """
    held = np.pad(signal, ((0, 0), (before, after)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(held, before + after, axis=-1)
    return np.ascontiguousarray(views[:, np.asarray(beats, np.int64)].transpose(1, 0, 2))
