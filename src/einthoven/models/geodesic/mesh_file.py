"""Read tissue from a mesh file: VTK, Gmsh, PLY or OFF, by meshio."""

from __future__ import annotations

import re
import stat
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, optional_imports
from einthoven.models.geodesic.mesh import mesh
from einthoven.models.geodesic.tissue import Tissue

FORMATS = {".vtk": "vtk", ".msh": "gmsh", ".ply": "ply", ".off": "off"}
"""Module of meshio that reads a file, by its suffix."""
FIBRES = ("fibers", "fibres", "fiber", "fibre")
"""Names under which a file may state the direction of the fibres at its nodes."""
_MOST_BYTES = 64 << 20
_COUNT = re.compile(rb"(?mi)^\s*(?:points|cells|cell_types|dimensions|offsets|element \w+)\s+([\d ]+)")


def read_mesh(path: str | Path) -> Tissue:
    """Read tissue from a file of a triangulated surface or of tetrahedra, with coordinates in mm.

    Where a file holds both, the tetrahedra are the tissue. Directions of fibres are read from the vectors ``fibers`` or ``fibres``
    of its nodes; without them all directions are alike.

    Parameters
    ----------
    path : str or Path
        The file: legacy VTK with an unstructured grid, Gmsh, PLY or OFF.

    Returns
    -------
    Tissue
        The tissue.

    Raises
    ------
    RecordUnreadable
        If the file is missing, damaged, of another format, or holds neither triangles nor tetrahedra.
    ConfigurationFault
        If the mesh has holes, falls apart, is no heart's size in mm, or is too large.
    LibraryMissing
        If meshio is not installed.
    """
    path = Path(path)
    _require_readable(path)
    with optional_imports():
        reader = import_module(f"meshio.{FORMATS[path.suffix.lower()]}")
    try:
        found = reader.read(str(path))
        nodes, cells, fibres = _parts(found)
    except Exception as error:
        # A damaged file fails somewhere in meshio, with whatever error.
        raise _unreadable(path, f"{type(error).__name__}: {error}", f"a whole file of {path.suffix}") from error
    if cells is None:
        kinds = ", ".join(sorted({block.type for block in found.cells})) or "no cells"
        raise _unreadable(path, kinds, "triangles or tetrahedra")
    return mesh(nodes, cells, fibres)


def _require_readable(path: Path) -> None:
    if path.suffix.lower() not in FORMATS:
        raise _unreadable(path, f"a file of {path.suffix or 'no suffix'}", f"a file of {', '.join(FORMATS)}")
    try:
        told = path.stat()
        if not stat.S_ISREG(told.st_mode):
            raise _unreadable(path, "no regular file", "a regular file")
        if told.st_size > _MOST_BYTES:
            raise _unreadable(path, f"{told.st_size:,} bytes", f"at most {_MOST_BYTES:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error), "a file that can be read") from error
    if path.suffix.lower() == ".vtk" and not re.search(rb"(?mi)^\s*dataset\s+unstructured_grid", content[:4096]):
        raise _unreadable(
            path, "no unstructured grid", "DATASET UNSTRUCTURED_GRID, as ParaView writes after Append Datasets"
        )
    for counts in _COUNT.findall(content):
        if any(int(count) > len(content) for count in counts.split()):
            raise _unreadable(path, f"counts of {counts.decode()}", f"counts that {len(content):,} bytes can hold")


def _parts(found: Any) -> tuple[NDArray[np.float64], NDArray[np.int64] | None, NDArray[np.float64] | None]:
    """Return nodes, cells and fibres of what meshio read; no cells where it has neither tetrahedra nor triangles."""
    nodes = np.asarray(found.points, np.float64)
    if nodes.shape[1] == 2:
        nodes = np.column_stack((nodes, np.zeros(len(nodes))))
    of_kind = [found.get_cells_type(kind) for kind in ("tetra", "triangle")]
    cells = next((np.asarray(some, np.int64) for some in of_kind if len(some)), None)
    named = {name.lower(): values for name, values in found.point_data.items()}
    fibres = next((np.asarray(named[name], np.float64) for name in FIBRES if name in named), None)
    if fibres is not None and fibres.shape != nodes.shape:
        raise ValueError(f"fibres {fibres.shape} for nodes {nodes.shape}")
    return nodes, cells, fibres


def _unreadable(path: Path, found: str, expected: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} is no mesh that can be read.",
        found=found,
        expected=expected,
        remedy="meshio convert IN OUT.vtk      writes other formats as VTK; meshio info FILE shows what a file holds",
    )
