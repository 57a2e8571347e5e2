"""The reader contract: every suffix of READERS has a row here, and every fault gets one clear error."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.errors import EinthovenError, RecordUnreadable, StatementMissing
from einthoven.records import KINDS, READERS, formats, read
from tests.records.files import KIND_WRITERS, N_SAMPLES, WRITERS

BY_CONTENT = {suffix for each in formats() if each.kinds for suffix in each.suffixes if READERS[suffix] is each.reader}
ALL = {suffix: write for suffix, write in WRITERS.items() if suffix not in BY_CONTENT} | KIND_WRITERS
"""One writer for each suffix, and for each kind of content that is recognised whatever its suffix."""
STATED = {"fs_hz": 360, "leads": ["II"], "unit": "mV"}


@pytest.fixture(scope="module")
def signal_mv():
    rng = np.random.default_rng(0)
    return np.round(rng.standard_normal((2, N_SAMPLES)), 3)


def test_every_reader_has_a_row():
    assert set(WRITERS) == set(READERS)
    assert set(KIND_WRITERS) == set(KINDS)


def test_the_page_lists_every_format():
    page = (Path(__file__).parents[2] / "docs" / "reading.md").read_text()
    for each in formats():
        suffixes = ", ".join(f"`{suffix}`" if suffix else "no suffix" for suffix in each.suffixes)
        assert f"| {suffixes} | {each.title} | {each.must_state or 'nothing'} |" in page


@pytest.mark.parametrize("suffix", ALL)
def test_what_must_be_stated_is_asked_for(suffix, tmp_path, signal_mv):
    file, _ = ALL[suffix](tmp_path, signal_mv)
    found = KINDS.get(suffix) or next(each for each in formats() if suffix in each.suffixes)
    if not found.must_state:
        assert read(file).fs_hz == 360
        return
    with pytest.raises(StatementMissing) as caught:
        read(file)
    flags = {"sampling rate": "--fs", "unit": "--unit", "gain": "--gain"}
    assert all(flag in caught.value.remedy for word, flag in flags.items() if word in found.must_state)


@pytest.mark.parametrize("suffix", ALL)
def test_reads_millivolts_leads_and_rate(suffix, tmp_path, signal_mv):
    file, stated = ALL[suffix](tmp_path, signal_mv)
    record = read(file, **stated)
    assert record.leads == ("MLII", "V1")
    assert record.fs_hz == 360
    assert record.signal_mv.dtype == np.float32
    np.testing.assert_allclose(record.signal_mv, signal_mv, atol=0.003)


@pytest.mark.parametrize("suffix", ALL)
def test_a_stated_unit_is_taken(suffix, tmp_path, signal_mv):
    file, stated = ALL[suffix](tmp_path, signal_mv)
    if stated.get("unit") != "mV":  # the file holds microvolts, or states its own unit
        file, stated = ALL[suffix](tmp_path, signal_mv / 1000)
    millivolts = read(file, **(stated | {"unit": "mV"})).signal_mv
    np.testing.assert_allclose(
        read(file, **(stated | {"unit": "uV"})).signal_mv, millivolts / 1000, rtol=1e-4, atol=1e-9
    )
    with pytest.raises(RecordUnreadable) as caught:
        read(file, **(stated | {"unit": "cm"}))
    assert (caught.value.found, caught.value.remedy) == ("--unit cm", "--unit mV")


@pytest.mark.parametrize("suffix", ALL)
def test_more_leads_stated_than_there_are_is_refused(suffix, tmp_path, signal_mv):
    file, stated = ALL[suffix](tmp_path, signal_mv)
    with pytest.raises(RecordUnreadable) as caught:
        read(file, **(stated | {"leads": ["I", "II", "III"]}))
    assert "III" in caught.value.found or "3 leads" in caught.value.found


@pytest.mark.parametrize("suffix", [suffix for suffix in READERS if suffix])
@pytest.mark.parametrize("content", [b"", bytes(range(256)) * 8, b"hello\nworld\n", b"\x80\x04\x95"])
def test_rubbish_gets_one_clear_error(suffix, content, tmp_path):
    file = tmp_path / f"a{suffix}"
    file.write_bytes(content)
    with pytest.raises(RecordUnreadable) as caught:
        read(file, **STATED)
    assert file.stem in caught.value.summary
    assert caught.value.found and caught.value.expected and caught.value.remedy


@pytest.mark.parametrize("suffix", [suffix for suffix in READERS if suffix])
@settings(max_examples=8, deadline=None)
@given(content=st.binary(max_size=300))
def test_no_content_crashes_a_reader(suffix, content):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"a{suffix}"
        file.write_bytes(content)
        try:
            record = read(file, **STATED)
        except EinthovenError as error:
            assert error.found and error.expected and error.remedy
        else:
            assert record.signal_mv.ndim == 2 and record.leads == ("II",)


@pytest.mark.parametrize("suffix", [suffix for suffix in ALL if suffix])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_no_damage_crashes_a_reader(suffix, data):
    signal_mv = np.round(np.sin(np.arange(2 * 90).reshape(2, 90) / 9), 3)
    with tempfile.TemporaryDirectory() as folder:
        file, stated = ALL[suffix](Path(folder), signal_mv)
        content = bytearray(file.read_bytes())
        for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
            content[at] = data.draw(st.integers(0, 255))
        file.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
        try:
            record = read(file, **stated)
        except EinthovenError as error:
            assert error.found and error.expected and error.remedy
        else:
            assert record.signal_mv.dtype == np.float32 and len(record.leads) == len(record.signal_mv)


@pytest.mark.parametrize(
    ("name", "found"),
    [(".", "a folder"), ("none.hea", "nothing there"), ("none", "nothing there"), ("x.foo", "suffix .foo")],
)
def test_what_is_no_recording_is_refused(name, found, tmp_path):
    (tmp_path / "x.foo").write_bytes(b"x")
    with pytest.raises(RecordUnreadable) as caught:
        read(tmp_path / name)
    assert caught.value.found == found and str(tmp_path) in caught.value.summary


@pytest.mark.parametrize("name", ["/", "", "..", "/dev/null", "a\0b", "/proc/self/mem\0.csv"])
def test_what_is_no_file_is_refused(name):
    with pytest.raises(RecordUnreadable):
        read(name)


@pytest.mark.parametrize("suffix", READERS)
def test_a_named_pipe_is_refused_at_once(suffix, tmp_path):
    os.mkfifo(tmp_path / f"a{suffix}")
    with pytest.raises(RecordUnreadable) as caught:
        read(tmp_path / f"a{suffix}", **STATED)
    assert caught.value.found == "a named pipe"


def test_a_name_that_is_just_short_enough(tmp_path, signal_mv):
    file, stated = WRITERS[".csv"](tmp_path, signal_mv)
    long = file.rename(tmp_path / ("a" * 251 + ".csv"))
    assert read(long, **stated).n_samples == N_SAMPLES


def test_a_name_too_long_for_the_system(tmp_path):
    with pytest.raises(RecordUnreadable, match="long"):
        read(tmp_path / ("a" * 5000))


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv", ".npy"])
def test_amplitudes_that_are_no_millivolts_are_refused(suffix, tmp_path, signal_mv):
    file, stated = WRITERS[suffix](tmp_path, 800 * signal_mv)
    with pytest.raises(RecordUnreadable, match="--unit uV"):
        read(file, **stated)
