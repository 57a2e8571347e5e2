"""JSON of HealthKit, FHIR and Google Health, and lists of leads, are read with nothing stated."""

import json
import subprocess

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read
from tests.records.strips import FIRST, FS_HZ, SECOND

VOLTS = {
    "samplingFrequency": FS_HZ,
    "classification": "Sinus Rhythm",
    "averageHeartRate": 62,
    "startDate": "2026-01-01",
}
PAIRS = VOLTS | {"voltageMeasurements": [[at / FS_HZ, value / 1000] for at, value in enumerate(FIRST.tolist())]}
NAMED = VOLTS | {"voltageMeasurements": [{"voltage": 1000 * value, "units": "mcV"} for value in FIRST.tolist()]}


def component(name, values, **changes):
    data = {"origin": {"value": 0, "unit": "mV"}, "period": 1000 / FS_HZ, "factor": 1e-4, "dimensions": 1}
    data["data"] = " ".join(str(round(value * 1e4)) for value in values)
    coding = [{"code": "131329", "display": f"MDC_ECG_ELEC_POTL_{name}"}]
    return {"code": {"coding": coding}, "valueSampledData": data | changes}


def observation(*components):
    return {"resourceType": "Observation", "effectiveDateTime": "2026-02-19T09:30:35+01:00", "component": components}


def saved(folder, document):
    (folder / "a.json").write_text(json.dumps(document))
    return folder / "a.json"


@pytest.mark.parametrize("document", [[PAIRS], PAIRS, {"data": {"ecg": [NAMED]}}])
def test_healthkit(tmp_path, document):
    record = read(saved(tmp_path, document))
    assert (record.leads, record.fs_hz) == (("I",), FS_HZ)
    assert record.machine.statements == ("Sinus Rhythm",) and record.machine.measurements == {"heart_rate_bpm": 62}
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=1e-5)


@pytest.mark.parametrize("document", [[PAIRS, PAIRS], {"data": {"ecg": [NAMED, NAMED]}}])
def test_the_remedy_against_several_readings_works(tmp_path, document):
    with pytest.raises(RecordUnreadable, match="2 readings") as caught:
        read(saved(tmp_path, document))
    subprocess.run(caught.value.remedy.split("      ")[0], shell=True, check=True)
    np.testing.assert_allclose(read(tmp_path / "a-0.json").signal_mv[0], FIRST, atol=1e-5)


def test_fhir(tmp_path):
    record = read(
        saved(tmp_path, observation(component("I", FIRST), component("II", SECOND), component("V1", SECOND[:90])))
    )
    assert (record.leads, record.fs_hz) == (("I", "II"), FS_HZ)
    assert record.warnings == ("left out, because of another length or rate: V1",)
    np.testing.assert_allclose(record.signal_mv, np.stack((FIRST, SECOND)), atol=1e-4)


def test_fhir_origin_missing_samples_and_unit(tmp_path):
    shifted = component("I", FIRST - 1, origin={"value": 1, "unit": "mV"})
    shifted["valueSampledData"]["data"] = "E U L " + shifted["valueSampledData"]["data"].split(" ", 3)[3]
    record = read(saved(tmp_path, observation(shifted)))
    assert np.flatnonzero(np.isnan(record.signal_mv[0])).tolist() == [0, 1, 2]
    np.testing.assert_allclose(record.signal_mv[0, 3:], FIRST[3:], atol=1e-4)
    with pytest.raises(StatementMissing, match="--unit"):
        read(saved(tmp_path, observation(component("I", FIRST, origin={"value": 0}))))


def test_google_health(tmp_path):
    point = {"waveformSamples": [round(10_922 * value) for value in FIRST.tolist()], "samplingFrequencyHertz": FS_HZ}
    point |= {"millivoltsScalingFactor": 10_922, "beatsPerMinuteAvg": "70"}
    record = read(saved(tmp_path, {"dataPoints": [{"electrocardiogram": point}]}))
    assert (record.leads, record.fs_hz) == (("I",), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=1e-4)


def test_a_list_of_named_leads(tmp_path):
    leads = [{"name": "II", "samples": FIRST.tolist()}, {"name": "V1", "samples": SECOND.tolist()}]
    record = read(saved(tmp_path, {"leads": leads, "fs": FS_HZ}), unit="mV")
    assert record.leads == ("II", "V1")
    np.testing.assert_allclose(record.signal_mv, np.stack((FIRST, SECOND)), atol=1e-5)


@pytest.mark.parametrize(
    "document",
    [
        {"voltageMeasurements": []},
        {"voltageMeasurements": [1, 2]},
        {"voltageMeasurements": [[0.0]], "samplingFrequency": 512},
        observation(component("I", FIRST) | {"code": "ECG"}),
        {"voltageMeasurements": [{"voltage": "x"}], "samplingFrequency": 512},
        observation(component("I", FIRST, data="1 x 3")),
        observation(component("I", FIRST, factor="x")),
        observation({"valueSampledData": {}, "code": None}),
    ],
)
def test_damage_is_refused(tmp_path, document):
    with pytest.raises((RecordUnreadable, StatementMissing)):
        read(saved(tmp_path, document))
