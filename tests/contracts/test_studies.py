"""What every study of STUDIES keeps to."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from einthoven.engine.declaration import TRAININGS, Step
from einthoven.engine.study_run import StudyRun
from einthoven.errors import FileDamaged
from einthoven.models import MODELS
from einthoven.studies import STUDIES
from tests.studies.small import SMALL, Finished, finished

RESULTS = Path(__file__).parents[2] / "docs" / "results"
TIMED = ("seconds", "training_windows_per_s", "inference_windows_per_s")


@pytest.fixture(params=list(STUDIES))
def done(request) -> Finished:
    return finished(request.param, request)


def timeless(values):
    """Plain values without what was timed."""
    if isinstance(values, dict):
        return {name: timeless(value) for name, value in values.items() if name not in TIMED}
    return [timeless(value) for value in values] if isinstance(values, list) else values


def test_every_study_is_tried():
    assert set(SMALL) == set(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
def test_a_declaration_names_what_there_is(name):
    study = STUDIES[name]
    assert study.name == name and study.protocols[0] == "clean"
    assert {model.architecture for model in study.models.values()} <= set(MODELS)
    assert {model.store for model in study.models.values()} == set(study.stores)
    for protocol in study.protocols:
        assert study.corpus.protocol(protocol).leaks == (protocol != "clean")
    steps = [one for step in study.steps for one in (step if isinstance(step, tuple) else (step,))]
    assert steps.count(TRAININGS) == 1 and all(one == TRAININGS or isinstance(one, Step) for one in steps)
    for pairs in study.compared.values():
        joined = {first for first, _ in pairs.values()}
        for first, second in pairs.values():
            assert second in joined | set(study.models) and first != second
    json.dumps(study.settings)


@pytest.mark.parametrize("name", STUDIES)
def test_published_results_have_a_source(name):
    for row in STUDIES[name].published:
        assert "arXiv" in row.source or "doi:" in row.source
        assert row.figures and all(any(letter.isdigit() for letter in text) for text in row.figures.values())


def test_a_smoke_run_is_short(done):
    assert done.seconds < 60


def test_trainings_are_of_declared_models_and_protocols(done):
    this = StudyRun(done.study, done.study.corpus, {}, {}, done.folder, True, next(iter(done.study.folds), ""))
    this.protocols = {name: done.study.corpus.protocol(name) for name in done.study.protocols}
    members = this.members.values()
    assert {member.model for member in members} <= set(done.study.models)
    assert {member.protocol_name for member in members} <= set(done.study.corpus.protocols)
    places = [member.folder for member in members]
    assert len(set(places)) == len(places)
    assert all(place.is_dir() for member, place in zip(members, places, strict=True) if member.protocol_name == "clean")


def test_table_page_and_figures_are_written(done):
    told = json.loads((done.folder / "results.json").read_text())
    assert timeless(told) == timeless(json.loads(json.dumps(done.results)))
    assert all(len(row) == len(told["columns"]) for row in told["rows"]) and set(told["shown"]) <= set(told["columns"])
    drawn = {file.stem for file in (done.folder / "figures").glob("*.png")}
    assert drawn and drawn <= set(done.study.figures)
    assert len(drawn) >= len(done.study.figures) - 6, "those of models that are left out here"
    page = (done.folder / "report.html").read_text()
    assert all(f">{name}<" in page for name in drawn) and "http:" not in page and "https:" not in page
    for text in (page, (done.folder / "table.md").read_text()):
        assert all(str(row[0]) in text.replace("&#39;", "'") for row in told["rows"])


def test_a_smoke_run_says_so(done):
    assert done.results["smoke_run"] and done.results["remarks"][0].startswith("SMOKE RUN")
    for file in ("table.md", "report.html"):
        assert "SMOKE RUN" in (done.folder / file).read_text()


def test_what_leaks_patients_says_so(done):
    leaks = any("LEAKS" in cell for row in done.results["rows"] for cell in row)
    assert leaks == (done.study.one_folder and "paper" in done.study.protocols)
    assert ("LEAKS PATIENTS" in (done.folder / "report.html").read_text()) == leaks


def test_a_step_that_is_gone_is_done_again_and_no_other(done, tmp_path):
    out = shutil.copytree(done.folder, tmp_path / "out", copy_function=shutil.copy2)
    files = sorted((out / "steps").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    last, kept = files[-1], {file: file.stat().st_mtime_ns for file in files[:-1]}
    before = last.read_text()
    last.unlink()
    found = done.again(out)
    assert timeless(json.loads(before)) == timeless(json.loads(last.read_text()))
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert timeless(found["scores" if "scores" in found else "protocols"]) == timeless(
        done.results["scores" if "scores" in found else "protocols"]
    )


def test_a_damaged_step_is_named_with_its_remedy(done, tmp_path):
    out = shutil.copytree(done.folder, tmp_path / "out")
    file = sorted((out / "steps").glob("*.json"))[0]
    for text in ('{"mean": ', "[]"):
        file.write_text(text)
        with pytest.raises(FileDamaged) as told:
            done.again(out)
        assert told.value.remedy.startswith(f"rm {file} ")


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*/*.json")), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_documented_results_give_the_documented_table(file):
    found = json.loads(file.read_text())
    if "study" not in found:
        pytest.skip("not the results of a study")
    study = STUDIES[found["study"]]
    store = SimpleNamespace(manifest={})
    this = StudyRun(study, study.corpus, {}, {"": store}, file.parent, False, next(iter(study.folds), ""))
    if study.corpus_in:
        this.corpus = next(corpus for corpus in (study.corpus, _ptbxl()) if corpus.name == found["corpus"])
    table = study.table(this, {name: value for name, value in found.items() if name not in ("columns", "rows")})
    assert table["title"] == found["title"] and table["columns"] == found["columns"] and table["rows"] == found["rows"]
    assert table["shown"] == found["shown"]
    assert table["remarks"] == [
        line for line in found["remarks"] if study.name != "challenge2017" or "left out, " not in line
    ]


def _ptbxl():
    from einthoven.corpora.ptbxl import PTBXL

    return PTBXL
