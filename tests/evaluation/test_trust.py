"""What a card says about trust is fitted to uncalibrated validation predictions, by record where records are classified."""

import numpy as np
import pytest
from scipy.special import softmax

from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.trust import trust_in
from tests.evaluation.test_calibration import CLASSES, made


@pytest.fixture(scope="module")
def answers():
    logits, truth, group = made()
    names = np.arange(len(truth)).astype(str)
    return Predictions(CLASSES, truth, softmax(logits, axis=1), names, group.astype(str), group)


def test_an_ensemble_is_calibrated_on_its_uncalibrated_predictions(answers):
    found = trust_in(answers, {"answers": "members"}, whole=True)
    assert found.calibration.slopes[0] == pytest.approx(0.5, abs=0.03)
    assert found.calibration.fitted_on["answers"] == "members"


def test_sets_hold_the_truth_as_often_as_they_promise(answers):
    half = np.arange(len(answers.truth)) % 2 == 0
    found = trust_in(answers.at(half), {}, whole=True)
    other = answers.at(~half)
    sets = found.conformal.sets(found.calibration.apply(np.log(other.probability)), 0.9)
    for at in range(len(CLASSES)):
        assert sets[other.truth == at, at].mean() == pytest.approx(0.9, abs=0.05)


def test_beats_get_no_sets_and_too_few_windows_nothing(answers):
    beats = trust_in(answers, {}, whole=False)
    assert beats.conformal is None and beats.doubt is not None
    few = trust_in(answers.at(np.arange(20)), {}, whole=True)
    assert (few.calibration, few.conformal, few.doubt) == (None, None, None)


def test_doubt_is_measured_on_what_class_weights_decide(answers):
    plain = trust_in(answers, {}, whole=True)
    weighted = trust_in(answers, {}, whole=True, weights=(1.0, 1.0, 1e6))
    assert weighted.calibration == plain.calibration
    assert weighted.doubt.measured["error"] > plain.doubt.measured["error"]
