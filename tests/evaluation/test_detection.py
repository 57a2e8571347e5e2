"""The detection of a class: beside scikit-learn, over seeds, and paired."""

import numpy as np
import pytest

from einthoven.evaluation.detection import detected, difference
from einthoven.evaluation.predictions import Predictions

TRUTH = np.random.default_rng(0).integers(0, 2, 120)
PERSON = np.repeat(np.arange(12), 10).astype(str)


def answers(strength: float, seed: int) -> Predictions:
    """Predictions that know the truth so well."""
    score = 1 / (1 + np.exp(-(strength * TRUTH + np.random.default_rng(seed).standard_normal(120))))
    both = np.stack((1 - score, score), axis=1)
    return Predictions(("none", "there"), TRUTH, both, PERSON, PERSON, np.arange(120))


def test_metrics_are_scikit_learns_averaged_over_seeds():
    metrics = pytest.importorskip("sklearn.metrics")
    seeds = [answers(1.0, 1), answers(1.0, 2)]
    found = detected(seeds, "there", "patient", 50)
    scores = [one.probability[:, 1] for one in seeds]
    for name, of in (("average_precision", metrics.average_precision_score), ("auc", metrics.roc_auc_score)):
        wanted = [of(TRUTH, score) for score in scores]
        np.testing.assert_allclose(found["by_seed"][name], wanted)
        assert found[name]["value"] == pytest.approx(np.mean(wanted))
        assert found[name]["low"] < found[name]["value"] < found[name]["high"]
    assert found["prevalence"] == TRUTH.mean() and found["n_positive"] == TRUTH.sum()


def test_a_difference_is_paired():
    """A model less itself is nothing, in every draw; a better one is better by the difference of the metrics."""
    good, poor = [answers(3.0, 1)], [answers(0.5, 2), answers(0.5, 3)]
    same = difference(good, good, "there", "patient", 50)
    assert all(row["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0} and row["p"] == 1 for row in same.values())
    first, second = (detected(one, "there", "patient", 50) for one in (good, poor))
    for name, row in difference(good, poor, "there", "patient", 50).items():
        assert row["difference"]["value"] == pytest.approx(first[name]["value"] - second[name]["value"], abs=2e-6)
        assert row["difference"]["low"] > 0


def test_intervals_are_over_whole_people_or_rows():
    by = {unit: detected([answers(1.0, 1)], "there", unit, 200)["auc"] for unit in ("patient", "window")}
    assert by["patient"]["value"] == by["window"]["value"] and by["patient"] != by["window"]
