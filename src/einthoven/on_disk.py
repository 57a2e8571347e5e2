"""Keep long signals in a temporary file instead of memory, and go through them piece by piece."""

import mmap
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import OutputRefused

Array = NDArray[Any]

PIECE = 3 << 16
"""Samples of a piece: 13 minutes at 250 Hz; a multiple of the samples that packed formats hold in whole bytes."""
MOST_IN_MEMORY = 1 << 24
"""Values of an array that is kept in memory: 24 hours of one lead at 194 Hz."""

_AT_ONCE = 6  # pieces that are computed together where there are no more


class _Pages(mmap.mmap):
    """The pages of a file that nobody else writes to."""


def built(shape: tuple[int, int], piece: Callable[[int, int], Array], size: int = PIECE) -> NDArray[np.float32]:
    """Return an array that is computed piece by piece; a large one is kept in a temporary file without a name.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    piece : callable
        Takes first column and end, and returns these columns [rows, end - first].
    size : int
        Columns of a piece of a large array.

    Returns
    -------
    array [rows, columns], float32
        Read-only if it is in a file.

    Raises
    ------
    OutputRefused
        If there is no room for the file.
    """
    n_rows, n_columns = shape
    if n_columns <= _AT_ONCE * size:
        return np.asarray(piece(0, n_columns), np.float32)
    if n_rows * n_columns <= MOST_IN_MEMORY:
        found = np.empty(shape, np.float32)
        for first in range(0, n_columns, size):
            found[:, first : first + size] = piece(first, min(first + size, n_columns))
        return found
    try:
        with tempfile.TemporaryFile(prefix="einthoven") as file:
            file.truncate(4 * n_rows * n_columns)
            for first in range(0, n_columns, size):
                columns = np.ascontiguousarray(piece(first, min(first + size, n_columns)), np.float32)
                for row, values in enumerate(columns):
                    file.seek(4 * (row * n_columns + first))
                    file.write(values.data)
            file.flush()
            pages = _Pages(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise OutputRefused(
            f"There is no room for a long recording in {tempfile.gettempdir()}.",
            found=error.strerror or str(error),
            expected=f"{4 * n_rows * n_columns / 1e6:,.0f} MB for as long as the command lasts",
            remedy=f"df -h {tempfile.gettempdir()}      shows the room; TMPDIR=FOLDER before the command takes another folder",
        ) from error
    return np.frombuffer(pages, np.float32).reshape(shape)


def is_kept(values: Array) -> bool:
    """Return whether an array is, or is a part of, an array in a temporary file that :func:`built` made.

    Parameters
    ----------
    values : array
        Any array.

    Returns
    -------
    bool
    """
    return _pages_of(values) is not None


def pieces(values: Array, size: int = PIECE) -> Iterator[tuple[int, Array]]:
    """Yield an array piece by piece; the memory of a piece in a file is given back before the next.

    Parameters
    ----------
    values : array [..., n]
        The array.
    size : int
        Length of a piece.

    Yields
    ------
    first : int
        Where the piece begins.
    piece : array [..., at most size]
        A view.
    """
    for first in range(0, values.shape[-1], size):
        yield first, values[..., first : first + size]
        release(values)


def copied(values: Array, first: int, end: int) -> Array:
    """Return a copy of a few columns; what was read of a file for it is given back.

    Parameters
    ----------
    values : array [..., n]
        The array.
    first, end : int
        First column, and the one after the last.

    Returns
    -------
    array [..., end - first]
    """
    found = values[..., first:end].copy()
    release(values)
    return found


def release(values: Array) -> None:
    """Give the memory of an array in a file back; its values are read again from the file when they are needed.

    Parameters
    ----------
    values : array
        Any array, or a part of one; nothing happens to one that is in memory.
    """
    pages = _pages_of(values)
    if pages is not None and hasattr(pages, "madvise"):  # not on Windows
        pages.madvise(mmap.MADV_DONTNEED)


def _pages_of(values: Any) -> _Pages | None:
    while values is not None and not isinstance(values, _Pages):
        values = values.obj if isinstance(values, memoryview) else getattr(values, "base", None)
    return values
