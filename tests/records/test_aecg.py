"""HL7 aECG: rates that are no whole numbers, sets of leads one after the other, origins, statements and measurements."""

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.identity import Identity
from tests.records.clinical_files import aecg_text

SIGNAL_MV = np.round(np.sin(np.arange(1000).reshape(2, 500) / 9), 3)
MACHINE = (
    "<subjectOf><annotationSet><component><annotation><code code='MDC_ECG_HEART_RATE'/><value value='69' unit='bpm'/></annotation>"
    "</component><component><annotation><code code='MDC_ECG_TIME_PD_QT'/><value value='0.4' unit='s'/></annotation></component>"
    "<component><annotation><code code='MDC_ECG_TIME_PD_QRS'/><value value='99' unit='ms'/><support><supportingROI><component>"
    "<boundary><code code='MDC_ECG_LEAD_V1'/></boundary></component></supportingROI></support></annotation></component>"
    "<component><annotation><code code='MDC_ECG_INTERPRETATION'/><component><annotation>"
    "<code code='MDC_ECG_INTERPRETATION_STATEMENT'/>"
    "<value>sinus  rhythm</value></annotation></component></annotation></component></annotationSet></subjectOf>"
    "<subjectOf><annotationSet><author><assignedEntity><assignedAuthorType><assignedPerson/></assignedAuthorType></assignedEntity>"
    "</author><component><annotation><code code='MDC_ECG_INTERPRETATION_STATEMENT'/><value>normal</value></annotation></component>"
    "</annotationSet></subjectOf>"
)


def read_text(folder, text, **stated):
    file = folder / "a.xml"
    file.write_text(text)
    return read(file, **stated)


def test_patient_device_and_reading(tmp_path):
    record = read_text(tmp_path, aecg_text(SIGNAL_MV, more=MACHINE))
    assert record.identity == Identity(
        "Doe, Jo", "P-7", "1970-03-01", 53.0, "female", "2024-02-29T10:11:12.500000", "Maker One"
    )
    assert record.machine.statements == ("sinus rhythm",) and record.machine.confirmed == ("normal",)
    assert record.machine.measurements == {"heart_rate_bpm": 69, "qt_ms": 400}


def test_a_rate_that_is_no_whole_number_is_kept(tmp_path):
    assert read_text(tmp_path, aecg_text(SIGNAL_MV, fs_hz=257.5)).fs_hz == pytest.approx(257.5)


def test_minus_avr_is_turned(tmp_path):
    record = read_text(tmp_path, aecg_text(SIGNAL_MV, names=("I", "AVRNEG")))
    assert record.leads == ("I", "aVR")
    np.testing.assert_allclose(record.signal_mv[1], -SIGNAL_MV[1], atol=0.002)


def test_an_origin_in_another_unit_is_added(tmp_path):
    text = aecg_text(SIGNAL_MV).replace('<origin value="0" unit="uV"/>', '<origin value="0.5" unit="mV"/>')
    np.testing.assert_allclose(read_text(tmp_path, text).signal_mv, SIGNAL_MV + 0.5, atol=0.002)


def test_sets_of_leads_one_after_the_other_are_laid_on_one_line(tmp_path):
    text = aecg_text(SIGNAL_MV[:, :250])
    first, last = text.index("<component><sequenceSet>"), text.index("</sequenceSet></component>") + 26
    later = text[first:last].replace("101112.500", "101114.500").replace("LEAD_V1", "LEAD_V2")
    record = read_text(tmp_path, text[:last] + later + text[last:])
    assert record.leads == ("MLII", "V1", "V2") and record.n_samples == 720 + 250
    assert np.isnan(record.signal_mv[1, 250:]).all() and np.isnan(record.signal_mv[2, :720]).all()
    np.testing.assert_allclose(record.signal_mv[0, 720:], SIGNAL_MV[0, :250], atol=0.002)


def test_a_set_that_begins_days_later_is_refused(tmp_path):
    text = aecg_text(SIGNAL_MV)
    first, last = text.index("<component><sequenceSet>"), text.index("</sequenceSet></component>") + 26
    later = text[first:last].replace("20240229", "20240329")
    with pytest.raises(RecordUnreadable, match="far apart"):
        read_text(tmp_path, text[:last] + later + text[last:])


def test_without_a_scale_the_gain_is_asked_for(tmp_path):
    text = aecg_text(SIGNAL_MV).replace('<scale value="2.5" unit="uV"/>', "")
    with pytest.raises(StatementMissing) as caught:
        read_text(tmp_path, text)
    assert caught.value.remedy == "--gain 200"
    np.testing.assert_allclose(read_text(tmp_path, text, gain=400).signal_mv, SIGNAL_MV, atol=0.002)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('unit="s"/></value>', 'unit="h"/></value>', "a time increment"),
        ("TIME_ABSOLUTE", "OTHER", "no sampling rate"),
        ("MDC_ECG_LEAD_", "MDC_RESP_", "no lead"),
        ("<digits>", "<digits>x ", "digits that are no numbers"),
        ('scale value="2.5"', 'scale value="0"', "a scale of 0"),
        ("series>", "other>", "no series"),
        ("AnnotatedECG xmlns", "Annotated xmlns", "root <Annotated>"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, old, new, found):
    with pytest.raises(RecordUnreadable, match=found):
        read_text(tmp_path, aecg_text(SIGNAL_MV).replace(old, new))


@pytest.mark.parametrize("prefix", ["MDC_ECG_ELEC_POTL_", ""])
def test_leads_under_other_codes(tmp_path, prefix):
    (tmp_path / "a.xml").write_text(aecg_text(SIGNAL_MV).replace("MDC_ECG_LEAD_", prefix))
    assert read(tmp_path / "a.xml").leads == ("MLII", "V1")
