"""Knows whether one model is better than another on the same windows, by a paired bootstrap. Writes no file."""

import numpy as np

from einthoven.evaluation import metrics
from einthoven.evaluation.evaluate import DRAWS, drawn_confusions
from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.evaluation.predictions import Predictions


def paired(first: Predictions, second: Predictions, unit: str, draws: int = DRAWS, seed: int = 0) -> dict:
    """Difference of macro-F1, first minus second, each draw taking the same patients (or rows) from both.

    Parameters
    ----------
    first, second : answers for the same windows in the same order
    unit : ``patient`` or ``beat``

    Returns
    -------
    ``{difference: {value, low, high}, p}``: `p` is two-sided, twice the smaller share of draws on either side of zero,
    never below two in the number of draws plus one (Davison and Hinkley 1997, section 4.2)

    Raises
    ------
    ValueError
        Where the two do not answer for the same windows.
    """
    same = np.array_equal(first.position, second.position) and np.array_equal(first.record, second.record)
    if not same or not np.array_equal(first.truth, second.truth):
        raise ValueError("the two do not answer for the same windows")
    groups = first.patient if unit == "patient" else np.arange(len(first.truth))
    weights = draw_weights(groups, draws, seed)
    scores = []
    for answers in (first, second):
        point = metrics.scores(metrics.confusion(answers.truth, answers.decided, len(answers.classes)))
        drawn = metrics.scores(drawn_confusions(answers, weights))
        scores.append((float(point["macro_f1"]), drawn["macro_f1"]))
    drawn = scores[0][1] - scores[1][1]
    smaller = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (smaller + 1) / (draws + 1))
    return {"difference": interval(scores[0][0] - scores[1][0], drawn).as_dict(), "p": round(float(p), 6)}
