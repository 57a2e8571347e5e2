"""Check the simulation geodesic: against Dijkstra's algorithm, closed forms and finite differences."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

from einthoven.models.geodesic import Geodesic, Tissue, around, arrival, mesh, sheet
from einthoven.studies.geodesic_shapes import block, sphere


def at_nodes(tissue: Tissue, nodes: list[int]) -> Tensor:
    """Return arrival times from one start, at time 0, at nodes themselves.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    nodes : list of int
        The nodes where activation begins.

    Returns
    -------
    Tensor [nodes], ms
        Arrival times.
    """
    starting = torch.full((1, len(tissue.nodes_mm)), torch.inf, dtype=tissue.nodes_mm.dtype)
    starting[0, nodes] = 0.0
    return arrival(starting, tissue.steps_ms, tissue.neighbours)[0]


def by_dijkstra(tissue: Tissue, nodes: list[int]) -> NDArray[np.float64]:
    """Return the same times by SciPy's Dijkstra on the same graph.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    nodes : list of int
        The nodes where activation begins.

    Returns
    -------
    ndarray [nodes], ms
        Arrival times.
    """
    steps = tissue.steps_ms.double().numpy()
    there = np.isfinite(steps)
    rows = np.nonzero(there)[0]
    graph = csr_matrix((steps[there], (rows, tissue.neighbours.numpy()[there])), shape=(len(steps), len(steps)))
    found: NDArray[np.float64] = dijkstra(graph, indices=nodes, min_only=True)
    return found


def sweeps(tissues: dict[str, Tissue]) -> dict[str, Any]:
    """Compare sweeps with Dijkstra's algorithm.

    Parameters
    ----------
    tissues : dict of Tissue
        The tissues by name.

    Returns
    -------
    dict
        Of each: nodes, steps of a node, and the largest difference in ms.
    """
    found: dict[str, Any] = {}
    for name, tissue in tissues.items():
        nodes = [0, len(tissue.nodes_mm) // 3]
        differ = np.abs(at_nodes(tissue, nodes).double().numpy() - by_dijkstra(tissue, nodes)).max()
        n_steps = tissue.steps_ms.isfinite().sum(1)
        found[name] = {"nodes": len(tissue.nodes_mm), "steps": int(n_steps.max()), "largest_ms": float(differ)}
    return found


def closed_forms(n_nodes: int, n_halvings: int, spacing_mm: float) -> dict[str, Any]:
    """Compare arrival times with closed forms where speed is the same everywhere.

    Parameters
    ----------
    n_nodes : int
        Nodes of a side of the sheets; odd, so that there is one in the middle.
    n_halvings : int
        How fine the sphere is.
    spacing_mm : float
        Distance of nodes of the block, mm.

    Returns
    -------
    dict
        Of each tissue: nodes, and the mean and largest error as a share of the arrival time, beyond three steps.
    """
    middle = n_nodes * n_nodes // 2
    found = {}
    for n_neighbours in (8, 16):
        for ratio in (1.0, 0.6):
            tissue = sheet(n_nodes, 1.5, 1.0, ratio, n_neighbours).in_double()
            ways = tissue.nodes_mm - tissue.nodes_mm[middle]
            exact = (ways[:, 0] ** 2 + (ways[:, 1] / ratio) ** 2).sqrt()
            found[f"sheet, {n_neighbours} neighbours, speeds 1 : {ratio:g}"] = _errors(tissue, middle, exact)
    nodes, cells, _ = sphere(n_halvings, 30.0)
    ball = mesh(nodes, cells).in_double()
    angle = (ball.nodes_mm @ ball.nodes_mm[0] / 900.0).clamp(-1, 1).arccos()
    found["sphere of triangles, along great circles"] = _errors(ball, 0, 30.0 * angle)
    nodes, cells, _ = block(spacing_mm)
    solid = mesh(nodes, cells).in_double()
    found["block of tetrahedra, straight"] = _errors(solid, 0, (solid.nodes_mm - solid.nodes_mm[0]).norm(dim=-1))
    return found


def _errors(tissue: Tissue, node: int, exact: Tensor) -> dict[str, Any]:
    error = (at_nodes(tissue, [node]) - exact) / exact
    far = exact > 3 * tissue.spacing_mm
    shares = error[far]
    return {
        "nodes": int(far.sum()),
        "mean": float(shares.mean()),
        "largest": float(shares.max()),
        "least": float(shares.min()),
    }


def gradient(n_nodes: int, n_repeats: int) -> dict[str, Any]:
    """Compare gradients of random sums of ECG samples with finite differences, in double precision.

    Speeds are drawn for each node: on a sheet of one speed many paths are equally short, and have no derivative.

    Parameters
    ----------
    n_nodes : int
        Nodes of a side of the sheet.
    n_repeats : int
        Random sites and sums.

    Returns
    -------
    dict
        Of places, times and steps: how many derivatives, and the largest difference as a share of the largest derivative.
    """
    found: dict[str, list[float]] = {"places": [], "times": [], "steps": []}
    at_ms = torch.arange(-10.0, 60.0, dtype=torch.float64)
    for seed in range(n_repeats):
        rng = torch.Generator().manual_seed(seed)
        tissue = sheet(n_nodes, 1.5, 0.8 + 0.4 * torch.rand(n_nodes**2, generator=rng)).in_double()
        extent = tissue.nodes_mm.max()
        places = 0.1 * extent + 0.8 * extent * torch.rand(1, 2, 3, generator=rng, dtype=torch.float64)
        places[..., 2] = 0.0
        times = 6 * torch.rand(1, 2, generator=rng, dtype=torch.float64)
        heart = Geodesic(tissue, around(tissue), places, times)
        steps = torch.nn.Parameter(tissue.steps_ms)
        heart.steps_ms = steps
        weights = torch.randn(9, len(at_ms), generator=rng, dtype=torch.float64)
        heart.zero_grad()
        _sum(heart, at_ms, weights).backward()  # type: ignore[no-untyped-call]
        for name, values in (("places", heart.places_mm), ("times", heart.times_ms), ("steps", steps)):
            assert values.grad is not None
            largest = values.grad.abs().flatten().topk(min(8, values.numel())).indices
            scale = values.grad.abs().max()
            for at in largest.tolist():
                differ = _finite_difference(heart, at_ms, weights, values, at) - values.grad.flatten()[at]
                found[name].append(float(differ.abs() / scale))
    return {name: {"n": len(values), "largest": max(values)} for name, values in found.items()}


def _sum(heart: Geodesic, at_ms: Tensor, weights: Tensor) -> Tensor:
    total: Tensor = 1e3 * (heart(at_ms)[0] * weights).sum()
    return total


def _finite_difference(heart: Geodesic, at_ms: Tensor, weights: Tensor, values: Tensor, at: int) -> Tensor:
    """Return the central difference of the sum over 2e-5 mm or ms."""
    with torch.no_grad():
        flat = values.view(-1)
        before = flat[at].clone()
        sums = []
        for step in (1e-5, -1e-5):
            flat[at] = before + step
            sums.append(_sum(heart, at_ms, weights))
        flat[at] = before
    return (sums[0] - sums[1]) / 2e-5
