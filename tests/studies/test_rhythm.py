"""The study of rhythms on small corpora: what annotators say of windows, people apart, folds, tests, the bundle."""

import json
from dataclasses import replace

import numpy as np
import pytest

from einthoven import bundle
from einthoven.corpora.corpus import Entry
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.records.record import Annotations, Record
from einthoven.studies import rhythm, rhythm_data, rhythm_scores, rhythm_steps
from einthoven.studies.rhythm_data import LEFT_OUT, SOURCES, Pool
from einthoven.studies.rhythm_told import (
    CLASSES,
    FIBRILLATION,
    FLUTTER,
    OTHER,
    SCP,
    SINUS,
    SNOMED,
    UNKNOWN,
    by_codes,
    by_marks,
    is_of_cpsc,
)
from einthoven.studies.rhythm_trust import trust_in
from tests.layouts import write_challenge2017, write_ludb
from tests.signal.hearts import twelve_leads

SPANS = np.arange(0.0, 100.0, 10.0)[:, None] + np.array([0.0, 10.0])


def marked(*notes, beats=()):
    """A record of 100 s at 100 Hz with rhythm annotations (s, note) and beats (s, symbol)."""
    rows = sorted([(at, "+", note) for at, note in notes] + [(at, symbol, "") for at, symbol in beats])
    at = np.array([round(100 * row[0]) for row in rows], np.int64)
    found = Annotations(at, tuple(row[1] for row in rows), tuple(row[2] for row in rows))
    return Record("marked", np.zeros((1, 10_000), np.float32), 100.0, ("MLII",), annotations=found)


def test_a_window_has_the_rhythm_that_takes_most_of_it():
    record = marked((0.0, "(N"), (21.0, "(AFIB\0"), (55.0, "(AFL"), (70.0, "(VT"), (80.0, "(P"))
    told = by_marks(SINUS)(None, record, SPANS)
    assert told.label.tolist() == [
        SINUS,
        SINUS,
        FIBRILLATION,
        *(FIBRILLATION,) * 2,
        UNKNOWN,
        FLUTTER,
        OTHER,
        UNKNOWN,
        UNKNOWN,
    ]
    assert told.fibrillation.tolist() == pytest.approx([0, 0, 0.9, 1, 1, 0.5, 0, 0, 0, 0])


def test_many_ectopic_beats_are_another_rhythm_and_a_few_are_not():
    early = [(at, "V") for at in (1.0, 2.0, 3.0, 4.0, 5.0, 61.0, 62.0)]
    told = by_marks(SINUS)(None, marked((0.0, "(N"), beats=early), SPANS)
    assert told.label[0] == OTHER and (told.label[3:] == SINUS).all()
    three = by_marks(SINUS)(None, marked((0.0, "(N"), beats=[(at, "A") for at in (2.0, 4.0, 6.0)]), SPANS)
    assert three.label[0] == UNKNOWN and three.fibrillation[0] == 0.0


@pytest.mark.parametrize(
    ("codes", "label", "share"),
    [
        ("AFIB:100;SR:0", FIBRILLATION, 1.0),
        ("NORM:100;SR:0", SINUS, 0.0),
        ("AFIB:0;AFLT:0", UNKNOWN, np.nan),
        ("AFLT:0", FLUTTER, 0.0),
        ("PACE:0", UNKNOWN, np.nan),
        ("NORM:100", UNKNOWN, np.nan),
    ],
)
def test_codes_tell_the_rhythm_of_a_record(codes, label, share):
    told = by_codes(SCP)(Entry("1", "1", None, (), codes), None, SPANS)
    assert (told.label == label).all() and np.array_equal(told.fibrillation, np.full(10, share), equal_nan=True)


@pytest.mark.parametrize(("code", "label"), [("270492004", SINUS), ("164884008", UNKNOWN), ("164889003", FIBRILLATION)])
def test_codes_that_are_complete_tell_that_it_is_no_fibrillation(code, label):
    telling = by_codes(SNOMED, is_of_cpsc)
    told = telling(Entry("A1", "A1", None, (), f"{code}:100", "WFDB_CPSC2018"), None, SPANS)
    assert (told.label == label).all() and (told.fibrillation == float(label == FIBRILLATION)).all()
    elsewhere = telling(Entry("E1", "E1", None, (), "270492004:100", "WFDB_Ga"), None, SPANS)
    assert (elsewhere.label == UNKNOWN).all() and np.isnan(elsewhere.fibrillation).all()


def pool(n=60, **changes):
    """Windows of twenty records, three each, of one database."""
    record = np.repeat([f"svdb/{at}" for at in range(n // 3)], 3)
    fields = {
        "features": np.zeros((n, 2), np.float32),
        "label": np.arange(n) % 3,
        "fibrillation": (np.arange(n) % 3 == FIBRILLATION).astype(float),
        "start_s": np.tile([0.0, 30.0, 60.0], n // 3),
        "length_s": np.full(n, 30.0),
        "source": np.full(n, "svdb"),
        "record": record,
        "lead": np.full(n, "MLII"),
        "patient": record,
        "typical": np.zeros((n, 28)),
    }
    return Pool(**(fields | changes))


def test_people_are_in_one_fold_and_every_fold_has_some():
    of = rhythm_steps.folds_of(pool())
    assert all(len(set(of[at : at + 3].tolist())) == 1 for at in range(0, 60, 3))
    assert np.bincount(of, minlength=rhythm_steps.N_FOLDS).tolist() == [12] * 5


def test_windows_are_drawn_up_to_a_number_a_record_and_only_where_they_may():
    many = pool(600, record=np.full(600, "mitdb/100"), source=np.full(600, "mitdb"), label=np.full(600, SINUS))
    rng = np.random.default_rng(0)
    assert len(rhythm_steps.drawn(many, np.ones(600, bool), rng)) == rhythm_steps.MOST["mitdb"]
    short = replace(many, length_s=np.full(600, 10.0))
    assert len(rhythm_steps.drawn(short, np.ones(600, bool), rng)) == rhythm_steps.MOST["mitdb"] // 3
    allowed = np.arange(600) < 5
    few = rhythm_steps.drawn(replace(many, label=np.where(np.arange(600) == 2, UNKNOWN, SINUS)), allowed, rng)
    assert few.tolist() == [0, 1, 3, 4]


def test_half_minutes_episodes_and_burden_of_long_records():
    n = 180
    truth = (np.arange(n) >= 60) & (np.arange(n) < 120)
    long = pool(
        n,
        fibrillation=truth.astype(float),
        label=np.where(truth, FIBRILLATION, SINUS),
        record=np.full(n, "mitdb/201"),
        start_s=10.0 * np.arange(n),
        length_s=np.full(n, 10.0),
    )
    answers = np.full((n, len(CLASSES)), 0.01)
    said = truth.copy()
    said[60:66] = False
    said[10] = True
    answers[np.arange(n), np.where(said, FIBRILLATION, SINUS)] = 0.96
    found = rhythm_scores.of_long_records(long, answers)["first lead"]
    assert found["half_minutes"]["sensitivity"]["value"] == pytest.approx(18 / 20)
    assert found["half_minutes"]["specificity"]["value"] == 1.0
    (row,) = found["records"]
    assert row["burden"] == pytest.approx([60 / 180, 54 / 180]) and row["episodes"] == 1
    episodes = found["episodes"]["30 s"]
    assert (episodes["annotated"], episodes["found"]) == (1, 1)
    assert episodes["duration_sensitivity"]["value"] == pytest.approx(0.9)


def test_calibration_keeps_the_most_probable_class_and_sets_cover_what_they_promise():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, len(CLASSES), 1500)
    logits = rng.standard_normal((1500, len(CLASSES))) + 1.5 * np.eye(len(CLASSES))[truth]
    sharp = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)
    names = np.array([f"svdb/{at}" for at in range(1500)])
    answers = Predictions(CLASSES, truth, sharp.astype(np.float32), names, names, np.arange(1500))
    trust = trust_in(answers, answers, {"corpus": "svdb"})
    printed = trust.calibration.apply(np.log(np.clip(sharp, 1e-7, 1)))
    assert (printed.argmax(axis=1) == sharp.argmax(axis=1)).all()
    assert trust.calibration.slopes[0] == pytest.approx(1 / 3 * 1.5, rel=0.3), "it was too sure"
    covered = trust.conformal.held_out
    assert all(share == pytest.approx(0.9, abs=0.04) for share in covered["by_class"].values()) and covered["n"] == 1500


def test_one_record_is_told_in_windows_of_thirty_and_of_ten_seconds():
    source = twelve_leads(250.0, 62.0)
    record = replace(marked((0.0, "(N")), signal_mv=source.signal_mv[1:2], fs_hz=250.0)
    entry = Entry("100", "100", None, ())
    first, second = rhythm_data._of_lead("mitdb", entry, record, "MLII", True)
    assert first.length_s.tolist() == [30.0, 30.0] and len(second.label) == 6
    (tested,) = rhythm_data._of_lead("mitdb", entry, record, "MLII", False)
    assert tested.length_s.tolist() == [10.0] * 6 and tested.start_s.tolist() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    middle = [at for at in range(6) if tested.start_s[at] == 10.0]
    np.testing.assert_allclose(tested.features[middle[0]], first.features[0], atol=1e-5)


@pytest.fixture(scope="module")
def done(tmp_path_factory, mitdb_like):
    source = tmp_path_factory.mktemp("rhythms")
    (source / "mitdb").symlink_to(mitdb_like)
    write_challenge2017(source / "challenge-2017")
    write_ludb(source / "ludb")
    folder = tmp_path_factory.mktemp("studies") / "rhythm"
    return source, folder, rhythm.run(source, folder, quick=True)


def test_the_study_scores_folds_and_people_who_trained_nothing(done):
    _, folder, found = done
    assert found["smoke_run"] and found["remarks"][0].startswith("SMOKE RUN")
    tested = {row[0] for row in found["rows"]}
    assert {"challenge-2017, 30 s, five folds", "mitdb, 10 s, five folds"} <= tested
    assert any("left-out records of MIT-BIH" in name for name in tested) and any("LUDB" in name for name in tested)
    assert json.loads((folder / "results.json").read_text())["rows"] == found["rows"]


def test_left_out_people_and_paced_records_train_nothing(done):
    source, folder, _ = done
    entries = SOURCES["mitdb"].entries(source / "mitdb")
    trained, tested = (
        {one.record for one in rhythm_data._chosen("mitdb", entries, trains)} for trains in (True, False)
    )
    assert tested == set(LEFT_OUT) and not trained & {*LEFT_OUT, "102", "104", "107"} and len(trained) == 37
    ludb = SOURCES["ludb"].entries(source / "ludb")
    assert not rhythm_data._chosen("ludb", ludb, True) and len(rhythm_data._chosen("ludb", ludb, False)) == 10
    card = bundle.load_card(folder / "runs" / rhythm.MODEL)
    assert {name.split("/")[0] for name in card.patients} == {"mitdb", "challenge-2017"}
    assert not {f"mitdb/{name}" for name in LEFT_OUT} & card.patients
    assert "Challenge 2017" in card.attribution and card.classes == CLASSES
    assert card.training["records"]["train"] == [], "each record is its patient's name"


def test_the_model_reads_any_lead_of_any_length_from_nine_seconds(done):
    model = load(done[1] / "runs" / rhythm.MODEL)
    source = twelve_leads(250.0, 65.0)
    for lead, seconds, n in (("V3", 65.0, 7), ("aVL", 10.0, 1), ("ECG", 31.0, 3)):
        signal = source.signal_mv[1:2, : round(seconds * 250)]
        answer = model(Record("any", signal, 250.0, (lead,)))
        assert answer.n_items == n and answer.leads == (lead,)
        assert answer.probabilities.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-5)
