"""EDF and BDF: what is an ECG, rates, gaps, filling, annotations, identity, and headers that cannot be."""

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from einthoven.records.identity import Identity
from tests.records.binary_files import edf_bytes

N_RECORDS = 4
ECG = np.round(1000 * np.sin(np.arange(N_RECORDS * 200) / 9)).astype(np.int64).reshape(N_RECORDS, 200)
RANGE_UV = 32767.5  # one count is 1 uV


def row(label, counts=ECG, unit="uV"):
    return (label, unit, RANGE_UV, counts)


def notes(texts, n_bytes=60, bdf=False):
    content = np.frombuffer(b"".join(text.ljust(n_bytes, b"\0") for text in texts), np.uint8)
    return ("BDF Annotations" if bdf else "EDF Annotations", "", RANGE_UV, content.reshape(len(texts), n_bytes))


def read_bytes(folder, content, **stated):
    file = folder / "a.edf"
    file.write_bytes(content)
    return read(file, **stated)


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (("EEG C3-A2", "ECG II", "EOG left", "SaO2"), ("II",)),
        (("C3", "C4", "EKG", "O1-A2", "EEG C5"), ("EKG",)),
        (("I", "II", "C1", "Resp chest"), ("I", "II", "V1")),
        (("ch1", "ch2", "Fp1", "Status"), ("ch1", "ch2")),
        (("ECG", "sine"), ("ECG",)),
    ],
)
def test_signals_that_are_no_ecg_are_left_out_with_a_word(tmp_path, labels, kept):
    record = read_bytes(tmp_path, edf_bytes([row(label) for label in labels]))
    assert record.fs_hz == 200 and len(record.leads) == len(kept)
    left_out = next(warning for warning in record.warnings if "left out" in warning)
    assert left_out.endswith(", ".join(label for label in labels if label.split()[-1] not in (*kept, "C1")))


def test_a_file_without_an_ecg_is_refused(tmp_path):
    with pytest.raises(RecordUnreadable) as caught:
        read_bytes(tmp_path, edf_bytes([row("EEG Fp1"), row("Fp2"), row("Resp")]))
    assert caught.value.found == "EEG Fp1, Fp2, Resp"


def test_a_cap_of_electrodes_is_no_ecg(tmp_path):
    cap = [row(f"{letter}{n}") for letter in "ABCD" for n in range(1, 9)]
    with pytest.raises(RecordUnreadable, match="holds no ECG"):
        read_bytes(tmp_path, edf_bytes(cap))
    assert read_bytes(tmp_path, edf_bytes([*cap, row("EXG1")])).leads == ("EXG1",)
    assert read_bytes(tmp_path, edf_bytes([row("D1"), row("D2"), row("C1")])).leads == ("I", "II", "V1")


@pytest.mark.parametrize("unit", ["µV", "\u00c2\u00b5V", "\u00ce\u00bcV"])
def test_a_micro_sign_in_any_encoding(tmp_path, unit):
    record = read_bytes(tmp_path, edf_bytes([row("ECG", unit=unit)]))
    np.testing.assert_allclose(record.signal_mv[0], ECG.reshape(-1) / 1000, atol=6e-4)


def test_each_signal_has_its_own_rate(tmp_path):
    slow = ECG[:, ::2]
    record = read_bytes(tmp_path, edf_bytes([row("ECG I"), row("ECG II", slow), row("Resp", ECG[:, :10])]))
    assert record.fs_hz == 200 and record.signal_mv.shape == (2, 800)
    assert "ECG II is resampled from 100 to 200 Hz" in record.warnings
    np.testing.assert_allclose(record.signal_mv[1, 50:-50], record.signal_mv[0, 50:-50], atol=0.02)


def test_24_bits(tmp_path):
    counts = ECG * 7001
    record = read_bytes(tmp_path, edf_bytes([("ECG", "uV", 8_388_607, counts)], bdf=True), gain=7001.0 * 1000)
    np.testing.assert_allclose(record.signal_mv[0], ECG.reshape(-1) / 1000, atol=1e-6)


def test_annotations_and_identity(tmp_path):
    texts = [
        b"+0\x14\x14\0+0.5\x14N\x14\0",
        b"+1\x14\x14\0+1.25\x150.5\x14pause\x14\0",
        b"+2\x14\x14\0",
        b"+3\x14\x14\0",
    ]
    content = edf_bytes(
        [row("ECG II"), notes(texts)],
        reserved="EDF+C",
        patient="P-7 F 01-MAR-1970 Jo_Doe",
        recording="Startdate 29-FEB-2024 X tech Holter_9",
    )
    record = read_bytes(tmp_path, content)
    assert record.annotations.samples.tolist() == [100, 250]
    assert record.annotations.symbols == ("N", '"') and record.annotations.notes == ("", "pause")
    assert record.identity == Identity("Jo Doe", "P-7", "1970-03-01", 53.0, "female", "2024-02-29T10:11:12", "Holter 9")


def test_gaps_of_a_discontinuous_file_are_missing(tmp_path):
    texts = [b"+10\x14\x14\0", b"+11\x14\x14\0", b"+14.5\x14\x14\0+15\x14V\x14\0", b"+15.5\x14\x14\0"]
    record = read_bytes(tmp_path, edf_bytes([row("ECG"), notes(texts)], reserved="EDF+D"))
    assert record.n_samples == 1300 and np.isnan(record.signal_mv[0, 400:900]).all()
    np.testing.assert_allclose(record.signal_mv[0, 900:], ECG[2:].reshape(-1) / 1000, atol=6e-4)
    assert record.annotations.samples.tolist() == [1000]
    assert any("2.5 s are missing" in warning for warning in record.warnings)


@pytest.mark.parametrize("onsets", [b"+0 +1 +900000000 +900000001", b"+0 +1 +0 +1"])
def test_data_records_days_apart_or_out_of_order_are_refused(tmp_path, onsets):
    texts = [onset + b"\x14\x14\0" for onset in onsets.split()]
    with pytest.raises(RecordUnreadable, match="out of order, or days apart"):
        read_bytes(tmp_path, edf_bytes([row("ECG"), notes(texts)], reserved="EDF+D"))


def test_filling_at_the_lowest_count_is_missing(tmp_path):
    filled = ECG.copy()
    filled[-1, 80:] = -32768
    record = read_bytes(tmp_path, edf_bytes([row("ECG", filled)]))
    assert np.isnan(record.signal_mv[0, -120:]).all() and not np.isnan(record.signal_mv[0, :-120]).any()


def test_a_rounded_duration_gives_the_whole_rate(tmp_path):
    record = read_bytes(tmp_path, edf_bytes([row("ECG", ECG[:, :77])], record_s=77 / 360))
    assert record.fs_hz == 360


@pytest.mark.parametrize(
    ("cut", "told"),
    [(150, "the file ends after 3 of 4 data records"), (-30, "30 bytes behind the last data record are not read")],
)
def test_another_length_than_stated_is_told(tmp_path, cut, told):
    content = edf_bytes([row("ECG")])
    record = read_bytes(tmp_path, content[:-cut] if cut > 0 else content + bytes(-cut))
    assert told in record.warnings and record.n_samples == (600 if cut > 0 else 800)


def test_a_file_that_was_not_closed(tmp_path):
    record = read_bytes(tmp_path, edf_bytes([row("ECG")], n_records=-1))
    assert record.n_samples == 800 and "does not state its length" in record.warnings[0]


@pytest.mark.parametrize(
    ("start", "field", "found"),
    [
        (252, b"9999", "for 9,999 signals"),
        (252, b"x   ", "'x' where the header states a number"),
        (184, b"99999999", "a header of 99,999,999 bytes"),
        (236, b"0       ", "no whole data record"),
        (244, b"0       ", "data records of 0 s"),
        (244, b"-1      ", "data records of -1 s"),
        (256 + 216, b"-5      ", "with -5 samples"),
        (256 + 216, b"99999999", "no whole data record"),
        (256 + 128, b"-32768  ", "no range of values or of counts: ECG"),
    ],
)
def test_a_broken_header_is_refused_with_its_reason(tmp_path, start, field, found):
    content = edf_bytes([row("ECG")])
    with pytest.raises(RecordUnreadable, match=found):
        read_bytes(tmp_path, content[:start] + field + content[start + len(field) :])


def test_a_file_of_annotations_alone_is_refused(tmp_path):
    content = edf_bytes([notes([b"+0\x14\x14N\x14\0"])], record_s=0, reserved="EDF+C")
    with pytest.raises(RecordUnreadable, match="annotations only"):
        read_bytes(tmp_path, content)


def test_a_unit_that_is_spelled_out(tmp_path):
    record = read_bytes(tmp_path, edf_bytes([row("ECG II", unit="microV")]))
    np.testing.assert_allclose(record.signal_mv[0], ECG.reshape(-1) / 1000, atol=0.001)
