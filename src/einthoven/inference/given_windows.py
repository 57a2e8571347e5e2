"""Predict on windows that differ from those in their store."""

from typing import Any

from numpy.typing import NDArray

from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.evaluation.predictions import Predictions
from einthoven.inference import scored
from einthoven.inference.predictor import Predictor
from einthoven.signal.windows import Windows


def predict_windows(
    predictor: Predictor, protocol: Protocol, store: Store, chosen: NDArray[Any], windows: Windows
) -> Predictions:
    """Predict on windows one by one.

    Parameters
    ----------
    predictor : Predictor
        The model.
    protocol : Protocol
        Its label set gives the true classes.
    store : Store
        Store that holds the labels, records and patients of the windows.
    chosen : array [n]
        Numbers of the windows in the store.
    windows : Windows
        The windows, as the model's preparation makes them.

    Returns
    -------
    Predictions
        One row for each window.
    """
    index, card, logits = store.index, predictor.card, predictor.logits(windows)
    return Predictions(
        classes=card.classes,
        truth=protocol.labels.targets(index.symbol[chosen]),
        probability=scored.probabilities(logits, card),
        score=None if card.calibration is None else scored.uncalibrated(logits, card),
        record=index.record[chosen],
        patient=index.patient[chosen],
        position=index.position[chosen],
    )
