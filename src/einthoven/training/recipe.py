"""All settings of a training, each with its unit and meaning; without torch, so that help needs none."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from einthoven.data.augmentation_names import NAMES as AUGMENTATIONS
from einthoven.data.augmentation_names import AugmentationName
from einthoven.errors import ConfigurationFault

LossName = Literal["cross_entropy", "weighted", "focal", "asymmetric"]
KeptEpoch = Literal["best", "last"]
SimulatedRhythm = Literal["runs", "patterns", "fibrillation"]
Schedule = Literal["cosine", "plateau"]
Precision = Literal["auto", "fp32", "bf16"]
LOSSES: tuple[LossName, ...] = get_args(LossName)
SIMULATED: tuple[SimulatedRhythm, ...] = get_args(SimulatedRhythm)
_CHOICES: dict[str, tuple[str, ...]] = {
    "loss": LOSSES,
    "schedule": get_args(Schedule),
    "keep": get_args(KeptEpoch),
    "precision": get_args(Precision),
    "simulate": SIMULATED,
    "augment": AUGMENTATIONS,
}
"""Values that each setting with names can have."""


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Raises
    ------
    ConfigurationFault
        If a setting is out of range; all faults are named at once.
    """

    epochs: int = 24
    """Passes over the training windows, at most."""
    batch: int = 256
    """Windows in a batch."""
    lr: float = 2e-3
    """Largest learning rate of AdamW; it rises over the first epoch and falls to zero along a cosine."""
    schedule: Schedule = "cosine"
    """Course of the learning rate: cosine, or plateau (halved after five epochs without a lower validation loss)."""
    weight_decay: float = 0.01
    """Decoupled weight decay of AdamW."""
    clip_norm: float = 1.0
    """Largest norm of the gradients, to which they are scaled down."""
    loss: LossName = "cross_entropy"
    """cross_entropy (binary for each class, of multilabel windows), weighted (each class by the inverse of its share), focal
    (Lin et al. 2017), or asymmetric (Ridnik et al. 2021; multilabel windows only)."""
    focal_gamma: float = 2.0
    """Exponent of the focal loss: how much less easy windows count."""
    focal_alpha: tuple[float, ...] = ()
    """Weight of each class in the focal loss; empty weights all classes equally."""
    balance: float = 0.0
    """How far rare classes are drawn more often: 0 draws windows as they come, 1 draws all classes equally often."""
    smoothing: float = 0.0
    """Share of the truth that is spread over all classes (label smoothing)."""
    keep: KeptEpoch = "best"
    """Which epoch's weights are kept: the best (by validation macro-F1; macro AUROC of multilabel windows) or the last."""
    simulate: tuple[SimulatedRhythm, ...] = ()
    """Rhythms that are simulated beside the real ones, for patient_context: runs (of early beats), patterns (single ones,
    bigeminy, couplets, runs), fibrillation."""
    simulated: int = 120
    """Beats simulated for each training record and rhythm."""
    augment: tuple[AugmentationName, ...] = ("shift", "gain", "noise")
    """Augmentations of the training windows, in the order in which they are applied."""
    mixup: float = 0.0
    """Windows and their classes are mixed in pairs, with shares drawn from Beta(mixup, mixup) (Zhang et al. 2018); 0 mixes none;
    for multilabel windows only."""
    average: float = 0.0
    """Decay, by step, of a moving average of the weights, which is validated and kept in their place; 0 averages nothing. 0.999
    suits trainings of many thousand steps."""
    patience: int = 8
    """Epochs without a better validation score before training stops."""
    seed: int = 0
    """Seed of split, weights, order, dropout and augmentation."""
    precision: Precision = "auto"
    """fp32, bf16, or auto: bf16 where the machine has native bf16 arithmetic."""

    def __post_init__(self) -> None:
        faults = [*self._out_of_range(), *self._unknown_names()]
        if faults:
            choices = "; ".join(f"{name} {' or '.join(allowed)}" for name, allowed in _CHOICES.items())
            raise ConfigurationFault(
                "The recipe is invalid.",
                found="; ".join(faults),
                expected=f"numbers above zero; balance 0 to 1; smoothing and average below 1; {choices}",
                remedy="einthoven train --help",
            )

    def _out_of_range(self) -> Iterator[str]:
        """Yield numbers that are out of range."""
        for name in ("epochs", "batch", "lr", "clip_norm", "patience", "simulated"):
            if not getattr(self, name) > 0:
                yield f"{name} is {getattr(self, name)}"
        for name in ("weight_decay", "focal_gamma", "mixup", "seed"):
            if getattr(self, name) < 0:
                yield f"{name} is {getattr(self, name)}"
        if not 0 <= self.balance <= 1:
            yield f"balance is {self.balance}"
        for name in ("smoothing", "average"):
            if not 0 <= getattr(self, name) < 1:
                yield f"{name} is {getattr(self, name)}"

    def _unknown_names(self) -> Iterator[str]:
        """Yield names that are none of the choices."""
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            unknown = [one for one in ((value,) if isinstance(value, str) else value) if one not in allowed]
            if unknown:
                yield f"{name} is {', '.join(map(str, unknown))}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a card; without an average, which earlier versions did not know, where there is none."""
        return {name: value for name, value in asdict(self).items() if name != "average" or value}
