"""A graph predicts what its network does; its inputs are named as the parts of a window."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

from einthoven.bundle import Card
from einthoven.errors import FileDamaged
from einthoven.export import graph, int8
from einthoven.export.layers import with_folded_norms, with_torch_layers
from einthoven.inference.backends import OnnxBackend, OpenVinoBackend, TorchBackend
from einthoven.inference.ports import parts_of_inputs
from einthoven.models import MODELS
from einthoven.models.blocks import Conv1d, MaxPool1d, SameConv1d
from einthoven.models.inputs import reads
from einthoven.signal.leads import STANDARD
from einthoven.signal.windows import PARTS, Windows, concatenated
from tests.export.untrained import preparation_for, untrained_of


def ports_of(content: bytes) -> list[str]:
    return [port.name for port in onnx.load_from_string(content).graph.input]


def times(windows: Windows, factor: float) -> Windows:
    """Windows with all that a network reads multiplied."""
    return Windows(**{name: np.float32(factor) * values for name, values in windows.parts.items()})


@pytest.mark.parametrize("architecture", MODELS)
def test_every_architecture_is_exported_and_predicts_the_same(architecture, tmp_path):
    model = untrained_of(architecture, tmp_path / "model")
    card, windows = model.card, graph.noise(model.card)
    reference = TorchBackend(model.folder, card)
    wanted = reference.logits(windows)
    content = graph.to_onnx(with_torch_layers(reference.network), windows)
    assert ports_of(content) == list(reads(reference.network)) != []
    for backend in (OnnxBackend, OpenVinoBackend):
        answers = backend(content, card, tmp_path)
        np.testing.assert_allclose(answers.logits(windows), wanted, atol=2e-4, rtol=1e-3)
        np.testing.assert_allclose(answers.logits(windows[:1]), wanted[:1], atol=2e-4, rtol=1e-3)
    small = int8.quantized(content, windows, "extremes")
    answers = OnnxBackend(small, card, tmp_path)
    got = answers.logits(windows)
    assert np.abs(got - wanted).max() < 0.05 * np.ptp(wanted)
    beside_a_large_one = answers.logits(concatenated([windows[:1], times(windows[1:2], 20)]))
    np.testing.assert_allclose(beside_a_large_one[0], got[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "architecture, settings, ports",
    [
        ("forest", {"n_trees": 4}, ["beat", "features"]),
        ("forest", {"n_trees": 4, "n_bins": 0}, ["features"]),
        ("ensemble", {"members": [["cnn", {"widths": [4, 4]}, 64], ["forest", {"n_trees": 4}]]}, [*PARTS]),
        ("ensemble", {"members": [["forest", {"n_trees": 4}], ["forest", {"n_trees": 4}]]}, ["beat", "features"]),
        ("cnn", {"widths": [4, 4]}, ["signal"]),
    ],
)
def test_a_graph_has_one_named_input_for_each_part_that_is_read(architecture, settings, ports, tmp_path):
    """Other parts of the windows are ignored."""
    wanted = preparation_for("forest", ("I", "II"))
    model = untrained_of(architecture, tmp_path / "model", settings, preparation=wanted)
    windows, network = graph.noise(model.card), TorchBackend(model.folder, model.card).network
    content = graph.to_onnx(network, windows)
    assert ports_of(content) == ports
    needed = Windows(windows.signal, **{name: windows.parts[name] for name in ports if name != "signal"})
    for backend in (OnnxBackend, OpenVinoBackend):
        got = backend(content, model.card, tmp_path).logits(needed)
        np.testing.assert_allclose(got, model.backend.logits(windows), atol=1e-5, rtol=1e-4)


def test_a_graph_of_version_0_1_whose_only_input_has_another_name_still_answers(tmp_path):
    model = untrained_of("cnn", tmp_path / "model", {"widths": (4, 4)})
    windows = graph.noise(model.card)
    old = onnx.load_from_string(graph.to_onnx(TorchBackend(model.folder, model.card).network, windows))
    for node in old.graph.node:
        node.input[:] = ["windows" if name == "signal" else name for name in node.input]
    old.graph.input[0].name = "windows"
    content = old.SerializeToString()
    assert ports_of(content) == ["windows"]
    for backend in (OnnxBackend, OpenVinoBackend):
        got = backend(content, model.card, tmp_path).logits(windows)
        np.testing.assert_allclose(got, model.backend.logits(windows), atol=1e-5, rtol=1e-4)
    other = replace(model.card, preparation=model.card.preparation.with_settings(window_s=1.2))
    for backend in (OnnxBackend, OpenVinoBackend):
        with pytest.raises(FileDamaged, match="cannot be loaded") as caught:
            backend(content, other, tmp_path)
        assert "'windows': [12, 96]" in caught.value.found and "[12, 120]" in caught.value.found


@pytest.mark.parametrize("change", [{"signal": [12, 100]}, {"beat": [12, 91]}, {"features": [8]}, {"pulse": [12, 96]}])
def test_a_graph_of_other_shapes_or_inputs_than_the_card_s_is_refused(change):
    card = Card("x", "typical_beat", {}, ("a", "b"), "two", ("a", "b"), preparation_for("forest", STANDARD), {})
    whole = {"signal": [12, 192], "beat": [12, 90], "features": [7]}
    assert parts_of_inputs(card, whole, [2]) == {name: name for name in whole}
    with pytest.raises(ValueError, match="the card says"):
        parts_of_inputs(card, whole | change, [2])
    with pytest.raises(ValueError, match="the card says"):
        parts_of_inputs(card, whole, [3])


def test_any_number_of_windows_can_calibrate():
    windows = Windows(np.random.default_rng(0).standard_normal((33, 1, 360)).astype(np.float32))
    torch.manual_seed(0)
    content = graph.to_onnx(with_torch_layers(MODELS["cnn"](1, 3, 360, widths=(4, 4)).eval()), windows)
    for n in (1, 5, 27, 33):
        for way in ("extremes", "percentile"):
            assert len(int8.quantized(content, windows[:n], way)) < len(content)


@pytest.mark.parametrize("n", [37, 64])
def test_plain_layers_are_the_fast_ones(n):
    torch.manual_seed(0)
    x = torch.randn(3, 4, n)
    for layer in (Conv1d(4, 6, 5, 2), SameConv1d(4, 6, 6, 2), SameConv1d(4, 6, 15, 1), MaxPool1d(3, 2, 1)):
        torch.testing.assert_close(layer.as_torch()(x), layer(x))


def test_folded_layers_give_the_same_logits(tmp_path):
    network = TorchBackend((model := untrained_of("litenet", tmp_path / "m")).folder, model.card).network
    x = torch.from_numpy(graph.noise(model.card).signal)
    for changed in (with_folded_norms(network), with_torch_layers(network)):
        torch.testing.assert_close(changed(x), network(x), atol=1e-5, rtol=1e-4)
        assert sum(isinstance(layer, torch.nn.BatchNorm1d) for layer in changed.modules()) == 0
    assert sum(isinstance(layer, torch.nn.BatchNorm1d) for layer in network.modules()) == 6
