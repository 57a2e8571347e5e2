"""Find windows of the corpus that trained a model: some to calibrate an export with, others to compare predictions on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete

MOST_CALIBRATION = 256
"""Training windows that int8 ranges are computed from, at most."""
_MOST_COMPARED = 5000


@dataclass(frozen=True)
class RealWindows:
    """Windows of the corpus that trained a model."""

    store: Store
    """The store that holds them."""
    protocol: Protocol
    """The protocol of the training."""
    train: NDArray[Any]
    """Numbers of training windows [n]."""
    validation: NDArray[Any]
    """Numbers of validation windows [n]."""


def real_windows(card: Card, protocol: Protocol, store: Store) -> RealWindows:
    """Return training windows of a model, and windows that chose its epoch.

    Parameters
    ----------
    card : Card
        Card of the model.
    protocol : Protocol
        The protocol of its training.
    store : Store
        The corpus, prepared as the model wants it.

    Returns
    -------
    RealWindows
        At most 256 training windows and 5,000 validation windows, evenly spread.

    Raises
    ------
    CorpusIncomplete
        Where the corpus holds no training window or no validation window.
    """
    training = card.training
    fold = training.get("fold")
    if fold is None and training.get("members"):
        fold = training["members"][0].get("fold")
    split = protocol.parts(store.index, training.get("split_seed", 0), tuple(training.get("left_out", ())), fold)
    train, validation = split.train, split.validation
    if training.get("records") and not protocol.leaks:
        # A folder with other recordings than those of the training is split otherwise; the card says which was where.
        rows = np.sort(np.concatenate((split.train, split.validation, split.test)))
        train, validation = (
            rows[np.isin(store.index.record[rows], list(training["records"][part]))] for part in ("train", "validation")
        )
    if not len(train) or not len(validation):
        raise CorpusIncomplete(
            f"The corpus does not hold the training data of {card.name}.",
            found=f"{len(train)} training windows, {len(validation)} validation windows",
            expected=f"those of protocol {protocol.name} of {training.get('corpus')}",
            remedy="--from the folder that holds the whole corpus",
        )
    return RealWindows(store, protocol, evenly(train, MOST_CALIBRATION), evenly(validation, _MOST_COMPARED))


def evenly(numbers: NDArray[Any], most: int) -> NDArray[Any]:
    """Return at most `most` of some numbers, evenly spread.

    Parameters
    ----------
    numbers : array [n]
        The numbers.
    most : int
        How many are returned at most.

    Returns
    -------
    array
        Some of them, in the same order.
    """
    return numbers[np.unique(np.linspace(0, len(numbers) - 1, min(most, len(numbers))).astype(np.int64))]
