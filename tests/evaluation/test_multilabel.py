"""Metrics of several classes at once, each against scikit-learn, plainly and with rows drawn more than once."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from einthoven.evaluation import multilabel, official
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.intervals import draw_weights
from einthoven.evaluation.predictions import Predictions, decide
from einthoven.evaluation.thresholds import RULES, with_rule
from tests.conftest import real


def predictions(seed=0, n=120, n_classes=5, ties=False) -> Predictions:
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, n_classes)) < rng.uniform(0.05, 0.5, n_classes)).astype(np.float32)
    probability = np.clip(0.35 * truth + 0.6 * rng.random((n, n_classes)), 0, 1)
    probability = np.round(probability, 1) if ties else probability
    patients = np.array([f"p{at // 2}" for at in range(n)])
    names = tuple("ABCDEFGH"[:n_classes])
    return Predictions(names, truth, probability, np.arange(n).astype(str), patients, np.zeros(n, np.int64))


@pytest.mark.parametrize("ties", [False, True])
def test_every_metric_is_scikit_learn_s(ties):
    p = predictions(ties=ties)
    found, truth, said = evaluate(p, "patient", 20), p.truth, p.decided
    wanted = {
        "macro_auroc": theirs.roc_auc_score(truth, p.probability, average="macro"),
        "macro_auprc": theirs.average_precision_score(truth, p.probability, average="macro"),
        "micro_f1": theirs.f1_score(truth, said, average="micro"),
        "macro_f1": theirs.f1_score(truth, said, average="macro"),
        "hamming_loss": theirs.hamming_loss(truth, said),
        "subset_accuracy": theirs.accuracy_score(truth, said),
        "label_ranking": theirs.label_ranking_average_precision_score(truth, p.probability),
    }
    for name, value in wanted.items():
        assert found[name]["value"] == pytest.approx(value, abs=1e-6), name  # written with six digits
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]
    once = np.ones((1, len(truth)), np.uint16)
    for at in range(truth.shape[1]):
        area = multilabel.average_precision(truth[:, at] > 0, p.probability[:, at], once)[0]
        assert area == pytest.approx(theirs.average_precision_score(truth[:, at], p.probability[:, at]), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_drawn_row_counts_as_often_as_it_was_drawn(seed):
    p = predictions(seed, n=40)
    weights = draw_weights(p.patient, 3, seed)
    found = multilabel.counted(p.truth > 0, p.decided, weights)
    for draw, row in enumerate(weights):
        truth, said, score = (np.repeat(values, row, axis=0) for values in (p.truth, p.decided, p.probability))
        assert found["hamming_loss"][draw] == pytest.approx(theirs.hamming_loss(truth, said))
        assert found["subset_accuracy"][draw] == pytest.approx(theirs.accuracy_score(truth, said))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert found["micro_f1"][draw] == pytest.approx(theirs.f1_score(truth, said, average="micro"))
        for at in range(truth.shape[1]):
            got = multilabel.average_precision(p.truth[:, at] > 0, p.probability[:, at], weights[draw : draw + 1])[0]
            if 0 < truth[:, at].sum() < len(truth):
                assert got == pytest.approx(theirs.average_precision_score(truth[:, at], score[:, at]))
            else:
                assert np.isnan(got)


def test_a_class_without_both_labels_is_named_and_left_out():
    p = predictions()
    p.truth[:, 2] = 0
    found = evaluate(p, "patient", 20)
    assert found["undefined"] == ["C"]
    assert found["per_class"]["C"]["auroc"]["value"] is None
    kept = [at for at in range(5) if at != 2]
    wanted = theirs.roc_auc_score(p.truth[:, kept], p.probability[:, kept], average="macro")
    assert found["macro_auroc"]["value"] == pytest.approx(wanted, abs=1e-6)


def test_a_class_that_few_draws_hold_does_not_spoil_the_interval():
    p = predictions()
    p.truth[:, 1] = 0
    p.truth[7, 1] = 1
    found = evaluate(p, "patient", 200)
    assert all(np.isfinite(v) for v in found["macro_auroc"].values())


def test_decisions():
    probability = np.array([[0.2, 0.4, 0.1], [0.7, 0.6, 0.0]])
    assert decide(probability, (), False).tolist() == [[False] * 3, [True, True, False]]
    assert decide(probability, (), True).tolist() == [[False, True, False], [True, True, False]]
    assert decide(probability, (0.3, 0.9, 0.5), True).tolist() == [[True, False, False], [True, False, False]]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_chosen_on_what_it_is_given(rule):
    p = with_rule(predictions(1), rule)
    plain = evaluate(predictions(1), "patient", 1)["micro_f1"]["value"]
    assert evaluate(p, "patient", 1)["micro_f1"]["value"] >= plain - (0.1 if rule == "half_at_least_one" else 0.02)
    if rule.endswith("one"):
        assert p.decided.any(axis=1).all()


def test_the_file_gives_the_same_back(tmp_path):
    p = predictions()
    p.truth[3] = 0
    p.write(tmp_path / "p.csv")
    again = Predictions.read(tmp_path / "p.csv")
    assert again.multilabel
    np.testing.assert_array_equal(again.truth, p.truth)
    np.testing.assert_allclose(again.probability, p.probability, rtol=1e-5)


def test_windows_of_a_record_are_averaged():
    p = predictions(n=6)
    doubled = Predictions(
        p.classes,
        np.repeat(p.truth, 2, axis=0),
        np.stack((p.probability - 0.1, p.probability + 0.1), axis=1).reshape(12, -1),
        np.repeat(p.record, 2)[::1],
        np.repeat(p.patient, 2),
        np.arange(12),
    )
    np.testing.assert_allclose(doubled.by_record().probability, p.probability, atol=1e-12)
    np.testing.assert_array_equal(doubled.by_record().record, p.record)


def test_another_group_s_predictions_score_what_they_said():
    """The public benchmark's own predictions for PTB-XL's fold 10, all 71 statements."""
    folder = real("reference") / "ptbxl-71"
    truth, score = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("y_test", "y_test_pred"))
    n = len(truth)
    classes = tuple((folder / "classes.txt").read_text().split())
    rows = np.arange(n).astype(str)
    p = Predictions(classes, truth.astype(np.float32), score.astype(np.float64), rows, rows, np.arange(n))
    found = evaluate(p, "record", 20)
    assert found["macro_auroc"]["value"] == pytest.approx(0.92544, abs=5e-6)
    assert found["macro_auprc"]["value"] == pytest.approx(theirs.average_precision_score(truth, score), abs=1e-6)
    once = np.ones((1, n), np.uint16)
    for at in range(len(classes)):
        ours = multilabel.average_precision(truth[:, at] > 0, score[:, at], once)[0]
        assert ours == pytest.approx(theirs.average_precision_score(truth[:, at], score[:, at]), abs=1e-9)


def test_the_challenge_s_score_is_its_definition():
    names, worth = official.challenge2021_weights()
    assert len(names) == 26
    np.testing.assert_array_equal(worth, worth.T)
    np.testing.assert_array_equal(np.diag(worth), 1)
    rng = np.random.default_rng(0)
    truth, said = rng.random((30, 26)) < 0.1, rng.random((30, 26)) < 0.1
    normal = names.index("NSR")

    def points(outputs):
        total = 0.0
        for labels, answers in zip(truth, outputs, strict=True):
            n = max(1, sum(labels | answers))
            total += sum(worth[a, b] / n for a in range(26) for b in range(26) if labels[a] and answers[b])
        return total

    always = np.zeros_like(said)
    always[:, normal] = True
    wanted = (points(said) - points(always)) / (points(truth) - points(always))
    once = np.ones((1, 30), np.uint16)
    assert official.weighted_score(truth, said, worth, normal, once)[0] == pytest.approx(wanted)
    assert official.weighted_score(truth, truth, worth, normal, once)[0] == pytest.approx(1)
    assert official.weighted_score(truth, always, worth, normal, once)[0] == pytest.approx(0)
