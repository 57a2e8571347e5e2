"""Knows every setting of a training, once, with its unit and reason. Does not know how it is carried out; imports no torch."""

from dataclasses import asdict, dataclass

from einthoven.errors import ConfigurationFault

LOSSES = ("cross_entropy", "weighted", "focal", "asymmetric")
KEPT = ("best", "last")
SIMULATED = ("runs", "patterns", "fibrillation")
SCHEDULES = ("cosine", "plateau")
PRECISIONS = ("auto", "fp32", "bf16")


@dataclass(frozen=True)
class Recipe:
    """How a model is trained."""

    epochs: int = 24
    """Passes over the training windows, at most."""
    batch: int = 256
    """Windows in a batch."""
    lr: float = 2e-3
    """Largest learning rate of AdamW; it rises over the first epoch and falls to zero along a cosine."""
    schedule: str = "cosine"
    """cosine, or plateau: the rate stays, and is halved after five epochs without a lower validation loss."""
    weight_decay: float = 0.01
    """Decoupled weight decay of AdamW."""
    clip_norm: float = 1.0
    """Gradients are scaled down to this norm."""
    loss: str = "cross_entropy"
    """cross_entropy (binary for each class, where a window can bear several), weighted (each class by the inverse of its
    share), focal (Lin et al. 2017), or asymmetric (Ridnik et al. 2021; several classes only)."""
    focal_gamma: float = 2.0
    """Exponent of the focal loss: how much easy windows are turned down."""
    focal_alpha: tuple[float, ...] = ()
    """Weight of each class in the focal loss; empty weighs all alike."""
    balance: float = 0.0
    """How far rare classes are drawn more often: 0 draws windows as they come, 1 draws all classes alike."""
    smoothing: float = 0.0
    """Share of the truth that is spread over all classes (label smoothing)."""
    keep: str = "best"
    """Which epoch's weights are kept: best (by validation macro-F1; macro AUROC for several classes) or last."""
    simulate: tuple[str, ...] = ()
    """Rhythms that are simulated beside the real ones, for patient_context: runs (of early beats), patterns (single ones,
    bigeminy, couplets, runs), fibrillation."""
    simulated: int = 120
    """Beats simulated for each training record and rhythm."""
    augment: tuple[str, ...] = ("shift", "gain", "noise")
    """Variations of the training windows: shift, stretch, gain, other_leads, noise, wander, masked, leads_off,
    rotated, rolled, inverted."""
    mixup: float = 0.0
    """Windows and their classes are mixed in pairs, shares drawn from Beta(mixup, mixup) (Zhang et al. 2018); 0 mixes none;
    for several classes only."""
    patience: int = 8
    """Epochs without a better validation score before training stops."""
    seed: int = 0
    """Of split, weights, order, dropout and augmentation."""
    precision: str = "auto"
    """fp32, bf16, or auto: bf16 where the machine multiplies it natively."""

    def __post_init__(self):
        faults = [
            f"{name} is {getattr(self, name)}"
            for name in ("epochs", "batch", "lr", "clip_norm", "patience")
            if not getattr(self, name) > 0
        ]
        if min(self.weight_decay, self.focal_gamma, self.mixup) < 0:
            faults.append("weight_decay, focal_gamma or mixup is negative")
        if not (0 <= self.balance <= 1 and 0 <= self.smoothing < 1) or self.keep not in KEPT:
            faults.append(f"balance, smoothing, keep are {self.balance}, {self.smoothing}, {self.keep}")
        if self.simulated < 1 or set(self.simulate) - set(SIMULATED):
            faults.append(f"simulate is {', '.join(self.simulate)}, {self.simulated} beats")
        if self.seed < 0:
            faults.append(f"seed is {self.seed}")
        if self.loss not in LOSSES:
            faults.append(f"loss is {self.loss}")
        if self.schedule not in SCHEDULES:
            faults.append(f"schedule is {self.schedule}")
        if self.precision not in PRECISIONS:
            faults.append(f"precision is {self.precision}")
        if faults:
            raise ConfigurationFault(
                "the recipe cannot be carried out.",
                found="; ".join(faults),
                expected=f"numbers above zero, loss {' or '.join(LOSSES)}, schedule {' or '.join(SCHEDULES)}, "
                f"precision {' or '.join(PRECISIONS)}",
                remedy="einthoven train --help",
            )

    def as_dict(self) -> dict:
        """Plain values, for a card."""
        return asdict(self)
