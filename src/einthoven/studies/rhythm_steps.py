"""The steps of the study of rhythms: measurements, trees of folds, the model, its tests."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.corpora.challenge2017 import CHALLENGE2017
from einthoven.corpora.corpus import Corpus
from einthoven.corpora.ludb import LUDB
from einthoven.corpora.mitdb import MITDB
from einthoven.data.store import Typical
from einthoven.evaluation.calibration import softmax
from einthoven.evaluation.evaluate import evaluate, headline
from einthoven.evaluation.predictions import Predictions
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import load
from einthoven.paths import written_aside
from einthoven.signal.windows import Windows
from einthoven.studies import rhythm_data, rhythm_scores
from einthoven.studies.rhythm_data import PREPARATION, SOURCES, Pool
from einthoven.studies.rhythm_run import FEW, SEED, RhythmRun
from einthoven.studies.rhythm_told import CLASSES, RHYTHMS, UNKNOWN
from einthoven.studies.rhythm_trust import trust_in
from einthoven.training.card import card_for
from einthoven.training.grow_together import grown_together
from einthoven.training.task import Task
from einthoven.training.tree_network import logits_of

Array = NDArray[Any]

N_FOLDS = 5
FORMER = "challenge2017-rhythm"
"""Bundled model that answers the same records, for comparison."""
MOST = {"mitdb": 30, "cpsc2021": 40}
"""Windows of 30 s of a class that train, of a lead of a record, and a third as many of 10 s; one of each for other databases."""


def measure(this: RhythmRun, name: str) -> dict[str, Any]:
    """Measure windows.

    Parameters
    ----------
    this : RhythmRun
        The study.
    name : str
        ``train``, ``simulated``, ``test-mitdb`` or ``test-ludb``.

    Returns
    -------
    dict
        How many there are.
    """
    few = FEW if this.quick else 1
    if name == "simulated":
        return this.keep(name, rhythm_data.simulated(this.source, few=few))
    if name == "train":
        return this.keep(name, rhythm_data.pooled(this.source, few=few))
    return this.keep(name, rhythm_data.pooled(this.source, (name.removeprefix("test-"),), trains=False, few=few))


def folds_of(pool: Pool) -> Array:
    """Return the fold of each window: people apart, each database dealt by itself.

    Parameters
    ----------
    pool : Pool
        The windows.
    """
    dealt: dict[str, int] = {}
    for source in np.unique(pool.source).tolist():
        people = np.unique(pool.patient[pool.source == source])
        order = np.random.default_rng(SEED).permutation(len(people))
        dealt |= {name: int(at) % N_FOLDS for name, at in zip(people.tolist(), order, strict=True)}
    return np.array([dealt[name] for name in pool.patient.tolist()])


def drawn(pool: Pool, allowed: Array, rng: np.random.Generator) -> Array:
    """Draw the windows that train, so that no lead of a record decides.

    Parameters
    ----------
    pool : Pool
        The windows.
    allowed : array of bool [n]
        Which may train; those without a class never do.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    array of int
        Their numbers.
    """
    at = rng.permutation(np.flatnonzero(allowed & (pool.label != UNKNOWN)))
    is_short = pool.length_s[at] <= rhythm_data.STEP_S
    most = np.array([MOST.get(source, 1) for source in pool.source[at].tolist()])
    most = np.where(is_short, np.maximum(1, most // 3), most)
    rows = np.stack([pool.record[at], pool.lead[at], is_short.astype(str), pool.label[at].astype(str)], axis=1)
    _, group = np.unique(rows, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return np.sort(at[order][rank < most[order]])


def _measured(this: RhythmRun, allowed: Array, people: Array, seed: int) -> tuple[Array, Array, Array]:
    """Return measurements, classes and records of the windows that train, those of simulated flutter last."""
    pool, made = this.training, this.simulated
    rows = drawn(pool, allowed, np.random.default_rng((SEED, seed)))
    also = np.flatnonzero(np.isin(made.patient, people))
    features = np.concatenate((pool.features[rows], made.features[also]))
    labels = np.concatenate((pool.label[rows], made.label[also]))
    return features, labels, np.concatenate((pool.record[rows], np.full(len(also), _SYNTHETIC)))


_SYNTHETIC = "synthetic"


def folds(this: RhythmRun) -> dict[str, Any]:
    """Answer each fold by trees that did not see its people.

    Parameters
    ----------
    this : RhythmRun
        The study.

    Returns
    -------
    dict
        Scores by database.
    """
    pool = this.training
    fold = folds_of(pool)
    found = np.zeros((len(pool.label), len(CLASSES)), np.float32)
    for at in range(N_FOLDS):
        allowed = fold != at
        features, labels, _ = _measured(this, allowed, np.unique(pool.patient[allowed]), at)
        network, _ = grown_together(features, labels, PREPARATION, len(CLASSES), this.how, SEED)
        found[~allowed] = softmax(logits_of(network, pool.features[~allowed]))
    with written_aside(this.folder / "pools" / "folds.npy") as aside, aside.open("wb") as file:
        np.save(file, found)
    return rhythm_scores.of_windows(pool, found)


def model(this: RhythmRun) -> dict[str, Any]:
    """Grow the trees on all folds, and write the model with its calibration.

    Parameters
    ----------
    this : RhythmRun
        The study.

    Returns
    -------
    dict
        Size of the model.
    """
    pool = this.training
    features, labels, record = _measured(this, np.ones(len(pool.label), bool), np.unique(pool.patient), N_FOLDS)
    network, settings = grown_together(features, labels, PREPARATION, len(CLASSES), this.how, SEED)
    names = sorted(set(record.tolist()) - {_SYNTHETIC})
    synthetic = record == _SYNTHETIC
    one_a_lead = np.unique(np.char.add(pool.record, pool.lead), return_index=True)[1]
    task = Task(
        windows=Windows(np.zeros((len(labels), 1, 0), np.float32), features=features),
        labels=labels,
        train=np.arange(len(labels)),
        validation=np.zeros(0, np.int64),
        classes=CLASSES,
        label_set=RHYTHMS.name,
        meanings=RHYTHMS.meanings,
        preparation=PREPARATION,
        provenance=_provenance(this, names, int(synthetic.sum())),
        attribution=" ".join(f"Trained on {SOURCES[one].title}" for one in _databases(pool)),
        record=record,
        synthetic=synthetic,
        typical=Typical(pool.record[one_a_lead], pool.typical[one_a_lead][:, None]),  # one lead is read at a time
    )
    trained = {"best_epoch": 0, "recipe": {"seed": SEED, "boosting": asdict(this.how)}}
    card = card_for(task, "forest", settings, this.model, trained)
    told = {
        "corpus": ", ".join(_databases(pool)),
        "protocol": "clean",
        "answers": "people whom the trees of a fold never saw",
    }
    trust = trust_in(_answers(this), _recordings(this), told)
    card = replace(card, calibration=trust.calibration, conformal=trust.conformal, doubt=trust.doubt)
    bundle.save(this.model, card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})
    card = add_graph(this.model)
    return {"n_parameters": card.n_parameters, "bytes": sum(file.stat().st_size for file in this.model.iterdir())}


def _answers(this: RhythmRun) -> Predictions:
    """Return the answers of the folds to windows as they are drawn for training, so that no record decides."""
    pool = this.training
    rows = drawn(pool, np.ones(len(pool.label), bool), np.random.default_rng((SEED, N_FOLDS + 1)))
    answers = np.load(this.folder / "pools" / "folds.npy", allow_pickle=False)[rows]
    return Predictions(CLASSES, pool.label[rows], answers, pool.record[rows], pool.patient[rows], rows)


def _recordings(this: RhythmRun) -> Predictions:
    """Return the answers of the folds to the recordings of the Challenge 2017, each of which has one class."""
    pool = this.training
    rows = np.flatnonzero((pool.source == CHALLENGE2017.name) & (pool.length_s > rhythm_data.STEP_S))
    answers = np.load(this.folder / "pools" / "folds.npy", allow_pickle=False)[rows]
    return Predictions(CLASSES, pool.label[rows], answers, pool.record[rows], pool.patient[rows], rows)


def _databases(pool: Pool) -> list[str]:
    there = set(np.unique(pool.source).tolist())
    return [name for name in SOURCES if name in there]


def _provenance(this: RhythmRun, records: list[str], n_synthetic: int) -> dict[str, Any]:
    """Return what the card says of the data; records are listed where they have another name than their patient."""
    databases, patients = _databases(this.training), set(this.training.patient.tolist())
    named = [record for record in records if record not in patients]
    return {
        "corpus": databases[0],
        "corpora": databases,
        "corpus_version": "",
        "contains": [],
        "protocol": "clean",
        "protocol_summary": f"people of {', '.join(databases)} train, in five folds by person; tested on records "
        f"{', '.join(rhythm_data.LEFT_OUT)} of MIT-BIH and on LUDB, which train nothing",
        "leaks_patients": False,
        "remark": "Rhythm annotations and codes as the publishers state them; records in sinus rhythm with five ectopic beats "
        "or more within 30 s count as another rhythm.",
        "split_seed": SEED,
        "left_out": [],
        "fold": None,
        "label_set": RHYTHMS.name,
        "left_out_of_the_store": {},
        "patients": bundle.packed(sorted(np.unique(this.training.patient).tolist())),
        "records": {"train": named, "validation": []},
        "synthetic": {"windows": n_synthetic, "how": "flutter from QRS complexes of recordings in sinus rhythm"},
    }


def score(this: RhythmRun) -> dict[str, Any]:
    """Answer the records of people who trained nothing, once a frozen configuration.

    Parameters
    ----------
    this : RhythmRun
        The study.

    Returns
    -------
    dict
        Scores of both test databases.
    """
    answering = load(this.model)

    def answered(pool: Pool) -> Array:
        windows = Windows(np.zeros((len(pool.label), 1, PREPARATION.n_samples), np.float32), features=pool.features)
        return np.asarray(answering.answers(windows, pool.record).deciding)

    long, short = this.tested("mitdb"), this.tested("ludb")
    of_long, of_short = answered(long), answered(short)
    pool = this.training
    of_challenge = (pool.source == CHALLENGE2017.name) & (pool.length_s > rhythm_data.STEP_S)
    answers = np.load(this.folder / "pools" / "folds.npy", allow_pickle=False)[of_challenge]
    rows = (
        _row(MITDB, long, of_long, "people who trained nothing, windows of 10 s"),
        _row(LUDB, short, of_short, "people who trained nothing"),
        _row(CHALLENGE2017, pool.at(of_challenge), answers, "five folds over recordings, windows of up to 30 s"),
    )
    bundle.rewrite_card(this.model, replace(bundle.load_card(this.model), results=rows))
    return {
        "mitdb": rhythm_scores.of_long_records(long, of_long),
        "ludb": rhythm_scores.of_windows(short, of_short),
    }


def former(this: RhythmRun) -> dict[str, Any]:
    """Answer the same long records by the model of the Challenge 2017, in windows of 30 s that are not smoothed.

    Parameters
    ----------
    this : RhythmRun
        The study.

    Returns
    -------
    dict
        As of :func:`einthoven.studies.rhythm_scores.of_long_records`, of the first lead that it reads.
    """
    pool, answering = this.tested("mitdb"), load(FORMER)
    source = SOURCES["mitdb"]
    parts, answers = [], []
    for entry in source.entries(this.source / "mitdb"):
        rows = np.flatnonzero(pool.record == f"mitdb/{entry.record}")
        if not len(rows):
            continue
        found = answering(source.read(entry))
        of_lead = pool.at(rows[pool.lead[rows] == found.leads[0]])
        at = np.searchsorted(found.times_s, of_lead.start_s + rhythm_data.STEP_S / 2, side="right") - 1
        columns = [CLASSES.index(name) for name in found.classes]
        mapped = np.zeros((len(at), len(CLASSES)))
        mapped[:, columns] = found.deciding[at]
        parts.append(of_lead)
        answers.append(mapped)
    return rhythm_scores.of_long_records(rhythm_data.joined(parts), np.concatenate(answers), smooths=False)


def _row(corpus: Corpus, pool: Pool, answers: Array, summary: str) -> dict[str, Any]:
    """Return a test as it stands on the card: windows that have a class, of all leads that are tested."""
    known = np.flatnonzero(pool.label != UNKNOWN)
    found = Predictions(CLASSES, pool.label[known], answers[known], pool.record[known], pool.patient[known], known)
    metrics = evaluate(found, "patient")
    per_class = {name: {"n": one["n"], "f1": one["f1"]} for name, one in metrics["per_class"].items()}
    return (
        {
            "corpus": corpus.name,
            "corpus_version": corpus.version,
            "protocol": "clean",
            "protocol_summary": summary,
            "labels": RHYTHMS.name,
            "leaks_patients": False,
            "shared_patients": [],
            "remark": f"Leads {', '.join(np.unique(pool.lead).tolist())}.",
            "n_test": metrics["n_test"],
            "n_patients": metrics["n_patients"],
            "rows": "windows",
            "interval": metrics["interval"],
            "left_out_of_the_store": {},
            "unlabelled": int(len(pool.label) - len(known)),
        }
        | {name: metrics[name] for name in headline(metrics)}
        | {"per_class": per_class}
    )
