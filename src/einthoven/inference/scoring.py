"""Knows how a model is put to the test part of a corpus. Refuses to call a score clean that shares patients."""

from dataclasses import replace

import numpy as np

from einthoven.bundle import Card, is_bundled, rewrite_card
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.split import PARTS, Split, require_apart
from einthoven.data.store import Store
from einthoven.errors import ConfigurationFault, CorpusIncomplete
from einthoven.evaluation.evaluate import headline
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import Predictor


def predictions_for(predictor: Predictor, protocol: Protocol, store: Store, chosen: np.ndarray) -> Predictions:
    """Answers of a model for some windows of a store, beside the truth; for tiles one answer a record, the mean over its windows.

    Windows are answered one by one where the protocol's unit is the window.

    Parameters
    ----------
    chosen : window numbers [n]
    """
    index = store.index
    answers = Predictions(
        classes=predictor.card.classes,
        truth=protocol.labels.targets(index.symbol[chosen]),
        probability=predictor.answers(store.windows[chosen], index.record[chosen]),
        record=index.record[chosen],
        patient=index.patient[chosen],
        position=index.position[chosen],
        thresholds=predictor.card.thresholds,
        at_least_one=predictor.card.at_least_one,
    )
    whole = store.preparation.is_whole and protocol.unit != "window"
    return answers.by_record() if whole else answers


def require_classes(card: Card, corpus: Corpus, protocol: Protocol) -> None:
    """Refuse a protocol of other classes than a model's.

    Raises
    ------
    ConfigurationFault
        Naming a protocol of the corpus that has them, or the corpus that trained the model.
    """
    if card.classes == protocol.labels.classes:
        return
    sets = sorted(corpus.label_sets.items(), key=lambda row: row[1].name != card.labels)
    fitting = [f"--labels {name}" for name, known in sets if known.classes == card.classes]
    fitting += [
        f"--protocol {name}" for name, known in corpus.protocols.items() if known.labels.classes == card.classes
    ]
    raise ConfigurationFault(
        f"{card.name} does not answer what {corpus.name} is asked.",
        found=f"{', '.join(card.classes)}  ({card.name})",
        expected=f"{', '.join(protocol.labels.classes)}  ({corpus.name}, protocol {protocol.name})",
        remedy=fitting[0]
        if fitting
        else f"--corpus {card.training.get('corpus', 'another')}, or a model that knows these classes",
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
) -> tuple[Predictions, dict]:
    """Answers of a model for the test part, beside the truth, and what was found about its patients.

    Where a protocol tests every recording and trains nobody, those that the model has seen are left out, and counted.

    Parameters
    ----------
    left_out : records that are not tested; every : 1 for all of its windows, k for every k-th (a smoke run)
    folds : folds of the publisher that are tested instead of the protocol's test part
    fold : of a cross-validation

    Returns
    -------
    the predictions, and plain values: ``corpus``, ``corpus_version``, ``protocol``, ``protocol_summary``, ``labels``,
    ``leaks_patients``, ``shared_patients``, ``remark``, ``left_out``, ``seen_and_left_out``, ``windows`` of each part

    Raises
    ------
    PatientLeak
        Where the protocol keeps patients apart and the model has seen one of the test part.
    ConfigurationFault
        Where the classes of model and protocol differ.
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
        split, n_seen = _without_seen(predictor, corpus, store, split)
    shared = require_unseen(predictor, corpus, protocol, store, split.test, bool(folds))
    predictions = predictions_for(predictor, protocol, store, split.test[::every])
    remarks = [f"Left out of the test: {', '.join(left_out)}."] if left_out else []
    if n_seen:
        remarks.append(f"{n_seen:,} recordings of the folder trained the model and are left out of the test.")
    absent = [] if predictions.multilabel else sorted({*range(len(card.classes))} - {*predictions.truth.tolist()})
    if absent:
        remarks.append(
            f"No {', '.join(card.classes[at] for at in absent)} in the test part: means over classes leave it out."
        )
    found = {
        "corpus": corpus.name,
        "corpus_version": corpus.version,
        "protocol": protocol.name,
        "protocol_summary": protocol.summary,
        "labels": protocol.labels.name,
        "folds": list(folds),
        "fold": fold,
        "rows": _ROWS[store.preparation.is_whole, protocol.unit == "window"],
        "left_out_of_the_store": store.left_out,
        "unlabelled": int((~protocol.labels.is_labelled(store.index.symbol)).sum()),
        "leaks_patients": protocol.leaks,
        "shared_patients": sorted(shared),
        "remark": " ".join([*remarks, protocol.remark]),
        "left_out": sorted(left_out),
        "seen_and_left_out": n_seen,
        "windows": {part: len(getattr(split, part)) for part in PARTS},
    }
    return predictions, found


def require_unseen(
    predictor: Predictor, corpus: Corpus, protocol: Protocol, store: Store, tested: np.ndarray, always: bool = False
) -> dict[str, tuple[str, ...]]:
    """Refuse windows of patients whom the model has seen, beyond those whom the protocol declares.

    Parameters
    ----------
    tested : window numbers [n]; always : whether a protocol that leaks is held to it too

    Returns
    -------
    the patients whom it has seen, with the parts they are in

    Raises
    ------
    PatientLeak
        Where the protocol keeps patients apart and there is one.
    """
    patients = np.unique(store.index.patient[tested])
    seen = patients[_seen(predictor, corpus, patients)]
    shared = {f"{corpus.name}/{patient}": ("training of the model", "test") for patient in seen}
    if always or not protocol.leaks:
        require_apart(shared, tuple(f"{corpus.name}/{patient}" for patient in protocol.declared_shared))
    return shared


def _seen(predictor: Predictor, corpus: Corpus, patients: np.ndarray) -> np.ndarray:
    """Which of some patients trained or validated the model [n]."""
    if corpus.name in predictor.card.training.get("contains", ()):
        return np.ones(len(patients), bool)
    known = predictor.card.patients
    return np.array([f"{corpus.name}/{patient}" in known for patient in patients], bool)


def _without_seen(predictor: Predictor, corpus: Corpus, store: Store, split: Split) -> tuple[Split, int]:
    """A split whose test part has no recording that the model has seen, if that leaves any; how many recordings that took."""
    patients, member = np.unique(store.index.patient[split.test], return_inverse=True)
    seen = _seen(predictor, corpus, patients)[member]
    if seen.all():
        return split, 0
    return replace(split, test=split.test[~seen]), len(np.unique(store.index.record[split.test][seen]))


def _nothing_to_test(
    predictor: Predictor, corpus: Corpus, protocol: Protocol, store: Store, folds: tuple[str, ...]
) -> CorpusIncomplete:
    groups, counts = np.unique(store.index.folds, return_counts=True)
    there = ", ".join(f"{name}: {n}" for name, n in zip(groups, counts, strict=True) if name)
    patients, member = np.unique(store.index.patient, return_inverse=True)
    seen = _seen(predictor, corpus, patients)[member]
    unseen = [name for name in groups if name and not seen[store.index.folds == name].any()]
    remedy = "--from the folder that holds them"
    if unseen:
        remedy = f"--folds {unseen[-1]}      tests another fold"
    elif there:
        remedy = "--from a folder with recordings that did not train the model, as all here did"
    return CorpusIncomplete(
        f"the test part of {corpus.name} is empty.",
        found=f"no window in fold {', '.join(folds)}" if folds else f"no window that protocol {protocol.name} tests",
        expected=f"recordings of it; there are folds {there}" if there else "recordings of it in the folder",
        remedy=remedy,
    )


_ROWS = {
    (False, False): "beats",
    (False, True): "beats",
    (True, False): "records",
    (True, True): "windows",
}
_ON_A_CARD = (
    "corpus",
    "corpus_version",
    "protocol",
    "protocol_summary",
    "labels",
    "leaks_patients",
    "shared_patients",
    "remark",
)
_ON_A_CARD += ("n_test", "n_patients", "rows", "interval", "left_out_of_the_store", "unlabelled")


def keep_result(predictor: Predictor, metrics: dict) -> dict | None:
    """Write the headline of an evaluation on the model's card, in place of an earlier one on the same corpus, protocol and labels.

    The card of a bundled model, and that inside an exported file, stay as they came.

    Returns
    -------
    the earlier one, where that was of a larger test and stays; else None
    """
    if is_bundled(predictor.folder) or predictor.is_exported:
        return None
    kept = ("n", "f1", "auroc") if predictor.card.multilabel else ("n", "f1")
    per = {name: {key: row[key] for key in kept} for name, row in metrics["per_class"].items()}
    row = {name: metrics[name] for name in (*_ON_A_CARD, *headline(metrics))} | {"per_class": per}
    card = predictor.card
    asked = (row["corpus"], row["protocol"], row["labels"])
    alike = [
        known
        for known in card.results
        if (known["corpus"], known["protocol"], known.get("labels", card.labels)) == asked
    ]
    larger = next((known for known in alike if known["n_test"] > row["n_test"]), None)
    if larger is None:
        kept = [known for known in card.results if known not in alike]
        rewrite_card(predictor.folder, replace(card, results=(*kept, row)))
    return larger
