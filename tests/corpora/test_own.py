"""A user's own corpus: each clause of the contract broken once, patients kept apart."""

import numpy as np
import pytest

from einthoven.cli.main import main
from einthoven.cli.prepare import corpus_named
from einthoven.corpora.contract import CLAUSES
from einthoven.corpora.own import corpus_in
from einthoven.corpora.split import PARTS, audit, patient_folds, patient_split
from einthoven.errors import (
    ConfigurationFault,
    CorpusIncomplete,
    LeadMismatch,
    PatientLeak,
    RecordUnreadable,
)
from tests.corpora.clinic import GOOD, HAND_WRITTEN, declared, listed, write_records


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_records(tmp_path_factory.mktemp("own") / "records")


def test_a_folder_with_a_table_is_a_corpus(records, tmp_path):
    corpus = corpus_named(str(declared(tmp_path)))
    entries = corpus.entries(records, 100.0)
    assert len(entries) == 20 and not entries.dropped
    assert (entries[5].record, entries[5].patient, entries[5].codes) == ("rec05", "p2", "SR")
    assert corpus.read(entries[0]).leads == ("I", "II")


BROKEN = {
    "name": (GOOD, [('name="clinic"', 'name="mitdb"')]),
    "declaration": (GOOD, [("window_s=2", 'window_s=2, licence=""')]),
    "protocols": (HAND_WRITTEN, [("entries=entries", 'entries=entries, protocols={"mine": CLEAN}')]),
    "labels": (GOOD, [('label="rhythm"', 'annotator="atr", symbols={"SR": "N", "AF": "NV"}')]),
    "records": (HAND_WRITTEN, [("Listing(found)", "Listing(found + found[:1])")]),
    "files": (
        HAND_WRITTEN,
        [("Listing(found)", "Listing([*found[:-1], replace(found[-1], suffixes=('hea', 'xyz'))])")],
    ),
    "patients": (HAND_WRITTEN, [("Listing(found)", "Listing([replace(found[0], patient=' '), *found[1:]])")]),
    "known labels": (HAND_WRITTEN, [("Listing(found)", "Listing(replace(one, codes='?') for one in found)")]),
    "readable": (HAND_WRITTEN, [("entries=entries", "entries=entries, fs_hz=300.0")]),
}


def test_every_clause_is_broken_once_here():
    assert list(BROKEN) == list(CLAUSES)


@pytest.mark.parametrize("clause", BROKEN)
def test_a_refused_corpus_is_told_which_clause_it_breaks(clause, records, tmp_path):
    text, pairs = BROKEN[clause]
    file = declared(tmp_path, text, *pairs)
    name = "" if text is GOOD else ":CORPUS"
    with pytest.raises(ConfigurationFault, match=f"mine.py:CORPUS breaks the clause '{clause}'") as refused:
        listed(f"{file}{name}", records)
    assert refused.value.expected == CLAUSES[clause]
    assert str(file) in refused.value.remedy


@pytest.mark.parametrize(
    ("clause", "found", "pairs"),
    [
        ("name", "'My Clinic'", [('name="clinic"', 'name="My Clinic"')]),
        ("declaration", "fs_hz 20", [("fs_hz=250", "fs_hz=20")]),
        ("protocols", "leaks=True", [("entries=entries", 'protocols={"clean": replace(CLEAN, leaks=True)}')]),
        ("records", "no record", [("Listing(found)", "Listing([])")]),
        ("files", "rec00.hea", [("Listing(found)", "Listing([*found, replace(found[0], record='again')])")]),
    ],
)
def test_other_ways_to_break_a_clause(clause, found, pairs, records, tmp_path):
    text = GOOD if pairs[0][0] in GOOD else HAND_WRITTEN
    with pytest.raises(ConfigurationFault, match=f"clause '{clause}'") as refused:
        listed(f"{declared(tmp_path, text, *pairs)}:CORPUS", records)
    assert found in refused.value.found


def test_leads_that_the_records_lack_are_told(records, tmp_path):
    with pytest.raises(LeadMismatch):
        listed(declared(tmp_path, GOOD, ('"II"', '"V1"')), records)


def test_another_rate_than_declared_is_told_with_the_record_s(records, tmp_path):
    with pytest.raises(RecordUnreadable, match="another sampling rate") as refused:
        listed(declared(tmp_path, GOOD, ("fs_hz=250", "fs_hz=500")), records)
    assert refused.value.found == "250 Hz" and "fs_hz=250" in refused.value.remedy


def test_a_patient_in_two_parts_is_named(tmp_path):
    parts = ["train"] * 11 + ["validation"] * 4 + ["test"] * 5
    folder = write_records(tmp_path / "records", part=lambda number: parts[number])
    file = declared(tmp_path, GOOD, ("window_s=2", 'window_s=2, split="part"'))
    with pytest.raises(PatientLeak, match="2") as refused:
        listed(file, folder)
    assert refused.value.found == "p5 in train and validation, p7 in validation and test"
    assert (
        main(["train", "--model", "cnn", "--corpus", str(file), "--from", str(folder), "--out", str(tmp_path / "run")])
        == 2
    )
    assert not (tmp_path / "run").exists()


def test_a_hand_written_split_that_leaks_is_named_too(records, tmp_path):
    leak = (
        "import numpy as np\ndef split(index, seed, left_out, fold):\n    from einthoven.corpora.split import Split\n"
    )
    leak += "    return Split(*(np.arange(len(index.record))[at::3] for at in range(3)))\n\nCORPUS ="
    pairs = [("CORPUS =", leak), ("entries=entries", 'protocols={"clean": replace(CLEAN, split=split)}')]
    with pytest.raises(PatientLeak, match="p0 in"):
        listed(f"{declared(tmp_path, HAND_WRITTEN, *pairs)}:CORPUS", records)


@pytest.mark.parametrize("fold", [None, 0, 1, 2, 3, 4])
def test_patients_are_drawn_whole_and_classes_in_proportion(fold, records, tmp_path):
    from einthoven.corpora.contract import index_of

    corpus = corpus_in(declared(tmp_path))
    index = index_of(corpus.entries(records, 100.0))
    split = corpus.protocols["clean"].parts(index, 0, (), fold)
    assert audit(split, index.patient) == {}
    assert sorted(np.concatenate((split.train, split.validation, split.test))) == list(range(20))
    tested = index.symbol[split.test]
    assert (tested == "SR").sum() == (tested == "AF").sum() > 0
    assert len(split.validation)


def test_rare_classes_are_in_every_part_from_three_patients_on():
    patients, labels = np.arange(13), np.array([0] * 10 + [1] * 3)
    split = patient_split(patients, labels, seed=0)
    for part in PARTS:
        assert set(labels[getattr(split, part)]) == {0, 1}, part
    alone = patient_split(patients[:11], labels[:11], seed=0)
    assert 10 in alone.train, "the only patient of a class trains"
    both = patient_split(patients[:12], labels[:12], seed=0)
    assert labels[both.test].sum() == labels[both.train].sum() == 1, "of two one is tested"


def test_each_patient_is_tested_in_one_fold(records, tmp_path):
    from einthoven.corpora.contract import index_of

    corpus = corpus_in(declared(tmp_path))
    index = index_of(corpus.entries(records, 100.0))
    splits = [corpus.protocols["clean"].parts(index, 3, (), fold) for fold in range(5)]
    for part in ("test", "validation"):
        assert sorted(np.concatenate([getattr(split, part) for split in splits])) == list(range(20))
    assert splits[0].validation.tolist() == splits[1].test.tolist(), "fold 0 tests in fold 0, and fold 1 validates"
    labels = corpus.protocols["clean"].labels.targets(index.symbol)
    assert set(patient_folds(index.patient, labels, 5, 3)[splits[2].test]) == {2}


def test_a_stated_split_is_kept_and_its_folds_validate(tmp_path):
    from einthoven.corpora.contract import index_of

    parts = ["train"] * 12 + ["validation"] * 2 + ["test"] * 4 + [""] * 2
    folder = write_records(tmp_path / "records", part=lambda number: parts[number])
    corpus = corpus_in(declared(tmp_path, GOOD, ("window_s=2", 'window_s=2, split="part"')))
    index = index_of(corpus.entries(folder, 100.0))
    protocol = corpus.protocols["clean"]
    split = protocol.parts(index, 0)
    assert [len(split.train), len(split.validation), len(split.test)] == [12, 2, 4]
    validated = []
    for fold in range(5):
        of = protocol.parts(index, 0, (), fold)
        assert of.test.tolist() == split.test.tolist()
        assert audit(of, index.patient) == {}
        validated += of.validation.tolist()
    assert sorted(validated) == list(range(14))


def test_an_unknown_part_is_told_with_its_line(tmp_path):
    folder = write_records(tmp_path / "records", part=lambda number: "train" if number else "dev")
    with pytest.raises(CorpusIncomplete, match="line 2: 'dev' in column part"):
        listed(declared(tmp_path, GOOD, ("window_s=2", 'window_s=2, split="part"')), folder)
