"""A recording is asked all questions that it allows; what is not answered has a reason, in Python, JSON, CSV and on the page."""

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest

from einthoven.errors import ConfigurationFault
from einthoven.interpretation.asked import QUESTIONS
from einthoven.interpretation.episodes import Episode
from einthoven.interpretation.interpreter import HAND_HELD_S, Interpreter, _episodes, follows, without_s_in
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.report import interpretations
from einthoven.signal import quality
from tests.signal.hearts import twelve_leads

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "interpretation.schema.json").read_text())


@pytest.fixture(scope="module")
def interpreter():
    return Interpreter()


@pytest.fixture(scope="module")
def twelve(interpreter):
    source = twelve_leads(500.0, 10.0, rr_s=0.85)
    identity = Identity(name="Doe, <b>Jane</b>", age_years=54, sex="female")
    machine = MachineReading(statements=("Machine says normal",), measurements={"pr_ms": 150.0})
    return interpreter(Record("twelve", source.signal_mv, 500, source.leads, identity=identity, machine=machine))


@pytest.fixture(scope="module")
def two_minutes(interpreter):
    source = twelve_leads(360.0, 120.0, rr_s=0.8)
    return interpreter(Record("two minutes", source.signal_mv[1:2], 360, ("MLII",)))


def test_twelve_leads_are_asked_everything(twelve):
    assert {one.question for one in twelve.asked} == set(QUESTIONS)
    assert twelve.not_assessed() == {}
    assert twelve.rate.mean == pytest.approx(60 / 0.85, abs=2)
    plain = twelve.to_dict()
    assert plain["intervals"]["pr_ms"]["value"] == pytest.approx(150, abs=40)
    assert plain["axis_deg"]["qrs"]["value"] == pytest.approx(45, abs=20)


def test_waves_of_a_long_recording_are_read_now_and_then_and_it_is_said(two_minutes, interpreter, monkeypatch):
    monkeypatch.setattr("einthoven.interpretation.interpreter._WAVES_MOST_S", 60.0)
    found = interpreter(two_minutes.record)
    said = {one.question: one.reason for one in found.asked}
    assert said["waves"] == "it reads every lead, one window of 10.24 s in 2" and found.delineation.every == 2
    assert found.to_dict()["beats"] == two_minutes.to_dict()["beats"]
    for name, one in two_minutes.to_dict()["intervals"].items():
        if one["value"] is not None:
            assert found.to_dict()["intervals"][name]["value"] == pytest.approx(one["value"], rel=0.05), name


def test_one_lead_has_no_diagnoses_and_says_why(two_minutes):
    assert set(two_minutes.not_assessed()) == {"diagnoses"}
    assert "12 leads" in two_minutes.not_assessed()["diagnoses"] and two_minutes.to_dict()["diagnoses"] is None
    assert two_minutes.statements[-1].code == "not_assessed"
    assert sum(one.length_s for one in two_minutes.rhythm.episodes) == pytest.approx(120, abs=1)


def test_a_flat_recording_is_not_answered(interpreter):
    flat = interpreter(Record("flat", np.zeros((12, 5000), np.float32), 500, twelve_leads(500.0, 1.0).leads))
    assert set(flat.not_assessed()) == set(QUESTIONS)
    assert [one.code for one in flat.statements] == ["not_assessed"]
    plain = flat.to_dict()
    assert plain["rate_bpm"] is None and plain["rhythm"] is None and plain["beats"] is None
    assert plain["intervals"]["pr_ms"]["value"] is None and plain["intervals"]["pr_ms"]["reason"]


def test_json_is_as_its_schema_says(twelve, two_minutes, interpreter):
    flat = interpreter(Record("flat", np.zeros((1, 5000), np.float32), 500, ("II",)))
    failed = {Path("none.hea"): ConfigurationFault("no", found="b", expected="c", remedy="d")}
    jsonschema.validate(json.loads(interpretations.as_json([twelve, two_minutes, flat], failed)), SCHEMA)
    changed = json.loads(interpretations.as_json([twelve], {}))
    changed["records"][0]["intervals"]["pr_ms"] = {"value": None}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, SCHEMA)


def test_csv_has_one_row_a_file_and_no_formula(twelve, interpreter):
    formula = Record("=1+1", twelve.record.signal_mv[1:2], 500, ("II",))
    failed = {Path("none.hea"): ConfigurationFault("It failed.", found="b", expected="c", remedy="d")}
    rows = list(csv.DictReader(io.StringIO(interpretations.as_csv([twelve, interpreter(formula)], failed))))
    assert [row["record"] for row in rows] == ["twelve", "'=1+1", ""]
    assert float(rows[0]["rate_mean_bpm"]) == pytest.approx(twelve.rate.mean, abs=0.01)
    assert rows[2]["failed"].startswith("It failed.")


def test_the_page_shows_summary_device_and_person(twelve, two_minutes):
    page = interpretations.as_html([twelve, two_minutes], {})
    for statement in twelve.statements:
        assert statement.text.replace('"', "&#34;") in page
    assert "Doe, &lt;b&gt;Jane&lt;/b&gt;" in page and "<b>Jane" not in page
    assert "Machine says normal" in page and "150 ms" in page
    assert page.count("<svg") > 3 and 'class="trend"' in page


def test_no_beat_within_fibrillation_is_supraventricular_ectopic():
    episodes = (Episode("A", 2.0, 4.0, 0.9),)
    found = without_s_in(episodes, np.array([1.0, 2.0, 3.0, 3.5, 4.0]), ["S", "S", "V", "N", "S"])
    assert found == ["S", "N", "V", "N", "S"]


@pytest.mark.parametrize(
    ("leads", "seconds", "model"),
    [
        (("I",), HAND_HELD_S, "challenge2017-rhythm"),
        (("I",), HAND_HELD_S + 9, "rhythm-any-lead"),
        (("I", "II"), 10.0, "rhythm-any-lead"),
        (("V3",), 10.0, "rhythm-any-lead"),
    ],
)
def test_the_rhythm_of_a_short_single_lead_is_asked_of_the_model_of_hand_held_devices(
    interpreter, leads, seconds, model
):
    signal = twelve_leads(250.0, seconds).signal_mv[1 : 1 + len(leads)]
    found = interpreter(Record("one", signal, 250.0, leads))
    assert found.to_dict()["models"]["rhythm"]["model"] == model


def answered(likely, context_s=10.0):
    """What a rhythm model gave for windows of 10 s, by the most probable class of each."""
    classes = ("N", "A", "AFL", "O", "~")
    probabilities = np.full((len(likely), 5), 0.05)
    probabilities[np.arange(len(likely)), [classes.index(name) for name in likely]] = 0.8
    starts = 1000 * np.arange(len(likely))
    return SimpleNamespace(
        classes=classes,
        windows=np.stack((starts, starts + 1000), axis=1),
        record=SimpleNamespace(fs_hz=100.0),
        card=SimpleNamespace(preparation=SimpleNamespace(context_s=context_s, window_s=10.0)),
        most_probable=probabilities.argmax(axis=1),
        is_answered=np.ones(len(likely), bool),
        probabilities=probabilities,
        deciding=probabilities,
        n_items=len(likely),
    )


def test_windows_with_context_are_smoothed_and_noise_is_not_assessed():
    likely = ["N"] * 12 + ["A"] + ["N"] * 7 + ["~"] * 2 + ["N"] * 8 + ["AFL"] * 15
    found = _episodes(answered(likely))
    assert [(one.rhythm, one.start_s, one.end_s) for one in found.episodes] == [
        ("N", 0, 200),
        ("N", 220, 300),
        ("AFL", 300, 450),
    ]
    assert found.assessed_s == 430.0
    alone = _episodes(answered(likely, context_s=0.0))
    assert [one.rhythm for one in alone.episodes] == ["N", "A", "N", "N", "AFL"]


def test_two_models_for_one_question_are_refused():
    with pytest.raises(ConfigurationFault) as caught:
        Interpreter(("mitbih-cnn-lstm-mlii", "mitbih-clean-context"))
    assert "beats" in caught.value.summary
    chosen = Interpreter(("mitbih-cnn-lstm-mlii",))
    source = twelve_leads(360.0, 20.0)
    found = chosen(Record("two", source.signal_mv[[1, 6]], 360, ("MLII", "V1")))
    assert found.to_dict()["models"]["beats"]["model"] == "mitbih-cnn-lstm-mlii"


def test_a_delineator_is_asked_for_waves_alone():
    chosen = Interpreter(("waves-ludb",))
    models = chosen(Record("two", twelve_leads(360.0, 20.0).signal_mv[[1, 6]], 360, ("MLII", "V1"))).to_dict()["models"]
    assert models["waves"]["model"] == "waves-ludb" and models["rhythm"]["model"] == "rhythm-any-lead"


def test_beats_do_not_follow_each_other_across_an_unreadable_stretch():
    signal = twelve_leads(360.0, 40.0).signal_mv[1:2].copy()
    signal[:, 360 * 15 : 360 * 25] = 0.0
    seen = quality.examine(signal, ("II",), 360.0)
    at = (np.array([1.0, 2, 14, 26, 27, 28]) * 360).astype(int)
    assert follows(at, seen).tolist() == [False, True, True, False, True, True]
    assert follows(at, seen, np.array([1, 0, 1, 0, 1, 1], bool)).tolist() == [False, False, False, True]


def test_a_frame_has_the_rows_of_the_long_table(twelve):
    frame = twelve.to_frame()
    rates = frame[frame.kind == "rate"].set_index("name").value
    assert rates["mean"] == pytest.approx(twelve.rate.mean, abs=0.001) and set(frame.record) == {"twelve"}
    assert set(frame[frame.kind == "statement"].text) == {statement.text for statement in twelve.statements}
