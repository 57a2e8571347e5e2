"""Calibrations find what made the data, are chosen by cross-validation, and refuse what they do not fit."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.special import log_softmax as their_log_softmax
from scipy.special import softmax

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.calibrating import cross_fitted, fitted
from einthoven.evaluation.calibration import Calibration, log_softmax

CLASSES = ("N", "A", "O")


def drawn(probability, rng):
    return (probability.cumsum(axis=1) > rng.random((len(probability), 1))).argmax(axis=1)


def made(n=4000, slope=0.5, offsets=(0.0, 0.0, 0.0), seed=0):
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(n, 3))
    return logits, drawn(softmax(logits * slope + np.array(offsets), axis=1), rng), np.arange(n) // 4


def test_a_temperature_is_found_and_chosen_where_it_is_enough():
    logits, truth, group = made()
    found = fitted(logits, truth, group, CLASSES, {"corpus": "made"})
    assert found.method == "temperature"
    assert found.slopes[0] == pytest.approx(0.5, abs=0.03)
    np.testing.assert_allclose(found.apply(logits), softmax(logits * found.slopes[0], axis=1), atol=1e-12)
    assert (found.apply(logits).argmax(axis=1) == logits.argmax(axis=1)).all()
    assert (found.fitted_on["n"], found.fitted_on["n_patients"], found.fitted_on["corpus"]) == (4000, 1000, "made")


def test_a_model_that_errs_on_purpose_is_not_turned_round():
    logits, truth, group = made(400)
    found = fitted(-logits, truth, group, CLASSES, {}, methods=("temperature",))
    assert found.slopes[0] == pytest.approx(1e-3)
    np.testing.assert_allclose(found.apply(-logits), 1 / 3, atol=0.01)


def test_offsets_are_found_where_a_temperature_is_not_enough():
    logits, truth, group = made(offsets=(0.0, 2.0, -1.0))
    found = fitted(logits, truth, group, CLASSES, {})
    assert found.method == "vector"
    offsets = np.array(found.offsets)
    np.testing.assert_allclose(offsets[1:] - offsets[0], (2.0, -1.0), atol=0.3)


def test_a_matrix_is_applied_to_logarithms_of_probabilities():
    matrix, offsets = np.array([[1.0, 0.2, 0.0], [0.0, 0.5, 0.1], [0.3, 0.0, 2.0]]), np.array([0.1, -0.2, 0.3])
    one = Calibration("dirichlet", CLASSES, tuple(matrix.ravel()), tuple(offsets))
    logits = made(50)[0]
    wanted = softmax(their_log_softmax(logits, axis=1) @ matrix.T + offsets, axis=1)
    np.testing.assert_allclose(one.apply(logits), wanted, atol=1e-12)
    np.testing.assert_allclose(log_softmax(logits), their_log_softmax(logits, axis=1), atol=1e-12)


def test_labels_have_their_own_slope_and_rare_ones_that_of_all():
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(5000, 3))
    truth = (rng.random((5000, 3)) < 1 / (1 + np.exp(-(0.7 * logits - 1)))).astype(int)
    truth[:, 2] = 0
    truth[:3, 2] = 1
    found = fitted(logits, truth, np.arange(5000), CLASSES, {})
    assert found.method == "platt"
    np.testing.assert_allclose(found.slopes[:2], 0.7, atol=0.1)
    assert all(slope > 0 for slope in found.slopes)
    moved = found.moved_thresholds((0.3, 0.5, 0.7))
    p, limits = 1 / (1 + np.exp(-logits)), np.array((0.3, 0.5, 0.7))
    np.testing.assert_array_equal(found.apply(logits) >= np.array(moved), p >= limits)


def test_cross_fitted_probabilities_never_use_their_own_group():
    logits, truth, group = made(400)
    before = cross_fitted(logits, truth, group, methods=("temperature",))
    changed = truth.copy()
    changed[group == 0] = (truth[group == 0] + 1) % 3
    after = cross_fitted(logits, changed, group, methods=("temperature",))
    np.testing.assert_array_equal(before[group == 0], after[group == 0])
    assert (before[group != 0] != after[group != 0]).any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": "isotonic"}, "isotonic"),
        ({"slopes": [1.0, 2.0]}, "2 slopes"),
        ({"slopes": [float("nan")]}, "not finite"),
        ({"slopes": [-1.0]}, "above 0"),
        ({"slopes": ["much"]}, "could not convert"),
        ({"slopes": 3}, "no calibration"),
    ],
)
def test_numbers_that_are_no_calibration_are_refused(change, said):
    plain = asdict(Calibration("temperature", CLASSES, (0.5,))) | change
    with pytest.raises(ValueError, match=said):
        Calibration.from_dict(plain)


def test_too_few_answers_and_answers_that_are_no_numbers_are_refused():
    logits, truth, group = made(40)
    with pytest.raises(CorpusIncomplete, match="too few"):
        fitted(logits, truth, group, CLASSES, {})
    logits, truth, group = made(400)
    with pytest.raises(CorpusIncomplete, match="too few"):
        fitted(logits, np.zeros(400, int), group, CLASSES, {})
    logits[3, 1] = np.inf
    with pytest.raises(ValueError, match="not finite"):
        fitted(logits, truth, group, CLASSES, {})


def test_a_card_keeps_it_and_refuses_that_of_other_classes(untrained):
    card = bundle.load_card(untrained)
    one = Calibration("temperature", card.classes, (0.5,), fitted_on={"corpus": "mitdb"})
    plain = json.loads(json.dumps(replace(card, calibration=one).as_dict()))
    assert Card.from_dict(plain).calibration == one
    other = replace(card, calibration=replace(one, classes=("X", *card.classes[1:])))
    with pytest.raises(ValueError, match="the calibration is for X"):
        Card.from_dict(json.loads(json.dumps(other.as_dict())))
    platt = Calibration("platt", card.classes, (1.0,) * len(card.classes), (0.0,) * len(card.classes))
    with pytest.raises(ValueError, match="multilabel"):
        Card.from_dict(json.loads(json.dumps(replace(card, calibration=platt).as_dict())))
