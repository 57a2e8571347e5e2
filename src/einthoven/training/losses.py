"""Knows the losses: logits and class numbers in, one number out."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from einthoven.errors import ConfigurationFault
from einthoven.training.recipe import Recipe

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


def loss_for(recipe: Recipe, counts: Tensor) -> Loss:
    """The loss a recipe names, with the class counts of the training part [classes].

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
