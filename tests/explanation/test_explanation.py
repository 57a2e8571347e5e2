"""Grad-CAM of a network whose evidence is known, and of an ensemble against its members."""

import numpy as np
import pytest
import torch
from torch import nn

from einthoven.cli.main import main
from einthoven.explanation import EXPLAINERS, beat_evidence
from einthoven.explanation.gradcam import attention, gradcam, over_trace
from einthoven.explanation.record_evidence import _silenced
from einthoven.inference.predictor import load
from einthoven.models import MODELS
from einthoven.models.ensemble import Ensemble, OverCrops
from einthoven.models.inputs import answers_samples, call, reads
from einthoven.records.record import Record
from einthoven.signal.windows import Windows
from tests.contracts.test_models import batch, network


class _Watcher(nn.Module):
    """Predict class 1 from samples 100 to 119, and from nothing else."""

    def __init__(self):
        super().__init__()
        self.look = nn.Conv1d(1, 1, 1, bias=False)
        nn.init.ones_(self.look.weight)

    def forward(self, signal):
        seen = self.look(signal)[:, 0, 100:120].mean(dim=1)
        return torch.stack((-seen, seen), dim=1)


def test_the_map_lies_where_the_evidence_is():
    x = np.ones((3, 1, 200), np.float32)
    x[:, :, 100:120] = 5
    found = gradcam(_Watcher().eval(), Windows(x), np.ones(3, int))
    assert found.shape == (3, 200)
    assert found.argmax(axis=1).min() >= 100
    assert found.argmax(axis=1).max() < 120


def windows_for(name: str, n_leads: int = 3, n_samples: int = 144) -> Windows:
    return Windows(**{part: x.numpy() for part, x in batch(name, n_leads, n_samples, n=5).items()})


@pytest.mark.parametrize("name", [name for name, kind in MODELS.items() if not answers_samples(kind)])
def test_every_model_is_explained(name):
    net = network(name, 3, 4, 144).eval()
    for layer in net.modules():  # a branch that begins at zero says nothing yet
        if isinstance(layer, torch.nn.BatchNorm1d) and not layer.weight.any():
            torch.nn.init.constant_(layer.weight, 0.5)
    windows = windows_for(name)
    for explain in EXPLAINERS.values():
        found = explain(net, windows, np.array([0, 1, 2, 3, 2]))
        assert found.shape == (5, 144)
        assert np.isfinite(found).all()
        assert found.min() >= 0
        assert found.max() <= 1
        assert (found.max() > 0) == bool({"signal", "beat"} & set(reads(net))), (
            "zeros where measurements alone are read"
        )


class _Forgetful(nn.Module):
    """Read the typical beat and the measurements, and predict from the first fifth of the beat."""

    inputs = ("beat", "features")

    def forward(self, signal, beat, features):
        assert signal is None
        seen = beat[:, :, :20].mean(dim=(1, 2)) + 0 * features.sum(dim=1)
        return torch.stack((-seen, seen), dim=1)


def test_for_a_network_without_convolutions_pieces_are_set_to_zero():
    """Over the typical beat if it reads that and not the signal; zero if it reads measurements alone."""
    windows = Windows(np.zeros((2, 1, 200), np.float32), np.ones((2, 1, 100), np.float32), np.ones((2, 3), np.float32))
    found = gradcam(_Forgetful().eval(), windows, np.ones(2, int))
    assert found.shape == (2, 200)
    assert found[:, :40].max() == 1 and found[:, 50:].max() == 0
    forest = MODELS["forest"](1, 2, 200, n_features=3, n_read=3, n_bins=0).eval()
    assert reads(forest) == ("features",)
    assert not gradcam(forest, windows, np.ones(2, int)).any()


def test_networks_that_convolve_the_signal_have_a_map_over_it():
    """Weighted by their shares, each scaled to one; None if all read typical beats alone."""
    of_beat = {"width": 4, "hidden": 8}
    members = (
        ("typical_beat", of_beat | {"window_width": 0}),
        ("typical_beat", of_beat | {"window_width": 4}),
        ("inception1d", {"width": 4}, 80),
    )
    torch.manual_seed(0)
    parts = {"beat_samples": 90, "r_peak": 30, "n_features": 7}
    net = Ensemble(3, 4, 144, members=members, rule="weighted", weights=(2, 1, 1), **parts).eval()
    windows, labels = windows_for("typical_beat"), np.array([0, 1, 2, 3, 0])
    assert over_trace(net.members[0], windows, labels) is None
    own = [gradcam(member, windows, labels) for member in net.members[1:]]
    assert isinstance(net.members[2], OverCrops)
    want = own[0] / 4 + own[1] / 4
    want /= np.maximum(want.max(axis=1, keepdims=True), 1e-12)
    np.testing.assert_allclose(over_trace(net, windows, labels), want, atol=1e-5)
    assert want.max() > 0


def test_a_lead_is_set_to_zero_together_with_its_typical_beat():
    """Once for each lead, in copies; other leads and the measurements do not change."""
    windows = Windows(np.ones((1, 3, 10), np.float32), np.ones((1, 3, 4), np.float32), np.ones((1, 2), np.float32))
    silenced = _silenced(windows, 3)
    for part in ("signal", "beat"):
        there = silenced.parts[part].any(axis=2)
        np.testing.assert_array_equal(there, ~np.eye(3, dtype=bool), err_msg=part)
        assert windows.parts[part].all()
    assert silenced.features.all() and silenced.features.shape == (3, 2)
    assert _silenced(Windows(windows.signal), 3).beat is None


def test_attention_uses_what_the_network_reads():
    net = network("cnn_lstm_attention", 3, 4, 144).eval()
    windows = windows_for("cnn_lstm_attention")
    found = attention(net, windows)
    assert found.shape == (5, 144) and found.max() == pytest.approx(1)
    np.testing.assert_array_equal(found, attention(net, Windows(windows.signal)))
    assert attention(network("cnn", 3, 4, 144), windows) is None
    assert call(net, batch("cnn_lstm_attention", 3, 144)).shape == (4, 4)


def test_an_ensemble_s_map_is_its_members():
    torch.manual_seed(0)
    members = (("cnn", {"widths": (8, 8)}), ("resnet1d", {"widths": (8,)}))
    net = Ensemble(2, 4, 180, members=members, rule="weighted", weights=(3, 1)).eval()
    x = Windows(np.random.default_rng(0).standard_normal((4, 2, 180)).astype(np.float32))
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


def test_beats_that_cannot_be_read_are_not_explained(untrained, ecg):
    lead = np.array(ecg[0][: 360 * 40])
    lead[360 * 15 : 360 * 25] = 0.8 * np.random.default_rng(0).standard_normal(3600)
    model = load(untrained)
    answer = model(Record("noise", lead[None], 360, ("MLII",)), beats=np.arange(360, 360 * 39, 300))
    assert answer.n_unreadable > 5
    found = {row.name: row.n for row in beat_evidence.explain(model, answer)}
    assert found == {name: n for name, n in answer.counts.items() if n}


def test_what_is_not_answered_is_not_explained(untrained, tmp_path, capsys):
    np.save(tmp_path / "flat.npy", np.zeros((1, 3600)))
    stated = ("--fs", "360", "--leads", "MLII", "--unit", "mV")
    out = tmp_path / "why.html"
    assert main(["explain", str(untrained), str(tmp_path / "flat.npy"), *stated, "--out", str(out)]) == 2
    assert "no_readable_lead" in capsys.readouterr().err and not out.exists()
