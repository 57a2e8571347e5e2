"""The model contract, over MODELS: a model without a row in SIZES fails it."""

import inspect

import pytest
import torch

from einthoven.models import MODELS, cost
from einthoven.models.described import SECTIONS, describe
from einthoven.models.inputs import InputShape, answers_samples, arguments, built, call, missing_parts, reads
from einthoven.signal.windows import PARTS

SIZES = {"cnn": 365_253, "cnn_lstm": 156_933, "cnn_lstm_attention": 172_933, "resnet1d": 545_157}
SIZES |= {"patient_context": 116_584, "ensemble": 67_162, "hybrid": 516_229, "xresnet1d": 1_870_661}
SIZES |= {"inception1d": 408_325, "s4": 202_885, "bilstm": 531_717}
SIZES |= {
    "transformer": 274_693,
    "mamba2": 243_397,
    "typical_beat": 231_294,
    "forest": 1_200,
    "beat_forest": 56,
    "linear_beat": 120,
    "litenet": 941_189,
}
SIZES |= {"rhythm": 364_657, "arrhythminet_v1": 59_501, "arrhythminet_v2": 32_789, "self_onn": 65_845}
SIZES |= {"delnet": 612_837, "delineator": 259_860, "lstm_svm": 48_037, "ecg_smart_net": 4_371_781}
SIZES |= {"sevggnet_lstm": 431_803}
"""Parameters for five classes and :func:`shape_for` two leads of 360 samples: typical beats of 90 samples and 7 measurements;
of patient_context beats as long as the window and 56 measurements; of rhythm beats of 135 samples and 116 measurements."""
SHAPES = [(1, 4, 360), (2, 5, 360), (12, 9, 1000), (3, 2, 187)]
OTHER_PARTS = {"patient_context": (None, None, 56), "rhythm": (135, 45, 116)}
"""Samples of the typical beat, of it ahead of the R peak, and measurements, of those that read others than 90, 30 and 7."""


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


def shape_for(name: str, n_leads: int = 2, n_samples: int = 360) -> InputShape:
    """What a model reads of windows of so many leads and samples; what it does not read is there too."""
    beat_samples, r_peak, n_features = OTHER_PARTS.get(name, (90, 30, 7))
    of_window = n_samples if beat_samples is None else beat_samples
    return InputShape(n_leads, n_samples, of_window, n_samples // 3 if r_peak is None else r_peak, n_features)


def network(name: str, n_leads: int = 2, n_classes: int = 5, n_samples: int = 360) -> torch.nn.Module:
    torch.manual_seed(0)
    return built(MODELS[name], shape_for(name, n_leads, n_samples), n_classes, {})


def batch(name: str, n_leads: int = 2, n_samples: int = 360, n: int = 4, seed: int = 1) -> dict[str, torch.Tensor]:
    """Random windows with every part."""
    rng = torch.Generator().manual_seed(seed)
    return shape_for(name, n_leads, n_samples).sample(n, lambda size: torch.randn(size, generator=rng))


def test_every_model_has_a_row():
    assert set(SIZES) == set(MODELS)


def test_parameters(name):
    assert sum(p.numel() for p in network(name).parameters()) == SIZES[name]


def test_what_is_read_is_declared_in_the_order_of_the_arguments(name):
    """Of the parts of a window, some; a shape that lacks one is told which."""
    net = network(name)
    assert reads(net) == tuple(part for part in PARTS if part in reads(net)) != ()
    assert not missing_parts(net, shape_for(name))
    bare = InputShape(2, 360)
    assert missing_parts(MODELS[name], bare) == tuple(part for part in reads(MODELS[name]) if part != "signal")


@pytest.mark.parametrize("shape", SHAPES)
def test_any_number_of_leads_classes_and_samples(name, shape):
    n_leads, n_classes, n_samples = shape
    net = network(name, *shape).eval()
    inputs = batch(name, n_leads, n_samples)
    logits = call(net, inputs)
    assert logits.shape == (4, n_classes, n_samples)[: 3 if answers_samples(net) else 2]
    assert torch.isfinite(logits).all()
    torch.testing.assert_close(logits, net.head(net.features(*arguments(net, inputs))))


def test_every_parameter_gets_a_gradient(name):
    net = network(name, n_samples=187).train()
    torch.manual_seed(0)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.01)
    for _ in range(2):  # a branch may begin at zero, and then pass nothing back at first
        optimiser.zero_grad()
        logits, truth = call(net, batch(name, n_samples=187, n=8)), torch.arange(8) % 5
        truth = truth[:, None].expand(8, 187) if answers_samples(net) else truth
        torch.nn.functional.cross_entropy(logits, truth).backward()
        optimiser.step()
    for label, parameter in net.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.abs().sum() > 0, label
        assert torch.isfinite(parameter.grad).all(), label


def test_members_of_a_batch_do_not_influence_each_other(name):
    net = network(name).eval()
    inputs = batch(name)
    before = call(net, inputs)
    alone = torch.cat([call(net, {part: x[at : at + 1] for part, x in inputs.items()}) for at in range(4)])
    torch.testing.assert_close(before, alone, atol=1e-5, rtol=1e-4)
    for part in reads(net):
        disturbed = inputs | {part: inputs[part].clone()}
        disturbed[part][0] = 100
        torch.testing.assert_close(call(net, disturbed)[1:], before[1:], atol=1e-5, rtol=1e-4)


def test_the_answer_depends_on_every_lead_of_what_is_read(name):
    net = network(name).eval()
    inputs, others = batch(name, n=8), batch(name, n=8, seed=2)
    before = call(net, inputs)
    for part in set(reads(net)) - {"features"}:
        for lead in range(2):
            changed = inputs | {part: inputs[part].clone()}
            changed[part][:, lead] = 3 * others[part][:, lead]
            assert not torch.allclose(call(net, changed), before), (part, lead)


def test_the_answer_depends_on_every_part_that_is_declared_and_on_no_other(name):
    net = network(name).eval()
    inputs, others = batch(name, n=8), batch(name, n=8, seed=2)
    before = call(net, inputs)
    for part in PARTS:
        after = call(net, inputs | {part: 3 * others[part]})
        assert torch.equal(after, before) == (part not in reads(net)), part
    assert torch.equal(call(net, {part: inputs[part] for part in reads(net)}), before)


def test_save_and_load_give_the_same_output(name, tmp_path):
    from safetensors.torch import load_file, save_file

    net = network(name)
    call(net, batch(name))
    net.eval()
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    other = built(MODELS[name], shape_for(name), 5, {})
    other.load_state_dict(load_file(tmp_path / "w.safetensors"))
    assert torch.equal(call(net, batch(name)), call(other.eval(), batch(name)))


def test_every_architecture_describes_itself_and_each_setting(name):
    description = describe(MODELS[name])
    assert description.summary.endswith(".")
    assert list(description.sections) == list(SECTIONS) and all(description.sections.values())
    assert [setting.name for setting in description.settings if len(setting.meaning) < 8] == []


def test_numpydoc_reads_the_same_settings(name):
    docscrape = pytest.importorskip("numpydoc.docscrape", reason="needs numpydoc")
    text = docscrape.NumpyDocString(inspect.getdoc(MODELS[name]))
    meanings = {one.name: " ".join(line.strip() for line in one.desc) for one in text["Parameters"]}
    assert meanings.keys() >= {setting.name for setting in describe(MODELS[name]).settings}
    for setting in describe(MODELS[name]).settings:
        assert setting.meaning == meanings[setting.name]


def test_every_model_counts_its_cost(name):
    net = network(name)
    n = cost.multiply_accumulates(net, shape_for(name))
    assert n > (0 if name in ("forest", "beat_forest") else 0.5 * cost.parameters(net))
    assert net.training
    assert not net.eval().training
