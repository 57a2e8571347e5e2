"""An ensemble is a bundle like any other, and remembers everybody whom a member has seen."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from einthoven import bundle
from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.explanation.gradcam import gradcam, laid_over
from einthoven.export.graph import add_graph, to_onnx
from einthoven.inference.predictor import load
from einthoven.models import MODELS
from einthoven.models.inputs import InputShape, built
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.signal.windows import Windows
from einthoven.training.fuse import fuse


def two_members(untrained, folder):
    """Two bundles of different architectures; the second has seen somebody else."""
    card = bundle.load_card(untrained)
    net = MODELS["resnet1d"](1, 4, 360, widths=(8,))
    told = card.training | {"patients": ["mitdb/118"], "validation_macro_f1": 0.5}
    other = replace(card, name="other", architecture="resnet1d", settings={"widths": [8]}, training=told)
    bundle.save(folder / "other", other, {name: tensor.numpy() for name, tensor in net.state_dict().items()})
    return [untrained, folder / "other"]


@pytest.fixture
def members(untrained, tmp_path):
    return two_members(untrained, tmp_path)


@pytest.fixture(scope="module")
def exported(untrained, tmp_path_factory):
    """Two weighted members with their graph; a test that would change it takes a copy."""
    folder = tmp_path_factory.mktemp("exported")
    fuse(folder / "both", two_members(untrained, folder), "weighted", (3, 1))
    add_graph(folder / "both")
    return folder / "both"


def test_it_answers_as_its_members_with_and_without_a_graph(untrained, exported, tmp_path):
    members = [untrained, exported.parent / "other"]
    card = fuse(tmp_path / "both", members, "weighted", (3, 1))
    assert card.patients == {"mitdb/101", "mitdb/118"}
    windows = Windows(np.random.default_rng(0).standard_normal((9, 1, 360)).astype(np.float32))
    first, second = (load(member).probabilities(windows) for member in members)
    want = 0.75 * first + 0.25 * second
    for folder, backend in ((tmp_path / "both", "torch"), (exported, "onnxruntime")):
        assert load(folder).backend.name == backend
        np.testing.assert_allclose(load(folder).probabilities(windows), want, atol=1e-5)
    assert str(Path(__file__).parents[2]).encode() not in (exported / bundle.GRAPH).read_bytes()
    held = onnx.load(exported / bundle.GRAPH, load_external_data=False).graph.initializer
    assert sum(onnx.numpy_helper.to_array(one).nbytes for one in held if not one.external_data) < 2000, (
        "no number twice"
    )
    assert sum(bool(one.external_data) for one in held) > 10
    assert card.n_parameters == sum(bundle.load_card(member).n_parameters for member in members)


@pytest.mark.parametrize("name", [bundle.GRAPH, bundle.NUMBERS])
def test_a_graph_that_was_changed_is_refused(exported, tmp_path, name):
    shutil.copytree(exported, tmp_path / "both")
    file = tmp_path / "both" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(FileDamaged, match="checksum"):
        load(tmp_path / "both").backend  # noqa: B018


def test_an_ensemble_s_graph_needs_onnxruntime(exported, monkeypatch):
    """Its numbers lie elsewhere; where that cannot be, torch answers."""
    assert load(exported).backend.name == "onnxruntime"
    windows = Windows(np.random.default_rng(0).standard_normal((9, 1, 360)).astype(np.float32))
    graph = load(exported).probabilities(windows)
    monkeypatch.setattr("einthoven.inference.backends.find_spec", lambda name: None if name == "onnxruntime" else True)
    assert load(exported).backend.name == "torch"
    np.testing.assert_allclose(load(exported).probabilities(windows), graph, atol=1e-5)


def test_members_that_do_not_fit_are_refused(members, tmp_path):
    card = bundle.load_card(members[1])
    longer = card.preparation.with_settings(after_s=1.0)
    bundle.rewrite_card(members[1], replace(card, preparation=longer))
    with pytest.raises(ConfigurationFault, match="preparation"):
        fuse(tmp_path / "both", members, "mean")
    bundle.rewrite_card(members[1], replace(card, training=card.training | {"protocol": "paper"}))
    with pytest.raises(ConfigurationFault, match="protocol"):
        fuse(tmp_path / "both", members, "mean")
    assert not (tmp_path / "both").exists()


class EveryRule(torch.nn.Module):
    """What ensembles of two members make of their logits [batch, members, classes], by every rule but those above."""

    inputs = ("signal",)

    def __init__(self):
        super().__init__()
        members = [["cnn", {"widths": [4]}]] * 2
        rules = ("vote", "dynamic", "top2_classes")
        self.heads = torch.nn.ModuleList(MODELS["ensemble"](1, 4, 360, members=members, rule=r).head for r in rules)

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        return torch.cat([head(logits.flatten(1)) for head in self.heads], dim=1)


def test_a_graph_of_every_rule():
    """But for ``weighted`` and ``mean``, whose graphs are tested with members; those of the members are the same for all."""
    logits = torch.randn(9, 2, 4, generator=torch.Generator().manual_seed(0))
    rules = EveryRule().eval()
    graph = onnxruntime.InferenceSession(to_onnx(rules, Windows(logits.numpy())))
    (found,) = graph.run(None, {"signal": logits.numpy()})
    assert found.shape == (9, 12)
    np.testing.assert_allclose(found, rules(logits).detach(), atol=1e-4)


def test_sixteen_bits_keep_the_answers_and_the_numbers_of_nodes(untrained, tmp_path):
    card = bundle.load_card(untrained)
    prepared = Preparation(
        SignalSpec(("MLII|II",), 100.0, scaling="millivolt"), Tiles(3.6), ("signal", "beat", "summary")
    )
    net = built(MODELS["forest"], InputShape.of(prepared), 4, {"n_trees": 5})
    net.left[0, 0], net.right[0, 0] = 40000, 200  # 32 and 16 bits
    settings = {"n_trees": 5}
    told = replace(card, name="forest", architecture="forest", settings=settings, preparation=prepared)
    bundle.save(tmp_path / "forest", told, {name: tensor.numpy() for name, tensor in net.state_dict().items()})
    halved = fuse(tmp_path / "halved", [tmp_path / "forest"], "mean", half=True)
    kept = bundle.load_weights(tmp_path / "halved", halved)
    assert {name.removeprefix("members.0."): str(values.dtype) for name, values in kept.items()} == {
        "feature": "int8",
        "left": "int32",
        "right": "int16",
        "threshold": "float16",
        "leaves": "float16",
    }
    again = load(tmp_path / "halved").network.members[0]
    for name in ("feature", "left", "right"):
        assert torch.equal(getattr(again, name), getattr(net, name)) and getattr(again, name).dtype == torch.int32
    torch.testing.assert_close(again.leaves, net.leaves, atol=1e-3, rtol=0)


def test_crops_beside_typical_beats(untrained, tmp_path):
    """A member that sees crops of the trace alone answers in the ensemble as by itself; its graph and its map likewise."""
    card = bundle.load_card(untrained)
    whole = Preparation(SignalSpec(("I", "II"), 100.0, scaling="millivolt"), Tiles(4.0), ("signal", "beat", "summary"))
    alone = whole.with_settings(inputs=("signal",), crop_s=2.0)
    folders = []
    for name, settings, prepared in (
        ("typical_beat", {"width": 8}, whole),
        ("inception1d", {"width": 4, "n_modules": 3}, alone),
    ):
        net = built(MODELS[name], InputShape.of(prepared), 4, settings)
        told = replace(card, name=name, architecture=name, settings=settings, preparation=prepared, multilabel=True)
        bundle.save(tmp_path / name, told, {key: tensor.numpy() for key, tensor in net.state_dict().items()})
        folders.append(tmp_path / name)
    windows = Windows(**{name: x.numpy() for name, x in InputShape.of(whole).sample(3, torch.randn).items()})
    by_themselves = load(folders[0]).probabilities(windows), load(folders[1]).probabilities(Windows(windows.signal))
    want = np.mean(by_themselves, axis=0)
    for at, order in enumerate((folders, folders[::-1])):
        both = tmp_path / f"both{at}"
        assert fuse(both, order, "mean").preparation == whole
        np.testing.assert_allclose(load(both).probabilities(windows), want, atol=1e-5)
    add_graph(both)
    assert load(both).backend.name == "onnxruntime"
    np.testing.assert_allclose(load(both).probabilities(windows), want, atol=1e-5)
    maps = gradcam(load(both).network, windows, np.zeros(3, int))
    assert maps.shape == (3, 400)
    assert 0 < maps.max() <= 1
    with pytest.raises(ConfigurationFault, match="preparation"):
        other = load(folders[1]).card
        bundle.rewrite_card(folders[1], replace(other, preparation=alone.with_settings(high_hz=30.0)))
        fuse(tmp_path / "neither", folders, "mean")


def test_settings_of_members_go_to_the_card_without_what_their_windows_say(members, tmp_path):
    """So that an ensemble's typical beats and measurements are as long as its own windows have them."""
    assert fuse(tmp_path / "both", members, "mean").settings == {
        "members": [["cnn", {"widths": [8, 8]}], ["resnet1d", {"widths": [8]}]],
        "rule": "mean",
    }


def test_maps_of_crops_are_laid_where_they_start():
    maps = torch.tensor([[[1.0, 1.0, 1.0, 1.0], [3.0, 3.0, 3.0, 3.0]]])
    assert laid_over(maps, [0, 2], 6).tolist() == [[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]]
