"""Measures of trust against scikit-learn and against loops written out."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.reliability import reliability, risk_curve


def predictions(n=600, calibrated=True, seed=0) -> Predictions:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet((2.0, 1.0, 0.5), n)
    truth = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    weighted = p * (1.0, 0.5, 2.0)
    score = weighted / weighted.sum(axis=1, keepdims=True) if calibrated else None
    patient = np.array([f"p{at // 30}" for at in range(n)])
    return Predictions(("a", "b", "c"), truth, p, np.arange(n).astype(str), patient, np.arange(n), score=score)


def naive_ece(confidence, right):
    total = 0.0
    for at in range(15):
        here = [
            (c, r)
            for c, r in zip(confidence, right, strict=True)
            if at / 15 <= c < (at + 1) / 15 or (at == 14 and c == 1)
        ]
        if here:
            total += abs(sum(c for c, _ in here) - sum(r for _, r in here))
    return total / len(confidence)


def test_each_measure_is_the_independent_one():
    given = predictions()
    found, p, truth = reliability(given, "patient", 50), given.probability, given.truth
    assert found["calibrated"]
    assert found["ece"]["value"] == pytest.approx(naive_ece(p.max(axis=1), p.argmax(axis=1) == truth), abs=1e-6)
    assert found["nll"]["value"] == pytest.approx(log_loss(truth, p), abs=1e-6)
    assert found["brier"]["value"] == pytest.approx(
        sum(brier_score_loss(truth == at, p[:, at]) for at in range(3)), abs=1e-6
    )
    for at, name in enumerate("abc"):
        row = found["reliability_by_class"][name]
        assert row["brier"]["value"] == pytest.approx(brier_score_loss(truth == at, p[:, at]), abs=1e-6)
        assert row["nll"]["value"] == pytest.approx(log_loss(truth == at, p[:, at]), abs=1e-6)
        assert row["ece"]["value"] == pytest.approx(naive_ece(p[:, at], truth == at), abs=1e-6)
    for each in (found["ece"], found["brier"], found["nll"], found["aurc"], *found["error_at"].values()):
        assert each["low"] <= each["value"] <= each["high"]


def test_errors_are_those_of_the_decisions_the_surest_first():
    given = predictions()
    found, decided = reliability(given, "row", 5), given.score.argmax(axis=1)
    assert (decided != given.probability.argmax(axis=1)).any()
    order = sorted(range(600), key=lambda at: -given.probability[at, decided[at]])
    wrong = [int(decided[at] != given.truth[at]) for at in order]
    risks = [sum(wrong[: n + 1]) / (n + 1) for n in range(600)]
    assert found["aurc"]["value"] == pytest.approx(sum(risks) / 600, abs=1e-6)
    assert found["error_at"]["1.0"]["value"] == pytest.approx(
        1 - evaluate(given, "row", 1)["accuracy"]["value"], abs=1e-6
    )
    assert found["error_at"]["0.8"]["value"] == pytest.approx(risks[479], abs=1e-6)
    np.testing.assert_allclose(risk_curve(given)[1], risks)


def test_the_gap_of_a_patient_is_between_confidence_and_accuracy():
    given = predictions()
    gaps = []
    for name in np.unique(given.patient):
        p, truth = given.probability[given.patient == name], given.truth[given.patient == name]
        gaps.append(abs(p.max(axis=1).mean() - (p.argmax(axis=1) == truth).mean()))
    found = reliability(given, "patient", 20)["ece_by_patient"]
    assert found["mean"]["value"] == pytest.approx(np.mean(gaps), abs=1e-6)
    assert found["max"]["value"] == pytest.approx(max(gaps), abs=1e-6)
    alone = predictions(40)
    alone = Predictions(alone.classes, alone.truth, alone.probability, alone.record, alone.record, alone.position)
    assert reliability(alone, "patient", 5)["ece_by_patient"]["mean"]["value"] is None


def test_many_rows_of_few_patients_are_drawn_in_bins_close_to_all_rows(monkeypatch):
    from einthoven.evaluation import reliability as module

    given = predictions(3000)
    exact = reliability(given, "patient", 100)
    monkeypatch.setattr(module, "_MOST_ROWS", 10)
    binned = reliability(given, "patient", 100)
    assert binned["aurc"]["value"] == exact["aurc"]["value"]
    for end in ("low", "high"):
        assert binned["aurc"][end] == pytest.approx(exact["aurc"][end], abs=2e-3)
        assert binned["error_at"]["0.8"][end] == pytest.approx(exact["error_at"]["0.8"][end], abs=2e-3)


def test_labels_count_by_row_and_class():
    rng = np.random.default_rng(0)
    p = rng.random((200, 3))
    truth = (rng.random((200, 3)) < p).astype(int)
    names = np.arange(200).astype(str)
    given = Predictions(("a", "b", "c"), truth, p, names, names, np.arange(200))
    found = evaluate(given, "patient", 5)
    wanted = naive_ece(np.maximum(p, 1 - p).ravel(), ((p >= 0.5) == (truth > 0)).ravel())
    assert found["ece"]["value"] == pytest.approx(wanted, abs=1e-6)
    assert found["error_at"]["1.0"]["value"] == pytest.approx(((p >= 0.5) != (truth > 0)).mean(), abs=1e-6)
    assert found["per_class"]["a"]["brier"]["value"] == pytest.approx(((p[:, 0] - truth[:, 0]) ** 2).mean(), abs=1e-6)


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_csv_keeps_what_decides_beside_what_is_printed(tmp_path, multilabel):
    given = predictions(50)
    if multilabel:
        given = Predictions(
            given.classes, np.eye(3)[given.truth], given.probability, given.record, given.patient, given.position,
            score=given.score,
        )  # fmt: skip
    given.write(tmp_path / "p.csv")
    again = Predictions.read(tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text().splitlines()[0].endswith("predicted,a,b,c,score a,score b,score c")
    assert again.classes == given.classes
    np.testing.assert_array_equal(again.decided, given.decided)
    np.testing.assert_allclose(again.probability, given.probability, rtol=1e-4)
    np.testing.assert_array_equal(again.by_record().decided, given.decided)
