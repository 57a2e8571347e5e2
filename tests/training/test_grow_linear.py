"""The regression of typical beats and measurements: its values by hand, its weights against SciPy's optimum."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from einthoven import bundle
from einthoven.errors import ConfigurationFault
from einthoven.inference.predictor import load
from einthoven.training.grow_linear import PENALTY, grow_linear
from tests.training.test_forest import task_of, windows_of

SETTINGS = {"n_components": 5, "beat_span": 60}


@pytest.fixture
def task():
    rng = np.random.default_rng(0)
    windows = windows_of(rng, 200, 2)
    labels = np.zeros((200, 4), np.float32)
    labels[:, 0] = windows.features[:, 1] + 0.3 * rng.standard_normal(200) > 0
    labels[:, 1] = windows.features[:, 2] > 1
    labels[:, 2] = 1
    return task_of(windows, labels, 150)


def test_it_finds_what_decides(task, tmp_path):
    card = grow_linear(task, SETTINGS, 0, tmp_path / "run")
    model = load(tmp_path / "run" / "bundle")
    p = model.probabilities(task.windows[task.validation])
    truth = task.labels[task.validation]
    assert ((p[:, :2] > 0.5) == truth[:, :2]).mean() > 0.85
    assert (p[:, 2] > 0.99).all() and (p[:, 3] < 0.01).all()
    assert card.training["validation_macro_auroc"] > 0.9 and card.training["recipe"]["penalty"] == PENALTY


def test_its_weights_are_the_optimum_of_the_penalised_likelihood(task, tmp_path):
    from sklearn.linear_model import LogisticRegression

    grow_linear(task, SETTINGS, 0, tmp_path / "run")
    network = load(tmp_path / "run" / "bundle").network
    windows = task.windows[task.train]
    with torch.no_grad():
        values = network.features(torch.from_numpy(windows.beat), torch.from_numpy(windows.features)).numpy()
    want = LogisticRegression(C=1 / PENALTY, max_iter=1000, tol=1e-8).fit(values, task.labels[task.train, 0])
    np.testing.assert_allclose(network.head.weight[0].detach().numpy(), want.coef_[0], atol=2e-3)


def test_an_unknown_class_of_a_window_does_not_count(task, tmp_path):
    labels = task.labels.copy()
    labels[::3, 0] = np.nan
    grow_linear(replace(task, labels=labels), SETTINGS, 0, tmp_path / "unknown")
    with_known = load(tmp_path / "unknown" / "bundle").network.head.weight[0].detach().numpy()
    labels[::3, 0] = 1 - task.labels[::3, 0]
    grow_linear(replace(task, labels=labels), SETTINGS, 0, tmp_path / "wrong")
    wrong = load(tmp_path / "wrong" / "bundle").network.head.weight[0].detach().numpy()
    assert with_known[1] > 2 * abs(wrong[1])


def test_a_source_that_names_a_class_more_often_moves_its_own_offset_alone(task, tmp_path):
    rng = np.random.default_rng(1)
    labels = task.labels.copy()
    labels[:, 1] = rng.random(200) < np.where(np.arange(200) < 100, 0.1, 0.9)
    names = np.array([f"{'home' if at < 100 else 'away'}/{at}" for at in range(200)])
    apart = replace(task, labels=labels, record=names)
    bias = {}
    for name, one in (("apart", apart), ("together", replace(apart, record=np.arange(200).astype(str)))):
        grow_linear(one, SETTINGS, 0, tmp_path / name)
        weights = bundle.load_weights(tmp_path / name / "bundle", bundle.load_card(tmp_path / name / "bundle"))
        bias[name] = weights["head.bias"][1]
    assert bias["apart"] < bias["together"] - 0.5


def test_windows_of_one_class_are_refused(task, tmp_path):
    with pytest.raises(ConfigurationFault, match="multilabel"):
        grow_linear(replace(task, labels=task.labels.argmax(axis=1)), SETTINGS, 0, tmp_path / "run")
