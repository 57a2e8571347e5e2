"""Say which answers are doubtful, by what was measured on validation data."""

from typing import Any

from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.evaluation.doubt import UNMEASURED_LIMIT


def unsure_below(card: Card) -> float:
    """Return the probability of the predicted class below which a beat or window is unsure.

    Parameters
    ----------
    card : Card
        Card of the model: what was measured on validation data, or 0.6; 0 where classes do not exclude each other.
    """
    if card.multilabel:
        return 0.0
    return UNMEASURED_LIMIT if card.doubt is None else card.doubt.limit


def person(card: Card, confidence: NDArray[Any]) -> str:
    """Return a sentence if more beats are expected to be wrong than for most people in the validation data.

    Parameters
    ----------
    card : Card
        Card of the model.
    confidence : array [n]
        Probability of the predicted class of each beat.
    """
    expected = float(1 - confidence.mean()) if len(confidence) else 0.0
    if card.doubt is None or expected <= card.doubt.person_limit:
        return ""
    return (
        f"Doubtful: {expected:.0%} of the beats are expected to be wrong; for nine in ten people in the validation data it was "
        f"at most {card.doubt.person_limit:.0%}. Check the classes of this person."
    )


def record(card: Card, predicted: str, probability: float) -> str:
    """Return a sentence if the predicted class is less probable than for most records in the validation data.

    Parameters
    ----------
    card : Card
        Card of the model.
    predicted : str
        Predicted class of the record.
    probability : float
        Its calibrated probability.
    """
    if card.doubt is None or probability >= card.doubt.limit:
        return ""
    found = card.doubt.measured
    return (
        f"Doubtful: the probability of {predicted} is {probability:.2f}. Below {card.doubt.limit:.2f} are "
        f"{found.get('marked', 0):.0%} of the validation records, and {found.get('errors_caught', 0):.0%} of the errors."
    )
