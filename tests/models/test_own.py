"""A user's own architecture: each clause of the contract broken once, and whose code runs."""

import hashlib

import pytest
import torch

from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault
from einthoven.inference.predictor import load
from einthoven.models import own
from einthoven.models.contract import CLAUSES, first_breach
from einthoven.models.inputs import InputShape, example_shape
from einthoven.signal.windows import Windows

WHOLE = InputShape(2, 100, 40, 13, 5)
"""Windows with typical beats and measurements; a net that reads the signal alone gets nothing else of them."""

GOOD = '''
import torch
from torch import nn

class Net(nn.Module):
    """A net.

    Parameters
    ----------
    width : int
        Channels of the convolution.
    """
    def __init__(self, n_leads, n_classes, n_samples, *, width=4):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(n_leads, width, 7, padding=3), nn.BatchNorm1d(width), nn.ReLU())
        self.head = nn.Linear(width, n_classes)

    def features(self, x):
        return self.body(x).mean(dim=2)

    def forward(self, x):
        return self.head(self.features(x))
'''
BROKEN = {
    "module": [("class Net(nn.Module)", "class Net")],
    "constructor": [("*, width=4", "width=4")],
    "inputs": [("    def features", "    inputs = ('signal', 'age')\n    def features")],
    "parts": [("self.head", "self.last")],
    "logits": [("self.head(self.features(x))", "self.head(self.features(x)) / 0")],
    "deterministic": [("mean(dim=2)", "mean(dim=2) + torch.rand(1)")],
    "forward": [("self.head(self.features(x))", "2 * self.head(self.features(x))")],
    "rows": [("mean(dim=2)", "mean(dim=2) - x.mean()")],
    "weights": [
        ("self.head =", "self.offset = torch.randn(1)\n        self.head ="),
        ("(dim=2)", "(dim=2) + self.offset"),
    ],
    "gradient": [("self.head =", "self.idle = nn.Linear(2, 2)\n        self.head =")],
}


def written(folder, text=GOOD, name="mynet.py"):
    file = folder / name
    file.write_text(text)
    return file


def changed(clause):
    text = GOOD
    for old, new in BROKEN[clause]:
        assert old in text
        text = text.replace(old, new)
    return text


def held(file):
    own.require_contract(own.take(file), WHOLE, 3, {})


def test_every_clause_is_broken_once_here():
    assert list(BROKEN) == list(CLAUSES)


def test_a_good_net_keeps_the_contract(tmp_path):
    held(written(tmp_path))


@pytest.mark.parametrize("clause", BROKEN)
def test_a_refused_net_is_told_which_clause_it_breaks(clause, tmp_path):
    with pytest.raises(ConfigurationFault, match=f"Net breaks the clause '{clause}'") as refused:
        held(written(tmp_path, changed(clause)))
    assert refused.value.expected == CLAUSES[clause]
    assert str(tmp_path / "mynet.py") in refused.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "clause"),
    [
        ("nn.Linear(width, n_classes)", "nn.Linear(width, 1 + n_classes)", "logits"),
        ("x).mean(dim=2)", "x).mean(dim=(0, 2))[None].expand(len(x), -1)", "rows"),
        ("width=4):", "width):", "constructor"),
        ("self.head =", "self.head = self.last =", "weights"),
    ],
)
def test_other_ways_to_break_a_clause(old, new, clause, tmp_path):
    with pytest.raises(ConfigurationFault, match=f"clause '{clause}'"):
        held(written(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize("name", ["cnn", "forest", "patient_context", "self_onn"])
def test_architectures_of_einthoven_keep_it(name):
    assert first_breach(own.named(name), example_shape(own.named(name), 2, 360), 5) is None


def test_a_net_that_reads_beats_and_measurements_is_given_them(tmp_path):
    text = GOOD.replace(
        "    def features(self, x)", "    inputs = ('signal', 'features')\n    def features(self, x, beat, more)"
    )
    text = text.replace("def forward(self, x)", "def forward(self, x, beat=None, features=None)")
    text = text.replace("self.features(x)", "self.features(x, beat, features)")
    text = text.replace("mean(dim=2)", "mean(dim=2) + more.mean(dim=1, keepdim=True)")
    held(written(tmp_path, text))
    with pytest.raises(ConfigurationFault, match="clause 'logits'"):
        held(written(tmp_path, text.replace("+ more.mean(dim=1, keepdim=True)", "+ beat.mean(dim=(1, 2))[:, None]")))


def test_the_check_leaves_the_random_numbers_alone(tmp_path):
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    held(written(tmp_path))
    assert torch.equal(torch.rand(1), wanted)


def test_an_unknown_setting_is_told_with_those_there_are(tmp_path):
    name = own.take(written(tmp_path))
    with pytest.raises(ConfigurationFault, match="no such setting") as refused:
        own.require_contract(name, WHOLE, 3, {"depth": 3})
    assert refused.value.expected == "width"


def test_helper_modules_are_not_taken_for_the_net(tmp_path):
    helper = "\n\nclass Block(nn.Module):\n    pass\n"
    assert own.take(written(tmp_path, GOOD + helper)) == "mynet.py:Net"


def test_of_two_nets_one_must_be_named(tmp_path):
    file = written(tmp_path, GOOD + GOOD.replace("Net", "Other"))
    with pytest.raises(ConfigurationFault, match="does not say which") as refused:
        own.take(file)
    assert refused.value.found == "Net, Other"
    assert own.take(f"{file}:Other") == "mynet.py:Other"
    with pytest.raises(ConfigurationFault, match="no Third"):
        own.take(f"{file}:Third")


def test_a_name_that_is_neither_is_told_both_ways(tmp_path):
    with pytest.raises(ConfigurationFault, match=r"cnn_lstm.*a file of yours"):
        own.resolved("cnnn")


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


@pytest.fixture
def forgetful():
    """A process in which no file was named yet."""
    known = dict(own._loaded)
    own._loaded.clear()
    yield
    own._loaded.clear()
    own._loaded.update(known)


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
