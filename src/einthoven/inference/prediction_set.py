"""Hold a set of classes that has the true one with a chosen probability, or why there is none."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.evaluation.conformal import require_coverage

OF_BEATS = (
    "No coverage is promised for beats: beats of one person resemble each other, and people differ. "
    "In a trial on other people a promised 90 % held for 82 % of the beats."
)
"""Why beats have no sets."""
NONE_ON_CARD = "No coverage can be promised: the model's card has no scores of validation records."
"""Why a model without conformal scores has no sets."""


@dataclass(frozen=True)
class PredictionSet:
    """Classes that hold the true one with a chosen probability.

    Parameters
    ----------
    coverage : float
        The probability.
    classes : tuple of str, optional
        The classes; None where nothing is promised.
    not_promised : tuple of str
        Classes with too few validation records: they are in no set.
    reason : str
        Why there is no set, or an empty text.
    can_tell : bool
        Whether the set excludes a class and holds one; of a multilabel model an empty set says that no class is left.
    """

    coverage: float
    classes: tuple[str, ...] | None
    not_promised: tuple[str, ...] = ()
    reason: str = ""
    can_tell: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        plain = asdict(self)
        return plain | {"classes": None if self.classes is None else list(self.classes)}

    def __str__(self) -> str:
        if self.classes is None:
            return self.reason
        names = "{" + ", ".join(self.classes) + "}" if self.can_tell else "cannot tell"
        return f"{self.coverage:.0%} set: {names}"


def set_of(card: Card, probability: NDArray[Any], n_items: int, coverage: float) -> PredictionSet:
    """Return the set of a record.

    Parameters
    ----------
    card : Card
        Card of the model.
    probability : array [classes]
        Calibrated probabilities of the record.
    n_items : int
        Number of windows that were classified.
    coverage : float
        Wanted probability that the true class is in the set.

    Raises
    ------
    ConfigurationFault
        If the coverage is not above 0 and below 1.
    """
    require_coverage(coverage)
    if not card.preparation.is_whole:
        return PredictionSet(coverage, None, reason=OF_BEATS)
    if card.conformal is None or not n_items:
        return PredictionSet(coverage, None, reason=NONE_ON_CARD)
    kept = card.conformal.sets(np.asarray(probability)[None], coverage)[0]
    names = tuple(np.array(card.classes, object)[kept])
    can_tell = not kept.all() and (bool(kept.any()) or card.multilabel)
    return PredictionSet(coverage, names, card.conformal.not_promised, can_tell=can_tell)
