"""The studies of MIT-BIH survive a kill and a full disk, and the test part reaches no training."""

import hashlib
import resource
import shutil
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from einthoven.cli.main import main
from einthoven.corpora.mitdb import DS2
from einthoven.engine import members
from einthoven.errors import ConfigurationFault, CorpusIncomplete, OutputRefused
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.studies import mitbih_clean
from tests.studies.small import finished, run


def weights_of(folder) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("weights.safetensors"))
    }


@pytest.fixture(scope="module")
def mitbih(request):
    return finished("mitbih", request)


def test_a_killed_study_goes_on(request, tmp_path, monkeypatch):
    """Killed at its third training and started again, a study trains nothing twice and gives the same weights."""
    done = finished("mitbih-clean", request)
    real, calls = members.fit, []

    def dying(*words, **more):
        calls.append(words[4].name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*words, **more)

    monkeypatch.setattr(members, "fit", dying)
    with pytest.raises(KeyboardInterrupt):
        done.again(tmp_path / "out")
    before = weights_of(tmp_path / "out")
    assert len(before) == 2
    done.again(tmp_path / "out")
    assert calls.count(calls[0]) == 1, "a finished member is not trained again"
    assert before.items() <= weights_of(tmp_path / "out").items()
    assert weights_of(tmp_path / "out") == weights_of(done.folder)


def test_each_answer_to_rare_classes_is_compared_with_none(mitbih):
    expected = {f"{one}-{how}" for one in ("cnn", "cnn_lstm_attention") for how in ("focal", "generated")}
    assert set(mitbih.results["against_none"]) == expected
    assert set(mitbih.results["scores"]["ensemble-mean"]["macro_f1"]) == {"value", "low", "high"}
    names = {file.stem for file in (mitbih.folder / "figures").glob("*.png")}
    assert {"imbalance", "ensembles", "learning", "generated", "roc-cnn-none", "confusion-cnn-none"} <= names
    assert {"gradcam-cnn", "gradcam-ensemble-top2_weighted"} <= names


def test_an_ensemble_is_a_model(mitbih, tmp_path, capsys):
    model = load(mitbih.folder / "ensembles" / "top2_weighted")
    assert model.card.architecture == "ensemble"
    assert len(model.card.training["members"]) == 2
    out = tmp_path / "why.png"
    words = ["explain", str(mitbih.folder / "ensembles" / "mean"), str(mitbih.source / "100.hea"), "--out", str(out)]
    assert main(words) == 0
    assert out.read_bytes()[:4] == b"\x89PNG"
    assert "over QRS" in capsys.readouterr().out


def test_nothing_of_the_test_part_reaches_training(mitbih, tmp_path):
    """Every record of DS2 is replaced by noise; members, generator and ensembles must stay the same to the bit."""
    poisoned = tmp_path / "mitdb"
    shutil.copytree(mitbih.source, poisoned)
    rng = np.random.default_rng(0)
    for name in DS2:
        size = (poisoned / f"{name}.dat").stat().st_size
        (poisoned / f"{name}.dat").write_bytes(rng.integers(0, 256, size, np.uint8).tobytes())
        text = (poisoned / f"{name}.hea").read_text().splitlines()
        lines = [text[0]] + [" ".join([*line.split()[:5], "0", "0", "0", *line.split()[8:]]) for line in text[1:]]
        (poisoned / f"{name}.hea").write_text("\n".join(lines) + "\n")
    out = tmp_path / "out"
    run(replace(mitbih.study, figures={}), poisoned, "clean", out, mitbih.home)
    assert weights_of(out) == weights_of(mitbih.folder)
    made = [folder / "synthetic" / "windows.npy" for folder in (out, mitbih.folder)]
    assert len(np.load(made[0])) > 20
    assert made[0].read_bytes() == made[1].read_bytes()
    answers = [(folder / "predictions" / "cnn-none.csv").read_text() for folder in (out, mitbih.folder)]
    assert answers[0] != answers[1]


def test_another_configuration_is_refused(mitbih):
    with pytest.raises(ConfigurationFault, match="another protocol"):
        mitbih.again(protocol="paper")


def test_missing_records_end_it_and_lose_nothing(mitbih, tmp_path):
    shutil.copytree(mitbih.source, tmp_path / "mitdb")
    (tmp_path / "mitdb" / "119.dat").unlink()
    before = weights_of(mitbih.folder)
    with pytest.raises(CorpusIncomplete, match=r"119\.dat"):
        mitbih.again(source=tmp_path / "mitdb")
    assert weights_of(mitbih.folder) == before


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
def test_a_full_disk_ends_it_and_loses_nothing(step, mitbih, tmp_path):
    out = shutil.copytree(mitbih.folder, tmp_path / "copy")
    (out / "steps" / f"{step}.json").unlink()
    if step.startswith("train-"):
        shutil.rmtree(out / "runs" / step.removeprefix("train-"))
    if step == "generated":
        (out / "gan.ckpt").unlink()
    before, kept = weights_of(out), sorted(file.name for file in (out / "steps").iterdir())
    with a_disk_with_room_for(10_000), pytest.raises(OutputRefused, match="cannot be written"):
        mitbih.again(out)
    assert sorted(file.name for file in (out / "steps").iterdir()) == kept
    assert weights_of(out) == before
    assert not list(out.rglob(".*"))
    if step == "ensembles":
        mitbih.again(out)
        assert weights_of(out) == weights_of(mitbih.folder)


def test_the_inter_patient_study(request):
    """Weights and a person's own share of class S are chosen on DS1, go into the bundle, and DS2 is answered by it."""
    done = finished("mitbih-clean", request)
    chosen, predictor = done.results["cross_validation"], load(done.folder / mitbih_clean.MODEL)
    assert (
        list(predictor.card.class_weights) == chosen["class_weights"]
        and predictor.card.class_prior_adaptation == chosen["own"]
    )
    answers = Predictions.read(done.folder / "predictions.csv")
    assert set(answers.record) <= set(DS2)
    assert not {f"mitdb/{record}" for record in DS2} & predictor.card.patients
