"""Make tissue of a triangulated surface or of tetrahedra, and refuse meshes on which fronts would go wrong."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from einthoven.errors import ConfigurationFault
from einthoven.models.geodesic.sheet import MOST_NODES
from einthoven.models.geodesic.tissue import Tissue, conduction, sizes

_MOST_STEPS = 4_000_000
_SIZES_MM = (5.0, 400.0)


def mesh(
    nodes_mm: NDArray[np.float64],
    cells: NDArray[np.int64],
    fibres: NDArray[np.float64] | None = None,
    along_m_per_s: float = 1.0,
    ratio: float = 0.6,
) -> Tissue:
    """Return tissue on a mesh.

    A front steps from a node to the nodes of its cells and to those of their cells, on the straight line.

    Parameters
    ----------
    nodes_mm : ndarray [nodes, 3], mm
        Places of the nodes; those of no cell are left out.
    cells : ndarray [cells, 3] or [cells, 4]
        Nodes of the triangles of a surface, or of tetrahedra.
    fibres : ndarray [nodes, 3], optional
        Direction of the fibres at each node; without it all directions are alike.
    along_m_per_s : float, m/s
        Speed along the fibres.
    ratio : float
        Speed across the fibres, as a share of that along them; unused without fibres.

    Returns
    -------
    Tissue
        The tissue.

    Raises
    ------
    ConfigurationFault
        If the mesh has holes, falls apart, has cells without area or volume, is no heart's size in mm, or is too large.
    """
    nodes_mm, cells, fibres = _used(nodes_mm, cells, fibres)
    extent = float(np.ptp(nodes_mm, axis=0).max())
    if not _SIZES_MM[0] <= extent <= _SIZES_MM[1]:
        raise _refused(
            "The mesh has not the size of a heart.",
            f"an extent of {extent:.3g}",
            f"an extent of {_SIZES_MM[0]:g} to {_SIZES_MM[1]:g} mm",
            "multiply the coordinates by 10 if they are in cm, by 1000 if they are in m",
        )
    near = _adjacency(cells, len(nodes_mm))
    n_pieces, piece = connected_components(near, directed=False)
    if n_pieces > 1:
        raise _refused(
            "The mesh is not connected.",
            f"{n_pieces} pieces, the largest of {np.bincount(piece).max():,} of {len(nodes_mm):,} nodes",
            "one piece, whose cells share their nodes",
            "merge nodes at the same place (in MeshLab: Merge Close Vertices), or keep the largest piece",
        )
    if cells.shape[1] == 3:
        _require_no_holes(cells)
    steps = _two_rings(near)
    dense = torch.from_numpy
    along = torch.ones(len(nodes_mm), 3) if fibres is None else dense(fibres).float()
    speeds = conduction(along, along_m_per_s, 1.0 if fibres is None else ratio)
    tissue = Tissue(dense(nodes_mm).float(), dense(cells), speeds, dense(steps))
    of_cells = sizes(tissue.in_double())
    thin = int((~(of_cells > 1e-6 * of_cells.median())).sum())
    if thin:
        raise _refused(
            "The mesh has cells without area or volume.",
            f"{thin:,} of {len(cells):,} cells",
            "cells with an area or a volume",
            "remove degenerate cells (in MeshLab: Remove Zero Area Faces)",
        )
    return tissue


def _refused(summary: str, found: str, expected: str, remedy: str) -> ConfigurationFault:
    return ConfigurationFault(summary, found=found, expected=expected, remedy=remedy)


def _used(
    nodes: NDArray[np.float64], cells: NDArray[np.int64], fibres: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64] | None]:
    """Return the nodes that cells use, numbered anew; refuse what is no mesh."""
    nodes, cells = np.asarray(nodes, np.float64), np.asarray(cells, np.int64)
    fits = nodes.ndim == 2 and nodes.shape[1] == 3 and cells.ndim == 2 and cells.shape[1] in (3, 4) and cells.size
    if not fits or cells.min() < 0 or cells.max() >= len(nodes):
        raise _refused(
            "There is no such mesh.",
            f"nodes {nodes.shape}, cells {cells.shape}" + (", cells of nodes that are not there" if fits else ""),
            "nodes [nodes, 3] in mm, and cells [cells, 3] or [cells, 4] of them",
            "mesh(nodes_mm, cells)",
        )
    names, renamed = np.unique(cells, return_inverse=True)
    if len(names) > MOST_NODES:
        raise _refused(
            "The mesh is too large.",
            f"{len(names):,} nodes",
            f"{MOST_NODES:,} nodes at most",
            "make it coarser (in MeshLab: Quadric Edge Collapse Decimation)",
        )
    kept, directions = nodes[names], None if fibres is None else np.asarray(fibres, np.float64)[names]
    for what, values in (("place", kept), ("fibre direction", directions)):
        if values is not None and not np.isfinite(values).all():
            raise _refused(
                f"The {what} of a node is not finite.",
                f"{int((~np.isfinite(values)).any(1).sum()):,} of {len(names):,} nodes",
                "finite numbers",
                "write the mesh again without them",
            )
    return kept, renamed.reshape(cells.shape).astype(np.int64), directions


def _adjacency(cells: NDArray[np.int64], n_nodes: int) -> csr_matrix:
    """Return which nodes share a cell, and each with itself."""
    belongs = (np.ones(cells.size), (np.repeat(np.arange(len(cells)), cells.shape[1]), cells.ravel()))
    of_cells = csr_matrix(belongs, shape=(len(cells), n_nodes))
    return ((of_cells.T @ of_cells) > 0).astype(np.int32)


def _require_no_holes(cells: NDArray[np.int64]) -> None:
    """Refuse a surface with more than one border: a base that is cut off is one."""
    edges = np.sort(np.concatenate((cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]])), axis=1)
    found, n = np.unique(edges, axis=0, return_counts=True)
    open_edges = found[n == 1]
    if not len(open_edges):
        return
    names, renamed = np.unique(open_edges, return_inverse=True)
    renamed = renamed.reshape(open_edges.shape)
    graph = csr_matrix((np.ones(len(renamed)), renamed.T), shape=(len(names), len(names)))
    n_borders = connected_components(graph, directed=False)[0]
    if n_borders > 1:
        raise _refused(
            "The mesh has holes.",
            f"{n_borders} borders, {len(open_edges):,} edges of one triangle only",
            "a closed surface, or one border where the base is cut off",
            "fill the holes (in MeshLab: Close Holes)",
        )


def _two_rings(near: csr_matrix) -> NDArray[np.int64]:
    """Return, for each node, the nodes within two cells, [nodes, most neighbours]; rows are filled up with the node itself."""
    wider = (near @ near).tocsr()
    n_steps = np.diff(wider.indptr)
    if len(n_steps) * int(n_steps.max()) > _MOST_STEPS:
        raise _refused(
            "The mesh is too uneven.",
            f"a node with {n_steps.max():,} others within two cells",
            f"at most {_MOST_STEPS // len(n_steps):,} for {len(n_steps):,} nodes",
            "make the cells more alike (in MeshLab: Isotropic Explicit Remeshing)",
        )
    steps = np.repeat(np.arange(len(n_steps))[:, None], n_steps.max(), axis=1)
    rows = np.repeat(np.arange(len(n_steps)), n_steps)
    steps[rows, np.arange(wider.nnz) - np.repeat(wider.indptr[:-1], n_steps)] = wider.indices
    return steps
