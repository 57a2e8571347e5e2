"""The notebooks in examples/ run from their first to their last cell, and hold no output."""

import json

import matplotlib
import pytest

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
