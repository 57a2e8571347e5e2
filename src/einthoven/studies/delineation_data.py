"""Prepare what delineators are trained on: marked leads of LUDB or the QT Database, and recordings in fibrillation."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.challenge2017 import CHALLENGE2017
from einthoven.corpora.corpus import Corpus, Entry
from einthoven.corpora.wave_marks import ALL_LEADS
from einthoven.errors import CorpusIncomplete
from einthoven.records import Record
from einthoven.signal.preparation import prepared_signal
from einthoven.training.delineator import PREPARATION, Marked, drawn_equally, labels_of

Array = NDArray[Any]

_FIBRILLATION = "A"


def prepared(record: Record) -> Array:
    """Return all leads of a record as a delineator reads them [leads, samples].

    Parameters
    ----------
    record : Record
        The recording.
    """
    return prepared_signal(record, replace(PREPARATION, signal=replace(PREPARATION.signal, leads=record.leads)))


def marked(corpus: Corpus, entries: Iterable[Entry], factor: float, without_p: list[Array]) -> Marked:
    """Return the marked leads of some records.

    Parameters
    ----------
    corpus : Corpus
        A corpus whose waves are marked.
    entries : iterable of Entry
        Its records.
    factor : float
        How much more often a record without P waves is drawn.
    without_p : list of array [n]
        Prepared leads of recordings in fibrillation.

    Returns
    -------
    Marked
        Of marks in all leads together each lead has them.
    """
    assert corpus.marks is not None
    leads: list[tuple[Array, Array]] = []
    counts, factors = [], []
    for entry in entries:
        record, marks = corpus.read(entry), corpus.marks(entry)
        rows = prepared(record)
        for lead, row in zip(record.leads, rows, strict=True):
            waves = marks.by_lead.get(lead, marks.by_lead.get(ALL_LEADS))
            if waves is None:
                continue
            labels = labels_of(waves, len(row), marks.stretches_s)
            known = np.flatnonzero(labels >= 0)
            around = slice(max(0, known[0] - PREPARATION.n_samples), known[-1] + PREPARATION.n_samples)
            leads.append((row[around].copy(), labels[around].copy()))
        counts.append(len(rows))
        factors.append(1.0 if marks.has_p else factor)
    return Marked(leads, drawn_equally(counts, factors), without_p)


def in_fibrillation(source: Path) -> tuple[list[Array], tuple[str, ...]]:
    """Return the recordings of the Challenge 2017 in fibrillation, if they are at hand, and their names.

    Parameters
    ----------
    source : Path
        A folder that may hold ``challenge-2017``.

    Returns
    -------
    leads : list of array [n]
        Prepared.
    names : tuple of str
        Of the records.
    """
    folder = source / CHALLENGE2017.name
    if not folder.is_dir():
        return [], ()
    try:
        entries = [one for one in CHALLENGE2017.entries(folder, PREPARATION.fs_hz) if one.codes == _FIBRILLATION]
    except CorpusIncomplete:
        return [], ()
    return [prepared(CHALLENGE2017.read(entry))[0] for entry in entries], tuple(entry.record for entry in entries)
