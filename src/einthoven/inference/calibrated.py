"""Calibrate a trained model on the validation part of its task, and choose its doubt there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation.calibrating import fitted
from einthoven.evaluation.calibration import METHODS
from einthoven.evaluation.doubt import BEATS_MARKED, RECORDS_MARKED, doubt
from einthoven.inference.predictor import load

_MOST = 20_000


def calibrate(
    run: Path,
    corpus: Corpus,
    protocol: Protocol,
    store: Store,
    validation: NDArray[Any],
    methods: Sequence[str] = METHODS,
) -> Card:
    """Fit a calibration and limits of doubt to validation answers, and write both on the card.

    Parameters
    ----------
    run : Path
        Folder of the run or of the bundle.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    store : Store
        Its windows, prepared as the model wants them.
    validation : array [n]
        Numbers of the windows that validated the model.
    methods : sequence of str
        Methods to choose from, the simplest first; a smoke run takes the first without a choice.

    Returns
    -------
    Card
        The new card; the old one, where there are too few validation windows.

    Raises
    ------
    OutputRefused
        If the card cannot be written.
    """
    predictor = load(run)
    chosen = validation[:: -(-len(validation) // _MOST)] if len(validation) else validation
    card, index = predictor.card, store.index
    truth = protocol.labels.targets(index.symbol[chosen])
    logits = predictor.logits(store.windows[chosen])
    told = {"corpus": corpus.name, "protocol": protocol.name, "answers": "validation part"}
    try:
        found = fitted(logits, truth, index.patient[chosen], card.classes, told, methods=methods)
    except CorpusIncomplete:
        return card
    card = replace(card, calibration=found)
    if not card.multilabel:
        decided = logits.argmax(axis=1)
        confidence = found.apply(logits)[np.arange(len(logits)), decided]
        share = RECORDS_MARKED if card.preparation.is_whole else BEATS_MARKED
        card = replace(card, doubt=doubt(confidence, decided != truth, index.patient[chosen], share, told))
    bundle.rewrite_card(predictor.folder, card)
    return card
