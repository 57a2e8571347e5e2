"""Train a delineator on leads whose waves are marked, and on recordings that are known to have no P wave."""

import logging
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven import __version__, bundle
from einthoven.bundle import Card
from einthoven.data import wave_augment
from einthoven.models import MODELS
from einthoven.signal.boundaries import WAVES, Waves
from einthoven.signal.delineation import CLASSES
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.training.requirements import native_bf16

_log = logging.getLogger(__name__)
Array = NDArray[Any]

PREPARATION = Preparation(
    SignalSpec(("|".join(("II", "MLII", *(lead for lead in STANDARD if lead != "II"))),), fs_hz=wave_augment.FS_HZ),
    Tiles(10.24),
)
"""One lead, whichever: all leads of a record are read one by one."""
_BESIDE = 5
"""Samples beside an annotated stretch that have no wave."""
_OPEN = {"P": 40, "QRS": 20, "T": 60}
"""Samples beside a wave's peak that are not known where a boundary was left open."""
ATTRIBUTION = (
    "Lobachevsky University Electrocardiography Database 1.0.1 (Kalyakulina et al., PhysioNet), ODC-By 1.0; recordings in "
    "fibrillation of the PhysioNet/CinC Challenge 2017 (Clifford et al.), ODC-By 1.0"
)
MEANINGS = {"none": "no wave", "P": "P wave", "QRS": "QRS complex", "T": "T wave"}


@dataclass(frozen=True)
class Recipe:
    """How a delineator is trained."""

    steps: int = 2500
    """Updates of the weights."""
    batch: int = 10
    """Crops of marked leads in an update."""
    batch_without_p: int = 2
    """Crops of recordings in fibrillation in an update."""
    crop: int = 1536
    """Samples of a crop: 6.1 s hold enough beats to tell a rhythm without P waves."""
    lr: float = 4e-3
    """Largest learning rate of AdamW, reached after a tenth of the updates; it falls to zero along a cosine."""
    weight_decay: float = 0.02
    """Decoupled weight decay of AdamW."""
    p_weight: float = 1.5
    """Weight of P waves in the loss: in one lead they are often small, and more were missed than invented."""
    without_p: float = 0.2
    """Weight of the recordings without P waves in the loss."""
    noise_share: float = 0.03
    """Share of the crops that hold noise alone."""
    fibrillation_weight: float = 2.0
    """How much more often a marked record in fibrillation or flutter is drawn."""
    average: float = 0.998
    """Share of the averaged weights that an update keeps; the averaged weights are the model."""
    loss: str = "cross_entropy"
    """cross_entropy over four classes that exclude each other, or jaccard over three that do not (ECG-DelNet's)."""
    seed: int = 1
    """Seed of weights, crops and augmentation."""


@dataclass(frozen=True, eq=False)
class Marked:
    """Leads whose waves are marked.

    Parameters
    ----------
    leads : list of (array [n], array [n])
        Prepared samples, and labels: see :mod:`einthoven.data.wave_augment`.
    weight : array [leads]
        How often each is drawn.
    without_p : list of array [n]
        Prepared leads of recordings in fibrillation.
    """

    leads: list[tuple[Array, Array]]
    weight: Array
    without_p: list[Array]


def labels_of(waves: Waves, n_samples: int, stretches_s: Array | None = None) -> Array:
    """Return the label of each sample of a lead [n], int8; -1 where the annotators did not look or left a boundary open.

    Parameters
    ----------
    waves : Waves
        What was marked.
    n_samples : int
        Samples at 250 Hz.
    stretches_s : array [k, 2], s, optional
        Where the annotators looked (default: from the first mark to the last).
    """
    fs_hz = wave_augment.FS_HZ
    labels = np.full(n_samples, wave_augment.NOT_ANNOTATED, np.int8)
    looked_at = np.array([waves.stretch_s]) if stretches_s is None else stretches_s
    for first, last in np.rint(looked_at[np.isfinite(looked_at).all(axis=1)] * fs_hz).astype(int):
        labels[max(0, first - _BESIDE) : last + _BESIDE + 1] = wave_augment.NONE
    for kind, onset, peak, offset in zip(waves.kind, waves.onset_s, waves.peak_s, waves.offset_s, strict=True):
        begin = int(np.ceil((onset if np.isfinite(onset) else peak) * fs_hz))
        end = int(np.floor((offset if np.isfinite(offset) else peak) * fs_hz)) + 1
        labels[begin:end] = kind + 1
        reach = _OPEN[WAVES[kind]]
        if not np.isfinite(onset):
            labels[max(0, begin - reach) : begin] = wave_augment.NOT_ANNOTATED
        if not np.isfinite(offset):
            labels[end : end + reach] = wave_augment.NOT_ANNOTATED
    return labels


def train(
    marked: Marked, architecture: str, settings: dict[str, Any], recipe: Recipe, folder: Path, training: dict[str, Any]
) -> Card:
    """Train a delineator and save it as a bundle.

    Parameters
    ----------
    marked : Marked
        What it is trained on.
    architecture : str
        Key of MODELS.
    settings : dict
        Settings that differ from its defaults.
    recipe : Recipe
        How it is trained.
    folder : Path
        Folder of the bundle.
    training : dict
        What the card says of the data.

    Returns
    -------
    Card
    """
    torch.manual_seed(recipe.seed)
    classes = CLASSES if recipe.loss == "cross_entropy" else WAVES
    shape = (1, len(classes), PREPARATION.n_samples)
    network, averaged = (MODELS[architecture](*shape, **settings) for _ in range(2))
    averaged.load_state_dict(network.state_dict())
    started = time.monotonic()
    _fit(network.train(), averaged, marked, recipe)
    facts = training | {"recipe": asdict(recipe), "seconds": round(time.monotonic() - started)}
    return saved(averaged.state_dict(), architecture, settings, facts, folder, classes)


def saved(
    weights: dict[str, Tensor],
    architecture: str,
    settings: dict[str, Any],
    training: dict[str, Any],
    folder: Path,
    classes: tuple[str, ...] = CLASSES,
) -> Card:
    """Save a trained delineator as a bundle.

    Parameters
    ----------
    weights : dict of Tensor
        Its weights.
    architecture : str
        Key of MODELS.
    settings : dict
        Settings that differ from its defaults.
    training : dict
        What the card says of data and recipe.
    folder : Path
        Folder of the bundle.
    classes : tuple of str
        CLASSES, or the three waves of a model whose classes do not exclude each other.

    Returns
    -------
    Card
    """
    versions = {"einthoven": __version__, "torch": torch.__version__, "python": platform.python_version()}
    card = Card(
        name=folder.resolve().name,
        architecture=architecture,
        settings=settings,
        classes=classes,
        labels="P wave, QRS complex and T wave, for each sample",
        meanings=tuple(MEANINGS[name] for name in classes),
        preparation=PREPARATION,
        training=training | {"versions": versions},
        answers_samples=True,
        multilabel=classes != CLASSES,
        attribution=ATTRIBUTION,
    )
    return bundle.save(folder, card, {name: values.numpy() for name, values in weights.items()})


def _fit(network: nn.Module, averaged: nn.Module, marked: Marked, recipe: Recipe) -> None:
    rng = np.random.default_rng(recipe.seed)
    bank = wave_augment.noise_bank(rng)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.lr, weight_decay=recipe.weight_decay)
    course = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.lr, recipe.steps, pct_start=0.1)
    is_short, total = native_bf16(), 0.0
    for step in range(recipe.steps):
        signal, labels = _batch(marked, recipe, rng, bank)
        with torch.autocast("cpu", torch.bfloat16, enabled=is_short):
            logits = network(signal)
        loss = _loss(logits.float(), labels, recipe)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        course.step()
        _average(averaged, network, min(recipe.average, (step + 1) / (step + 20)))
        total += float(loss.detach())
        if step % 250 == 249:
            _log.info("update %d of %d: loss %.3f", step + 1, recipe.steps, total / 250)
            total = 0.0


def _batch(marked: Marked, recipe: Recipe, rng: np.random.Generator, bank: Array) -> tuple[Tensor, Tensor]:
    """Draw crops [batch, 1, samples] and their labels; the last crops are of recordings without P waves and have none."""
    crops: list[tuple[Array, Array]] = []
    for _ in range(recipe.batch):
        if rng.random() < recipe.noise_share:
            first = int(rng.integers(bank.shape[1] - recipe.crop))
            noise = bank[rng.integers(len(bank)), first : first + recipe.crop]
            crops.append((wave_augment.disturbed(noise, rng, bank), np.zeros(recipe.crop, np.int8)))
        else:
            lead = marked.leads[rng.choice(len(marked.leads), p=marked.weight)]
            crops.append(wave_augment.augmented(lead, rng, bank, recipe.crop))
    for _ in range(recipe.batch_without_p if marked.without_p else 0):
        lead_mv = marked.without_p[rng.integers(len(marked.without_p))]
        signal, _ = wave_augment.cropped((lead_mv, np.zeros(len(lead_mv), np.int8)), rng, recipe.crop)
        crops.append((wave_augment.disturbed(signal, rng, bank), np.zeros(0, np.int8)))
    signal = np.stack([one for one, _ in crops])[:, None]
    labels = np.stack([one for _, one in crops[: recipe.batch]])
    return torch.from_numpy(signal.astype(np.float32)), torch.from_numpy(labels.astype(np.int64))


def _loss(logits: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    n = len(labels)
    if recipe.loss == "jaccard":
        return _jaccard(logits[:n], labels)
    weight = torch.tensor([recipe.p_weight if name == "P" else 1.0 for name in CLASSES])
    loss = F.cross_entropy(logits[:n], labels, weight=weight, ignore_index=wave_augment.NOT_ANNOTATED)
    if len(logits) > n:
        p_wave = torch.softmax(logits[n:], 1)[:, CLASSES.index("P")].clamp(max=0.999)
        loss = loss - recipe.without_p * torch.log1p(-p_wave).mean()
    return loss


def _jaccard(logits: Tensor, labels: Tensor) -> Tensor:
    """Return one less the overlap of each wave, window by window, where it was annotated."""
    known = (labels >= 0).float()[:, None]
    truth = torch.stack([(labels == kind + 1).float() for kind in range(len(WAVES))], dim=1)
    found = torch.sigmoid(logits) * known
    both, either = (found * truth).sum(2), (found + truth - found * truth).sum(2)
    return (1 - (both + 1) / (either + 1)).mean()


@torch.no_grad()
def _average(averaged: nn.Module, network: nn.Module, kept: float) -> None:
    for mean, value in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1 - kept)
        else:
            mean.copy_(value)


def drawn_equally(n: Sequence[int], factor: Sequence[float]) -> Array:
    """Return how often each lead is drawn, so that each record counts alike, times a factor.

    Parameters
    ----------
    n : sequence of int
        Leads of each record.
    factor : sequence of float
        Factor of each record.

    Returns
    -------
    array [leads]
        In the order of the records; the sum is one.
    """
    weight = np.repeat(np.array(factor) / np.array(n), n)
    return np.asarray(weight / weight.sum())
