"""GE MUSE: lines of statements, the physician's beside the device's, median beats, and samples that are not as stated."""

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.identity import Identity
from tests.records.clinical_files import as_muse_text, muse_text

SIGNAL_MV = np.round(np.sin(np.arange(1000).reshape(2, 500) / 9), 3)


def read_text(folder, text, **stated):
    file = folder / "a.xml"
    file.write_text(text)
    return read(file, **stated)


def test_patient_device_and_reading(tmp_path):
    record = read_text(tmp_path, muse_text(SIGNAL_MV))
    assert record.identity == Identity("Jo Doe", "P-7", "", 53.0, "female", "2024-02-29T10:11:12", "GE MAC55")
    assert record.machine.statements == ("sinus rhythm with a pause",) and not record.machine.confirmed
    assert record.machine.measurements == {"heart_rate_bpm": 69, "qtc_ms": 416}
    assert not record.warnings


def test_a_confirmed_diagnosis_is_kept_apart(tmp_path):
    original = "<OriginalDiagnosis><DiagnosisStatement><StmtText>atrial flutter</StmtText></DiagnosisStatement></OriginalDiagnosis>"
    text = muse_text(SIGNAL_MV, more=original).replace("UNCONFIRMED", "CONFIRMED")
    machine = read_text(tmp_path, text).machine
    assert (machine.statements, machine.confirmed) == (("atrial flutter",), ("sinus rhythm with a pause",))


def test_a_flag_ends_a_line_of_statements(tmp_path):
    more = "<DiagnosisStatement><StmtText>normal ECG</StmtText></DiagnosisStatement></Diagnosis>"
    machine = read_text(tmp_path, muse_text(SIGNAL_MV).replace("</Diagnosis>", more)).machine
    assert machine.statements == ("sinus rhythm with a pause", "normal ECG")


def test_median_beats(tmp_path):
    text = muse_text(SIGNAL_MV)
    waveform = text[text.index("<Waveform>") : text.index("</RestingECG>")].replace("Rhythm", "Median")
    record = read_text(tmp_path, text.replace("<Waveform>", waveform + "<Waveform>", 1))
    beats = record.median_beats
    assert beats.leads == ("MLII", "V1") and beats.fs_hz == 360
    np.testing.assert_allclose(beats.signal_mv, SIGNAL_MV, atol=0.003)


def test_marks_of_the_device_are_told(tmp_path):
    text = muse_text(SIGNAL_MV).replace("<LeadID>V1</LeadID>", "<LeadID>V1</LeadID><LeadOff>TRUE</LeadOff>")
    text = text.replace("<LeadDataCRC32>", "<LeadDataCRC32>1", 1)
    warnings = read_text(tmp_path, text).warnings
    assert warnings == ("the checksum of lead MLII is not that of its samples", "the device marks lead V1 as off")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("<SampleBase>360", "<SampleBase>x", "a SampleBase of x"),
        ("<LeadSampleCountTotal>500", "<LeadSampleCountTotal>600", "500 samples where 600 are stated"),
        ("<LeadSampleSize>2", "<LeadSampleSize>3", "in samples of 3 bytes"),
        ("<WaveFormData>\n", "<WaveFormData>!", "not Base64"),
        ("<WaveformType>Rhythm", "<WaveformType>Median", "no rhythm waveform"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, old, new, found):
    with pytest.raises(RecordUnreadable, match=found):
        read_text(tmp_path, muse_text(SIGNAL_MV).replace(old, new))


def test_an_unknown_unit_is_asked_for(tmp_path):
    text = muse_text(SIGNAL_MV).replace("<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits>", "")
    with pytest.raises(StatementMissing, match="--gain"):
        read_text(tmp_path, text)
    assert read_text(tmp_path, text, unit="uV").leads == ("MLII", "V1")


def test_text_of_twelve_leads_is_in_standard_order(tmp_path):
    file, _ = as_muse_text(tmp_path, np.tile(SIGNAL_MV[:1], (12, 1)))
    assert read(file, fs_hz=500).leads[:4] == ("I", "II", "III", "aVR")
    file.write_text(file.read_text() + "1\n")
    with pytest.raises(RecordUnreadable, match="6,001 numbers for 500 samples of 12 leads"):
        read(file, fs_hz=500)


def test_without_units_per_bit_the_gain_is_asked_for(tmp_path):
    (tmp_path / "a.xml").write_text(muse_text(SIGNAL_MV).replace(">4.88<", "><"))
    with pytest.raises(StatementMissing, match="--gain"):
        read(tmp_path / "a.xml")
    np.testing.assert_allclose(read(tmp_path / "a.xml", gain=1000 / 4.88).signal_mv, SIGNAL_MV, atol=0.003)


def test_a_baseline_is_added(tmp_path):
    text = muse_text(SIGNAL_MV).replace("<LeadID>", "<FirstSampleBaseline>-100</FirstSampleBaseline><LeadID>")
    (tmp_path / "a.xml").write_text(text)
    np.testing.assert_allclose(read(tmp_path / "a.xml").signal_mv, SIGNAL_MV - 0.488, atol=0.003)


def test_another_waveform_than_the_median_is_the_rhythm(tmp_path):
    (tmp_path / "a.xml").write_text(muse_text(SIGNAL_MV).replace(">Rhythm<", ">Full Disclosure<"))
    np.testing.assert_allclose(read(tmp_path / "a.xml").signal_mv, SIGNAL_MV, atol=0.003)
