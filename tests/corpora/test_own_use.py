"""A user's own corpus in use: what is skipped, formats, beats, workers, the verb."""

import csv
import json
import pickle

import numpy as np
import pytest
import wfdb

from einthoven import workers
from einthoven.cli.main import main
from einthoven.cli.prepare import corpus_named
from einthoven.corpora.own import corpus_in
from einthoven.corpora.split import audit
from einthoven.data import build as building
from einthoven.data.build import build, left_out_lines
from einthoven.errors import (
    ConfigurationFault,
    CorpusIncomplete,
)
from tests.corpora.clinic import GOOD, HAND_WRITTEN, declared, listed, write_records, write_table


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_records(tmp_path_factory.mktemp("own") / "records")


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
    np.save(folder / "strip.npy", np.zeros((2, 500)) + np.sin(np.arange(500) / 20))
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
