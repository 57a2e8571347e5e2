"""MATLAB files: those of CPSC 2018 and of the Challenges, and damaged ones."""

import resource
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from einthoven.errors import EinthovenError, RecordUnreadable
from einthoven.records import matfile, read
from tests.records.files import N_SAMPLES


def test_cpsc2018_struct(tmp_path):
    data = np.random.default_rng(0).standard_normal((12, 3000)) / 3
    savemat(tmp_path / "A0001.mat", {"ECG": {"sex": "Male", "age": 54, "data": data}})
    record = read(tmp_path / "A0001.mat")
    assert (record.fs_hz, record.leads[6], record.comments) == (500.0, "V1", ("age: 54", "sex: Male"))
    np.testing.assert_allclose(record.signal_mv, data, atol=1e-5)
    assert "500 Hz" in record.warnings[0]


def test_challenge_matrix_with_its_header(tmp_path, signal_mv):
    adu = np.round(signal_mv[:1] * 1000).astype(np.int16)
    savemat(tmp_path / "A00001.mat", {"val": adu}, format="4")
    size = (tmp_path / "A00001.mat").stat().st_size
    assert size == 24 + adu.nbytes
    header = f"A00001 1 300 {N_SAMPLES}\nA00001.mat 16+24 1000/mV 16 0 {adu[0, 0]} 0 0 ECG\n"
    (tmp_path / "A00001.hea").write_text(header)
    for suffix in (".mat", ".hea"):
        record = read(tmp_path / f"A00001{suffix}")
        assert (record.fs_hz, record.leads) == (300.0, ("ECG",))
        np.testing.assert_allclose(record.signal_mv, signal_mv[:1], atol=0.001)
    savemat(tmp_path / "A00001.mat", {"val": adu}, format="5")
    np.testing.assert_allclose(read(tmp_path / "A00001.mat").signal_mv, signal_mv[:1], atol=0.001)


def test_missing_samples_of_a_matrix_with_its_header(tmp_path, signal_mv):
    adu = np.round(signal_mv[:1] * 1000).astype(np.int16)
    adu[0, 100:200] = -(1 << 15)
    savemat(tmp_path / "A1.mat", {"val": adu})
    (tmp_path / "A1.hea").write_text(f"A1 1 300 {N_SAMPLES}\nA1.mat 16+24 1000/mV 16 0 {adu[0, 0]} 0 0 ECG\n")
    missing = np.isnan(read(tmp_path / "A1.mat").signal_mv[0])
    assert missing[100:200].all()
    assert missing.sum() == 100
    scaled = read(tmp_path / "A1.mat", unit="uV")
    assert np.nanmax(scaled.signal_mv) == pytest.approx(np.nanmax(read(tmp_path / "A1.mat").signal_mv) / 1000)


@pytest.mark.parametrize("version", ["4", "5", "5 packed"])
def test_matlab_variables_are_those_of_scipy(version, tmp_path):
    rng = np.random.default_rng(3)
    values = {
        f"a{kind}": (100 * rng.standard_normal((3, 70))).astype(kind)
        for kind in ("i2", "u1", "i4", "f4", "f8", "u2")
        if version != "4" or kind != "u1"
    }
    if version != "4":
        values |= {"ECG": {"sex": "Femalé", "age": 33.0, "data": rng.standard_normal((12, 50))}, "n": np.int64(3)}
    savemat(tmp_path / "a.mat", values, format=version[0], do_compression="packed" in version)
    found = matfile.load(tmp_path / "a.mat")
    assert set(found) == set(values)
    for name, value in values.items():
        if name != "ECG":
            np.testing.assert_array_equal(found[name], np.atleast_2d(value))
    if "ECG" in found:
        assert found["ECG"]["sex"] == "Femalé"
        np.testing.assert_array_equal(found["ECG"]["data"], values["ECG"]["data"])


@settings(deadline=None)
@given(st.data())
def test_a_damaged_matlab_file_never_crashes(data):
    import io
    import tempfile
    from pathlib import Path

    sink = io.BytesIO()
    packed = data.draw(st.booleans())
    savemat(sink, {"ECG": {"sex": "Male", "age": 54, "data": np.ones((12, 20))}}, do_compression=packed)
    content = bytearray(sink.getvalue())
    for at in data.draw(st.lists(st.integers(120, len(content) - 1), min_size=1, max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    file = Path(tempfile.mkdtemp()) / "a.mat"
    file.write_bytes(content[: data.draw(st.integers(100, len(content)))])
    try:
        read(file)
    except EinthovenError as error:
        assert error.found


def bomb(n_bytes, stated=None):
    """A MATLAB file of version 7 with a variable of zeros of a size, which may state another."""
    compressor = zlib.compressobj(9)
    head = struct.pack("<II", 14, n_bytes if stated is None else stated)
    packed = compressor.compress(head) + b"".join(compressor.compress(bytes(1 << 20)) for _ in range(n_bytes >> 20))
    packed += compressor.flush()
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed


@pytest.mark.parametrize("stated", [None, 100])
def test_a_file_made_to_fill_memory_is_refused_before_it_does(stated, tmp_path):
    (tmp_path / "a.mat").write_bytes(bomb(200 << 20, stated))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RecordUnreadable) as caught:
        read(tmp_path / "a.mat", fs_hz=360, leads=["II"], unit="mV")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes
    assert "unpacks to 209,715,200" in caught.value.found or stated


@pytest.mark.parametrize("labels", [np.array(["MLII", "V1"], object), np.array(["MLII", "V1  "])])
def test_names_in_cells_or_in_rows_of_text(tmp_path, signal_mv, labels):
    savemat(tmp_path / "a.mat", {"ecg": signal_mv, "labels": labels, "fs": 360.0, "units": "mV"})
    record = read(tmp_path / "a.mat")
    assert (record.leads, record.fs_hz) == (("MLII", "V1"), 360)


def test_acqknowledge_states_an_interval(tmp_path, signal_mv):
    said = {"labels": np.array(["ECG100C", "ECG II  "]), "units": np.array(["mV", "mV"]), "isi_units": "ms"}
    savemat(tmp_path / "a.mat", {"data": signal_mv.T, "isi": 2.7777777} | said)
    record = read(tmp_path / "a.mat")
    assert (record.leads, record.fs_hz) == (("ECG100C", "II"), 360)
    np.testing.assert_allclose(record.signal_mv, signal_mv, atol=1e-5)


def labchart(signal_mv, **changes):
    """Two blocks of two channels: a short one of zeros, then the signal; a third channel of another rate."""
    n, few = signal_mv.shape[1], np.zeros(100)
    parts = [few, few, few[:10], *signal_mv, few[:30]]
    ends = np.cumsum([len(part) for part in parts]).reshape(2, 3).T.astype(float)
    starts = ends - np.array([len(part) for part in parts]).reshape(2, 3).T + 1
    said = {"data": np.concatenate(parts)[None], "datastart": starts, "dataend": ends}
    said |= {
        "samplerate": np.array([[360.0, 360], [360, 360], [36, 36]]),
        "titles": np.array(["ECG II", "ECG V1", "Resp"]),
    }
    assert ends[-1, -1] == said["data"].size == 2 * n + 240
    return said | {"unittext": np.array(["V ", "mV"]), "unittextmap": np.array([[2.0, 2], [2, 2], [1, 1]])} | changes


def test_labchart_channels_lie_in_one_row(tmp_path, signal_mv):
    savemat(tmp_path / "a.mat", labchart(signal_mv))
    record = read(tmp_path / "a.mat")
    assert (record.leads, record.fs_hz) == (("II", "V1"), 360)
    np.testing.assert_allclose(record.signal_mv, signal_mv, atol=1e-5)
    assert "the longest of 2 blocks is read" in record.warnings


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"titles": np.array(["ECG II"])}, "1 titles for channels and blocks"),
        ({"dataend": np.full((3, 2), 1e9)}, "channels that end behind"),
        ({"datastart": np.ones((3, 2)), "dataend": np.full((3, 2), 3000.0)}, "channels that overlap"),
    ],
)
def test_places_of_labchart_that_cannot_be_are_refused(tmp_path, signal_mv, changes, found):
    savemat(tmp_path / "a.mat", labchart(signal_mv, **changes))
    with pytest.raises(RecordUnreadable, match=found):
        read(tmp_path / "a.mat")
