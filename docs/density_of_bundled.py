"""Fit the density of the training recordings of each bundled model, and write it on its card.

python docs/density_of_bundled.py DIR      DIR: mitdb, challenge-2017 and ptb-xl as their publishers lay them out
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from einthoven import bundle
from einthoven.corpora import CORPORA
from einthoven.paths import ASSETS
from einthoven.signal.density import Density
from einthoven.signal.leads import select
from einthoven.signal.quality import typical_of_pieces


def typical(card: bundle.Card, root: Path) -> np.ndarray:
    """Median measurements [pieces, leads, k] of the recordings that trained a model."""
    corpus, found = CORPORA[card.training["corpus"]], []
    trained = {name.partition("/")[2] for name in card.patients}
    without = corpus.protocol(card.training["protocol"]).without
    for entry in corpus.entries(root / corpus.name, card.preparation.fs_hz):
        if entry.record in without or not {entry.record, entry.patient} & trained:
            continue
        record = corpus.read(entry)
        used_mv, names = select(record.signal_mv, record.leads, card.preparation.leads, record.where)
        found.append(typical_of_pieces(used_mv, names, record.fs_hz))
    return np.concatenate(found)


def main() -> None:
    """Fit and write each; print how many recordings are within the limit."""
    for name in bundle.classifiers():
        folder = ASSETS / name
        card = bundle.load_card(folder)
        measured = typical(card, Path(sys.argv[1]))
        told = {"corpus": card.training["corpus"], "protocol": card.training["protocol"], "pieces": len(measured)}
        density = Density.fit(measured, told)
        assert density is not None
        bundle.rewrite_card(folder, replace(card, density=density))


if __name__ == "__main__":
    main()
