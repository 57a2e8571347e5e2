"""A user's own architecture: each clause of the contract broken once, and the choice of the net in a file."""

import pytest
import torch

from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault
from einthoven.inference.predictor import load
from einthoven.models import own
from einthoven.models.contract import CLAUSES, first_breach
from einthoven.models.inputs import InputShape, call, example_shape
from einthoven.signal.windows import Windows
from tests.models.mynet import BROKEN, GOOD, READS_FEATURES, WHOLE, changed, held, written


@pytest.fixture
def forgetful():
    """A process in which no file was named yet."""
    known = dict(own._loaded)
    own._loaded.clear()
    yield
    own._loaded.clear()
    own._loaded.update(known)


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


def test_a_net_that_reads_measurements_is_held_to_their_real_number(tmp_path):
    """A layer over measurements fits those that the windows have, or the contract says where it does not."""
    fixed = READS_FEATURES.replace("nn.Linear(n_features, n_classes)", "nn.Linear(7, n_classes)")
    name = own.take(written(tmp_path, fixed))
    own.require_contract(name, InputShape(2, 100, 0, 0, 7), 3, {})
    with pytest.raises(ConfigurationFault, match="clause 'logits'"):
        own.require_contract(name, WHOLE, 3, {})
    held(written(tmp_path, READS_FEATURES))


def test_windows_without_a_part_that_is_read_are_named(tmp_path):
    name = own.take(written(tmp_path, READS_FEATURES))
    with pytest.raises(ConfigurationFault, match="clause 'inputs'") as refused:
        own.require_contract(name, InputShape(2, 100), 3, {})
    assert "no features" in refused.value.found


def test_a_net_that_reads_measurements_trains_gets_its_graph_and_predicts(forgetful, mitdb_like, home, tmp_path):
    from einthoven.records import read

    file, out = written(tmp_path, READS_FEATURES), tmp_path / "run"
    assert main(["models", str(file)]) == 0
    words = ["train", "--model", str(file), "--corpus", "mitdb", "--from", str(mitdb_like), "--out", str(out)]
    assert main([*words, *["--train.epochs", "1", "--train.batch", "64"]]) == 2, "windows of the signal alone"
    words += [
        "--prepare.inputs",
        "signal",
        "rr",
        "--prepare.scaling",
        "millivolt",
        "--train.epochs",
        "1",
        "--train.batch",
        "64",
    ]
    assert main(words) == 0
    own._loaded.clear()
    model, record = load(out), read(mitdb_like / "100")
    answer = model(record)
    assert model.backend.name == "onnxruntime" and len(answer.beats) > 10
    graph, torch_network = model.backend, load(out, file).network
    card = model.card
    assert len(card.feature_medians) == card.preparation.n_features > 1
    generator = torch.Generator().manual_seed(0)
    inputs = InputShape.of(card.preparation).sample(5, lambda size: torch.randn(size, generator=generator))
    windows = Windows(inputs["signal"].numpy(), None, inputs["features"].numpy())
    torch.testing.assert_close(
        torch.from_numpy(graph.logits(windows)), call(torch_network, inputs), atol=1e-5, rtol=1e-4
    )
    changed = Windows(windows.signal, None, 1 + windows.features)
    assert abs(graph.logits(changed) - graph.logits(windows)).max() > 1e-3


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
