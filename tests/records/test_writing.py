"""Records written in every format: equal to half a count for our reader and for others, whole or absent, and anonymous if asked."""

import contextlib
import json
import re
from dataclasses import replace

import edfio
import numpy as np
import pydicom
import pyedflib
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

import einthoven
from einthoven.errors import ConfigurationFault, EinthovenError, OutputRefused, RecordUnreadable
from einthoven.records.identity import Identity, MachineReading, MedianBeats
from einthoven.records.record import Annotations, Record
from einthoven.records.said import lines_of, understood
from einthoven.records.writing import TARGETS
from einthoven.records.writing.edf import data_record
from einthoven.signal.counts import counts, per_mv_of
from einthoven.signal.leads import STANDARD
from tests.layouts import twelve_leads

IDENTITY = Identity("Doe, Jane", "A-17", "1956-04-01", 69.0, "female", "2025-05-04T10:11:12", "Acme Cart 3")
MEASURED = {"heart_rate_bpm": 72.0, "qrs_axis_deg": -35.0}
MACHINE = MachineReading(("Sinus rhythm", "Left axis deviation"), ("Normal variant",), MEASURED)
OURS = [name for name in TARGETS if name in ("wfdb", "csv", "npy", "json")]
"""Formats with a place for everything."""
HALF_MV = 0.5 / 200


def in_counts(signal_mv, per_mv=200):
    return (np.round(signal_mv * per_mv) / per_mv).astype(np.float32)


@pytest.fixture(scope="module")
def record():
    signal = in_counts(twelve_leads(10, 500, np.random.default_rng(5)))
    beats = np.arange(300, 4900, 400)
    notes = ("(N", *[""] * (len(beats) - 2), "asked by Dr. Roe")
    symbols = ("+", *"N" * (len(beats) - 2), '"')
    median = MedianBeats(signal[:, :400], 500.0, STANDARD)
    return Record(
        "strip",
        signal,
        500,
        STANDARD,
        comments=("seen in ward 7",),
        annotations=Annotations(beats, symbols, notes),
        identity=IDENTITY,
        machine=MACHINE,
        median_beats=median,
    )


def path_of(folder, name, stem="strip"):
    return folder / f"{stem}{TARGETS[name].suffix}"


def again(path, name):
    return einthoven.read(path, annotator="atr" if name == "wfdb" else None)


@pytest.mark.parametrize("name", TARGETS)
def test_all_comes_back_with_nothing_stated(name, record, tmp_path):
    found = again(einthoven.write(record, path_of(tmp_path, name)), name)
    assert (found.name, found.fs_hz, found.leads) == ("strip", 500, STANDARD)
    np.testing.assert_allclose(found.signal_mv, record.signal_mv, atol=HALF_MV / 10)
    who = replace(found.identity, age_years=None, name=found.identity.name.replace(", ", " "))
    assert who == replace(IDENTITY, age_years=None, name="Doe Jane") or who == replace(IDENTITY, age_years=None)
    assert found.identity.age_years == pytest.approx(69, abs=0.2)
    assert dict(found.machine.measurements) == MEASURED
    assert set(MACHINE.statements) <= set(found.machine.statements)
    notes = [note.rstrip("\0") for note in found.annotations.notes]
    rows = [*zip(found.annotations.samples.tolist(), found.annotations.symbols, notes, strict=True)]
    own = record.annotations
    assert rows[-len(own.samples) :] == [*zip(own.samples.tolist(), own.symbols, own.notes, strict=True)]
    assert not found.warnings
    if name in OURS:  # EDF and DICOM have one kind of text for comments and statements
        assert (found.machine.statements, found.machine.confirmed) == (MACHINE.statements, MACHINE.confirmed)
        assert "seen in ward 7" in found.comments and len(rows) == len(own.samples)
    if not TARGETS[name].loses:
        np.testing.assert_array_equal(found.median_beats.signal_mv, record.median_beats.signal_mv)


def as_wfdb_reads(path):
    found = wfdb.rdrecord(str(path.with_suffix("")))
    return found.p_signal.T, found.fs, found.sig_name


def as_edflib_reads(path):
    with pyedflib.EdfReader(str(path)) as file:
        rows = [file.readSignal(at) / 1000 for at in range(file.signals_in_file)]
        return (
            np.array(rows),
            file.getSampleFrequency(0),
            [name.removeprefix("ECG ") for name in file.getSignalLabels()],
        )


def as_pydicom_reads(path):
    whole = pydicom.dcmread(path)
    wave = whole.WaveformSequence[0]
    labels = [channel.ChannelSourceSequence[0].CodeMeaning for channel in wave.ChannelDefinitionSequence]
    return whole.waveform_array(0).T, float(wave.SamplingFrequency), [name.removeprefix("Lead ") for name in labels]


def as_numpy_reads(path):
    with path.open() as file:
        names = next(line for line in file if not line.startswith("#")).strip().split(",")
    table = np.genfromtxt(path, delimiter=",", skip_header=1 + sum(line[0] == "#" for line in path.open()))
    return table[:, 1:].T, 1 / np.diff(table[:2, 0])[0], names[1:]


OTHERS = {"wfdb": as_wfdb_reads, "edf": as_edflib_reads, "dicom": as_pydicom_reads, "csv": as_numpy_reads}


@pytest.mark.parametrize("name", OTHERS)
def test_other_readers_read_the_same(name, record, tmp_path):
    signal, fs_hz, leads = OTHERS[name](einthoven.write(record, path_of(tmp_path, name)))
    np.testing.assert_allclose(signal, record.signal_mv, atol=HALF_MV / 10)
    assert fs_hz == pytest.approx(500)
    assert tuple(leads) == STANDARD


def test_other_readers_find_annotations_and_identity(record, tmp_path):
    for name in ("wfdb", "edf", "dicom"):
        einthoven.write(record, path_of(tmp_path, name))
    found = wfdb.rdann(str(tmp_path / "strip"), "atr")
    assert (found.fs, found.sample.tolist()) == (500, record.annotations.samples.tolist())
    header = wfdb.rdheader(str(tmp_path / "strip"))
    assert f"{header.base_datetime:%Y-%m-%dT%H:%M:%S}" == IDENTITY.recorded_at
    edf = edfio.read_edf(tmp_path / "strip.edf")
    assert (edf.patient.name, edf.patient.sex, edf.patient.birthdate.isoformat()) == ("Doe,_Jane", "F", "1956-04-01")
    assert edf.startdatetime.isoformat() == IDENTITY.recorded_at
    assert (edf.annotations[-2].onset, edf.annotations[-2].text) == (record.annotations.samples[-2] / 500, "N")
    dicom = pydicom.dcmread(tmp_path / "strip.dcm")
    assert (str(dicom.PatientName), dicom.PatientID, dicom.PatientSex, dicom.PatientAge) == (
        "Doe, Jane",
        "A-17",
        "F",
        "069Y",
    )
    assert dicom.SOPClassUID == pydicom.uid.TwelveLeadECGWaveformStorage
    assert "Sinus rhythm" in [item.get("UnformattedTextValue") for item in dicom.WaveformAnnotationSequence]


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_names_a_person_is_left(name, record, tmp_path):
    einthoven.write(record, path_of(tmp_path, name), anonymous=True)
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    content = re.sub(rb"[0-9]+(\.[0-9]+){4,}", b"", content)  # random numbers of DICOM, which may contain a year
    for word in ("Doe", "A-17", "1956", "2025", "Acme", "ward 7", "Roe", "Sinus", "strip\n"):
        assert word.encode() not in content and word.encode("utf-16-le") not in content, word
    if name in OURS:
        found = again(path_of(tmp_path, name), name)
        assert not found.identity and found.machine.measurements == MACHINE.measurements
        assert found.annotations.notes[0].rstrip("\0") == "(N"


@pytest.mark.parametrize("name", TARGETS)
def test_missing_samples_stay_missing_or_are_refused(name, record, tmp_path):
    gappy = record.signal_mv.copy()
    gappy[3, 100:200] = np.nan
    gappy[5] = np.nan
    gappy = replace(record, signal_mv=gappy)
    if name == "edf":
        with pytest.raises(OutputRefused) as caught:
            einthoven.write(gappy, path_of(tmp_path, name))
        assert caught.value.remedy == "--format wfdb" and not list(tmp_path.iterdir())
        return
    path = einthoven.write(gappy, path_of(tmp_path, name))
    signal = OTHERS[name](path)[0] if name == "wfdb" else None
    if name == "dicom":
        wave = pydicom.dcmread(path).WaveformSequence[0]
        raw = np.frombuffer(wave.WaveformData, "<i2").reshape(-1, 12).T
        signal = np.where(raw == np.frombuffer(wave.WaveformPaddingValue, "<i2"), np.nan, raw / 200)
    for found in [signal] if signal is not None else [again(path, name).signal_mv]:
        np.testing.assert_allclose(found, gappy.signal_mv, atol=1e-6)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(("offset_mv", "per_mv"), [(0, None), (290, 1000), (-290, None)])
def test_offsets_and_finer_converters_keep_half_a_count(name, offset_mv, per_mv, tmp_path):
    signal = (0.5 * np.random.default_rng(2).standard_normal((1, 1000)) + offset_mv).astype(np.float32)
    signal = signal if per_mv is None else in_counts(signal, per_mv)
    path = einthoven.write(Record("one", signal, 257.5, ("X",)), path_of(tmp_path, name, "one"))
    found = OTHERS[name](path)[0] if name in ("wfdb", "edf", "dicom") else again(path, name).signal_mv
    np.testing.assert_allclose(found[:, :1000], signal, atol=0.0005 if per_mv else 0.00026)


def test_the_counts_of_the_source_are_told():
    rng = np.random.default_rng(3)
    for per_mv in (40, 102.4, 200, 204.8, 409.6, 1000, 1760, 4880):
        values = in_counts(rng.standard_normal(2000) * 2 + 1, per_mv)
        assert per_mv_of(values) == pytest.approx(per_mv, rel=1e-5)
    assert per_mv_of(rng.standard_normal(2000).astype(np.float32)) is None
    assert counts(np.float32([[0.0, 0.005, 0.015]])).bits == 16
    assert counts(np.float32([[0.0, 0.001, 300.0]])).bits == 24
    with pytest.raises(OverflowError):
        counts(np.float32([[0.0, 0.001, 300.0]]), most_bits=16)


@given(st.floats(64, 2000), st.integers(1, 20_000))
@settings(max_examples=30, deadline=None)
def test_a_data_record_states_the_rate(fs_hz, n_samples):
    size, duration = data_record(round(fs_hz, 2), n_samples)
    assert size >= 1 and len(f"{duration:g}") <= 8
    assert size / duration == pytest.approx(round(fs_hz, 2), rel=1e-5)


@pytest.mark.parametrize("name", TARGETS)
def test_leads_of_any_name_come_back(name, tmp_path):
    leads = ("V", "ECG", "MLII", "Ableitung 3", "V5")
    signal = in_counts(np.random.default_rng(4).standard_normal((5, 500)))
    found = einthoven.read(einthoven.write(Record("any", signal, 250, leads), path_of(tmp_path, name)))
    assert found.leads == leads and not found.warnings


def test_where_the_last_data_record_is_filled_up_an_annotation_says_so(tmp_path):
    signal = in_counts(np.random.default_rng(1).standard_normal((1, 650)))
    path = einthoven.write(Record("odd", signal, 360, ("II",)), tmp_path / "odd.edf")
    found = edfio.read_edf(path)
    assert found.signals[0].sampling_frequency == 360
    assert (found.annotations[-1].text, found.annotations[-1].onset) == ("Recording ends", pytest.approx(650 / 360))
    back = einthoven.read(path)
    assert back.annotations is None
    np.testing.assert_allclose(back.signal_mv, signal, atol=1e-4)


def test_dicom_has_the_class_that_fits(record, tmp_path):
    for changes, kind in (
        ({"fs_hz": 100}, "AmbulatoryECGWaveformStorage"),
        ({"leads": ("X", *STANDARD[1:])}, "GeneralECGWaveformStorage"),
        ({"signal_mv": record.signal_mv + np.float32(300)}, "General32bitECGWaveformStorage"),
    ):
        path = einthoven.write(replace(record, **changes), tmp_path / "a.dcm")
        assert pydicom.dcmread(path).SOPClassUID.keyword == kind
        np.testing.assert_allclose(as_pydicom_reads(path)[0], replace(record, **changes).signal_mv, atol=1e-4)


def test_a_recording_that_is_read_is_never_written_over(record, tmp_path):
    path = einthoven.write(record, tmp_path / "strip.hea")
    read = einthoven.read(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(OutputRefused) as caught:
        einthoven.write(read, path)
    assert "which is read" in caught.value.found
    with pytest.raises(OutputRefused):
        einthoven.write(record, path, keep=[tmp_path / "strip.dat"])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    einthoven.write(read, tmp_path / "strip.csv")  # another format beside it
    assert {file.name for file in tmp_path.iterdir()} == {*before, "strip.csv"}


def test_what_a_new_recording_does_not_have_goes_with_the_old_one(record, tmp_path):
    einthoven.write(record, tmp_path / "strip.hea")
    einthoven.write(replace(record, annotations=None), tmp_path / "strip.hea")
    assert {file.name for file in tmp_path.iterdir()} == {"strip.hea", "strip.dat"}


def test_a_failure_leaves_nothing(record, tmp_path, monkeypatch):
    full = OSError(28, "No space left on device")
    monkeypatch.setattr("einthoven.records.writing.wfdb.encoded", lambda *_: (_ for _ in ()).throw(full))
    with pytest.raises(OutputRefused) as caught:
        einthoven.write(record, tmp_path / "strip.hea")
    assert "No space left" in caught.value.found and not list(tmp_path.iterdir())


def test_a_strange_name_or_suffix_is_refused(record, tmp_path):
    with pytest.raises(ConfigurationFault) as caught:
        einthoven.write(record, tmp_path / "strip.docx")
    assert ".hea, .csv, .edf" in caught.value.expected and caught.value.remedy.endswith("strip.hea")
    with pytest.raises(ConfigurationFault) as caught:
        einthoven.write(record, tmp_path / "a strip.hea")
    assert caught.value.remedy == str(tmp_path / "a_strip.hea")


@pytest.mark.parametrize("name", OURS)
def test_text_out_of_a_file_adds_no_line(name, record, tmp_path):
    hostile = "x\nevil.dat 16 200 16 0 0 0 0 II\n# fs_hz: 9\x1b[31m"
    changed = replace(record, comments=(hostile,), identity=replace(IDENTITY, name=hostile, device="a: b"))
    found = again(einthoven.write(changed, path_of(tmp_path, name)), name)
    assert (found.fs_hz, found.leads, found.identity.device) == (500, STANDARD, "a: b")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"n_samples": 5000', '"n_samples": 4999', "4999"),
        ('"fs_hz": 500.0', '"fs_hz": "NaN"', "NaN"),
        ('"leads": ["I"', '"leads": ["I", "I"', "13 leads"),
        ('"unit": "mV"', '"unit": "cm"', "cm"),
        ('"samples": [300', '"samples": [-300', "outside"),
        ('"einthoven_recording": 1', '"einthoven_recording": 9', "9"),
        ('"sex": "female"', '"sex": {}', "text"),
        ("[", "[" * 5000, "JSON"),
    ],
)
def test_a_json_file_that_was_changed_is_refused(old, new, told, record, tmp_path):
    path = einthoven.write(record, tmp_path / "strip.json")
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(RecordUnreadable) as caught:
        einthoven.read(path)
    assert told in caught.value.found


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["csv", "json"]), st.integers(0, 10**6), st.binary(min_size=1, max_size=3))
def test_a_damaged_file_of_ours_never_crashes(tmp_path_factory, name, at, junk):
    folder = tmp_path_factory.mktemp("damaged")
    small = Record("a", np.zeros((2, 200)), 100, ("I", "II"), annotations=Annotations(np.array([9]), ("N",), ("",)))
    path = einthoven.write(small, path_of(folder, name, "a"))
    content = bytearray(path.read_bytes())
    at %= len(content)
    content[at : at + len(junk)] = junk
    path.write_bytes(bytes(content))
    with contextlib.suppress(EinthovenError):
        einthoven.read(path)


def test_a_stated_rate_or_unit_goes_before_the_file(record, tmp_path):
    path = einthoven.write(record, tmp_path / "strip.csv")
    found = einthoven.read(path, fs_hz=250, unit="uV", leads={"I": "V9"})
    assert (found.fs_hz, found.leads[0], len(found.warnings)) == (250, "V9", 3)
    np.testing.assert_allclose(found.signal_mv, record.signal_mv / 1000, rtol=1e-5)


def test_lines_say_the_same_again():
    assert understood(lines_of(IDENTITY, MACHINE)) == (IDENTITY, MACHINE)
    assert understood(["Dx: 426783006", "Sex: ?", "Age: NaN", "69 M 1085"]) == (Identity(), MachineReading())
    assert understood(["<age>: 69 <sex>: F <diagnoses> (none)"])[0] == Identity(age_years=69, sex="female")
    assert understood(["<age>: >89", "<sex>: M"])[0] == Identity(sex="male")
    assert lines_of(IDENTITY, MachineReading(), ["Age: 69", "Sex: F"])[0] == "Patient name: Doe, Jane"


def test_the_json_beside_an_array_is_json(record, tmp_path):
    einthoven.write(record, tmp_path / "strip.npy")
    plain = json.loads((tmp_path / "strip.json").read_text())
    assert plain["fs_hz"] == 500 and "signal" not in plain
    with pytest.raises(RecordUnreadable) as caught:
        einthoven.read(tmp_path / "strip.json")
    assert "strip.npy" in caught.value.found
