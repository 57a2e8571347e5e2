"""Knows whether one model is better than another on the same windows, by a paired bootstrap. Writes no file."""

import numpy as np

from einthoven.evaluation import metrics, multilabel, official
from einthoven.evaluation.evaluate import DRAWS, drawn_confusions
from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.evaluation.predictions import Predictions


def paired(first: Predictions, second: Predictions, unit: str, draws: int = DRAWS, seed: int = 0) -> dict:
    """Difference of macro-F1 (of the Challenge 2017's score, for its classes), first minus second.

    Each draw takes the same patients (or rows) from both.

    Parameters
    ----------
    first, second : answers for the same windows in the same order
    unit : ``patient`` or ``beat``

    Returns
    -------
    ``{metric, difference: {value, low, high}, p}``: `p` is two-sided, twice the smaller share of draws on either side of zero,
    never below two in the number of draws plus one (Davison and Hinkley 1997, section 4.2)

    Raises
    ------
    ValueError
        Where the two do not answer for the same windows.
    """
    weights = _drawn(first, second, unit, draws, seed)
    challenge = first.classes == official.CHALLENGE2017
    scores = []
    for answers in (first, second):
        found = metrics.scores(drawn_confusions(answers, weights))
        scores.append(official.challenge2017_score(found["f1"]) if challenge else found["macro_f1"])
    return {"metric": "challenge_score" if challenge else "macro_f1"} | _compared(scores[0] - scores[1])


def paired_labels(first: Predictions, second: Predictions, unit: str, draws: int = DRAWS, seed: int = 0) -> dict:
    """The same where a window can bear several classes: for macro AUROC, macro AUPRC and micro-F1 difference and `p`."""
    weights = _drawn(first, second, unit, draws, seed)
    both = [multilabel.scores(answers, weights) for answers in (first, second)]
    return {name: _compared(both[0][name] - both[1][name]) for name in ("macro_auroc", "macro_auprc", "micro_f1")}


def _drawn(first: Predictions, second: Predictions, unit: str, draws: int, seed: int) -> np.ndarray:
    """How often each row is drawn [1 + draws, n]; the first time all once."""
    same = np.array_equal(first.position, second.position) and np.array_equal(first.record, second.record)
    if not same or not np.array_equal(first.truth, second.truth):
        raise ValueError("the two do not answer for the same windows")
    groups = first.patient if unit == "patient" else np.arange(len(first.truth))
    return np.concatenate((np.ones((1, len(groups)), np.uint16), draw_weights(groups, draws, seed)))


def _compared(difference: np.ndarray) -> dict:
    """Of differences [1 + draws], the first with all rows once."""
    drawn = difference[1:]
    smaller = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (smaller + 1) / (len(drawn) + 1))
    return {"difference": interval(float(difference[0]), drawn).as_dict(), "p": round(float(p), 6)}
