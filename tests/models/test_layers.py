"""Layers that are faster than torch's own, or not in it, against torch's own or their definition."""

import pytest
import torch

from einthoven.models import blocks, litenet, mamba2, transformer
from einthoven.models.blocks import BatchNorm1d, Conv1d, MaxPool1d
from einthoven.models.self_onn import OperationalConv1d


@pytest.mark.parametrize(("n_samples", "stride", "before"), [(20, 2, 6), (21, 2, 7), (20, 1, 7)])
def test_same_padding_is_the_authors(n_samples, stride, before):
    layer = litenet.SameConv1d(1, 1, 15, stride)
    x = torch.randn(2, 1, n_samples)
    behind = (-(-n_samples // stride) - 1) * stride + 15 - n_samples - before
    padded = torch.nn.functional.pad(x, (before, behind))
    wanted = torch.nn.functional.conv1d(padded, layer.weight, layer.bias, stride)
    torch.testing.assert_close(layer(x), wanted)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("n_samples", [10, 11])
def test_the_fast_layout_computes_what_torch_computes(stride, n_samples):
    torch.manual_seed(0)
    x = torch.randn(3, 4, n_samples)
    ours = Conv1d(4, 6, 5, stride, bias=True)
    theirs = torch.nn.Conv1d(4, 6, 5, stride, padding=2)
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(x), theirs(x))
    norm, plain = BatchNorm1d(4), torch.nn.BatchNorm1d(4)
    torch.testing.assert_close(norm(x), plain(x))
    torch.testing.assert_close(norm.running_var, plain.running_var)
    torch.testing.assert_close(MaxPool1d(3, 2, 1)(x), torch.nn.functional.max_pool1d(x, 3, 2, 1, ceil_mode=True))


def test_an_operational_layer_of_the_first_power_is_a_convolution():
    torch.manual_seed(0)
    layer, x = OperationalConv1d(3, 5, 7, 1), torch.randn(2, 3, 40)
    wanted = torch.nn.functional.conv1d(x, layer.powers.weight, layer.powers.bias, padding=3)
    torch.testing.assert_close(layer(x), wanted)


def test_an_operational_layer_is_a_sum_over_powers():
    torch.manual_seed(0)
    layer, x = OperationalConv1d(3, 5, 7, 4), torch.randn(2, 3, 40).tanh()
    wanted = layer.powers.bias[None, :, None]
    for q, weight in enumerate(layer.powers.weight.split(3, dim=1), 1):
        wanted = wanted + torch.nn.functional.conv1d(x**q, weight, padding=3)
    torch.testing.assert_close(layer(x), wanted)


@pytest.mark.parametrize("n_samples", [938, 939])
def test_a_strided_convolution_of_one_sample_is_torch_s_and_keeps_to_its_memory(n_samples):
    torch.manual_seed(0)
    layer, x = Conv1d(8, 16, 1, 2), torch.randn(9, 8, n_samples)
    torch.testing.assert_close(layer(x), torch.nn.functional.conv1d(x, layer.weight, stride=2))
    for _ in range(30):
        with torch.autocast("cpu", torch.bfloat16):
            answer = layer(x)
        answer.float().sum().backward()
    assert torch.isfinite(layer.weight.grad).all()


@pytest.mark.parametrize("kept_last", [False, True])
def test_dropout_silences_its_share_and_keeps_the_mean_and_the_layout(kept_last):
    torch.manual_seed(0)
    x = torch.ones(8, 50, 1000)
    x = (x.transpose(1, 2).contiguous().transpose(1, 2) if kept_last else x).requires_grad_()
    layer = blocks.Dropout(0.3)
    y = layer(x)
    y.sum().backward()
    assert y.stride() == x.stride()
    assert float((y == 0).float().mean()) == pytest.approx(0.3, abs=0.004)
    torch.testing.assert_close(y.unique(), torch.tensor([0.0, 1 / 0.7]))
    torch.testing.assert_close(x.grad, y.detach())
    assert float((y[:, :, 1:] == y[:, :, :-1]).float().mean()) == pytest.approx(0.7**2 + 0.3**2, abs=0.004)
    assert torch.equal(layer.eval()(x), x)


def test_lstm_in_training_is_torch_s():
    torch.manual_seed(0)
    x = torch.randn(3, 20, 4)
    found = []
    for layer in ((ours := blocks.LSTM(4, 6, 2, 0.0)), ours.as_torch()):
        asked = x.clone().requires_grad_()
        out, (states, cells) = layer.train()(asked)
        (out.square().sum() + states.sum() + cells.sum()).backward()
        found.append((out.detach(), states.detach(), cells.detach(), asked.grad, layer.weight_hh_l1_reverse.grad))
    for mine, wanted in zip(*found, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-5)
    dropped = blocks.LSTM(4, 6, 2, 0.5)
    dropped.load_state_dict(ours.state_dict())
    states = dropped(x)[1][0].detach()
    torch.testing.assert_close(states[:2], found[0][1][:2])
    assert not torch.allclose(states[2:], found[0][1][2:], atol=1e-3)
    torch.testing.assert_close(dropped.eval()(x)[0].detach(), found[0][0])


def test_attention_in_training_is_torch_s():
    torch.manual_seed(0)
    layer = transformer._EncoderLayer(32, 4, 16, 0.0)
    x = torch.randn(3, 10, 32)
    wanted = torch.nn.TransformerEncoderLayer._sa_block(layer, x, None, None)
    torch.testing.assert_close(layer.train()._sa_block(x, None, None), wanted, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(layer.eval()(x), layer.train()(x), atol=1e-5, rtol=1e-5)


def test_the_recurrence_s_own_gradient_is_autograd_s():
    torch.manual_seed(0)
    pieces = torch.randn(6, 5, 5), -torch.rand(6, 3, 5).cumsum(dim=2), torch.randn(6, 3, 5, 2)
    found = []
    for way in (mamba2._WithinChunks.apply, mamba2._within_chunks):
        asked = [piece.clone().requires_grad_() for piece in pieces]
        answer = way(*asked)
        (answer * torch.linspace(-1, 1, answer.numel()).view_as(answer)).sum().backward()
        found.append((answer.detach(), *(piece.grad for piece in asked)))
    for ours, wanted in zip(*found, strict=True):
        torch.testing.assert_close(ours, wanted, atol=1e-5, rtol=1e-4)
