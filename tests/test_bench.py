"""Every script of bench/ runs on small inputs, covers all there is to measure, and overwrites no other's page."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import wfdb

from einthoven.models import MODELS
from einthoven.paths import ASSETS
from einthoven.signal import quality_index, small_network
from einthoven.signal.leads import STANDARD
from einthoven.studies.challenge2017 import MODELS as MODELS_OF_STUDY
from tests.conftest import beats_and_symbols
from tests.layouts import twelve_leads, write_record
from tests.refusals import refusal_in
from tests.workshop import REPOSITORY, RESULTS, copied, run

SCRIPTS = sorted(
    file.stem for file in (REPOSITORY / "bench").glob("*.py") if '__name__ == "__main__"' in file.read_text()
)


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "bench")
    return importlib.import_module


def test_every_architecture_and_model_of_the_study_is_measured(bench):
    backends = bench("backends")
    assert set(backends.SHAPES) == set(MODELS)
    assert {*backends.CHALLENGE, "rhythm_again", "distilled"} == set(MODELS_OF_STUDY)
    for name, found in MODELS_OF_STUDY.items():
        if name in backends.CHALLENGE:
            assert bool(backends.shape_of(f"challenge2017 {name}").beat_samples) == bool(found.store)


def test_parts_of_a_page_are_written_one_by_one(bench, tmp_path):
    replace, page = bench("sections").replace, tmp_path / "speed.md"
    replace("B", ["", "b"], page)
    replace("", ["# Speed", "", "first"], page)
    replace("A", ["", "a"], page)
    replace("B", ["", "b again"], page)
    assert page.read_text() == "# Speed\n\nfirst\n\n## B\n\nb again\n\n## A\n\na\n"
    replace("", ["# Speed", "", "anew"], page)
    assert page.read_text() == "# Speed\n\nanew\n\n## B\n\nb again\n\n## A\n\na\n"


def commands_of(script: str) -> list[str]:
    """The lines of a script's docstring that can be pasted."""
    lines = (REPOSITORY / "bench" / f"{script}.py").read_text().split('"""')[1].splitlines()
    return [line.strip() for line in lines if line.strip().startswith(f"python bench/{script}.py")]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_says_how_it_is_run(script):
    assert commands_of(script)


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    monkeypatch.setenv("EINTHOVEN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return copied(tmp_path / "repository", monkeypatch)


def study(folder: Path, name: str, protocol: str = "") -> Path:
    """The folder of a study as einthoven study left it, made of what is kept of it in docs/results."""
    (folder / "figures").mkdir(parents=True)
    kept = RESULTS / name
    shutil.copy(kept / (f"{protocol}.json" if protocol else "results.json"), folder / "results.json")
    for figure in kept.glob(f"{protocol}*.png"):
        (folder / "figures" / figure.name.removeprefix(f"{protocol}-")).symlink_to(figure)
    return folder


PAGES = {
    "ptbxl_table": [("ptbxl", "")],
    "pediatric_table": [("pediatric", "")],
    "mitbih_clean_table": [],
    "rhythm_table": [],
    "geodesic_table": [],
    "related_table": [],
    "mitbih_study_table": [("mitbih_study", "paper"), ("mitbih_study", "clean")],
    "study_table": [
        ("challenge2017", ""),
        ("cpsc2018", ""),
        ("mitbih_small", ""),
        ("ptbxl_model", ""),
        ("lstm_svm", ""),
    ],
}
"""By script, the studies that it writes pages of, and by which protocol."""


@pytest.mark.parametrize("script", PAGES)
def test_pages_of_results_are_written_by_their_script(script, workshop, tmp_path, monkeypatch):
    folders = [study(tmp_path / f"{name}{at}", name, protocol) for at, (name, protocol) in enumerate(PAGES[script])]
    assert run(workshop, monkeypatch, script, *folders) == 0
    pages = {name for name, _ in PAGES[script]} or {script.removesuffix("_table")}
    for page in pages:
        assert (workshop / "docs" / "results" / f"{page}.md").read_text() == (RESULTS / f"{page}.md").read_text()


def test_heartbeats(mitdb_like, nstdb_like, workshop, tmp_path, monkeypatch, capsys):
    page = workshop / "docs" / "results" / "heartbeats.md"
    page.unlink()
    (tmp_path / "mitdb").symlink_to(mitdb_like)
    (tmp_path / "nstdb").symlink_to(nstdb_like)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # without xqrs, which takes a minute
    assert run(workshop, monkeypatch, "heartbeats", tmp_path) == 0
    rows = [line for line in page.read_text().splitlines() if line.startswith("| 48 records, whole")]
    for row, detector in zip(rows, ("network, one lead", "network, two leads", "sleepecg"), strict=True):
        n, missed, invented = (int(cell.replace(",", "")) for cell in row.split("|")[3:6])
        assert detector in row and n > 900
        assert missed < 0.1 * n and invented < 0.1 * n, "beats of a known signal are found"
    assert "asystole of 20 s" in page.read_text()
    capsys.readouterr()
    assert run(workshop, monkeypatch, "heartbeats", workshop) == 2
    assert refusal_in(capsys.readouterr().err).kind == "CorpusIncomplete"


def test_heartbeats_without_an_annotated_beat(mitdb_like, workshop, tmp_path, monkeypatch, capsys):
    silent = shutil.copytree(mitdb_like, tmp_path / "mitdb")
    for header in silent.glob("*.hea"):
        wfdb.wrann(header.stem, "atr", np.array([18]), symbol=["+"], aux_note=["(N"], write_dir=str(silent))
    before = (workshop / "docs" / "results" / "heartbeats.md").read_text()
    assert run(workshop, monkeypatch, "heartbeats", silent) == 2
    refusal = refusal_in(capsys.readouterr().err)
    assert refusal.kind == "CorpusIncomplete" and "48 records without one" in refusal.found
    assert (workshop / "docs" / "results" / "heartbeats.md").read_text() == before


def ludb(folder: Path, n: int) -> Path:
    """Records of twelve leads with waves marked in each, as LUDB has them."""
    rng = np.random.default_rng(4)
    for number in range(1, n + 1):
        place = folder / "data" / str(number)
        write_record(place, twelve_leads(10, 500, rng), 500, [name.lower() for name in STANDARD], 1000.0)
        beats, _ = beats_and_symbols(5000, 500, rng, "N")
        marks = [(at + offset, symbol) for at in beats[1:-1] for offset, symbol in _WAVES]
        for lead in STANDARD:
            samples, symbols = zip(*marks, strict=True)
            wfdb.wrann(str(number), "x", np.array(samples), symbol=list(symbols), write_dir=str(place.parent))
            place.with_suffix(".x").rename(place.with_suffix(f".{lead.lower()}"))
    return folder


_WAVES = ((-105, "("), (-80, "p"), (-55, ")"), (-15, "("), (0, "N"), (15, ")"), (90, "("), (140, "t"), (190, ")"))
"""A beat in samples at 500 Hz, and how LUDB marks it."""


def test_waves(workshop, tmp_path, monkeypatch):
    assert run(workshop, monkeypatch, "waves", ludb(tmp_path / "ludb", 3), 3) == 0
    page = (workshop / "docs" / "results" / "waves.md").read_text()
    assert "the 3 records of LUDB" in page
    assert {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")} >= {"PR", "QRS", "QT"}


def test_holter(mitdb_like, workshop, monkeypatch):
    assert run(workshop, monkeypatch, "holter", mitdb_like, 2, 0.03) == 0
    page = (workshop / "docs" / "results" / "holter.md").read_text()
    assert "2 records, 1 of them new to the beat model" in page and "annotated pauses" in page
    assert re.search(r"\| [\d.]+ MB \(bar 15\) \|", page)


def test_statements(workshop, tmp_path, monkeypatch):
    folder = ludb(tmp_path / "ludb", 3)
    for header in folder.glob("data/*.hea"):
        header.write_text(header.read_text() + "#Rhythm: Sinus rhythm.\n#Electric axis of the heart: normal.\n")
    assert run(workshop, monkeypatch, "statements", folder, 3) == 0
    page = (workshop / "docs" / "results" / "statements.md").read_text()
    assert "the 3 records of LUDB" in page and "| sinus rhythm | " in page and "| normal | 3 | " in page


def test_delineation(ludb_like, workshop, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ludb").symlink_to(ludb_like)
    for fold in range(5):
        shutil.copytree(ASSETS / "waves-ludb", tmp_path / "study" / "runs" / f"delineator-f{fold}")
    results = {"remarks": ["A remark."], "columns": ["model"], "rows": [["delineator"]], "scores": {}}
    (tmp_path / "study" / "results.json").write_text(json.dumps(results))
    assert run(workshop, monkeypatch, "delineation", tmp_path / "data", tmp_path / "study", 1) == 0
    page = (workshop / "docs" / "results" / "delineation.md").read_text()
    assert "Medians of 5 records" in page and "| QT | 5 |" in page and "| 2 leads, 1,800 s, 500 Hz |" in page


def test_doctor(ptbxl_like, workshop, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ptb-xl").symlink_to(ptbxl_like)
    assert run(workshop, monkeypatch, "doctor", tmp_path / "data") == 0
    found = json.loads((workshop / "docs" / "results" / "doctor" / "results.json").read_text())
    assert 40 < found["leads"]["all"]["RA/LA"]["n"] <= 59 and set(found["leads"]["by source"]) == {"PTB-XL"}
    assert "| PTB-XL |" in (workshop / "docs" / "results" / "doctor.md").read_text()
    kept = {file.name for file in (workshop / "src" / "einthoven" / "assets" / "doctor").iterdir()}
    assert kept == {file.name for file in small_network.FOLDER.iterdir()}


def test_quality(mitdb_like, ptbxl_like, nstdb_like, workshop, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    for name, folder in (("mitdb", mitdb_like), ("ptb-xl", ptbxl_like), ("nstdb", nstdb_like)):
        (tmp_path / "data" / name).symlink_to(folder)
    assert run(workshop, monkeypatch, "quality", tmp_path / "data") == 0
    found = json.loads((workshop / "docs" / "results" / "quality" / "results.json").read_text())["stretches"]
    weights = workshop / "src" / "einthoven" / "assets" / "quality" / "index.npz"
    assert found["made: flat"]["unreadable"]["value"] > 0.9 and "mitdb, em at 0 dB" in found
    with np.load(weights, allow_pickle=False) as kept, np.load(quality_index.WEIGHTS, allow_pickle=False) as bundled:
        assert set(kept) == set(bundled) and kept["features"].tolist() == bundled["features"].tolist()


def test_trust(nstdb_like, workshop, tmp_path, monkeypatch):
    (tmp_path / "nstdb").symlink_to(nstdb_like)
    asked = []

    def answered(words):
        asked.append(words)
        noise, out = (Path(words[words.index(name) + 1]) for name in ("--noise", "--out"))
        kept = workshop / "docs" / "results" / "trust"
        assert wfdb.rdrecord(str(noise / "em")).sig_len == wfdb.rdheader(str(nstdb_like / "em")).sig_len // 2
        out.mkdir()
        found = json.loads((kept / "challenge2017-small.json").read_text()) | {"seed": 7}
        (out / "stress.json").write_text(json.dumps(found))
        (out / "stress.png").write_bytes(b"a figure")
        return 0

    monkeypatch.setattr("einthoven.cli.main.main", answered)
    assert run(workshop, monkeypatch, "trust", tmp_path, "challenge2017-small") == 0
    assert asked[0][:6] == [
        "stress",
        "challenge2017-small",
        "--from",
        str(tmp_path / "challenge-2017"),
        "--records",
        "24",
    ]
    text = (workshop / "docs" / "results" / "trust.md").read_text()
    kept = {file.stem for file in (workshop / "docs" / "results" / "trust").glob("*.json")}
    assert {line[3:] for line in text.splitlines() if line.startswith("## ")} == kept
    assert "clean; seed 7. " in text and "| `em` at -6 dB: stretches marked | 0.9" in text


def test_reading(ptbxl_like, workshop, monkeypatch, capsys):
    assert run(workshop, monkeypatch, "reading", ptbxl_like) == 0
    assert "59 records: into the store" in capsys.readouterr().out


def test_generated_corpora_of_full_size(workshop, monkeypatch, capsys):
    assert run(workshop, monkeypatch, "full_size_cpsc2018", 3) == 0
    assert "3 recordings" in capsys.readouterr().out
    assert run(workshop, monkeypatch, "full_size", 40) == 0
    assert "40 records into the store" in capsys.readouterr().out


def test_training(workshop, monkeypatch, capsys):
    before = (workshop / "docs" / "results" / "training_speed.md").read_text()
    assert run(workshop, monkeypatch, "training", 1, "transformer") == 0
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if line.startswith("| ")] == [line for line in told if "transformer (12" in line]
    assert (workshop / "docs" / "results" / "training_speed.md").read_text() == before


def test_backends(workshop, monkeypatch, capsys):
    kept = json.loads((workshop / "docs" / "results" / "speed" / "backends.json").read_text())
    assert run(workshop, monkeypatch, "backends", "arrhythminet_v2") == 0
    found = json.loads((workshop / "docs" / "results" / "speed" / "backends.json").read_text())
    assert set(found) == set(kept)
    assert found["cnn"] == kept["cnn"] and found["arrhythminet_v2"] != kept["arrhythminet_v2"]
    assert "| arrhythminet_v2 |" in (workshop / "docs" / "results" / "speed.md").read_text()


def test_speed(mitdb_like, workshop, monkeypatch):
    assert run(workshop, monkeypatch, "speed", mitdb_like, 1) == 0
    assert "1 runs of whole processes" in (workshop / "docs" / "results" / "speed.md").read_text()


def test_stream(mitdb_like, workshop, monkeypatch, capsys):
    assert run(workshop, monkeypatch, "stream", mitdb_like / "100.hea", 4) == 0
    told = capsys.readouterr().out
    assert told.count("exit 0") == 2 and "of one core" in told


RUN = {
    "heartbeats",
    "waves",
    "reading",
    "full_size",
    "full_size_cpsc2018",
    "training",
    "backends",
    "speed",
    "stream",
    "holter",
}
RUN |= {"trust", "doctor", "statements", "delineation", "heartbeats_fit", "quality", "mitbih_table", *PAGES}
"""Run here; mitbih_table on the runs that the commands of the README leave, in test_docs.py."""


def test_every_script_is_run_here():
    assert set(SCRIPTS) == RUN


@pytest.mark.parametrize(
    "script",
    sorted(
        RUN
        - {
            "mitbih_clean_table",
            "rhythm_table",
            "geodesic_table",
            "related_table",
            "full_size",
            "full_size_cpsc2018",
            "training",
            "backends",
        }
    ),
)
def test_a_script_without_its_input_ends_with_one_clear_error(script, workshop, tmp_path, monkeypatch, capsys):
    assert run(workshop, monkeypatch, script) == 2
    assert commands_of(script)[0] in capsys.readouterr().err
    assert run(workshop, monkeypatch, script, tmp_path / "nowhere") == 2
    refusal = refusal_in(capsys.readouterr().err)
    assert "nowhere" in refusal.summary + refusal.found


def test_the_command_line_of_a_script(tmp_path):
    words = [sys.executable, str(REPOSITORY / "bench" / "reading.py"), str(tmp_path / "nowhere")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 2
    assert refusal_in(done.stderr).kind == "CorpusIncomplete"
