"""The engine: members, their answers, protocols in one folder, and what is gone and can be made again."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from einthoven.cli.main import main
from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.engine import members as trainings
from einthoven.engine.members import Member
from einthoven.engine.study_run import StudyRun
from einthoven.errors import CorpusIncomplete, FileDamaged
from einthoven.studies import STUDIES
from tests.studies.small import few, finished, run


def opened(study, folder, *members, **more) -> StudyRun:
    """A run without a corpus, of members with some values."""
    study = replace(study, members=lambda run: [Member(run, *values) for values in members], steps=())
    return StudyRun(study, CPSC2018, {"clean": CPSC2018.protocol("clean")}, {}, folder, False, "", **more)


@pytest.mark.parametrize("gone", ["answers", "run"])
def test_what_is_gone_from_a_study_can_be_made_again(gone, tmp_path):
    this = opened(STUDIES["cpsc2018"], tmp_path, ("a-f0", "litenet-12", "clean", 0))
    done = this.steps.file("train-a-f0")
    done.parent.mkdir()
    done.write_text("{}")
    file = tmp_path / "answers" / "a-f0-test.csv"
    if gone == "answers":
        file.parent.mkdir()
        file.write_text("cut")
    with pytest.raises(FileDamaged) as told:
        this.members["train-a-f0"].predict("test")
    assert told.value.remedy.startswith(f"rm {file if gone == 'answers' else done} ")


def test_answers_of_a_member_that_trains_again_are_forgotten(tmp_path, monkeypatch):
    card = SimpleNamespace(n_parameters=1)
    monkeypatch.setattr(trainings, "fit", lambda *_, **__: card)
    monkeypatch.setattr(trainings, "calibrate", lambda *_: card)
    monkeypatch.setattr(Member, "store", None)
    members = [(label, "litenet-12", "clean") for label in ("net-f0", "net-f1", "net-b-f0")]
    this = opened(STUDIES["cpsc2018"], tmp_path, *members)
    (tmp_path / "answers").mkdir()
    for name in ("net-f0-test", "net-f0-validation", "net-f1-test", "net-b-f0-test"):
        (tmp_path / "answers" / f"{name}.csv").touch()
    assert this.members["train-net-f0"].train(task=SimpleNamespace(validation=())) == {"n_parameters": 1}
    assert {file.stem for file in (tmp_path / "answers").iterdir()} == {"net-f1-test", "net-b-f0-test"}


@pytest.mark.parametrize(("n_records", "is_full"), [(859, False), (5000, True), (21_799, True)])
def test_a_whole_database_has_recipes_of_its_own(n_records, is_full, tmp_path):
    store = SimpleNamespace(index=SimpleNamespace(record=np.repeat(np.arange(n_records), 2)))
    this = opened(STUDIES["ptbxl"], tmp_path, ("net", "xresnet1d101", "clean"))
    this.stores = {"": store}
    recipe = this.members["train-net"].recipe
    few_records = STUDIES["ptbxl"].models["xresnet1d101"].recipe
    assert this.is_full == is_full and recipe.epochs == few_records.epochs
    assert (recipe.batch, recipe.average) == ((128, 0.999) if is_full else (few_records.batch, 0.0))
    assert ("average" in recipe.as_dict()) == is_full, "folders of earlier versions stay valid"


def test_members_are_found_by_what_they_share(tmp_path, monkeypatch):
    members = [(f"{name}-f{fold}", name, "clean", fold) for name in ("a", "b") for fold in (0, 1)]
    this = opened(STUDIES["cpsc2018"], tmp_path, *members)
    monkeypatch.setattr(Member, "predict", lambda self, part: (self.step, part))
    assert this.predict("test", fold=1) == [("train-a-f1", "test"), ("train-b-f1", "test")]
    assert this.predict("validation", fold=0, model="b") == [("train-b-f0", "validation")]


def test_a_folder_keeps_the_protocol_that_was_run_before(request, tmp_path):
    """ZZU-pECG by one protocol, then by both: nothing is trained twice; then by the first again, which keeps the second."""
    done = finished("pediatric", request)
    study = few("pediatric", "transformer-9", "transformer-12")
    words = study, done.source
    assert set(run(*words, "clean", tmp_path / "out", done.home)["scores"]) == {
        "transformer-9-clean",
        "transformer-12-clean",
    }
    kept = (tmp_path / "out" / "steps" / "transformer-9-clean.json").stat().st_mtime_ns
    both = run(*words, "both", tmp_path / "out", done.home)["scores"]
    assert len(both) == 4 and (tmp_path / "out" / "steps" / "transformer-9-clean.json").stat().st_mtime_ns == kept
    assert run(*words, "clean", tmp_path / "out", done.home)["scores"] == both
    (tmp_path / "out" / "steps" / "transformer-9-paper.json").unlink()
    assert len(run(*words, "clean", tmp_path / "out", done.home)["scores"]) == 2, "what is half done waits"


def test_preparations_of_other_recordings_have_no_common_folds(request, tmp_path):
    """A recording of lead I alone is in one of two stores."""
    done = finished("cpsc2018", request)
    source = shutil.copytree(done.source, tmp_path / "cpsc2018")
    header = next(file for file in sorted((source / "wfdb").glob("*.hea")))
    lines = header.read_text().splitlines()
    header.write_text("\n".join([line.replace(" V6", " V7") if " V6" in line else line for line in lines]) + "\n")
    with pytest.raises(CorpusIncomplete, match=f"1 recordings in some of them only: {header.stem}"):
        run(done.study, source, "clean", tmp_path / "out", tmp_path / "home")


def test_the_verb_runs_a_study_and_prints_its_table(request, monkeypatch, capsys):
    done = finished("ptbxl-model", request)
    monkeypatch.setitem(STUDIES, "ptbxl-model", done.study)
    monkeypatch.setenv("EINTHOVEN_HOME", str(done.home))
    assert main(["study", "ptbxl-model", "--from", str(done.source), "--out", str(done.folder), "--quick"]) == 0
    said = capsys.readouterr().out
    assert "SMOKE RUN" in said and done.results["title"] in said
    assert json.loads((done.folder / "results.json").read_text())["scores"] == done.results["scores"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["none"], "Unknown study"),
        (["mitbih", "--protocol", "none"], "mitbih has no such protocol"),
        (["mitbih", "--protocol", "both"], "mitbih has no such protocol"),
        (["ptbxl", "--folds", "7"], "ptbxl has no such folds"),
        (["mitbih", "--folds", "groups"], "mitbih has no such folds"),
    ],
)
def test_bad_use(words, wrong, tmp_path, capsys):
    assert main(["study", *words, "--from", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert wrong in told and "remedy" in told
    assert not (tmp_path / "out").exists()
