"""Require that the stores of a corpus hold the same recordings."""

from collections.abc import Iterable

import numpy as np

from einthoven.corpora.corpus import Corpus
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete


def require_same_recordings(corpus: Corpus, stores: Iterable[Store]) -> None:
    """Refuse stores of different recordings, whose folds would differ.

    Parameters
    ----------
    corpus : Corpus
        Corpus of the stores.
    stores : iterable of Store
        One for each preparation.

    Raises
    ------
    CorpusIncomplete
        If a recording is not in each of them.
    """
    records = [np.unique(store.index.record) for store in stores]
    if all(np.array_equal(records[0], one) for one in records[1:]):
        return
    odd = sorted(set().union(*records).difference(set(records[0]).intersection(*records[1:])))
    raise CorpusIncomplete(
        f"The preparations of {corpus.name} have different recordings, so their folds would differ.",
        found=f"{len(odd)} recordings in some of them only: {', '.join(odd[:5])}",
        expected="recordings that every preparation can use",
        remedy="move these recordings out of the folder",
    )
