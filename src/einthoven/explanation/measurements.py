"""Find the measurements that decided for a class: how its probability falls when the median of the training data replaces each."""

import numpy as np

from einthoven.inference.evidence import Measurement
from einthoven.inference.predictor import Predictor
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import Windows

MOST_SHOWN = 5
"""Measurements that are shown for a class, at most."""
_LEAST_FALL = 0.005


def names_and_units(preparation: Preparation) -> list[tuple[str, str]]:
    """Return name and unit of each measurement that a preparation makes.

    Parameters
    ----------
    preparation : Preparation
        The model's preparation.

    Returns
    -------
    list of (str, str)
        In the order of a window's features.
    """
    sets = (FEATURES[name] for name in preparation.feature_sets)
    return [pair for features in sets for pair in zip(features.names, features.units, strict=True)]


def decisive(predictor: Predictor, windows: Windows, label: int, most: int = MOST_SHOWN) -> tuple[Measurement, ...]:
    """Find the measurements without which a class would be less probable.

    Parameters
    ----------
    predictor : Predictor
        The model.
    windows : Windows
        One window, or several; values and falls are then means.
    label : int
        Number of the class.
    most : int
        Measurements that are returned, at most.

    Returns
    -------
    tuple of Measurement
        The largest fall first; empty for a model that reads no measurements, or whose card does not have their medians.
    """
    card = predictor.card
    medians = np.asarray(card.feature_medians, np.float32)
    if windows.features is None or len(medians) != windows.features.shape[1] or not len(windows):
        return ()
    replaced = windows.repeated(len(medians))
    assert replaced.features is not None
    at = np.tile(np.arange(len(medians)), len(windows))
    replaced.features[np.arange(len(at)), at] = medians[at]
    before = predictor.probabilities(windows)[:, label]
    after = predictor.probabilities(replaced)[:, label].reshape(len(windows), len(medians))
    falls = (before[:, None] - after).mean(axis=0)
    values, names = windows.features.mean(axis=0), names_and_units(card.preparation)
    order = [at for at in np.argsort(-falls, kind="stable")[:most].tolist() if falls[at] > _LEAST_FALL]
    return tuple(
        Measurement(names[at][0], names[at][1], float(values[at]), float(medians[at]), float(falls[at])) for at in order
    )
