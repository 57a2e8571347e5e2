"""The card of a trained model: what it states is measured on the real training windows alone."""

import numpy as np
import pytest

from einthoven.signal.preparation import Beats, Preparation, SignalSpec
from einthoven.signal.windows import Windows
from einthoven.training.card import card_for
from einthoven.training.task import Task

PREPARATION = Preparation(SignalSpec(("II",), 100.0, scaling="millivolt"), Beats(0.3, 0.5), ("signal", "rr"))


def task_with(features: np.ndarray | None, train: np.ndarray, validation: np.ndarray) -> Task:
    n = len(train) + len(validation)
    return Task(
        windows=Windows(np.zeros((n, 1, 80), np.float32), None, features),
        labels=np.arange(n) % 2,
        train=train,
        validation=validation,
        classes=("A", "B"),
        label_set="two",
        meanings=("a", "b"),
        preparation=PREPARATION if features is not None else PREPARATION.with_settings(inputs=("signal",)),
        provenance={},
        attribution="",
        record=np.arange(n).astype(str),
        synthetic=np.zeros(n, bool),
    )


def test_feature_medians_are_those_of_the_real_training_windows(tmp_path):
    """Neither validation nor generated windows move them, however far out they are."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((30, PREPARATION.n_features)).astype(np.float32)
    order = rng.permutation(30)
    train, validation = order[:21], order[21:]
    features[validation] += 100
    task = task_with(features, train, validation)
    generated = Windows(np.zeros((40, 1, 80), np.float32), None, np.full((40, features.shape[1]), -1e3, np.float32))
    fuller = task.with_generated(generated, np.zeros(40, np.int64), {})
    assert len(fuller.train) == 61
    for one in (task, fuller):
        card = card_for(one, "cnn", {}, tmp_path, {})
        assert card.feature_medians == pytest.approx(np.median(features[train], axis=0), rel=1e-4)
    assert sum(card.training["counts"]["train"].values()) == 61


def test_a_card_of_windows_without_measurements_has_no_medians(tmp_path):
    task = task_with(None, np.arange(20), np.arange(20, 30))
    assert card_for(task, "cnn", {}, tmp_path, {}).feature_medians == ()
