"""Knows how a model is put to the test part of a corpus. Refuses to call a score clean that shares patients."""

import numpy as np

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.split import PARTS, audit, require_apart
from einthoven.data.store import Store
from einthoven.errors import ConfigurationFault
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import Predictor


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
    the predictions, and plain values: ``leaks_patients``, ``shared_patients``, ``remark``, ``left_out``

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
        "leaks_patients": protocol.leaks,
        "shared_patients": sorted(shared),
        "remark": f"Left out of the test: {', '.join(left_out)}. {protocol.remark}" if left_out else protocol.remark,
        "left_out": sorted(left_out),
        "parts": {part: len(getattr(split, part)) for part in PARTS},
    }
    return predictions, found
