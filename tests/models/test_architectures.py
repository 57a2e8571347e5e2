"""What is particular to an architecture: sizes of the papers, recurrences, kernels, receptive fields."""

import re

import numpy as np
import pytest
import torch

from einthoven.models import MODELS, biosignal_encoder, cost, intra_inter, lstm_svm, mamba2, s4
from einthoven.models.blocks import Conv1d, MaxPool1d
from einthoven.models.contract import first_breach
from einthoven.models.inputs import InputShape, arguments, around_r_peak, built, call
from einthoven.models.resnet1d import PEDIATRIC, RESNET18
from tests.contracts.test_models import batch, network


def test_xresnet_is_the_benchmark_s():
    assert sum(p.numel() for p in network("xresnet1d", 12, 23, 1000).parameters()) == 1_874_583


@pytest.mark.parametrize(
    ("name", "settings", "n_classes", "n"),
    [
        ("resnet1d", PEDIATRIC, 19, 8_747_155),
        ("bilstm", {}, 19, 545_555),
        ("transformer", {}, 19, 279_443),
        ("mamba2", {}, 19, 246_483),
        ("resnet1d", RESNET18, 9, 8_750_857),
        ("litenet", {}, 9, 946_505),
        ("ecg_smart_net", {}, 2, 6_991_682),
        ("ecg_smart_net", {"across": False}, 2, 3_844_930),
    ],
)
def test_sizes_are_the_papers(name, settings, n_classes, n):
    net = MODELS[name](12, n_classes, 300, **settings)
    assert sum(p.numel() for p in net.parameters()) == n


def test_related_systems_are_as_large_as_their_papers():
    """What is stated of each: parts of a network, one lead, measurements beside the features."""
    size = cost.parameters
    assert size(MODELS["ecg_smart_net"](1, 2, 400)) == 4_108_098
    assert [size(layer) for layer in MODELS["lstm_svm"](1, 2, 3600).layers] == [26_112, 12_544]
    strip = intra_inter.IntraInter(8, 2, 5000, n_read=2)
    assert size(strip) == 8_385_798 and size(intra_inter.IntraInter(1, 2, 5000, n_read=2)) == 8_380_870
    assert size(intra_inter.BeatNet(8)) == 566_912
    assert size(intra_inter.Projection()) == 526_336 and size(intra_inter.RRHead()) == 264_706
    assert size(biosignal_encoder.BiosignalEncoder(2, 1, 6000).blocks) == 2_346_840


@pytest.mark.parametrize("model", [intra_inter.IntraInter, biosignal_encoder.BiosignalEncoder])
def test_a_network_that_waits_for_its_pre_training_keeps_the_contract(model):
    assert first_breach(model, InputShape(2, 187, n_features=7), 5) is None


def test_the_strip_of_intra_inter_shrinks_as_stated():
    strip = intra_inter.IntraInter(8, 2, 5000)
    x, lengths = strip.stem(torch.zeros(1, 8, 5000)), []
    for block in strip.trunk:
        x = block(x)
        lengths.append(x.shape[2])
    assert lengths[::2] == [499, 250, 125, 63, 32, 16, 8, 4]
    assert intra_inter.BeatNet(8)(torch.zeros(1, 8, 600)).shape == (1, 512)


def test_leads_meet_in_every_second_block_of_the_encoder():
    """A patch is told of other leads by the second block, and of other patches by the first."""
    first = torch.randn(1, 2, 400, generator=torch.Generator().manual_seed(0))
    other = first.clone()
    other[:, 1, :40] += 1
    for n_blocks, meets in ((1, False), (2, True)):
        torch.manual_seed(0)
        net = biosignal_encoder.BiosignalEncoder(2, 2, 400, n_blocks=n_blocks).eval()
        with torch.no_grad():
            moved = (net.encoded(first) - net.encoded(other)).abs().amax(dim=3)[0] > 1e-5
        assert moved[1].all() and bool(moved[0].any()) == meets


def test_the_support_vectors_are_scikit_learns():
    svm = pytest.importorskip("sklearn.svm")
    rng = np.random.default_rng(0)
    states = rng.standard_normal((60, 4)).astype(np.float32)
    fitted = svm.SVC(gamma=0.3).fit(states, states[:, 0] * states[:, 1] > 0)
    head = lstm_svm.SupportVectors(4, 2, len(fitted.support_vectors_))
    head.vectors[:] = torch.from_numpy(fitted.support_vectors_)
    head.coefficients[0], head.coefficients[1] = 0, torch.from_numpy(fitted.dual_coef_[0])
    head.intercept[1], head.gamma[...] = float(fitted.intercept_[0]), 0.3
    head.slope[1], head.offset[1] = 2, -1
    with torch.no_grad():
        found = head(torch.from_numpy(states)).numpy()
    np.testing.assert_allclose(found[:, 1], 2 * fitted.decision_function(states) - 1, atol=1e-4)
    assert not found[:, 0].any()


def test_costs_are_counted_by_hand():
    net = torch.nn.Sequential(Conv1d(2, 4, 5, 2), torch.nn.Flatten(), torch.nn.Linear(40, 3))
    assert cost.multiply_accumulates(net, InputShape(2, 20)) == 10 * 4 * 2 * 5 + 120
    lstm = MODELS["bilstm"](2, 3, 20, hidden=4, n_layers=1)
    assert cost.multiply_accumulates(lstm, InputShape(2, 20)) == 2 * 20 * 16 * (2 + 4) + 8 * 3
    layer = MODELS["transformer"](2, 3, 30, width=8, n_layers=1, n_heads=2, feed_forward=16)
    wanted = 10 * (8 * 2 * 3 + 4 * 64 + 2 * 8 * 16) + 2 * 100 * 8 + 8 * 4 + 4 * 3
    assert cost.multiply_accumulates(layer, InputShape(2, 30)) == wanted


def test_litenet_on_one_lead_and_its_lengths():
    net = MODELS["litenet"](1, 9, 15_000).eval()
    assert sum(p.numel() for p in net.parameters()) == 941_225
    x, lengths = torch.zeros(1, 1, 15_000), []
    for layer in net.blocks:
        x = layer(x)
        if isinstance(layer, MaxPool1d):
            lengths.append(x.shape[2])
    assert [*lengths, net.maps(torch.zeros(1, 1, 15_000)).shape[2]] == [3750, 938, 235, 118]


def test_chunks_are_the_recurrence():
    torch.manual_seed(0)
    x, decay = torch.randn(2, 47, 3, 4), -torch.rand(2, 47, 3)
    b, c = torch.randn(2, 47, 5), torch.randn(2, 47, 5)
    states, wanted = torch.zeros(2, 3, 4, 5), []
    for at in range(47):
        states = decay[:, at].exp()[..., None, None] * states + x[:, at, :, :, None] * b[:, at, None, None]
        wanted.append((states * c[:, at, None, None]).sum(dim=-1))
    for chunk in (1, 10, 30, 64):
        torch.testing.assert_close(
            mamba2.chunked_recurrence(x, decay, b, c, chunk), torch.stack(wanted, 1), atol=1e-5, rtol=1e-5
        )


def test_a_stream_ends_where_the_window_ends():
    net = network("mamba2").eval()
    x = batch("mamba2", n_samples=95, n=2)["signal"]
    state = net.start(2)
    with torch.no_grad():
        for sample in x.unbind(dim=2):
            logits = net.step(sample, state)
        torch.testing.assert_close(logits, net(x), atol=1e-5, rtol=1e-5)


def test_the_mixer_is_transformers_own():
    transformers = pytest.importorskip("transformers", reason="needs transformers, which nothing else here does")
    from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

    config = transformers.Mamba2Config(
        hidden_size=128, state_size=64, conv_kernel=4, expand=2, head_dim=8, num_heads=32, n_groups=1, chunk_size=30
    )
    theirs = Mamba2Mixer(config, 0).eval()
    torch.manual_seed(0)
    ours = mamba2.Mixer(128, 64, 4, 256, 8, 30).eval()
    names = {"in_proj": "project", "conv1d": "convolution", "out_proj": "back", "norm": "norm"}
    for their_name, our_name in names.items():
        getattr(theirs, their_name).load_state_dict(getattr(ours, our_name).state_dict())
    theirs.A_log.data, theirs.D.data, theirs.dt_bias.data = ours.log_decay.data, ours.through.data, ours.step_bias.data
    x = torch.randn(2, 95, 128)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-4)


def test_state_space_kernels_are_the_recurrence():
    """The kernel of S4 is what its states do step by step; backwards it sees what is to come."""
    torch.manual_seed(0)
    layer = s4._Layer(2, 3, 40, 0.0)
    u = torch.randn(1, 2, 40)
    step = layer.log_step.exp()[:, None]
    a = torch.complex(-layer.log_decay.exp(), layer.frequency)
    c = torch.view_as_complex(layer.out.detach())
    wanted = torch.zeros(2, 40)
    for row in range(4):
        states = torch.zeros(3, dtype=torch.complex64)
        order = range(40) if row < 2 else range(39, -1, -1)
        for at in order:
            moved = (step[row] * a[row]).exp()
            states = moved * states + (moved - 1) / a[row] * u[0, row % 2, at]
            wanted[row % 2, at] += 2 * (c[row] * states).real.sum()
    torch.testing.assert_close(s4._convolved(u, layer.kernel())[0], wanted.detach(), atol=1e-4, rtol=1e-4)


def test_attention_sums_to_one():
    weights = network("cnn_lstm_attention").eval().attention(batch("cnn_lstm_attention")["signal"])
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(4))


@pytest.mark.parametrize("name", ["resnet1d", "cnn", "hybrid", "inception1d", "arrhythminet_v1", "arrhythminet_v2"])
def test_the_receptive_field_is_as_stated(name):
    """By what a single output of the convolutions can see, beside the number in the docstring."""
    net = MODELS[name](1, 2, 2000, **({"recurrence": ()} if name == "hybrid" else {}))
    stated = int(re.search(r"Receptive field\n.*?(\d+) samples", net.__doc__)[1])
    bodies = {"resnet1d": ("stem", "stages"), "hybrid": ("convolutions",)}
    parts = [getattr(net, part) for part in bodies.get(name, ("blocks",))] if name != "inception1d" else []
    body = torch.nn.Sequential(*(parts or (net.groups[0], net.halve, net.groups[1])))
    for module in body.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.ReLU | torch.nn.Dropout):
            module.forward = lambda x: x
        if isinstance(module, MaxPool1d):
            module.forward = lambda x, m=module: torch.nn.functional.avg_pool1d(
                x, m.size, m.stride, m.padding, ceil_mode=True
            )
        if isinstance(module, torch.nn.Conv1d):
            torch.nn.init.constant_(module.weight, 1 / module.weight[0].numel())
    x = torch.ones(1, 1, 2000, requires_grad=True)
    maps = body(x)
    maps[0, 0, maps.shape[2] // 2].backward()
    seen = np.flatnonzero(x.grad[0, 0].numpy())
    assert seen[-1] - seen[0] + 1 == stated


@pytest.mark.parametrize(("name", "most_kb"), [("arrhythminet_v1", 302.18), ("arrhythminet_v2", 157.76)])
def test_the_smallest_nets_are_as_small_as_the_papers(name, most_kb):
    net = MODELS[name](1, 5, 360)
    floats = sum(values.numel() for values in net.state_dict().values() if values.dtype == torch.float32)
    assert 0.7 * most_kb < 4 * floats / 1024 <= most_kb


def test_the_kernel_of_s4_is_the_same_under_autocast():
    torch.manual_seed(0)
    layer = s4._Layer(4, 3, 50, 0.0)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer.kernel()
    torch.testing.assert_close(found, layer.kernel(), rtol=0, atol=0)


def test_parts_go_to_a_network_in_the_order_of_its_arguments():
    """By their names, whatever the order they are given in and whatever else is there."""
    net = built(MODELS["forest"], InputShape(2, 200, 90, 30, 7), 3, {"n_trees": 4})
    beat, features = torch.randn(5, 2, 90), torch.randn(5, 7)
    given = {"features": features, "beat": beat, "signal": torch.zeros(5, 2, 200)}
    assert [id(x) for x in arguments(net, given)] == [id(beat), id(features)]
    torch.testing.assert_close(call(net, given), net(beat, features))


def test_a_network_is_built_for_the_shapes_of_its_windows():
    """Typical beats and measurements are as long as the windows have them; what is stated goes first."""
    shape = InputShape(1, 1500, 135, 45, 116)
    net = built(MODELS["typical_beat"], shape, 4, {"n_read": 20, "beat_span": 60})
    assert (net.r_peak, net.n_read, net.beat_span) == (45, 20, 60)
    assert net(*arguments(net, shape.sample(2, torch.randn))).shape == (2, 4)
    assert built(MODELS["typical_beat"], shape, 4, {"r_peak": 40}).r_peak == 40
    assert built(MODELS["cnn"], shape, 4, {"widths": [8, 8]})(torch.randn(2, 1, 1500)).shape == (2, 4)


def test_shapes_name_the_parts_that_are_there():
    assert InputShape(2, 100).parts == ("signal",)
    assert InputShape(2, 100, n_features=7).parts == ("signal", "features")
    whole = InputShape(2, 100, 90, 30, 7)
    assert {name: tuple(x.shape) for name, x in whole.sample(3).items()} == {
        "signal": (3, 2, 100),
        "beat": (3, 2, 90),
        "features": (3, 7),
    }


@pytest.mark.parametrize("n_samples, r_peak, span", [(90, 30, 96), (90, 30, 60), (120, 50, 96), (144, 54, 30)])
def test_a_span_of_a_typical_beat_lies_a_third_ahead_of_the_r_peak(n_samples, r_peak, span):
    """Zeros where the beat does not reach."""
    beat = torch.arange(1.0, n_samples + 1).expand(2, 3, -1)
    cut = around_r_peak(beat, r_peak, span)
    assert cut.shape == (2, 3, span)
    wanted = [
        float(at + 1) if 0 <= at < n_samples else 0.0 for at in range(r_peak - span // 3, r_peak - span // 3 + span)
    ]
    assert cut[1, 2].tolist() == wanted


def test_a_typical_beat_of_another_length_than_its_window_is_not_for_patient_context():
    with pytest.raises(ValueError, match="90 samples beside windows of 144"):
        MODELS["patient_context"](1, 4, 144, beat_samples=90)
