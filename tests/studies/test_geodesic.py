"""The study of the simulated heart: steps, page, figures, resuming, a mesh of the user's."""

import json
import time

import pytest

from einthoven.cli.main import main
from einthoven.report import geodesic_study
from einthoven.studies import geodesic
from einthoven.studies import geodesic_fits as fits
from einthoven.studies.geodesic_shapes import ventricle
from tests.models.test_geodesic import written

pytest.importorskip("meshio", reason="needs meshio")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder, started = tmp_path_factory.mktemp("studies") / "geodesic", time.process_time()
    found = geodesic.run(None, folder, quick=True)
    return folder, found, time.process_time() - started


def test_a_smoke_run_is_short_and_says_so(done):
    folder, found, seconds = done
    assert seconds < 30
    assert found["smoke_run"] and found["remarks"][0].startswith("SMOKE RUN")
    assert "SMOKE RUN" in (folder / "table.md").read_text()


def test_page_and_figures_say_that_it_is_a_simulation(done):
    folder, found, _ = done
    page = (folder / "table.md").read_text()
    assert "A SIMULATION: no recording is read" in page and found["simulation"]
    drawn = {file.stem for file in (folder / "figures").glob("*.png")}
    assert drawn == {"sheet-clean", "surface-clean", "tetrahedra-clean", "pair-mirrored", "pair-as-good"}
    assert all(f"figures/{name}.png" in page for name in drawn)
    assert [row[1] for row in found["rows"]] == ["clean", "noise"] * 3


def test_finished_steps_are_not_repeated(done, monkeypatch):
    folder, found, _ = done
    monkeypatch.setattr(geodesic, "_fits", lambda *_: pytest.fail("fitted again"))
    assert geodesic.run(None, folder, quick=True)["rows"] == found["rows"]


def test_the_mesh_of_a_user_takes_the_place_of_those_that_are_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fits, "draw_fit", lambda *_: None)
    monkeypatch.setattr(fits, "draw_pair", lambda *_: None)
    mesh = written(ventricle(1), tmp_path / "mine.vtk")
    assert main(["study", "geodesic", "--from", str(mesh), "--out", str(tmp_path / "out"), "--quick"]) == 0
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [row[0].split(",")[0] for row in found["rows"]] == ["sheet", "sheet", "mine", "mine"]
    assert "--from mine.vtk" in (tmp_path / "out" / "table.md").read_text()


def test_rows_count_what_is_found():
    truths = [
        {"off_mm": [1.0, 9.0], "best": 0, "activation_ms": 1.0, "correlation": 0.99},
        {"off_mm": [8.0, 2.9], "best": 0, "activation_ms": 3.0, "correlation": 0.97},
    ]
    row = geodesic_study._row("sheet", "clean", truths)
    assert row[2] == "2" and row[3].startswith("0.50 (0.50 to 0.50) of 4") and row[4] == "1 of 2"
    assert row[5].startswith("4.50 (") and row[6].startswith("2.00 (")
