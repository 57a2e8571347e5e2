"""Augment training windows: each augmentation is a function with physical units, and AUGMENTATIONS lists them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from einthoven.data.augmentation_names import NAMES


@dataclass(frozen=True)
class Batch:
    """Windows to augment, and the typical beats that belong to them.

    Parameters
    ----------
    signal : Tensor [batch, leads, samples]
        The windows.
    beat : Tensor [batch, leads, beat_samples], optional
        Their typical beats, changed as their windows are.
    fs_hz : float
        Sampling rate, Hz.
    r_peak : int
        Samples of a typical beat ahead of its R peak.
    """

    signal: Tensor
    beat: Tensor | None
    fs_hz: float
    r_peak: int = 0

    def __len__(self) -> int:
        return len(self.signal)

    def map(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """Return windows and typical beats, both changed.

        Parameters
        ----------
        change : callable
            Takes and returns a tensor [batch, leads, samples].
        """
        return replace(self, signal=change(self.signal), beat=None if self.beat is None else change(self.beat))

    def times(self, factor: Tensor) -> "Batch":
        """Return windows and typical beats, both multiplied by a factor.

        Parameters
        ----------
        factor : Tensor [batch, 1 or leads, 1]
            The factor.
        """
        return self.map(lambda x: x * factor.to(x.device))


Augmentation = Callable[..., Batch]
"""Takes a batch and a generator of random numbers, and returns the augmented batch."""


def shift(batch: Batch, rng: torch.Generator, *, most_s: float = 0.03) -> Batch:
    """Move each window in time, all its leads together; its first or last sample fills the gap.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    most_s : float, seconds
        Largest shift in either direction.
    """
    most = round(most_s * batch.fs_hz)
    by = torch.randint(-most, most + 1, (len(batch), 1, 1), generator=rng)

    def moved(x: Tensor) -> Tensor:
        at = (torch.arange(x.shape[-1]) + by).clamp_(0, x.shape[-1] - 1)
        return x.gather(2, at.to(x.device).expand_as(x))

    return batch.map(moved)


def stretch(batch: Batch, rng: torch.Generator, *, most: float = 0.2) -> Batch:
    """Stretch or squeeze each window about its middle, and its typical beat about the R peak.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    most : float
        Largest change of the logarithm of the duration.
    """
    factor = torch.exp(most * (2 * torch.rand((len(batch), 1, 1), generator=rng) - 1))

    def stretched(x: Tensor, middle: float) -> Tensor:
        n = x.shape[-1]
        at = ((torch.arange(n) - middle) * factor + middle).clamp_(0, n - 1.001).to(x.device)
        low = at.long()
        part = at - low
        return x.gather(2, low.expand_as(x)) * (1 - part) + x.gather(2, (low + 1).expand_as(x)) * part

    signal = stretched(batch.signal, (batch.signal.shape[-1] - 1) / 2)
    return replace(
        batch, signal=signal, beat=None if batch.beat is None else stretched(batch.beat, float(batch.r_peak))
    )


def other_leads(batch: Batch, rng: torch.Generator, *, dropped: float = 0.3) -> Batch:
    """Invert each lead but the first half of the time, and sometimes silence it: it may be any lead.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    dropped : float
        Probability that a lead is silenced.
    """
    draw = torch.rand((2, *batch.signal.shape[:2], 1), generator=rng)
    factor = torch.where(draw[0] < 0.5, -1.0, 1.0) * (draw[1] >= dropped)
    factor[:, 0] = 1.0
    return batch.times(factor)


def inverted(batch: Batch, rng: torch.Generator, *, chance: float = 0.5) -> Batch:
    """Invert all leads of some windows: swapped electrodes, or a device held upside down.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    chance : float
        Probability that a window is inverted.
    """
    return batch.times(torch.where(torch.rand((len(batch), 1, 1), generator=rng) < chance, -1.0, 1.0))


def gain(batch: Batch, rng: torch.Generator, *, most: float = 0.2) -> Batch:
    """Scale each lead of each window by a random factor.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    most : float
        Largest difference of the factor from 1.
    """
    return batch.times(1 + most * (2 * torch.rand((*batch.signal.shape[:2], 1), generator=rng) - 1))


def noise(batch: Batch, rng: torch.Generator, *, most: float = 0.05) -> Batch:
    """Add white noise, its strength drawn for each window.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    most : float, unit of the scaled signal
        Largest standard deviation.
    """
    strength = most * torch.rand((len(batch), 1, 1), generator=rng)
    return batch.map(lambda x: x + (strength * torch.randn(x.shape, generator=rng)).to(x.device))


def wander(batch: Batch, rng: torch.Generator, *, most: float = 0.3) -> Batch:
    """Add a sine of 0.1 to 0.6 Hz, as breathing does.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    most : float, unit of the scaled signal
        Largest amplitude.
    """
    shape = (*batch.signal.shape[:2], 1)
    hz = 0.1 + 0.5 * torch.rand((len(batch), 1, 1), generator=rng)
    phase = 2 * torch.pi * torch.rand(shape, generator=rng)
    height = most * torch.rand(shape, generator=rng)

    def drifted(x: Tensor) -> Tensor:
        at_s = torch.arange(x.shape[-1]) / batch.fs_hz
        return x + (height * torch.sin(2 * torch.pi * hz * at_s + phase)).to(x.device)

    return batch.map(drifted)


def rolled(batch: Batch, rng: torch.Generator) -> Batch:
    """Start each window at a random sample and append the samples before it, for rhythms; its typical beat stays.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    """
    n = batch.signal.shape[-1]
    by = torch.randint(n, (len(batch), 1, 1), generator=rng)
    at = ((torch.arange(n) + by) % n).to(batch.signal.device)
    return replace(batch, signal=batch.signal.gather(2, at.expand_as(batch.signal)))


def masked(batch: Batch, rng: torch.Generator, *, most_s: float = 1.0) -> Batch:
    """Silence all leads of each window over a random span; its typical beat stays.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    most_s : float, seconds
        Longest span.
    """
    n = batch.signal.shape[-1]
    length = (most_s * batch.fs_hz * torch.rand((len(batch), 1, 1), generator=rng)).long()
    start = (n * torch.rand((len(batch), 1, 1), generator=rng)).long()
    at = torch.arange(n)
    return replace(batch, signal=batch.signal * ((at < start) | (at >= start + length)).to(batch.signal.device))


def leads_off(batch: Batch, rng: torch.Generator, *, chance: float = 0.1) -> Batch:
    """Silence random leads of each window, but never all: an electrode fell off.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    chance : float
        Probability that a lead is silenced.
    """
    kept = torch.rand((*batch.signal.shape[:2], 1), generator=rng) >= chance
    kept |= ~kept.any(dim=1, keepdim=True)
    return batch.times(kept)


def rotated(batch: Batch, rng: torch.Generator, *, most_degrees: float = 20.0, most: float = 0.15) -> Batch:
    """Rotate the vectorcardiogram and stretch its axes, for the twelve standard leads (electrode placement).

    The leads change by the change of their vectorcardiogram (Dower et al. 1980); the part of them that a vector does not explain
    stays.

    Parameters
    ----------
    batch : Batch
        The windows.
    rng : torch.Generator
        Source of random numbers.
    most_degrees : float, degrees
        Largest rotation.
    most : float
        Largest relative stretch of an axis.
    """
    n = len(batch)
    axis = torch.nn.functional.normalize(torch.randn((n, 3), generator=rng), dim=1)
    angle = math.radians(most_degrees) * (2 * torch.rand(n, generator=rng) - 1)
    cross = torch.zeros(n, 3, 3)
    for (row, column), at, sign in (((0, 1), 2, -1), ((0, 2), 1, 1), ((1, 2), 0, -1)):
        cross[:, row, column], cross[:, column, row] = sign * axis[:, at], -sign * axis[:, at]
    turn = torch.eye(3) + angle.sin()[:, None, None] * cross + (1 - angle.cos())[:, None, None] * cross @ cross
    turn = turn * (1 + most * (2 * torch.rand((n, 1, 3), generator=rng) - 1))
    change = _DOWER @ (turn - torch.eye(3)) @ torch.linalg.pinv(_DOWER)
    return batch.map(lambda x: x + torch.einsum("bij,bjs->bis", change.to(x.device), x))


def _twelve(first: list[float], second: list[float], chest: list[list[float]]) -> Tensor:
    """Return the twelve standard leads of a vector in x (left), y (down), z (back) [12, 3], from I, II and the precordial leads."""
    one, two = torch.tensor(first), torch.tensor(second)
    limb = torch.stack((one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2))
    return torch.cat((limb, torch.tensor(chest)))


_DOWER = _twelve(
    [0.632, -0.235, 0.059],
    [0.235, 1.066, -0.132],
    [
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ],
)

AUGMENTATIONS: dict[str, Augmentation] = {name: globals()[name] for name in NAMES}
"""Every augmentation by name."""
