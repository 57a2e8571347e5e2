"""CardioSoft and Schiller: patient, measurements, strips, and samples that are not as stated."""

import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from einthoven.records.identity import Identity
from tests.records.clinical_files import cardiosoft_text, schiller_text
from tests.records.test_muse import SIGNAL_MV


def read_text(folder, text):
    file = folder / "a.xml"
    file.write_text(text, "utf-8")
    return read(file)


def test_cardiosoft(tmp_path):
    record = read_text(tmp_path, cardiosoft_text(SIGNAL_MV))
    assert record.identity == Identity("Jo Doe", "P-7", "", 53.0, "female", "2024-02-29T10:11:12", "")
    assert record.machine.statements == ("Sinus rhythm",)
    assert record.machine.measurements == {"heart_rate_bpm": 69, "pr_ms": 180}


def test_strips_of_an_exercise_test_take_the_settings_above_them(tmp_path):
    text = (
        cardiosoft_text(SIGNAL_MV)
        .replace("<WaveformData", "<Strip><WaveformData", 1)
        .replace("</StripData>", "</Strip></StripData>")
    )
    strip = text[text.index("<Strip>") : text.index("</StripData>")]
    record = read_text(tmp_path, text.replace("</StripData>", strip + "</StripData>"))
    assert record.n_samples == 500 and record.warnings == ("the first of 2 strips of the document is read",)


def test_schiller(tmp_path):
    record = read_text(tmp_path, schiller_text(SIGNAL_MV))
    assert record.identity == Identity(
        "Jo Doe", "P-7", "1970-03-01", 53.0, "female", "2024-02-29T10:11:12", "Schiller AT-110"
    )
    assert record.machine.statements == ("Sinus rhythm",) and record.machine.measurements == {"heart_rate_bpm": 69}


@pytest.mark.parametrize(
    ("text", "old", "new", "found"),
    [
        (cardiosoft_text, "StripData>", "FullDisclosure>", "full disclosure only"),
        (cardiosoft_text, '"Hz">360', '"Hz">', "a rate of no Hz"),
        (cardiosoft_text, ",", ";", "samples that are no numbers"),
        (schiller_text, "<samplecount>500", "<samplecount>501", "500 samples where 501 are stated"),
        (schiller_text, "COMMASEPARATE", "BASE64", "samples of the kind BASE64"),
        (schiller_text, "ECG_RHYTHMS", "ECG_AVERAGES", "waves of the kinds ECG_AVERAGES"),
        (schiller_text, "<unitperbit>1.0", "<unitperbit>", "no units per bit"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, text, old, new, found):
    with pytest.raises(RecordUnreadable, match=found):
        read_text(tmp_path, text(SIGNAL_MV).replace(old, new))
