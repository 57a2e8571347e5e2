"""Windows of equal length: how they are cut, and the named parts a model reads."""

from collections.abc import Iterator, Sequence
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
        The typical beat that belongs to each window.
    features : array [n, k], float32, optional
        Measurements on each window; see :data:`einthoven.signal.features.FEATURES`.
    position : array [n], int64, optional
        Sample number at the record's own rate: of the heartbeat, or of the first sample of the window.
    """

    signal: NDArray[Any]
    beat: NDArray[Any] | None = None
    features: NDArray[Any] | None = None
    position: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, chosen: Chosen) -> "Windows":
        """Return some of the windows."""
        return self._each(lambda values: values[chosen])

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """The parts that are there, by name."""
        found = {name: getattr(self, name) for name in PARTS}
        return {name: values for name, values in found.items() if values is not None}

    def pieces(self, size: int) -> Iterator["Windows"]:
        """Yield the windows in pieces of `size`."""
        for at in range(0, len(self), size):
            yield self[at : at + size]

    def repeated(self, times: int) -> "Windows":
        """Return each window `times` times in a row, as copies that may be written to."""
        return self._each(lambda values: np.repeat(values, times, axis=0))

    def _each(self, change: Any) -> "Windows":
        changed = {item.name: getattr(self, item.name) for item in fields(self)}
        return replace(self, **{name: None if values is None else change(values) for name, values in changed.items()})


class WindowSource(Protocol):
    """Windows in memory, or in a store."""

    @property
    def features(self) -> NDArray[Any] | None:
        """Measurements of all windows [n, k], if there are any."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: Chosen) -> Windows:
        """Return some of the windows."""
        ...


def concatenated(pieces: Sequence[Windows]) -> Windows:
    """Return several sets of windows with the same parts as one."""
    joined: dict[str, Any] = {}
    for item in fields(Windows):
        values = [getattr(piece, item.name) for piece in pieces]
        joined[item.name] = None if any(part is None for part in values) else np.concatenate(values)
    return Windows(**joined)


def tile(n_samples: int, window: int, step: int) -> NDArray[Any]:
    """Return the starts of windows that tile a signal; the last is moved back to end where the signal ends.

    Parameters
    ----------
    n_samples : int
        Length of the signal.
    window, step : int
        Length of a window, and how far each starts behind the one before; samples.

    Returns
    -------
    array [n], int64
        Empty where the signal is shorter than a window.

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
    """Return the starts of crops that overlap by half; the last ends where the window ends."""
    return tile(n_samples, crop, max(1, crop // 2))


def around_beats(signal: NDArray[Any], beats: NDArray[Any], before: int, after: int) -> NDArray[Any]:
    """Cut one window around each beat; the first and last sample are held beyond the edges.

    Parameters
    ----------
    signal : array [leads, samples]
        The prepared signal.
    beats : array [n]
        Sample numbers.
    before, after : int
        Samples ahead of the beat and from the beat on.

    Returns
    -------
    array [n, leads, before + after]
    """
    held = np.pad(signal, ((0, 0), (before, after)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(held, before + after, axis=-1)
    return np.ascontiguousarray(views[:, np.asarray(beats, np.int64)].transpose(1, 0, 2))
