"""Hold what a model predicts for one beat or window of a live signal."""

from dataclasses import dataclass
from typing import Any

from einthoven.inference.declined import Declined
from einthoven.inference.plain import by_class, item


@dataclass(frozen=True)
class StreamAnswer:
    """A classified beat or window of a live signal.

    Parameters
    ----------
    kind : str
        ``beat`` or ``window``.
    sample : int
        Number of the beat's sample, or of the window's first, at the signal's rate.
    start_s, end_s : float, seconds
        Beginning and end of the window; of a beat both are its time.
    predicted : tuple of str
        Names of the predicted classes.
    probabilities : dict of str to float
        Probability of each class of the model; NaN where it is not answered.
    doubt : str
        Why the answer is doubtful, or an empty text.
    delay_s : float, seconds
        How much signal came after the end before it was answered.
    declined : Declined, optional
        Why it is not answered.
    """

    kind: str
    sample: int
    start_s: float
    end_s: float
    predicted: tuple[str, ...]
    probabilities: dict[str, float]
    doubt: str
    delay_s: float
    declined: Declined | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: an item as of :meth:`einthoven.BeatAnswer.to_dict`, and ``delay_s``."""
        shown = by_class(tuple(self.probabilities), list(self.probabilities.values()))
        plain = item(self.kind, self.sample, self.start_s, self.end_s, self.predicted, shown, self.doubt)
        reason = None
        if self.declined is not None:
            reason = {"code": self.declined.code, "text": f"not answered: {self.declined.text}"}
        return plain | {"delay_s": round(self.delay_s, 3), "declined": reason}
