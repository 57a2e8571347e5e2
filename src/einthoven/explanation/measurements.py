"""Which measurements decided for a class: the change of its probability when each is replaced by its median in training data."""

import numpy as np

from einthoven.inference.evidence import Measurement
from einthoven.inference.predictor import Predictor
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import Windows

MOST_SHOWN = 5
_LEAST_FALL = 0.005


def named(preparation: Preparation) -> list[tuple[str, str]]:
    """Return name and unit of each measurement that a preparation makes, in the order of a window's features."""
    sets = (FEATURES[name] for name in preparation.feature_sets)
    return [pair for known in sets for pair in zip(known.names, known.units, strict=True)]


def decisive(predictor: Predictor, windows: Windows, label: int, most: int = MOST_SHOWN) -> tuple[Measurement, ...]:
    """Find the measurements without which a class would be less probable.

    Parameters
    ----------
    predictor : Predictor
        The model.
    windows : Windows
        One window, or several whose mean counts.
    label : int
        Number of the class.
    most : int
        Measurements that are given.

    Returns
    -------
    tuple of Measurement
        The largest fall first; empty for a model that reads no measurements, or whose card does not hold their medians.
    """
    card = predictor.card
    medians = np.asarray(card.feature_medians, np.float32)
    if windows.features is None or len(medians) != windows.features.shape[1] or not len(windows):
        return ()
    usual = windows.repeated(len(medians))
    assert usual.features is not None
    at = np.tile(np.arange(len(medians)), len(windows))
    usual.features[np.arange(len(at)), at] = medians[at]
    before = predictor.probabilities(windows)[:, label]
    after = predictor.probabilities(usual)[:, label].reshape(len(windows), len(medians))
    falls = (before[:, None] - after).mean(axis=0)
    values, names = windows.features.mean(axis=0), named(card.preparation)
    order = [at for at in np.argsort(-falls, kind="stable")[:most].tolist() if falls[at] > _LEAST_FALL]
    return tuple(
        Measurement(*names[at], value=float(values[at]), median=float(medians[at]), fall=float(falls[at]))
        for at in order
    )
