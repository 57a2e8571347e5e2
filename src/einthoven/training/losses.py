"""Losses: functions of logits and class numbers, or of zeros and ones for each class, that return one number."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from einthoven.errors import ConfigurationFault
from einthoven.training.recipe import LOSSES, Recipe

Loss = Callable[[Tensor, Tensor], Tensor]


def focal(logits: Tensor, labels: Tensor, gamma: float, alpha: Tensor | None = None) -> Tensor:
    """Return the focal loss, the mean of ``-alpha_t (1 - p_t)^gamma log p_t`` (Lin et al. 2017, equation 5).

    Parameters
    ----------
    logits : Tensor [batch, classes]
        Logits.
    labels : Tensor [batch]
        Class numbers.
    gamma : float
        Focusing exponent.
    alpha : Tensor [classes], optional
        Weight of each class.
    """
    log_p = F.log_softmax(logits.float(), dim=1).gather(1, labels[:, None]).squeeze(1)
    loss = -((1 - log_p.exp()) ** gamma) * log_p
    return (loss if alpha is None else loss * alpha[labels]).mean()


def balanced_weights(counts: Tensor) -> Tensor:
    """Return the weight of each class, ``n / (classes * n_class)``; that of a class without windows is 0.

    Parameters
    ----------
    counts : Tensor [classes]
        Windows of each class.
    """
    return torch.where(counts > 0, counts.sum() / (len(counts) * counts.clamp(min=1)), 0.0)


def sigmoid_focal(logits: Tensor, truth: Tensor, gamma: float, alpha: Tensor | None = None) -> Tensor:
    """Return the multilabel focal loss, binary for each class (Lin et al. 2017, equation 5).

    Parameters
    ----------
    logits : Tensor [batch, classes]
        Logits.
    truth : Tensor [batch, classes]
        Zeros and ones.
    gamma : float
        Focusing exponent.
    alpha : Tensor [classes], optional
        Weight of each class.
    """
    logits = logits.float()
    loss = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    loss = (1 - torch.exp(-loss)) ** gamma * loss
    return (loss if alpha is None else loss * alpha).mean()


def asymmetric(
    logits: Tensor, truth: Tensor, gamma_negative: float = 4.0, gamma_positive: float = 1.0, margin: float = 0.05
) -> Tensor:
    """Return the asymmetric loss, which reduces easy negatives more than easy positives (Ridnik et al. 2021, equation 7).

    Parameters
    ----------
    logits : Tensor [batch, classes]
        Logits.
    truth : Tensor [batch, classes]
        Zeros and ones.
    gamma_negative, gamma_positive : float
        Focusing exponents of negatives and positives.
    margin : float
        Probability below which a negative does not count.
    """
    p = torch.sigmoid(logits.float())
    shifted = (p - margin).clamp(min=0)
    up = truth * (1 - p) ** gamma_positive * torch.log(p.clamp(min=1e-8))
    down = (1 - truth) * shifted**gamma_negative * torch.log((1 - shifted).clamp(min=1e-8))
    return -(up + down).mean()


def positive_weights(counts: Tensor, n: int, most: float = 100.0) -> Tensor:
    """Return the weight of each class's positives: negatives over positives (capped as in the pediatric benchmark).

    Parameters
    ----------
    counts : Tensor [classes]
        Positive windows of each class.
    n : int
        Windows in all.
    most : float
        Largest weight.
    """
    return ((n - counts) / counts.clamp(min=1)).clamp(max=most)


def loss_for(recipe: Recipe, counts: Tensor, n: int | None = None) -> Loss:
    """Return the loss of a recipe.

    Parameters
    ----------
    recipe : Recipe
        How to train.
    counts : Tensor [classes]
        Training windows of each class.
    n : int, optional
        Number of training windows, for multilabel windows; None where each window has one class.

    Returns
    -------
    callable
        Takes logits and truth.

    Raises
    ------
    ConfigurationFault
        If the number of alphas is not that of the classes, or the asymmetric loss is chosen for windows of one class.
    """
    if recipe.focal_alpha and len(recipe.focal_alpha) != len(counts):
        raise ConfigurationFault(
            "The focal loss needs one alpha for each class.",
            found=f"{len(recipe.focal_alpha)} for {len(counts)} classes",
            expected="none, or one for each class in the order of the labels",
            remedy=f"--train.focal-alpha {' '.join(['1'] * len(counts))}",
        )
    if n is not None:
        return _multilabel_loss(recipe, counts.float(), n)
    if recipe.loss == "asymmetric":
        raise ConfigurationFault(
            "The asymmetric loss is for multilabel windows only.",
            found="windows with one class each",
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


def _multilabel_loss(recipe: Recipe, counts: Tensor, n: int) -> Loss:
    if recipe.loss == "asymmetric":
        return asymmetric
    if recipe.loss == "focal":
        alpha = torch.tensor(recipe.focal_alpha) if recipe.focal_alpha else None
        return lambda logits, truth: sigmoid_focal(
            logits, truth, recipe.focal_gamma, None if alpha is None else alpha.to(logits.device)
        )
    weights = positive_weights(counts, n) if recipe.loss == "weighted" else None

    def binary(logits: Tensor, truth: Tensor) -> Tensor:
        known = torch.isfinite(truth)
        smooth = torch.nan_to_num(truth) * (1 - recipe.smoothing) + recipe.smoothing / 2
        positive = None if weights is None else weights.to(logits.device)
        return F.binary_cross_entropy_with_logits(logits.float(), smooth, known.float(), pos_weight=positive)

    return binary
