"""Score predictions by the age of the patients."""

from typing import Any

import numpy as np

from einthoven.evaluation.multilabel import counted
from einthoven.evaluation.predictions import Predictions

AGES = {
    "neonate": (0.0, 28 / 365.25),
    "infant": (28 / 365.25, 1.0),
    "child": (1.0, 12.0),
    "adolescent": (12.0, 18.0),
    "adult": (18.0, 200.0),
}
"""Groups of age in years: lower limit, and upper limit that is not in the group."""


def evaluate_by_age(predictions: Predictions, age_years: np.ndarray) -> dict[str, Any]:
    """Score the predictions of each group of age, where a window can have several classes.

    Parameters
    ----------
    predictions : Predictions
        Truth and probabilities of the test set.
    age_years : np.ndarray [n], years
        Age of the patient of each row; NaN where it is unknown.

    Returns
    -------
    dict
        For each group of AGES that occurs ``n``, ``n_patients``, ``hamming_loss``, ``macro_f1`` and ``micro_f1``.
    """
    found = {}
    for name, (low, high) in AGES.items():
        rows = (age_years >= low) & (age_years < high)
        if rows.any():
            part = predictions.at(rows)
            got = counted(part.truth > 0, part.decided, np.ones((1, rows.sum()), np.uint16))
            figures = {key: round(float(got[key][0]), 4) for key in ("hamming_loss", "macro_f1", "micro_f1")}
            found[name] = {"n": int(rows.sum()), "n_patients": len(np.unique(part.patient))} | figures
    return found
