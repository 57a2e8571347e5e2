"""Losses against torch; a killed run against an uninterrupted one; the test part against a poisoner."""

import hashlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from einthoven import bundle
from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.training.losses import asymmetric, balanced_weights, focal, loss_for, positive_weights, sigmoid_focal
from einthoven.training.recipe import LOSSES, SIMULATED, Recipe
from tests.refusals import refused

LOGITS = torch.randn(32, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(32) % 4


def test_focal_without_focus_is_cross_entropy():
    torch.testing.assert_close(focal(LOGITS, LABELS, 0.0), F.cross_entropy(LOGITS, LABELS))


def test_focal_is_equation_5():
    alpha = torch.tensor([0.1, 0.2, 0.3, 0.4])
    p = torch.softmax(LOGITS.double(), dim=1).numpy()
    want = [
        -alpha[label].item() * (1 - p[row, label]) ** 2 * np.log(p[row, label])
        for row, label in enumerate(LABELS.tolist())
    ]
    assert focal(LOGITS, LABELS, 2.0, alpha).item() == pytest.approx(np.mean(want), rel=1e-5)


def test_balanced_weights_are_scikit_learns():
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.repeat([0, 1, 2], (70, 20, 10))
    want = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(balanced_weights(torch.tensor([70, 20, 10])).numpy(), want, rtol=1e-6)
    assert balanced_weights(torch.tensor([70, 0])).tolist()[1] == 0


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_of_several_classes_falls_with_the_error(name):
    truth = torch.tensor([[1.0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]])
    loss = loss_for(Recipe(loss=name), torch.tensor([1, 1, 1, 0]), 3)
    right = 8 * truth - 4
    assert loss(right, truth) < loss(torch.zeros_like(truth), truth) < loss(-right, truth)


def test_losses_of_several_classes_are_as_published():
    torch.manual_seed(0)
    logits, truth = torch.randn(5, 3), (torch.rand(5, 3) < 0.4).float()
    p = torch.sigmoid(logits)
    plain = -(truth * p.log() + (1 - truth) * (1 - p).log())
    torch.testing.assert_close(loss_for(Recipe(), torch.tensor([1, 1, 1]), 5)(logits, truth), plain.mean())
    right = truth * p + (1 - truth) * (1 - p)
    torch.testing.assert_close(sigmoid_focal(logits, truth, 2.0), ((1 - right) ** 2 * plain).mean())
    shifted = (p - 0.05).clamp(min=0)
    wanted = -(truth * (1 - p) * p.log() + (1 - truth) * shifted**4 * (1 - shifted).log()).mean()
    torch.testing.assert_close(asymmetric(logits, truth), wanted)
    assert positive_weights(torch.tensor([0.0, 50.0, 999.0]), 1000).tolist() == pytest.approx([100, 19, 1 / 999])


def test_a_class_that_is_unknown_has_no_gradient():
    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    truth = torch.tensor([[1.0, 0.0, 1.0]] * 5)
    truth[2, 1] = float("nan")
    loss_for(Recipe(smoothing=0.1), torch.tensor([1, 1, 1]), 5)(logits, truth).backward()
    assert logits.grad[2, 1] == 0 and (logits.grad.flatten() != 0).sum() == 14


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"asymmetric"}))
def test_each_loss_falls_with_the_error(name):
    loss = loss_for(Recipe(loss=name), torch.tensor([10, 20, 30, 40]))
    right = 5.0 * F.one_hot(LABELS, 4).float()
    assert loss(right, LABELS) < loss(LOGITS, LABELS) < loss(-right, LABELS)


def test_all_faults_of_a_recipe_are_named_at_once():
    with pytest.raises(ConfigurationFault) as caught:
        Recipe(epochs=0, lr=-1, loss="hinge", precision="fp8")
    assert caught.value.found.count(";") == 3


@pytest.mark.parametrize("setting", ["loss", "schedule", "keep", "precision", "simulate", "augment"])
def test_an_unknown_name_is_refused_with_those_there_are(setting, capsys):
    """In Python and on the command line, where the help lists them."""
    value = ("blur",) if setting in ("simulate", "augment") else "blur"
    with pytest.raises(ConfigurationFault, match=f"{setting} is blur"):
        Recipe(**{setting: value})
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "train",
                "--model",
                "cnn",
                "--corpus",
                "mitdb",
                "--from",
                ".",
                "--out",
                "run",
                f"--train.{setting}",
                "blur",
            ]
        )
    assert ended.value.code == 2 and "blur" in capsys.readouterr().err


def test_augmentations_and_rhythms_are_those_that_a_recipe_can_name():
    from einthoven.data.augment import AUGMENTATIONS
    from einthoven.data.augmentation_names import NAMES
    from einthoven.training.rhythms import RHYTHMS

    assert tuple(AUGMENTATIONS) == NAMES
    assert set(RHYTHMS) == set(SIMULATED)


def words_of(source, out, *more):
    words = ["train", "--model", "cnn", "--corpus", "mitdb", "--from", str(source), "--out", str(out), *more]
    words += ["--train.epochs", "3", "--train.precision", "fp32", "--train.batch", "64", "--train.average", "0.5"]
    return [*words, "--set", "widths=8,8"]


def command(source, out, *more):
    return [sys.executable, "-m", "einthoven.cli.main", *words_of(source, out, *more)]


def weights_of(out) -> str:
    return hashlib.sha256((out / "bundle" / "weights.safetensors").read_bytes()).hexdigest()


@pytest.fixture
def here(trained, monkeypatch):
    """Train in this process as in one of its own: one thread, the same stores; without a graph, as weights are compared."""
    monkeypatch.setenv("EINTHOVEN_HOME", trained[1]["EINTHOVEN_HOME"])
    monkeypatch.setattr("einthoven.cli.train._with_graph", lambda folder, is_own: bundle.load_card(folder))
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield main
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="module")
def trained(mitdb_like, tmp_path_factory):
    """An uninterrupted run, and the environment of processes that train alike: one thread, the same stores."""
    folder = tmp_path_factory.mktemp("runs")
    more = {"EINTHOVEN_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EINTHOVEN_HOME", more["EINTHOVEN_HOME"])
        assert main(words_of(mitdb_like, folder / "whole")) == 0
    torch.set_num_threads(n_threads)
    return folder / "whole", os.environ | more


def test_a_run_leaves_bundle_and_logs(trained):
    out, _ = trained
    card = json.loads((out / "bundle" / "card.json").read_text())
    assert card["training"]["protocol"] == "clean"
    assert card["training"]["validation_macro_f1"] > 0.2
    assert "mitdb/100" not in card["training"]["patients"]
    assert card["weights_sha256"] == weights_of(out)
    assert (out / "bundle" / bundle.GRAPH).is_file()
    assert len((out / "logs" / "csv" / "start0" / "metrics.csv").read_text().splitlines()) >= 4
    assert list((out / "logs" / "tensorboard").glob("events*"))


def test_killed_and_resumed_equals_uninterrupted(trained, here, mitdb_like, tmp_path, capsys):
    out, environment = trained
    killed = subprocess.Popen(
        command(mitdb_like, tmp_path / "killed"),
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    for line in killed.stderr:
        if line.startswith("epoch   2"):
            killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "bundle").exists()
    assert here(words_of(mitdb_like, tmp_path / "killed")) == 0
    assert "epoch   1 of" not in capsys.readouterr().err
    assert weights_of(tmp_path / "killed") == weights_of(out)


def test_an_interrupted_run_says_so(trained, mitdb_like, tmp_path):
    _, environment = trained
    words = command(mitdb_like, tmp_path / "stopped")
    stopped = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    told = []
    for line in stopped.stderr:
        told.append(line)
        if line.startswith("epoch   2"):
            stopped.send_signal(signal.SIGTERM)
    assert stopped.wait() == 130
    assert told[-1] == "interrupted\n" and not any("Traceback" in line for line in told)


def test_averaged_weights_are_validated_and_kept(trained, here, mitdb_like, tmp_path):
    """They are the moving average of the weights after each step, and what was validated; a checkpoint has both."""
    out, _ = trained
    kept = load_file(out / "best.safetensors")
    state = torch.load(out / "last.ckpt", weights_only=True)
    last, averaged = state["current_model_state"], state["state_dict"]
    assert not all(torch.equal(averaged[f"network.{name}"], last[f"network.{name}"]) for name in kept)
    words = words_of(mitdb_like, tmp_path / "last", "--train.keep", "last")
    assert here(words) == 0
    state = torch.load(tmp_path / "last" / "last.ckpt", weights_only=True)["state_dict"]
    for name, values in load_file(tmp_path / "last" / "best.safetensors").items():
        assert torch.equal(values, state[f"network.{name}"])


def test_killed_after_it_stopped_early_equals_uninterrupted(mitdb_like, here, tmp_path, capsys):
    words = words_of(mitdb_like, tmp_path / "run", "--train.patience", "1", "--train.lr", "1e-9")
    words[words.index("--train.epochs") + 1] = "8"
    assert here(words) == 0
    assert "epoch   8 of" not in capsys.readouterr().err, "it stopped early"
    wanted = weights_of(tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "bundle")
    assert here(words) == 0
    assert "epoch" not in capsys.readouterr().err
    assert weights_of(tmp_path / "run") == wanted
    shutil.rmtree(tmp_path / "run" / "bundle")
    (tmp_path / "run" / "last.ckpt").write_bytes(b"half")
    assert "last.ckpt" in refused(capsys, words, FileDamaged).summary


def test_a_poisoned_test_part_changes_no_weight(trained, here, mitdb_like, tmp_path):
    """Every record of DS2 is replaced by noise with its labels shuffled; training must not notice."""
    out, _ = trained
    poisoned = tmp_path / "mitdb"
    shutil.copytree(mitdb_like, poisoned)
    from einthoven.corpora.mitdb import DS2

    rng = np.random.default_rng(0)
    for name in DS2:
        size = (poisoned / f"{name}.dat").stat().st_size
        (poisoned / f"{name}.dat").write_bytes(rng.integers(0, 256, size, np.uint8).tobytes())
        shutil.copy(poisoned / "101.atr", poisoned / f"{name}.atr")
        text = (poisoned / f"{name}.hea").read_text().splitlines()
        lines = [text[0]] + [" ".join([*line.split()[:5], "0", "0", "0", *line.split()[8:]]) for line in text[1:]]
        (poisoned / f"{name}.hea").write_text("\n".join(lines) + "\n")
    assert here(words_of(poisoned, tmp_path / "run")) == 0
    assert weights_of(tmp_path / "run") == weights_of(out)


def test_a_run_of_other_settings_is_refused(trained, here, mitdb_like, capsys):
    out, _ = trained
    before = weights_of(out)
    refused(capsys, words_of(mitdb_like, out, "--train.lr", "0.5"), ConfigurationFault, "another recipe")
    assert weights_of(out) == before


def test_every_step_s_gradient_is_scaled_down_to_the_recipe_s_norm(mitdb_like, store_of, tmp_path, monkeypatch):
    from einthoven.corpora.mitdb import MITDB
    from einthoven.signal.preparation import Beats, Preparation, SignalSpec
    from einthoven.training.fit import fit
    from einthoven.training.task import task_of

    protocol = MITDB.protocol("clean")
    preparation = Preparation(SignalSpec(("MLII|II|V5",), 180.0), Beats(0.3, 0.5))
    store = store_of(MITDB, mitdb_like, preparation, protocol.without)
    norms = []
    step = torch.optim.AdamW.step

    def noted(self, *arguments, **named):
        grads = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        if grads:
            norms.append(float(torch.cat([grad.flatten() for grad in grads]).norm()))
        return step(self, *arguments, **named)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    recipe = Recipe(epochs=1, batch=64, clip_norm=1e-3)
    fit(task_of(MITDB, protocol, store, 0), "cnn", {"widths": (4, 4, 4, 4)}, recipe, tmp_path / "run")
    assert norms and max(norms) <= 1.001e-3


def test_a_training_leaves_warning_filters_and_loggers_as_they_were(mitdb_like, home, tmp_path, monkeypatch, capsys):
    from einthoven.corpora.mitdb import MITDB
    from einthoven.data.build import build
    from einthoven.signal.preparation import Beats, Preparation, SignalSpec
    from einthoven.training.fit import fit
    from einthoven.training.task import task_of

    protocol = MITDB.protocol("clean")
    preparation = Preparation(SignalSpec(("MLII|II|V5",), 180.0), Beats(0.3, 0.5))
    store = build(MITDB, mitdb_like, preparation, protocol.without)
    task, names = task_of(MITDB, protocol, store, 0), ("lightning.pytorch", "lightning.fabric", "einthoven", "")

    def settings():
        return [logging.getLogger(name).level for name in names], warnings.filters[:]

    logging.getLogger("lightning.pytorch").setLevel(logging.INFO)
    before = settings()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    capsys.readouterr()
    fit(task, "cnn", {"widths": (4, 4)}, Recipe(epochs=1, batch=64), tmp_path / "run")
    assert settings() == before
    assert capsys.readouterr() == ("", "")
    with pytest.raises(ConfigurationFault):
        fit(task, "cnn", {"widths": (4, 4)}, Recipe(epochs=2, batch=64), tmp_path / "run")
    assert settings() == before
