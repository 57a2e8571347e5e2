"""Knows how a model is put to the test part of a corpus. Refuses to call a score clean that shares patients."""

from dataclasses import replace

import numpy as np

from einthoven.bundle import rewrite_card
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.split import PARTS, audit, require_apart
from einthoven.data.store import Store
from einthoven.errors import ConfigurationFault
from einthoven.evaluation.evaluate import HEADLINE
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import Predictor
from einthoven.paths import ASSETS


def predictions_for(predictor: Predictor, protocol: Protocol, store: Store, chosen: np.ndarray) -> Predictions:
    """Answers of a model for some windows of a store, beside the truth.

    Parameters
    ----------
    chosen : window numbers [n]
    """
    index = store.index
    return Predictions(
        classes=predictor.card.classes,
        truth=np.array([protocol.labels.index_of(symbol) for symbol in index.symbol[chosen]], np.int64),
        probability=predictor.probabilities(store.windows[chosen]),
        record=index.record[chosen],
        patient=index.patient[chosen],
        position=index.position[chosen],
    )


def score_test_part(
    predictor: Predictor,
    corpus: Corpus,
    protocol: Protocol,
    store: Store,
    left_out: tuple[str, ...] = (),
    every: int = 1,
) -> tuple[Predictions, dict]:
    """Answers of a model for the test part, beside the truth, and what was found about its patients.

    Parameters
    ----------
    left_out : records that are not tested; every : 1 for all of its windows, k for every k-th (a smoke run)

    Returns
    -------
    the predictions, and plain values: ``corpus``, ``corpus_version``, ``protocol``, ``protocol_summary``, ``labels``,
    ``leaks_patients``, ``shared_patients``, ``remark``, ``left_out``, ``parts``

    Raises
    ------
    PatientLeak
        Where the protocol keeps patients apart and the model has seen one of the test part.
    ConfigurationFault
        Where the classes of model and protocol differ.
    """
    card = predictor.card
    if card.classes != protocol.labels.classes:
        raise ConfigurationFault(
            "model and protocol do not have the same classes.",
            found=f"{', '.join(card.classes)}  ({card.name})",
            expected=f"{', '.join(protocol.labels.classes)}  ({corpus.name}, protocol {protocol.name})",
            remedy=f"--protocol {card.training.get('protocol', 'paper')}",
        )
    split = protocol.split(store.index, card.training.get("split_seed", 0), left_out, None)
    patients = np.char.add(f"{corpus.name}/", store.index.patient)
    tested = np.unique(patients[split.test]).tolist()
    shared = {patient: ("training of the model", "test") for patient in tested if patient in card.patients}
    inside = audit(split, patients) if card.training.get("corpus") == corpus.name else {}
    shared |= {patient: parts for patient, parts in inside.items() if "test" in parts and patient in card.patients}
    if not protocol.leaks:
        require_apart(shared, tuple(f"{corpus.name}/{patient}" for patient in protocol.declared_shared))
    predictions = predictions_for(predictor, protocol, store, split.test[::every])
    found = {
        "corpus": corpus.name,
        "corpus_version": corpus.version,
        "protocol": protocol.name,
        "protocol_summary": protocol.summary,
        "labels": protocol.labels.name,
        "leaks_patients": protocol.leaks,
        "shared_patients": sorted(shared),
        "remark": f"Left out of the test: {', '.join(left_out)}. {protocol.remark}" if left_out else protocol.remark,
        "left_out": sorted(left_out),
        "parts": {part: len(getattr(split, part)) for part in PARTS},
    }
    return predictions, found


_ON_A_CARD = ("corpus", "corpus_version", "protocol", "protocol_summary", "leaks_patients", "shared_patients", "remark")
_ON_A_CARD += ("n_test", "n_patients", "interval", *HEADLINE)


def keep_result(predictor: Predictor, metrics: dict) -> None:
    """Write the headline of an evaluation on the model's card, in place of an earlier one on the same corpus and protocol.

    A bundled model's card stays as it came.
    """
    if ASSETS in predictor.folder.parents:
        return
    per = {name: {"n": row["n"], "f1": row["f1"]} for name, row in metrics["per_class"].items()}
    row = {name: metrics[name] for name in _ON_A_CARD} | {"per_class": per}
    card = predictor.card
    kept = [known for known in card.results if (known["corpus"], known["protocol"]) != (row["corpus"], row["protocol"])]
    rewrite_card(predictor.folder, replace(card, results=(*kept, row)))
