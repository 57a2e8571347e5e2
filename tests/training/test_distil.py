"""A network that is taught: by what, with which shares, and that training follows it."""

import numpy as np
import pytest
import torch
from torch import nn

from einthoven.data.batches import Batches
from einthoven.errors import ConfigurationFault
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.signal.windows import Windows
from einthoven.training.distil import LABELS, NETWORKS, TREES, network_answers, taught, tree_answers
from einthoven.training.recipe import Recipe
from einthoven.training.requirements import require_recipe
from einthoven.training.task import Task

N = 240


@pytest.fixture
def task() -> Task:
    """Two windows a record; the first measurement of each tells its class."""
    rng = np.random.default_rng(0)
    record = np.repeat([f"r{at}" for at in range(N // 2)], 2)
    labels = np.repeat(rng.integers(0, 2, N // 2), 2)
    features = rng.standard_normal((N, 3)).astype(np.float32)
    features[:, 0] += 4 * labels
    windows = Windows(rng.standard_normal((N, 1, 50)).astype(np.float32), None, features)
    return Task(
        windows=windows, labels=labels, train=np.arange(0, 200), validation=np.arange(200, N), classes=("a", "b"),
        label_set="", meanings=("", ""), preparation=Preparation(SignalSpec(("II",), 50.0), Tiles(1.0)), provenance={},
        attribution="", record=record, synthetic=np.zeros(N, bool),
    )  # fmt: skip


class Sure(nn.Module):
    """Answers class b for each window."""

    inputs = ("signal",)

    def forward(self, signal):
        return torch.tensor([0.0, 2.0]).expand(len(signal), 2)


def test_a_network_answers_all_windows_with_probabilities(task):
    found = network_answers(Sure(), task)
    np.testing.assert_allclose(found, np.tile([1 / (1 + np.e**2), 1 / (1 + np.e**-2)], (N, 1)), rtol=1e-5)


def test_trees_answer_windows_of_records_that_they_did_not_see(task):
    """Where the measurement tells the class, they find it; a label that nothing but its own record tells is not repeated."""
    found = tree_answers(task)
    decided = found[task.train].argmax(axis=1)
    assert (decided == task.labels[task.train]).mean() > 0.9
    assert not found[task.validation].any() and np.allclose(found[task.train].sum(axis=1), 1)
    wrong = task.labels.copy()
    wrong[:2] = 1 - wrong[0]
    changed = Task(**{name: getattr(task, name) for name in task.__dataclass_fields__} | {"labels": wrong})
    assert (tree_answers(changed)[:2].argmax(axis=1) == task.labels[:2]).all()


def test_targets_are_shares_of_labels_networks_and_trees(task):
    networks, trees = np.full((N, 2), 0.5), np.tile([0.25, 0.75], (N, 1))
    found = taught(task, networks, trees, ("one",))
    truth = np.eye(2)[task.labels]
    np.testing.assert_allclose(found.targets, LABELS * truth + NETWORKS * networks + TREES * trees, rtol=1e-6)
    assert found.provenance["taught"] == {"labels": LABELS, "networks": NETWORKS, "trees": TREES, "by": ["one"]}
    assert found.labels is task.labels


def test_batches_serve_targets_and_draw_by_labels(task):
    targets = np.stack((task.labels, 1 - task.labels), axis=1).astype(np.float32)
    batches = Batches(task.windows, task.labels, task.train, 16, seed=1, balance=1.0, targets=targets)
    plain = Batches(task.windows, task.labels, task.train, 16, seed=1, balance=1.0)
    for (_, given), (_, labels) in zip(batches, plain, strict=True):
        assert torch.equal(given[:, 0].long(), labels)


def test_generated_windows_are_taught_their_labels(task):
    found = taught(task, np.full((N, 2), 0.5), np.full((N, 2), 0.5), ())
    more = found.with_generated(task.windows[:3], np.array([0, 1, 1]), {})
    assert more.targets[N:].tolist() == [[1, 0], [0, 1], [0, 1]] and len(more.targets) == N + 3


def test_other_windows_and_other_losses_are_refused(task):
    with pytest.raises(ConfigurationFault, match="cannot teach this task") as caught:
        taught(task, np.full((N, 3), 0.5), np.full((N, 2), 0.5), ())
    assert "(240, 3)" in caught.value.found
    found = taught(task, np.full((N, 2), 0.5), np.full((N, 2), 0.5), ())
    require_recipe(Recipe(), found)
    with pytest.raises(ConfigurationFault, match="Only cross-entropy"):
        require_recipe(Recipe(loss="focal"), found)
