"""Predict a test set with each of two models that are compared."""

from pathlib import Path

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.build import build
from einthoven.evaluation.paired import Answered
from einthoven.inference.predictor import Predictor
from einthoven.inference.scoring import score_test_part
from einthoven.inference.seen_patients import fold_of


def predict_test_set(predictor: Predictor, corpus: Corpus, protocol: Protocol, source: Path) -> Answered:
    """Return the predictions of a model for the test set of a protocol.

    A model that was trained on a fold of this protocol is tested on the test set of that fold.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        The protocol that splits it.
    source : Path
        Folder of the corpus as its publisher lays it out.

    Returns
    -------
    Answered
        The predictions, and what is reported of the test.

    Raises
    ------
    PatientLeak
        If the protocol keeps patients apart and the model has seen one of the test set.
    ConfigurationFault
        If the classes of model and protocol differ.
    """
    card = predictor.card
    store = build(corpus, source, card.preparation, protocol.without)
    fold = fold_of(card, corpus, protocol, store)
    predictions, facts = score_test_part(predictor, corpus, protocol, store, fold=fold)
    return Answered(card.display_name, predictions, protocol.unit, facts, protocol.official_score)
