"""Predict on the whole records of a test set, heartbeats found by the detector, and score what comes out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Entry, Protocol
from einthoven.evaluation import end_to_end
from einthoven.evaluation.end_to_end import Beats
from einthoven.inference.predictor import Predictor
from einthoven.records.record import Record


def scored_end_to_end(predictor: Predictor, corpus: Corpus, protocol: Protocol, entries: list[Entry]) -> dict[str, Any]:
    """Score a model of beats on whole records.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        The corpus, with annotated beats.
    protocol : Protocol
        Its label set gives the true classes.
    entries : list of Entry
        The records of the test set.

    Returns
    -------
    dict
        What :func:`einthoven.evaluation.end_to_end.score` returned, and the ``declined`` records by name with the reason.
    """
    assert corpus.beats is not None
    tables, declined = [], {}
    classes = predictor.card.classes
    for entry in entries:
        record = corpus.read(entry)
        samples, symbols = corpus.beats(record)
        order = np.argsort(samples, kind="stable")
        annotated = Beats(samples[order], protocol.labels.targets(symbols[order]))
        answer = predictor(record)
        if answer.declined is not None:
            declined[entry.record] = answer.declined.text
        predicted = np.where(answer.is_answered, answer.most_probable, -1)
        found = Beats(answer.beats, predicted)
        tables.append(end_to_end.table(annotated, found, len(classes), record.fs_hz, flutter(record)))
    patients = np.array([entry.patient for entry in entries], np.str_)
    return end_to_end.score(np.stack(tables), patients, classes) | {"declined": declined}


def flutter(record: Record) -> NDArray[np.int64]:
    """Return where a record has ventricular flutter, in which no beats are annotated.

    Parameters
    ----------
    record : Record
        A record with annotations.

    Returns
    -------
    array of int [n, 2], sample numbers
        First and last sample; flutter that does not end lasts to the end of the record.
    """
    spans, since = [], None
    marks = record.annotations
    for at, symbol in () if marks is None else zip(marks.samples.tolist(), marks.symbols, strict=True):
        if symbol == "[":
            since = at
        elif symbol == "]" and since is not None:
            spans.append((since, at))
            since = None
    if since is not None:
        spans.append((since, record.n_samples))
    return np.array(spans, np.int64).reshape(-1, 2)
