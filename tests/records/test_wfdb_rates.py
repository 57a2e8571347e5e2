"""WFDB records of every format and of several rates: each sample is that of the wfdb package, at its own rate."""

import numpy as np
import pytest
import wfdb
from scipy.signal import resample_poly

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.samples import decode


def sine(n, height=300, period=90):
    return np.round(height * np.sin(np.arange(n) * 2 * np.pi / period)).astype(int)


def packed(values, fmt):
    """Samples in a format, written out sample by sample as signal(5) describes it."""
    out = bytearray()
    if fmt == "8":
        return bytes(np.diff(values, prepend=values[0]).astype(np.int8).tobytes())
    if fmt in ("310", "311"):
        values = [*values, *[0] * (-len(values) % 3)]
        for a, b, c in (np.array(values).reshape(-1, 3) & 0x3FF).tolist():
            word = a | b << 10 | c << 20
            if fmt == "310":
                word = a << 1 | b << 17 | (c & 0x1F) << 11 | (c >> 5) << 27
            out += word.to_bytes(4, "little")
        return bytes(out)
    kind, offset = {"61": (">i2", 0), "160": ("<u2", 1 << 15), "32": ("<i4", 0), "16": ("<i2", 0)}[fmt]
    return (np.array(values) + offset).astype(kind).tobytes()


def write_header(folder, lines, fs="360", n="720", name="rec", comments=""):
    file = folder / f"{name}.hea"
    file.write_text("\n".join([f"{name} {len(lines)} {fs} {n}", *lines]) + "\n" + comments)
    return file


@pytest.mark.parametrize("fmt", ["8", "16", "32", "61", "160", "310", "311"])
@pytest.mark.parametrize("n", [720, 719, 718])
def test_formats_that_wfdb_does_not_write(fmt, n, tmp_path):
    values = sine(n)
    (tmp_path / "rec.dat").write_bytes(packed(values, fmt))
    header = write_header(tmp_path, [f"rec.dat {fmt} 200/mV 12 0 {values[0]} {values.sum() % 65536} 0 II"], n=n)
    record = read(header)
    assert not record.warnings
    np.testing.assert_allclose(record.signal_mv[0], values / 200, atol=1e-6)
    if fmt not in ("61", "310"):  # wfdb fails on 61, and on a padded 310
        theirs = wfdb.rdrecord(str(header.with_suffix(""))).p_signal[:, 0]
        np.testing.assert_allclose(record.signal_mv[0], theirs, atol=0.0025)


def test_the_mark_of_a_missing_sample_in_each_format():
    for fmt, raw in {"61": b"\x80\x00", "160": b"\x00\x00", "24": b"\x00\x00\x80", "32": b"\x00\x00\x00\x80"}.items():
        from einthoven.records.samples import MISSING

        assert decode(np.frombuffer(raw, np.uint8), fmt, 1).tolist() == [MISSING[fmt]]


def frames(*signals):
    """Interleave signals of several samples a frame."""
    return np.concatenate([signal.reshape(-1, per_frame) for signal, per_frame in signals], axis=1).ravel()


def write_frames(folder, fmt="16", fs="15.5", more=""):
    ecg, breath = sine(32 * 60, 800, 400), sine(2 * 60, 500, 30)
    frames(*((ecg, 32), (breath, 2))).astype("<i2").tofile(folder / "rec.dat")
    lines = [f"rec.dat {fmt}x32 1000/mV 16 0 0 0 0 ECG", f"rec.dat {fmt}x2 1000{more} 16 0 0 0 0 RESP"]
    return write_header(folder, lines, fs, 60), ecg


@pytest.mark.parametrize("unit", ["", "/NU"])
def test_frames_of_several_samples_are_expanded(unit, tmp_path):
    header, ecg = write_frames(tmp_path, more=unit)
    record = read(header)
    assert (record.fs_hz, record.leads, record.n_samples) == (496.0, ("ECG",), 32 * 60)
    np.testing.assert_allclose(record.signal_mv[0], ecg / 1000, atol=1e-6)
    assert len(record.warnings) == 1 and "RESP" in record.warnings[0]
    theirs = wfdb.rdrecord(str(header.with_suffix("")), smooth_frames=False).e_p_signal[0]
    np.testing.assert_allclose(record.signal_mv[0], theirs, atol=1e-6)


def test_the_rate_of_the_ecg_may_be_stated(tmp_path):
    header, _ = write_frames(tmp_path, more="/NU")
    assert read(header, fs_hz=496).warnings == read(header).warnings
    stated = read(header, fs_hz=500)
    assert stated.fs_hz == 500 and "the header states 496 Hz; the stated 500 Hz are used" in stated.warnings
    header.write_text(header.read_text().replace(" 15.5 60", ""))
    assert read(header, fs_hz=496).n_samples == 32 * 60
    with pytest.raises(StatementMissing):
        read(header)


def test_annotations_count_in_frames(tmp_path):
    header, _ = write_frames(tmp_path)
    wfdb.wrann("rec", "atr", np.array([0, 3, 59]), symbol=["N", "V", "N"], write_dir=str(tmp_path))
    assert read(header, annotator="atr").annotations.samples.tolist() == [0, 96, 59 * 32]


def test_leads_of_two_rates_are_brought_to_the_higher(tmp_path):
    fast, slow = sine(720, 300, 180), sine(360, 300, 90)
    frames((slow, 1), (fast, 2)).astype("<i2").tofile(tmp_path / "rec.dat")
    header = write_header(tmp_path, ["rec.dat 16 200/mV 12 0 0 0 0 II", "rec.dat 16x2 200/mV 12 0 0 0 0 V1"], 250, 360)
    record = read(header)
    assert (record.fs_hz, record.leads, record.n_samples) == (500.0, ("II", "V1"), 720)
    assert record.warnings == ("resampled to the rate of the other leads: II at 250 Hz",)
    np.testing.assert_allclose(record.signal_mv[0, ::2], slow / 200, atol=0.0025)
    expected = resample_poly(slow / 200, 2, 1, padtype="edge")
    np.testing.assert_allclose(record.signal_mv[0], expected, atol=1e-4)


def test_missing_samples_stay_missing_where_a_lead_is_resampled(tmp_path):
    fast, slow = sine(720), sine(360)
    slow[100:110] = -(1 << 15)
    frames((slow, 1), (fast, 2)).astype("<i2").tofile(tmp_path / "rec.dat")
    header = write_header(tmp_path, ["rec.dat 16 200/mV 12 0 0 0 0 II", "rec.dat 16x2 200/mV 12 0 0 0 0 V1"], 250, 360)
    missing = np.isnan(read(header).signal_mv[0])
    assert missing[200:220].all() and missing.sum() == 20


@pytest.mark.parametrize(("skew", "per_frame"), [(3, 1), (3, 2)])
def test_a_skewed_signal_is_put_in_step(skew, per_frame, tmp_path):
    a, b = sine(360, period=70), sine(360 * per_frame)
    frames((a, 1), (b, per_frame)).astype("<i2").tofile(tmp_path / "rec.dat")
    lines = ["rec.dat 16 200/mV 12 0 0 0 0 RESP", f"rec.dat 16x{per_frame}:{skew} 200/mV 12 0 0 0 0 V1"]
    record = read(write_header(tmp_path, lines, 360, 360))
    late = skew * per_frame
    np.testing.assert_allclose(record.signal_mv[-1, :-late], b[late:] / 200, atol=1e-6)
    assert np.isnan(record.signal_mv[-1, -late:]).all()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["rec.dat 16 10/bpm 16 0 0 0 0 HR", "rec.dat 16 10/mmHg 16 0 0 0 0 ABPSys"], "HR in bpm, ABPSys in mmHg"),
        (["rec.dat 16 1000/NU 16 0 0 0 0 PLETH"], "PLETH in NU"),
    ],
)
def test_no_signal_in_volts_is_no_ecg(lines, found, tmp_path):
    sine(720 * len(lines)).astype("<i2").tofile(tmp_path / "rec.dat")
    with pytest.raises(RecordUnreadable, match="holds no ECG") as caught:
        read(write_header(tmp_path, lines))
    assert found in caught.value.found and "--gain" not in caught.value.remedy


def test_counts_are_read_with_a_stated_gain(tmp_path):
    sine(720).astype("<i2").tofile(tmp_path / "rec.dat")
    header = write_header(tmp_path, ["rec.dat 16 1/adu 16 0 0 0 0 MLII"])
    with pytest.raises(RecordUnreadable, match="holds no ECG") as caught:
        read(header)
    assert caught.value.remedy.startswith("--gain 200 --zero 0 ")
    np.testing.assert_allclose(read(header, gain=200, zero=0).signal_mv[0], sine(720) / 200, atol=1e-6)


def test_a_gain_of_one_with_eight_bits_stands_for_none(tmp_path):
    (sine(720, 60) + 128).astype(np.uint8).tofile(tmp_path / "rec.dat")
    record = read(write_header(tmp_path, ["rec.dat 80 1/mV 8 0 0 0 0 II"], 125))
    np.testing.assert_allclose(record.signal_mv[0], sine(720, 60))
    assert [finding.code for finding in record.findings] == ["gain_of_one"]
    sine(720, 60).astype("<i2").tofile(tmp_path / "rec.dat")
    with pytest.raises(RecordUnreadable, match="cannot be millivolts"):
        read(write_header(tmp_path, ["rec.dat 16 1/mV 8 0 0 0 0 II"], 125))
