"""Each rule of fusion against arithmetic by hand; the two decisions of patient_context against theirs."""

import numpy as np
import pytest
import torch

from einthoven.errors import ConfigurationFault
from einthoven.models import MODELS
from einthoven.models.cost import multiply_accumulates
from einthoven.models.ensemble import RULES, Ensemble, OverCrops
from einthoven.models.inputs import InputShape, built, call, missing_parts, reads

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
    with pytest.raises((ValueError, ConfigurationFault)):
        Ensemble(2, 4, 180, **settings)


def test_timing_alone_parts_the_first_two_classes():
    """Neither the shapes of beats nor the likeness of neighbours moves a beat between them; intervals and P waves do."""
    torch.manual_seed(0)
    net = MODELS["patient_context"](1, 4, 144, beat_samples=144, r_peak=54).eval()
    parts = [torch.randn(6, 1, 144), torch.randn(6, 1, 144), torch.randn(6, 56)]
    before = net(*parts).exp()
    torch.testing.assert_close(before.sum(dim=1), torch.ones(6))

    def share(p: torch.Tensor) -> torch.Tensor:
        return p[:, 1] / p[:, :2].sum(dim=1)

    alike = parts[2].clone()
    alike[:, net.n_timing :] = torch.randn(6, 56 - net.n_timing)
    for at, other in ((0, torch.randn(6, 1, 144)), (1, torch.randn(6, 1, 144)), (2, alike)):
        after = net(*parts[:at], other, *parts[at + 1 :]).exp()
        torch.testing.assert_close(share(before), share(after))
        assert not torch.allclose(before[:, 2], after[:, 2])
    timing = parts[2].clone()
    timing[:, : net.n_timing] = torch.randn(6, net.n_timing)
    assert not torch.allclose(share(before), share(net(*parts[:2], timing).exp()))


OTHERS = InputShape(2, 200, 90, 30, 7)


def test_an_ensemble_reads_what_its_members_read():
    """Each member gets its own parts; what none reads is not asked for."""
    members = (("cnn", {"widths": [8, 8]}), ("forest", {"n_trees": 4}), ("forest", {"n_trees": 4, "n_bins": 0}))
    torch.manual_seed(0)
    net = built(Ensemble, OTHERS, 3, {"members": members}).eval()
    assert net.inputs == ("signal", "beat", "features")
    inputs = OTHERS.sample(5, torch.randn)
    each = [call(member, inputs).softmax(dim=1) for member in net.members]
    torch.testing.assert_close(call(net, inputs).exp(), torch.stack(each).mean(dim=0))
    cnn, forest, of_numbers = net.members
    assert (reads(cnn), reads(forest), reads(of_numbers)) == (("signal",), ("beat", "features"), ("features",))
    without = built(Ensemble, OTHERS, 3, {"members": members[1:]})
    assert without.inputs == ("beat", "features")
    assert built(Ensemble, OTHERS, 3, {"members": members[2:]}).inputs == ("features",)
    assert missing_parts(without, InputShape(2, 200)) == ("beat", "features")


def test_a_member_of_crops_looks_at_the_signal_alone():
    """It answers with the mean over its crops, beside one that reads typical beats."""
    members = (("cnn", {"widths": [8, 8]}, 80), ("typical_beat", {"width": 4, "window_width": 4, "hidden": 8}))
    torch.manual_seed(0)
    net = built(Ensemble, OTHERS, 3, {"members": members}).eval()
    inputs = OTHERS.sample(5, torch.randn)
    crops, beats = net.members
    at = [inputs["signal"][:, :, start : start + 80] for start in (0, 40, 80, 120)]
    wanted = torch.stack([crops.network(piece) for piece in at]).mean(dim=0)
    torch.testing.assert_close(call(crops, inputs), wanted)
    each = wanted.softmax(dim=1), call(beats, inputs).softmax(dim=1)
    torch.testing.assert_close(call(net, inputs).exp(), (each[0] + each[1]) / 2)


@pytest.mark.parametrize("name", ["inception1d", "hybrid", "transformer", "mamba2", "s4"])
def test_crops_cost_as_often_as_they_are_looked_at(name: str):
    """1000 samples in crops of 400 that overlap by half: four, each as dear as one window of 400."""
    inner = MODELS[name](2, 3, 400)
    whole = multiply_accumulates(OverCrops(inner, 1000, 400), InputShape(2, 1000))
    assert whole == 4 * multiply_accumulates(inner, InputShape(2, 400))


def test_what_excludes_the_first_class_lowers_it_alone():
    members = (("cnn", {"widths": [8, 8]}), ("resnet1d", {"widths": [8]}))
    torch.manual_seed(0)
    excluded_by = ("cnn", {"widths": [8, 8]}, 4, [1, 3])
    net = Ensemble(2, 3, 180, members=members, multilabel=True, excluded_by=excluded_by).eval()
    x = torch.randn(5, 2, 180, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        net.excluding.head.bias[1] += torch.tensor(2.0)
        mean = torch.stack([torch.sigmoid(member(x)) for member in net.members]).mean(dim=0)
        there = torch.sigmoid(net.excluding(x))
        found = torch.sigmoid(net(x))
    q = (1 - there[:, 1]) * (1 - there[:, 3])
    torch.testing.assert_close(found[:, 0], mean[:, 0] * q**2 / (q**2 + (1 - q) ** 2))
    torch.testing.assert_close(found[:, 1:], mean[:, 1:])


def test_only_classes_with_probabilities_of_their_own_are_excluded():
    with pytest.raises(ValueError, match="multilabel"):
        Ensemble(2, 3, 180, excluded_by=("cnn", {}, 4, [1]))
