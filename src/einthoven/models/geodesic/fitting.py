"""Fit early sites to an ECG from several random starts at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from einthoven.errors import ConfigurationFault
from einthoven.models.geodesic.heart import Geodesic
from einthoven.models.geodesic.tissue import Tissue

PLACES_MM, TIMES_MS = 1.5, 0.8
"""How far a step of Adam moves a place, and a time; from the middle of the steps on it falls to zero."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Early sites that were fitted, from each start."""

    places_mm: Tensor
    """Places of the sites, [starts, sites, 3]."""
    times_ms: Tensor
    """When they are activated, [starts, sites]."""
    arrivals_ms: Tensor
    """Activation of each node, [starts, nodes]."""
    ecg: Tensor
    """The ECG that they give, [starts, electrodes, samples]."""
    residual: Tensor
    """Root mean square of what of the ECG is left, as a share of that of the ECG, [starts]."""

    @property
    def best(self) -> int:
        """The start with the least residual."""
        return int(self.residual.argmin())


def fit(
    tissue: Tissue,
    electrodes_mm: Tensor,
    ecg: Tensor,
    at_ms: Tensor,
    n_sites: int,
    n_starts: int,
    rng: torch.Generator,
    n_steps: int = 200,
    latest_ms: float = 10.0,
) -> Fit:
    """Fit places and times of early sites to an ECG by Adam, from random starts.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    electrodes_mm : Tensor [electrodes, 3], mm
        Places of the electrodes.
    ecg : Tensor [electrodes, samples]
        Potentials relative to the mean of all electrodes, as :class:`Geodesic` gives them.
    at_ms : Tensor [samples], ms
        Times of the samples.
    n_sites, n_starts, n_steps : int
        Sites that are fitted, random starts, and steps of each.
    rng : Generator
        Source of the random starts.
    latest_ms : float
        Sites start at random times between 0 and this, ms.

    Returns
    -------
    Fit
        What each start led to.

    Raises
    ------
    ConfigurationFault
        If the ECG does not fit electrodes and times, is not finite, or is zero.
    """
    if ecg.shape != (len(electrodes_mm), len(at_ms)) or not ecg.isfinite().all() or not ecg.any():
        raise ConfigurationFault(
            "Sites cannot be fitted to this ECG.",
            found=f"an ECG {tuple(ecg.shape)}" + ("" if ecg.isfinite().all() else " with missing samples"),
            expected=f"[{len(electrodes_mm)} electrodes, {len(at_ms)} samples], finite, not all zero",
            remedy="ecg = Geodesic(tissue, electrodes_mm, places_mm, times_ms)(at_ms)[0].detach()",
        )
    nodes = torch.randint(len(tissue.nodes_mm), (n_starts, n_sites), generator=rng)
    times = latest_ms * torch.rand(n_starts, n_sites, generator=rng, dtype=ecg.dtype)
    heart = Geodesic(tissue, electrodes_mm, tissue.nodes_mm[nodes], times)
    size = ecg.square().mean()
    adam = torch.optim.Adam(
        [{"params": [heart.places_mm], "lr": PLACES_MM}, {"params": [heart.times_ms], "lr": TIMES_MS}]
    )
    slower = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: min(1.0, 2.0 - 2.0 * step / n_steps))
    for _ in range(n_steps):
        adam.zero_grad()
        ((heart(at_ms) - ecg).square().mean((1, 2)) / size).sum().backward()
        adam.step()
        slower.step()
        heart.into_tissue()
    with torch.no_grad():
        found = heart(at_ms)
        residual = ((found - ecg).square().mean((1, 2)) / size).sqrt()
        return Fit(heart.places_mm.detach(), heart.times_ms.detach(), heart.arrivals(), found, residual)
