"""Trees in NumPy answer as scikit-learn's do; a second reading sees all of one recording and nothing of another."""

import numpy as np
import pytest

from einthoven.evaluation.revision import BoostedTrees, revised, softmax
from einthoven.signal import answers_around
from einthoven.signal.preparation import Beats, Preparation, SignalSpec
from einthoven.signal.windows import Windows, concatenated
from einthoven.training.boosting import Boosting, boosted, stacked

RNG = np.random.default_rng(0)
CLASSES = tuple("NSVF")
HOW = Boosting(rounds=6, learning_rate=0.3, max_leaf_nodes=6, rare=0.0)
PREPARATION = Preparation(
    SignalSpec(("MLII",), 128.0, scaling="millivolt"), Beats(0.34, 0.54), ("signal", *answers_around.NEEDED)
)


def grown(values, labels, n_classes=4, how=HOW) -> BoostedTrees:
    trees, baseline = boosted(values, labels, n_classes, how, 0)
    return BoostedTrees(**stacked(trees), baseline=baseline)


def recording(n: int = 80) -> Windows:
    return Windows(
        RNG.standard_normal((n, 1, PREPARATION.n_samples)).astype(np.float32),
        features=RNG.standard_normal((n, PREPARATION.n_features)).astype(np.float32),
    )


@pytest.mark.parametrize("known", [(0, 1, 2), (0, 2), (0, 1, 2, 3)])
def test_trees_are_scikit_learn_s(known):
    from sklearn.ensemble import HistGradientBoostingClassifier

    values = RNG.standard_normal((400, 5)).astype(np.float32)
    labels = np.array(known)[(np.abs(values[:, 0] * 2).astype(int)) % len(known)]
    theirs = HistGradientBoostingClassifier(
        max_iter=HOW.rounds, early_stopping=False, random_state=0, **HOW.settings
    ).fit(values, labels)
    found = softmax(grown(values, labels)(values))
    np.testing.assert_allclose(found[:, list(known)], theirs.predict_proba(values), atol=1e-5)
    assert found[:, [at for at in range(4) if at not in known]].sum() < 1e-5, "a class without an example"


def test_blocks_of_rows_do_not_show(monkeypatch):
    values = RNG.standard_normal((300, 5)).astype(np.float32)
    trees = grown(values, (values[:, 0] > 0).astype(int) + (values[:, 1] > 1))
    whole = trees(values)
    monkeypatch.setattr("einthoven.evaluation.revision._BLOCK", 7)
    np.testing.assert_array_equal(trees(values), whole)
    assert trees(values[:0]).shape == (0, 4)


def test_rare_classes_weigh_more_where_that_is_asked_for():
    labels = np.array([0] * 90 + [1] * 10)
    weights = Boosting(rare=0.5).weights(labels, 2)
    assert weights[-1] / weights[0] == pytest.approx(3.0)
    assert Boosting(rare=0.0).weights(labels, 2) is None


def test_names_and_values_pair():
    windows = recording()
    values = answers_around.around(softmax(RNG.standard_normal((80, 4))), windows, PREPARATION)
    names = answers_around.names(CLASSES)
    assert values.shape == (80, len(names)) and len(set(names)) == len(names)
    assert values.dtype == np.float32 and np.isfinite(values).all()


def test_neighbours_and_means_are_those_of_a_plain_count():
    windows, answer = recording(), softmax(RNG.standard_normal((80, 4)))
    values = dict(
        zip(answers_around.names(CLASSES), answers_around.around(answer, windows, PREPARATION).T, strict=True)
    )
    np.testing.assert_allclose(values["first answer to beat -2, V"][10], answer[8, 2], rtol=1e-5)
    np.testing.assert_allclose(values["mean first answer of 21 beats, S"][40], answer[30:51, 1].mean(), rtol=1e-5)
    np.testing.assert_allclose(values["mean first answer of the recording, F"], answer[:, 3].mean(), rtol=1e-5)
    early = windows.features[:, PREPARATION.columns["rr"]][:, 1]
    alike = np.abs(early - early[33]) < 0.05
    np.testing.assert_allclose(
        values["mean first answer of beats alike in timing, S"][33], answer[alike, 1].mean(), rtol=1e-4
    )
    np.testing.assert_array_equal(values["RR before"], windows.features[:, 8])


def test_beats_of_the_same_shape_share_their_answers():
    windows = recording(40)
    windows.signal[::2] = windows.signal[0]
    answer = softmax(RNG.standard_normal((40, 4)))
    values = dict(
        zip(answers_around.names(CLASSES), answers_around.around(answer, windows, PREPARATION).T, strict=True)
    )
    shared = values["mean first answer of beats alike in shape (0.95), V"]
    np.testing.assert_allclose(shared[::2], answer[::2, 2].mean(), rtol=1e-5)
    np.testing.assert_allclose(shared[1::2], answer[1::2, 2], rtol=1e-5)


def test_each_recording_is_read_by_itself():
    first, second = recording(50), recording(60)
    both = concatenated((first, second))
    logits = RNG.standard_normal((110, 4)).astype(np.float32)
    n_values = len(answers_around.names(CLASSES))
    values = RNG.standard_normal((300, n_values)).astype(np.float32)
    trees = grown(values, (values[:, 0] > 0).astype(int) + (values[:, 40] > 0))
    whole = revised(trees, logits, both, np.repeat(["a", "b"], (50, 60)), PREPARATION)
    alone = revised(trees, logits[:50], first, np.zeros(50), PREPARATION)
    np.testing.assert_array_equal(whole[:50], alone)
    assert not np.array_equal(revised(trees, logits, both, np.zeros(110), PREPARATION)[:50], alone)


@pytest.mark.parametrize(
    "change",
    [
        {"feature": np.full((8, 3), 9, np.int16)},
        {"left": np.zeros((8, 3), np.int16)},
        {"baseline": np.zeros(3, np.float32)},
        {"leaves": np.zeros((8, 2), np.float32)},
        {"threshold": np.zeros((8, 3), np.int16)},
    ],
)
def test_trees_that_do_not_fit_are_refused(change):
    here = np.tile(np.arange(3, dtype=np.int16), (8, 1))
    zeros = np.zeros((8, 3), np.float32)
    good = {
        "feature": here,
        "threshold": zeros,
        "left": here,
        "right": here,
        "leaves": zeros,
        "baseline": zeros[0, :1].repeat(4),
    }
    assert BoostedTrees.of_tensors(good, 5, 4)(np.zeros((2, 5))).shape == (2, 4)
    with pytest.raises(ValueError, match=r"fit|holds"):
        BoostedTrees.of_tensors(good | change, 5, 4)
    with pytest.raises(ValueError, match="holds"):
        BoostedTrees.of_tensors({"feature": here}, 5, 4)
