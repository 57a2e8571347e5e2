"""A study does each step once, survives a kill, loses nothing that is finished, and never sees the test part too early."""

import hashlib
import json
import resource
import shutil
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from einthoven.cli.main import main
from einthoven.corpora.mitdb import DS2
from einthoven.errors import ConfigurationFault, CorpusIncomplete, StudyDamaged
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.studies import STUDIES, mitbih, mitbih_clean
from einthoven.studies.study import Steps


def weights_of(folder) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("weights.safetensors"))
    }


@pytest.fixture(scope="module")
def small():
    """The study with two architectures and three strategies."""
    patch = pytest.MonkeyPatch()
    patch.setattr(mitbih, "ARCHITECTURES", ("cnn", "cnn_lstm_attention"))
    kept = ("none", "focal", "generated")
    patch.setattr(mitbih, "STRATEGIES", {name: mitbih.STRATEGIES[name] for name in kept})
    patch.setattr(mitbih, "MORE_SEEDS", (1,))
    many = replace(mitbih.SMOKE, generation=replace(mitbih.SMOKE.generation, rare_share=0.25))
    patch.setattr(mitbih, "SMOKE", many)  # rare beats are not so rare in these small recordings
    yield
    patch.undo()


@pytest.fixture(scope="module")
def finished(small, mitdb_like, tmp_path_factory):
    """A smoke run, killed after a few steps and started again."""
    folder = tmp_path_factory.mktemp("study")
    patch = pytest.MonkeyPatch()
    patch.setenv("EINTHOVEN_HOME", str(folder / "home"))
    real, calls = mitbih.fit, []

    def dying(*words, **more):
        calls.append(words[4].name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*words, **more)

    patch.setattr(mitbih, "fit", dying)
    out = folder / "out"
    with pytest.raises(KeyboardInterrupt):
        mitbih.run(mitdb_like, "clean", out, True)
    before = weights_of(out)
    assert len(before) == 2
    mitbih.run(mitdb_like, "clean", out, True)
    assert calls.count(calls[0]) == 1, "a finished member is not trained again"
    assert before.items() <= weights_of(out).items()
    patch.undo()
    patch.setenv("EINTHOVEN_HOME", str(folder / "home"))
    yield out
    patch.undo()


def test_every_study_names_its_corpus_and_protocols():
    for name, study in STUDIES.items():
        assert study.name == name
        assert study.protocols[0] == "clean"


def test_it_leaves_all_that_is_promised(finished):
    results = json.loads((finished / "results.json").read_text())
    assert results["smoke_run"]
    for file in ("table.md", "report.html"):
        told = (finished / file).read_text()
        assert "SMOKE RUN" in told
        assert "ensemble-top2_weighted" in told
    names = {file.stem for file in (finished / "figures").glob("*.png")}
    assert {"imbalance", "ensembles", "learning", "roc-cnn-none", "confusion-cnn-none", "gradcam-cnn"} <= names
    assert set(results["against_none"]) == {
        f"{name}-{s}" for name in mitbih.ARCHITECTURES for s in ("focal", "generated")
    }
    assert "http" not in (finished / "report.html").read_text().replace("http://www.w3.org", "")
    assert set(results["scores"]["ensemble-mean"]["macro_f1"]) == {"value", "low", "high"}


def test_an_ensemble_is_a_model(finished, mitdb_like, tmp_path, capsys):
    model = load(finished / "ensembles" / "top2_weighted")
    assert model.card.architecture == "ensemble"
    assert len(model.card.training["members"]) == 2
    out = tmp_path / "why.png"
    assert main(["explain", str(finished / "ensembles" / "mean"), str(mitdb_like / "100.hea"), "--out", str(out)]) == 0
    assert out.read_bytes()[:4] == b"\x89PNG"
    assert "over QRS" in capsys.readouterr().out


def test_nothing_of_the_test_part_reaches_training(finished, small, mitdb_like, tmp_path, monkeypatch):
    """Every record of DS2 is replaced by noise; members, generator and ensembles must stay the same to the bit."""
    poisoned = tmp_path / "mitdb"
    shutil.copytree(mitdb_like, poisoned)
    rng = np.random.default_rng(0)
    for name in DS2:
        size = (poisoned / f"{name}.dat").stat().st_size
        (poisoned / f"{name}.dat").write_bytes(rng.integers(0, 256, size, np.uint8).tobytes())
        text = (poisoned / f"{name}.hea").read_text().splitlines()
        lines = [text[0]] + [" ".join([*line.split()[:5], "0", "0", "0", *line.split()[8:]]) for line in text[1:]]
        (poisoned / f"{name}.hea").write_text("\n".join(lines) + "\n")
    mitbih.run(poisoned, "clean", tmp_path / "out", True)
    assert weights_of(tmp_path / "out") == weights_of(finished)
    made = [folder / "synthetic" / "windows.npy" for folder in (tmp_path / "out", finished)]
    assert len(np.load(made[0])) > 20
    assert made[0].read_bytes() == made[1].read_bytes()
    assert (tmp_path / "out" / "predictions" / "cnn-none.csv").read_text() != (
        finished / "predictions" / "cnn-none.csv"
    ).read_text()


def test_another_configuration_is_refused(finished, mitdb_like):
    with pytest.raises(ConfigurationFault, match="another protocol"):
        mitbih.run(mitdb_like, "paper", finished, True)


def test_a_damaged_step_is_named_and_the_rest_is_kept(finished, small, mitdb_like, tmp_path):
    shutil.copytree(finished, tmp_path / "copy")
    (tmp_path / "copy" / "steps" / "ensembles.json").write_text('{"mean": ')
    with pytest.raises(StudyDamaged, match=r"ensembles\.json"):
        mitbih.run(mitdb_like, "clean", tmp_path / "copy", True)
    (tmp_path / "copy" / "steps" / "ensembles.json").unlink()
    before = weights_of(tmp_path / "copy" / "runs")
    mitbih.run(mitdb_like, "clean", tmp_path / "copy", True)
    assert weights_of(tmp_path / "copy" / "runs") == before


def test_missing_records_end_it_and_lose_nothing(finished, mitdb_like, tmp_path):
    shutil.copytree(mitdb_like, tmp_path / "mitdb")
    (tmp_path / "mitdb" / "119.dat").unlink()
    before = weights_of(finished)
    with pytest.raises(CorpusIncomplete, match=r"119\.dat"):
        mitbih.run(tmp_path / "mitdb", "clean", finished, True)
    assert weights_of(finished) == before


@pytest.mark.parametrize("words", [["none"], ["mitbih", "--protocol", "none"]])
def test_bad_use(words, tmp_path, capsys):
    assert main(["study", *words, "--from", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "remedy" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_step_is_done_once(tmp_path):
    steps = Steps(tmp_path, {"quick": True}, {"first": 1.0, "second": 1.0})
    done = []
    for _ in range(2):
        assert steps.do("first", lambda: done.append(1) or {"value": 3})["value"] == 3
    assert done == [1]
    with pytest.raises(ZeroDivisionError):
        steps.do("second", lambda: {"value": 1 / 0})
    assert not (tmp_path / "steps" / "second.json").exists()


def test_the_operating_point_turns_rare_classes_down():
    rng = np.random.default_rng(0)
    truth = np.repeat((0, 1), (900, 100))
    sure = np.where(truth == 1, 0.75, 0.3) + 0.15 * rng.standard_normal(1000)
    probability = np.stack((1 - sure, sure), axis=1).clip(0.01, 0.99)
    one = np.char.mod("%d", np.arange(1000))
    answers = Predictions(("N", "S"), truth, probability, one, one, np.arange(1000))
    point = mitbih._operating_point(answers)
    assert point["weights"][0] == 1.0
    assert point["weights"][1] < 1.0
    assert point["validation_macro_precision"] > 0.95


def test_an_operating_point_that_cannot_be_reached_is_the_most_precise():
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 900, p=(0.8, 0.1, 0.1))
    probability = 0.6 * np.eye(3)[truth] + rng.dirichlet((1, 1, 1), 900)
    rows = np.arange(900).astype(str)
    answers = Predictions(
        tuple("NSV"), truth, probability / probability.sum(axis=1, keepdims=True), rows, rows, np.arange(900)
    )
    point = mitbih._operating_point(answers)
    tried = []
    for factor in np.geomspace(1.0, 0.02, 25):
        got = evaluate(answers.weighted((1.0, round(float(factor), 4), round(float(factor), 4))), "beat", 1)
        tried.append(got["macro_precision"]["value"])
    assert point["validation_macro_precision"] == max(tried) > tried[-1]


@contextmanager
def a_disk_with_room_for(n_bytes: int):
    """No file can grow beyond this: what a full disk looks like to a program that writes one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("step", ["generated", "train-cnn_lstm_attention-focal-s0", "ensembles", "scores", "explained"])
def test_a_full_disk_ends_it_and_loses_nothing(step, finished, small, mitdb_like, tmp_path, capsys):
    out = tmp_path / "copy"
    shutil.copytree(finished, out)
    (out / "steps" / f"{step}.json").unlink()
    if step.startswith("train-"):
        shutil.rmtree(out / "runs" / step.removeprefix("train-"))
    if step == "generated":
        (out / "gan.ckpt").unlink()
    before, kept = weights_of(out), sorted(file.name for file in (out / "steps").iterdir())
    words = ["study", "mitbih", "--from", str(mitdb_like), "--out", str(out), "--quick"]
    with a_disk_with_room_for(10_000):
        assert main(words) == 2
    told = capsys.readouterr().err
    assert "cannot be written" in told
    assert "remedy" in told
    assert sorted(file.name for file in (out / "steps").iterdir()) == kept
    assert weights_of(out) == before
    assert not list(out.rglob(".*"))
    assert main(words) == 0
    assert weights_of(out) == weights_of(finished)


def test_the_inter_patient_study(mitdb_like, home, tmp_path, capsys):
    """Weights and a person's own share of class S are chosen on DS1, go into the bundle, and DS2 is answered by it."""
    assert main(["study", "mitbih-clean", "--from", str(mitdb_like), "--out", str(tmp_path / "out"), "--quick"]) == 0
    assert "SMOKE RUN" in capsys.readouterr().out
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    chosen = results["cross_validation"]
    predictor = load(tmp_path / "out" / mitbih_clean.MODEL)
    assert (
        list(predictor.card.class_weights) == chosen["class_weights"]
        and predictor.card.class_prior_adaptation == chosen["own"]
    )
    answers = Predictions.read(tmp_path / "out" / "predictions.csv")
    assert set(answers.record) <= set(DS2)
    assert not {f"mitdb/{record}" for record in DS2} & predictor.card.patients


def test_what_is_chosen_serves_people_who_differ():
    """Answers that do not know that half of the people have no beat of class S and the others mostly such."""
    rng = np.random.default_rng(0)
    truth, person = np.zeros(4000, int), np.repeat(np.arange(8), 500)
    truth[(person % 2 == 1) & (rng.random(4000) < 0.8)] = 1
    truth[rng.random(4000) < 0.1] = 2
    evidence = 1.6 * (truth == 1) + rng.standard_normal(4000)
    share = (truth == 1).sum() / (truth < 2).sum()
    s = 1 / (1 + np.exp(-1.6 * (evidence - 0.8)) * (1 - share) / share)
    v = np.where(truth == 2, 0.9, 0.02)
    probability = np.stack(((1 - s) * (1 - v), s * (1 - v), v, np.zeros(4000)), axis=1)
    record = person.astype(str)
    answers = Predictions(tuple("NSVF"), truth, probability, record, record, np.arange(4000))
    alone, shared = (mitbih_clean.choose(answers, counts) for counts in ((0.0,), (0.0, 10.0, 100.0)))
    assert alone[1] == {} and shared[1]["counts"] in (10.0, 100.0) and shared[1]["of"] == "S"
    f1 = []
    for weights, own in (alone, shared):
        said = mitbih_clean.shared(answers.weighted(weights), own)
        f1.append(evaluate(said, "patient", 1)["per_class"]["S"]["f1"]["value"])
    assert f1[1] > f1[0] + 0.05
