"""Fit sites to simulated ECGs whose sites are known, and look for different activations with one ECG."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from einthoven.models.geodesic import Geodesic, Tissue, around, fit, sheet
from einthoven.report.plots.activation import draw_fit, draw_pair

FOUND_MM = 3.0
"""Sites are found if each is this close to a true one."""
NOISE_DB = 20.0
SAME = 0.1
"""Residual, as a share of the ECG, that noise of 20 dB has too: such ECGs cannot be told apart."""
_APART_MM = 15.0


@dataclass(frozen=True, eq=False)
class Truth:
    """Sites that are known, and their ECG."""

    tissue: Tissue
    """The tissue."""
    places_mm: Tensor
    """Places of its two sites, [sites, 3]."""
    times_ms: Tensor
    """When they are activated, [sites]."""
    electrodes_mm: Tensor
    """Places of the electrodes, [electrodes, 3]."""
    at_ms: Tensor
    """Times of the samples, [samples]."""
    ecg: Tensor
    """Its ECG, [electrodes, samples]."""
    arrivals_ms: Tensor
    """Its activation, [nodes]."""


def simulated(tissue: Tissue, places_mm: Tensor, times_ms: Tensor, electrodes_mm: Tensor) -> Truth:
    """Simulate the ECG of sites.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    places_mm : Tensor [sites, 3], mm
        Places of the sites.
    times_ms : Tensor [sites], ms
        When they are activated.
    electrodes_mm : Tensor [electrodes, 3], mm
        Places of the electrodes.
    """
    heart = Geodesic(tissue, electrodes_mm, places_mm[None], times_ms[None])
    with torch.no_grad():
        arrivals = heart.arrivals()[0]
        at_ms = torch.arange(-10.0, float(arrivals.max()) + 25.0)
        return Truth(tissue, places_mm, times_ms, electrodes_mm, at_ms, heart(at_ms)[0], arrivals)


def drawn(tissue: Tissue, seed: int) -> Truth:
    """Draw two sites at random, at least 15 mm apart, of which one is up to 10 ms late.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    seed : int
        Seed of the draw.
    """
    rng = torch.Generator().manual_seed(seed)
    while True:
        places = tissue.nodes_mm[torch.randint(len(tissue.nodes_mm), (2,), generator=rng)]
        places = tissue.closest(places + 0.4 * tissue.spacing_mm * torch.randn(2, 3, generator=rng))
        if (places[0] - places[1]).norm() >= _APART_MM:
            break
    times = torch.tensor([0.0, 10 * torch.rand(1, generator=rng).item()])
    return simulated(tissue, places, times, around(tissue))


def off_by(places_mm: Tensor, truth: Tensor) -> Tensor:
    """Return how far the worse of two sites is from the truth, by the better of both orders.

    Parameters
    ----------
    places_mm : Tensor [starts, 2, 3], mm
        Places that were fitted.
    truth : Tensor [2, 3], mm
        The true ones.

    Returns
    -------
    Tensor [starts], mm
    """
    orders = [(places - truth).norm(dim=-1).amax(1) for places in (places_mm, places_mm.flip(1))]
    return torch.minimum(*orders)


def fitted(
    tissue: Tissue, seed: int, noise_db: float | None, n_starts: int, n_steps: int, figure: Path | None
) -> dict[str, Any]:
    """Fit two sites to the ECG of a drawn truth.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    seed : int
        Seed of the truth, of its noise and of the starts.
    noise_db : float, optional
        Signal-to-noise ratio of white noise that is added to the ECG, dB.
    n_starts, n_steps : int
        Random starts and steps of each.
    figure : Path, optional
        Where maps of truth and fit are drawn.

    Returns
    -------
    dict
        By start the residual and how far sites are off; of the best start also activation error and correlation.
    """
    truth = drawn(tissue, seed)
    rng = torch.Generator().manual_seed(10_000 + seed)
    ecg = truth.ecg
    if noise_db is not None:
        ecg = ecg + ecg.square().mean().sqrt() * 10 ** (-noise_db / 20) * torch.randn(ecg.shape, generator=rng)
    done = fit(tissue, truth.electrodes_mm, ecg, truth.at_ms, 2, n_starts, rng, n_steps)
    best = done.best
    if figure is not None:
        draw_fit(tissue, truth, done, figure)
    return {
        "off_mm": off_by(done.places_mm, truth.places_mm).tolist(),
        "residual": done.residual.tolist(),
        "best": best,
        "activation_ms": _rms(done.arrivals_ms[best] - truth.arrivals_ms),
        "correlation": float(torch.corrcoef(torch.stack((done.ecg[best].flatten(), truth.ecg.flatten())))[0, 1]),
    }


def mirrored(n_nodes: int, figure: Path) -> dict[str, Any]:
    """Return two different activations with one ECG: electrodes lie in a plane, and the two mirror each other in it.

    Parameters
    ----------
    n_nodes : int
        Nodes of a side of the sheet, 60 mm wide.
    figure : Path
        Where both are drawn.
    """
    tissue = sheet(n_nodes, 60.0 / (n_nodes - 1))
    angle = torch.linspace(0.3, 2.8, 9)
    centre = tissue.nodes_mm.mean(0)
    in_plane = torch.stack((angle.cos(), torch.zeros_like(angle), angle.sin()), 1)
    places = torch.tensor([[12.0, 14.0, 0.0], [45.0, 22.0, 0.0]])
    times = torch.tensor([0.0, 6.0])
    other = places * torch.tensor([1.0, -1.0, 1.0]) + torch.tensor([0.0, 60.0, 0.0])
    pair = [simulated(tissue, each, times, centre + 120.0 * in_plane) for each in (places, other)]
    draw_pair(tissue, pair, figure)
    return _compared(pair)


def as_good(tissue: Tissue, n_starts: int, n_steps: int, figure: Path) -> dict[str, Any]:
    """Fit four sites to the ECG of two, and return the fit that is as good as noise of 20 dB lets one see and differs most.

    Parameters
    ----------
    tissue : Tissue
        The tissue; nine electrodes are around it.
    n_starts, n_steps : int
        Random starts and steps of each.
    figure : Path
        Where truth and fit are drawn.

    Returns
    -------
    dict
        How many fits are as good, and how the one differs; that which differs most of all, if none is as good.
    """
    truth = drawn(tissue, 0)
    rng = torch.Generator().manual_seed(77)
    done = fit(tissue, truth.electrodes_mm, truth.ecg, truth.at_ms, 4, n_starts, rng, n_steps)
    differ = (done.arrivals_ms - truth.arrivals_ms).square().mean(1).sqrt()
    good = done.residual < SAME
    at = int(torch.where(good | ~good.any(), differ, -1.0).argmax())
    other = simulated(tissue, done.places_mm[at], done.times_ms[at], truth.electrodes_mm)
    heart = Geodesic(tissue, truth.electrodes_mm, done.places_mm[at][None], done.times_ms[at][None])
    with torch.no_grad():
        seen = heart(truth.at_ms)[0]
    pair = [
        truth,
        Truth(tissue, other.places_mm, other.times_ms, truth.electrodes_mm, truth.at_ms, seen, other.arrivals_ms),
    ]
    draw_pair(tissue, pair, figure)
    return _compared(pair) | {"starts": n_starts, "as_good": int(good.sum())}


def _compared(pair: list[Truth]) -> dict[str, Any]:
    first, second = pair
    n = min(len(first.at_ms), len(second.at_ms))
    differ = first.ecg[:, :n] - second.ecg[:, :n]
    activation = first.arrivals_ms - second.arrivals_ms
    return {
        "residual": float(differ.square().mean().sqrt() / first.ecg.square().mean().sqrt()),
        "activation_ms": _rms(activation),
        "largest_ms": float(activation.abs().max()),
    }


def _rms(values: Tensor) -> float:
    return float(values.square().mean().sqrt())
