"""The notebooks in examples/ run from their first to their last cell and hold no output; its scripts do what they say."""

import csv
import json
import runpy

import matplotlib
import pytest
import wfdb

from tests.workshop import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "examples").glob("*.ipynb"))


def cells_of(notebook):
    """The code of a notebook, cell by cell."""
    content = json.loads(notebook.read_text())
    assert content["nbformat"] == 4
    return [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def test_there_is_a_notebook():
    assert [notebook.name for notebook in NOTEBOOKS] == ["interpret.ipynb"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)
def test_a_notebook_runs(notebook, tmp_path, monkeypatch, capsys):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells_of(notebook)):
        assert cell["outputs"] == []
        exec(compile("".join(cell["source"]), f"{notebook.name}, cell {number}", "exec"), names)
    assert "ventricular beats" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"208.json", "208.long.csv", "208.html", "208.atr"}
    matplotlib.pyplot.close("all")


SCRIPTS = sorted(file.name for file in (REPOSITORY / "examples").glob("*.py"))


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Run a script of examples/ in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(name, *words):
        monkeypatch.setattr("sys.argv", [name, *map(str, words)])
        runpy.run_path(str(REPOSITORY / "examples" / name), run_name="__main__")

    return run


def test_files_are_summarized_and_missing_ones_named(script, mitdb_like, tmp_path, capsys):
    script("summarize_files.py", mitdb_like / "208.hea", "missing.hea")
    assert "missing.hea skipped: record_unreadable" in capsys.readouterr().err
    with (tmp_path / "summary.csv").open() as table:
        (row,) = csv.DictReader(table)
    assert 30 < float(row["rate_bpm"]) < 180 and "/min" in row["summary"]


def test_a_live_signal_is_classified_beat_by_beat(script, mitdb_like, capsys):
    script("live_signal.py", mitdb_like / "208.hea")
    beats = [line for line in capsys.readouterr().out.splitlines() if line.startswith("beat ")]
    annotated = wfdb.rdann(str(mitdb_like / "208"), "atr")
    assert 0.9 < len(beats) / sum(symbol not in "+~|" for symbol in annotated.symbol) < 1.1


def test_annotations_are_counted_beside_predictions(script, mitdb_like, capsys):
    script("check_annotations.py", mitdb_like / "208.hea")
    rows = [line.rsplit(": ", 1) for line in capsys.readouterr().out.splitlines()]
    annotated = wfdb.rdann(str(mitdb_like / "208"), "atr")
    assert rows and sum(int(n) for _, n in rows) == sum(symbol in "NLRejAaJSVEF" for symbol in annotated.symbol)


def test_every_script_is_run_here():
    assert SCRIPTS == ["check_annotations.py", "live_signal.py", "summarize_files.py"]
