"""WFDB annotations: equal to those of the wfdb package; what is wrong in them is said."""

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from tests.records.files import N_SAMPLES, write_wfdb


@pytest.fixture
def header(tmp_path, signal_mv):
    return write_wfdb(tmp_path, signal_mv)


def word(code, value):
    return bytes((value & 0xFF, code << 2 | value >> 8))


def write(header, content):
    header.with_suffix(".atr").write_bytes(content + b"\0\0")
    return header


def test_annotations_are_those_of_wfdb(header):
    at = np.array([0, 5, 5, 300, 1400, N_SAMPLES - 1])
    more = {"aux_note": ["(AFIB", "", "odd", "even", "", ""], "chan": np.array([0, 1, 0, 0, 0, 0])}
    wfdb.wrann("strip", "atr", at, symbol=list('+NV"/~'), write_dir=str(header.parent), **more)
    theirs = wfdb.rdann(str(header.with_suffix("")), "atr")
    ours = read(header, annotator="atr").annotations
    assert ours.samples.tolist() == theirs.sample.tolist()
    assert list(ours.symbols) == theirs.symbol and list(ours.notes) == theirs.aux_note


def test_real_annotations_are_those_of_wfdb(real_mitdb):
    for name in ("100", "203", "207"):
        record = read(real_mitdb / f"{name}.hea", annotator="atr")
        theirs = wfdb.rdann(str(real_mitdb / name), "atr")
        assert record.annotations.samples.tolist() == theirs.sample.tolist() and not record.warnings
        assert list(record.annotations.symbols) == theirs.symbol and list(record.annotations.notes) == theirs.aux_note


def test_a_long_pause_is_skipped(header):
    skip = word(59, 0) + (1000).to_bytes(4, "little")[2:] + (1000).to_bytes(4, "little")[:2]
    assert read(write(header, word(1, 10) + skip + word(1, 5)), annotator="atr").annotations.samples.tolist() == [
        10,
        1015,
    ]


def test_a_time_resolution_of_the_file_is_used(header):
    note = b"## time resolution: 720"
    content = word(22, 0) + word(63, len(note)) + note + b"\0" + word(1, 720)
    record = read(write(header, content), annotator="atr")
    assert record.annotations.samples.tolist() == [360] and record.annotations.symbols == ("N",)


def test_own_codes_are_named(header):
    notes = (b"## annotation type definitions", b"42 W wave start", b"## end of definitions")
    content = b"".join(word(22, 0) + word(63, len(note)) + note + b"\0" * (len(note) % 2) for note in notes)
    record = read(write(header, content + word(42, 7)), annotator="atr")
    assert record.annotations.symbols[-1] == "W" and not record.warnings


def test_annotations_out_of_order_are_sorted_and_said(header):
    back = word(59, 0) + (-300 & 0xFFFFFFFF).to_bytes(4, "little")[2:] + (-300 & 0xFFFFFFFF).to_bytes(4, "little")[:2]
    record = read(write(header, word(1, 400) + back + word(5, 0) + word(1, 50)), annotator="atr")
    assert record.annotations.samples.tolist() == [100, 150, 400] and record.annotations.symbols == ("V", "N", "N")
    assert record.warnings == ("the annotations are not in order of time; they are sorted",)


def test_annotations_behind_the_end_are_left_out_and_said(header):
    record = read(write(header, word(1, 700) + word(1, 1000)), annotator="atr")
    assert record.annotations.samples.tolist() == [700]
    assert record.warnings == ("1 annotations are outside the record and left out",)


def test_annotations_of_another_record_are_refused(header):
    far = word(59, 0) + (90_000).to_bytes(4, "little")[2:] + (90_000).to_bytes(4, "little")[:2]
    with pytest.raises(RecordUnreadable) as caught:
        read(write(header, far + word(1, 0)), annotator="atr")
    assert caught.value.found == "1 annotations, none within the record"


def test_unknown_codes_are_left_out_and_said(header):
    record = read(write(header, word(1, 10) + word(50, 10) + word(15, 10)), annotator="atr")
    assert record.annotations.samples.tolist() == [10]
    assert record.warnings == ("2 annotations in strip.atr are left out: unknown codes 15, 50",)


@pytest.mark.parametrize("content", [b"", b"\x01", word(1, 5)[:1], word(63, 200) + b"x", word(1, 1) + word(63, 50)])
def test_a_file_that_ends_early_is_refused(content, header):
    header.with_suffix(".atr").write_bytes(content)
    with pytest.raises(RecordUnreadable) as caught:
        read(header, annotator="atr")
    assert caught.value.found == "it ends within an annotation"


@pytest.mark.parametrize("annotator", ["../../x", "", "a/b", "a\0b", "x" * 300, ".."])
def test_an_annotator_is_a_suffix(annotator, header):
    with pytest.raises(RecordUnreadable) as caught:
        read(header, annotator=annotator)
    assert "suffix" in caught.value.expected


def test_annotations_that_are_missing_are_named(header):
    with pytest.raises(RecordUnreadable, match=r"strip\.qrs"):
        read(header, annotator="qrs")


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200))
def test_no_content_crashes(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("a")
    (folder / "a.hea").write_text("a 1 360 100\na.dat 80 20/mV 8 0 0 0 0 II\n")
    (folder / "a.dat").write_bytes(bytes(range(78, 178)))
    (folder / "a.atr").write_bytes(content)
    try:
        found = read(folder / "a.hea", annotator="atr").annotations
    except RecordUnreadable as error:
        assert error.found
    else:
        assert (np.diff(found.samples) >= 0).all() and ((found.samples >= 0) & (found.samples < 100)).all()
        assert len(found.samples) == len(found.symbols) == len(found.notes)
