"""Simulate the QRS complex that early sites in a piece of heart give at electrodes around it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from einthoven.errors import ConfigurationFault
from einthoven.models.geodesic.arrival import arrival
from einthoven.models.geodesic.electrodes import lead_field
from einthoven.models.geodesic.tissue import Tissue


class Geodesic(nn.Module):
    """A simulated heart, run backwards: early sites whose activation gives an ECG. No recording of a patient is explained by it.

    Paper
        Grandits et al. 2023, arXiv 2308.08410: Geodesic-BP. Their code is not public; this follows the abstract.
    Departures
        - Arrival times are those of a graph whose steps are straight ways to near nodes, not of a solver on tetrahedra: on a sheet
          with one speed and 16 neighbours they are up to 2.8 % late, with 8 up to 8.2 %; more where fibres are faster.
        - Electrodes are in an unbounded volume, the conductivity is proportional to the squared speed, the tissue is a sheet,
          a surface or a block: there is no torso and no Purkinje system.
        - Several starts are fitted at once, since one ECG has several explanations (arXiv 2411.00165, the follow-up).

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    electrodes_mm : Tensor [electrodes, 3], mm
        Places of the electrodes.
    places_mm : Tensor [starts, sites, 3], mm
        Places of the early sites, in the tissue.
    times_ms : Tensor [starts, sites], ms
        When each site is activated.
    upstroke_ms : float
        Width of the upstroke: the voltage of a node is 1 / (1 + exp(-(t - arrival) / width)).

    Raises
    ------
    ConfigurationFault
        If there are no sites, places are outside of the tissue, or times are not finite.
    """

    def __init__(
        self,
        tissue: Tissue,
        electrodes_mm: Tensor,
        places_mm: Tensor,
        times_ms: Tensor,
        *,
        upstroke_ms: float = 3.0,
    ):
        super().__init__()
        _require_sites(tissue, places_mm, times_ms)
        self.tissue, self.upstroke_ms = tissue, upstroke_ms
        self.places_mm = nn.Parameter(places_mm.detach().clone())
        self.times_ms = nn.Parameter(times_ms.detach().clone())
        self.register_buffer("field", lead_field(tissue, electrodes_mm))
        self.register_buffer("steps_ms", tissue.steps_ms)

    def arrivals(self) -> Tensor:
        """Return when each node is activated.

        Returns
        -------
        Tensor [starts, nodes], ms
            Arrival times.
        """
        assert isinstance(self.steps_ms, Tensor)
        starting = self.tissue.starting(self.places_mm, self.times_ms)
        return arrival(starting, self.steps_ms, self.tissue.neighbours)

    def forward(self, at_ms: Tensor) -> Tensor:
        """Return the potentials at the electrodes.

        Parameters
        ----------
        at_ms : Tensor [samples], ms
            Times of the samples.

        Returns
        -------
        Tensor [starts, electrodes, samples]
            Potentials relative to the mean of all electrodes, in an arbitrary unit.
        """
        assert isinstance(self.field, Tensor)
        voltage = torch.sigmoid((at_ms[:, None] - self.arrivals()[:, None]) / self.upstroke_ms)
        return (voltage @ self.field.T).transpose(1, 2)

    def into_tissue(self) -> None:
        """Move sites that left the tissue to its closest point."""
        with torch.no_grad():
            self.places_mm.copy_(self.tissue.closest(self.places_mm))


def _require_sites(tissue: Tissue, places_mm: Tensor, times_ms: Tensor) -> None:
    if places_mm.ndim != 3 or not places_mm.numel() or times_ms.shape != places_mm.shape[:2] or places_mm.shape[2] != 3:
        raise ConfigurationFault(
            "The early sites have the wrong shape.",
            found=f"places {tuple(places_mm.shape)}, times {tuple(times_ms.shape)}",
            expected="places [starts, sites, 3] in mm and times [starts, sites] in ms, with a site at least",
            remedy="places_mm=torch.tensor([[[30.0, 30.0, 0.0]]]), times_ms=torch.tensor([[0.0]])",
        )
    if not times_ms.isfinite().all():
        raise ConfigurationFault(
            "The time of an early site is not finite.",
            found=f"{times_ms[~times_ms.isfinite()][0].item()} ms",
            expected="finite times in ms",
            remedy="leave out the sites that are never activated",
        )
    finite = places_mm.isfinite().all()
    off = (tissue.closest(places_mm) - places_mm).norm(dim=-1) if finite else torch.tensor(torch.inf)
    if not off.max() <= 0.01 * tissue.spacing_mm:
        raise ConfigurationFault(
            "An early site is outside of the tissue.",
            found=f"a site {off.max().item():.3g} mm away",
            expected="places in the tissue, in mm",
            remedy="places_mm=tissue.closest(places_mm)      the closest points of the tissue",
        )
