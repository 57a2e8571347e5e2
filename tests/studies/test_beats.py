"""The study of beats on small corpora: people apart, two readings, the bundle, what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from einthoven import bundle
from einthoven.cli.main import main
from einthoven.corpora.mitdb import DS1, DS2, MITDB
from einthoven.corpora.qtdb import QTDB, person_elsewhere
from einthoven.errors import FileDamaged
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for
from einthoven.inference.seen_patients import seen_by
from einthoven.signal.preparation import prepare
from einthoven.studies import beats, beats_data
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


def test_early_and_ventricular_beats_all_train():
    labels = np.array([0] * 900 + [1] * 50 + [2] * 50 + [-1] * 50)
    kept = labels[drawn(labels, False, np.random.default_rng(0))]
    assert (kept == 1).sum() == (kept == 2).sum() == 50 and 200 < (kept == 0).sum() < 400
    assert not (kept < 0).any()
    assert len(drawn(labels, True, np.random.default_rng(0))) < 200


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
        "mitdb, folds, read once",
        "svdb, folds, read twice",
        "qtdb, folds, weighted",
    } <= tested
    assert json.loads((folder / "results.json").read_text())["rows"] == found["rows"]
    assert "DS2 without 232" in (folder / "table.md").read_text()
    assert {file.stem for file in (folder / "steps").glob("*.json")} == {"folds-one", "model-one", "score-one"}


def test_the_card_names_every_person_who_trained_it(done):
    card = bundle.load_card(model_of(done[0]))
    assert {name.split("/")[0] for name in card.patients} == {"mitdb", "svdb", "qtdb"}
    assert not {f"mitdb/{name}" for name in DS2} & card.patients and "qtdb/sel100" not in card.patients
    assert card.training["corpora"] == ["mitdb", "svdb", "qtdb"] and card.revision_sha256
    assert "Supraventricular" in card.attribution and "QT Database" in card.attribution


def test_its_model_reads_all_beats_of_a_record_twice(done, mitdb_like):
    model = load(model_of(done[0]))
    answer = model(mitdb_like / "100.hea")
    windows = prepare(answer.record, model.card.preparation, answer.beats)
    first, second = model.first_logits(windows), model.logits(windows)
    assert first.shape == second.shape == (len(answer.beats), 4) and not np.allclose(first, second)
    np.testing.assert_array_equal(model.logits(windows, np.zeros(len(windows))), second)
    np.testing.assert_allclose(answer.probabilities, model.probabilities(windows), atol=1e-6)


def test_a_test_of_some_beats_is_that_of_all(done, mitdb_like, store_of):
    """A second reading needs the beats between those that are scored."""
    model = load(model_of(done[0]))
    store = store_of(MITDB, mitdb_like, model.card.preparation, MITDB.protocol("clean").without)
    protocol = MITDB.protocol("clean")
    rows = np.flatnonzero(np.isin(store.index.record, ["100", "103"]) & protocol.labels.is_labelled(store.index.symbol))
    whole = predictions_for(model, protocol, store, rows)
    some = predictions_for(model, protocol, store, rows[::3])
    np.testing.assert_array_equal(some.probability, whole.probability[::3])


def test_an_altered_or_missing_revision_is_refused(done, tmp_path, mitdb_like):
    place = tmp_path / "model"
    shutil.copytree(model_of(done[0]), place)
    file = place / bundle.REVISION
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(FileDamaged, match=bundle.REVISION) as refusal:
        load(place)(mitdb_like / "100.hea")
    assert "checksum" in refusal.value.found
    file.unlink()
    with pytest.raises(FileDamaged, match="cannot be loaded"):
        load(place)(mitdb_like / "100.hea")


def test_trees_of_another_model_are_refused(done, tmp_path, mitdb_like):
    place = tmp_path / "model"
    card = bundle.load_card(model_of(done[0]))
    trees = bundle.load_revision(model_of(done[0]), card)
    bundle.save(
        place, card, bundle.load_weights(model_of(done[0]), card), trees | {"baseline": np.zeros(3, np.float32)}
    )
    with pytest.raises(FileDamaged, match="does not fit"):
        load(place)(mitdb_like / "100.hea")


def test_it_is_refused_for_live_signals_and_as_a_single_graph(done, tmp_path, capsys):
    place = str(model_of(done[0]))
    assert main(["export", place, "--to", "onnx", "--out", str(tmp_path / "model.onnx")]) == 2
    said = capsys.readouterr().err
    assert "einthoven export mitbih-cnn-lstm-mlii" in said and not (tmp_path / "model.onnx").exists()


def test_people_of_qtdb_are_known_by_their_name_in_mit_bih():
    assert QTDB.persons("sel103") == ("qtdb/sel103", "mitdb/103") and QTDB.persons("sel30") == ("qtdb/sel30",)
    assert MITDB.persons("103") == ("mitdb/103",)
    seen = seen_by(load("mitbih-cnn-lstm-mlii"), QTDB, np.array(["sel223", "sel100", "sel30"]))
    assert seen.tolist() == [True, False, False], "223 trained it, 100 tests"
