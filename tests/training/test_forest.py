"""Forests as tensors: what they answer is what scikit-learn's trees answer."""

import numpy as np
import pytest
import torch

from einthoven.errors import ConfigurationFault
from einthoven.inference.predictor import load
from einthoven.models.forest import Forest
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.signal.windows import Windows
from einthoven.training import grow as module
from einthoven.training.task import Task


def windows_of(
    rng: np.random.Generator, n: int, n_leads: int, inputs: tuple[str, ...] = ("beat", "summary")
) -> Windows:
    """Random windows of two seconds at 100 Hz, with typical beats and measurements."""
    prepared = preparation_of(n_leads, inputs)
    beat = rng.standard_normal((n, n_leads, prepared.beat_samples)) if prepared.beat_samples else None
    parts = rng.standard_normal((n, n_leads, 200)), beat, rng.standard_normal((n, prepared.n_features))
    return Windows(*(None if part is None else part.astype(np.float32) for part in parts))


def preparation_of(n_leads: int, inputs: tuple[str, ...]) -> Preparation:
    return Preparation(SignalSpec(("I", "II")[:n_leads], 100.0, scaling="millivolt"), Tiles(2.0), ("signal", *inputs))


def with_beat(windows: Windows, change) -> Windows:
    """Windows whose typical beats were changed."""
    return Windows(windows.signal, change(windows.beat), windows.features)


def measured_of(forest: Forest, windows: Windows) -> np.ndarray:
    return forest.measured(torch.from_numpy(windows.beat), torch.from_numpy(windows.features)).numpy()


def task_of(windows: Windows, labels: np.ndarray, n_train: int, inputs: tuple[str, ...] = ("beat", "summary")) -> Task:
    """Windows with four classes; the first train."""
    return Task(
        windows=windows,
        labels=labels,
        train=np.arange(n_train),
        validation=np.arange(n_train, len(windows)),
        classes=tuple("ABCD"),
        label_set="four",
        meanings=tuple("abcd"),
        preparation=preparation_of(windows.signal.shape[1], inputs),
        provenance={},
        attribution="",
        record=np.arange(len(windows)).astype(str),
        synthetic=np.zeros(len(windows), bool),
    )


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_forest_is_scikit_learn_s(multilabel, tmp_path):
    """What the tensors answer is what the trees answer, class by class, with a class that never occurs among them."""
    from sklearn.ensemble import ExtraTreesClassifier

    rng = np.random.default_rng(0)
    windows = windows_of(rng, 80, 2)
    if multilabel:
        labels = (windows.beat[:, 0, 20:24] + rng.standard_normal((80, 4)) > 0).astype(np.float32)
        labels[:, 2] = 0
    else:
        labels = np.where(windows.beat[:, 0, 25] > 0, 3, rng.integers(0, 2, 80))
    task = task_of(windows, labels, 60)
    card = module.grow(task, {"n_trees": 12}, 0, tmp_path / "run")
    answer = load(tmp_path / "run").probabilities(windows[60:])
    measured = measured_of(Forest(2, 4, 200), windows)
    assert measured.shape == (80, 2 * (32 + 3) + 7)
    trees = ExtraTreesClassifier(12, min_samples_leaf=module.LEAST, max_features=module.SHARE, random_state=0)
    trees.fit(measured[:60], labels[:60])
    wanted = np.zeros((20, 4))
    found = trees.predict_proba(measured[60:])
    if multilabel:
        for at, columns in enumerate(found):
            wanted[:, at] = columns[:, 1] if columns.shape[1] == 2 else 0
    else:
        wanted[:, trees.classes_] = found
    np.testing.assert_allclose(answer, wanted, atol=1e-3)
    assert card.multilabel == multilabel


def test_boosted_trees_are_scikit_learn_s(tmp_path, monkeypatch):
    """The same, and upside down: the beats of a lead whose QRS complex points down are turned over first."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    from einthoven.training.levels import levels, limits_of

    rng = np.random.default_rng(0)
    complexes = (5 * np.exp(-0.5 * ((np.arange(90) - 30) / 4) ** 2)).astype(np.float32)
    windows = with_beat(windows_of(rng, 240, 1), lambda beat: beat + complexes)
    labels = np.where(windows.features[:, 3] > 0.5, 3, rng.integers(0, 2, 240))
    task = task_of(windows, labels, 200)
    fitted = []
    fit = HistGradientBoostingClassifier.fit
    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", lambda *a, **k: fitted.append(fit(*a, **k)) or fitted[0])
    module.grow(task, {"n_trees": 40, "summed": True, "upright": True}, 0, tmp_path / "run")
    answer = load(tmp_path / "run").probabilities(windows[200:])
    measured = measured_of(Forest(1, 4, 200, upright=True), windows[200:])
    wanted = np.zeros((40, 4))
    limits = limits_of(measured_of(Forest(1, 4, 200, upright=True), windows[:200]))
    wanted[:, [0, 1, 3]] = fitted[0].predict_proba(levels(measured, limits))
    np.testing.assert_allclose(answer, wanted, atol=1e-4)
    assert ((answer.argmax(axis=1) == 3) == (labels[200:] == 3)).mean() > 0.85
    turned = with_beat(windows[200:], lambda beat: -beat)
    np.testing.assert_allclose(load(tmp_path / "run").probabilities(turned), answer, atol=1e-5)


@pytest.mark.parametrize("multilabel", [False, True])
def test_trees_apart_are_scikit_learn_s(multilabel, tmp_path, monkeypatch):
    """Each class has trees of its own, one that no window or every window bears among them; only the numbers are asked about."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    inputs = ("beat", "summary", "rhythm")
    windows = windows_of(rng, 240, 1, inputs)
    numbers = windows.features[:, :9]
    if multilabel:
        labels = (numbers[:, :4] + 0.5 * rng.standard_normal((240, 4)) > 0.5).astype(np.float32)
        labels[:, 2], labels[:, 3] = 0, 1
    else:
        labels = np.where(numbers[:, 3] > 0.5, 3, np.where(numbers[:, 0] > 0, 1, 0))
    task = task_of(windows, labels, 200, inputs)
    fitted = []
    fit = HistGradientBoostingClassifier.fit
    monkeypatch.setattr(
        HistGradientBoostingClassifier, "fit", lambda *a, **k: fitted.append(fit(*a, **k)) or fitted[-1]
    )
    settings = {"n_trees": 80, "n_bins": 0, "n_read": 9, "summed": True, "apart": True}
    card = module.grow(task, settings, 0, tmp_path / "run")
    answer = load(tmp_path / "run").probabilities(windows[200:])
    odds = [grown.decision_function(numbers[200:]) for grown in fitted]
    if multilabel:
        wanted = np.stack([1 / (1 + np.exp(-each)) for each in odds], axis=1)
        np.testing.assert_allclose(answer[:, :2], wanted, atol=1e-5)
        assert (answer[:, 2] < 1e-6).all() and (answer[:, 3] > 1 - 1e-6).all()
    else:
        assert len(odds) == 3, "no window bears the third class"
        logits = np.stack((odds[0], odds[1], np.full(40, -20.0), odds[2]), axis=1)
        wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(answer, wanted, atol=1e-5)
    assert card.training["recipe"]["rounds"] == 20
    rest = windows.features[200:].copy()
    rest[:, 9:] += 1
    elsewhere = Windows(windows.signal[200:] + 1, windows.beat[200:] + 1, rest)
    np.testing.assert_array_equal(load(tmp_path / "run").probabilities(elsewhere), answer)


@pytest.mark.parametrize("wrong", [{"summed": False}, {"n_trees": 81}])
def test_trees_that_cannot_be_shared_out(wrong):
    with pytest.raises(ValueError, match="as many for each"):
        Forest(1, 4, 200, **({"n_trees": 80, "summed": True, "apart": True} | wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"apart": True}, {"apart": True, "summed": True, "n_trees": 9}, {"leaves": 3}, {"n_trees": 0}, {"n_bins": -1}],
)
def test_settings_that_no_forest_has_are_refused_before_anything_grows(wrong, tmp_path):
    windows = windows_of(np.random.default_rng(0), 20, 1)
    with pytest.raises(ConfigurationFault, match="forest"):
        module.grow(task_of(windows, np.zeros(20, int), 10), wrong, 0, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_measurements_alone_grow_trees_where_no_typical_beat_is_there(tmp_path):
    """And none is asked for when the forest answers."""
    inputs = ("summary", "rhythm")
    windows = windows_of(np.random.default_rng(0), 200, 2, inputs)
    labels = np.where(windows.features[:, 3] > 0.5, 3, np.where(windows.features[:, 0] > 0, 1, 0))
    settings = {"n_trees": 80, "n_bins": 0, "n_read": 9, "summed": True, "apart": True}
    card = module.grow(task_of(windows, labels, 160, inputs), settings, 0, tmp_path / "run")
    forest = load(tmp_path / "run").network
    assert (card.preparation.beat_samples, forest.inputs, forest.n_read) == (0, ("features",), 9)
    answer = load(tmp_path / "run").probabilities(windows[160:])
    assert (answer.argmax(axis=1) == labels[160:]).mean() > 0.8


def test_a_class_that_is_unknown_of_a_window_does_not_train_its_trees(tmp_path):
    rng = np.random.default_rng(0)
    windows = windows_of(rng, 120, 2)
    labels = (rng.random((120, 4)) < 0.4).astype(np.float32)
    settings = {"n_bins": 0, "n_read": 7, "summed": True, "apart": True, "n_trees": 8}
    unknown = labels.copy()
    unknown[60:100, 1] = np.nan
    module.grow(task_of(windows, unknown, 100), settings, 0, tmp_path / "unknown")
    module.grow(task_of(windows[:60], labels[:60], 60), settings, 0, tmp_path / "known")
    module.grow(task_of(windows, labels, 100), settings, 0, tmp_path / "all")
    found, of_known, of_all = (load(tmp_path / name / "bundle").logits(windows) for name in ("unknown", "known", "all"))
    np.testing.assert_allclose(found[:, 1], of_known[:, 1], atol=1e-5)
    np.testing.assert_allclose(found[:, 0], of_all[:, 0], atol=1e-5)
    assert np.abs(found[:, 1] - of_all[:, 1]).max() > 1e-3
