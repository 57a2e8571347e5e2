"""The measurement that decided is named, with its value, its unit and the median of the training data."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import einthoven
from einthoven import bundle
from einthoven.cli.main import main
from einthoven.explanation.beat_evidence import explain
from einthoven.explanation.measurements import decisive, names_and_units
from einthoven.explanation.record_evidence import evidence_for
from einthoven.inference.evidence import Measurement
from einthoven.inference.predictor import Predictor
from einthoven.models import MODELS
from einthoven.models.inputs import InputShape, built
from einthoven.records.record import Record
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import Beats, Preparation, SignalSpec, Tiles, prepare
from einthoven.signal.windows import Windows

BY_BEAT = Preparation(SignalSpec(("MLII",), 100, scaling="millivolt"), Beats(0.3, 0.6), ("signal", "beat", "rr"))
BY_WINDOW = Preparation(SignalSpec(("MLII",), 100, scaling="millivolt"), Tiles(10), ("signal", "beat", "summary"))
READ = 2
"""Number of the one measurement that the model reads."""
USUAL, UNUSUAL = 0.2, 0.9
"""Probability of the first class at the median of that measurement, and at any value in the record."""


def reader(folder, preparation: Preparation, record: Record) -> Predictor:
    """A tree that asks for one measurement alone, whose median is above all values in the record; their median for the others."""
    beats = None if preparation.is_whole else einthoven.load("mitbih-cnn-lstm-mlii")(record).beats
    values = prepare(record, preparation, beats).features
    medians = np.median(values, axis=0)
    medians[READ] = values[:, READ].max() + 1
    settings = {"n_trees": 1, "n_nodes": 3, "depth": 1, "n_bins": 0, "n_read": len(medians)}
    tree = built(MODELS["forest"], InputShape.of(preparation), 2, settings)
    tree.feature.fill_(READ)
    tree.threshold.fill_(float(medians[READ]) - 0.5)
    tree.leaves.data = torch.tensor([[[0.5, 0.5], [UNUSUAL, 1 - UNUSUAL], [USUAL, 1 - USUAL]]])
    card = bundle.Card(
        name=folder.name,
        architecture="forest",
        settings=settings,
        classes=("A", "B"),
        labels="two",
        meanings=("first", "second"),
        preparation=preparation,
        training={"corpus": "mitdb", "protocol": "clean", "patients": []},
        feature_medians=tuple(medians.tolist()),
    )
    bundle.save(folder, card, {name: values.numpy() for name, values in tree.state_dict().items()})
    return einthoven.load(folder)


@pytest.fixture(scope="module")
def record(mitdb_like) -> Record:
    return einthoven.read(mitdb_like / "100.hea")


@pytest.fixture(scope="module", params=[BY_BEAT, BY_WINDOW], ids=["beats", "record"])
def model(request, tmp_path_factory, record) -> Predictor:
    return reader(tmp_path_factory.mktemp("models") / "reader", request.param, record)


def windows_of(model: Predictor, record: Record) -> Windows:
    beats = None if model.card.preparation.is_whole else model(record).beats
    return prepare(record, model.card.preparation, beats)


def test_the_measurement_that_is_read_is_the_only_one_named(model, record):
    windows = windows_of(model, record)
    (found,) = decisive(model, windows, 0)
    known = FEATURES["summary" if model.card.preparation.is_whole else "rr"]
    assert (found.name, found.unit) == (known.names[READ], known.units[READ])
    assert found.value == pytest.approx(windows.features[:, READ].mean(), rel=1e-5)
    assert found.median == pytest.approx(model.card.feature_medians[READ], rel=1e-5)
    assert found.fall == pytest.approx(UNUSUAL - USUAL, abs=1e-5)
    assert decisive(model, windows, 1) == (), "without it the second class would be more probable"


def test_the_windows_are_not_changed(model, record):
    windows = windows_of(model, record)
    before = windows.features.copy()
    decisive(model, windows, 0)
    np.testing.assert_array_equal(windows.features, before)


def test_the_largest_fall_comes_first_and_few_are_named():
    """A model whose logits add the measurements up, each with its own weight."""
    weights = np.array([0.0, 0.3, -0.5, 0.2, 0.6, 0.1, 0.4], np.float32)

    class Sums:
        name = "sums"

        def logits(self, windows):
            total = windows.features @ weights
            return np.stack((total, -total), axis=1)

    card = bundle.Card("x", "forest", {}, ("A", "B"), "two", ("a", "b"), BY_WINDOW, {}, feature_medians=(0.0,) * 7)
    windows = Windows(np.zeros((3, 1, 1000), np.float32), None, np.full((3, 7), 0.5, np.float32))
    names = [name for name, _ in names_and_units(BY_WINDOW)]
    found = decisive(Predictor(None, card, Sums()), windows, 0, most=3)
    assert [one.name for one in found] == [names[at] for at in (4, 6, 1)]
    falls = [one.fall for one in found]
    assert falls == sorted(falls, reverse=True) and falls[-1] > 0
    against = decisive(Predictor(None, card, Sums()), windows, 1)
    assert [one.name for one in against] == [names[2]]


@pytest.mark.parametrize("medians", [(), (0.0, 1.0)])
def test_without_the_medians_nothing_is_named(model, record, medians):
    other = Predictor(model.folder, replace(model.card, feature_medians=medians), model.backend)
    assert decisive(other, windows_of(model, record), 0) == ()


def test_without_measurements_or_windows_nothing_is_named(model, record):
    windows = windows_of(model, record)
    assert decisive(model, Windows(windows.signal), 0) == decisive(model, windows[:0], 0) == ()


def test_names_and_units_are_in_the_order_of_the_features():
    wanted = BY_WINDOW.with_settings(inputs=("signal", "beat", "summary", "rhythm"))
    found = names_and_units(wanted)
    assert len(found) == wanted.n_features
    assert found[wanted.columns["rhythm"].start] == (FEATURES["rhythm"].names[0], FEATURES["rhythm"].units[0])


def test_the_evidence_of_both_kinds_of_answers_has_it(model, record):
    answer = model(record)
    rows = evidence_for(model, answer) if answer.kind == "window" else explain(model, answer)
    assert [row.measurements[0].fall for row in rows] == [pytest.approx(UNUSUAL - USUAL, abs=1e-5)]


def test_it_is_shown_in_the_terminal_and_on_the_page(model, mitdb_like, tmp_path, capsys):
    out = tmp_path / "evidence.html"
    assert main(["explain", str(model.folder), str(mitdb_like / "100.hea"), "--out", str(out)]) == 0
    known = FEATURES["summary" if model.card.preparation.is_whole else "rr"]
    median = f"{model.card.feature_medians[READ]:.3g}"
    said = capsys.readouterr().out
    assert f"A  +0.70  {known.names[READ]}: " in said and f"(median in training data {median}" in said
    page = out.read_text()
    assert f"<td>{known.names[READ]}</td>" in page and f"<td>{median}</td><td>-0.70</td>" in page
    assert "measurement" in page and "median in training data" in page


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("ms", "PR interval: 212 ms (median in training data 160 ms)"),
        ("1", "PR interval: 212 (median in training data 160)"),
    ],
)
def test_a_measurement_is_shown_with_its_unit(unit, text):
    assert str(Measurement("PR interval", unit, 212.0, 160.0, 0.3)) == text
