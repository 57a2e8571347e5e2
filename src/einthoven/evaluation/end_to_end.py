"""Score the beats of whole records from signal to class.

A missed beat is a false negative of its class, an invented one a false positive.

Source: ANSI/AAMI EC57, beat-by-beat comparison (bxb of the WFDB Applications Guide).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.signal.heartbeats import match

Array = NDArray[Any]

DRAWS = 1000
OTHER, NONE = "other beat", "no beat"
"""Last rows of a table: annotated beats of no class, and beats that nobody annotated."""
UNANSWERED, MISSED = "no class", "missed"
"""Last columns: beats that were found and not classified, and beats that were not found."""


@dataclass(frozen=True)
class Beats:
    """Heartbeats of one record and their classes.

    Parameters
    ----------
    samples : array of int [n]
        Sample numbers, ascending.
    classes : array of int [n]
        Class numbers; -1 for none.
    """

    samples: Array
    classes: Array

    def outside(self, spans: Array) -> "Beats":
        """Return the beats that are in none of some spans.

        Parameters
        ----------
        spans : array of int [k, 2]
            First and last sample of each span.

        Returns
        -------
        Beats
        """
        inside = np.zeros(len(self.samples), bool)
        for first, last in spans.tolist():
            inside |= (self.samples >= first) & (self.samples <= last)
        return Beats(self.samples[~inside], self.classes[~inside])


def table(annotated: Beats, found: Beats, n_classes: int, fs_hz: float, unscored: Array) -> Array:
    """Count the pairs of annotated and found beats of one record.

    Parameters
    ----------
    annotated, found : Beats
        The beats. They pair within 150 ms.
    n_classes : int
        Number of classes.
    fs_hz : float, Hz
        Sampling rate.
    unscored : array of int [k, 2]
        First and last sample of spans without annotated beats, such as ventricular flutter.

    Returns
    -------
    array of int [n_classes + 2, n_classes + 2]
        Rows: annotated class, other beat, no beat. Columns: predicted class, no class, missed.
    """
    annotated, found = annotated.outside(unscored), found.outside(unscored)
    matching = match(annotated.samples, found.samples, fs_hz)
    rows = np.where(annotated.classes < 0, n_classes, annotated.classes)
    columns = np.where(found.classes < 0, n_classes, found.classes)
    counts = np.zeros((n_classes + 2, n_classes + 2), np.int64)
    np.add.at(counts, (rows[matching.pairs[:, 0]], columns[matching.pairs[:, 1]]), 1)
    counts[:, n_classes + 1] += np.bincount(rows[matching.missed], minlength=n_classes + 2)
    counts[n_classes + 1] += np.bincount(columns[matching.extra], minlength=n_classes + 2)
    return counts


def score(
    tables: Array, patients: Array, classes: tuple[str, ...], draws: int = DRAWS, seed: int = 0
) -> dict[str, Any]:
    """Score the tables of records.

    Parameters
    ----------
    tables : array of int [records, n_classes + 2, n_classes + 2]
        What :func:`table` returned of each.
    patients : array [records]
        Patient of each record, which the intervals resample.
    classes : tuple of str
        Names of the classes.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        ``sensitivity`` and ``positive_predictivity`` of heartbeats, ``per_class`` with ``n``, ``missed``, ``unanswered``,
        ``invented``, ``recall``, ``precision`` and ``f1``, and the ``table``; figures as ``{value, low, high}``.
    """
    weights = draw_weights(patients, draws, seed).astype(np.float64)
    drawn = np.tensordot(weights, tables.astype(np.float64), axes=1)
    whole = tables.sum(axis=0)
    point, spread = _figures(whole[None].astype(np.float64)), _figures(drawn)
    shown = {
        name: [interval(float(v), s).as_dict() for v, s in zip(point[name][0], spread[name].T, strict=True)]
        for name in point
    }
    per_class = {
        name: {
            "n": int(whole[at].sum()),
            "missed": int(whole[at, -1]),
            "unanswered": int(whole[at, -2]),
            "invented": int(whole[-1, at]),
            **{figure: shown[figure][at] for figure in ("recall", "precision", "f1")},
        }
        for at, name in enumerate(classes)
    }
    return {
        "interval": {"level": LEVEL, "unit": "patient", "draws": draws},
        "n_records": len(tables),
        "n_beats": int(whole[:-1].sum()),
        "missed": int(whole[:-1, -1].sum()),
        "invented": int(whole[-1].sum()),
        "sensitivity": shown["sensitivity"][0],
        "positive_predictivity": shown["positive_predictivity"][0],
        "per_class": per_class,
        "table": {"rows": [*classes, OTHER, NONE], "columns": [*classes, UNANSWERED, MISSED], "counts": whole.tolist()},
    }


def on_a_card(found: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an end-to-end score that stands on a card: all but the table.

    Parameters
    ----------
    found : dict
        What :func:`score` returned.

    Returns
    -------
    dict
    """
    return {name: value for name, value in found.items() if name != "table"}


def _figures(tables: Array) -> dict[str, Array]:
    """Return the figures of tables [draws, rows, columns], each [draws, classes] or [draws, 1]."""
    n = tables.shape[1] - 2
    right = np.diagonal(tables, axis1=1, axis2=2)[:, :n]
    annotated = tables[:, :n].sum(axis=2)
    predicted = tables[:, :n, :n].sum(axis=1) + tables[:, -1, :n]
    found = tables[:, :-1, :-1].sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "recall": right / annotated,
            "precision": right / predicted,
            "f1": 2 * right / (annotated + predicted),
            "sensitivity": (found / tables[:, :-1].sum(axis=(1, 2)))[:, None],
            "positive_predictivity": (found / (found + tables[:, -1].sum(axis=1)))[:, None],
        }
