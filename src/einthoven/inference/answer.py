"""Hold what a model predicts for one record: the classes of its beats, or of the record as a whole."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.predictions import decide
from einthoven.inference import doubtful
from einthoven.inference.any_answer import BORDERLINE, DISCLAIMER, Answer
from einthoven.inference.declined import Declined
from einthoven.inference.evidence import Evidence

__all__ = ["BORDERLINE", "DISCLAIMER", "Answer", "BeatAnswer", "Declined", "Evidence", "RecordAnswer"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BeatAnswer(Answer):
    """The classes of a record's heartbeats; an item is a beat."""

    kind: ClassVar[str] = "beat"
    scope: ClassVar[str] = "Beats are classified one by one; rhythms such as atrial fibrillation are not assessed."

    @property
    def samples(self) -> NDArray[np.int64]:
        """Sample number of each beat [n]."""
        return self.beats

    @property
    def ends(self) -> NDArray[np.int64]:
        """Sample number of each beat [n]."""
        return self.beats

    @property
    def is_predicted(self) -> NDArray[np.bool_]:
        """Which classes at least one beat has [n_classes]."""
        return np.asarray(self.decisions.any(axis=0))

    @property
    def predicted(self) -> tuple[str, ...]:
        """Classes that occur among the beats, the most frequent first."""
        found = sorted(self.counts.items(), key=lambda pair: -pair[1])
        return tuple(name for name, n in found if n)

    @property
    def doubt(self) -> str:
        """A sentence where the probabilities expect more wrong beats than for most people in the validation data."""
        return doubtful.person(self.card, self.confidence[self.is_answered])

    @property
    def summary(self) -> str:
        """Number of beats, and the heart rate where it is known; or why there is no answer."""
        if self.declined is not None:
            return f"not answered: {self.declined.text}"
        rate = "" if self.rate_bpm is None else f", {self.rate_bpm:.0f} beats/min"
        n = int(self.is_answered.sum())
        unread = f", {self.n_unreadable:,} more unreadable" if self.n_unreadable else ""
        return f"{n:,} beat{'s' if n != 1 else ''}{unread}{rate}"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RecordAnswer(Answer):
    """Diagnoses or rhythm of a record; an item is a window.

    Parameters
    ----------
    windows : array [n, 2], sample numbers
        Where each window begins and ends, at the record's sampling rate.
    evidence : tuple of Evidence
        Evidence for each class that is predicted, where it was computed.
    """

    windows: NDArray[np.int64]
    evidence: tuple[Evidence, ...] = ()

    kind: ClassVar[str] = "window"
    scope: ClassVar[str] = "The recording is classified as a whole, from windows; single beats are not classified."

    @property
    def samples(self) -> NDArray[np.int64]:
        """Sample number at which each window begins [n]."""
        return self.windows[:, 0]

    @property
    def ends(self) -> NDArray[np.int64]:
        """Sample number just after the last of each window [n]."""
        return self.windows[:, 1]

    @cached_property
    def is_predicted(self) -> NDArray[np.bool_]:
        """Which classes are predicted for the record [n_classes]: the most probable, or those above their threshold."""
        if not self.is_answered.any():
            return np.zeros(len(self.classes), bool)
        if self.card.multilabel:
            found = decide(self.record_scores[None], self.card.thresholds, self.card.at_least_one)[0]
            return np.asarray(found)
        return np.asarray(np.arange(len(self.classes)) == self.record_scores.argmax())

    @property
    def predicted(self) -> tuple[str, ...]:
        """Classes predicted for the record, the most probable first."""
        order = np.argsort(-self.record_probabilities, kind="stable")
        return tuple(self.classes[at] for at in order if self.is_predicted[at])

    @property
    def doubt(self) -> str:
        """A sentence where the predicted class is less probable than for most records in the validation data."""
        if self.card.multilabel or not self.is_answered.any():
            return ""
        return doubtful.record(self.card, self.predicted[0], float(self.record_probabilities[self.is_predicted].max()))

    @property
    def summary(self) -> str:
        """The predicted classes: what they mean, and their names; or why there is no answer."""
        if self.declined is not None:
            return f"not answered: {self.declined.text}"
        meanings = dict(zip(self.classes, self.card.meanings, strict=True))
        found = ", ".join(f"{meanings[name]} ({name})" for name in self.predicted) or "no class predicted"
        return found if self.card.assesses_rhythm else f"{found}; rhythm not assessed"
