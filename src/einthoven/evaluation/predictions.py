"""Knows what a model said beside the truth, and one file format for it, so that a rival's CSV is scored by the same code."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable
from einthoven.paths import written_aside


def mean(each: Sequence["Predictions"]) -> "Predictions":
    """The mean of the probabilities of several answers for the same windows."""
    return replace(each[0], probability=np.mean([found.probability for found in each], axis=0))


def joined(pieces: Sequence["Predictions"]) -> "Predictions":
    """Answers for several parts as one."""
    rows = ["truth", "probability", "record", "patient", "position"]
    if pieces[0].said is not None:
        rows.append("said")
    return replace(pieces[0], **{name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in rows})


_KEYS, _SEVERAL = ("record", "patient", "position", "truth"), "truths"


def decide(probability: np.ndarray, thresholds: tuple[float, ...], at_least_one: bool) -> np.ndarray:
    """Which of several classes are said, bool [n, C], from their probabilities [n, C].

    Parameters
    ----------
    thresholds : for each class, or empty for 0.5
    at_least_one : where no class reaches its threshold, the one is said whose odds are nearest to its threshold's
    """
    limits = np.asarray(thresholds or (0.5,) * probability.shape[1], np.float64)
    said = probability >= limits
    if at_least_one:
        clipped, limits = np.clip(probability, 1e-7, 1 - 1e-7), np.clip(limits, 1e-7, 1 - 1e-7)
        nearest = (np.log(clipped / (1 - clipped)) - np.log(limits / (1 - limits))).argmax(axis=1)
        none = ~said.any(axis=1)
        said[none, nearest[none]] = True
    return said


@dataclass(frozen=True)
class Predictions:
    """One row for each window.

    classes : names [C]; truth : class numbers [n], or zeros and ones [n, C] where a window can bear several; probability :
    [n, C], rows sum to one unless there can be several; record, patient : text [n]; position : sample number at the
    record's own rate [n]; thresholds : probability from which each class is said [C], empty means 0.5; at_least_one :
    whether the class nearest to its threshold is said where none reaches it; said : bool [n, C], where it was decided before,
    part by part
    """

    classes: tuple[str, ...]
    truth: np.ndarray
    probability: np.ndarray
    record: np.ndarray
    patient: np.ndarray
    position: np.ndarray
    thresholds: tuple[float, ...] = ()
    at_least_one: bool = False
    said: np.ndarray | None = None

    @property
    def multilabel(self) -> bool:
        """Whether a window can bear several classes."""
        return self.truth.ndim == 2

    @property
    def decided(self) -> np.ndarray:
        """The most probable class [n]; where there can be several, bool [n, C]."""
        if not self.multilabel:
            return self.probability.argmax(axis=1)
        return decide(self.probability, self.thresholds, self.at_least_one) if self.said is None else self.said

    def at(self, chosen: np.ndarray) -> "Predictions":
        """Some of the rows."""
        rows = {name: getattr(self, name)[chosen] for name in ("truth", "probability", "record", "patient", "position")}
        return replace(self, **rows)

    def without(self, name: str) -> "Predictions":
        """The same answers where a class among several is not asked for."""
        kept = [at for at, other in enumerate(self.classes) if other != name]
        return replace(
            self,
            classes=tuple(self.classes[at] for at in kept),
            truth=self.truth[:, kept],
            probability=self.probability[:, kept],
            thresholds=tuple(self.thresholds[at] for at in kept) if self.thresholds else (),
            said=None if self.said is None else self.said[:, kept],
        )

    def by_record(self) -> "Predictions":
        """One row a record: the mean of the probabilities of its windows, which share their truth."""
        _, first, member = np.unique(self.record, return_index=True, return_inverse=True)
        order = np.argsort(first)  # as they came
        total = np.zeros((len(first), len(self.classes)))
        np.add.at(total, member, self.probability)
        mean = total / np.bincount(member)[:, None]
        return replace(self.at(first[order]), probability=mean[order].astype(self.probability.dtype))

    def weighted(self, weights: tuple[float, ...]) -> "Predictions":
        """The same answers with each class's probability times its weight, and made to sum to one again."""
        moved = self.probability * np.asarray(weights)
        return replace(self, probability=moved / moved.sum(axis=1, keepdims=True))

    def write(self, path: Path) -> None:
        """Write as CSV: record, patient, position, truth (a class's name; or truths, their names joined by ``;``), then a column of
        probabilities a class.
        """
        with written_aside(path) as aside, aside.open("w", newline="") as file:
            sheet = csv.writer(file)
            sheet.writerow([*_KEYS[:3], _SEVERAL if self.multilabel else _KEYS[3], *self.classes])
            if self.multilabel:
                names = [";".join(np.array(self.classes)[row > 0].tolist()) for row in self.truth]
            else:
                names = np.array(self.classes)[self.truth]
            shown = np.char.mod("%.6g", self.probability)
            rows = zip(self.record, self.patient, self.position, names, shown, strict=True)
            sheet.writerows([r, p, at, name, *values] for r, p, at, name, values in rows)

    @classmethod
    def read(cls, path: Path) -> "Predictions":
        """The way back from :meth:`write`.

        Raises
        ------
        RecordUnreadable
            Where the columns are others, or a truth is no class.
        """
        try:
            with Path(path).open(newline="") as file:
                head, *rows = csv.reader(file)
            if tuple(head[:4]) not in (_KEYS, (*_KEYS[:3], _SEVERAL)) or len(head) < 6:
                raise ValueError(f"columns {', '.join(head)}")
            classes = tuple(head[4:])
            columns = list(zip(*rows, strict=True))
            if head[3] == _SEVERAL:
                truth = np.zeros((len(rows), len(classes)), np.float32)
                for row, names in zip(truth, columns[3], strict=True):
                    row[[classes.index(name) for name in names.split(";") if name]] = 1
            else:
                truth = np.array([classes.index(name) for name in columns[3]])
            probability = np.array(columns[4:], float).T
            record, patient, position = (np.array(column) for column in columns[:3])
            return cls(classes, truth, probability, record, patient, position.astype(np.int64))
        except (OSError, ValueError, IndexError) as error:
            raise RecordUnreadable(
                f"{path} holds no predictions.",
                found=str(error).splitlines()[0],
                expected=f"a CSV with {', '.join(_KEYS)} and a column of probabilities for each class",
                remedy="einthoven evaluate MODEL --corpus NAME --from DIR --out DIR      writes one",
            ) from error
