"""Hold what annotators marked in a record: waves of each lead, and the stretches that they looked at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.records import Annotations
from einthoven.records.annotations import read_annotations
from einthoven.signal.boundaries import Waves

Array = NDArray[Any]

_LONGEST = 1 << 40
"""Samples of a record whose length is not looked up."""
ALL_LEADS = ""
"""Stands for waves that were marked in all leads together."""


@dataclass(frozen=True, eq=False)
class WaveMarks:
    """Waves that annotators marked in a record.

    Parameters
    ----------
    by_lead : dict of Waves
        Waves by the name of the lead; under ALL_LEADS where the leads were read together.
    has_p : bool
        Whether the rhythm has P waves.
    stretches_s : array [k, 2], s, optional
        Beginning and end of each stretch that was annotated; None: in each lead from the first mark to the last.
    remarks : tuple of str
        What is unusual about the annotations.
    """

    by_lead: dict[str, Waves]
    has_p: bool = True
    stretches_s: Array | None = None
    remarks: tuple[str, ...] = ()


def annotations_of(path: Path, annotator: str, fs_hz: float, remarks: list[str]) -> Annotations:
    """Read the annotations of a record without its signal.

    Parameters
    ----------
    path : Path
        Path of the record without suffix.
    annotator : str
        Suffix of the annotation file.
    fs_hz : float, Hz
        Sampling rate of the record.
    remarks : list of str
        Gets what is unusual about the file.

    Returns
    -------
    Annotations
    """
    found = read_annotations(path, annotator, fs_hz, fs_hz, _LONGEST, remarks)
    order = np.argsort(found.samples, kind="stable")
    if (order == np.arange(len(order))).all():
        return found
    remarks.append(f"the annotations in {path.name}.{annotator} are not in order of time; they are sorted")
    symbols, notes = (tuple(texts[at] for at in order) for texts in (found.symbols, found.notes))
    return Annotations(found.samples[order], symbols, notes)


def stretches_between(waves: Waves, skipped_s: Array) -> Array:
    """Return the stretches of marks between beats that the annotators skipped.

    Parameters
    ----------
    waves : Waves
        What was marked.
    skipped_s : array [n], s
        Beats without any mark.

    Returns
    -------
    array [k, 2], s
        First and last mark of each stretch.
    """
    marks = np.concatenate((waves.onset_s, waves.peak_s, waves.offset_s))
    marks = np.sort(marks[np.isfinite(marks)])
    parts = np.split(marks, np.unique(np.searchsorted(marks, skipped_s)))
    return np.array([(part[0], part[-1]) for part in parts if len(part)]).reshape(-1, 2)
