"""Sets hold the promised share of each class, and doubt marks the promised share of answers."""

from dataclasses import asdict

import numpy as np
import pytest

from einthoven.errors import ConfigurationFault
from einthoven.evaluation.conformal import FEWEST, Conformal, conformal, measured
from einthoven.evaluation.doubt import Doubt, doubt

CLASSES = ("N", "A", "O")


def made(n, seed):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet((2.0, 0.5, 1.0), n)
    return p, (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_each_class_is_covered_as_promised(coverage):
    one = conformal(*made(6000, 0), CLASSES)
    p, truth = made(6000, 1)
    found = measured(one.sets(p, coverage), truth, CLASSES, coverage)
    for name in CLASSES:
        assert coverage - 0.05 < found["by_class"][name] < coverage + 0.05
    assert one.sets(p, 0.95)[one.sets(p, 0.5)].all(), "a set of less coverage is within one of more"


def test_the_quantile_is_that_of_the_ranks():
    p, truth = made(300, 0)
    one, at = conformal(p, truth, CLASSES), truth == 0
    scores = np.sort(1 - p[at, 0])
    rank = int(np.ceil((at.sum() + 1) * 0.9))
    assert scores[rank - 1] <= one.limits(0.9)[0] <= scores[min(rank + 2, at.sum() - 1)] + 1e-5
    assert one.limits(0.9999)[0] == np.inf, "too few records for this coverage: the class is in every set"


def test_nothing_is_promised_for_rare_classes():
    p, truth = made(300, 0)
    truth[truth == 1] = 0
    truth[: FEWEST - 1] = 1
    one = conformal(p, truth, CLASSES)
    assert one.not_promised == ("A",)
    assert not one.sets(p, 0.9)[:, 1].any()


@pytest.mark.parametrize("coverage", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_coverage_outside_is_refused(coverage):
    with pytest.raises(ConfigurationFault, match="no set") as error:
        conformal(*made(300, 0), CLASSES).limits(coverage)
    assert "--coverage" in error.value.remedy


def test_plain_values_come_back_and_wrong_ones_are_refused():
    one = conformal(*made(300, 0), CLASSES, {"n": 3})
    plain = asdict(one)
    assert Conformal.from_dict(plain) == one
    for change in ({"scores": ((2.0,),) * 3, "ranks": ((1,),) * 3}, {"n": (1,)}, {"ranks": 3}):
        with pytest.raises(ValueError, match="conformal"):
            Conformal.from_dict(plain | change)


def test_doubt_marks_a_share_and_counts_the_errors_in_it():
    rng = np.random.default_rng(0)
    confidence = rng.random(1000)
    wrong = rng.random(1000) > confidence
    one = doubt(confidence, wrong, np.repeat(np.arange(20), 50), 0.1, {"corpus": "made"})
    marked = confidence < one.limit
    assert 0.08 < marked.mean() <= 0.1
    assert one.measured["errors_caught"] == pytest.approx((wrong & marked).sum() / wrong.sum(), abs=1e-4)
    assert one.measured["error_of_the_others"] == pytest.approx(wrong[~marked].mean(), abs=1e-4)
    expected = 1 - confidence.reshape(20, 50).mean(axis=1)
    assert (expected > one.person_limit).sum() == 2
    assert Doubt.from_dict(asdict(one)) == one
    for change in ({"limit": float("nan")}, {"limit": 2}, {"person_limit": "much"}, {"limit": None}):
        with pytest.raises(ValueError):
            Doubt.from_dict(asdict(one) | change)
