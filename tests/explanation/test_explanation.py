"""Grad-CAM against a net whose reason is known; an ensemble's map against its members'."""

import numpy as np
import pytest
import torch
from torch import nn

from einthoven.cli.main import main
from einthoven.explanation import EXPLAINERS
from einthoven.explanation.gradcam import gradcam
from einthoven.models import MODELS
from einthoven.models.ensemble import Ensemble


class _Watcher(nn.Module):
    """Answers for class 1 by what lies between samples 100 and 119, and by nothing else."""

    def __init__(self):
        super().__init__()
        self.look = nn.Conv1d(1, 1, 1, bias=False)
        nn.init.ones_(self.look.weight)

    def forward(self, x):
        seen = self.look(x)[:, 0, 100:120].mean(dim=1)
        return torch.stack((-seen, seen), dim=1)


def test_the_map_lies_where_the_reason_is():
    x = np.ones((3, 1, 200), np.float32)
    x[:, :, 100:120] = 5
    found = gradcam(_Watcher().eval(), x, np.ones(3, int))
    assert found.shape == (3, 200)
    assert found.argmax(axis=1).min() >= 100
    assert found.argmax(axis=1).max() < 120


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_explained(name):
    torch.manual_seed(0)
    net = MODELS[name](3, 4, 144).eval()
    for layer in net.modules():  # a branch that begins at zero says nothing yet
        if isinstance(layer, torch.nn.BatchNorm1d) and not layer.weight.any():
            torch.nn.init.constant_(layer.weight, 0.5)
    x = np.random.default_rng(0).standard_normal((5, 3, 144)).astype(np.float32)
    for explain in EXPLAINERS.values():
        found = explain(net, x, np.array([0, 1, 2, 3, 2]))
        assert found.shape == (5, 144)
        assert np.isfinite(found).all()
        assert found.min() >= 0
        assert found.max() <= 1
        assert found.max() > 0


def test_an_ensemble_s_map_is_its_members():
    torch.manual_seed(0)
    members = (("cnn", {"widths": (8, 8)}), ("resnet1d", {"widths": (8,)}))
    net = Ensemble(2, 4, 180, members=members, rule="weighted", weights=(3, 1)).eval()
    x = np.random.default_rng(0).standard_normal((4, 2, 180)).astype(np.float32)
    labels = np.array([0, 1, 2, 3])
    first, second = (gradcam(member, x, labels) for member in net.members)
    want = 0.75 * first + 0.25 * second
    np.testing.assert_allclose(gradcam(net, x, labels), want / want.max(axis=1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("suffix", [".png", ".html"])
def test_the_verb(suffix, untrained, mitdb_like, tmp_path, capsys):
    out = tmp_path / f"why{suffix}"
    assert main(["explain", str(untrained), str(mitdb_like / "100.hea"), "--out", str(out)]) == 0
    content = out.read_bytes()
    assert content[:4] == b"\x89PNG" if suffix == ".png" else b"data:image/png;base64" in content
    assert "not a medical device" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["why.docx", "why", "."])
def test_a_bad_output(out, untrained, mitdb_like, tmp_path, capsys):
    assert main(["explain", str(untrained), str(mitdb_like / "100.hea"), "--out", str(tmp_path / out)]) == 2
    assert "remedy" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
