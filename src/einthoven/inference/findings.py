"""Knows what a model said about a record as a whole. Does not know how it came to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from einthoven.bundle import Card
from einthoven.evaluation.predictions import decide
from einthoven.inference.prediction import read_from
from einthoven.records.record import Record
from einthoven.signal.quality import LeadQuality

NEAR = 0.8
"""A class that is not said is shown as near where its probability is above this share of its threshold."""


@dataclass(frozen=True)
class Why:
    """What spoke for one class.

    label : class number; start_s : where the window that spoke loudest begins; map : over it [samples], 0 to 1, at the model's
    rate; falls : for each lead used, by how much the probability falls when it is silenced; beat : the typical beat
    [leads, samples] of a model that reads it, and the map is then over that; trace : beside it, of a model whose nets read
    the trace too, their map over the window [samples]; parts : of a model that measures the rhythm, by how much the
    probability falls without each thing it reads, named
    """

    label: int
    start_s: float
    map: np.ndarray
    falls: tuple[float, ...]
    beat: np.ndarray | None = None
    trace: np.ndarray | None = None
    parts: tuple[tuple[str, float], ...] = ()

    def without(self, leads: Sequence[str]) -> list[tuple[str, float]]:
        """What can be left out, a part or else one of the `leads`, and how the probability falls then; the most telling first."""
        return sorted(self.parts or zip(leads, self.falls, strict=True), key=lambda pair: -pair[1])


@dataclass(frozen=True, eq=False)
class Findings:
    """Diagnoses or rhythm of one record.

    record : what was read; card : the model's; leads : names that were used; starts : first sample of each window at the
    record's rate [n]; each : probability of each class in each window [n, classes]; beats : sample numbers of the heartbeats in
    the clearest lead; quality : one verdict a lead; remarks : what the reader must know; why : what spoke for the classes that
    are said, where it was asked for
    """

    record: Record
    card: Card
    leads: tuple[str, ...]
    starts: np.ndarray
    each: np.ndarray
    beats: np.ndarray
    quality: tuple[LeadQuality, ...]
    remarks: tuple[str, ...]
    why: tuple[Why, ...] = ()

    @cached_property
    def probability(self) -> np.ndarray:
        """Of each class, the mean over the windows [classes]."""
        return self.each.mean(axis=0)

    @cached_property
    def intervals_ms(self) -> np.ndarray:
        """RR intervals, from each beat to the next [beats - 1]."""
        return np.diff(self.beats) / self.record.fs_hz * 1000

    @property
    def rate_per_min(self) -> float | None:
        """Heart rate of the median interval; None without three beats."""
        return 60_000 / float(np.median(self.intervals_ms)) if len(self.beats) > 2 else None

    @property
    def rate(self) -> str:
        """The heart rate and the intervals in words."""
        if self.rate_per_min is None:
            return "no heart rate: fewer than three heartbeats were found"
        low, high = np.quantile(self.intervals_ms, (0.05, 0.95))
        return f"{self.rate_per_min:.0f} beats a minute; nine in ten RR intervals between {low:.0f} and {high:.0f} ms"

    @cached_property
    def said(self) -> np.ndarray:
        """Which classes are said, bool [classes]: those that reach their threshold; the most probable, if there is but one."""
        if self.card.multilabel:
            return decide(self.probability[None], self.card.thresholds, self.card.at_least_one)[0]
        return np.arange(len(self.probability)) == self.probability.argmax()

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Of each class, where several can be said; else empty."""
        return (self.card.thresholds or (0.5,) * len(self.card.classes)) if self.card.multilabel else ()

    @cached_property
    def near(self) -> np.ndarray:
        """Which classes are not said and yet near their threshold, bool [classes]."""
        limits = np.asarray(self.thresholds or (1.0,) * len(self.card.classes))
        return ~self.said & (self.probability > NEAR * limits)

    @property
    def answer(self) -> str:
        """The classes that are said, the most probable first."""
        order = np.argsort(-self.probability, kind="stable")
        return ", ".join(self.card.classes[at] for at in order if self.said[at]) or "none of the classes"

    def as_dict(self) -> dict:
        """Plain values for JSON."""
        rows = zip(self.card.classes, self.card.meanings, self.probability.tolist(), self.said.tolist(), strict=True)
        limits = self.thresholds or (None,) * len(self.card.classes)
        return read_from(self) | {
            "answer": [name for name, is_said in zip(self.card.classes, self.said, strict=True) if is_said],
            "classes": [
                {"class": name, "meaning": meaning, "probability": round(p, 4), "threshold": limit, "said": is_said}
                for (name, meaning, p, is_said), limit in zip(rows, limits, strict=True)
            ],
            "heart_rate_per_min": None if self.rate_per_min is None else round(self.rate_per_min, 1),
            "beats": self.beats.tolist(),
            "windows": [
                {"start_s": round(float(start) / self.record.fs_hz, 3), "probability": np.round(row, 4).tolist()}
                for start, row in zip(self.starts, self.each.astype(float), strict=True)
            ],
        }
