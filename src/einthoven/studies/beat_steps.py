"""The steps of the study of beats: nets, trees, the choice on people whom neither saw, the model, its test."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as to_bytes

from einthoven import bundle
from einthoven.corpora.labels import AAMI4_WIDE
from einthoven.evaluation.calibration import softmax
from einthoven.evaluation.choosing import best_for_s_and_v
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.trust import trust_in
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import Predictor, load
from einthoven.inference.scored import Scored
from einthoven.paths import output_folder, written_aside
from einthoven.signal.windows import Windows
from einthoven.studies import beat_nets, beats_data
from einthoven.studies.beat_run import SEED, VARIANTS, BeatRun, Variant, attribution, provenance
from einthoven.studies.beats_data import CLASSES, N_FOLDS, Pool
from einthoven.training.fuse import fuse
from einthoven.training.grow_in_turn import grow_in_turn, grown
from einthoven.training.task import Task
from einthoven.training.tree_network import logits_of

Array = NDArray[Any]

_SYNTHETIC = "synthetic"
_SHARES = (0.0, 0.3, 0.5, 0.7, 1.0)
"""Shares of the nets in the mean with the trees, from which one is chosen."""


def net(this: BeatRun, name: str, rhythm: str, fold: int) -> dict[str, Any]:
    """Train a net without one fold, and answer the fold.

    Parameters
    ----------
    this : BeatRun
        The study.
    name : str
        Key of VARIANTS.
    rhythm : str
        Rhythm that is simulated in training.
    fold : int
        The fold.

    Returns
    -------
    dict
        Records that trained, and that were answered.
    """
    variant = VARIANTS[name]
    pool, folds = this.pool(variant.leads), this.folds(variant)
    trained = [record for record, of in folds.items() if of != fold]
    held = [record for record, of in folds.items() if of == fold]
    place = _net(this, name, rhythm, fold)
    told = provenance(this, variant, list(folds)) | {"fold": fold}
    beat_nets.train(pool, trained, held, rhythm, place, told, this.quick)
    model = load(place)
    _write(place / "answers.safetensors", {record: model.logits(pool.windows[pool.rows(record)]) for record in held})
    return {"trained": len(trained), "answered": len(held)}


def _net(this: BeatRun, name: str, rhythm: str, fold: int) -> Path:
    return this.place(name) / "nets" / f"{rhythm}-f{fold}"


def _of_nets(this: BeatRun, name: str, rhythm: str) -> dict[str, Array]:
    """Return the probabilities of the nets of a rhythm, each for the records that it did not see."""
    answers: dict[str, Array] = {}
    for fold in range(N_FOLDS):
        answers |= _read(_net(this, name, rhythm, fold) / "answers.safetensors")
    return {record: softmax(logits) for record, logits in answers.items()}


def _write(file: Path, answers: dict[str, Array]) -> None:
    """Write logits by record."""
    output_folder(file.parent)
    with written_aside(file) as aside:
        aside.write_bytes(to_bytes(answers))


def _read(file: Path) -> dict[str, Array]:
    return dict(load_file(file))


def _training(this: BeatRun, variant: Variant, records: list[str], seed: int) -> tuple[Array, Array, Array]:
    """Return measurements, classes and records of the beats that train; those of simulated recordings are ``synthetic``."""
    pool, rng = this.pool(variant.leads), np.random.default_rng((SEED, seed))
    features, labels, names = [], [], []
    for record in records:
        rows = pool.rows(record)
        for windows, own, is_simulated in (
            (pool.windows[rows], pool.labels[rows], False),
            *((one.windows, one.labels, True) for one in this.simulated(variant).get(record, [])),
        ):
            assert windows.features is not None
            at = beats_data.drawn(own, is_simulated, rng)
            features.append(windows.features[at])
            labels.append(own[at])
            names.append(np.full(len(at), _SYNTHETIC if is_simulated else record))
    return np.concatenate(features), np.concatenate(labels), np.concatenate(names)


def trees(this: BeatRun, name: str) -> dict[str, Any]:
    """Answer each fold by trees that did not see its people.

    Parameters
    ----------
    this : BeatRun
        The study.
    name : str
        Key of VARIANTS.

    Returns
    -------
    dict
        Number of beats that trained, by fold.
    """
    variant = VARIANTS[name]
    pool, folds = this.pool(variant.leads), this.folds(variant)
    found: dict[str, Array] = {}
    n_trained = []
    for fold in range(N_FOLDS):
        features, labels, _ = _training(this, variant, [record for record, of in folds.items() if of != fold], fold)
        network, _ = grown(features, labels, pool.preparation, len(CLASSES), SEED, *this.how)
        n_trained.append(len(labels))
        for record in (record for record, of in folds.items() if of == fold):
            windows = pool.windows[pool.rows(record)]
            found[record] = logits_of(network, np.asarray(windows.features))
    _write(this.place(name) / "trees.safetensors", found)
    return {"beats": n_trained}


def folds(this: BeatRun, name: str) -> dict[str, Any]:
    """Choose the share of the nets and the class weights on the answers to people whom neither saw.

    Parameters
    ----------
    this : BeatRun
        The study.
    name : str
        Key of VARIANTS.

    Returns
    -------
    dict
        ``share`` of the nets, ``class_weights``, and the ``scores`` by database.
    """
    variant = VARIANTS[name]
    pool, names = this.pool(variant.leads), list(this.folds(variant))
    by_trees = {record: softmax(logits) for record, logits in _read(this.place(name) / "trees.safetensors").items()}
    parts = {"trees": _predictions(pool, {record: by_trees[record] for record in names})}
    shares: tuple[float, ...] = _SHARES[:1]
    if variant.nets:
        by_nets = [_of_nets(this, name, rhythm) for rhythm in beat_nets.RHYTHMS]
        means = {record: np.mean([one[record] for one in by_nets], axis=0) for record in names}
        parts["nets"], shares = _predictions(pool, means), _SHARES
    chosen: dict[str, Any] = {"score": -1.0}
    for share in shares:
        mixed = parts["trees"]
        if share:
            mixed = mixed.moved(share * parts["nets"].probability + (1 - share) * parts["trees"].probability)
        weights, _ = best_for_s_and_v(mixed, (0.0,))
        score = _s_and_v(mixed.weighted(weights))
        if score > chosen["score"]:
            chosen = {"score": round(score, 4), "share": share, "class_weights": list(weights)}
            parts["both"], parts["weighted"] = mixed, mixed.weighted(weights)
    parts["both"].write(this.place(name) / "folds.csv")
    return chosen | {"records": len(names), "scores": {how: _by_database(one) for how, one in parts.items()}}


def _s_and_v(answers: Predictions) -> float:
    """Return the mean F1 of S and V."""
    decided, found = answers.decided, []
    for name in "SV":
        true, said = (values == CLASSES.index(name) for values in (answers.truth, decided))
        found.append(2 * (true & said).sum() / max(1, true.sum() + said.sum()))
    return float(np.mean(found))


def _predictions(pool: Pool, answers: dict[str, Array]) -> Predictions:
    """Return answers to the beats of some records that have a class, with their truth."""
    parts: list[tuple[Array, ...]] = []
    for record, answer in answers.items():
        labels = pool.labels[pool.rows(record)]
        known = labels >= 0
        parts.append((labels[known], answer[known], np.full(known.sum(), record), np.flatnonzero(known)))
    truth, probability, records, position = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Predictions(CLASSES, truth, probability.astype(np.float32), records, records, position)


def _by_database(answers: Predictions) -> dict[str, Any]:
    """Return the scores of each database, people drawn for the intervals."""
    corpus = np.array([record.split("/")[0] for record in answers.record.tolist()])
    return {name: evaluate(answers.at(corpus == name), "patient") for name in dict.fromkeys(corpus.tolist())}


def model(this: BeatRun, name: str) -> dict[str, Any]:
    """Grow the trees on all folds, and write the model: trees, nets, class weights, calibration and doubt.

    Parameters
    ----------
    this : BeatRun
        The study.
    name : str
        Key of VARIANTS.

    Returns
    -------
    dict
        Size of the model.
    """
    variant, place = VARIANTS[name], this.place(name)
    pool, records = this.pool(variant.leads), list(this.folds(variant))
    features, labels, names = _training(this, variant, records, N_FOLDS)
    synthetic = names == _SYNTHETIC
    task = Task(
        windows=Windows(np.zeros((len(labels), len(pool.preparation.leads), 0), np.float32), features=features),
        labels=labels,
        train=np.arange(len(labels)),
        validation=np.zeros(0, np.int64),
        classes=CLASSES,
        label_set=AAMI4_WIDE.name,
        meanings=AAMI4_WIDE.meanings,
        preparation=pool.preparation,
        provenance=provenance(this, variant, records, int(synthetic.sum())),
        attribution=attribution(variant),
        record=names,
        synthetic=synthetic,
        typical=pool.typical,
    )
    card = grow_in_turn(task, {}, SEED, place / "forest", *this.how)
    chosen = json.loads((this.folder / "steps" / f"folds-{name}.json").read_text())
    share, weights = chosen["share"], tuple(chosen["class_weights"])
    told = {"corpus": ", ".join(variant.databases), "protocol": "clean"}
    told |= {"answers": "people of all databases, each by nets and trees that never saw them"}
    trust = trust_in(Predictions.read(place / "folds.csv"), told, whole=False, weights=weights)
    out, forest = this.model(name), place / "forest" / "bundle"
    if share:
        nets = [_net(this, name, rhythm, fold) / "bundle" for rhythm in beat_nets.RHYTHMS for fold in range(N_FOLDS)]
        shares = (1 - share, *[share / len(nets)] * len(nets))
        fuse(out, [forest, *nets], "weighted", shares, class_weights=weights, half=True, trust=trust)
    else:
        alone = replace(card, name=out.name, class_weights=weights, calibration=trust.calibration, doubt=trust.doubt)
        bundle.save(out, alone, bundle.load_weights(forest, card))
    card = add_graph(out)
    return {"n_parameters": card.n_parameters, "bytes": sum(file.stat().st_size for file in out.iterdir())}


def score(this: BeatRun, name: str) -> dict[str, Any]:
    """Answer the beats of people who trained nothing, once a frozen configuration.

    Parameters
    ----------
    this : BeatRun
        The study.
    name : str
        Key of VARIANTS.

    Returns
    -------
    dict
        Metrics by what is tested.
    """
    variant = VARIANTS[name]
    pool, answering = this.pool(variant.leads), load(this.model(name))
    found: dict[str, Any] = {}
    for tested in variant.tested:
        records = [record for record in pool.records if _is_of(record, tested)]
        answers = {record: _answers(answering, pool, record) for record in records}
        predictions = _with_scores(pool, answers)
        found[tested] = evaluate(predictions, "patient")
        if tested == "DS2":
            predictions.write(this.place(name) / "DS2.csv")
            found["DS2 without 232"] = evaluate(predictions.at(predictions.record != "mitdb/232"), "patient")
    return found


def _is_of(record: str, tested: str) -> bool:
    return beats_data.is_tested(record) if tested == "DS2" else record.startswith(f"{tested}/")


def _answers(answering: Predictor, pool: Pool, record: str) -> Scored:
    rows = pool.rows(record)
    return answering.answers(pool.windows[rows], pool.record[rows])


def _with_scores(pool: Pool, answers: dict[str, Scored]) -> Predictions:
    """Return calibrated answers with what decides."""
    printed = _predictions(pool, {record: found.probabilities for record, found in answers.items()})
    deciding = _predictions(pool, {record: found.deciding for record, found in answers.items()})
    return replace(printed, score=deciding.probability)
