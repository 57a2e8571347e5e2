"""Put two models to the same test part of a corpus."""

from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.build import build
from einthoven.evaluation.paired import Answered
from einthoven.inference.predictor import Predictor
from einthoven.inference.scoring import score_test_part


def predict_test_set(predictor: Predictor, corpus: Corpus, protocol: Protocol, source: Path) -> Answered:
    """Answer the test part of a protocol.

    A model that was trained on a fold of this protocol is tested on what that fold left for the test.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    source : Path
        Folder of the corpus as its publisher lays it out.

    Returns
    -------
    Answered
        The answers, with what is said of the test.

    Raises
    ------
    PatientLeak
        If the protocol keeps patients apart and the model has seen one of the test part.
    ConfigurationFault
        If the classes of model and protocol differ.
    """
    card = predictor.card
    store = build(corpus, source, card.preparation, protocol.without)
    same = (card.training.get("corpus"), card.training.get("protocol")) == (corpus.name, protocol.name)
    seen = any(f"{corpus.name}/{patient}" in card.patients for patient in np.unique(store.index.patient).tolist())
    fold = card.training.get("fold") if same and seen else None
    predictions, facts = score_test_part(predictor, corpus, protocol, store, fold=fold)
    return Answered(card.display_name, predictions, protocol.unit, facts, protocol.official_score)
