"""Turn logits into the scores that decide and the probabilities that are printed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.errors import RecordUnreadable
from einthoven.evaluation.calibration import sigmoid
from einthoven.evaluation.class_prior import with_adapted_priors

Array = NDArray[Any]

NOT_CALIBRATED = "The probabilities of this model are not calibrated: its card has no calibration."
"""Remark of an answer whose model has no calibration."""


@dataclass(frozen=True, eq=False)
class Scored:
    """What decides and what is printed for some windows.

    Parameters
    ----------
    probabilities : array [n, classes], float32
        Calibrated probabilities, without class weights and class prior. Where the card has no calibration, uncalibrated ones with
        both, which decide.
    scores : array [n, classes], float32, optional
        What decides beside calibrated probabilities: uncalibrated ones with the card's class weights and class prior.
    """

    probabilities: Array
    scores: Array | None = None

    @property
    def deciding(self) -> Array:
        """What decides [n, classes]: the scores, or the probabilities where there are none."""
        return self.probabilities if self.scores is None else self.scores


def scored(logits: Array, record: Array, card: Card) -> Scored:
    """Return what decides and what is printed.

    Parameters
    ----------
    logits : array [n, classes]
        Logits of windows.
    record : array [n]
        Which record each is from.
    card : Card
        Card of the model.
    """
    scores = with_adapted_priors(uncalibrated(logits, card), record, card.classes, card.class_prior_adaptation)
    return Scored(scores) if card.calibration is None else Scored(probabilities(logits, card), scores)


def probabilities(logits: Array, card: Card) -> Array:
    """Return probabilities, calibrated where the card has a calibration.

    Parameters
    ----------
    logits : array [n, classes]
        Logits of windows.
    card : Card
        Card of the model.

    Returns
    -------
    array [n, classes]
    """
    if card.calibration is None or not len(logits):
        return uncalibrated(logits, card)
    return card.calibration.apply(logits)


def uncalibrated(logits: Array, card: Card) -> Array:
    """Return probabilities with the card's class weights.

    Parameters
    ----------
    logits : array [n, classes]
        Logits of windows.
    card : Card
        Card of the model.

    Returns
    -------
    array [n, classes]
    """
    if card.multilabel:
        return sigmoid(logits)
    if not len(logits):
        return logits
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    if card.class_weights:
        powers = powers * np.asarray(card.class_weights, powers.dtype)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def remarks(card: Card) -> list[str]:
    """Return what a reader must know of a model's probabilities and classes.

    Parameters
    ----------
    card : Card
        Card of the model.
    """
    found = [] if card.calibration is not None else [NOT_CALIBRATED]
    if never := card.never_found:
        meanings = dict(zip(card.classes, card.meanings, strict=True))
        listed = ", ".join(f"{meanings[name]} ({name})" for name in never)
        found.append(f"Never found by this model in tests, so that their absence says nothing: {listed}.")
    return found


def class_prior_remark(card: Card, scores: Array) -> str:
    """Return how common a class was estimated to be in a recording.

    Parameters
    ----------
    card : Card
        Card of a model with a class prior adaptation.
    scores : array [n, classes]
        What decides for each item.

    Returns
    -------
    str
    """
    of, beside, share = (card.class_prior_adaptation[name] for name in ("of", "beside", "share"))
    mass = scores[:, [card.classes.index(name) for name in (of, beside)]].sum(axis=0)
    return (
        f"The proportion of {of} among {beside} and {of} was estimated from this recording: "
        f"{mass[0] / max(mass.sum(), 1e-9):.0%} ({share:.0%} in the training data)."
    )


def require_finite(logits: Array, name: str) -> None:
    """Refuse logits that are no numbers.

    Parameters
    ----------
    logits : array [n, classes]
        Logits of windows.
    name : str
        Name of the model.

    Raises
    ------
    RecordUnreadable
        If one is not finite.
    """
    wrong = ~np.isfinite(logits).all(axis=1)
    if wrong.any():
        raise RecordUnreadable(
            f"{name} gave no number for a window.",
            found=f"NaN or infinity for {wrong.sum()} of {len(logits)} windows",
            expected="finite logits",
            remedy="check the unit of the recording, or export the model again in fp32",
        )
