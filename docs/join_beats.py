"""Join the nets of the study mitbih-clean with the trees of the study beats: the bundled model mitbih-clean-context.

python docs/join_beats.py DIR ANSWERS STUDY NETS OUT

DIR holds mitdb, svdb and qtdb. NETS is the model that einthoven study mitbih-clean wrote, STUDY the folder of the study beats.
ANSWERS is the folder of python docs/member_answers.py DIR ANSWERS ctx-mitdb=NETS ctx-svdb=NETS. OUT is the folder of the new model.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from einthoven import bundle
from einthoven.corpora.mitdb import DS1
from einthoven.evaluation.calibration import softmax
from einthoven.evaluation.choosing import best_for_s_and_v
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.trust import trust_in
from einthoven.export.graph import add_graph
from einthoven.studies.beats_data import CLASSES, pooled
from einthoven.training.fuse import fuse

Array = NDArray[Any]
_FOLDS = 6
SHARE = 0.5
"""Share of the nets; 0, 0.5, 0.7 and 1 were tried on people whom neither nets nor trees saw."""


def of_nets(folder: Path) -> dict[str, Array]:
    """Return the probabilities of the nets by record: of DS1 by those that did not see it, of the other database by all."""
    found: dict[str, Array] = {}
    for corpus in ("mitdb", "svdb"):
        answers = dict(np.load(folder / f"ctx-{corpus}.npz"))
        record = answers["record"].astype(str)
        for name in np.unique(record).tolist():
            if corpus == "svdb":
                found[f"svdb/{name}"] = softmax(answers["fused"][record == name].astype(float))
            elif name in DS1:
                fold = DS1.index(name) % _FOLDS
                members = softmax(answers["members"][record == name].astype(float))
                found[f"mitdb/{name}"] = members[:, [fold, fold + _FOLDS]].mean(axis=1)
    return found


def answered(root: Path, nets: dict[str, Array], trees: dict[str, Array]) -> Predictions:
    """Return the mean of both for the people that neither saw."""
    pool = pooled(root, ("mitdb", "svdb", "qtdb"), "two")
    parts: list[tuple[Array, ...]] = []
    for record in sorted(set(nets) & set(trees)):
        labels = pool.labels[pool.rows(record)]
        known = labels >= 0
        mixed = SHARE * nets[record] + (1 - SHARE) * trees[record]
        parts.append((labels[known], mixed[known], np.full(known.sum(), record), np.flatnonzero(known)))
    truth, probability, record, position = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Predictions(CLASSES, truth, probability.astype(np.float32), record, record, position)


def members_of(folder: Path, like: bundle.Card, out: Path) -> list[Path]:
    """Write the members of an ensemble of nets as bundles whose windows have the measurements of the trees too."""
    card = bundle.load_card(folder)
    tensors = bundle.load_weights(folder, card)
    places = []
    for at, (architecture, settings) in enumerate(card.settings["members"]):
        own = {
            name.removeprefix(f"members.{at}."): values.astype(np.float32)
            for name, values in tensors.items()
            if name.startswith(f"members.{at}.")
        }
        member = replace(
            card, name=f"net-{at}", architecture=architecture, settings=settings, preparation=like.preparation,
            density=like.density, feature_medians=like.feature_medians, class_weights=(), class_prior_adaptation={},
            calibration=None, doubt=None, results=(), training=card.training | {"corpora": like.training["corpora"]},
        )  # fmt: skip
        bundle.save(out / f"net-{at}", member, own)
        places.append(out / f"net-{at}")
    return places


if __name__ == "__main__":
    root, answers, study, nets, out = map(Path, sys.argv[1:6])
    forest = study / "runs" / "two" / "forest" / "bundle"
    trees = {
        record: softmax(logits.astype(float))
        for record, logits in load_file(study / "runs/two/trees.safetensors").items()
    }
    found = answered(root, of_nets(answers), trees)
    weights, _ = best_for_s_and_v(found, (0.0,))
    told = {"corpus": "mitdb, svdb", "protocol": "clean", "answers": "people whom neither nets nor trees saw"}
    trust = trust_in(found, told, whole=False, weights=weights)
    places = members_of(nets, bundle.load_card(forest), out.parent / f"{out.name}-members")
    shares = (1 - SHARE, *[SHARE / len(places)] * len(places))
    fuse(out, [forest, *places], "weighted", shares, class_weights=weights, half=True, trust=trust)
    add_graph(out)
