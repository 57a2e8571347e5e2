"""The support vector machine on a trained network: as scikit-learn has it, stored, loaded, and refused where a class is missing."""

import numpy as np
import pytest
import torch

from einthoven import bundle
from einthoven.data.batches import tensors
from einthoven.errors import ConfigurationFault
from einthoven.inference.predictor import load
from einthoven.models.inputs import call
from einthoven.models.lstm_svm import LSTMSVM
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.signal.windows import Windows
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.support_vectors import on_trained, with_support_vectors
from einthoven.training.task import Task

N = 60
SETTINGS = {"frame": 24, "hidden": (8, 4)}


def task(n_classes: int = 2) -> Task:
    """Windows of half a second whose height is their class; the last twenty validate."""
    rng = np.random.default_rng(0)
    labels = np.arange(N) % n_classes
    signal = (rng.standard_normal((N, 1, 72)) + labels[:, None, None]).astype(np.float32)
    names = ("none", "there", "more")[:n_classes]
    return Task(
        windows=Windows(signal, position=np.arange(N)),
        labels=labels,
        train=np.arange(40),
        validation=np.arange(40, N),
        classes=names,
        label_set="a test",
        meanings=names,
        preparation=Preparation(SignalSpec(("MLII",), 144.0), Tiles(0.5)),
        provenance={"corpus": "a test", "protocol": "clean", "fold": None},
        attribution="nobody",
        record=np.arange(N).astype(str),
        synthetic=np.zeros(N, bool),
    )


def weights_of(n_classes: int) -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    network = LSTMSVM(1, n_classes, 72, **SETTINGS)
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


@pytest.mark.parametrize("n_classes", [2, 3])
def test_decisions_are_scikit_learns_and_probabilities_platts(n_classes):
    svm, linear = pytest.importorskip("sklearn.svm"), pytest.importorskip("sklearn.linear_model")
    of = task(n_classes)
    settings, fitted = with_support_vectors(of, SETTINGS, weights_of(n_classes), 0)
    network = LSTMSVM(1, n_classes, 72, **settings)
    network.load_state_dict({name: torch.from_numpy(values) for name, values in fitted.items()})
    with torch.no_grad():
        states = network.eval().features(torch.from_numpy(of.windows.signal)).numpy()
        found = call(network, tensors(of.windows)).numpy()
    for at in range(n_classes - 1, 0, -1):
        truth = of.labels == at
        machine = svm.SVC(gamma="scale").fit(states[:40], truth[:40])
        values = machine.decision_function(states)
        platt = linear.LogisticRegression(C=1e6).fit(values[40:, None], truth[40:])
        wanted = platt.coef_.item() * values + platt.intercept_.item()
        np.testing.assert_allclose(found[:, at], wanted, rtol=1e-3, atol=2e-3)
    assert bool(found[:, 0].any()) == (n_classes > 2), "of two classes the first is the other's opposite"


def test_training_ends_with_the_machine_and_the_bundle_answers_alike(tmp_path):
    recipe = Recipe(epochs=1, batch=20, augment=())
    card = fit(task(), "lstm_svm", SETTINGS, recipe, tmp_path / "run", devices=1)
    assert card.settings["n_vectors"] > 0
    files = {file.name for file in (tmp_path / "run" / "bundle").iterdir()}
    assert files == {"card.json", "weights.safetensors"}, "nothing is pickled"
    alone = fit(task(), "lstm_svm", SETTINGS | {"svm": False}, recipe, tmp_path / "alone", devices=1)
    assert "n_vectors" not in alone.settings
    again = on_trained(task(), tmp_path / "alone" / "bundle", tmp_path / "again")
    assert again.settings["n_vectors"] == card.settings["n_vectors"]
    logits = [load(tmp_path / name).logits(task().windows) for name in ("run", "again")]
    np.testing.assert_allclose(*logits, atol=1e-4)
    weights = [bundle.load_weights(tmp_path / name / "bundle", one) for name, one in (("run", card), ("alone", alone))]
    np.testing.assert_array_equal(*(found["layers.0.weight_ih_l0"] for found in weights))


@pytest.mark.parametrize("part", ["training", "validation"])
def test_a_part_without_a_class_is_refused(part):
    of = task()
    of.labels[of.train if part == "training" else of.validation] = 0
    with pytest.raises(ConfigurationFault) as told:
        with_support_vectors(of, SETTINGS, weights_of(2), 0)
    assert part in told.value.summary and "there: 0 of" in told.value.found and "svm=False" in told.value.remedy
