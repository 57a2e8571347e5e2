"""Scores of records of which some classes are unknown, against scikit-learn and a count by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from einthoven.evaluation.partly_known import evaluate_known

NAN = float("nan")


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    truth = (rng.random((80, 3)) < 0.3).astype(float)
    source = np.repeat(["one", "other"], 40)
    return truth, np.clip(0.3 * truth + 0.7 * rng.random((80, 3)), 0, 1), source


def test_a_class_is_ranked_within_each_source(drawn):
    truth, p, source = drawn
    truth[:40, 2] = NAN
    patient = np.arange(80).astype(str)
    found = evaluate_known(truth, p, p > 0.5, patient, source, "ABC", draws=20)
    pairs = [(slice(0, 40), 0), (slice(0, 40), 1), *((slice(40, 80), at) for at in range(3))]
    want = [roc_auc_score(truth[rows, at], p[rows, at]) for rows, at in pairs]
    assert found["macro_auroc"]["value"] == pytest.approx(np.mean(want), abs=1e-6)
    assert set(found["by_source"]["one"]) == {"A", "B"} and set(found["by_source"]["other"]) == set("ABC")
    precision = [average_precision_score(truth[rows, at], p[rows, at]) for rows, at in pairs]
    assert found["macro_auprc"]["value"] == pytest.approx(np.mean(precision), abs=1e-6)
    assert found["macro_auroc"]["low"] <= found["macro_auroc"]["value"] <= found["macro_auroc"]["high"]


def test_what_is_unknown_is_neither_right_nor_wrong(drawn):
    truth, p, source = drawn
    hidden = np.random.default_rng(1).random(truth.shape) < 0.4
    shown = np.where(hidden, NAN, truth)
    found = evaluate_known(shown, p, p > 0.5, np.arange(80), source, "ABC", draws=2)
    assert found["micro_f1"]["value"] == pytest.approx(f1_score(truth[~hidden], p[~hidden] > 0.5), abs=1e-6)
    assert found["hamming_loss"]["value"] == pytest.approx((truth != (p > 0.5))[~hidden].mean(), abs=1e-6)


def test_a_class_of_few_records_is_not_ranked():
    truth = np.array([[1.0], [1.0], [0.0], [0.0]])
    found = evaluate_known(truth, truth, truth > 0, np.arange(4), np.full(4, "one"), "A", draws=2)
    assert found["by_source"] == {} and found["micro_f1"]["value"] == 1
