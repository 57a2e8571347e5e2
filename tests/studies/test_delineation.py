"""The study of delineators on small corpora: steps, tables, both protocols, the bundle, what is refused."""

import json

import numpy as np
import pytest

from einthoven import bundle
from einthoven.cli.main import main
from einthoven.corpora.ludb import FOLDS, LUDB
from einthoven.corpora.qtdb import QTDB
from einthoven.evaluation.touching import better_lead
from einthoven.inference.predictor import load
from einthoven.signal.boundaries import QRS, P, T, waves_from
from einthoven.studies import delineation


@pytest.fixture(scope="module")
def source(tmp_path_factory, ludb_like, qtdb_like):
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "ludb").symlink_to(ludb_like)
    (folder / "qtdb").symlink_to(qtdb_like)
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory, source):
    folder = tmp_path_factory.mktemp("studies") / "delineation"
    return folder, delineation.run(source, "clean", folder, quick=True, models=("delineator",))


def test_folds_are_fixed_and_hold_each_record_once():
    names = [name for fold in FOLDS for name in fold]
    assert sorted(map(int, names)) == list(range(1, 201))
    assert {len(fold) for fold in FOLDS} == {40}


def test_table_and_steps_are_written(done):
    folder, found = done
    assert found["smoke_run"] and found["remarks"][0].startswith("SMOKE RUN")
    assert [row[1] for row in found["rows"][:3]] == ["one lead", "leads joined", "leads joined"]
    assert "published" in found["rows"][-1][2]
    assert json.loads((folder / "results.json").read_text())["rows"] == found["rows"]
    assert "Moskalenko" in (folder / "table.md").read_text()
    steps = {file.stem for file in (folder / "steps").glob("*.json")}
    assert steps == {
        "train-delineator-f0",
        "train-delineator-f1",
        "train-delineator-all",
        "score-delineator",
        "score-delineator-qtdb",
        "bundle",
    }


def test_finished_steps_are_not_repeated(done, source, monkeypatch):
    folder, found = done
    monkeypatch.setattr(delineation, "_train", lambda *_: pytest.fail("trained again"))
    again = delineation.run(source, "clean", folder, quick=True, models=("delineator",))
    assert again["rows"] == found["rows"]


def test_the_bundle_has_results_patients_and_a_graph(done):
    folder, _ = done
    place = folder / delineation.BUNDLE
    card = bundle.load_card(place)
    assert card.answers_samples and card.name == delineation.BUNDLE
    assert {row["corpus"] for row in card.results} == {"ludb", "qtdb"}
    assert len(card.patients) == 4 and all(name.startswith("ludb/") for name in card.patients)
    assert load(place).backend.name == "onnxruntime"
    assert sum(file.stat().st_size for file in place.iterdir()) < 2e6


def test_no_record_is_tested_by_a_net_that_it_trained(done):
    folder, _ = done
    for fold in range(2):
        card = bundle.load_card(delineation.bundle_of(folder, "delineator", fold))
        tested = {f"ludb/{name}" for name in FOLDS[fold]}
        assert card.patients and not card.patients & tested


def test_the_paper_s_protocol(source, tmp_path):
    found = delineation.run(source, "paper", tmp_path / "paper", quick=True)
    assert found["columns"][-1].startswith("paper")
    assert [row[1] for row in found["rows"]] == ["P", "QRS", "T"]


def test_waves_that_touch_count_in_the_better_lead():
    truth = waves_from([(P, 1.0, 1.05, 1.1), (QRS, 1.2, 1.25, 1.3), (T, np.nan, 1.5, 1.6)])
    one = waves_from([(P, 1.09, 1.1, 1.2), (QRS, 1.31, 1.33, 1.35)])
    other = waves_from([(QRS, 1.29, 1.33, 1.35), (T, 1.4, 1.45, 1.49), (T, 1.52, 1.55, 1.58)])
    assert better_lead(truth, [one, other]) == {"P": [1, 0, 0], "QRS": [1, 0, 0], "T": [1, 0, 0]}


def test_an_unknown_protocol_is_refused(source, tmp_path, capsys):
    words = ["study", "delineation", "--from", str(source), "--out", str(tmp_path / "out"), "--protocol", "none"]
    assert main(words) == 2
    assert "clean, paper" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_marks_of_ludb(ludb_like):
    entries = {entry.record: entry for entry in LUDB.entries(ludb_like, 250.0)}
    assert entries["3"].age_years == 89 and entries["8"].codes == "AF" and entries["8"].group == "3"
    marks = LUDB.marks(entries["5"])
    assert len(marks.by_lead) == 12 and marks.has_p
    assert np.isnan(marks.by_lead["II"].onset_s).sum() == 1 and "1 boundaries" in marks.remarks[0]
    without = LUDB.marks(entries["8"])
    assert not without.has_p and not len(without.by_lead["V1"].of(P))
    table = ludb_like / "ludb.csv"
    assert "Atrial fibrillation\nAberrant" in table.read_text()


def test_marks_of_qtdb(qtdb_like):
    entries = {entry.record: entry for entry in QTDB.entries(qtdb_like, 250.0)}
    marks = QTDB.marks(entries["sel100"])
    assert len(marks.stretches_s) == 1 and len(marks.by_lead[""].of(QRS)) == 20
    assert np.isnan(marks.by_lead[""].of(T).onset_s).all()
    assert len(QTDB.marks(entries["sel102"]).stretches_s) == 7, "beats that were skipped divide the stretches"
    assert len(QTDB.marks(entries["sel232"]).by_lead[""].of(QRS)) == 20, "beats of another kind than N"
    assert len(QTDB.beats(QTDB.read(entries["sel233"]))[0]) == 20, "without .atr the beats are those of .man"
