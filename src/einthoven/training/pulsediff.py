"""Train nets that fill gaps: the diffusion model, and one that predicts once."""

from __future__ import annotations

import copy
import json
import logging
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from einthoven.models.pulsediff import N_LEVELS, PulseDiff, hidden_loss, kept
from einthoven.paths import folder_aside
from einthoven.signal import heartbeats, hiding
from einthoven.signal.beat_prior import beat_prior

_log = logging.getLogger(__name__)
Array = NDArray[Any]

FS_HZ = 100.0
"""Sampling rate of all leads, as in PulseImpute's protocol."""


@dataclass(frozen=True)
class Recipe:
    """How a net is trained."""

    steps: int = 6000
    """Updates of the weights."""
    batch: int = 12
    """Leads in an update; half have one gap of 1 to 5 s, half lost packets."""
    lr: float = 2e-3
    """Largest learning rate of AdamW; it falls to zero along a cosine."""
    average: float = 0.998
    """Share of the averaged weights that an update keeps; the averaged weights are the model."""
    diffusion: bool = True
    """Whether it is the diffusion model; else the net predicts once, from zeros in the gaps."""
    seed: int = 0
    """Seed of weights, gaps and noise."""


@dataclass(frozen=True, eq=False)
class Example:
    """A lead with gaps, ready for a net."""

    truth: Array
    """The lead, scaled, [samples]."""
    hidden: NDArray[np.bool_]
    """Whether a sample is hidden."""
    prior: Array
    """The lead with its typical beat in the gaps."""
    confidence: float
    """Confidence in the typical beat."""


def scaled(lead: Array, hidden: NDArray[np.bool_]) -> tuple[Array, float, float]:
    """Return a lead about its level, divided by the spread of what is seen; and both numbers.

    Parameters
    ----------
    lead : array [samples], mV
        The lead.
    hidden : array [samples], bool
        Whether a sample is hidden.
    """
    middle = hiding.level(lead, hidden)
    spread = float(np.std(lead[~hidden])) + 1e-3
    return (lead - middle) / spread, middle, spread


def train(leads: list[Array], recipe: Recipe, folder: Path, settings: dict[str, Any] | None = None) -> int:
    """Train a net and write its weights.

    Parameters
    ----------
    leads : list of array [samples], mV
        Leads of the training records at 100 Hz, a multiple of four samples long and all of one length.
    recipe : Recipe
        How it is trained.
    folder : Path
        Folder for ``weights.safetensors`` and ``filler.json``.
    settings : dict, optional
        Settings of the architecture that differ from its defaults.

    Returns
    -------
    int
        Its number of weights.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    net = PulseDiff(**(settings or {}))
    average = copy.deepcopy(net)
    beats = [heartbeats.find(lead, FS_HZ) for lead in leads]
    adam = torch.optim.AdamW(net.parameters(), recipe.lr, weight_decay=0.01)
    for step in range(recipe.steps):
        warm = min(1.0, (step + 1) / 200)
        adam.param_groups[0]["lr"] = recipe.lr * warm * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
        chosen = rng.integers(0, len(leads), recipe.batch)
        batch = [_example(leads[at], beats[at], rng) for at in chosen]
        loss = _loss(net, batch, recipe.diffusion)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        if step % 250 == 0:
            _log.info("update %d of %d: loss %.4f", step, recipe.steps, loss.item())
        share = min(recipe.average, step / (step + 10))
        with torch.no_grad():
            for mean, now in zip(average.parameters(), net.parameters(), strict=True):
                mean.lerp_(now, 1 - share)
    with folder_aside(folder) as aside:
        save_file(
            {name: value.contiguous() for name, value in average.state_dict().items()}, aside / "weights.safetensors"
        )
        said = {"architecture": "pulsediff", "settings": settings or {}, "recipe": asdict(recipe), "fs_hz": FS_HZ}
        (aside / "filler.json").write_text(json.dumps(said, indent=1) + "\n")
    return sum(value.numel() for value in net.parameters())


def _example(lead: Array, beats: NDArray[np.int64], rng: np.random.Generator) -> Example:
    """Return a lead with random gaps, scaled and turned at random."""
    if rng.random() < 0.5:
        hidden = hiding.extended(len(lead), FS_HZ, rng.uniform(1.0, 5.0), rng)
    else:
        hidden = hiding.transient(len(lead), FS_HZ, rng.uniform(0.1, 0.5), rng)
        hidden[int(rng.integers(len(lead)))] = True
    truth, _, _ = scaled(lead * rng.choice((-1.0, 1.0)), hidden)
    prior = beat_prior(truth, hidden, FS_HZ, beats, rng)
    return Example(truth, hidden, prior.lead, prior.confidence)


def _loss(net: PulseDiff, batch: list[Example], diffusion: bool) -> torch.Tensor:
    truth, hidden, prior = (
        torch.from_numpy(np.stack([getattr(one, name) for one in batch]).astype(np.float32))
        for name in ("truth", "hidden", "prior")
    )
    confidence = torch.tensor([one.confidence for one in batch], dtype=torch.float32)
    level, noisy = torch.zeros(len(batch)), torch.zeros_like(truth)
    if diffusion:
        level = (torch.randint(N_LEVELS, (len(batch),)) + 1) / N_LEVELS
        left = kept(level)[:, None]
        noisy = left.sqrt() * truth + (1 - left).sqrt() * torch.randn_like(truth)
    guess = net(torch.where(hidden > 0, noisy, truth), hidden, prior, confidence, level)
    return hidden_loss(guess, truth, hidden)
