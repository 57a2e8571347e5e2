"""Hold tissue that conducts: nodes, cells, the speed at each node, and how long a step to each neighbour takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from einthoven.errors import ConfigurationFault


def conduction(fibres: Tensor, along_m_per_s: Tensor | float, ratio: float) -> Tensor:
    """Return the tensor of the squared speed, D, at each node.

    Parameters
    ----------
    fibres : Tensor [nodes, 3]
        Direction of the fibres; of any length but zero.
    along_m_per_s : Tensor [nodes] or float, m/s
        Speed along the fibres; 1 m/s is 1 mm/ms.
    ratio : float
        Speed across the fibres, as a share of that along them; 1 where all directions are alike.

    Returns
    -------
    Tensor [nodes, 3, 3], mm²/ms²
        D, so that a front in the direction e takes sqrt(e · D⁻¹ e) ms for the way e.

    Raises
    ------
    ConfigurationFault
        If a speed, the ratio or a direction is zero, negative or not finite.
    """
    speed = torch.as_tensor(along_m_per_s, dtype=fibres.dtype).expand(len(fibres))
    length = fibres.norm(dim=-1, keepdim=True)
    for name, values in (("speed", speed), ("ratio", torch.tensor(ratio)), ("length of a fibre direction", length)):
        wrong = ~(values.isfinite() & (values > 0))
        if wrong.any():
            raise ConfigurationFault(
                f"The {name} must be positive and finite.",
                found=f"{values[wrong].flatten()[0].item():g} ({int(wrong.sum())} in all)",
                expected="positive numbers; myocardium conducts at about 0.3 to 1 m/s",
                remedy="along_m_per_s=1.0, ratio=0.6",
            )
    along = (fibres / length)[:, :, None] * (fibres / length)[:, None, :]
    across = torch.eye(3, dtype=fibres.dtype) - along
    squared: Tensor = speed[:, None, None] ** 2 * (along + ratio**2 * across)
    return squared


@dataclass(frozen=True, eq=False)
class Tissue:
    """Tissue that conducts."""

    nodes_mm: Tensor
    """Places of the nodes, [nodes, 3]."""
    cells: Tensor
    """Nodes of each cell, [cells, 3] triangles of a surface or [cells, 4] tetrahedra."""
    conduction: Tensor
    """Tensor of the squared speed at each node, [nodes, 3, 3], mm²/ms²."""
    neighbours: Tensor
    """Nodes that a front reaches in one step from each node, [nodes, most neighbours]; a row is filled up with its own node."""

    @property
    def spacing_mm(self) -> float:
        """Median length of the edges of the cells."""
        corners = self.nodes_mm[self.cells]
        return float((corners - corners.roll(1, 1)).norm(dim=-1).median())

    @property
    def slowness(self) -> Tensor:
        """Inverse of the conduction, [nodes, 3, 3], ms²/mm²."""
        inverse: Tensor = torch.linalg.inv(self.conduction)
        return inverse

    @property
    def steps_ms(self) -> Tensor:
        """Time of each step, [nodes, most neighbours]: the mean of what it takes by the speeds at its two ends."""
        ways = self.nodes_mm[self.neighbours] - self.nodes_mm[:, None]
        slowness = self.slowness
        here = _times(ways, slowness[:, None])
        there = _times(ways, slowness[self.neighbours])
        no_step = self.neighbours == torch.arange(len(self.neighbours))[:, None]
        return torch.where(no_step, torch.inf, 0.5 * (here + there))

    def in_double(self) -> Tissue:
        """Return the same tissue in double precision."""
        return replace(self, nodes_mm=self.nodes_mm.double(), conduction=self.conduction.double())

    def starting(self, places_mm: Tensor, times_ms: Tensor) -> Tensor:
        """Return when the nodes near each early site are reached straight from it.

        The way from a site to the nodes within two edges of it is straight, by the speed at the node. So the places of sites are
        differentiable, and need not be nodes.

        Parameters
        ----------
        places_mm : Tensor [starts, sites, 3], mm
            Places of the early sites.
        times_ms : Tensor [starts, sites], ms
            When each site is activated.

        Returns
        -------
        Tensor [starts, nodes], ms
            The earliest arrival from a near site; infinite at nodes that are near none.
        """
        ways = self.nodes_mm - places_mm[:, :, None]
        reached = times_ms[:, :, None] + _times(ways, self.slowness)
        far = ways.norm(dim=-1)
        near = far <= torch.clamp(far.min(-1, keepdim=True).values, min=2 * self.spacing_mm)
        return torch.where(near, reached, torch.inf).min(1).values

    def closest(self, places_mm: Tensor) -> Tensor:
        """Return the point of the tissue that is closest to each place.

        Parameters
        ----------
        places_mm : Tensor [..., 3], mm
            The places.

        Returns
        -------
        Tensor [..., 3], mm
            The places themselves, where they are in the tissue.
        """
        points = places_mm.reshape(-1, 3)
        faces = self.cells
        kept = torch.zeros(len(points), dtype=torch.bool)
        if self.cells.shape[1] == 4:
            slopes, centres, _ = shapes(self)
            shares = 0.25 + torch.einsum("cvx,pcx->pcv", slopes, points[:, None] - centres)
            kept = (shares > -1e-6).all(-1).any(-1)
            faces = border(self.cells)
        moved = _closest_of_faces(points, self.nodes_mm[faces])
        return torch.where(kept[:, None], points, moved).reshape(places_mm.shape)


def shapes(tissue: Tissue) -> tuple[Tensor, Tensor, Tensor]:
    """Return what linear functions on the cells need.

    Parameters
    ----------
    tissue : Tissue
        The tissue.

    Returns
    -------
    slopes : Tensor [cells, corners, 3], 1/mm
        Gradient of the function that is 1 at a corner and 0 at the others.
    centres : Tensor [cells, 3], mm
        Centre of each cell.
    sizes : Tensor [cells], mm² or mm³
        Area or volume of each cell.
    """
    corners = tissue.nodes_mm[tissue.cells]
    edges = corners[:, 1:] - corners[:, :1]
    gram = edges @ edges.transpose(1, 2)
    of_others = torch.linalg.solve(gram, edges)
    slopes = torch.cat((-of_others.sum(1, keepdim=True), of_others), 1)
    return slopes, corners.mean(1), sizes(tissue)


def sizes(tissue: Tissue) -> Tensor:
    """Return the area or volume of each cell.

    Parameters
    ----------
    tissue : Tissue
        The tissue.

    Returns
    -------
    Tensor [cells], mm² or mm³
    """
    corners = tissue.nodes_mm[tissue.cells]
    edges = corners[:, 1:] - corners[:, :1]
    found: Tensor = torch.linalg.det(edges @ edges.transpose(1, 2)).clamp(min=0).sqrt()
    return found / (2.0 if edges.shape[1] == 2 else 6.0)


def border(cells: Tensor) -> Tensor:
    """Return the faces of tetrahedra that belong to one of them only.

    Parameters
    ----------
    cells : Tensor [cells, 4]
        Nodes of each tetrahedron.

    Returns
    -------
    Tensor [faces, 3]
        Nodes of each face.
    """
    faces = torch.cat([cells[:, [at for at in range(4) if at != left]] for left in range(4)])
    found, n = torch.unique(faces.sort(dim=1).values, dim=0, return_counts=True)
    outer: Tensor = found[n == 1]
    return outer


def _times(ways: Tensor, slowness: Tensor) -> Tensor:
    """Return sqrt(way · slowness · way); the small number keeps its slope finite where a site lies on a node."""
    return ((ways[..., None, :] @ slowness @ ways[..., :, None])[..., 0, 0] + 1e-12).sqrt()


def _closest_of_faces(points: Tensor, corners: Tensor) -> Tensor:
    """Return the closest point [points, 3] on triangles [faces, 3, 3]: below the point if that is inside, else on an edge."""
    best, closest = torch.full((len(points),), torch.inf, dtype=points.dtype), points
    edges = corners[:, 1:] - corners[:, :1]
    ways = points[:, None] - corners[:, 0]
    gram = edges @ edges.transpose(1, 2)
    shares = torch.linalg.solve(gram, torch.einsum("fex,pfx->pfe", edges, ways)[..., None])[..., 0]
    below = corners[:, 0] + torch.einsum("pfe,fex->pfx", shares, edges)
    inside = (shares >= 0).all(-1) & (shares.sum(-1) <= 1)
    candidates = [(below, inside)]
    for first, second in ((0, 1), (1, 2), (2, 0)):
        edge = corners[:, second] - corners[:, first]
        share = ((points[:, None] - corners[:, first]) * edge).sum(-1) / (edge * edge).sum(-1)
        candidates.append((corners[:, first] + share.clamp(0, 1)[..., None] * edge, torch.ones_like(inside)))
    for candidate, valid in candidates:
        far = torch.where(valid, (points[:, None] - candidate).norm(dim=-1), torch.inf)
        distance, at = far.min(1)
        nearer = distance < best
        best = torch.where(nearer, distance, best)
        closest = torch.where(nearer[:, None], candidate[torch.arange(len(points)), at], closest)
    return closest
