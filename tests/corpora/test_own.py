"""A user's own corpus: each clause of the contract broken once, patients kept apart, workers, the verb."""

import csv
import json
import pickle

import numpy as np
import pytest
import wfdb

from einthoven import workers
from einthoven.cli.main import main
from einthoven.cli.prepare import corpus_named
from einthoven.corpora.contract import CLAUSES
from einthoven.corpora.own import corpus_in
from einthoven.corpora.split import PARTS, audit, patient_folds, patient_split
from einthoven.data import build as building
from einthoven.data.build import build, left_out_lines
from einthoven.errors import (
    ConfigurationFault,
    CorpusIncomplete,
    LeadMismatch,
    PatientLeak,
    RecordUnreadable,
)

FS_HZ = 250
GOOD = """
from einthoven.corpora.from_csv import corpus_from_csv

CORPUS = corpus_from_csv(
    name="clinic", classes={"SR": "sinus", "AF": "fibrillation"}, fs_hz=250, leads=["I", "II"], patient="patient",
    label="rhythm", window_s=2,
)
"""
HAND_WRITTEN = """
from dataclasses import replace
from einthoven.corpora.challenge2017 import CHALLENGE2017
from einthoven.corpora.corpus import Entry, Listing
from einthoven.corpora.from_csv import corpus_from_csv

BASE = corpus_from_csv(
    name="clinic", classes={"SR": "sinus", "AF": "fibrillation"}, fs_hz=250, leads=["I", "II"], patient="patient",
    label="rhythm", window_s=2,
)
CLEAN = BASE.protocols["clean"]

def entries(folder, fs_hz):
    found = list(BASE.entries(folder, fs_hz))
    return Listing(found)

CORPUS = replace(BASE, entries=entries)
"""


def write_records(folder, n=20, table="labels.csv", extra=(), **columns):
    """Recordings of two leads and 4 s, two of each patient, and their table."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(n):
        name = f"rec{number:02d}"
        layout = {"units": ["mV"] * 2, "sig_name": ["I", "II"], "fmt": ["16"] * 2}
        wfdb.wrsamp(name, fs=FS_HZ, p_signal=0.3 * rng.standard_normal((4 * FS_HZ, 2)), write_dir=str(folder), **layout)
        row = {"record": name, "patient": f"p{number // 2}", "rhythm": ("SR", "AF")[number // 2 % 2]}
        rows.append(row | {key: of(number) for key, of in columns.items()})
    write_table(folder / table, [*rows, *extra])
    return folder


def write_table(file, rows):
    with file.open("w", newline="") as sheet:
        table = csv.DictWriter(sheet, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_records(tmp_path_factory.mktemp("own") / "records")


def declared(folder, text=GOOD, *pairs):
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    file = folder / "mine.py"
    file.write_text(text)
    return file


def listed(file, folder):
    return corpus_in(file).entries(folder, 100.0)


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


def test_what_is_left_out_is_counted_and_told(home, tmp_path):
    extra = [
        {"record": "rec98", "patient": "p98", "rhythm": "SR"},
        {"record": "rec00", "patient": "", "rhythm": "SR"},
        {"record": "rec01", "patient": "p0", "rhythm": "VT"},
        {"record": "rec02", "patient": "p1", "rhythm": ""},
    ]
    folder = write_records(tmp_path / "records")
    write_table(folder / "labels.csv", [*csv.DictReader((folder / "labels.csv").open())][5:] + extra)
    (folder / "rec07.dat").write_bytes(b"")
    corpus = corpus_in(declared(tmp_path))
    lines = "\n".join(left_out_lines(build(corpus, folder, corpus.preparation)))
    assert "no recording: 1 (rec98)" in lines
    assert "no patient in column patient: 1 (rec00)" in lines
    assert "label 'VT' is none of SR, AF: 1 (rec01)" in lines
    assert "no label in column rhythm: 1 (rec02)" in lines
    assert "(rec07)" in lines
    with pytest.raises(CorpusIncomplete):
        build(corpus, folder, corpus.preparation, strict=True)


def test_labels_unknown_to_a_hand_written_corpus_are_told(records, tmp_path):
    one = "Listing([replace(found[0], codes='VT'), *found[1:]])"
    listing = listed(f"{declared(tmp_path, HAND_WRITTEN, ('Listing(found)', one))}:CORPUS", records)
    assert listing.dropped == {"label 'VT', which is in no label set": ("rec00",)}
    assert len(listing) == 19


def test_a_missing_column_is_told_with_those_there_are(records, tmp_path):
    with pytest.raises(CorpusIncomplete, match="record, patient, rhythm; no diagnosis"):
        listed(declared(tmp_path, GOOD, ('label="rhythm"', 'label="diagnosis"')), records)


def test_without_a_patient_column_every_table_says_so(records, tmp_path):
    corpus = corpus_in(declared(tmp_path, GOOD, ('patient="patient"', "patient=None")))
    assert corpus.n_patients is None
    assert "Patients cannot be identified" in corpus.protocols["clean"].remark
    entries = corpus.entries(records, 100.0)
    assert [entry.patient for entry in entries] == [entry.record for entry in entries]


def test_several_classes_at_once_are_columns_of_zeros_and_ones(tmp_path):
    folder = write_records(tmp_path / "records", SR=lambda n: n % 2, AF=lambda n: int(n % 3 == 0))
    corpus = corpus_in(declared(tmp_path, GOOD, ('label="rhythm"', "label=None")))
    entries = corpus.entries(folder, 100.0)
    labels = corpus.protocols["clean"].labels
    targets = labels.targets(np.array([entry.codes for entry in entries]))
    assert targets.tolist() == [[n % 2, int(n % 3 == 0)] for n in range(20)]
    write_records(folder, SR=lambda n: "yes" if n == 4 else 1, AF=lambda n: 0)
    assert corpus.entries(folder, 100.0).dropped == {"'yes' in column SR, not 0 or 1": ("rec04",)}


def test_other_formats_are_read_with_what_is_stated(tmp_path):
    folder = write_records(tmp_path / "records", n=2)
    np.save(folder / "strip.npy", np.zeros((2, 500)) + np.arange(500) / 500)
    rows = [
        {"record": "strip.npy", "patient": "a", "rhythm": "SR"},
        {"record": "rec00.hea", "patient": "b", "rhythm": "AF"},
    ]
    write_table(folder / "labels.csv", rows)
    corpus = corpus_in(declared(tmp_path, GOOD, ("window_s=2", 'window_s=2, unit="mV"')))
    strip, wfdb_s = corpus.entries(folder, 100.0)
    assert (strip.record, strip.suffixes, wfdb_s.suffixes) == ("strip", ("npy",), ("hea", "dat"))
    assert corpus.read(strip).fs_hz == 250 and corpus.read(strip).leads == ("I", "II")


def test_beats_are_labelled_by_annotations(home, tmp_path):
    folder = write_records(tmp_path / "records")
    for number in range(20):
        at = np.array([100, 300, 500, 700])
        wfdb.wrann(f"rec{number:02d}", "atr", at, symbol=["N", "L", "V", "+"], write_dir=str(folder))
    beats = ('classes={"SR": "sinus", "AF": "fibrillation"}', 'classes={"N": "normal", "V": "ventricular"}')
    symbols = ('label="rhythm"', 'annotator="atr", symbols={"N": "NL", "V": "VE"}')
    corpus = corpus_in(declared(tmp_path, GOOD, beats, symbols))
    store = build(corpus, folder, corpus.preparation)
    assert store.index.symbol.tolist() == ["N", "L", "V"] * 20
    split = corpus.protocols["clean"].parts(store.index, 0)
    assert audit(split, store.index.patient) == {}
    assert corpus.protocols["clean"].labels.targets(store.index.symbol[:3]).tolist() == [0, 0, 1]


def test_workers_load_the_file_again(records, tmp_path, home, monkeypatch):
    """With the file's own functions in it, which no worker could import."""
    own = "def read(entry):\n    return BASE.read(entry)\n\nCORPUS ="
    file = declared(tmp_path, HAND_WRITTEN, ("CORPUS =", own), ("entries=entries", "entries=entries, read=read"))
    monkeypatch.setattr(workers, "n_cores", lambda: 2)
    monkeypatch.setattr(building, "_WORTH_WORKERS", 0)
    corpus = corpus_in(f"{file}:CORPUS")
    store = build(corpus, records, corpus.preparation)
    assert len(store.windows) == 40 and not store.left_out


def test_a_worker_refuses_a_file_that_changed(tmp_path):
    file = declared(tmp_path)
    sent = pickle.dumps(corpus_in(file))
    assert pickle.loads(sent).name == "clinic"
    file.write_text(GOOD + "\n")
    with pytest.raises(ConfigurationFault, match="changed while"):
        pickle.loads(sent)


def test_another_text_is_another_store(records, tmp_path, home):
    one = corpus_in(declared(tmp_path))
    first = build(one, records, one.preparation)
    other = corpus_in(declared(tmp_path, GOOD + "\n# changed\n"))
    assert build(other, records, other.preparation).folder != first.folder


def test_an_error_in_the_user_s_own_code_shows_its_place(records, tmp_path):
    file = declared(tmp_path, HAND_WRITTEN, ("    return Listing(found)", "    return found[0].nothing"))
    with pytest.raises(ConfigurationFault, match="AttributeError") as refused:
        listed(f"{file}:CORPUS", records)
    assert f"{file}, line " in refused.value.found and "in entries: return found[0].nothing" in refused.value.found


def test_an_error_of_ours_keeps_its_trace(records, tmp_path, monkeypatch):
    from einthoven.corpora import labelled_folder

    corpus = corpus_in(declared(tmp_path))
    monkeypatch.setattr(labelled_folder, "Entry", None)
    with pytest.raises(TypeError):
        corpus.entries(records, 100.0)


def test_of_two_corpora_one_must_be_named(tmp_path):
    file = declared(tmp_path, HAND_WRITTEN)
    with pytest.raises(ConfigurationFault, match="does not say which") as refused:
        corpus_in(file)
    assert refused.value.found == "BASE, CORPUS", "one that was imported from einthoven is not meant"
    assert corpus_in(f"{file}:BASE").label == "BASE"
    with pytest.raises(ConfigurationFault, match="is not a corpus"):
        corpus_in(f"{file}:CLEAN")
    with pytest.raises(ConfigurationFault, match="at the top level"):
        corpus_in(declared(tmp_path, "x = 1\n"))


def test_an_unknown_corpus_is_told_both_ways():
    with pytest.raises(ConfigurationFault, match=r"mitdb.*a file of yours") as refused:
        corpus_named("mine")
    assert "./mine.py" in refused.value.remedy


def test_the_verb_counts_each_part(records, tmp_path, capsys):
    assert main(["corpora", str(declared(tmp_path)), "--from", str(records)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "20 records of 10 patients" in told
    assert "train 12 6 6 6 validation 4 2 2 2 test 4 2 2 2" in told
    assert "not stated" in told and "AF fibrillation" in told


def test_the_card_names_the_file_and_not_its_folder(records, tmp_path, home, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = declared(tmp_path)
    words = f"--corpus mine.py --from {records} --out run --train.epochs 1 --set widths=4,4".split()
    assert main(["train", "--model", "cnn", *words]) == 0
    card = json.loads((tmp_path / "run/bundle/card.json").read_text())
    assert card["training"]["corpus"] == "clinic"
    assert card["training"]["corpus_version"].startswith("1 (mine.py:CORPUS, SHA-256 ")
    assert str(file.parent) not in json.dumps(card["training"])
    assert main(["evaluate", "run", "--from", str(records)]) == 2, "the corpus's file must be named"
    assert main(["evaluate", "run", "--from", str(records), "--corpus", "./mine.py", "--out", "test"]) == 0
