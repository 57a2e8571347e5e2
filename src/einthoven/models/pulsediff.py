"""A diffusion model that fills gaps of one lead, led by the person's own beats."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

N_LEVELS = 50
"""Levels of noise in training."""
N_SAMPLING = 10
"""Levels that sampling steps through."""


class PulseDiff(nn.Module):
    """Fill gaps of one lead by denoising, conditioned on what is seen and on the person's typical beat laid over the gap.

    Paper
        Jenkins et al. 2023, arXiv 2310.15742: PulseDiff. Only its abstract could be read; sizes and numbers here are free.
    Departures
        - A dilated residual network of 0.3 million weights in place of SSSD-S4's or CSDI's millions, for CPUs.
        - It predicts the signal, as what differs from the typical beat; 50 levels of noise, of which sampling takes 10.
        - Four samples are the channels of one step.
        - The confidence in the typical beat follows from how much RR intervals vary; the net reads it and is not told to obey.
    Receptive field
        ±10.3 s at 100 Hz with nine blocks: all of a recording of ten seconds.

    Parameters
    ----------
    width : int
        Channels.
    n_blocks : int
        Residual blocks; dilations are 1, 2, 4, … 64, and again.
    step : int
        Samples of a step.
    """

    def __init__(self, *, width: int = 64, n_blocks: int = 9, step: int = 4):
        super().__init__()
        self.step = step
        self.begin = nn.Conv1d(4 * step, width, 3, padding=1)
        self.level = nn.Sequential(nn.Linear(32, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(_Block(width, 2 ** (at % 7)) for at in range(n_blocks))
        self.end = nn.Sequential(nn.SiLU(), nn.Conv1d(width, width, 1), nn.SiLU(), nn.Conv1d(width, step, 1))

    def forward(self, noisy: Tensor, hidden: Tensor, prior: Tensor, confidence: Tensor, level: Tensor) -> Tensor:
        """Predict the signal without noise.

        Parameters
        ----------
        noisy : Tensor [batch, samples]
            What is seen, and noise or a noisy signal where samples are hidden; the number of samples is a multiple of `step`.
        hidden : Tensor [batch, samples]
            1 where a sample is hidden.
        prior : Tensor [batch, samples]
            The lead with its typical beat in the gaps.
        confidence : Tensor [batch]
            Confidence in the typical beat.
        level : Tensor [batch]
            Level of the noise as a share of all levels, 0 to 1.

        Returns
        -------
        Tensor [batch, samples]
        """
        rows = torch.stack((noisy, hidden, prior, confidence[:, None].expand_as(noisy)), 1)
        batch, _, n = rows.shape
        x = self.begin(rows.reshape(batch, 4, n // self.step, self.step).permute(0, 1, 3, 2).flatten(1, 2))
        waves = level[:, None] * math.pi * 2.0 ** torch.arange(16, dtype=level.dtype, device=level.device) / 8
        told = self.level(torch.cat((waves.sin(), waves.cos()), 1))
        total = torch.zeros_like(x)
        for block in self.blocks:
            x, skip = block(x, told)
            total = total + skip
        out: Tensor = self.end(total / len(self.blocks) ** 0.5).transpose(1, 2).reshape(batch, n)
        return prior + out


class _Block(nn.Module):
    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.told = nn.Linear(width, width)
        self.wide = nn.Conv1d(width, 2 * width, 3, padding=dilation, dilation=dilation)
        self.out = nn.Conv1d(width, 2 * width, 1)

    def forward(self, x: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """Return what goes on and what goes to the end."""
        opened, gate = self.wide(x + self.told(told)[:, :, None]).chunk(2, 1)
        onward, skip = self.out(torch.tanh(opened) * torch.sigmoid(gate)).chunk(2, 1)
        return (x + onward) / 2**0.5, skip


def kept(level: Tensor) -> Tensor:
    """Return the share of the signal's variance that is left at a level of noise (a cosine).

    Parameters
    ----------
    level : Tensor
        Level as a share of all levels, 0 to 1.
    """
    return torch.cos(level * math.pi / 2 * 0.995).square()


@torch.no_grad()
def sampled(
    net: PulseDiff, seen: Tensor, hidden: Tensor, prior: Tensor, confidence: Tensor, rng: torch.Generator
) -> Tensor:
    """Draw what may be in the gaps: from noise, in ten steps.

    Parameters
    ----------
    net : PulseDiff
        A trained net.
    seen : Tensor [batch, samples]
        The lead; what is hidden is not looked at.
    hidden : Tensor [batch, samples]
        1 where a sample is hidden.
    prior : Tensor [batch, samples]
        The lead with its typical beat in the gaps.
    confidence : Tensor [batch]
        Confidence in the typical beat.
    rng : Generator
        Source of the noise.

    Returns
    -------
    Tensor [batch, samples]
        The lead with one draw in its gaps.
    """
    x = torch.randn(seen.shape, generator=rng)
    levels = torch.linspace(1.0, 0.0, N_SAMPLING + 1)
    for now, then in pairwise(levels):
        mixed = torch.where(hidden > 0, x, seen)
        guess = net(mixed, hidden, prior, confidence, now.expand(len(seen)))
        left, after = kept(now), kept(then)
        noise = (x - left.sqrt() * guess) / (1 - left).sqrt()
        fresh = ((1 - after) / (1 - left) * (1 - left / after)).clamp(min=0).sqrt()
        x = after.sqrt() * guess + (1 - after - fresh**2).clamp(min=0).sqrt() * noise
        x = x + fresh * torch.randn(seen.shape, generator=rng)
    return torch.where(hidden > 0, x, seen)


def hidden_loss(guess: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
    """Return the mean square error over hidden samples.

    Parameters
    ----------
    guess, truth : Tensor [batch, samples]
        Prediction and signal.
    hidden : Tensor [batch, samples]
        1 where a sample is hidden.
    """
    return (F.mse_loss(guess, truth, reduction="none") * hidden).sum() / hidden.sum().clamp(min=1)
