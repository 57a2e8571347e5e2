"""Compute the logits of the bundled models and of their members on whole corpora, for docs/calibrate_bundled.py.

python docs/member_answers.py DIR ANSWERS [NAME|NAME=MODEL ...]

DIR holds mitdb, svdb, challenge-2017 and ptb-xl as their publishers lay them out. ANSWERS gets one file a model and corpus,
NAME.npz: ``fused`` [n, classes], ``members`` [n, members, classes], ``target``, ``record``, ``patient``, ``position``, ``group``,
``symbol``. NAME=MODEL asks another model: ctx-mitdb=NETS and ctx-svdb=NETS the nets that the study mitbih-clean made.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from einthoven.corpora import CORPORA
from einthoven.data.batches import tensors
from einthoven.data.build import build
from einthoven.inference.backends import TorchBackend
from einthoven.inference.predictor import load
from einthoven.models.ensemble import Ensemble
from einthoven.models.inputs import arguments

JOBS = {
    "mlii-mitdb": ("mitbih-cnn-lstm-mlii", "mitdb", "clean"),
    "mlii-svdb": ("mitbih-cnn-lstm-mlii", "svdb", "clean"),
    "ctx-mitdb": ("mitbih-clean-context", "mitdb", "clean"),
    "ctx-svdb": ("mitbih-clean-context", "svdb", "clean"),
    "vote": ("mitbih-paper-vote", "mitdb", "paper"),
    "small": ("challenge2017-small", "challenge-2017", "clean"),
    "rhythm": ("challenge2017-rhythm", "challenge-2017", "clean"),
}
_BATCH = 256


def answers(model: str, corpus_name: str, protocol_name: str, root: Path) -> dict[str, np.ndarray]:
    """Return the logits of a model and of its members for all windows of a corpus, with what its protocol knows of each."""
    predictor, corpus = load(model), CORPORA[corpus_name]
    protocol = corpus.protocols[protocol_name]
    store = build(corpus, root / corpus_name, predictor.card.preparation, protocol.without)
    network, index = TorchBackend(predictor.folder, predictor.card).network, store.index
    fused, members = [], []
    with torch.inference_mode():
        for start in range(0, len(store.windows), _BATCH):
            parts = arguments(network, tensors(store.windows[slice(start, start + _BATCH)]))
            if isinstance(network, Ensemble):
                of_members = network.features(*parts)
                members.append(of_members.numpy().reshape(len(of_members), -1, len(predictor.card.classes)))
                fused.append(network.head(of_members).numpy())
            else:
                fused.append(network(*parts).numpy())
                members.append(fused[-1][:, None])
    known = {name: getattr(index, name) for name in ("record", "patient", "symbol", "position", "group")}
    logits = {"fused": np.concatenate(fused), "members": np.concatenate(members).astype(np.float32)}
    return logits | known | {"target": protocol.labels.targets(index.symbol)}


if __name__ == "__main__":
    root, out = map(Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    for word in sys.argv[3:] or JOBS:
        name, _, stated = word.partition("=")
        usual, *corpus_and_protocol = JOBS[name]
        np.savez_compressed(
            out / f"{name}.npz", allow_pickle=False, **answers(stated or usual, *corpus_and_protocol, root)
        )
