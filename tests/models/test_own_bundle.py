"""Bundles of a user's own architecture: whose code runs, and what the verbs say."""

import hashlib

import pytest
import torch

from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault
from einthoven.inference.predictor import load
from einthoven.models import own
from einthoven.signal.windows import Windows
from tests.models.mynet import GOOD, changed, written


@pytest.fixture
def forgetful():
    """A process in which no file was named yet."""
    known = dict(own._loaded)
    own._loaded.clear()
    yield
    own._loaded.clear()
    own._loaded.update(known)


def bundle_of(folder, file):
    """A bundle of the net in a file, with random weights."""
    from einthoven import bundle
    from einthoven.signal.preparation import Beats, Preparation, SignalSpec

    name = own.take(file)
    torch.manual_seed(0)
    network = own.named(name)(1, 2, 360)
    card = bundle.Card(
        name="mine",
        architecture=name,
        settings={},
        classes=("N", "V"),
        labels="two",
        meanings=("normal", "ventricular"),
        preparation=Preparation(SignalSpec(("MLII|II",), 180.0), Beats(1.2, 0.8)),
        training=own.provenance(name),
    )
    bundle.save(folder / "mine", card, {key: tensor.numpy() for key, tensor in network.state_dict().items()})
    own._loaded.clear()
    return folder / "mine"


def test_a_bundle_runs_no_file_by_itself(forgetful, tmp_path, monkeypatch):
    marked = GOOD + f"\n(__import__('pathlib').Path({str(tmp_path)!r}) / 'ran').touch()\n"
    file = written(tmp_path, marked)
    model = load(bundle_of(tmp_path, file))
    (tmp_path / "ran").unlink()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationFault, match="does not contain") as refused:
        model.network  # noqa: B018
    assert refused.value.remedy == "--model-file ./mynet.py"
    assert not (tmp_path / "ran").exists()
    assert type(load(tmp_path / "mine", file).network).__name__ == "Net"


def test_a_file_that_changed_is_told_with_both_checksums(forgetful, tmp_path):
    file = written(tmp_path)
    was = hashlib.sha256(file.read_bytes()).hexdigest()
    folder = bundle_of(tmp_path, file)
    kept = written(tmp_path, name="kept.py")
    file.write_text(GOOD + "\n# a thought\n")
    now = hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(ConfigurationFault, match="changed since") as refused:
        load(folder, file)
    assert now[:16] in refused.value.found and was[:16] in refused.value.expected
    assert type(load(folder, kept).network).__name__ == "Net", "the same text under another name"


def test_another_version_named_for_something_else_is_not_used(forgetful, tmp_path):
    file = written(tmp_path)
    folder = bundle_of(tmp_path, file)
    file.write_text(GOOD.replace("width=4", "width=8"))
    own.take(file)
    with pytest.raises(ConfigurationFault, match="does not contain"):
        load(folder).network  # noqa: B018


def test_a_bundled_model_needs_no_file(tmp_path):
    with pytest.raises(ConfigurationFault, match="architecture of einthoven"):
        load("mitbih-cnn-lstm-mlii", written(tmp_path))


def test_the_graph_answers_without_the_file(forgetful, tmp_path):
    from einthoven.export.graph import add_graph

    file = written(tmp_path)
    folder = bundle_of(tmp_path, file)
    own.take(file)
    add_graph(folder)
    own._loaded.clear()
    model = load(folder)
    windows = torch.randn(3, 1, 360, generator=torch.Generator().manual_seed(0)).numpy()
    answers = model.probabilities(Windows(windows))
    assert model.backend.name == "onnxruntime"
    torch_answers = torch.softmax(load(folder, file).network(torch.from_numpy(windows)), dim=1)
    torch.testing.assert_close(torch.from_numpy(answers), torch_answers, atol=1e-5, rtol=1e-4)


def test_an_ensemble_can_have_it_as_a_member(forgetful, tmp_path):
    name = own.take(written(tmp_path))
    net = own.named("ensemble")(1, 2, 100, members=((name, {}), ("cnn", {"widths": (4, 4)})))
    assert net.eval()(torch.zeros(2, 1, 100)).shape == (2, 2)


@pytest.mark.parametrize("words", ["models {file}", "train --model {file} --corpus mitdb --from . --out run"])
def test_the_command_line_ends_with_2_and_the_clause(words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, changed("rows"))
    assert main(words.format(file=file).split()) == 2
    told = capsys.readouterr().err
    assert "clause 'rows'" in told and "Traceback" not in told
    assert not (tmp_path / "run").exists()


def test_models_lists_settings_and_parameters(tmp_path, capsys):
    assert main(["models", str(written(tmp_path))]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "mynet.py:Net: A net." in told
    assert "width=4 Channels of the convolution." in told
    assert "keeps the model contract" in told
    n = sum(p.numel() for p in own.named("mynet.py:Net")(12, 5, 1000).parameters())
    assert f"{n:,} with 12 leads" in told
