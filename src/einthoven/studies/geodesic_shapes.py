"""Make the tissues of the study geodesic: a sheet with a slow patch, and two meshes that are written and read as files."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from einthoven.errors import optional_imports
from einthoven.models.geodesic import Tissue, read_mesh, sheet
from einthoven.paths import written_aside

Mesh = tuple[NDArray[np.float64], NDArray[np.int64], str]
"""Nodes in mm, cells, and what meshio calls the cells."""
MADE = ("surface", "tetrahedra")
PATCH_M_PER_S = 0.4
"""Speed along the fibres in the slow patch; elsewhere 1 m/s."""


def patchy_sheet(n_nodes: int, spacing_mm: float) -> Tissue:
    """Return a sheet that conducts slowly in a disc beside its middle.

    Parameters
    ----------
    n_nodes : int
        Nodes of a side.
    spacing_mm : float
        Distance of nodes, mm.
    """
    at = torch.arange(n_nodes) / (n_nodes - 1)
    y, x = torch.meshgrid(at, at, indexing="ij")
    in_patch = ((x - 0.67) ** 2 + (y - 0.33) ** 2).flatten() < 0.16**2
    return sheet(n_nodes, spacing_mm, torch.where(in_patch, PATCH_M_PER_S, 1.0))


def sphere(n_halvings: int, radius_mm: float) -> Mesh:
    """Return a sphere of triangles: an icosahedron whose edges are halved.

    Parameters
    ----------
    n_halvings : int
        How often the edges are halved.
    radius_mm : float
        Its radius, mm.
    """
    golden = (1 + 5**0.5) / 2
    corners = np.array([(a, b * golden, 0) for a in (-1, 1) for b in (-1, 1)], float)
    nodes = np.concatenate([np.roll(corners, shift, axis=1) for shift in range(3)])
    far = np.linalg.norm(nodes[:, None] - nodes, axis=-1)
    touch = np.isclose(far, 2.0)
    ways = [
        (a, b, c) for a in range(12) for b in range(a) for c in range(b) if touch[a, b] and touch[b, c] and touch[a, c]
    ]
    cells = np.array(ways, np.int64)
    for _ in range(n_halvings):
        edges = np.sort(cells[:, [[0, 1], [1, 2], [2, 0]]], axis=-1)
        names, which = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True)
        middle = which.reshape(-1, 3) + len(nodes)
        nodes = np.concatenate((nodes, nodes[names].mean(1)))
        of_corners = [np.stack((cells[:, k], middle[:, k], middle[:, k - 1]), 1) for k in range(3)]
        cells = np.concatenate((*of_corners, middle))
    return radius_mm * nodes / np.linalg.norm(nodes, axis=1, keepdims=True), cells, "triangle"


def ventricle(n_halvings: int) -> Mesh:
    """Return the surface of an ellipsoid, 50 mm wide and open at its base.

    Parameters
    ----------
    n_halvings : int
        How often the edges of an icosahedron are halved.
    """
    nodes, cells, kind = sphere(n_halvings, 1.0)
    cells = cells[(nodes[cells][..., 2] < 0.5).all(1)]
    return nodes * np.array([25.0, 25.0, 40.0]), cells, kind


def block(spacing_mm: float, size_mm: tuple[float, float, float] = (48.0, 36.0, 12.0)) -> Mesh:
    """Return a block of tetrahedra, six in each cube.

    Parameters
    ----------
    spacing_mm : float
        Distance of nodes, mm.
    size_mm : tuple of float
        Its length, width and height, mm.
    """
    n = [round(size / spacing_mm) + 1 for size in size_mm]
    nodes = np.stack(np.meshgrid(*map(np.arange, n), indexing="ij"), -1).reshape(-1, 3) * spacing_mm
    at = np.arange(len(nodes)).reshape(n)
    cubes = at[:-1, :-1, :-1].ravel()
    steps = (n[1] * n[2], n[2], 1)
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    cells = []
    for order in orders:
        ways = np.cumsum([0, *(steps[axis] for axis in order)])
        cells.append(cubes[:, None] + ways)
    return nodes.astype(float), np.concatenate(cells), "tetra"


def through_file(made: Mesh, file: Path) -> Tissue:
    """Write a mesh as VTK and read it back as tissue, as a mesh of the user's is read.

    Parameters
    ----------
    made : tuple
        Nodes, cells and their kind.
    file : Path
        The file, which is kept.
    """
    with optional_imports():
        import meshio
    nodes, cells, kind = made
    with written_aside(file) as aside:
        meshio.write(aside, meshio.Mesh(nodes, [(kind, cells)]), file_format="vtk42")
    return read_mesh(file)
