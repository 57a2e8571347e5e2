"""Choose the class weights of single-label predictions on validation data."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.class_prior import with_adapted_priors
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.official import CHALLENGE2017
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.weights import for_expected_f1

_FACTORS = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1)
S_SHARE_COUNTS = (0.0, 300.0, 1000.0, 3000.0, 10_000.0)
"""How many beats of a person the share of class S in all people counts like; 0 for no share of a person's own."""


def best_for_s_and_v(answers: Predictions, counts: tuple[float, ...]) -> tuple[tuple[float, ...], dict[str, Any]]:
    """Choose weights of the classes S and V, and how far a person's own share of S counts, by the mean F1 of the two classes.

    Parameters
    ----------
    answers : Predictions
        Predictions for beats of validation patients.
    counts : tuple of float
        How many beats the share in all people may count like; 0 for no share of a person's own.

    Returns
    -------
    weights : tuple of float
        Weight of each class.
    own : dict
        The adaptation to a person's own share, as a bundle's card has it; empty for none.
    """
    at = {name: answers.classes.index(name) for name in ("N", "S", "V")}
    among = np.isin(answers.truth, (at["N"], at["S"]))
    share = float((answers.truth[among] == at["S"]).mean())
    best: float = -1.0
    chosen: tuple[tuple[float, ...], dict[str, Any]] = ((), {})
    counts = counts if 0 < share < 1 else (0.0,)
    for early, ventricular, like in product(_FACTORS, _FACTORS, counts):
        weights = np.ones(len(answers.classes))
        weights[at["S"]], weights[at["V"]] = early, ventricular
        own = {"of": "S", "beside": "N", "share": round(share, 6), "counts": like} if like else {}
        decided = adapted(answers.weighted(tuple(weights)), own).decided
        score = float(np.mean([_f1(answers.truth == at[name], decided == at[name]) for name in ("S", "V")]))
        if score > best:
            best, chosen = score, (tuple(weights.tolist()), own)
    return chosen


def adapted(answers: Predictions, own: dict[str, Any]) -> Predictions:
    """Return predictions adapted to each record's own share of a class.

    Parameters
    ----------
    answers : Predictions
        Predictions for beats.
    own : dict
        The adaptation as a bundle's card has it; empty for none.

    Returns
    -------
    Predictions
        With adapted probabilities.
    """
    return answers.moved(with_adapted_priors(answers.deciding, answers.record, answers.classes, own))


def operating_point(answers: Predictions, precision: float) -> dict[str, Any]:
    """Return the mildest class weights that reach a macro precision.

    All classes but the most frequent one get the same weight, 1 or less.

    Parameters
    ----------
    answers : Predictions
        Predictions for validation data.
    precision : float
        Macro precision to reach; where no weight reaches it, the weight with the highest macro precision is returned.

    Returns
    -------
    dict
        ``weights`` of the classes, ``validation_macro_precision`` and ``validation_macro_recall``.
    """
    common = int(np.bincount(answers.truth, minlength=len(answers.classes)).argmax())
    tried: list[dict[str, Any]] = []
    for factor in np.geomspace(1.0, 0.02, 25):
        weights = [1.0 if at == common else round(float(factor), 4) for at in range(len(answers.classes))]
        got = evaluate(answers.weighted(tuple(weights)), "beat", 1)
        reached, recall = got["macro_precision"]["value"], got["macro_recall"]["value"]
        tried.append({"weights": weights, "validation_macro_precision": reached, "validation_macro_recall": recall})
        if reached >= precision:
            return tried[-1]
    return max(tried, key=lambda point: point["validation_macro_precision"])


def best_share_for_challenge(by_share: Mapping[float, Predictions]) -> dict[str, Any]:
    """Choose the share of a mixture with the best score of the Challenge 2017, class weights chosen for each share.

    Parameters
    ----------
    by_share : mapping of Predictions
        Predictions for the same validation windows, by the share that they were mixed with.

    Returns
    -------
    dict
        ``share`` and ``class_weights`` with the best score, and the ``scores`` of all shares.
    """
    weights = {share: for_expected_f1(found, CHALLENGE2017[:3]) for share, found in by_share.items()}
    scores = {share: challenge_score(found.weighted(weights[share])) for share, found in by_share.items()}
    share = max(scores, key=lambda share: scores[share])
    return {"share": share, "class_weights": weights[share], "scores": {f"{at:g}": scores[at] for at in scores}}


def challenge_score(answers: Predictions) -> float:
    """Return the score of the Challenge 2017.

    Parameters
    ----------
    answers : Predictions
        Predictions of its classes.

    Returns
    -------
    float
        The mean F1 of N, A and O.

    Raises
    ------
    ConfigurationFault
        If the classes are others.
    """
    return float(evaluate(answers, "patient", 1, official_score="challenge2017")["challenge_score"]["value"])


def _f1(truth: NDArray[Any], decided: NDArray[Any]) -> float:
    return 2 * float((truth & decided).sum()) / max(1, int(truth.sum() + decided.sum()))
