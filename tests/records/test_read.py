"""The reader contract: every suffix of READERS has a row here, and every fault gets one clear error."""

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

import einthoven
from einthoven.errors import EinthovenError, ImplausibleAmplitude, RecordUnreadable, StatementMissing
from einthoven.records import READERS, matfile, read
from einthoven.records.wfdb import _decode

N_SAMPLES = 1500


@pytest.fixture(scope="module")
def signal_mv():
    rng = np.random.default_rng(0)
    return np.round(rng.standard_normal((2, N_SAMPLES)), 3)


def write_wfdb(folder, signal_mv, fmt="16", name="strip", **more):
    settings = {"fs": 360, "units": ["mV"] * 2, "sig_name": ["MLII", "V1"], "adc_gain": [200] * 2, "baseline": [12, -7]}
    wfdb.wrsamp(name, p_signal=signal_mv.T, fmt=[fmt] * 2, write_dir=str(folder), **(settings | more))
    return folder / f"{name}.hea"


def as_hea(folder, signal_mv):
    return write_wfdb(folder, signal_mv), {}


def as_dat(folder, signal_mv):
    return write_wfdb(folder, signal_mv).with_suffix(".dat"), {}


def as_bare(folder, signal_mv):
    return write_wfdb(folder, signal_mv).with_suffix(""), {}


def as_mat(folder, signal_mv):
    savemat(folder / "a.mat", {"val": signal_mv * 1000}, format="5")
    return folder / "a.mat", {"fs_hz": 360, "leads": ["MLII", "V1"], "unit": "uV"}


def as_text(separator, suffix):
    def write(folder, signal_mv):
        file = folder / f"a{suffix}"
        np.savetxt(
            file, signal_mv.T, delimiter=separator, header=separator.join(("MLII", "V1")), comments="", fmt="%.6f"
        )
        return file, {"fs_hz": 360, "unit": "mV"}

    return write


def as_npy(folder, signal_mv):
    np.save(folder / "a.npy", signal_mv)
    return folder / "a.npy", {"fs_hz": 360, "leads": ["MLII", "V1"], "unit": "mV"}


WRITERS = {
    ".hea": as_hea,
    ".dat": as_dat,
    "": as_bare,
    ".mat": as_mat,
    ".csv": as_text(",", ".csv"),
    ".txt": as_text(" ", ".txt"),
    ".tsv": as_text("\t", ".tsv"),
    ".npy": as_npy,
}


def test_every_reader_has_a_row():
    assert set(WRITERS) == set(READERS)


@pytest.mark.parametrize("suffix", READERS)
def test_reads_millivolts_leads_and_rate(suffix, tmp_path, signal_mv):
    file, stated = WRITERS[suffix](tmp_path, signal_mv)
    record = read(file, **stated)
    assert record.leads == ("MLII", "V1")
    assert record.fs_hz == 360
    assert record.signal_mv.dtype == np.float32
    np.testing.assert_allclose(record.signal_mv, signal_mv, atol=0.003)


@pytest.mark.parametrize("suffix", [suffix for suffix in READERS if suffix])
@pytest.mark.parametrize("content", [b"", bytes(range(256)) * 8, b"hello\nworld\n", b"\x80\x04\x95"])
def test_rubbish_gets_one_clear_error(suffix, content, tmp_path):
    file = tmp_path / f"a{suffix}"
    file.write_bytes(content)
    with pytest.raises(EinthovenError) as caught:
        read(file, fs_hz=360, leads=["II"], unit="mV")
    assert caught.value.found
    assert caught.value.remedy


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


@given(st.lists(st.integers(-2048, 2047), min_size=1, max_size=41))
def test_format_212_round_trip(values):
    packed = bytearray()
    for first, second in zip(values[::2], [*values[1::2], 0][: len(values[::2])], strict=True):
        a, b = first & 0xFFF, second & 0xFFF
        packed += bytes((a & 0xFF, (a >> 8) | ((b >> 8) << 4), b & 0xFF))
    assert _decode(np.frombuffer(bytes(packed), np.uint8), "212", len(values)).tolist() == values


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
    with pytest.raises(RecordUnreadable, match="is not there"):
        read(header)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" 360 1500", " 360 1200"),
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
        ("200(12)", "0(12)"),
        ("strip 2 360", "strip 2 0"),
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
    with pytest.raises((RecordUnreadable, ImplausibleAmplitude)):
        read(header)


def test_a_checksum_that_differs_is_named(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    words = header.read_text().splitlines()
    fields = words[1].split()
    fields[6] = str((int(fields[6]) + 5) % 30000)
    header.write_text("\n".join([words[0], " ".join(fields), *words[2:]]) + "\n")
    assert read(header).warnings == ("the checksum differs from the header's in MLII",)


@pytest.mark.parametrize("fmt", ["24", "32", "516"])
def test_a_length_that_lies_is_refused_in_every_format(fmt, tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, fmt)
    read(header)
    header.write_text(header.read_text().replace(f" 360 {N_SAMPLES}", f" 360 {N_SAMPLES - 300}"))
    with pytest.raises(RecordUnreadable, match="header"):
        read(header)


def test_checksums_are_compared_in_every_format(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, "24")
    words = header.read_text().splitlines()
    fields = words[1].split()
    fields[6] = str((int(fields[6]) + 5) % 30000)
    header.write_text("\n".join([words[0], " ".join(fields), *words[2:]]) + "\n")
    assert read(header).warnings == ("the checksum differs from the header's in MLII",)


def test_a_stated_unit_takes_the_place_of_the_header_s(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    as_it_is = read(header)
    assert read(header, unit="mV").warnings == as_it_is.warnings
    stated = read(header, unit="uV")
    np.testing.assert_allclose(stated.signal_mv, as_it_is.signal_mv / 1000, rtol=1e-5)
    assert stated.warnings[-1] == "the header states mV; uV was stated and taken"
    header.write_text(header.read_text().replace("/mV", "/uV"))
    np.testing.assert_array_equal(read(header, unit="uV").signal_mv, read(header).signal_mv)


def test_the_header_of_another_record_is_refused(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    other = write_wfdb(tmp_path, -0.9 * signal_mv + 0.1, name="other")
    header.write_text(other.read_text().replace("other", "strip"))
    with pytest.raises(RecordUnreadable, match="does not describe its signal file"):
        read(header)


def test_a_rate_is_never_guessed(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    header.write_text(header.read_text().replace("strip 2 360 1500", "strip 2"))
    with pytest.raises(StatementMissing, match="rate"):
        read(header)
    assert read(header, fs_hz=360).fs_hz == 360


@pytest.mark.parametrize("missing", ["fs_hz", "leads", "unit"])
def test_a_table_needs_rate_leads_and_unit(missing, tmp_path, signal_mv):
    file, stated = as_npy(tmp_path, signal_mv)
    flag = {"fs_hz": "--fs", "leads": "--leads", "unit": "--unit"}[missing]
    with pytest.raises(StatementMissing, match=f"not stated: {flag}"):
        read(file, **(stated | {missing: None}))


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".hea"])
def test_microvolts_called_millivolts_are_refused(suffix, tmp_path, signal_mv):
    file, stated = (
        WRITERS[suffix](tmp_path, 800 * signal_mv)
        if suffix != ".hea"
        else (
            write_wfdb(tmp_path, 800 * signal_mv, "32"),
            {},
        )
    )
    with pytest.raises(ImplausibleAmplitude) as caught:
        read(file, **stated)
    assert "--unit uV" in caught.value.remedy
    if suffix != ".hea":
        assert np.abs(read(file, **(stated | {"unit": "uV"})).signal_mv).max() < 5


def test_npy_either_way_round(tmp_path, signal_mv):
    np.save(tmp_path / "a.npy", signal_mv.T)
    assert read(tmp_path / "a.npy", fs_hz=360, leads=["I", "II"], unit="mV").signal_mv.shape == (2, N_SAMPLES)


def test_an_object_array_is_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RecordUnreadable, match=r"a\.npy"):
        read(tmp_path / "a.npy", fs_hz=360, leads=["I"], unit="mV")


def test_csv_with_times_gaps_and_decimal_commas(tmp_path):
    (tmp_path / "a.csv").write_text("time_s;I;II\n0,000;0,1;0,2\n0,004;;0,3\n0,008;0,2;0,4\n")
    record = read(tmp_path / "a.csv", fs_hz=250, unit="mV")
    assert record.leads == ("I", "II")
    np.testing.assert_allclose(record.signal_mv, [[0.1, np.nan, 0.2], [0.2, 0.3, 0.4]], atol=1e-6)
    assert "time_s" in record.warnings[0]


def test_csv_keeps_every_row_and_names_the_line_that_is_none(tmp_path):
    file = tmp_path / "a.csv"
    stated = {"fs_hz": 250, "unit": "mV"}
    file.write_text("MLII\n0.1\n\n\n0.2\n\n")
    np.testing.assert_array_equal(np.isnan(read(file, **stated).signal_mv), [[False, True, True, False]])
    for content in ("MLII,V1\n0.1,0.2\n,abc\n", "MLII,V1\n0.1,0.2\n0.1\n"):
        file.write_text(content)
        with pytest.raises(RecordUnreadable, match="line 3"):
            read(file, **stated)
    file.write_text("MLII,V1\n")
    with pytest.raises(RecordUnreadable, match="no row of numbers"):
        read(file, **stated)


@pytest.mark.parametrize(("name", "scale"), [("time", 1.0), ("elapsed_ms", 1000.0), ("n", 250.0)])
def test_a_column_of_times_is_left_out_and_compared_with_the_rate(name, scale, tmp_path):
    rows = "".join(f"{scale * at / 250},{0.01 * at**0.5}\n" for at in range(500))
    (tmp_path / "a.csv").write_text(f"{name},MLII\n{rows}")
    right, wrong = (read(tmp_path / "a.csv", fs_hz=fs_hz, unit="mV") for fs_hz in (250, 500))
    assert right.leads == wrong.leads == ("MLII",)
    assert right.warnings == (f"the column {name!r} was taken for times and left out",)
    assert ("does not rise as at 500 Hz" in wrong.warnings[-1]) == (name != "n")


def test_complex_numbers_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((1, 500), complex))
    with pytest.raises(RecordUnreadable, match="complex"):
        read(tmp_path / "a.npy", fs_hz=250, leads=["II"], unit="mV")
    savemat(tmp_path / "a.mat", {"val": np.ones((1, 500), complex)})
    with pytest.raises(RecordUnreadable, match="complex"):
        read(tmp_path / "a.mat", fs_hz=250, leads=["II"], unit="mV")


def test_a_name_too_long_for_the_system(tmp_path):
    with pytest.raises(RecordUnreadable, match="long"):
        read(tmp_path / ("a" * 5000))


def test_leads_that_say_nothing_are_stated(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv, sig_name=["ECG1", "ECG2"])
    assert read(header, leads={"ECG1": "MLII"}).leads == ("MLII", "ECG2")
    assert read(header, leads=["V5", "MLII"]).leads == ("V5", "MLII")
    with pytest.raises(RecordUnreadable, match="ECG9"):
        read(header, leads={"ECG9": "MLII"})
    with pytest.raises(RecordUnreadable):
        read(header, leads=["MLII"])


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


def test_folders_and_nothing(tmp_path):
    for path in (tmp_path, tmp_path / "none.hea", tmp_path / "none", tmp_path / "x.docx"):
        with pytest.raises(RecordUnreadable):
            read(path)


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
