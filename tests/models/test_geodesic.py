"""The simulated heart: sweeps, closed forms, gradients, invariances, fits, mesh files, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault, EinthovenError, RecordUnreadable
from einthoven.models import geodesic
from einthoven.models.geodesic.tissue import shapes
from einthoven.studies import geodesic_checks as checks
from einthoven.studies import geodesic_fits as fits
from einthoven.studies.geodesic_shapes import block, patchy_sheet, sphere, ventricle

meshio = pytest.importorskip("meshio", reason="needs meshio")


def written(made, file, **point_data):
    nodes, cells, kind = made
    formats = {".vtk": "vtk42", ".msh": "gmsh", ".ply": "ply", ".off": "off"}
    options = {"binary": False} if file.suffix in (".vtk", ".msh", ".ply") else {}
    meshio.write(
        file, meshio.Mesh(nodes, [(kind, cells)], point_data=point_data), file_format=formats[file.suffix], **options
    )
    return file


def small_tissues():
    return {
        "sheet": patchy_sheet(15, 3.0),
        "surface": geodesic.mesh(*ventricle(2)[:2]),
        "tetrahedra": geodesic.mesh(*block(6.0)[:2]),
    }


def test_sweeps_equal_dijkstra_on_the_same_graph():
    for name, row in checks.sweeps(small_tissues()).items():
        assert row["largest_ms"] < 1e-4, name


def test_closed_forms_within_the_error_of_the_stencil():
    found = checks.closed_forms(21, 2, 6.0)
    assert found["sheet, 16 neighbours, speeds 1 : 1"]["largest"] <= 0.028
    assert found["sheet, 8 neighbours, speeds 1 : 1"]["largest"] <= 0.083
    assert found["sheet, 8 neighbours, speeds 1 : 1"]["largest"] > 0.07, "the corner between two directions is met"
    assert abs(found["sphere of triangles, along great circles"]["mean"]) < 0.01
    assert all(row["largest"] < 0.15 for row in found.values())


def test_gradients_equal_finite_differences():
    for name, row in checks.gradient(9, 2).items():
        assert row["n"] > 3 and row["largest"] < 1e-6, name


def test_activation_moves_with_the_tissue_and_time_and_scales_with_speed():
    tissue, places, times = patchy_sheet(13, 3.0), torch.tensor([[[9.0, 9.5, 0.0]]]), torch.tensor([[2.0]])
    at_ms = torch.arange(0.0, 60.0)
    heart = geodesic.Geodesic(tissue, geodesic.around(tissue), places, times)
    later = geodesic.Geodesic(tissue, geodesic.around(tissue), places, times + 5)
    torch.testing.assert_close(later.arrivals(), heart.arrivals() + 5)
    torch.testing.assert_close(later(at_ms + 5), heart(at_ms), rtol=1e-3, atol=1e-7)
    fast, slow = (geodesic.sheet(13, 3.0, speed) for speed in (1.0, 0.5))
    one, other = (geodesic.Geodesic(each, geodesic.around(each), places, times).arrivals() - 2 for each in (fast, slow))
    torch.testing.assert_close(other, 2 * one, rtol=1e-4, atol=1e-4)


def test_a_front_is_faster_along_the_fibres():
    nodes, cells, _ = block(6.0)
    tissue = geodesic.mesh(nodes, cells, np.tile([0.0, 2.0, 0.0], (len(nodes), 1)))
    reached = checks.at_nodes(tissue, [0])
    along_x, along_y = (int(np.flatnonzero((nodes == place).all(1))[0]) for place in ([36.0, 0, 0], [0, 36.0, 0]))
    assert reached[along_y] == pytest.approx(36.0, rel=1e-4) and reached[along_x] == pytest.approx(60.0, rel=1e-4)


def test_the_whole_of_the_tissue_at_once_is_silent():
    """A voltage that is the same everywhere has no gradient, so no potential: the weights of an electrode add up to zero."""
    for name, tissue in small_tissues().items():
        field = geodesic.lead_field(tissue.in_double(), geodesic.around(tissue).double())
        assert field.sum(1).abs().max() < 1e-9 * field.abs().sum(1).max(), name


def test_cells_have_the_area_and_the_volume_of_their_shape():
    ball = geodesic.mesh(*sphere(3, 30.0)[:2])
    assert shapes(ball.in_double())[2].sum() == pytest.approx(4 * np.pi * 900, rel=0.02)
    assert shapes(geodesic.mesh(*block(6.0)[:2]).in_double())[2].sum() == pytest.approx(48 * 36 * 12, rel=1e-6)


@settings(max_examples=20)
@given(st.lists(st.floats(-80, 80), min_size=3, max_size=3))
def test_the_closest_point_is_in_the_tissue_and_nearer_than_any_node(place):
    for tissue in (TISSUES["surface"], TISSUES["tetrahedra"]):
        point = torch.tensor([place])
        found = tissue.closest(point)
        torch.testing.assert_close(tissue.closest(found), found, rtol=1e-3, atol=1e-2)
        assert (found - point).norm() <= (tissue.nodes_mm - point).norm(dim=1).min() + 1e-3


TISSUES = small_tissues()


def test_a_point_of_a_solid_stays():
    inside = torch.tensor([[20.1, 11.3, 5.7]])
    torch.testing.assert_close(TISSUES["tetrahedra"].closest(inside), inside)


def test_sites_are_found_from_a_near_start(monkeypatch):
    tissue = patchy_sheet(16, 4.0)
    places, times = torch.tensor([[12.0, 15.0, 0.0], [45.0, 44.0, 0.0]]), torch.tensor([0.0, 6.0])
    truth = fits.simulated(tissue, places, times, geodesic.around(tissue))
    nodes = torch.cdist(truth.places_mm + 4.0, truth.tissue.nodes_mm).argmin(1)
    monkeypatch.setattr(torch, "randint", lambda *_, **__: nodes[None])
    rng = torch.Generator().manual_seed(0)
    done = geodesic.fit(truth.tissue, truth.electrodes_mm, truth.ecg, truth.at_ms, 2, 1, rng, 150)
    assert fits.off_by(done.places_mm, truth.places_mm).item() < 1.0
    assert done.residual.item() < 0.02
    assert (done.times_ms[0] - truth.times_ms).abs().max() < 1.0


def test_two_activations_have_one_ecg(tmp_path):
    found = fits.mirrored(13, tmp_path / "pair.png")
    assert found["residual"] < 1e-5 and found["activation_ms"] > 10.0
    assert (tmp_path / "pair.png").stat().st_size > 1000


@pytest.mark.parametrize("suffix", [".vtk", ".msh", ".ply", ".off"])
def test_a_surface_of_each_format_is_read(suffix, tmp_path):
    made = ventricle(2)
    tissue = geodesic.read_mesh(written(made, tmp_path / f"heart{suffix}"))
    expected = geodesic.mesh(*made[:2])
    torch.testing.assert_close(tissue.nodes_mm, expected.nodes_mm, rtol=1e-4, atol=1e-4)
    assert (tissue.cells == expected.cells).all()


def test_tetrahedra_with_fibres_are_read(tmp_path):
    nodes, cells, _ = made = block(6.0)
    fibres = np.tile([0.0, 1.0, 0.0], (len(nodes), 1))
    tissue = geodesic.read_mesh(written(made, tmp_path / "wall.vtk", fibers=fibres))
    torch.testing.assert_close(tissue.conduction, geodesic.mesh(nodes, cells, fibres).conduction)


def holed():
    nodes, cells, kind = sphere(2, 30.0)
    return nodes, cells[(nodes[cells][..., 2] < 26).all(1) & (nodes[cells][..., 2] > -26).all(1)], kind


def in_two():
    nodes, cells, kind = sphere(1, 30.0)
    return np.concatenate((nodes, nodes + 100.0)), np.concatenate((cells, cells + len(nodes))), kind


def flat_cell():
    nodes, cells, kind = sphere(1, 30.0)
    nodes[cells[0, 0]] = nodes[cells[0, 1]]
    return nodes, cells, kind


def in_metres():
    nodes, cells, kind = sphere(1, 30.0)
    return nodes / 1000, cells, kind


def not_a_number():
    nodes, cells, kind = sphere(1, 30.0)
    nodes[3, 1] = np.nan
    return nodes, cells, kind


BAD_MESHES = {holed: "2 borders", in_two: "2 pieces", flat_cell: "area", in_metres: "by 1000", not_a_number: "finite"}


@pytest.mark.parametrize("make", BAD_MESHES, ids=lambda make: make.__name__)
def test_a_mesh_on_which_fronts_would_go_wrong_is_refused(make, tmp_path):
    with pytest.raises(ConfigurationFault) as told:
        geodesic.read_mesh(written(make(), tmp_path / "heart.vtk"))
    assert BAD_MESHES[make] in str(told.value)


def test_cells_of_nodes_that_are_not_there_are_refused():
    nodes, cells, _ = sphere(1, 30.0)
    with pytest.raises(ConfigurationFault, match="not there"):
        geodesic.mesh(nodes, cells + 5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: b"", "heart.vtk"),
        (lambda text: text[: len(text) // 2], "whole file"),
        (lambda text: text.replace(b"UNSTRUCTURED_GRID", b"STRUCTURED_POINTS"), "unstructured grid"),
        (lambda text: text.replace(b"POINTS ", b"POINTS 99999999999"), "counts"),
        (lambda text: text.replace(b"\nCELLS", b"\nSELLS"), "whole file"),
    ],
)
def test_a_damaged_file_is_refused(change, told, tmp_path):
    file = written(ventricle(2), tmp_path / "heart.vtk")
    before = file.read_bytes()
    file.write_bytes(change(before))
    assert file.read_bytes() != before
    with pytest.raises(RecordUnreadable) as found:
        geodesic.read_mesh(file)
    assert told in str(found.value)


@pytest.mark.parametrize("suffix", [".vtk", ".msh", ".ply", ".off"])
def test_changed_bytes_give_a_mesh_or_a_clear_error(suffix, tmp_path):
    content = written(sphere(1, 30.0), tmp_path / f"heart{suffix}").read_bytes()
    rng = np.random.default_rng(0)
    file = tmp_path / f"changed{suffix}"
    for _ in range(30):
        changed = bytearray(content)
        for at in rng.integers(0, len(changed), 4):
            changed[at] = rng.integers(256)
        file.write_bytes(changed)
        try:
            geodesic.read_mesh(file)
        except EinthovenError as error:
            assert error.remedy


BAD_SITES = [
    (torch.tensor([[[90.0, 9.0, 0.0]]]), torch.tensor([[0.0]]), "outside"),
    (torch.tensor([[[9.0, 9.0, torch.nan]]]), torch.tensor([[0.0]]), "outside"),
    (torch.tensor([[[9.0, 9.0, 0.0]]]), torch.tensor([[torch.inf]]), "not finite"),
    (torch.tensor([[[9.0, 9.0, 0.0]]]), torch.tensor([0.0]), "shape"),
    (torch.zeros(1, 0, 3), torch.zeros(1, 0), "shape"),
]


@pytest.mark.parametrize(("places", "times", "told"), BAD_SITES)
def test_sites_that_are_nowhere_are_refused(places, times, told):
    tissue = geodesic.sheet(13, 3.0)
    with pytest.raises(ConfigurationFault, match=told):
        geodesic.Geodesic(tissue, geodesic.around(tissue), places, times)


def test_bad_electrodes_speeds_sheets_and_ecgs_are_refused():
    tissue = geodesic.sheet(13, 3.0)
    for call in (
        lambda: geodesic.lead_field(tissue, torch.tensor([[9.0, 9.0, 1.0]])),
        lambda: geodesic.lead_field(tissue, torch.tensor([[torch.nan, 9.0, 1.0]])),
        lambda: geodesic.sheet(13, 3.0, 0.0),
        lambda: geodesic.sheet(13, 3.0, 1.0, torch.inf),
        lambda: geodesic.sheet(1000),
        lambda: geodesic.sheet(13, n_neighbours=12),
        lambda: geodesic.fit(
            tissue, geodesic.around(tissue), torch.zeros(9, 5), torch.arange(5.0), 1, 1, torch.Generator()
        ),
    ):
        with pytest.raises(ConfigurationFault) as told:
            call()
        assert told.value.remedy


def test_the_catalogue_says_that_it_is_a_simulation(capsys):
    assert main(["models"]) == 0
    assert "geodesic" in capsys.readouterr().out
    assert main(["models", "geodesic"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "2308.08410" in told and "No recording of a patient is explained by it" in told
    assert "einthoven study geodesic" in told
