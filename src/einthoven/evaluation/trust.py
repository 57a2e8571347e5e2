"""Fit to validation predictions what a card says about trust: calibration, prediction sets, doubt."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.calibrating import fitted
from einthoven.evaluation.calibration import Calibration
from einthoven.evaluation.conformal import Conformal, conformal
from einthoven.evaluation.doubt import BEATS_MARKED, RECORDS_MARKED, Doubt, doubt
from einthoven.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Trust:
    """What validation predictions tell of a model's probabilities; None where there are too few of them."""

    calibration: Calibration | None = None
    """Turns its outputs into probabilities."""
    conformal: Conformal | None = None
    """Sets of classes of whole records, with a stated coverage."""
    doubt: Doubt | None = None
    """Probabilities below which an answer is doubtful."""


def trust_in(answers: Predictions, told: dict[str, Any], whole: bool, weights: tuple[float, ...] = ()) -> Trust:
    """Fit calibration, prediction sets and doubt to uncalibrated predictions, such as the mean of an ensemble's members.

    Parameters
    ----------
    answers : Predictions
        Predictions for validation data, without class weights, of members that did not see them.
    told : dict
        What the card states about the data.
    whole : bool
        Whether whole records are classified: only these get prediction sets, since coverage does not carry over to the beats of
        other people.
    weights : tuple of float
        Class weights that decide; none by default.

    Returns
    -------
    Trust
    """
    p = np.clip(np.asarray(answers.deciding, np.float64), 1e-7, 1 - 1e-7)
    logits = np.log(p / (1 - p)) if answers.multilabel else np.log(p)
    try:
        calibration = fitted(logits, answers.truth, answers.patient, answers.classes, told)
    except CorpusIncomplete:
        return Trust()
    deciding = (answers.weighted(weights) if weights else answers).deciding
    given = replace(answers, probability=np.asarray(calibration.apply(logits), np.float32), score=deciding)
    given = given.by_record() if whole else given
    sets = conformal(given.probability, given.truth, given.classes) if whole else None
    if given.multilabel:
        return Trust(calibration, sets)
    confidence = given.probability[np.arange(len(given.truth)), given.decided]
    share = RECORDS_MARKED if whole else BEATS_MARKED
    return Trust(calibration, sets, doubt(confidence, given.decided != given.truth, given.patient, share, told))
