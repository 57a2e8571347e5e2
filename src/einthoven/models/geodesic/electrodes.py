"""Say what electrodes outside see of a front: the lead field of each, applied to the tissue."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from einthoven.errors import ConfigurationFault
from einthoven.models.geodesic.tissue import Tissue, shapes


def around(tissue: Tissue, n_electrodes: int = 9, distance_mm: float = 120.0) -> Tensor:
    """Return places of electrodes on a half sphere about the tissue, at three heights, symmetric about no plane.

    Parameters
    ----------
    tissue : Tissue
        The tissue; its centre is that of the sphere.
    n_electrodes : int
        Number of electrodes.
    distance_mm : float
        Radius of the sphere, mm.

    Returns
    -------
    Tensor [electrodes, 3], mm
        The places.
    """
    at = torch.arange(n_electrodes, dtype=tissue.nodes_mm.dtype)
    azimuth = 2 * math.pi * (at / n_electrodes + 0.04 * torch.sin(3.0 * at))
    height = torch.tensor([0.25, 0.7, 1.15], dtype=at.dtype)[at.long() % 3]
    directions = torch.stack((height.cos() * azimuth.cos(), height.cos() * azimuth.sin(), height.sin()), 1)
    return tissue.nodes_mm.mean(0) + distance_mm * directions


def lead_field(tissue: Tissue, electrodes_mm: Tensor) -> Tensor:
    """Return by how much the voltage of each node shows at each electrode.

    The potential at an electrode is the integral over the tissue of ∇(1/distance) · D ∇V: a source in an unbounded volume, with
    the conductivity proportional to the squared speed D. For a voltage V that is linear on each cell it is a weighted sum over
    nodes.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    electrodes_mm : Tensor [electrodes, 3], mm
        Places of the electrodes, outside of the tissue.

    Returns
    -------
    Tensor [electrodes, nodes]
        The weights, relative to the mean of all electrodes, in an arbitrary unit.

    Raises
    ------
    ConfigurationFault
        If a place is not finite, or an electrode touches the tissue.
    """
    ways = tissue.nodes_mm - electrodes_mm[:, None]
    closest = ways.norm(dim=-1).min(1).values
    if not (closest >= 2 * tissue.spacing_mm).all():
        raise ConfigurationFault(
            "An electrode is in the tissue or nowhere.",
            found=f"{closest.min().item():.3g} mm from the nearest node",
            expected=f"places outside, at least {2 * tissue.spacing_mm:.3g} mm (two edges) away",
            remedy="around(tissue, distance_mm=120)",
        )
    slopes, centres, sizes = shapes(tissue)
    of_cells = tissue.conduction[tissue.cells].mean(1)
    ways = centres - electrodes_mm[:, None]
    field = -ways / ways.norm(dim=-1, keepdim=True) ** 3
    by_corner = torch.einsum("c,ecx,cxy,cvy->ecv", sizes, field, of_cells, slopes)
    weights = torch.zeros(len(electrodes_mm), len(tissue.nodes_mm), dtype=by_corner.dtype)
    weights.index_add_(1, tissue.cells.flatten(), by_corner.flatten(1))
    return weights - weights.mean(0)
