"""Kardia's JSON: raw samples before filtered ones, patient and reading, and what is no recording."""

import json

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.identity import Identity
from tests.records.clinical_files import kardia_document

SIGNAL_MV = np.round(np.sin(np.arange(1000).reshape(2, 500) / 9), 3)
LEADS = ("leadI", "AVR")


def read_document(folder, document, **stated):
    file = folder / "a.json"
    file.write_text(json.dumps(document))
    return read(file, **stated)


def test_patient_device_and_reading(tmp_path):
    record = read_document(tmp_path, kardia_document(SIGNAL_MV, LEADS))
    assert record.leads == ("I", "aVR") and record.fs_hz == 360
    assert record.identity == Identity(
        patient_id="P-7", recorded_at="2024-02-29T10:11:12", device="AliveCor KardiaMobile 6L"
    )
    assert record.machine.statements == ("normal",)
    assert record.machine.measurements == {"heart_rate_bpm": 69, "qt_ms": 400}


def test_unfiltered_samples_are_preferred(tmp_path):
    document = kardia_document(SIGNAL_MV, LEADS)
    document["data"] |= kardia_document(SIGNAL_MV / 2, LEADS, "enhanced")["data"]
    np.testing.assert_allclose(read_document(tmp_path, document).signal_mv, SIGNAL_MV, atol=0.001)
    del document["data"]["raw"]
    record = read_document(tmp_path, document)
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV / 2, atol=0.001)
    assert record.warnings == ("the samples as Kardia filtered them are read",)


def test_without_resolution_the_gain_is_asked_for(tmp_path):
    document = kardia_document(SIGNAL_MV, LEADS)
    del document["data"]["raw"]["amplitudeResolution"]
    with pytest.raises(StatementMissing, match="--gain"):
        read_document(tmp_path, document)
    np.testing.assert_allclose(read_document(tmp_path, document, gain=2000).signal_mv, SIGNAL_MV, atol=0.001)


@pytest.mark.parametrize("inside", ["raw", None])
def test_twelve_leads_state_no_resolution(tmp_path, inside):
    document = kardia_document(SIGNAL_MV, ("leadI", "V1"))
    block = document.pop("data")["raw"]
    del block["amplitudeResolution"]
    document["data12L"] = {inside: block} if inside else block
    with pytest.raises(StatementMissing, match="--gain"):
        read_document(tmp_path, document)
    record = read_document(tmp_path, document, gain=2000)
    assert record.leads == ("I", "V1")
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV, atol=0.001)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"data": {}}, "no samples under data.raw"),
        ({"data": {"raw": {"samples": {"leadI": [1]}, "frequency": "x"}}}, "a frequency of x"),
        ({"data": {"raw": {"samples": {"leadI": ["a"]}, "frequency": 300}}}, "no numbers"),
        ({"data": {"raw": {"samples": {"leadI": [10**400]}, "frequency": 300}}}, "no numbers"),
        ({"data": {"raw": {"samples": {"leadI": [[1]]}, "frequency": 300}}}, "no list of numbers"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, changes, found):
    with pytest.raises(RecordUnreadable, match=found):
        read_document(tmp_path, kardia_document(SIGNAL_MV, LEADS) | changes)
