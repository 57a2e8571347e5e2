"""Class weights are chosen by the scores that the probabilities promise, and by no label."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.weights import expected_f1, for_expected_f1


def answers(n: int = 4000) -> Predictions:
    """Calibrated probabilities of which the third class is rare: what is true is drawn by them."""
    rng = np.random.default_rng(0)
    powers = np.exp(rng.normal((1.5, 0.0, -0.5, -1.0), 1.3, (n, 4)))
    probability = powers / powers.sum(axis=1, keepdims=True)
    truth = (rng.random((n, 1)) > probability.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    who = np.array([f"{at}" for at in range(n)])
    return Predictions(("N", "A", "O", "~"), truth, probability, who, who, np.zeros(n, np.int64))


def test_what_is_expected_of_certain_answers_is_scikit_learn_s_f1():
    rng = np.random.default_rng(1)
    truth, said = rng.integers(0, 4, (2, 500))
    np.testing.assert_allclose(expected_f1(np.eye(4)[truth], said), f1_score(truth, said, average=None), atol=1e-12)


def test_weights_raise_the_score_of_labels_they_never_saw():
    found = answers()
    weights = for_expected_f1(found, ("N", "A", "O"))
    assert weights[0] == weights[3] == 1 and max(weights) > 1
    scores = [
        f1_score(found.truth, which.decided, average=None)[:3].mean() for which in (found, found.weighted(weights))
    ]
    assert scores[1] > scores[0] + 0.005
    assert for_expected_f1(replace(found, truth=np.zeros_like(found.truth)), ("N", "A", "O")) == weights


def test_the_expectation_is_what_labels_drawn_by_the_probabilities_give():
    found = answers()
    wanted = f1_score(found.truth, found.decided, average=None)
    np.testing.assert_allclose(expected_f1(found.probability, found.decided), wanted, atol=0.04)


def test_a_class_that_is_not_there_is_refused():
    with pytest.raises(ValueError):
        for_expected_f1(answers(), ("N", "S"))
