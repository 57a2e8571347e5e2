"""The model contract, over MODELS: a model without a row in SIZES fails it."""

import pytest
import torch

from einthoven.models import MODELS, cost

SIZES = {"cnn": 365_253, "cnn_lstm": 156_933, "cnn_lstm_attention": 172_933, "resnet1d": 545_157}
SIZES |= {"patient_context": 115_912, "ensemble": 67_162, "hybrid": 516_229, "xresnet1d": 1_870_661}
SIZES |= {"inception1d": 408_325, "s4": 202_885, "bilstm": 531_717}
SIZES |= {"transformer": 274_693, "mamba2": 243_397, "typical_beat": 230_506, "forest": 1_200, "litenet": 941_189}
SIZES |= {"rhythm": 364_007, "arrhythminet_v1": 59_501, "arrhythminet_v2": 32_789, "self_onn": 65_845}
"""Parameters for two leads, five classes, 360 samples."""
SHAPES = [(1, 4, 360), (2, 5, 360), (12, 9, 1000), (3, 2, 187)]


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


def network(name, n_leads=2, n_classes=5, n_samples=360):
    torch.manual_seed(0)
    return MODELS[name](n_leads, n_classes, n_samples)


def batch(n_leads=2, n_samples=360, n=4):
    return torch.randn(n, n_leads, n_samples, generator=torch.Generator().manual_seed(1))


def test_every_model_has_a_row():
    assert set(SIZES) == set(MODELS)


def test_parameters(name):
    assert sum(p.numel() for p in network(name).parameters()) == SIZES[name]


@pytest.mark.parametrize("shape", SHAPES)
def test_any_number_of_leads_classes_and_samples(name, shape):
    n_leads, n_classes, n_samples = shape
    net = network(name, *shape).eval()
    x = batch(n_leads, n_samples)
    logits = net(x)
    assert logits.shape == (4, n_classes)
    assert torch.isfinite(logits).all()
    torch.testing.assert_close(logits, net.head(net.features(x)))


def test_every_parameter_gets_a_gradient(name):
    net = network(name).train()
    torch.manual_seed(0)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.01)
    for _ in range(2):  # a branch may begin at zero, and then pass nothing back at first
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(batch(n=16)), torch.arange(16) % 5).backward()
        optimiser.step()
    for label, parameter in net.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.abs().sum() > 0, label
        assert torch.isfinite(parameter.grad).all(), label


def test_members_of_a_batch_do_not_influence_each_other(name):
    net = network(name).eval()
    x = batch()
    alone = torch.cat([net(row[None]) for row in x])
    torch.testing.assert_close(net(x), alone, atol=1e-5, rtol=1e-4)
    disturbed = x.clone()
    disturbed[0] = 100
    torch.testing.assert_close(net(disturbed)[1:], net(x)[1:], atol=1e-5, rtol=1e-4)


def test_the_answer_depends_on_every_lead(name):
    net = network(name).eval()
    x = batch(n=32)
    for lead in range(x.shape[1]):
        other = x.clone()
        other[:, lead] = 3 * torch.randn(x[:, lead].shape, generator=torch.Generator().manual_seed(2))
        assert not torch.allclose(net(x), net(other))


def test_save_and_load_give_the_same_output(name, tmp_path):
    from safetensors.torch import load_file, save_file

    net = network(name)
    net(batch(n=8))
    net.eval()
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    other = MODELS[name](2, 5, 360)
    other.load_state_dict(load_file(tmp_path / "w.safetensors"))
    assert torch.equal(net(batch()), other.eval()(batch()))


def test_every_model_tells_its_cost(name):
    net = network(name)
    n = cost.multiply_accumulates(net, 2, 360)
    assert n > (0 if name == "forest" else 0.5 * cost.parameters(net))
    assert not net.eval().training
