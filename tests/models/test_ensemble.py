"""Each rule of fusion against arithmetic by hand; the two decisions of patient_context against theirs."""

import numpy as np
import pytest
import torch

from einthoven.models import MODELS
from einthoven.models.cost import multiply_accumulates
from einthoven.models.ensemble import RULES, Ensemble, OverCrops

EACH = np.array(
    [
        [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1]],
        [[0.5, 0.4, 0.1], [0.4, 0.5, 0.1], [0.34, 0.33, 0.33]],
    ]
)
"""Probabilities of three members for two windows and three classes."""
SHARES = torch.full((3,), 1 / 3)


def fused(rule, shares=SHARES):
    return RULES[rule](torch.tensor(EACH), shares.double()).numpy()


def test_mean_and_weighted():
    np.testing.assert_allclose(fused("mean"), EACH.mean(axis=1), atol=1e-6)
    shares = np.array([0.5, 0.5, 0.0])
    np.testing.assert_allclose(fused("weighted", torch.tensor(shares)), EACH[:, :2].mean(axis=1), atol=1e-6)


def test_vote_and_its_ties():
    assert fused("vote").argmax(axis=1).tolist() == [1, 0]
    tied = torch.tensor(EACH[1:, :2])
    assert RULES["vote"](tied, torch.full((2,), 0.5)).argmax(dim=1).item() == 0


def test_dynamic_takes_the_two_surest():
    np.testing.assert_allclose(fused("dynamic")[0], EACH[0, [0, 2]].mean(axis=0))


def test_top2_classes_drops_the_third():
    want = np.array([0.6 + 0, 0.3 + 0.5 + 0.8, 0.3]) + np.array([0.1, 0, 0.1])  # a tie for the second place keeps both
    np.testing.assert_allclose(fused("top2_classes")[0], want / want.sum())


@pytest.mark.parametrize("rule", RULES)
def test_probabilities_sum_to_one(rule):
    np.testing.assert_allclose(fused(rule).sum(axis=1), 1)


def test_an_ensemble_answers_as_its_members_do():
    members = (("cnn", {"widths": [8, 8]}), ("resnet1d", {"widths": [8]}))
    net = Ensemble(2, 4, 180, members=members, rule="weighted", weights=(3, 1)).eval()
    x = torch.randn(5, 2, 180, generator=torch.Generator().manual_seed(0))
    first, second = (member(x).softmax(dim=1) for member in net.members)
    torch.testing.assert_close(net(x).exp(), 0.75 * first + 0.25 * second)


@pytest.mark.parametrize(
    "settings",
    [{"rule": "best"}, {"rule": "weighted"}, {"rule": "weighted", "weights": (1, -1)}, {"members": (("x", {}),)}],
)
def test_nonsense_is_refused(settings):
    with pytest.raises((ValueError, KeyError)):
        Ensemble(2, 4, 180, **settings)


def test_timing_alone_parts_the_first_two_classes():
    torch.manual_seed(0)
    net = MODELS["patient_context"](3, 4, 144).eval()
    x = torch.randn(6, 3, 144)
    other = x.clone()
    other[:, :2] = torch.randn(6, 2, 144)
    before, after = net(x).exp(), net(other).exp()
    torch.testing.assert_close(before.sum(dim=1), torch.ones(6))
    torch.testing.assert_close(before[:, 1] / before[:, :2].sum(dim=1), after[:, 1] / after[:, :2].sum(dim=1))
    assert not torch.allclose(before[:, 2], after[:, 2])


@pytest.mark.parametrize("name", ["inception1d", "hybrid", "transformer", "mamba2", "s4"])
def test_crops_cost_as_often_as_they_are_looked_at(name: str):
    """1000 samples in crops of 400 that overlap by half: four, each as dear as one window of 400."""
    inner = MODELS[name](2, 3, 400)
    assert multiply_accumulates(OverCrops(inner, 1000, 400), 5, 1000) == 4 * multiply_accumulates(inner, 2, 400)
