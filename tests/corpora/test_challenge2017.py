"""The Challenge 2017: its labels, its folds, its score; counts on the real recordings where they are at hand."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from einthoven import bundle
from einthoven.cli.main import main
from einthoven.corpora.challenge2017 import CHALLENGE2017, LABELS, folds_of
from einthoven.corpora.split import PARTS
from einthoven.data.build import build, left_out_lines
from einthoven.errors import CorpusIncomplete, PatientLeak
from einthoven.evaluation.evaluate import evaluate, headline
from einthoven.evaluation.official import challenge2017_score
from einthoven.evaluation.predictions import Predictions
from einthoven.export.training_windows import real_windows
from einthoven.inference.predictor import load
from einthoven.inference.scoring import score_test_part
from tests.conftest import real
from tests.layouts import write_challenge2017


@pytest.fixture
def untrained_on_one_lead(tmp_path):
    """A small net of random weights that reads the Challenge 2017's windows."""
    from einthoven.models import MODELS

    network = MODELS["cnn"](1, 4, CHALLENGE2017.preparation.n_input, widths=(4, 4))
    card = bundle.Card(
        name="small",
        architecture="cnn",
        settings={"widths": [4, 4]},
        classes=LABELS.classes,
        labels=LABELS.name,
        meanings=LABELS.meanings,
        preparation=CHALLENGE2017.preparation,
        training={"corpus": "challenge-2017", "protocol": "clean", "patients": []},
    )
    bundle.save(tmp_path / "small", card, {name: value.numpy() for name, value in network.state_dict().items()})
    return load(tmp_path / "small")


def test_it_is_read_and_what_is_left_out_is_counted(challenge2017_like, store_of):
    store = store_of(CHALLENGE2017, challenge2017_like)
    assert len(np.unique(store.index.record)) == 39
    assert left_out_lines(store) == [
        "left out, no recording: 1 (A00040)",
        "left out, no label in REFERENCE-v3.csv: 1 (A09999)",
    ]
    assert set(store.index.symbol) == set(LABELS.classes)
    assert store.windows[:1].signal.shape[1:] == (1, 4500)
    long = store.index.record == "A00007"  # 58 s: a window of 30 s, and what is left over is more than half of one
    assert long.sum() == 2


def test_folds_test_each_recording_once(challenge2017_like, store_of):
    store = store_of(CHALLENGE2017, challenge2017_like)
    protocol = CHALLENGE2017.protocol("clean")
    tested = []
    for fold in range(5):
        split = protocol.parts(store.index, 0, (), fold)
        sets = [set(store.index.record[getattr(split, part)]) for part in PARTS]
        assert not sets[0] & sets[1]
        assert not sets[0] & sets[2]
        assert not sets[1] & sets[2]
        tested += sorted(sets[2])
    assert sorted(tested) == sorted(np.unique(store.index.record))
    everybody = protocol.parts(store.index, 0)
    assert len(everybody.test) == len(store.windows)
    assert not len(everybody.train)
    assert set(folds_of(store.index, 0)) == set(range(5))


@pytest.mark.parametrize("row", ["A00001,X", "A00001", "A00002,A\nA00002,N"])
def test_a_table_that_cannot_be_is_refused(row, tmp_path):
    (tmp_path / "REFERENCE-v3.csv").write_text(row + "\n")
    with pytest.raises(CorpusIncomplete, match="line"):
        CHALLENGE2017.entries(tmp_path, 300.0)


def test_a_table_is_read_as_people_save_it(challenge2017_like, tmp_path):
    folder = shutil.copytree(challenge2017_like, tmp_path / "like")
    table = folder / "REFERENCE-v3.csv"
    plain = CHALLENGE2017.entries(folder, 300.0)
    rows = [f"{row} ".replace(",", ", ") for row in table.read_text().split()]
    table.write_text("\r\n".join([*rows, " ", ","]) + "\r\n", encoding="utf-8-sig")
    saved = CHALLENGE2017.entries(folder, 300.0)
    assert list(saved) == list(plain) and saved.dropped == plain.dropped and not saved.odd


def test_of_several_tables_the_one_that_names_most_is_taken(challenge2017_like, tmp_path):
    folder = shutil.copytree(challenge2017_like, tmp_path / "like")
    whole = (folder / "REFERENCE-v3.csv").rename(folder / "REFERENCE.csv")
    (folder / "A-few").mkdir()
    (folder / "A-few" / "REFERENCE.csv").write_text("A00001,~\nA00002,~\n")
    listing = CHALLENGE2017.entries(folder, 300.0)
    assert len(listing) == 39
    assert [len(names) for names in listing.odd.values()] == [39], "older labels are told"
    (folder / "A-few" / "REFERENCE-v3.csv").write_text("A00003,A\n")
    assert [entry.codes for entry in CHALLENGE2017.entries(folder, 300.0)] == ["A"], "version 3 is believed"
    whole.unlink()
    (folder / "A-few" / "REFERENCE-v3.csv").unlink()
    (folder / "REFERENCE-v3.csv").mkdir()
    assert len(CHALLENGE2017.entries(folder, 300.0)) == 2, "a folder is no table"


def test_links_are_followed_and_those_that_lead_nowhere_counted(challenge2017_like, tmp_path):
    whole = shutil.copytree(challenge2017_like, tmp_path / "elsewhere")
    (whole / "A00003.hea").unlink()
    (whole / "A00003.hea").symlink_to(tmp_path / "gone.hea")
    (tmp_path / "DIR").mkdir()
    (tmp_path / "DIR" / "training2017").symlink_to(whole)
    listing = CHALLENGE2017.entries(tmp_path / "DIR", 300.0)
    assert len(listing) == 38
    assert listing.dropped["no recording"] == ("A00003", "A00040")


def test_what_a_folder_lacks_is_its_own(challenge2017_like, home, tmp_path):
    folder = shutil.copytree(challenge2017_like, tmp_path / "like")
    first = build(CHALLENGE2017, folder, CHALLENGE2017.preparation)
    with (folder / "REFERENCE-v3.csv").open("a") as table:
        table.write("A00041,N\n")
    second = build(CHALLENGE2017, folder, CHALLENGE2017.preparation)
    assert second.folder == first.folder
    assert (first.left_out["no recording"], second.left_out["no recording"]) == (1, 2)


def test_recordings_that_trained_the_model_are_left_out_and_counted(challenge2017_like, home, untrained_on_one_lead):
    store = build(CHALLENGE2017, challenge2017_like, CHALLENGE2017.preparation)
    protocol = CHALLENGE2017.protocol("clean")
    model = untrained_on_one_lead
    everybody, found = score_test_part(model, CHALLENGE2017, protocol, store)
    assert found["seen_and_left_out"] == 0 and "trained the model" not in found["remark"]
    names = np.unique(store.index.record).tolist()
    model.card = replace(
        model.card, training=model.card.training | {"patients": [f"challenge-2017/{n}" for n in names[:9]]}
    )
    predictions, found = score_test_part(model, CHALLENGE2017, protocol, store)
    assert predictions.record.tolist() == names[9:] and found["seen_and_left_out"] == 9
    np.testing.assert_array_equal(predictions.probability, everybody.probability[9:])
    assert found["remark"].startswith("9 records that trained the model are excluded")
    model.card = replace(
        model.card, training=model.card.training | {"patients": [f"challenge-2017/{n}" for n in names]}
    )
    with pytest.raises(PatientLeak, match="39"):
        score_test_part(model, CHALLENGE2017, protocol, store)


def test_a_net_of_one_fold_tests_its_fold_at_home_and_all_of_a_foreign_folder(
    challenge2017_like, home, tmp_path, untrained_on_one_lead
):
    folder, card = untrained_on_one_lead.folder, untrained_on_one_lead.card
    store = build(CHALLENGE2017, challenge2017_like, CHALLENGE2017.preparation)
    split = CHALLENGE2017.protocol("clean").parts(store.index, 0, (), 1)
    words = ["evaluate", str(folder), "--from", str(challenge2017_like), "--out", str(tmp_path / "scores")]
    record, patient = store.index.record, store.index.patient
    for seen, tested in ((patient[split.train], record[split.test]), (["elsewhere"], record)):
        training = card.training | {"fold": 1, "patients": [f"challenge-2017/{name}" for name in seen]}
        bundle.rewrite_card(folder, replace(card, training=training))
        assert main(words) == 0
        metrics = json.loads((tmp_path / "scores" / "metrics.json").read_text())
        assert metrics["n_test"] == len(np.unique(tested))


def test_what_was_left_out_stands_where_the_score_does(home, tmp_path, untrained_on_one_lead):
    folder = write_challenge2017(tmp_path / "like", 12)
    labels = (folder / "REFERENCE-v3.csv").read_text().splitlines()
    (folder / "REFERENCE-v3.csv").unlink()
    (folder / "REFERENCE.csv").write_text("\n".join(labels[:-1]))
    name = labels[0].split(",")[0]
    next(folder.rglob(f"{name}.mat")).write_bytes(b"short")
    out = tmp_path / "scores"
    assert main(["evaluate", str(untrained_on_one_lead.folder), "--from", str(folder), "--out", str(out)]) == 0
    table, told = (out / "table.md").read_text(), json.loads((out / "metrics.json").read_text())["store_remarks"]
    assert len(told) == 3 and all(f"- {line}" in table for line in told)
    assert name in "".join(told) and "older than version 3" in "".join(told)


def test_a_class_that_is_not_there_is_told(home, tmp_path, untrained_on_one_lead):
    folder = write_challenge2017(tmp_path / "like", 12)
    (folder / "REFERENCE-v3.csv").write_text("A00001,N\nA00002,O\n")
    store = build(CHALLENGE2017, folder, CHALLENGE2017.preparation)
    _, found = score_test_part(untrained_on_one_lead, CHALLENGE2017, CHALLENGE2017.protocol("clean"), store)
    assert found["remark"].startswith("No A, ~ in the test set: excluded from means over classes.")


def test_the_score_of_noise_alone_is_undefined():
    assert np.isnan(challenge2017_score(np.array([np.nan, np.nan, np.nan, 0.5])))
    assert challenge2017_score(np.array([[0.5, np.nan, 1.0, 0.1]])).tolist() == [0.75]


def test_the_score_is_the_mean_of_three():
    rng = np.random.default_rng(0)
    truth, probability = rng.integers(0, 4, 200), rng.random((200, 4))
    rows = np.arange(200).astype(str)
    found = evaluate(
        Predictions(LABELS.classes, truth, probability, rows, rows, np.zeros(200, int)),
        "patient",
        50,
        official_score="challenge2017",
    )
    per = f1_score(truth, probability.argmax(axis=1), average=None)
    assert found["challenge_score"]["value"] == pytest.approx(per[:3].mean(), abs=1e-6)
    assert found["challenge_score"]["low"] < found["challenge_score"]["value"] < found["challenge_score"]["high"]
    assert headline(found)[0] == "challenge_score"


def test_the_real_recordings_are_counted():
    listing = CHALLENGE2017.entries(real("challenge-2017"), 300.0)
    labels, counts = np.unique([entry.codes for entry in listing], return_counts=True)
    assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == {"N": 4061, "O": 1932, "A": 606, "~": 223}


def test_an_export_is_calibrated_on_recordings_that_trained_whatever_the_folder_holds(
    challenge2017_like, home, tmp_path, untrained_on_one_lead
):
    protocol = CHALLENGE2017.protocol("clean")
    store = build(CHALLENGE2017, challenge2017_like, CHALLENGE2017.preparation)
    split = protocol.parts(store.index, 0, (), 0)
    parts = {part: np.unique(store.index.record[getattr(split, part)]).tolist() for part in ("train", "validation")}
    card = untrained_on_one_lead.card
    card = replace(card, training=card.training | {"fold": 0, "records": parts})
    folder = shutil.copytree(challenge2017_like, tmp_path / "fewer")
    for gone in parts["train"][:3]:
        (folder / f"{gone}.hea").unlink()
        (folder / f"{gone}.mat").unlink()
    fewer = build(CHALLENGE2017, folder, CHALLENGE2017.preparation)
    real = real_windows(card, protocol, fewer)
    assert np.unique(fewer.index.record[real.train]).tolist() == parts["train"][3:]
    assert np.unique(fewer.index.record[real.validation]).tolist() == parts["validation"]
