"""Hold what the answers for beats and for whole records have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.evaluation.predictions import decide
from einthoven.inference import doubtful, plain
from einthoven.inference.declined import Declined
from einthoven.inference.prediction_set import PredictionSet, set_of
from einthoven.inference.reading import poor_lead
from einthoven.inference.second_opinion import Disputed
from einthoven.records.record import Record
from einthoven.signal.doctor import Finding
from einthoven.signal.quality import Quality

if TYPE_CHECKING:
    import pandas

DISCLAIMER = "einthoven is not a medical device. For research and education; not for diagnosis."
BORDERLINE = 0.8
"""A class that is not predicted is borderline where its probability is above this share of its threshold."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Answer(ABC):
    """What a model predicts for one record.

    An answer has items: beats (:class:`BeatAnswer`) or windows (:class:`RecordAnswer`). All else has the same name in both.
    """

    record: Record
    """The record that was classified."""
    card: Card
    """Card of the model."""
    leads: tuple[str, ...]
    """Names of the leads that the model used."""
    beats: NDArray[np.int64]
    """Heartbeats [n_beats], as sample numbers at the record's sampling rate."""
    probabilities: NDArray[np.float32]
    """Probability of each class for each item [n, n_classes], calibrated if the card has a calibration. Rows sum to one unless the
    model is multilabel."""
    missing: NDArray[np.bool_]
    """Whether samples are missing near the beat, or in the window, in any lead used [n]."""
    quality: Quality
    """Quality of the leads used, stretch by stretch."""
    unreadable: NDArray[np.bool_]
    """Which items are in stretches that cannot be read [n]; they have no class and are not counted."""
    remarks: tuple[str, ...]
    """What a reader of the answer must know."""
    scores: NDArray[np.float32] | None = None
    """What decides for each item [n, n_classes]: uncalibrated probabilities with the card's class weights and class prior. None if
    the probabilities decide."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with leads, units or rate of the record, with what to do."""
    declined: Declined | None = None
    """Why the record is declined: it has no class then. None if it is not."""
    disputed: Disputed = field(default_factory=Disputed)
    """Complexes that one of two heartbeat detectors sees and the other does not."""
    coverage: float | None = None
    """Coverage of the prediction set that :meth:`to_dict` states; None for no set."""

    kind: ClassVar[str]
    """What an item is: ``beat`` or ``window``."""
    scope: ClassVar[str]
    """What the model looks at, in a sentence."""

    @property
    @abstractmethod
    def samples(self) -> NDArray[np.int64]:
        """Sample number of each item, at the record's sampling rate: the beat, or where the window begins [n]."""

    @property
    @abstractmethod
    def ends(self) -> NDArray[np.int64]:
        """Sample number at which each item ends: the beat itself, or just after the last sample of the window [n]."""

    @property
    @abstractmethod
    def is_predicted(self) -> NDArray[np.bool_]:
        """Which classes are predicted for the record [n_classes]."""

    @property
    @abstractmethod
    def predicted(self) -> tuple[str, ...]:
        """Classes predicted for the record: of beats those that occur, most frequent first; else the most probable first."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """The answer in one line."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the probabilities."""
        return self.card.classes

    @property
    def n_items(self) -> int:
        """Number of beats or windows that were classified."""
        return len(self.probabilities)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Time of each beat, or beginning of each window, in seconds [n]."""
        return np.asarray(self.samples / self.record.fs_hz, np.float64)

    @cached_property
    def is_answered(self) -> NDArray[np.bool_]:
        """Which items have a class [n]: none where the record is declined, else those that are readable."""
        return ~self.unreadable if self.declined is None else np.zeros(self.n_items, bool)

    @cached_property
    def deciding(self) -> NDArray[np.float32]:
        """What decides for each item [n, n_classes]: :attr:`scores`, or the probabilities where there are none."""
        return self.probabilities if self.scores is None else self.scores

    @cached_property
    def most_probable(self) -> NDArray[np.int64]:
        """Number of the predicted class of each item [n]; of a multilabel model the class with the highest score."""
        return self.deciding.argmax(axis=1) if self.n_items else np.zeros(0, np.int64)

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """Probability of the predicted class of each item [n]; of a multilabel model the highest probability."""
        if not self.n_items:
            return np.zeros(0, np.float32)
        return np.asarray(self.probabilities[np.arange(self.n_items), self.most_probable])

    @cached_property
    def decisions(self) -> NDArray[np.bool_]:
        """Which classes are predicted for each item [n, n_classes]: that with the highest score, or those above their threshold.

        None for an item that is not answered.
        """
        found = np.arange(len(self.classes)) == self.most_probable[:, None]
        if self.card.multilabel and self.n_items:
            found = decide(self.deciding, self.card.thresholds, self.card.at_least_one)
        return np.asarray(found & self.is_answered[:, None])

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Names of the classes predicted for each item [n]: one, or, multilabel, any number; none for one not answered."""
        names = np.array(self.classes, object)
        return tuple(tuple(names[row]) for row in self.decisions)

    @property
    def counts(self) -> dict[str, int]:
        """Number of items of each class."""
        return dict(zip(self.classes, self.decisions.sum(axis=0).tolist(), strict=True))

    @cached_property
    def record_probabilities(self) -> NDArray[np.float32]:
        """Mean of the answered items' probabilities [n_classes]; NaN without such items."""
        return self._mean(self.probabilities)

    @cached_property
    def record_scores(self) -> NDArray[np.float32]:
        """Mean of what decides for the answered items [n_classes]; NaN without such items."""
        return self._mean(self.deciding)

    def _mean(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self.is_answered.any():
            return np.full(len(self.classes), np.nan, np.float32)
        return np.asarray(values[self.is_answered].mean(axis=0))

    @property
    def thresholds(self) -> dict[str, float]:
        """Probability above which a multilabel model predicts each class; empty for classes that exclude each other."""
        calibration = self.card.calibration
        limits = (self.card.thresholds or (0.5,) * len(self.classes)) if self.card.multilabel else ()
        if limits and calibration is not None and self.scores is not None:
            limits = calibration.moved_thresholds(limits)
        return dict(zip(self.classes, limits, strict=False))

    @cached_property
    def is_borderline(self) -> NDArray[np.bool_]:
        """Which classes of a multilabel model are not predicted for the record but close to their threshold [n_classes]."""
        if not self.card.multilabel:
            return np.zeros(len(self.classes), bool)
        limits = np.array(self.card.thresholds or (0.5,) * len(self.classes))
        return ~self.is_predicted & (self.record_scores > BORDERLINE * limits)

    @property
    def borderline(self) -> tuple[str, ...]:
        """Classes that are not predicted but close to their threshold; empty for classes that exclude each other."""
        return tuple(name for name, is_close in zip(self.classes, self.is_borderline, strict=True) if is_close)

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why each item is doubtful [n], or an empty text: a noisy or unreadable lead, samples missing, or ``unsure``.

        An item that is not readable has ``unreadable``; it is not among the doubtful ones.
        """
        limit = doubtful.unsure_below(self.card)
        rows = zip(self.unreadable, self.missing, self._poor_leads, self.confidence, strict=True)
        return tuple(
            "unreadable" if gone else poor or ("missing samples" if lost else "unsure" if sure < limit else "")
            for gone, lost, poor, sure in rows
        )

    @property
    def _poor_leads(self) -> tuple[str, ...]:
        """For each item the lead that is not good in its stretch and what is wrong with it [n], or an empty text."""
        spans = zip(self.samples.tolist(), self.ends.tolist(), strict=True)
        return tuple(poor_lead(self.quality, begin, end) for begin, end in spans)

    @property
    def n_doubtful(self) -> int:
        """Number of answered items with a doubt."""
        return int(np.sum(np.array([bool(doubt) for doubt in self.doubts], bool) & self.is_answered))

    @property
    def n_unreadable(self) -> int:
        """Number of items that are not readable."""
        return int(self.unreadable.sum())

    @property
    @abstractmethod
    def doubt(self) -> str:
        """Why the answer as a whole is doubtful, by what was measured on validation data; an empty text if it is not."""

    def prediction_set(self, coverage: float) -> PredictionSet:
        """Return the classes that hold the true one with a chosen probability.

        Parameters
        ----------
        coverage : float
            The probability, above 0 and below 1. It holds in each class for records like those of the validation data.

        Returns
        -------
        PredictionSet
            Its ``classes`` are None where nothing can be promised; ``reason`` then says why.

        Raises
        ------
        ConfigurationFault
            If the coverage is not above 0 and below 1.
        """
        return set_of(self.card, self.record_probabilities, int(self.is_answered.sum()), coverage)

    @cached_property
    def rr_ms(self) -> NDArray[np.float64]:
        """RR intervals in milliseconds between heartbeats in readable stretches [n]."""
        is_readable = self.quality.readable_in_any[self.quality.at(self.beats)]
        both = is_readable[1:] & is_readable[:-1]
        return np.asarray(np.diff(self.beats)[both] / self.record.fs_hz * 1000, np.float64)

    @property
    def rate_bpm(self) -> float | None:
        """Heart rate of the median RR interval; None below two intervals."""
        return 60_000 / float(np.median(self.rr_ms)) if len(self.rr_ms) > 1 else None

    @property
    def heart_rate(self) -> str:
        """Heart rate and RR intervals in words."""
        if self.rate_bpm is None:
            return "Heart rate unknown: fewer than three readable heartbeats in a row"
        low, high = np.quantile(self.rr_ms, (0.05, 0.95))
        return f"Heart rate {self.rate_bpm:.0f} beats/min; RR {low:.0f}–{high:.0f} ms (5th–95th percentile)"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; the keys are the same for beats and for whole records.

        Returns
        -------
        dict
            ``record``, ``file``, ``fs_hz``, ``duration_s``, ``leads`` of the record and ``leads_used``;
            ``quality``: of each stretch ``lead``, ``start_s``, ``end_s``, ``verdict`` and ``reason``; ``remarks``: a list of
            sentences; ``declined``: None, or ``code`` and ``text``: no class is named then;
            ``rate_bpm``; ``beats``: sample numbers; ``disputed``: sample numbers of complexes that one of two heartbeat
            detectors sees, those that are ``counted`` as beats and those that are ``not_counted``;
            ``predicted`` and ``borderline``: class names; ``probabilities``: ``{class: mean over the items}``;
            ``thresholds``: ``{class: threshold}``, empty for classes that exclude each other;
            ``findings``: of each ``code``, ``leads``, ``certainty``, ``text`` and ``remedy``;
            ``counts``: ``{class: number of items}``; ``n_items``; ``n_doubtful``; ``n_unreadable``; ``doubt``: a sentence
            about the whole, or empty;
            ``prediction_set``: None, or with :attr:`coverage` set ``coverage``, ``classes``, ``not_promised`` and ``reason``;
            ``items``: of each beat or window ``kind``, ``sample``, ``start_s``, ``end_s``, ``predicted`` (class names),
            ``probabilities`` (``{class: value}``) and ``doubt``. A line of ``einthoven stream`` is such an item with ``delay_s``.
        """
        return plain.values(self)

    def to_frame(self) -> "pandas.DataFrame":
        """Return one row for each item: record, kind, sample, start_s, end_s, predicted, doubt, and a probability for each class.

        Raises
        ------
        LibraryMissing
            Where pandas is not installed.
        """
        return plain.frame(self)

    def __repr__(self) -> str:
        return plain.text(self)

    def _repr_html_(self) -> str:
        return plain.html(self)
