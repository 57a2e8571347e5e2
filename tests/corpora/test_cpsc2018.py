"""CPSC 2018 in its three layouts: labels in numbers, codes and words; a row a label, or a recording's labels together."""

import os

import numpy as np
import pytest

from einthoven.corpora.cpsc2018 import CLASSES, CPSC2018, LABELS, LABELS_ONE
from einthoven.corpora.split import PARTS, audit
from einthoven.data.build import left_out_lines
from einthoven.errors import CorpusIncomplete
from tests.conftest import real


@pytest.fixture
def store(cpsc2018_like, store_of):
    return store_of(CPSC2018, cpsc2018_like)


def test_numbers_codes_and_words_are_the_same_labels(store):
    whole = store.index.group == ""
    truth = LABELS.targets(store.index.symbol)
    for name, row in zip(store.index.record[whole], truth[whole], strict=True):
        at = int(name[1:])
        assert set(np.flatnonzero(row)) == ({at % 9} if at % 5 else {at % 9, (at + 4) % 9})
    assert left_out_lines(store) == [
        "left out, no label in REFERENCE.csv or header: 1 (A0999)",
        "left out, no recording: 2 (A6001, A6002)",
    ]
    assert store.windows[:1].signal.shape[1:] == (12, 3750)


def test_a_recording_of_several_labels_is_a_row_for_each(store):
    rows = store.index.record[store.index.record != store.index.patient]
    assert {name.split("-", 1)[0] for name in rows} == {f"A{at:04d}" for at in range(5, 41, 5)}
    one = LABELS_ONE.targets(store.index.symbol)
    assert {CLASSES[one[np.flatnonzero(store.index.record == name)[0]]] for name in rows} <= set(CLASSES)
    assert all(CLASSES[one[at]] == name.split("-", 1)[1] for at, name in enumerate(store.index.record) if "-" in name)


@pytest.mark.parametrize("fold", [None, 0, 9])
def test_clean_keeps_recordings_together_and_paper_does_not(store, fold):
    clean, paper = (CPSC2018.protocol(name) for name in ("clean", "paper"))
    split = clean.parts(store.index, 0, (), fold)
    assert not audit(split, store.index.patient)
    assert not any("-" in name for part in PARTS for name in store.index.record[getattr(split, part)])
    assert all(len(getattr(split, part)) for part in PARTS)
    rows = paper.parts(store.index, 0, (), fold)
    several = {name for name in store.index.patient if int(name[1:]) % 5 == 0}
    used = np.concatenate([store.index.record[getattr(rows, part)] for part in PARTS])
    assert not set(used) & several and len(set(used)) == 32 + 16


def test_each_recording_is_tested_once_and_paper_leaks(store):
    for name in ("clean", "paper"):
        protocol = CPSC2018.protocol(name)
        splits = [protocol.parts(store.index, 0, (), fold) for fold in range(10)]
        tested = np.concatenate([np.unique(store.index.record[split.test]) for split in splits])
        assert len(tested) == len(set(tested)) == (40 if name == "clean" else 48)
        leaks = any(audit(split, store.index.patient) for split in splits)
        assert leaks == protocol.leaks == (name == "paper")


@pytest.mark.parametrize(
    "text",
    [
        "Recording,First_label\nA0001,1\n",
        "Recording,First_label,Second_label,Third_label\nA0001,10,,\n",
        "Recording,First_label,Second_label,Third_label\nA0001,,,\n",
        "Recording,First_label,Second_label,Third_label\nA0001,1,,\nA0001,2,,\n",
        pytest.param(f"Recording,First_label,Second_label,Third_label\nA0001,{'1' * 140_000},,\n", id="a long cell"),
    ],
)
def test_a_table_that_cannot_be_is_refused(text, tmp_path):
    (tmp_path / "REFERENCE.csv").write_text(text)
    with pytest.raises(CorpusIncomplete, match="CPSC 2018"):
        CPSC2018.entries(tmp_path, 125.0)


def test_a_folder_named_as_the_table_is_refused(tmp_path):
    (tmp_path / "REFERENCE.csv").mkdir()
    with pytest.raises(CorpusIncomplete, match="is not the table of CPSC 2018"):
        CPSC2018.entries(tmp_path, 125.0)


def test_a_mark_in_words_is_no_fold(store):
    assert (store.index.group != "").any() and not (store.index.folds != "").any()


def test_a_folder_without_recordings_is_refused(tmp_path):
    (tmp_path / "REFERENCE.csv").write_text("A00001,N\n")  # another corpus's table
    with pytest.raises(CorpusIncomplete, match="no recording"):
        CPSC2018.entries(tmp_path, 125.0)


def test_the_recordings_at_hand_are_165(home):
    real("cpsc2018"), real("challenge-2021")
    listing = CPSC2018.entries(os.environ["EINTHOVEN_DATA"], 125.0)
    whole = [entry for entry in listing if not entry.group]
    assert len(whole) == 165 and sum("hea" in entry.suffixes for entry in whole) == 155
    assert len(listing) - len(whole) == 12 and len(listing.dropped["no recording"]) == 6712
