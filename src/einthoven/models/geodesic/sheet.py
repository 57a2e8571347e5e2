"""Make a flat sheet of tissue on a regular grid."""

from __future__ import annotations

import torch
from torch import Tensor

from einthoven.errors import ConfigurationFault
from einthoven.models.geodesic.tissue import Tissue, conduction

STENCILS = {
    8: ((0, 1), (1, 0), (1, 1), (1, -1)),
    16: ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)),
}
"""Half of the steps to neighbours, by the number of neighbours: those of a king, and a knight's besides."""
MOST_NODES = 20_000


def sheet(
    n_nodes: int = 41,
    spacing_mm: float = 1.5,
    along_m_per_s: Tensor | float = 1.0,
    ratio: float = 0.6,
    n_neighbours: int = 16,
) -> Tissue:
    """Return a square sheet whose fibres run along x.

    Parameters
    ----------
    n_nodes : int
        Nodes of a side.
    spacing_mm : float
        Distance of nodes, mm.
    along_m_per_s : Tensor [nodes] or float, m/s
        Speed along the fibres, node after node along x, then y.
    ratio : float
        Speed across the fibres, as a share of that along them.
    n_neighbours : int
        Directions of steps, 8 or 16.

    Returns
    -------
    Tissue
        The sheet, in the plane z = 0, from (0, 0) on.

    Raises
    ------
    ConfigurationFault
        If the sheet is too large, too small, or there is no such stencil.
    """
    if n_neighbours not in STENCILS or not 3 <= n_nodes**2 <= MOST_NODES or not 0 < spacing_mm < float("inf"):
        raise ConfigurationFault(
            "There is no such sheet.",
            found=f"n_nodes={n_nodes}, spacing_mm={spacing_mm}, n_neighbours={n_neighbours}",
            expected=f"2 to {int(MOST_NODES**0.5)} nodes of a side, a positive spacing, 8 or 16 neighbours",
            remedy="sheet(n_nodes=41, spacing_mm=1.5, n_neighbours=16)",
        )
    y, x = torch.meshgrid(torch.arange(n_nodes), torch.arange(n_nodes), indexing="ij")
    nodes = torch.stack((x, y, torch.zeros_like(x)), -1).reshape(-1, 3) * spacing_mm
    at = (y * n_nodes + x)[:-1, :-1].flatten()
    corners = torch.stack((at, at + 1, at + n_nodes, at + n_nodes + 1), 1)
    flipped = ((x + y)[:-1, :-1].flatten() % 2 == 1)[:, None]
    rising = ((0, 1, 3), (0, 3, 2))
    falling = ((0, 1, 2), (1, 3, 2))
    cells = torch.cat(
        [torch.where(flipped, corners[:, a], corners[:, b]) for a, b in zip(falling, rising, strict=True)]
    )
    steps = torch.tensor([*STENCILS[n_neighbours], *((-y, -x) for y, x in STENCILS[n_neighbours])])
    to_y, to_x = y.flatten()[:, None] + steps[:, 0], x.flatten()[:, None] + steps[:, 1]
    inside = (to_y >= 0) & (to_y < n_nodes) & (to_x >= 0) & (to_x < n_nodes)
    own = torch.arange(n_nodes**2)[:, None]
    neighbours = torch.where(inside, to_y * n_nodes + to_x, own)
    fibres = torch.tensor([1.0, 0.0, 0.0]).expand(len(nodes), 3)
    return Tissue(nodes, cells, conduction(fibres, along_m_per_s, ratio), neighbours)
