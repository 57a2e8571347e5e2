"""Test a model on a corpus; a test set with patients of its training data is refused, or reported as such."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card, is_bundled, rewrite_card
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.split import PARTS
from einthoven.data.store import Store
from einthoven.errors import ConfigurationFault, CorpusIncomplete
from einthoven.evaluation.end_to_end import on_a_card
from einthoven.evaluation.evaluate import headline
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import Predictor
from einthoven.inference.seen_patients import require_unseen, seen_by, without_seen


def predictions_for(predictor: Predictor, protocol: Protocol, store: Store, chosen: NDArray[Any]) -> Predictions:
    """Predict on some windows of a store.

    For models of whole records the prediction is the mean over a record's windows, unless the protocol's unit is the window, or
    each window has a class of its own.

    Parameters
    ----------
    predictor : Predictor
        The model.
    protocol : Protocol
        Its label set gives the true classes.
    store : Store
        The windows, prepared as the model wants them.
    chosen : array [n]
        Window numbers.

    Returns
    -------
    Predictions
        One row for each beat, record or window, with its true class.
    """
    index = store.index
    found = predictor.answers(store.windows[chosen], index.record[chosen])
    answers = Predictions(
        classes=predictor.card.classes,
        truth=protocol.labels.targets(index.symbol[chosen]),
        probability=found.probabilities,
        score=found.scores,
        record=index.record[chosen],
        patient=index.patient[chosen],
        position=index.position[chosen],
        thresholds=predictor.card.thresholds,
        at_least_one=predictor.card.at_least_one,
    )
    whole = store.preparation.is_whole and not _by_window(protocol)
    return answers.by_record() if whole else answers


def _by_window(protocol: Protocol) -> bool:
    """Return whether each window is a row, in place of each record."""
    return protocol.unit == "window" or protocol.labels.by_window


def require_classes(card: Card, corpus: Corpus, protocol: Protocol) -> None:
    """Refuse a protocol with other classes than a model's.

    Parameters
    ----------
    card : Card
        The model's card.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        A protocol of it.

    Raises
    ------
    ConfigurationFault
        Where the classes differ; the remedy names a protocol with the model's classes, or the corpus that trained it.
    """
    if card.classes == protocol.labels.classes:
        return
    sets = sorted(corpus.label_sets.items(), key=lambda row: row[1].name != card.labels)
    fitting = [f"--labels {name}" for name, known in sets if known.classes == card.classes]
    fitting += [
        f"--protocol {name}" for name, known in corpus.protocols.items() if known.labels.classes == card.classes
    ]
    raise ConfigurationFault(
        f"{card.name} predicts other classes than this protocol of {corpus.name} requires.",
        found=f"{', '.join(card.classes)}  ({card.name})",
        expected=f"{', '.join(protocol.labels.classes)}  ({corpus.name}, protocol {protocol.name})",
        remedy=fitting[0]
        if fitting
        else f"--corpus {card.training.get('corpus', 'another')}, or a model of these classes",
    )


def score_test_part(
    predictor: Predictor,
    corpus: Corpus,
    protocol: Protocol,
    store: Store,
    left_out: tuple[str, ...] = (),
    every: int = 1,
    folds: tuple[str, ...] = (),
    fold: int | None = None,
) -> tuple[Predictions, dict[str, Any]]:
    """Predict on the test set of a protocol, and describe the test.

    If all records of a protocol are in its test set, those that the model was trained on are excluded and counted.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    store : Store
        Its windows, prepared as the model wants them.
    left_out : tuple of str
        Records that are excluded.
    every : int
        1 tests all windows, k every k-th.
    folds : tuple of str
        The publisher's folds to test on instead of the protocol's test set.
    fold : int, optional
        Fold of a cross-validation.

    Returns
    -------
    predictions : Predictions
        One row for each beat, record or window.
    description : dict
        Plain values: ``corpus``, ``corpus_version``, ``protocol``, ``protocol_summary``, ``labels``, ``leaks_patients``,
        ``shared_patients``, ``remark``, ``left_out``, ``seen_and_left_out``, ``windows`` of each part, and more.

    Raises
    ------
    PatientLeak
        Where the protocol keeps patients apart and the model was trained on one of the test set.
    ConfigurationFault
        Where the classes of model and protocol differ.
    CorpusIncomplete
        Where the test set is empty.
    """
    card = predictor.card
    require_classes(card, corpus, protocol)
    split = protocol.parts(store.index, card.training.get("split_seed", 0), left_out, fold)
    if folds:
        chosen = np.isin(store.index.folds, folds) & protocol.labels.is_labelled(store.index.symbol)
        split = replace(split, test=np.flatnonzero(chosen & ~np.isin(store.index.record, left_out)))
    if not len(split.test):
        raise _nothing_to_test(predictor, corpus, protocol, store, folds)
    n_seen = 0
    if not (folds or protocol.leaks or len(split.train) or len(split.validation)):
        split, n_seen = without_seen(predictor, corpus, store, split)
    shared = require_unseen(predictor, corpus, protocol, store, split.test, bool(folds))
    predictions = predictions_for(predictor, protocol, store, split.test[::every])
    return predictions, {
        "corpus": corpus.name,
        "corpus_version": corpus.version,
        "protocol": protocol.name,
        "protocol_summary": protocol.summary,
        "labels": protocol.labels.name,
        "folds": list(folds),
        "fold": fold,
        "rows": _ROWS[store.preparation.is_whole, _by_window(protocol)],
        "left_out_of_the_store": store.left_out,
        "unlabelled": int((~protocol.labels.is_labelled(store.index.symbol)).sum()),
        "leaks_patients": protocol.leaks,
        "shared_patients": sorted(shared),
        "remark": " ".join([*_remarks(predictions, left_out, n_seen), protocol.remark]),
        "left_out": sorted(left_out),
        "seen_and_left_out": n_seen,
        "windows": {part: len(getattr(split, part)) for part in PARTS},
    }


def _remarks(predictions: Predictions, left_out: tuple[str, ...], n_seen: int) -> list[str]:
    """Return what a reader of the scores must know: excluded records, and classes without an example."""
    remarks = [f"Excluded from the test: {', '.join(left_out)}."] if left_out else []
    if n_seen:
        remarks.append(f"{n_seen:,} records that trained the model are excluded from the test.")
    classes = predictions.classes
    absent = [] if predictions.multilabel else sorted({*range(len(classes))} - {*predictions.truth.tolist()})
    if absent:
        remarks.append(
            f"No {', '.join(classes[at] for at in absent)} in the test set: excluded from means over classes."
        )
    return remarks


def _nothing_to_test(
    predictor: Predictor, corpus: Corpus, protocol: Protocol, store: Store, folds: tuple[str, ...]
) -> CorpusIncomplete:
    """Return the error for an empty test set; the remedy names a fold that did not train the model."""
    names, counts = np.unique(store.index.folds, return_counts=True)
    present = ", ".join(f"{name}: {n}" for name, n in zip(names, counts, strict=True) if name)
    patients, member = np.unique(store.index.patient, return_inverse=True)
    seen = seen_by(predictor, corpus, patients)[member]
    unseen = [name for name in names if name and not seen[store.index.folds == name].any()]
    remedy = "--from the folder that holds them"
    if unseen:
        remedy = f"--folds {unseen[-1]}      tests another fold"
    elif present:
        remedy = "--from a folder with records that did not train the model, as all here did"
    return CorpusIncomplete(
        f"The test set of {corpus.name} is empty.",
        found=f"no window in fold {', '.join(folds)}" if folds else f"no window that protocol {protocol.name} tests",
        expected=f"records of it; the folds are {present}" if present else "records of it in the folder",
        remedy=remedy,
    )


_ROWS = {
    (False, False): "beats",
    (False, True): "beats",
    (True, False): "records",
    (True, True): "windows",
}
_ON_A_CARD: tuple[str, ...] = (
    "corpus",
    "corpus_version",
    "protocol",
    "protocol_summary",
    "labels",
    "leaks_patients",
    "shared_patients",
    "remark",
    "n_test",
    "n_patients",
    "rows",
    "interval",
    "left_out_of_the_store",
    "unlabelled",
)


def keep_result(predictor: Predictor, metrics: dict[str, Any]) -> dict[str, Any] | None:
    """Write the main metrics of an evaluation on the model's card; they replace those of the same corpus, protocol and labels.

    The card of a bundled model, and that inside an exported file, are not changed.

    Parameters
    ----------
    predictor : Predictor
        The model.
    metrics : dict
        Content of metrics.json.

    Returns
    -------
    dict or None
        The earlier result, if it is of a larger test and therefore kept.

    Raises
    ------
    OutputRefused
        Where the card cannot be written.
    """
    if is_bundled(predictor.folder) or predictor.is_exported:
        return None
    card, row = predictor.card, _card_row(metrics, predictor.card.multilabel)
    test = (row["corpus"], row["protocol"], row["labels"])
    same = [
        known
        for known in card.results
        if (known["corpus"], known["protocol"], known.get("labels", card.labels)) == test
    ]
    larger = next((known for known in same if known["n_test"] > row["n_test"]), None)
    if larger is None:
        others = [known for known in card.results if known not in same]
        rewrite_card(predictor.folder, replace(card, results=(*others, row)))
    return larger


def _card_row(metrics: dict[str, Any], multilabel: bool) -> dict[str, Any]:
    """Return the part of metrics.json that stands on a card."""
    kept = ("n", "f1", "auroc") if multilabel else ("n", "f1")
    per_class = {name: {key: row[key] for key in kept} for name, row in metrics["per_class"].items()}
    row = {name: metrics[name] for name in (*_ON_A_CARD, *headline(metrics))} | {"per_class": per_class}
    if "end_to_end" in metrics:
        row["end_to_end"] = on_a_card(metrics["end_to_end"])
    return row
