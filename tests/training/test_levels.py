"""Levels of measurements: trees that grow on them answer as they do, and as scikit-learn's own where its levels are the same."""

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from einthoven.models.trees import Trees
from einthoven.training.boosting import Boosting, boosted, stacked
from einthoven.training.levels import MOST, levels, limits_of

RNG = np.random.default_rng(0)
FEW = RNG.integers(0, 100, (800, 3)).astype(np.float32)
MANY = np.concatenate([RNG.standard_normal((800, 3)).astype(np.float32), FEW, np.ones((800, 1), np.float32)], axis=1)
LABELS = np.where(MANY[:, 0] > 1, 2, (FEW[:, 0] > 60).astype(int))
HOW = Boosting(rounds=5, learning_rate=0.3, max_leaf_nodes=6, max_features=1.0, rare=0.5)


def answers(measured, trees, baseline):
    """What the trees answer as tensors."""
    arrays = stacked(trees)
    made = Trees(measured.shape[1], 3, len(trees), arrays["feature"].shape[1], max(tree.depth for tree in trees))
    made.load_state_dict(
        {name: torch.from_numpy(values) for name, values in arrays.items() if name != "leaves"}
        | {"leaves": torch.from_numpy(arrays["leaves"])[..., None]}
    )
    with torch.no_grad():
        return made(torch.from_numpy(measured)).numpy() + baseline


def test_columns_of_few_values_give_the_trees_of_scikit_learn():
    trees, baseline = boosted(FEW, LABELS, 3, HOW, 0)
    theirs = HistGradientBoostingClassifier(max_iter=5, early_stopping=False, random_state=0, **HOW.settings)
    theirs.fit(FEW, LABELS, sample_weight=HOW.weights(LABELS, 3))
    np.testing.assert_allclose(answers(FEW, trees, baseline), theirs.decision_function(FEW), atol=1e-5)


def test_thresholds_are_those_of_the_levels():
    trees, baseline = boosted(MANY, LABELS, 3, HOW, 0)
    limits = limits_of(MANY)
    same = HistGradientBoostingClassifier(max_iter=5, early_stopping=False, random_state=0, **HOW.settings)
    same.fit(levels(MANY, limits), LABELS, sample_weight=HOW.weights(LABELS, 3))
    beyond = np.concatenate([MANY, MANY - 5, MANY + 5])
    np.testing.assert_allclose(
        answers(beyond, trees, baseline), same.decision_function(levels(beyond, limits)), atol=1e-5
    )


def test_levels_hold_about_as_many_windows_each_and_nothing_where_a_measurement_is_missing():
    column = np.concatenate([RNG.standard_normal(10_000) ** 3, [np.nan]])[:, None]
    (limits,), found = limits_of(column), levels(column, limits_of(column))
    n = np.bincount(found[:-1, 0].astype(int))
    assert len(limits) == MOST - 1 and len(n) == MOST and n.min() > 30 and n.max() < 50
    assert np.isnan(found[-1, 0]) and len(limits_of(np.ones((5, 1)))[0]) == 0
