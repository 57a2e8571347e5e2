"""Answer the windows of a record piece by piece, so that few of a long record are in memory at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.inference import scored
from einthoven.records.record import Record
from einthoven.signal import preparation
from einthoven.signal.windows import Windows


def answered(
    record: Record, beats: NDArray[np.int64], card: Card, logits: Callable[[Windows], NDArray[Any]]
) -> tuple[NDArray[np.int64], scored.Scored]:
    """Answer the windows of a record.

    Parameters
    ----------
    record : Record
        The record.
    beats : array of int [n], sample numbers
        Its heartbeats.
    card : Card
        Card of the model.
    logits : callable
        Computes the logits of windows.

    Returns
    -------
    positions : array of int [n], sample numbers
        Where the windows begin, or their beats.
    answers : Scored
        What decides and what is printed.
    """
    positions, found = [], []
    for windows in preparation.prepared_in_pieces(record, card.preparation, beats):
        assert windows.position is not None
        positions.append(windows.position)
        found.append(logits(windows))
    joined = np.concatenate(found)
    return np.concatenate(positions), scored.scored(joined, np.zeros(len(joined), int), card)
