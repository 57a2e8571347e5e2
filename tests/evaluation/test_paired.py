"""Paired bootstrap tests against differences that scikit-learn works out, and against resamples drawn one by one."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from einthoven.errors import ConfigurationFault
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.intervals import draw_weights
from einthoven.evaluation.official import CHALLENGE2017
from einthoven.evaluation.paired import compare, paired
from einthoven.evaluation.predictions import Predictions

_DRAWS = 100


def _answers(classes: tuple[str, ...], right: float, seed: int, n: int = 240) -> Predictions:
    """The truth is the same for every seed; `right` of the answers are."""
    truth = np.random.default_rng(0).integers(0, len(classes), n)
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.ones(len(classes)), n)
    sure = rng.random(n) < right
    probability[sure] = np.eye(len(classes))[truth[sure]]
    rows = np.arange(n)
    return Predictions(classes, truth, probability, rows.astype(str), (rows // 12).astype(str), rows)


def _several(right: float, seed: int, n: int = 240) -> Predictions:
    truth = (np.random.default_rng(0).random((n, 3)) < 0.4).astype(np.int64)
    rng = np.random.default_rng(seed)
    probability = right * truth + (1 - right) * rng.random((n, 3))
    rows = np.arange(n)
    return Predictions(("a", "b", "c"), truth, probability, rows.astype(str), (rows // 12).astype(str), rows)


def _macro(found: Predictions, rows: np.ndarray, labels: int) -> float:
    return f1_score(found.truth[rows], found.decided[rows], labels=range(labels), average="macro", zero_division=0)


@pytest.mark.parametrize(
    ("classes", "metric", "counted"), [(("a", "b", "c", "d"), "macro_f1", 4), (CHALLENGE2017, "challenge_score", 3)]
)
@pytest.mark.parametrize("unit", ["patient", "beat"])
def test_the_difference_is_that_of_resamples_drawn_one_by_one(classes, metric: str, counted: int, unit: str):
    """The score of the Challenge 2017 leaves its fourth class, noise, out."""
    first, second = _answers(classes, 0.7, 1), _answers(classes, 0.6, 2)
    groups = first.patient if unit == "patient" else np.arange(len(first.truth))
    drawn = []
    for weights in draw_weights(groups, _DRAWS, 0):
        rows = np.repeat(np.arange(len(weights)), weights)
        drawn.append(_macro(first, rows, counted) - _macro(second, rows, counted))
    official_score = "challenge2017" if metric == "challenge_score" else ""
    found, whole = paired(first, second, unit, _DRAWS, official_score=official_score), np.arange(len(first.truth))
    assert found["metric"] == metric
    told = found["difference"]
    expected = _macro(first, whole, counted) - _macro(second, whole, counted)
    np.testing.assert_allclose(told["value"], expected, atol=1e-6)
    np.testing.assert_allclose([told["low"], told["high"]], np.quantile(drawn, [0.025, 0.975]), atol=1e-6)
    smaller = min((np.array(drawn) <= 0).sum(), (np.array(drawn) >= 0).sum())
    assert found["p"] == pytest.approx(min(1.0, 2 * (smaller + 1) / (_DRAWS + 1)), abs=1e-6)


def test_the_same_answers_do_not_differ():
    found = paired(_answers(("a", "b"), 0.7, 1), _answers(("a", "b"), 0.7, 1), "patient", _DRAWS)
    assert found["difference"] == {"value": 0, "low": 0, "high": 0}
    assert found["p"] == 1


def test_p_is_never_below_what_the_draws_can_tell():
    found = paired(_answers(("a", "b"), 1.0, 1), _answers(("a", "b"), 0.0, 2), "patient", _DRAWS)
    assert found["p"] == pytest.approx(2 / (_DRAWS + 1), abs=1e-6)


def test_where_a_window_bears_several_classes_areas_and_micro_f1_are_compared():
    first, second = _several(0.6, 1), _several(0.3, 2)
    found = paired(first, second, "patient", _DRAWS)

    def by(metric) -> float:
        return metric(first) - metric(second)

    expected = {
        "macro_auroc": by(lambda one: roc_auc_score(one.truth, one.probability, average="macro")),
        "macro_auprc": by(lambda one: average_precision_score(one.truth, one.probability, average="macro")),
        "micro_f1": by(lambda one: f1_score(one.truth, one.decided, average="micro")),
    }
    assert {name: row["difference"]["value"] for name, row in found.items()} == pytest.approx(expected, abs=1e-6)
    assert all(row["difference"]["low"] > 0 and row["p"] < 0.05 for row in found.values())


@pytest.mark.parametrize("several", [False, True])
def test_a_comparison_has_the_figures_of_both(several: bool):
    first, second = (
        (_several(0.6, 1), _several(0.3, 2)) if several else (_answers(("a", "b"), r, 1) for r in (0.7, 0.6))
    )
    found = compare(first, second, "patient", _DRAWS)
    assert found["n_test"] == 240 and found["n_patients"] == 20
    assert list(found["metrics"]) == (["macro_auroc", "macro_auprc", "micro_f1"] if several else ["macro_f1"])
    whole = [evaluate(answers, "patient", _DRAWS) for answers in (first, second)]
    tests = paired(first, second, "patient", _DRAWS)
    for name, row in found["metrics"].items():
        assert [row["first"], row["second"]] == [scores[name] for scores in whole]
        test = tests[name] if several else tests
        assert (row["difference"], row["p"]) == (test["difference"], test["p"])


@pytest.mark.parametrize("what", ["record", "position", "truth"])
def test_answers_for_other_windows_are_refused(what: str):
    first = _answers(("a", "b"), 0.7, 1)
    with pytest.raises(ConfigurationFault, match="different windows"):
        paired(first, replace(first, **{what: getattr(first, what)[::-1]}), "patient", _DRAWS)


def test_answers_of_other_classes_are_refused():
    first = _answers(("a", "b"), 0.7, 1)
    with pytest.raises(ConfigurationFault, match="different classes"):
        paired(first, replace(first, classes=("a", "c")), "patient", _DRAWS)
