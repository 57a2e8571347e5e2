"""Knows what reads PTB-XL together: how each kind of model is trained, and in which shares they answer. Trains nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.evaluation.multilabel import quality
from einthoven.evaluation.predictions import Predictions
from einthoven.signal.context import n_numbers
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task

RECIPE = Recipe(
    epochs=50,
    batch=32,
    lr=2e-3,
    weight_decay=0.1,
    keep="last",
    patience=1000,
    augment=("gain", "noise", "wander", "rotated"),
)
ALIGNED = {"augment": ("gain", "noise", "shift", "stretch", "rotated")}
"""How typical beats are varied."""
CROPPED = {"batch": 64, "lr": 1e-2, "weight_decay": 0.01, "augment": ("gain", "noise", "rotated")}
"""Crops at a high rate, as the public benchmark trains (arXiv 2004.13701)."""
PAPER = {"hamming_loss": 0.0338, "macro_auprc": 0.4715, "micro_f1": 0.6979, "subset_accuracy": 0.5723}
"""CNN and one BiLSTM layer on all of PTB-XL, fold 10 (Jafari and Jafari 2026)."""
_PARTS = 6


@dataclass(frozen=True)
class Model:
    """An architecture, its settings, what it sees (typical beats; crops), and what its training changes in the recipe."""

    architecture: str
    settings: dict
    patient: bool = False
    crop_s: float = 0.0
    training: dict = field(default_factory=dict)

    @property
    def stated(self) -> list:
        """Plain values that decide its weights, with the recipe."""
        return [self.architecture, self.settings, self.crop_s, self.training]

    def sees(self, task: Task) -> Task:
        """The task, in its crops."""
        return replace(task, preparation=replace(task.preparation, crop_s=self.crop_s))


INCEPTION = Model("inception1d", {}, crop_s=2.5, training=CROPPED)
BEAT_AND_WINDOW = Model("typical_beat", {}, True, training=ALIGNED)
_ALL = n_numbers(rhythm=False, waves=True)
MEASURED = Model("typical_beat", {"n_numbers": _ALL}, True, training=ALIGNED)
"""Beside the typical beat and the window, what an electrocardiograph measures."""
BOOSTED = Model("forest", {"n_trees": 2300, "n_bins": 0, "n_numbers": _ALL, "summed": True, "apart": True}, True)
"""A hundred small trees a class on the same measurements."""
RANDOMISED = Model("forest", {"n_trees": 16, "n_bins": 0, "n_numbers": _ALL}, True)
"""Few trees in each of several members, for room: each tree has some three hundred nodes, each with an answer for every class."""


def fused(
    each: Mapping[str, Predictions], families: Mapping[str, Sequence[str]], shares: Sequence[float]
) -> Predictions:
    """The answers of families of models, weighted by the families' shares; within a family all count alike."""
    weighed = [
        (share / len(names), each[name])
        for share, names in zip(shares, families.values(), strict=True)
        for name in names
    ]
    total = np.sum([share * found.probability for share, found in weighed], axis=0)
    return replace(weighed[0][1], probability=total.astype(np.float32))


def best_shares(each: Mapping[str, Predictions], families: Mapping[str, Sequence[str]]) -> list[float]:
    """The shares, multiples of a sixth, by which validation predictions are best."""
    whole = [of for of in product(range(_PARTS + 1), repeat=len(families)) if sum(of) == _PARTS]
    return max(([n / _PARTS for n in of] for of in whole), key=lambda tried: quality(fused(each, families, tried)))


def turning(quick: bool) -> dict[int, range]:
    """For each group of folds that is tested, the folds of protocol nested that its members train by, each validating one."""
    n = PTBXL.protocol("nested").n_folds // len(GROUPS)
    groups = range(1 if quick else len(GROUPS))
    return {group: range(group * n, group * n + (2 if quick else n)) for group in groups}
