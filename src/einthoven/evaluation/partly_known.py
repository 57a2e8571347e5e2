"""Score multilabel predictions of records of which some classes are unknown, such as those of sources that name few classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.evaluate import DRAWS
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.metrics import auc
from einthoven.evaluation.multilabel import average_precision

Array = NDArray[Any]

FEWEST = 3
"""Records with a class, of one source, below which it has no AUROC there."""


def evaluate_known(
    truth: Array,
    probability: Array,
    decided: Array,
    patient: Array,
    source: Array,
    classes: Sequence[str],
    draws: int = DRAWS,
) -> dict[str, Any]:
    """Score predictions where the truth is known; a class is ranked within a source, never across sources.

    Parameters
    ----------
    truth : array [n, classes]
        1 where a class is present, 0 where it is absent, NaN where it is unknown.
    probability : array [n, classes]
        Predicted probabilities.
    decided : array [n, classes], bool
        Predicted classes.
    patient, source : array [n], str
        Patient and source of each record.
    classes : sequence of str
        Names of the classes.
    draws : int
        Draws of whole patients for the intervals.

    Returns
    -------
    dict
        ``n``, ``n_patients``; ``macro_auroc`` and ``macro_auprc`` (means over the pairs of class and source with both labels and at
        least FEWEST records), ``micro_f1``, ``hamming_loss``, each as ``{value, low, high}``; ``by_source``, AUROC by class.
    """
    found, ranked = _drawn(truth, probability, decided, patient, source, classes, draws)
    return {
        "n": len(truth),
        "n_patients": len(np.unique(patient)),
        "interval": {"level": LEVEL, "unit": "patient", "draws": draws},
        **{name: _spread(values) for name, values in found.items()},
        "by_source": ranked,
    }


def difference(
    truth: Array,
    first: tuple[Array, Array],
    second: tuple[Array, Array],
    patient: Array,
    source: Array,
    draws: int = DRAWS,
) -> dict[str, dict[str, float | None]]:
    """Return the differences of two models, first minus second, with the same patients in each draw.

    Parameters
    ----------
    truth : array [n, classes]
        As for :func:`evaluate_known`.
    first, second : tuple of array [n, classes]
        Probabilities, and predicted classes.
    patient, source : array [n], str
        Patient and source of each record.
    draws : int
        Draws of whole patients.

    Returns
    -------
    dict
        ``macro_auroc``, ``macro_auprc``, ``micro_f1`` and ``hamming_loss`` as ``{value, low, high}``.
    """
    names = [str(at) for at in range(truth.shape[1])]
    one, other = (_drawn(truth, *model, patient, source, names, draws)[0] for model in (first, second))
    return {name: _spread(one[name] - other[name]) for name in one}


def _drawn(
    truth: Array, probability: Array, decided: Array, patient: Array, source: Array, classes: Sequence[str], draws: int
) -> tuple[dict[str, Array], dict[str, dict[str, Any]]]:
    """Return the metrics in all and in each draw [1 + draws], and the AUROC by source and class."""
    known, there = np.isfinite(truth), truth == 1
    weights = np.concatenate((np.ones((1, len(truth)), np.uint16), draw_weights(patient, draws, 0))).astype(float)
    said = decided & known
    hit, true, predicted = ((weights @ part.astype(float)).sum(axis=1) for part in (said & there, there & known, said))
    wrong, n_known = ((weights @ part.astype(float)).sum(axis=1) for part in ((said != there) & known, known))
    ranked: dict[str, dict[str, Any]] = {}
    areas, precisions = [], []
    for name in dict.fromkeys(source.tolist()):
        for at, of_class in enumerate(classes):
            rows = (source == name) & known[:, at]
            n_there = int(there[rows, at].sum())
            if n_there < FEWEST or n_there == rows.sum():
                continue
            given = there[rows, at], probability[rows, at], weights[:, rows]
            areas.append(auc(*given))
            precisions.append(average_precision(*given))
            ranked.setdefault(name, {})[of_class] = {"n": n_there, "auroc": _spread(areas[-1])}
    return {
        "macro_auroc": _mean(areas, len(weights)),
        "macro_auprc": _mean(precisions, len(weights)),
        "micro_f1": 2 * hit / np.maximum(true + predicted, 1e-12),
        "hamming_loss": wrong / np.maximum(n_known, 1e-12),
    }, ranked


def _mean(columns: list[Array], n: int) -> Array:
    """Return the mean of the columns that are defined in each draw [n]."""
    if not columns:
        return np.full(n, np.nan)
    values = np.stack(columns)
    there = np.isfinite(values)
    return np.asarray(np.where(there, values, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1))


def _spread(values: Array) -> dict[str, float | None]:
    return interval(float(values[0]), values[1:]).as_dict()
