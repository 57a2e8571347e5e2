"""Annotations of an interpretation are read by wfdb as by einthoven."""

import numpy as np
import pytest
import wfdb

from einthoven.interpretation.annotated import annotations_of
from einthoven.records.annotations import read_annotations
from tests.interpretation.long import interpretation


@pytest.fixture(scope="module")
def found():
    return interpretation()


@pytest.fixture
def read(found, tmp_path):
    (tmp_path / "long.atr").write_bytes(annotations_of(found))
    return wfdb.rdann(str(tmp_path / "long"), "atr")


def test_every_beat_has_its_class_at_its_sample(found, read):
    is_beat = np.isin(read.symbol, ["N", "S", "V", "F", "Q"])
    assert read.sample[is_beat].tolist() == found.beats.tolist()
    assert np.array(read.symbol)[is_beat].tolist() == list(found.ectopy.classes)


def test_rhythms_begin_where_the_episodes_do(read, found):
    begins = [
        (at, text) for at, symbol, text in zip(read.sample, read.symbol, read.aux_note, strict=True) if symbol == "+"
    ]
    fs_hz = found.record.fs_hz
    expected = [(0, "(N"), (600, "(AFIB"), (900, "(UNKNOWN"), (930, "(N")]
    assert [text for _, text in begins] == [text for _, text in expected]
    assert np.allclose([at / fs_hz for at, _ in begins], [at for at, _ in expected], atol=0.03)


def test_noise_is_marked_where_it_begins_and_ends(read, found):
    is_noise = np.array(read.symbol) == "~"
    marks = zip(read.sample[is_noise] / found.record.fs_hz, read.subtype[is_noise], strict=True)
    assert [(round(at), kind) for at, kind in marks] == [(900, -1), (930, 0)]


def test_a_note_says_who_wrote_it_and_no_two_marks_share_a_sample(read, found, tmp_path):
    ours = read_annotations(tmp_path / "long", "atr", found.record.fs_hz)
    assert ours.symbols[0] == '"' and ours.notes[0].startswith("einthoven")
    # wfdb takes a note at the first sample for a definition.
    assert ours.samples[1:].tolist() == read.sample.tolist() and list(ours.symbols[1:]) == read.symbol
    assert len(set(ours.samples.tolist())) == len(ours.samples)
