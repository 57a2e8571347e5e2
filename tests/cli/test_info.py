"""The verb info: what a file is, how good it is, which models fit, and a command that works when pasted."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pytest

import einthoven
from einthoven import bundle
from einthoven.cli.main import main
from einthoven.errors import OutputRefused, RecordUnreadable
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.signal.leads import STANDARD
from tests.layouts import twelve_leads
from tests.refusals import refusal_in, refused


@pytest.fixture
def here(mitdb_like, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in mitdb_like.glob("100.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture
def carted(here):
    """A twelve-lead recording with all that a cart says."""
    signal = np.round(200 * twelve_leads(10, 500, np.random.default_rng(5))) / 200
    machine = MachineReading(("Sinus rhythm \x1b[31m",), (), {"heart_rate_bpm": 72.0, "qrs_axis_deg": -35.0})
    who = Identity("Doe, Jane", "A-17", "1956-04-01", 69.0, "female", "2025-05-04T10:11:12", "Acme Cart 3")
    record = Record("Doe_Jane", signal, 500, STANDARD, identity=who, machine=machine)
    return einthoven.write(record, here / "cart.json")


def told(capsys, *words):
    assert main(["info", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_says_what_the_file_is_and_what_the_device_says(carted, capsys):
    shown = told(capsys, carted)
    for part in (
        "JSON:",
        "I, II, III, aVR",
        "500 Hz",
        "in steps of 5 µV (200 counts per mV)",
        "10.0 s (5,000 samples)",
        "Doe, Jane",
        "1956-04-01",
        "2025-05-04T10:11:12",
        "Acme Cart 3",
        "Sinus rhythm",
        "heart rate 72 1/min, qrs axis -35 degrees",
        "good throughout",
    ):
        assert part in shown, shown
    assert "\x1b" not in shown


def test_anonymous_says_nothing_of_the_person(carted, capsys):
    (carted.parent / "x.json").write_bytes(carted.read_bytes())
    shown = told(capsys, "x.json", "--anonymous", "--out", "out.json") + (carted.parent / "out.json").read_text()
    assert "heart rate 72" in shown
    for word in ("Doe", "A-17", "1956", "69", "emale", "2025", "Acme", "Sinus"):
        assert word not in shown


@pytest.mark.parametrize("kind", ["wfdb", "csv", "counts"])
def test_the_command_works_when_pasted(kind, here, capsys):
    record = einthoven.read("100.hea")
    words = ["100.hea"]
    if kind == "csv":
        np.savetxt("my ecg.csv", record.signal_mv[0] * 1000, header="ECG1", comments="")
        words = ["my ecg.csv", "--fs", "360", "--unit", "uV", "--leads", "ECG1=MLII"]
    if kind == "counts":
        np.save("counts.npy", np.round(record.signal_mv[:1] * 200 + 1024).astype(np.int16))
        words = ["counts.npy", "--fs", "360", "--gain", "200", "--zero", "1024", "--leads", "MLII"]
    command, waves = map(shlex.split, told(capsys, *words).splitlines()[-2:])
    assert command[:2] == ["einthoven", "predict"] and command[-1].endswith(".html")
    assert waves[:2] == ["einthoven", "delineate"] and waves[-1].endswith("-waves.html")
    waves[-1] = "waves.csv"
    assert main(waves[1:]) == 0
    if kind != "wfdb":
        command[-1] = "answer.json"  # a report takes seconds
    assert main(command[1:]) == 0
    assert (here / command[-1]).is_file()


def test_models_that_do_not_fit_say_why(here, capsys):
    np.save("short.npy", einthoven.read("100.hea").signal_mv[:1, :1500])
    shown = told(capsys, "short.npy", "--fs", "360", "--unit", "mV", "--leads", "ECG1", "--out", "info.json")
    assert "needs MLII or II" in shown and "--leads ECG1=MLII" in shown
    models = json.loads((here / "info.json").read_text())["records"][0]["models"]
    assert {model["name"] for model in models} == set(bundle.bundled())
    assert [model["name"] for model in models if model["fits"]] == ["waves-ludb"]
    assert all(model["fits"] == (not model["reason"]) for model in models)
    shown = told(capsys, "short.npy", "--fs", "360", "--unit", "mV", "--leads", "MLII")
    assert "needs at least 9 s" in shown and "einthoven predict mitbih-clean-one-lead short.npy" in shown


def test_what_models_would_decline_is_said_before(here, capsys):
    np.save("flat.npy", np.zeros((1, 7200)))
    shown = told(capsys, "flat.npy", "--fs", "360", "--unit", "mV", "--leads", "MLII")
    assert "flat throughout" in shown and "no lead is readable" in shown and "No bundled model fits" in shown


def test_a_fit_is_what_the_models_do(here):
    """A model that fits answers, and one that does not, declines or refuses."""
    from einthoven.paths import ASSETS
    from einthoven.report.about import about

    cards = [bundle.load_card(ASSETS / name) for name in bundle.bundled()]
    models = {card.name: einthoven.load(card.name) for card in cards}
    signal = einthoven.read("100.hea").signal_mv
    noise = np.random.default_rng(0).standard_normal((2, 7200))
    for record in (
        Record("a", signal, 360, ("MLII", "V1")),
        Record("b", signal[:, :1200], 360, ("MLII", "V1")),
        Record("c", noise, 360, ("MLII", "V1")),
        Record("d", signal[:1], 360, ("V1",)),
    ):
        for fit in about(record, record.name, "", cards).fits:
            try:
                if fit.card.answers_samples:
                    answered = bool(einthoven.delineate(record, fit.card.name).by_lead)
                else:
                    answered = models[fit.card.name](record).declined is None
            except einthoven.EinthovenError:
                answered = False
            assert answered == fit.fits, (record.name, fit.card.name, fit.reason)


def test_a_long_recording_is_looked_at_in_pieces(here, capsys):
    signal = np.tile(einthoven.read("100.hea").signal_mv[:1], (1, 45))
    signal[:, : signal.shape[1] // 2] = 0
    np.save("long.npy", signal)
    shown = told(capsys, "long.npy", "--fs", "360", "--unit", "mV", "--leads", "MLII", "--out", "info.json")
    assert "Five minutes of it, evenly spread" in shown and "15:00 (900.0 s)" in shown
    quality = json.loads((here / "info.json").read_text())["records"][0]["quality"]
    assert quality["seconds_looked_at"] == pytest.approx(300)
    assert quality["leads"]["MLII"]["flat"] == pytest.approx(150, abs=35)


def test_several_files_and_one_that_cannot_be_read(here, capsys):
    (here / "broken.hea").write_text("broken 1 360 9\n")
    assert main(["info", "broken.hea", "100.hea", "--out", "info.json"]) == 1
    said = capsys.readouterr()
    assert "MLII" in said.out and refusal_in(said.err).kind == "RecordUnreadable"
    assert "1 of 2 files could not be read" in said.err
    first, second = json.loads((here / "info.json").read_text())["records"]
    assert first["error"]["code"] == "record_unreadable" and first["error"]["remedy"]
    assert second["leads"] == ["MLII", "V5"] and second["commands"][0].startswith("einthoven predict mitbih-")
    refused(capsys, ["info", "broken.hea"], RecordUnreadable, "broken.hea")


@pytest.mark.parametrize("out", ["info.txt", "100.hea", "."])
def test_an_output_that_is_none_is_refused(out, here, capsys):
    before = sorted(here.iterdir())
    refusal = refused(capsys, ["info", "100.hea", "--out", out], OutputRefused)
    assert refusal.remedy == "--out info.json" and sorted(here.iterdir()) == before


def test_nothing_heavy_is_loaded(here):
    code = "import sys; from einthoven.cli.main import main; main(['info', '100.hea']); "
    code += "heavy = {'torch', 'onnxruntime', 'scipy.signal', 'scipy.fft', 'sleepecg', 'pydicom', 'edfio', 'wfdb', 'pandas'}; "
    code += "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
