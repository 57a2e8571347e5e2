"""Knows what a model said about one record. Does not know how it came to it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from einthoven.bundle import Card
from einthoven.records.record import Record
from einthoven.signal.quality import LeadQuality

DISCLAIMER = "einthoven is not a medical device. For research and education; not for diagnosis."
SCOPE = "Each beat is classified by itself; rhythms such as atrial fibrillation are not assessed."
UNSURE = 0.6
"""A beat whose most probable class is below this is marked unsure."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Beats of one record with their classes.

    record : what was read; card : the model's; leads : names that were used; beats : sample numbers at the record's
    rate [n]; probability : [n, classes]; missing : bool [n], whether samples near the beat are missing; quality : one
    verdict a lead; remarks : what the reader must know
    """

    record: Record
    card: Card
    leads: tuple[str, ...]
    beats: np.ndarray
    probability: np.ndarray
    missing: np.ndarray
    quality: tuple[LeadQuality, ...]
    remarks: tuple[str, ...]

    @cached_property
    def decided(self) -> np.ndarray:
        """Class numbers [n]."""
        return self.probability.argmax(axis=1) if len(self.beats) else np.zeros(0, np.int64)

    @cached_property
    def sure(self) -> np.ndarray:
        """Probability of the decided class [n]."""
        return self.probability.max(axis=1) if len(self.beats) else np.zeros(0)

    @property
    def times_s(self) -> np.ndarray:
        """Times of the beats [n]."""
        return self.beats / self.record.fs_hz

    @property
    def counts(self) -> dict[str, int]:
        """Beats of each class."""
        found = np.bincount(self.decided, minlength=len(self.card.classes))
        return dict(zip(self.card.classes, found.tolist(), strict=True))

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why each beat is doubtful, or nothing [n]: a lead that cannot be read, samples missing near it, unsure."""
        poor = "" if any(verdict.verdict == "good" for verdict in self.quality) else f"{self.quality[0].verdict} lead"
        return tuple(
            poor or ("missing samples" if gone else "unsure" if sure < UNSURE else "")
            for gone, sure in zip(self.missing, self.sure, strict=True)
        )

    @property
    def n_unsure(self) -> int:
        """Beats whose class is doubtful."""
        return sum(map(bool, self.doubts))

    @property
    def rate_bpm(self) -> float | None:
        """Median heart rate; None below three beats."""
        return round(60 / float(np.median(np.diff(self.times_s))), 1) if len(self.beats) > 2 else None

    def as_dict(self) -> dict:
        """Plain values for JSON."""
        classes = self.card.classes
        rounded = np.round(self.probability.astype(float), 4).tolist()
        return read_from(self) | {
            "heart_rate_bpm": self.rate_bpm,
            "n_beats": len(self.beats),
            "counts": self.counts,
            "n_unsure": self.n_unsure,
            "beats": [
                {
                    "sample": int(sample),
                    "time_s": round(float(time_s), 3),
                    "class": classes[label],
                    "probability": dict(zip(classes, row, strict=True)),
                    "doubt": doubt,
                }
                for sample, time_s, label, row, doubt in zip(
                    self.beats, self.times_s, self.decided, rounded, self.doubts, strict=True
                )
            ],
        }


def read_from(answer) -> dict:
    """What an answer (a prediction, or findings) says of the record it was read from, as plain values."""
    record = answer.record
    return {
        "record": record.name,
        "file": str(record.source) if record.source else None,
        "fs_hz": record.fs_hz,
        "duration_s": round(record.duration_s, 3),
        "leads": list(record.leads),
        "leads_used": list(answer.leads),
        "quality": [vars(verdict) for verdict in answer.quality],
        "remarks": list(answer.remarks),
    }
