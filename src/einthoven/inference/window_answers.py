"""Answer windows that are not as their store has them."""

import numpy as np

from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import Predictor
from einthoven.signal.windows import Windows


def window_answers(
    predictor: Predictor, protocol: Protocol, store: Store, chosen: np.ndarray, windows: Windows
) -> Predictions:
    """Answer windows one by one, beside the truth.

    Parameters
    ----------
    predictor : Predictor
        The model.
    protocol : Protocol
        Its label set is what is asked.
    store : Store
        What is known of the windows.
    chosen : np.ndarray [n]
        Numbers of the windows in the store.
    windows : Windows
        The windows as the model wants them.

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
