"""Predict windows that differ from those of their store, such as scaled ones."""

import numpy as np

from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import Predictor
from einthoven.signal.windows import Windows


def predict_windows(
    predictor: Predictor, protocol: Protocol, store: Store, chosen: np.ndarray, windows: Windows
) -> Predictions:
    """Return a prediction for each window, with its truth.

    Parameters
    ----------
    predictor : Predictor
        The model.
    protocol : Protocol
        The protocol whose label set gives the truth.
    store : Store
        The store that the windows come from.
    chosen : np.ndarray [n]
        Numbers of the windows in the store.
    windows : Windows
        The windows as the model reads them.

    Returns
    -------
    Predictions
        One row for each window.
    """
    index = store.index
    return Predictions(
        classes=predictor.card.classes,
        truth=protocol.labels.targets(index.symbol[chosen]),
        probability=predictor.probabilities(windows),
        record=index.record[chosen],
        patient=index.patient[chosen],
        position=index.position[chosen],
    )
