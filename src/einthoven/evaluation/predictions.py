"""Knows what a model said beside the truth, and one file format for it, so that a rival's CSV is scored by the same code."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable
from einthoven.paths import written_aside

_KEYS = ("record", "patient", "position", "truth")


@dataclass(frozen=True)
class Predictions:
    """One row for each window, one class each.

    classes : names [C]; truth : class numbers [n]; probability : [n, C], rows sum to one; record, patient : text [n];
    position : sample number at the record's own rate [n]
    """

    classes: tuple[str, ...]
    truth: np.ndarray
    probability: np.ndarray
    record: np.ndarray
    patient: np.ndarray
    position: np.ndarray

    @property
    def decided(self) -> np.ndarray:
        """Class numbers [n]: the most probable class."""
        return self.probability.argmax(axis=1)

    def at(self, chosen: np.ndarray) -> "Predictions":
        """Some of the rows."""
        rows = {name: getattr(self, name)[chosen] for name in ("truth", "probability", "record", "patient", "position")}
        return replace(self, **rows)

    def weighted(self, weights: tuple[float, ...]) -> "Predictions":
        """The same answers with each class's probability times its weight, and made to sum to one again."""
        moved = self.probability * np.asarray(weights)
        return replace(self, probability=moved / moved.sum(axis=1, keepdims=True))

    def write(self, path: Path) -> None:
        """Write as CSV: record, patient, position, truth (a class's name), then a column of probabilities a class."""
        with written_aside(path) as aside, aside.open("w", newline="") as file:
            sheet = csv.writer(file)
            sheet.writerow([*_KEYS, *self.classes])
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
            if tuple(head[:4]) != _KEYS or len(head) < 6:
                raise ValueError(f"columns {', '.join(head)}")
            classes = tuple(head[4:])
            columns = list(zip(*rows, strict=True))
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
