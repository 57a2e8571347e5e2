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
_PREDICTED, _SCORE = "predicted", "score "
_OPTIONAL = ("said", "score", "risk")


def mean(each: Sequence["Predictions"]) -> "Predictions":
    """Return the mean of what decides in several models.

    Parameters
    ----------
    each : sequence of Predictions
        Predictions for the same windows.

    Returns
    -------
    Predictions
        Uncalibrated.
    """
    return each[0].moved(np.mean([found.deciding for found in each], axis=0))


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
    rows += [name for name in _OPTIONAL if getattr(pieces[0], name) is not None]
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
        Probabilities, calibrated if there is a `score`; rows sum to one unless windows are multilabel.
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
    score : array [n, classes], optional
        What decides, if not the probabilities: uncalibrated ones, with class weights and class prior.
    risk : array [n], optional
        Measured risk that the prediction is wrong, which ranks the rows by their doubt.
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
    score: Array | None = None
    risk: Array | None = None

    @property
    def deciding(self) -> Array:
        """What decides [n, classes]: the scores, or the probabilities where there are none."""
        return self.probability if self.score is None else self.score

    def moved(self, probability: Array) -> "Predictions":
        """Return uncalibrated predictions with other probabilities, which decide.

        Parameters
        ----------
        probability : array [n, classes]
            The probabilities.

        Returns
        -------
        Predictions
        """
        return replace(self, probability=probability, score=None, risk=None)

    @property
    def multilabel(self) -> bool:
        """Whether a window can have several classes."""
        return self.truth.ndim == 2

    @property
    def decided(self) -> Array:
        """The class with the highest score [n]; for multilabel windows the predicted classes [n, classes], bool."""
        if not self.multilabel:
            highest: Array = self.deciding.argmax(axis=1)
            return highest
        return decide(self.deciding, self.thresholds, self.at_least_one) if self.said is None else self.said

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
        names = ["truth", "probability", "record", "patient", "position"]
        names += [name for name in _OPTIONAL if getattr(self, name) is not None]
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})

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
            score=None if self.score is None else self.score[:, kept],
        )

    def by_record(self) -> "Predictions":
        """Return one row for each record, in their order: the mean of the probabilities, and of the scores, of its windows."""
        _, first, member = np.unique(self.record, return_index=True, return_inverse=True)
        order = np.argsort(first)
        of_record = self.at(first[order])
        means: dict[str, Any] = {
            name: _mean_of(getattr(self, name), member)[order]
            for name in ("probability", "score")
            if getattr(self, name) is not None
        }
        return replace(of_record, **means)

    def weighted(self, weights: tuple[float, ...]) -> "Predictions":
        """Return uncalibrated predictions with weighted classes, the probabilities of each row summing to one again.

        Parameters
        ----------
        weights : tuple of float
            Factor of each class.

        Returns
        -------
        Predictions
        """
        moved = self.deciding * np.asarray(weights)
        return self.moved(moved / moved.sum(axis=1, keepdims=True))

    def write(self, path: Path) -> None:
        """Write a CSV: record, patient, position, truth (a class; for multilabel windows truths, joined by ``;``), probabilities.

        Calibrated predictions also have ``predicted`` after the truth, and after the probabilities ``score CLASS``: what decides.

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
            head, columns = list(_KEYS[:3]), [self.record.tolist(), self.patient.tolist(), self.position.tolist()]
            head.append(_SEVERAL if self.multilabel else _KEYS[3])
            columns.append(self._names(self.truth))
            if self.score is not None:
                head.append(_PREDICTED)
                columns.append(self._names(self.decided))
            for ahead, values in (("", self.probability), (_SCORE, self.score)):
                if values is not None:
                    head += [ahead + name for name in self.classes]
                    columns += np.char.mod("%.6g", values).T.tolist()
            sheet.writerow(head)
            sheet.writerows(zip(*columns, strict=True))

    def _names(self, found: Array) -> list[str]:
        """Return the names of classes [n], or of sets of classes [n, classes], joined by ``;``."""
        names = np.array(self.classes)
        if found.ndim == 1:
            return [str(name) for name in names[found]]
        return [";".join(names[row > 0].tolist()) for row in found]

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
            columns = dict(zip(head, zip(*rows, strict=True), strict=True))
            is_calibrated = head[4] == _PREDICTED
            classes = tuple(head[5 : 5 + len(head[5:]) // 2] if is_calibrated else head[4:])
            if head[3] == _SEVERAL:
                truth = np.zeros((len(rows), len(classes)), np.float32)
                for row, names in zip(truth, columns[_SEVERAL], strict=True):
                    row[[classes.index(name) for name in names.split(";") if name]] = 1
            else:
                truth = np.array([classes.index(name) for name in columns[_KEYS[3]]])
            probability = np.array([columns[name] for name in classes], float).T
            score = None
            if is_calibrated:
                score = np.array([columns[_SCORE + name] for name in classes], float).T
            record, patient, position = (np.array(columns[name]) for name in _KEYS[:3])
            return cls(classes, truth, probability, record, patient, position.astype(np.int64), score=score)
        except (OSError, ValueError, LookupError) as error:
            raise RecordUnreadable(
                f"{path} holds no predictions.",
                found=str(error).splitlines()[0],
                expected=f"a CSV with {', '.join(_KEYS)} and a column of probabilities for each class",
                remedy="einthoven evaluate MODEL --corpus NAME --from DIR --out DIR      writes one",
            ) from error


def _mean_of(values: Array, member: Array) -> Array:
    """Return the mean of rows [n, classes] for each group, as the same type."""
    total = np.zeros((member.max(initial=-1) + 1, values.shape[1]))
    np.add.at(total, member, values)
    return np.asarray(total / np.bincount(member)[:, None], values.dtype)
