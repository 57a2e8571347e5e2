"""Hold windows of equal length with the named parts that a model reads, and cut them from signals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

PARTS = ("signal", "beat", "features")
"""The parts that a model can read, in the order of its arguments."""

Chosen = slice | NDArray[Any] | Sequence[int]
"""Window numbers, as NumPy takes them."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Prepared windows with named parts.

    Parameters
    ----------
    signal : array [n, leads, samples], float32
        The prepared signal.
    beat : array [n, leads, beat_samples], float32, optional
        Typical beat of each window.
    features : array [n, k], float32, optional
        Measurements on each window; see :data:`einthoven.signal.features.FEATURES`.
    position : array [n], int64, optional
        Sample number, at the record's own sampling rate, of the heartbeat or of the first sample of the window.
    """

    signal: NDArray[Any]
    beat: NDArray[Any] | None = None
    features: NDArray[Any] | None = None
    position: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, chosen: Chosen) -> "Windows":
        """Return some of the windows."""
        return self._changed(lambda values: values[chosen])

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """The parts that these windows have, by name."""
        found = {name: getattr(self, name) for name in PARTS}
        return {name: values for name, values in found.items() if values is not None}

    def pieces(self, size: int) -> Iterator["Windows"]:
        """Yield the windows in pieces.

        Parameters
        ----------
        size : int
            Windows of a piece.

        Yields
        ------
        Windows
        """
        for at in range(0, len(self), size):
            yield self[at : at + size]

    def repeated(self, times: int) -> "Windows":
        """Repeat each window, as copies that can be written to.

        Parameters
        ----------
        times : int
            How often each window is repeated, in a row.

        Returns
        -------
        Windows
        """
        return self._changed(lambda values: np.repeat(values, times, axis=0))

    def _changed(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> "Windows":
        parts = {item.name: getattr(self, item.name) for item in fields(self)}
        changed: dict[str, Any] = {name: None if values is None else change(values) for name, values in parts.items()}
        return replace(self, **changed)


class WindowSource(Protocol):
    """Windows in memory, or in a store."""

    @property
    def features(self) -> NDArray[Any] | None:
        """Measurements on all windows [n, k], if there are any."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: Chosen) -> Windows:
        """Return some of the windows."""
        ...


def concatenated(pieces: Sequence[Windows]) -> Windows:
    """Join several sets of windows with the same parts.

    Parameters
    ----------
    pieces : sequence of Windows
        The sets.

    Returns
    -------
    Windows
    """
    joined: dict[str, Any] = {}
    for item in fields(Windows):
        values = [getattr(piece, item.name) for piece in pieces]
        joined[item.name] = None if any(part is None for part in values) else np.concatenate(values)
    return Windows(**joined)


def tile(n_samples: int, window: int, step: int) -> NDArray[Any]:
    """Return the starts of windows that cover a signal; the last window ends where the signal ends.

    Parameters
    ----------
    n_samples : int
        Length of the signal.
    window : int
        Length of a window, samples.
    step : int
        Distance of their starts, samples.

    Returns
    -------
    array [n], int64
        Empty if the signal is shorter than a window.

    Examples
    --------
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


def crop_starts(n_samples: int, crop: int) -> NDArray[Any]:
    """Return the starts of crops that overlap by half; the last crop ends where the window ends.

    Parameters
    ----------
    n_samples : int
        Length of the window.
    crop : int
        Length of a crop, samples.

    Returns
    -------
    array [n], int64
    """
    return tile(n_samples, crop, max(1, crop // 2))


def around_beats(signal: NDArray[Any], beats: NDArray[Any], before: int, after: int) -> NDArray[Any]:
    """Cut one window around each beat; first and last sample are repeated beyond the edges.

    Parameters
    ----------
    signal : array [leads, samples]
        The prepared signal.
    beats : array [n]
        Sample numbers of the beats.
    before : int
        Samples before the beat.
    after : int
        Samples from the beat on.

    Returns
    -------
    array [n, leads, before + after]
    """
    if not len(beats):
        return np.zeros((0, len(signal), before + after), signal.dtype)
    starts = np.asarray(beats, np.int64) - before
    first, end = int(starts.min()), int(starts.max()) + before + after
    beyond = (max(0, -first), max(0, end - signal.shape[1]))
    held = np.pad(signal[:, max(0, first) : end], ((0, 0), beyond), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(held, before + after, axis=-1)
    return np.ascontiguousarray(views[:, starts - first].transpose(1, 0, 2))
