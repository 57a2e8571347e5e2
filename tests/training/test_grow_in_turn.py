"""Trees that decide in turn: they answer as scikit-learn's, a bundle is made of them, and what cannot be grown is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from einthoven.errors import ConfigurationFault
from einthoven.inference.predictor import load
from einthoven.signal.preparation import Beats, Preparation, SignalSpec, Tiles
from einthoven.signal.windows import Windows
from einthoven.training.boosting import Boosting, boosted, stacked
from einthoven.training.grow_in_turn import grow_in_turn, grown, of_timing
from einthoven.training.task import Task
from einthoven.training.tree_network import logits_of

RNG = np.random.default_rng(0)
HOW = Boosting(rounds=6, learning_rate=0.3, max_leaf_nodes=6, rare=0.0)
PREPARATION = Preparation(
    SignalSpec(("MLII",), 128.0, scaling="millivolt"), Beats(0.34, 0.54), ("signal", "rr", "shapes", "likeness")
)
N = 600
FEATURES = RNG.standard_normal((N, PREPARATION.n_features)).astype(np.float32)
SHAPE, TIMING = PREPARATION.columns["shapes"].start, 3
LABELS = np.where(FEATURES[:, SHAPE] > 1, 2, (FEATURES[:, TIMING] < -0.5).astype(int))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def task_of(**changes) -> Task:
    made = Task(
        windows=Windows(np.zeros((N, 1, 0), np.float32), features=FEATURES),
        labels=LABELS,
        train=np.arange(400),
        validation=np.arange(400, N),
        classes=tuple("NSVF"),
        label_set="four",
        meanings=tuple("nsvf"),
        preparation=PREPARATION,
        provenance={"corpus": "made", "protocol": "clean", "fold": None},
        attribution="",
        record=np.arange(N).astype(str),
        synthetic=np.zeros(N, bool),
    )
    return replace(made, **changes)


def test_both_decisions_are_scikit_learn_s():
    from sklearn.ensemble import HistGradientBoostingClassifier

    network, sizes = grown(FEATURES, LABELS, PREPARATION, 4, 0, HOW, HOW)
    found = softmax(logits_of(network, FEATURES))
    settings = {"max_iter": HOW.rounds, "early_stopping": False, "random_state": 0, **HOW.settings}
    columns, early = of_timing(PREPARATION), LABELS < 2
    first = HistGradientBoostingClassifier(**settings).fit(FEATURES, np.maximum(LABELS - 1, 0))
    second = HistGradientBoostingClassifier(**settings).fit(FEATURES[early][:, columns], LABELS[early])
    neither = first.predict_proba(FEATURES)
    of_two = second.predict_proba(FEATURES[:, columns])
    np.testing.assert_allclose(found[:, :2], neither[:, :1] * of_two, atol=1e-5)
    np.testing.assert_allclose(found[:, 2], neither[:, 1], atol=1e-5)
    assert found[:, 3].max() < 1e-5, "a class without an example"
    assert sizes["n_trees"] == 3 * HOW.rounds and sizes["n_timing_trees"] == 2 * HOW.rounds


@pytest.mark.parametrize("known", [(0, 1, 2), (0, 2), (0, 1, 2, 3)])
def test_trees_are_scikit_learn_s_with_classes_missing(known):
    from sklearn.ensemble import HistGradientBoostingClassifier

    values = RNG.standard_normal((400, 5)).astype(np.float32)
    labels = np.array(known)[(np.abs(values[:, 0] * 2).astype(int)) % len(known)]
    theirs = HistGradientBoostingClassifier(
        max_iter=HOW.rounds, early_stopping=False, random_state=0, **HOW.settings
    ).fit(values, labels)
    trees, baseline = boosted(values, labels, 4, HOW, 0)
    arrays = stacked(trees)
    node = np.zeros((len(values), len(trees)), int)
    rows = np.arange(len(trees))
    for _ in range(8):
        above = values[np.arange(len(values))[:, None], arrays["feature"][rows, node]] > arrays["threshold"][rows, node]
        node = np.where(above, arrays["right"][rows, node], arrays["left"][rows, node])
    logits = arrays["leaves"][rows, node].reshape(len(values), 4, HOW.rounds).sum(axis=2) + baseline
    np.testing.assert_allclose(softmax(logits)[:, list(known)], theirs.predict_proba(values), atol=1e-5)


def test_its_bundle_answers_as_the_trees(tmp_path):
    card = grow_in_turn(task_of(), {}, 0, tmp_path / "run", HOW, HOW)
    assert card.architecture == "beat_forest" and 0.3 < card.training["validation_macro_f1"] <= 1
    assert card.training["recipe"]["by_timing"]["rounds"] == HOW.rounds
    network, _ = grown(FEATURES[:400], LABELS[:400], PREPARATION, 4, 0, HOW, HOW)
    signal = np.zeros((N, 1, PREPARATION.n_samples), np.float32)
    found = load(tmp_path / "run").logits(Windows(signal, features=FEATURES))
    np.testing.assert_allclose(found, logits_of(network, FEATURES), atol=1e-5)


def test_nothing_to_validate_on_leaves_no_score(tmp_path):
    card = grow_in_turn(task_of(validation=np.zeros(0, int)), {}, 0, tmp_path / "run", HOW, HOW)
    assert "validation_macro_f1" not in card.training


def test_the_second_decision_sees_intervals_and_p_waves_only():
    columns = of_timing(PREPARATION)
    network, _ = grown(FEATURES, LABELS, PREPARATION, 4, 0, HOW, HOW)
    used = network.second.feature[network.second.left != torch.arange(network.second.left.shape[1])]
    assert set(used.tolist()) <= set(columns.tolist())
    assert SHAPE not in columns and TIMING in columns


@pytest.mark.parametrize(
    ("settings", "changes", "wrong"),
    [
        ({"n_trees": 3}, {}, "settings"),
        ({}, {"classes": ("N", "S"), "labels": np.minimum(LABELS, 1)}, "classes N, S"),
        ({}, {"labels": np.eye(4, dtype=np.float32)[LABELS]}, "multilabel True"),
    ],
)
def test_what_cannot_be_grown_is_refused(settings, changes, wrong, tmp_path):
    with pytest.raises(ConfigurationFault, match="beat_forest") as refusal:
        grow_in_turn(task_of(**changes), settings, 0, tmp_path / "run", HOW, HOW)
    assert wrong in refusal.value.found and not (tmp_path / "run").exists()


def test_windows_without_intervals_are_refused():
    with pytest.raises(ConfigurationFault, match="intervals") as refusal:
        of_timing(Preparation(SignalSpec(("I",), 100.0, scaling="millivolt"), Tiles(10.0), ("signal", "summary")))
    assert "--prepare.inputs signal rr" in refusal.value.remedy


def test_rare_classes_weigh_more_where_that_is_asked_for():
    labels = np.array([0] * 90 + [1] * 10)
    weights = Boosting(rare=0.5).weights(labels, 2)
    assert weights[-1] / weights[0] == pytest.approx(3.0)
    assert Boosting(rare=0.0).weights(labels, 2) is None
