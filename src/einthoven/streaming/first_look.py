"""Judge the scale of a live signal by its first two seconds, before anything is answered."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from einthoven.records import scale
from einthoven.records.stated import UNITS_MV, Stated
from einthoven.streaming.sources import Piece

_LOOK_S = 2.0


def judged(pieces: Iterable[Piece], source: str) -> Iterator[Piece]:
    """Yield pieces after their first two seconds were found to be an ECG in the stated unit or gain.

    Parameters
    ----------
    pieces : iterable of Piece
        The signal.
    source : str
        Where it comes from, for the error.

    Yields
    ------
    Piece
        The same pieces; the first of them once two seconds are there, or the signal ends or changes.

    Raises
    ------
    RecordUnreadable
        If the amplitudes cannot be those of an ECG; the remedy states another unit, or the gain.
    """
    source_pieces = iter(pieces)
    first: list[Piece] = []
    n_samples = 0
    for piece in source_pieces:
        first.append(piece)
        n_samples += piece.signal_mv.shape[1]
        if n_samples >= _LOOK_S * piece.format.fs_hz or piece.format != first[0].format:
            break
    same = [piece for piece in first if piece.format == first[0].format]
    if same and n_samples:
        format_ = same[0].format
        signal_mv = np.concatenate([piece.signal_mv for piece in same], axis=1)
        if format_.gain is None:
            values, stated = signal_mv / UNITS_MV[format_.unit], Stated(unit=format_.unit)
        else:
            values = signal_mv * format_.gain + format_.zero
            stated = Stated(gain=format_.gain, zero=format_.zero)
        scale.require_plausible(source, np.round(values, 9), format_.leads, stated)
    yield from chain(first, source_pieces)
