"""Knows the losses: logits and class numbers (or zeros and ones for each class) in, one number out."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from einthoven.errors import ConfigurationFault
from einthoven.training.recipe import LOSSES, Recipe

Loss = Callable[[Tensor, Tensor], Tensor]


def focal(logits: Tensor, labels: Tensor, gamma: float, alpha: Tensor | None = None) -> Tensor:
    """Focal loss, mean of ``-alpha_t (1 - p_t)^gamma log p_t`` (Lin et al. 2017, equation 5).

    Parameters
    ----------
    logits : [batch, classes]; labels : class numbers [batch]; gamma : focusing exponent; alpha : weight of each class
    """
    log_p = F.log_softmax(logits.float(), dim=1).gather(1, labels[:, None]).squeeze(1)
    loss = -((1 - log_p.exp()) ** gamma) * log_p
    return (loss if alpha is None else loss * alpha[labels]).mean()


def balanced_weights(counts: Tensor) -> Tensor:
    """Weight of each class: ``n / (classes * n_class)``; a class without windows weighs nothing."""
    return torch.where(counts > 0, counts.sum() / (len(counts) * counts.clamp(min=1)), 0.0)


def sigmoid_focal(logits: Tensor, truth: Tensor, gamma: float, alpha: Tensor | None = None) -> Tensor:
    """Focal loss where several classes can be true: each class is a question of its own (Lin et al. 2017, equation 5).

    Parameters
    ----------
    logits, truth : [batch, classes]; gamma : focusing exponent; alpha : weight of each class
    """
    logits = logits.float()
    loss = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    loss = (1 - torch.exp(-loss)) ** gamma * loss
    return (loss if alpha is None else loss * alpha).mean()


def asymmetric(
    logits: Tensor, truth: Tensor, gamma_negative: float = 4.0, gamma_positive: float = 1.0, margin: float = 0.05
) -> Tensor:
    """Asymmetric loss: easy negatives are turned down more than easy positives (Ridnik et al. 2021, equation 7).

    Parameters
    ----------
    logits, truth : [batch, classes]; margin : probability below which a negative no longer counts
    """
    p = torch.sigmoid(logits.float())
    shifted = (p - margin).clamp(min=0)
    up = truth * (1 - p) ** gamma_positive * torch.log(p.clamp(min=1e-8))
    down = (1 - truth) * shifted**gamma_negative * torch.log((1 - shifted).clamp(min=1e-8))
    return -(up + down).mean()


def positive_weights(counts: Tensor, n: int, most: float = 100.0) -> Tensor:
    """Weight of each class's positives: negatives over positives, at most `most` (the pediatric benchmark's cap)."""
    return ((n - counts) / counts.clamp(min=1)).clamp(max=most)


def loss_for(recipe: Recipe, counts: Tensor, n: int | None = None) -> Loss:
    """The loss a recipe names, with the class counts of the training part [classes].

    Parameters
    ----------
    n : windows of the training part, where they can bear several classes; None where each bears one

    Raises
    ------
    ConfigurationFault
        Where there is not one alpha for each class.
    """
    if recipe.focal_alpha and len(recipe.focal_alpha) != len(counts):
        raise ConfigurationFault(
            "the focal loss does not have one alpha a class.",
            found=f"{len(recipe.focal_alpha)} for {len(counts)} classes",
            expected="none, or one for each class in the order of the labels",
            remedy=f"--train.focal-alpha {' '.join(['1'] * len(counts))}",
        )
    if n is not None:
        return _loss_of_several(recipe, counts.float(), n)
    if recipe.loss == "asymmetric":
        raise ConfigurationFault(
            "the asymmetric loss wants windows that can bear several classes.",
            found="a corpus whose windows bear one class each",
            expected=", ".join(name for name in LOSSES if name != "asymmetric"),
            remedy="--train.loss focal",
        )
    if recipe.loss == "focal":
        alpha = torch.tensor(recipe.focal_alpha) if recipe.focal_alpha else None
        return lambda logits, labels: focal(
            logits, labels, recipe.focal_gamma, None if alpha is None else alpha.to(logits.device)
        )
    weights = balanced_weights(counts.float()) if recipe.loss == "weighted" else None
    return lambda logits, labels: F.cross_entropy(
        logits.float(),
        labels,
        None if weights is None else weights.to(logits.device),
        label_smoothing=recipe.smoothing,
    )


def _loss_of_several(recipe: Recipe, counts: Tensor, n: int) -> Loss:
    if recipe.loss == "asymmetric":
        return asymmetric
    if recipe.loss == "focal":
        alpha = torch.tensor(recipe.focal_alpha) if recipe.focal_alpha else None
        return lambda logits, truth: sigmoid_focal(
            logits, truth, recipe.focal_gamma, None if alpha is None else alpha.to(logits.device)
        )
    weights = positive_weights(counts, n) if recipe.loss == "weighted" else None

    def binary(logits: Tensor, truth: Tensor) -> Tensor:
        smooth = truth * (1 - recipe.smoothing) + recipe.smoothing / 2
        positive = None if weights is None else weights.to(logits.device)
        return F.binary_cross_entropy_with_logits(logits.float(), smooth, pos_weight=positive)

    return binary
