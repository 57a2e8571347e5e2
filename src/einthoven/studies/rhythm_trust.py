"""Fit what the card of the rhythm model says about trust: calibration, prediction sets of recordings, doubt."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.calibrating import fitted
from einthoven.evaluation.conformal import Conformal, conformal, measured
from einthoven.evaluation.doubt import BEATS_MARKED, doubt
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.trust import Trust

Array = NDArray[Any]

COVERAGE = 0.9
"""Coverage at which the prediction sets are measured."""
_PARTS = 5


def trust_in(windows: Predictions, recordings: Predictions, told: dict[str, Any]) -> Trust:
    """Fit a temperature, which leaves the most probable class so, prediction sets and the limit of doubt.

    Simulated flutter is more frequent in training than flutter is: other methods of calibration would take back what decides.

    Parameters
    ----------
    windows : Predictions
        Answers to windows of trees that never saw the people, no record with many.
    recordings : Predictions
        Such answers to the windows of recordings that have one class each.
    told : dict
        What the card states about the data.

    Returns
    -------
    Trust
    """
    logits = _logits(windows)
    calibration = fitted(logits, windows.truth, windows.patient, windows.classes, told, methods=("temperature",))
    printed = calibration.apply(logits)
    wrong = printed.argmax(axis=1) != windows.truth
    limits = doubt(printed.max(axis=1), wrong, windows.patient, BEATS_MARKED, told)
    whole = recordings.moved(np.asarray(calibration.apply(_logits(recordings)), np.float32)).by_record()
    return Trust(calibration, sets_of(whole), limits)


def _logits(answers: Predictions) -> Array:
    return np.log(np.clip(np.asarray(answers.probability, np.float64), 1e-7, 1.0))


def sets_of(whole: Predictions) -> Conformal:
    """Keep the scores of recordings, with the coverage in five parts whose limits come from the other four.

    Parameters
    ----------
    whole : Predictions
        Calibrated answers to recordings.

    Returns
    -------
    Conformal
    """
    part = np.random.default_rng(0).permutation(len(whole.truth)) % _PARTS
    sets = np.zeros(whole.probability.shape, bool)
    for at in range(_PARTS):
        kept, tested = whole.at(part != at), part == at
        known = conformal(kept.probability, kept.truth, kept.classes)
        sets[tested] = known.sets(whole.probability[tested], COVERAGE)
    held_out = measured(sets, whole.truth, whole.classes, COVERAGE)
    return conformal(whole.probability, whole.truth, whole.classes, held_out)
