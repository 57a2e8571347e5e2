"""Hold predictions with their truth, and read and write them as CSV, so that any model's file is scored by the same code."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.paths import written_aside

Array = NDArray[Any]

_KEYS, _SEVERAL = ("record", "patient", "position", "truth"), "truths"


def mean(each: Sequence["Predictions"]) -> "Predictions":
    """Return the mean of the probabilities of several models.

    Parameters
    ----------
    each : sequence of Predictions
        Predictions for the same windows.

    Returns
    -------
    Predictions
    """
    return replace(each[0], probability=np.mean([found.probability for found in each], axis=0))


def joined(pieces: Sequence["Predictions"]) -> "Predictions":
    """Return the predictions for several parts as one.

    Parameters
    ----------
    pieces : sequence of Predictions
        Predictions of the same classes.

    Returns
    -------
    Predictions
    """
    rows = ["truth", "probability", "record", "patient", "position"]
    if pieces[0].said is not None:
        rows.append("said")
    arrays: dict[str, Any] = {name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in rows}
    return replace(pieces[0], **arrays)


def decide(probability: Array, thresholds: tuple[float, ...], at_least_one: bool) -> Array:
    """Predict classes of multilabel windows from their probabilities.

    Parameters
    ----------
    probability : array [n, classes]
        Probabilities.
    thresholds : tuple of float
        Threshold of each class; empty for 0.5.
    at_least_one : bool
        Where no class reaches its threshold, whether to predict the one whose odds are nearest to its threshold's.

    Returns
    -------
    array [n, classes], bool
    """
    limits = np.asarray(thresholds or (0.5,) * probability.shape[1], np.float64)
    predicted: Array = probability >= limits
    if at_least_one:
        clipped, limits = np.clip(probability, 1e-7, 1 - 1e-7), np.clip(limits, 1e-7, 1 - 1e-7)
        nearest = (np.log(clipped / (1 - clipped)) - np.log(limits / (1 - limits))).argmax(axis=1)
        none = ~predicted.any(axis=1)
        predicted[none, nearest[none]] = True
    return predicted


@dataclass(frozen=True)
class Predictions:
    """Predictions with their truth, one row for each window.

    Parameters
    ----------
    classes : tuple of str
        Names of the classes.
    truth : array [n], int, or array [n, classes]
        Class numbers; zeros and ones for multilabel windows.
    probability : array [n, classes]
        Probabilities; rows sum to one unless windows are multilabel.
    record : array [n], str
        Record of each window.
    patient : array [n], str
        Patient of each window.
    position : array [n], int
        Sample number at the record's own sampling rate.
    thresholds : tuple of float
        Threshold of each class of multilabel windows; empty for 0.5.
    at_least_one : bool
        Whether the class nearest to its threshold is predicted where none reaches it.
    said : array [n, classes], bool, optional
        Predicted classes, where they were decided before, part by part.
    """

    classes: tuple[str, ...]
    truth: Array
    probability: Array
    record: Array
    patient: Array
    position: Array
    thresholds: tuple[float, ...] = ()
    at_least_one: bool = False
    said: Array | None = None

    @property
    def multilabel(self) -> bool:
        """Whether a window can have several classes."""
        return self.truth.ndim == 2

    @property
    def decided(self) -> Array:
        """The most probable class [n]; for multilabel windows the predicted classes [n, classes], bool."""
        if not self.multilabel:
            most_probable: Array = self.probability.argmax(axis=1)
            return most_probable
        return decide(self.probability, self.thresholds, self.at_least_one) if self.said is None else self.said

    def at(self, chosen: Array) -> "Predictions":
        """Return some of the rows.

        Parameters
        ----------
        chosen : array
            Row numbers, or bool [n].

        Returns
        -------
        Predictions
        """
        rows = {name: getattr(self, name)[chosen] for name in ("truth", "probability", "record", "patient", "position")}
        return replace(self, **rows)

    def without(self, name: str) -> "Predictions":
        """Return multilabel predictions without one class.

        Parameters
        ----------
        name : str
            Name of the class.

        Returns
        -------
        Predictions
        """
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
        """Return one row for each record, in their order: the mean of the probabilities of its windows."""
        _, first, member = np.unique(self.record, return_index=True, return_inverse=True)
        order = np.argsort(first)
        total = np.zeros((len(first), len(self.classes)))
        np.add.at(total, member, self.probability)
        mean = total / np.bincount(member)[:, None]
        return replace(self.at(first[order]), probability=mean[order].astype(self.probability.dtype))

    def weighted(self, weights: tuple[float, ...]) -> "Predictions":
        """Return predictions with weighted classes, the probabilities of each row summing to one again.

        Parameters
        ----------
        weights : tuple of float
            Factor of each class.

        Returns
        -------
        Predictions
        """
        moved = self.probability * np.asarray(weights)
        return replace(self, probability=moved / moved.sum(axis=1, keepdims=True))

    def write(self, path: Path) -> None:
        """Write a CSV: record, patient, position, truth (a class; for multilabel windows truths, joined by ``;``), probabilities.

        Parameters
        ----------
        path : Path
            The file.

        Raises
        ------
        OutputRefused
            If the file cannot be written.
        """
        with written_aside(path) as aside, aside.open("w", newline="") as file:
            sheet = csv.writer(file)
            sheet.writerow([*_KEYS[:3], _SEVERAL if self.multilabel else _KEYS[3], *self.classes])
            if self.multilabel:
                names = [";".join(np.array(self.classes)[row > 0].tolist()) for row in self.truth]
            else:
                names = np.array(self.classes)[self.truth].tolist()
            shown = np.char.mod("%.6g", self.probability)
            rows = zip(self.record, self.patient, self.position, names, shown, strict=True)
            sheet.writerows([r, p, at, name, *values] for r, p, at, name, values in rows)

    @classmethod
    def read(cls, path: Path) -> "Predictions":
        """Read what :meth:`write` wrote.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Predictions

        Raises
        ------
        RecordUnreadable
            If the file is missing, its columns are others, or a truth is not a class.
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
