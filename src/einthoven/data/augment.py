"""Knows how a batch is varied in training: each way a function with its physical unit. Does not know when."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def shift(x: Tensor, fs_hz: float, rng: torch.Generator, *, most_s: float = 0.03) -> Tensor:
    """Move each window by up to `most_s` either way, all its leads together; the edge is held.

    Parameters
    ----------
    x : [batch, leads, rows, samples]; the rows of a lead (a window, and the patient's typical beat where there is one)
        are varied together
    """
    n_samples = x.shape[-1]
    most = round(most_s * fs_hz)
    by = torch.randint(-most, most + 1, (len(x), 1, 1, 1), generator=rng)
    at = (torch.arange(n_samples) + by).clamp_(0, n_samples - 1)
    return x.gather(3, at.to(x.device).expand_as(x))


def stretch(x: Tensor, fs_hz: float, rng: torch.Generator, *, most: float = 0.2) -> Tensor:
    """Stretch or squeeze each window in time about its middle by up to `most`, as another heart's beats would be."""
    n_samples = x.shape[-1]
    factor = torch.exp(most * (2 * torch.rand((len(x), 1, 1, 1), generator=rng) - 1))
    middle = (n_samples - 1) / 2
    at = ((torch.arange(n_samples) - middle) * factor + middle).clamp_(0, n_samples - 1.001).to(x.device)
    low = at.long()
    part = at - low
    return x.gather(3, low.expand_as(x)) * (1 - part) + x.gather(3, (low + 1).expand_as(x)) * part


def others(x: Tensor, fs_hz: float, rng: torch.Generator, *, dropped: float = 0.3) -> Tensor:
    """Turn each lead but the first upside down half of the time, and silence it with chance `dropped`: it may be any lead."""
    draw = torch.rand((2, *x.shape[:2], 1, 1), generator=rng)
    factor = torch.where(draw[0] < 0.5, -1.0, 1.0) * (draw[1] >= dropped)
    factor[:, 0] = 1.0
    return x * factor.to(x.device)


def inverted(x: Tensor, fs_hz: float, rng: torch.Generator, *, chance: float = 0.5) -> Tensor:
    """Turn all leads of each window upside down with a chance of `chance`: the electrodes were swapped, the device held the other
    way round."""
    return x * torch.where(torch.rand((len(x), 1, 1, 1), generator=rng) < chance, -1.0, 1.0).to(x.device)


def gain(x: Tensor, fs_hz: float, rng: torch.Generator, *, most: float = 0.2) -> Tensor:
    """Scale each lead of each window by a factor between 1 - `most` and 1 + `most`."""
    factor = 1 + most * (2 * torch.rand((*x.shape[:2], 1, 1), generator=rng) - 1)
    return x * factor.to(x.device)


def noise(x: Tensor, fs_hz: float, rng: torch.Generator, *, most: float = 0.05) -> Tensor:
    """Add white noise of up to `most` in the unit of the scaled signal, its strength drawn for each window."""
    strength = most * torch.rand((len(x), 1, 1, 1), generator=rng)
    return x + (strength * torch.randn(x.shape, generator=rng)).to(x.device)


def wander(x: Tensor, fs_hz: float, rng: torch.Generator, *, most: float = 0.3) -> Tensor:
    """Add a sine of 0.1 to 0.6 Hz of up to `most` in the unit of the scaled signal, as breathing does."""
    n_windows, n_leads, _, n_samples = x.shape
    hz = 0.1 + 0.5 * torch.rand((n_windows, 1, 1, 1), generator=rng)
    phase = 2 * torch.pi * torch.rand((n_windows, n_leads, 1, 1), generator=rng)
    height = most * torch.rand((n_windows, n_leads, 1, 1), generator=rng)
    return x + (height * torch.sin(2 * torch.pi * hz * torch.arange(n_samples) / fs_hz + phase)).to(x.device)


def rolled(x: Tensor, fs_hz: float, rng: torch.Generator) -> Tensor:
    """Let each window begin anywhere, what is cut off put behind: for rhythms, of which any stretch tells as much.

    The typical beat beside it stays where it is.
    """
    n_samples = x.shape[-1]
    by = torch.randint(n_samples, (len(x), 1, 1, 1), generator=rng)
    at = ((torch.arange(n_samples) + by) % n_samples).to(x.device)
    window = x[:, :, :1]
    return torch.cat((window.gather(3, at.expand_as(window)), x[:, :, 1:]), dim=2)


def masked(x: Tensor, fs_hz: float, rng: torch.Generator, *, most_s: float = 1.0) -> Tensor:
    """Silence all leads of each window over a span of up to `most_s`, wherever it falls."""
    n_samples = x.shape[-1]
    length = (most_s * fs_hz * torch.rand((len(x), 1, 1, 1), generator=rng)).long()
    start = (n_samples * torch.rand((len(x), 1, 1, 1), generator=rng)).long()
    at = torch.arange(n_samples)
    return x * ((at < start) | (at >= start + length)).to(x.device)


def leads_off(x: Tensor, fs_hz: float, rng: torch.Generator, *, chance: float = 0.1) -> Tensor:
    """Silence each lead of each window with a chance of its own, but never all: an electrode fell off."""
    kept = torch.rand((*x.shape[:2], 1, 1), generator=rng) >= chance
    kept |= ~kept.any(dim=1, keepdim=True)
    return x * kept.to(x.device)


def rotated(x: Tensor, fs_hz: float, rng: torch.Generator, *, most_degrees: float = 20.0, most: float = 0.15) -> Tensor:
    """Turn the heart in the chest by up to `most_degrees` about any axis and stretch its axes by up to `most`; twelve leads only.

    The leads are moved by what the turn changes in their vectorcardiogram (Dower et al. 1980); what a vector does not explain of
    them stays.
    """
    n = len(x)
    axis = torch.nn.functional.normalize(torch.randn((n, 3), generator=rng), dim=1)
    angle = math.radians(most_degrees) * (2 * torch.rand(n, generator=rng) - 1)
    cross = torch.zeros(n, 3, 3)
    for (row, column), at, sign in (((0, 1), 2, -1), ((0, 2), 1, 1), ((1, 2), 0, -1)):
        cross[:, row, column], cross[:, column, row] = sign * axis[:, at], -sign * axis[:, at]
    turn = torch.eye(3) + angle.sin()[:, None, None] * cross + (1 - angle.cos())[:, None, None] * cross @ cross
    turn = turn * (1 + most * (2 * torch.rand((n, 1, 3), generator=rng) - 1))
    change = _DOWER @ (turn - torch.eye(3)) @ torch.linalg.pinv(_DOWER)
    return x + torch.einsum("bij,bjrs->birs", change.to(x.device), x)


def _twelve(first: list[float], second: list[float], chest: list[list[float]]) -> Tensor:
    """The twelve standard leads of a vector in x (left), y (down), z (back) [12, 3], from I, II and the precordial leads."""
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

AUGMENTATIONS: dict[str, Callable[..., Tensor]] = {
    "shift": shift,
    "stretch": stretch,
    "inverted": inverted,
    "gain": gain,
    "others": others,
    "noise": noise,
    "wander": wander,
    "rolled": rolled,
    "masked": masked,
    "leads_off": leads_off,
    "rotated": rotated,
}
