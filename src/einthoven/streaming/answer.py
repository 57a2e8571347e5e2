"""Hold what a model predicts for one beat or window of a live signal."""

from dataclasses import dataclass
from typing import Any

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
        Probability of each class of the model; NaN where the signal is not readable.
    doubt : str
        Why the answer is doubtful, or an empty text.
    delay_s : float, seconds
        How much signal came after the end before it was answered.
    """

    kind: str
    sample: int
    start_s: float
    end_s: float
    predicted: tuple[str, ...]
    probabilities: dict[str, float]
    doubt: str
    delay_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: an item as of :meth:`einthoven.BeatAnswer.to_dict`, and ``delay_s``."""
        shown = by_class(tuple(self.probabilities), list(self.probabilities.values()))
        plain = item(self.kind, self.sample, self.start_s, self.end_s, self.predicted, shown, self.doubt)
        reason = {"code": "no_readable_lead", "text": "not answered: no lead can be read here"}
        return plain | {"delay_s": round(self.delay_s, 3), "declined": reason if self.doubt == "unreadable" else None}
