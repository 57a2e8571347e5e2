"""The study of beats on small corpora: people apart, folds, tests, the bundle."""

import json
from pathlib import Path

import numpy as np
import pytest

from einthoven import bundle
from einthoven.corpora.mitdb import DS1, DS2, MITDB
from einthoven.corpora.qtdb import QTDB, person_elsewhere
from einthoven.inference.predictor import load
from einthoven.inference.seen_patients import seen_by
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import prepare
from einthoven.studies import beat_steps, beats, beats_data
from einthoven.studies.beat_run import VARIANTS, BeatRun
from einthoven.studies.beats_data import N_FOLDS, SAME_PERSON, Pool, drawn, folds_of
from tests.layouts import write_qtdb


def pool_of(records: dict[str, list[int]]) -> Pool:
    """A pool of these records with labels, without windows."""
    labels = np.concatenate([np.array(own) for own in records.values()])
    names = np.repeat(list(records), [len(own) for own in records.values()])
    return Pool(None, labels, names, beats_data.PREPARATIONS["one"], None, {})


def test_people_of_the_test_train_nothing_and_likely_twins_share_a_fold():
    records = {f"mitdb/{name}": [0, 1] for name in (*DS1, *DS2, "102")}
    records |= {f"svdb/{name}": [0] * 3 + [1] * (name % 7) for name in range(800, 895)}
    folds = folds_of(pool_of(records))
    assert not {f"mitdb/{name}" for name in (*DS2, "102")} & set(folds)
    assert {name.split("/")[1] for name in folds if name.startswith("mitdb/")} == set(DS1)
    assert set(folds.values()) == set(range(N_FOLDS))
    assert all(folds[first] == folds[second] for first, second in SAME_PERSON)


def test_a_fold_has_its_share_of_the_records_with_most_early_beats():
    records = {f"svdb/{name}": [0] + [1] * (name - 799) for name in range(800, 820)}
    folds = folds_of(pool_of(records))
    assert sorted(folds[f"svdb/{name}"] for name in range(815, 820)) == list(range(N_FOLDS))


@pytest.mark.parametrize(
    ("record", "person"),
    [
        ("sel100", "mitdb/100"),
        ("sel233", "mitdb/233"),
        ("sel803", "svdb/803"),
        ("sel30", ""),
        ("sel16265", ""),
        ("100", ""),
        ("sel306", ""),
    ],
)
def test_qtdb_shares_people_with_other_databases_by_name(record, person):
    assert person_elsewhere(record) == person


def test_early_and_ventricular_beats_train_up_to_a_number():
    labels = np.array([0] * 900 + [1] * 50 + [2] * 1500 + [-1] * 50)
    kept = labels[drawn(labels, False, np.random.default_rng(0))]
    assert (kept == 1).sum() == 50 and 300 < (kept == 2).sum() < 500 and 200 < (kept == 0).sum() < 400
    assert not (kept < 0).any()
    assert (labels[drawn(labels, True, np.random.default_rng(0))] == 1).sum() < 40


@pytest.fixture(scope="module")
def done(tmp_path_factory, mitdb_like, svdb_like):
    source = tmp_path_factory.mktemp("databases")
    (source / "mitdb").symlink_to(mitdb_like)
    (source / "svdb").symlink_to(svdb_like)
    write_qtdb(source / "qtdb", ("sel30", "sel31", "sel100", "sel33"))
    folder = tmp_path_factory.mktemp("studies") / "beats"
    return folder, beats.run(source, folder, quick=True, variants=("one",))


def model_of(folder: Path) -> Path:
    return folder / "runs" / "one" / beats.MODELS["one"]


def test_the_study_scores_folds_and_people_who_trained_nothing(done):
    folder, found = done
    assert found["smoke_run"] and found["remarks"][0].startswith("SMOKE RUN")
    tested = {row[2] for row in found["rows"]}
    assert {
        "DS2",
        "DS2 without 232",
        "mitdb, folds, no weights",
        "svdb, folds, weighted",
        "qtdb, folds, weighted",
    } <= tested
    assert json.loads((folder / "results.json").read_text())["rows"] == found["rows"]
    assert "DS2 without 232" in (folder / "table.md").read_text()
    assert {file.stem for file in (folder / "steps").glob("*.json")} == {
        f"{step}-one" for step in ("trees", "folds", "model", "score")
    }


def test_the_card_names_every_person_who_trained_it(done):
    card = bundle.load_card(model_of(done[0]))
    assert {name.split("/")[0] for name in card.patients} == {"mitdb", "svdb", "qtdb"}
    assert not {f"mitdb/{name}" for name in DS2} & card.patients and "qtdb/sel100" not in card.patients
    assert card.training["corpora"] == ["mitdb", "svdb", "qtdb"]
    assert "Supraventricular" in card.attribution and "QT Database" in card.attribution


def test_timing_alone_tells_n_from_s(done, mitdb_like):
    """The shape of a QRS complex decides about V, and moves the odds of S against N by nothing."""
    model = load(model_of(done[0]))
    answer = model(mitdb_like / "100.hea")
    assert answer.probabilities.shape == (len(answer.beats), 4)
    windows = prepare(answer.record, model.card.preparation, answer.beats)
    changed = windows.repeated(1)
    shapes = model.card.preparation.columns["shapes"]
    kept = [at for at, name in enumerate(FEATURES["shapes"].names) if "P wave" in name]
    changed.features[:, np.delete(np.arange(shapes.start, shapes.stop), kept)] += 3.0
    before, after = model.logits(windows), model.logits(changed)
    np.testing.assert_allclose(after[:, 1] - after[:, 0], before[:, 1] - before[:, 0], atol=1e-5)
    assert not np.allclose(after[:, 2], before[:, 2])


def test_people_of_qtdb_are_known_by_their_name_in_mit_bih():
    assert QTDB.persons("sel103") == ("qtdb/sel103", "mitdb/103") and QTDB.persons("sel30") == ("qtdb/sel30",)
    assert MITDB.persons("103") == ("mitdb/103",)
    seen = seen_by(load("mitbih-cnn-lstm-mlii"), QTDB, np.array(["sel223", "sel100", "sel30"]))
    assert seen.tolist() == [True, False, False], "223 trained it, 100 tests"


def test_nets_answer_beside_the_trees(tmp_path, mitdb_like, svdb_like):
    for name, folder in (("mitdb", mitdb_like), ("svdb", svdb_like)):
        (tmp_path / name).symlink_to(folder)
    write_qtdb(tmp_path / "qtdb", ("sel30", "sel31", "sel33"))
    this = BeatRun(tmp_path, tmp_path / "study", True)
    told = beat_steps.net(this, "two", "runs", 0)
    assert told["answered"] == sum(fold == 0 for fold in this.folds(VARIANTS["two"]).values()) > 0
    card = bundle.load_card(this.place("two") / "nets" / "runs-f0" / "bundle")
    assert card.architecture == "patient_context" and card.training["fold"] == 0
    assert card.patients >= set(this.folds(VARIANTS["two"])), "the ensemble has seen every fold"
    assert "synthetic" not in card.training, "too few normal beats to simulate from"
