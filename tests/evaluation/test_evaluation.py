"""Every number against scikit-learn; intervals against what a bootstrap must do."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from einthoven.errors import RecordUnreadable
from einthoven.evaluation import metrics
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.evaluation.predictions import Predictions

CLASSES = ("N", "S", "V")


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 600, p=(0.8, 0.05, 0.15))
    scores = rng.random((600, 3)) + 0.8 * np.eye(3)[truth]
    probability = scores / scores.sum(axis=1, keepdims=True)
    patient = np.char.mod("p%d", np.sort(rng.integers(0, 12, 600)))
    return Predictions(CLASSES, truth, probability, patient, patient, np.arange(600))


def test_scikit_learn_agrees(predictions):
    got = evaluate(predictions, "beat", draws=50)
    truth, said = predictions.truth, predictions.decided
    assert got["accuracy"]["value"] == pytest.approx(sk.accuracy_score(truth, said), abs=1e-6)
    for name, theirs in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        assert got[f"macro_{name}"]["value"] == pytest.approx(theirs(truth, said, average="macro"), abs=1e-6)
        per_class = [got["per_class"][label][name]["value"] for label in CLASSES]
        np.testing.assert_allclose(per_class, theirs(truth, said, average=None), atol=1e-6)
    for at, label in enumerate(CLASSES):
        theirs = sk.roc_auc_score(truth == at, predictions.probability[:, at])
        assert got["per_class"][label]["auc"]["value"] == pytest.approx(theirs, abs=1e-6)
    np.testing.assert_array_equal(got["confusion"]["rows_are_truth"], sk.confusion_matrix(truth, said))


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=4, max_size=60))
def test_weighted_auc_with_ties_agrees(rows):
    positive, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    got = metrics.auc(positive.astype(bool), score.astype(float), weight[None])[0]
    kept = weight > 0
    if positive[kept].all() or not positive[kept].any():
        assert np.isnan(got)
    else:
        assert got == pytest.approx(sk.roc_auc_score(positive, score, sample_weight=weight), abs=1e-12)


def test_a_class_without_truth_is_left_out_of_the_mean():
    got = metrics.scores(np.array([[5, 0, 0], [1, 4, 0], [0, 0, 0]]))
    assert np.isnan(got["f1"][2])
    assert got["macro_recall"] == pytest.approx((1 + 0.8) / 2)


def test_whole_patients_are_drawn():
    groups = np.array(["a", "a", "b", "c", "c", "c"])
    weights = draw_weights(groups, 200, 0)
    assert weights.shape == (200, 6)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_an_interval_holds_its_value_and_widens_with_fewer_patients(predictions):
    by_patient, by_beat = (evaluate(predictions, unit, draws=300)["accuracy"] for unit in ("patient", "beat"))
    for found in (by_patient, by_beat):
        assert found["low"] < found["value"] < found["high"]
    one = np.where(np.arange(600) < 300, "a", "b")
    blind = Predictions(
        CLASSES, predictions.truth, np.where(one[:, None] == "a", predictions.probability, np.eye(3)[1]), one, one, one
    )
    wide = evaluate(blind, "patient", draws=300)["accuracy"]
    assert wide["high"] - wide["low"] > 3 * (by_beat["high"] - by_beat["low"])


def test_the_level_is_the_level():
    """Of many samples of a known mean, about 95 in a hundred intervals hold it."""
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(200):
        sample = rng.standard_normal(60)
        weights = draw_weights(np.arange(60), 300, seed)
        found = interval(sample.mean(), weights @ sample / 60)
        held += found.low <= 0 <= found.high
    assert 0.90 <= held / 200 <= 0.98


def test_the_baseline_is_the_majority(predictions):
    base = evaluate(predictions, "beat", draws=10)["baselines"]["majority"]
    assert base["class"] == "N"
    assert base["accuracy"] == pytest.approx((predictions.truth == 0).mean(), abs=1e-6)


def test_json_has_no_nan(predictions):
    rare = Predictions(
        CLASSES, np.zeros(600, int), predictions.probability, predictions.patient, predictions.patient, np.arange(600)
    )
    json.dumps(evaluate(rare, "patient", draws=20), allow_nan=False)


def test_predictions_round_trip(predictions, tmp_path):
    predictions.write(tmp_path / "p.csv")
    got = Predictions.read(tmp_path / "p.csv")
    assert got.classes == CLASSES
    np.testing.assert_array_equal(got.truth, predictions.truth)
    np.testing.assert_array_equal(got.patient, predictions.patient)
    np.testing.assert_allclose(got.probability, predictions.probability, rtol=1e-5)


def test_a_csv_without_the_columns_is_refused(tmp_path):
    (tmp_path / "p.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordUnreadable, match="record, patient, position, truth"):
        Predictions.read(tmp_path / "p.csv")
