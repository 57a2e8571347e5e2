"""WFDB records: every format, headers that lie, checksums, segments, annotations."""

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

import einthoven
from einthoven.errors import EinthovenError, RecordUnreadable
from einthoven.records import read
from einthoven.records.samples import decode
from tests.records.files import N_SAMPLES, write_wfdb


@settings(deadline=None)
@given(st.data())
def test_no_edited_header_crashes(data):
    import tempfile
    from pathlib import Path

    content = list("a 2 360 10\na.dat 16 200(12)/mV 11 0 5 6 0 MLII\na.dat 16 200/mV 11 0 5 6 0 V1\n")
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] = data.draw(st.sampled_from("0123456789.-+/()xeE: nm\n"))
    folder = Path(tempfile.mkdtemp())
    (folder / "a.hea").write_text("".join(content))
    (folder / "a.dat").write_bytes(bytes(40))
    try:
        read(folder / "a.hea")
    except EinthovenError as error:
        assert error.found


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_header_crashes(content):
    import tempfile
    from pathlib import Path

    file = Path(tempfile.mkdtemp()) / "a.hea"
    file.write_bytes(content)
    with pytest.raises(EinthovenError):
        read(file)


@pytest.mark.parametrize("fmt", ["16", "24", "32", "80", "212"])
def test_samples_are_those_of_wfdb(fmt, tmp_path, signal_mv):
    smooth = np.cumsum(signal_mv, axis=1) / 200
    header = write_wfdb(tmp_path, smooth, fmt, adc_gain=[50] * 2)
    theirs = wfdb.rdrecord(str(header.with_suffix(""))).p_signal.T.astype(np.float32)
    np.testing.assert_array_equal(read(header).signal_mv, theirs)


@settings(deadline=None)
@given(st.lists(st.integers(-2048, 2047), min_size=1, max_size=41))
def test_format_212_round_trip(values):
    packed = bytearray()
    for first, second in zip(values[::2], [*values[1::2], 0][: len(values[::2])], strict=True):
        a, b = first & 0xFFF, second & 0xFFF
        packed += bytes((a & 0xFF, (a >> 8) | ((b >> 8) << 4), b & 0xFF))
    assert decode(np.frombuffer(bytes(packed), np.uint8), "212", len(values)).tolist() == values


def test_every_unit_and_baseline_is_honoured(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv * np.array([[1000.0], [0.001]]), units=["uV", "V"], adc_gain=[0.5, 500_000])
    np.testing.assert_allclose(read(header).signal_mv, signal_mv, atol=0.003)


def test_missing_samples_are_nan(tmp_path, signal_mv):
    holed = signal_mv.copy()
    holed[0, 100:110] = np.nan
    record = read(write_wfdb(tmp_path, holed))
    assert np.isnan(record.signal_mv[0, 100:110]).all()
    assert np.isfinite(record.signal_mv[1]).all()


def test_several_segments_and_frames(tmp_path, signal_mv):
    for name in ("s1", "s2"):
        write_wfdb(tmp_path, signal_mv, name=name)
    (tmp_path / "whole.hea").write_text(f"whole/2 2 360 {2 * N_SAMPLES}\ns1 {N_SAMPLES}\ns2 {N_SAMPLES}\n")
    record = read(tmp_path / "whole.hea")
    assert record.leads == ("MLII", "V1")
    np.testing.assert_allclose(record.signal_mv, np.tile(signal_mv, 2), atol=0.003)


def test_a_truncated_signal_file(tmp_path, signal_mv):
    file = write_wfdb(tmp_path, signal_mv).with_suffix(".dat")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RecordUnreadable, match="truncated"):
        read(file)


def test_a_missing_signal_file(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    header.with_suffix(".dat").unlink()
    with pytest.raises(RecordUnreadable, match="is missing"):
        read(header)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" 360 1500", " 360 15000"),
        ("strip.dat 16", "strip.dat 212"),
        ("strip.dat 16", "strip.dat 80"),
        ("strip.dat 16", "strip.dat 61"),
        ("strip.dat 16", "strip.dat 310"),
        ("strip.dat 16", "strip.dat 999"),
        ("200(12)", "1.2.3(12)"),
        ("strip 2 360", "strip 2 0.01"),
        ("strip.dat 16", "../strip.dat 16"),
        ("strip.dat 16", "/etc/passwd 16"),
        ("strip 2 360", "strip 2 -5"),
        ("strip 2 360", "strip 7 360"),
        ("strip 2 360", "strip x 360"),
        ("/mV", "/mmHg"),
    ],
)
def test_a_header_that_lies(old, new, tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new))
    with pytest.raises((RecordUnreadable, RecordUnreadable)):
        read(header)


def test_a_number_of_samples_that_is_not_stated_is_that_of_the_file(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    stated = read(header)
    header.write_text(header.read_text().replace("strip 2 360 1500", "strip 2 360 0"))
    np.testing.assert_array_equal(read(header).signal_mv, stated.signal_mv)


def test_a_checksum_that_differs_is_named(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    words = header.read_text().splitlines()
    fields = words[1].split()
    fields[6] = str((int(fields[6]) + 5) % 30000)
    header.write_text("\n".join([words[0], " ".join(fields), *words[2:]]) + "\n")
    assert read(header).warnings == ("the checksum differs from that of the header in MLII",)


@pytest.mark.parametrize("fmt", ["24", "32", "516"])
def test_a_file_that_is_too_short_is_refused_in_every_format(fmt, tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, fmt)
    read(header)
    header.write_text(header.read_text().replace(f" 360 {N_SAMPLES}", f" 360 {N_SAMPLES + 300}"))
    with pytest.raises(RecordUnreadable, match="header"):
        read(header)


@pytest.mark.parametrize("fmt", ["16", "24", "212", "516"])
def test_the_first_part_of_a_longer_file_is_read(fmt, tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, fmt)
    whole = read(header).signal_mv
    header.write_text(header.read_text().replace(f" 360 {N_SAMPLES}", f" 360 {N_SAMPLES - 300}"))
    record = read(header)
    np.testing.assert_array_equal(record.signal_mv, whole[:, :-300])
    assert record.warnings == ("the signal file is longer than the header states: its first part is read",)


def test_a_longer_file_whose_format_nothing_confirms_is_refused(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    bare = f"strip 2 360 {N_SAMPLES - 300}\nstrip.dat 16 200/mV\nstrip.dat 16 200/mV\n"
    header.write_text(bare)
    with pytest.raises(RecordUnreadable, match="longer than its header states"):
        read(header)


def test_checksums_are_compared_in_every_format(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, "24")
    words = header.read_text().splitlines()
    fields = words[1].split()
    fields[6] = str((int(fields[6]) + 5) % 30000)
    header.write_text("\n".join([words[0], " ".join(fields), *words[2:]]) + "\n")
    assert read(header).warnings == ("the checksum differs from that of the header in MLII",)


def test_a_stated_unit_takes_the_place_of_the_header_s(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    as_it_is = read(header)
    assert read(header, unit="mV").warnings == as_it_is.warnings
    stated = read(header, unit="uV")
    np.testing.assert_allclose(stated.signal_mv, as_it_is.signal_mv / 1000, rtol=1e-5)
    assert stated.warnings[-1] == "the header states mV; the stated unit uV is used"
    header.write_text(header.read_text().replace("/mV", "/uV"))
    np.testing.assert_array_equal(read(header, unit="uV").signal_mv, read(header).signal_mv)


@pytest.mark.parametrize("gains", [("200(12)/mV", "0(12)/mV"), ("200(12)/mV 16 0", "0 16 12")])
def test_a_gain_of_zero_is_200_a_millivolt_and_said(gains, tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    calibrated = read(header)
    header.write_text(header.read_text().replace(*gains))
    record = read(header)
    np.testing.assert_array_equal(record.signal_mv, calibrated.signal_mv)
    assert [(found.code, found.leads) for found in record.findings] == [("gain_unstated", ("MLII",))]
    assert record.findings[0].text in record.warnings and not calibrated.findings
    assert record.with_leads({"MLII": "II"}).findings[0].leads == ("II",)


def test_a_signal_line_without_gain_is_not_calibrated(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, baseline=[0, 0])
    calibrated = read(header)
    header.write_text(f"strip 2 360 {N_SAMPLES}\nstrip.dat 16\nstrip.dat 16\n")
    record = read(header)
    np.testing.assert_array_equal(record.signal_mv, calibrated.signal_mv)
    assert record.findings[0].code == "gain_unstated" and record.findings[0].leads == ("lead1", "lead2")


def test_the_header_of_another_record_is_refused(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    other = write_wfdb(tmp_path, -0.9 * signal_mv + 0.1, name="other")
    header.write_text(other.read_text().replace("other", "strip"))
    with pytest.raises(RecordUnreadable, match="does not describe its signal file"):
        read(header)


def test_leads_that_say_nothing_are_stated(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, sig_name=["ECG1", "ECG2"])
    assert read(header, leads={"ECG1": "MLII"}).leads == ("MLII", "ECG2")
    assert read(header, leads=["V5", "MLII"]).leads == ("V5", "MLII")
    with pytest.raises(RecordUnreadable, match="ECG9"):
        read(header, leads={"ECG9": "MLII"})
    with pytest.raises(RecordUnreadable):
        read(header, leads=["MLII"])


def test_annotations(mitdb_like):
    record = einthoven.read(mitdb_like / "100.hea", annotator="atr")
    assert record.annotations.symbols[0] == "+"
    assert record.annotations.notes[0].rstrip("\0") == "(N"
    assert len(record.annotations.samples) == len(record.annotations.symbols)


def test_real_records_equal_wfdb(real_mitdb):
    for name in ("100", "114", "207"):
        theirs = wfdb.rdrecord(str(real_mitdb / name)).p_signal.T.astype(np.float32)
        np.testing.assert_array_equal(read(real_mitdb / f"{name}.hea").signal_mv, theirs)


def test_real_challenge_recording(real_challenge2017):
    file = next(iter(sorted(real_challenge2017.glob("*.mat"))))
    theirs = wfdb.rdrecord(str(file.with_suffix(""))).p_signal.T.astype(np.float32)
    np.testing.assert_array_equal(read(file).signal_mv, theirs)


def test_real_cpsc_struct(real_cpsc2018):
    record = read(next(iter(sorted(real_cpsc2018.rglob("A*.mat")))))
    assert record.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    np.testing.assert_allclose(record.signal_mv[0] + record.signal_mv[2], record.signal_mv[1], atol=0.05)
