"""DICOM waveforms: groups, padding, baselines, byte order; files without a waveform, and without pydicom."""

import sys
import zlib

import numpy as np
import pytest

from einthoven.errors import LibraryMissing, RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.identity import Identity
from tests.records.binary_files import dicom, waveform

SIGNAL_MV = np.round(np.sin(np.arange(1000).reshape(2, 500) / 9), 3)
pydicom = pytest.importorskip("pydicom")


def saved(folder, data, **how):
    file = folder / "a.dcm"
    data.save_as(file, **({"enforce_file_format": True} | how))
    return file


def named(meaning, **more):
    note, concept = pydicom.Dataset(), pydicom.Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = "1", "TEST", meaning
    note.ConceptNameCodeSequence = [concept]
    for key, value in more.items():
        setattr(note, key, value)
    return note


def test_patient_device_and_reading(tmp_path):
    data = dicom(SIGNAL_MV)
    said = pydicom.Dataset()
    said.UnformattedTextValue = "Sinus rhythm"
    data.WaveformAnnotationSequence = [
        said,
        named("QT Interval", NumericValue="400"),
        named("QTc Interval", NumericValue="410"),
        named("P onset", ReferencedSamplePositions=7),
    ]
    record = read(saved(tmp_path, data))
    assert record.identity == Identity("Jo Doe", "P-7", "", 53.0, "female", "2024-02-29T10:11:12", "Maker One")
    assert record.machine.statements == ("Sinus rhythm",)
    assert record.machine.measurements == {"qt_ms": 400, "qtc_ms": 410}


def test_median_beats_and_groups_of_leads_one_after_the_other(tmp_path):
    data = dicom(SIGNAL_MV)
    later, median = waveform(SIGNAL_MV, ("V2", "V3"), 360), waveform(SIGNAL_MV[:, :200], ("II", "V1"), 500)
    later.MultiplexGroupTimeOffset, median.WaveformOriginality = 2500, "DERIVED"
    data.WaveformSequence = [*data.WaveformSequence, later, median]
    record = read(saved(tmp_path, data))
    assert record.leads == ("MLII", "V1", "V2", "V3") and record.n_samples == 900 + 500
    assert np.isnan(record.signal_mv[0, 500:]).all() and np.isnan(record.signal_mv[2, :900]).all()
    assert record.median_beats.leads == ("II", "V1") and record.median_beats.signal_mv.shape == (2, 200)


@pytest.mark.parametrize(("padding", "n_missing"), [(0, 0), (-32768, 3)])
def test_padding_is_missing_unless_it_is_zero(tmp_path, padding, n_missing):
    data = dicom(SIGNAL_MV)
    group = data.WaveformSequence[0]
    counts = np.frombuffer(group.WaveformData, "<i2").copy()
    counts[-6::2] = padding
    group.WaveformData, group.WaveformPaddingValue = counts.tobytes(), np.int16(padding).tobytes()
    assert np.isnan(read(saved(tmp_path, data)).signal_mv).sum() == n_missing


def test_the_baseline_is_added(tmp_path):
    data = dicom(SIGNAL_MV, WaveformSequence=[waveform(SIGNAL_MV, ("MLII", "V1"), 360, baseline_uv=300.0)])
    np.testing.assert_allclose(read(saved(tmp_path, data)).signal_mv, SIGNAL_MV, atol=0.003)


def test_big_endian(tmp_path):
    data = dicom(SIGNAL_MV)
    group = data.WaveformSequence[0]
    group.WaveformData = np.frombuffer(group.WaveformData, "<i2").astype(">i2").tobytes()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
    np.testing.assert_allclose(read(saved(tmp_path, data)).signal_mv, SIGNAL_MV, atol=0.003)


def test_leads_are_named_by_code_before_text(tmp_path):
    data = dicom(SIGNAL_MV)
    for definition, code in zip(data.WaveformSequence[0].ChannelDefinitionSequence, ("5.6.3-9-2", "2:62"), strict=True):
        definition.ChannelSourceSequence[0].CodeValue = code
    assert read(saved(tmp_path, data)).leads == ("II", "aVR")


def test_a_file_without_preamble_and_suffix(tmp_path):
    data = dicom(SIGNAL_MV)
    file = tmp_path / "IM0001"
    del data.file_meta
    pydicom.dcmwrite(file, data, implicit_vr=True, little_endian=True)
    np.testing.assert_allclose(read(file).signal_mv, SIGNAL_MV, atol=0.003)


def test_without_sensitivity_the_gain_is_asked_for(tmp_path):
    data = dicom(SIGNAL_MV)
    for definition in data.WaveformSequence[0].ChannelDefinitionSequence:
        del definition.ChannelSensitivity
    with pytest.raises(StatementMissing, match="--gain 200"):
        read(saved(tmp_path, data))
    np.testing.assert_allclose(read(tmp_path / "a.dcm", gain=400).signal_mv, SIGNAL_MV, atol=0.003)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"WaveformSequence": [], "Modality": "CR"}, "a DICOM file without a waveform (modality CR)"),
        ({"WaveformSequence": [], "EncapsulatedDocument": b"%PDF"}, "that holds a PDF"),
    ],
)
def test_a_file_without_a_waveform_is_refused(tmp_path, changes, found):
    with pytest.raises(RecordUnreadable) as caught:
        read(saved(tmp_path, dicom(SIGNAL_MV, **changes)))
    assert found in caught.value.found


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("NumberOfWaveformSamples", 501, "definitions for 2 leads of 501 samples"),
        ("NumberOfWaveformChannels", 3, "definitions for 3 leads"),
        ("NumberOfWaveformSamples", 4_000_000_000, "4,000,000,000 samples"),
        ("WaveformSampleInterpretation", "MB", "samples of the kind MB"),
    ],
)
def test_sizes_that_contradict_the_samples_are_refused(tmp_path, key, value, found):
    data = dicom(SIGNAL_MV)
    setattr(data.WaveformSequence[0], key, value)
    with pytest.raises(RecordUnreadable, match=found):
        read(saved(tmp_path, data))


def deflated(folder):
    data = dicom(SIGNAL_MV)
    data.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    return saved(folder, data)


def test_a_deflated_data_set(tmp_path):
    np.testing.assert_allclose(read(deflated(tmp_path)).signal_mv, SIGNAL_MV, atol=0.003)


def test_a_deflated_data_set_is_bounded(tmp_path):
    file = deflated(tmp_path)
    head = file.read_bytes()[: 144 + int(pydicom.dcmread(file).file_meta.FileMetaInformationGroupLength)]
    pack = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    file.write_bytes(head + pack.compress(bytes(80 << 20)) + pack.flush())
    with pytest.raises(RecordUnreadable, match="deflated data set of over 67,108,864 bytes"):
        read(file)
    file.write_bytes(head + b"no such stream")
    with pytest.raises(RecordUnreadable, match="deflated data set that is damaged"):
        read(file)


def test_without_pydicom_the_extra_is_named(tmp_path, monkeypatch):
    file = saved(tmp_path, dicom(SIGNAL_MV))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(LibraryMissing) as caught:
        read(file)
    assert caught.value.remedy == "pip install 'einthoven[clinical]'"
