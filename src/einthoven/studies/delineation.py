"""Train and test delineators: five folds of LUDB, the QT Database untouched, and ECG-DelNet's own protocol."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from einthoven import bundle
from einthoven.corpora.corpus import Corpus, Entry
from einthoven.corpora.ludb import FOLDS, LUDB
from einthoven.corpora.qtdb import N_FOLDS, QTDB
from einthoven.evaluation.delineation import Compared
from einthoven.evaluation.touching import better_lead
from einthoven.export.graph import add_graph
from einthoven.inference.delineator import Delineator
from einthoven.inference.predictor import load
from einthoven.inference.wave_scoring import by_model, compared, metrics_of, on_card
from einthoven.paths import written_aside
from einthoven.report import wave_study
from einthoven.steps import Steps
from einthoven.studies import delineation_data
from einthoven.training.delineator import Recipe, train

PROTOCOLS = ("clean", "paper")
BUNDLE = "waves-ludb"
"""Name of the model that is trained on all of LUDB."""
_DELNET = Recipe(steps=600, batch=10, batch_without_p=0, lr=1e-3, loss="jaccard", noise_share=0.0)
"""ECG-DelNet's loss and rate; its 120 epochs are 600 updates here."""
_QUICK: dict[str, Any] = {"steps": 3, "batch": 2, "crop": 512}


@dataclass(frozen=True)
class Tried:
    """A delineator of the study."""

    architecture: str
    """Key of MODELS."""
    settings: dict[str, Any]
    """Settings that differ from its defaults."""
    recipe: Recipe
    """How it is trained."""
    cost: float
    """How long a training takes, in any unit."""


MODELS = {
    "delineator": Tried("delineator", {}, Recipe(), 1.0),
    "delnet-3": Tried("delnet", {"depth": 3}, _DELNET, 2.0),
    "delnet-4": Tried("delnet", {"depth": 4}, _DELNET, 4.0),
}


@dataclass(frozen=True)
class _Run:
    """A study that is running."""

    source: Path
    """Folder that holds ludb and qtdb, and challenge-2017 where it is at hand."""
    folder: Path
    """Folder of the study."""
    protocol: str
    """``clean`` or ``paper``."""
    quick: bool
    """Whether this is a smoke run."""
    models: tuple[str, ...]
    """Keys of MODELS."""

    @cached_property
    def without_p(self) -> tuple[list[Any], tuple[str, ...]]:
        """Recordings in fibrillation, and their names."""
        return delineation_data.in_fibrillation(self.source)

    @property
    def corpus(self) -> Corpus:
        """The corpus whose folds are tested."""
        return LUDB if self.protocol == "clean" else QTDB

    def entries(self, corpus: Corpus) -> list[Entry]:
        """Return the records of a corpus of the source folder."""
        return list(corpus.entries(self.source / corpus.name, corpus.preparation.fs_hz))

    @cached_property
    def folds(self) -> list[list[Entry]]:
        """Records of each fold of the protocol; empty folds, of a part of a corpus, are left out."""
        entries = self.entries(self.corpus)
        if self.protocol == "clean":
            dealt = [[entry for entry in entries if entry.record in names] for names in FOLDS]
        else:
            dealt = [entries[fold::N_FOLDS] for fold in range(N_FOLDS)]
        return [fold for fold in dealt if fold][: 2 if self.quick else None]


def run(source: Path, protocol: str, folder: Path, quick: bool = False, models: tuple[str, ...] = ()) -> dict[str, Any]:
    """Do the steps that are not done yet, and write results.json and table.md.

    Parameters
    ----------
    source : Path
        Folder that holds ``ludb`` and ``qtdb`` as their publisher lays them out, and ``challenge-2017`` where it is at hand.
    protocol : str
        Of PROTOCOLS.
    folder : Path
        Folder of the study; finished steps are not repeated.
    quick : bool
        Whether this is a smoke run.
    models : tuple of str
        Keys of MODELS; all that the protocol has, if empty.

    Returns
    -------
    dict
        What results.json holds.
    """
    usual = tuple(MODELS) if protocol == "clean" else ("delnet-3",)
    this = _Run(Path(source), Path(folder), protocol, quick, models or usual)
    works = _works(this)
    settings = {"study": "delineation", "quick": quick, "protocol": protocol}
    settings |= {"models": {name: asdict(MODELS[name]) for name in this.models}}
    steps = Steps(this.folder, settings, {name: cost for name, (_, cost) in works.items()})
    done = {name: steps.do(name, work) for name, (work, _) in works.items()}
    scores = {name.removeprefix("score-"): found for name, found in done.items() if name.startswith("score-")}
    found: dict[str, Any] = {"study": "delineation", "smoke_run": quick, "protocol": protocol, "scores": scores}
    found |= {"seconds": steps.seconds, **wave_study.table(scores, protocol, quick)}
    with written_aside(this.folder / "results.json") as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n")
    with written_aside(this.folder / "table.md") as aside:
        aside.write_text(wave_study.markdown(found))
    return found


def _works(this: _Run) -> dict[str, tuple[Callable[[], dict[str, Any]], float]]:
    """Return work and cost of each step, by its name, in their order."""
    works: dict[str, tuple[Callable[[], dict[str, Any]], float]] = {}
    for name in this.models:
        cost = MODELS[name].cost
        for fold in range(len(this.folds)):
            works[f"train-{name}-f{fold}"] = partial(_train, this, name, fold), cost
        works[f"score-{name}"] = partial(_score, this, name), 0.5
        if this.protocol == "clean" and name == "delineator":
            works[f"train-{name}-all"] = partial(_train, this, name, None), cost
            works[f"score-{name}-qtdb"] = partial(_score_qtdb, this, name), 0.2
            works["bundle"] = partial(_bundle, this, name), 0.1
    return works


def bundle_of(folder: Path, name: str, fold: int | None) -> Path:
    """Return where the study keeps a trained model.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    name : str
        Key of MODELS.
    fold : int or None
        The fold that it is tested on; None for the model of all records.
    """
    return folder / "runs" / f"{name}-{'all' if fold is None else f'f{fold}'}"


def provenance(corpus: Corpus, trained: list[Entry], without_p: tuple[str, ...], fold: int | None) -> dict[str, Any]:
    """Return what a card says of the data.

    Parameters
    ----------
    corpus : Corpus
        The corpus.
    trained : list of Entry
        Records that trained the model.
    without_p : tuple of str
        Recordings of the Challenge 2017 in fibrillation that did.
    fold : int or None
        The fold that is left out.
    """
    patients = [f"{corpus.name}/{entry.patient}" for entry in trained] + [
        f"challenge-2017/{name}" for name in without_p
    ]
    return {
        "corpus": corpus.name,
        "corpus_version": corpus.version,
        "protocol": "clean",
        "protocol_summary": "all records train" if fold is None else f"fold {fold} of five is left out",
        "remark": f"{len(trained)} records with marked waves; {len(without_p)} recordings in fibrillation teach where no P wave is",
        "fold": fold,
        "patients": bundle.packed(sorted(patients)),
    }


def _train(this: _Run, name: str, fold: int | None) -> dict[str, Any]:
    tried = MODELS[name]
    trained = [entry for at, entries in enumerate(this.folds) for entry in entries if at != fold]
    recipe = replace(tried.recipe, **_QUICK) if this.quick else tried.recipe
    leads, names = this.without_p if recipe.batch_without_p else ([], ())
    data = delineation_data.marked(this.corpus, trained, recipe.fibrillation_weight, leads)
    facts = provenance(this.corpus, trained, names, fold)
    card = train(data, tried.architecture, tried.settings, recipe, bundle_of(this.folder, name, fold), facts)
    return {"n_parameters": card.n_parameters, "records": len(trained), "without_p": len(names)}


def _score(this: _Run, name: str) -> dict[str, Any]:
    """Score the folds together: each lead by itself, and leads joined; by the paper's protocol its own way."""
    alone: list[Compared] = []
    joined: list[Compared] = []
    for fold, entries in enumerate(this.folds):
        delineator = Delineator(load(bundle_of(this.folder, name, fold)))
        alone += (
            compared(this.corpus, entries, by_model(delineator, this.corpus, alone=True))
            if this.protocol == "clean"
            else []
        )
        joined += compared(this.corpus, entries, by_model(delineator, this.corpus))
    if this.protocol == "paper":
        return _paper(this, name)
    protocol = LUDB.protocol("clean")
    return {
        "one lead": metrics_of(name, LUDB, protocol, alone, ()),
        "leads joined": metrics_of(name, LUDB, protocol, joined, ()),
        "n_parameters": load(bundle_of(this.folder, name, 0)).card.n_parameters,
    }


def _paper(this: _Run, name: str) -> dict[str, Any]:
    """Score as ECG-DelNet was: waves that touch, the better of two leads for each beat."""
    counts: dict[str, list[int]] = {}
    assert QTDB.marks is not None
    for fold, entries in enumerate(this.folds):
        reads = by_model(Delineator(load(bundle_of(this.folder, name, fold))), QTDB, alone=True)
        for entry in entries:
            found = better_lead(
                QTDB.marks(entry).by_lead[""], list(reads(entry).values()), QTDB.marks(entry).stretches_s
            )
            counts = {
                wave: [a + b for a, b in zip(counts.get(wave, [0, 0, 0]), row, strict=True)]
                for wave, row in found.items()
            }
    return {"touching": counts, "n_parameters": load(bundle_of(this.folder, name, 0)).card.n_parameters}


def _score_qtdb(this: _Run, name: str) -> dict[str, Any]:
    """Score the model of all of LUDB on the QT Database, which trained nothing."""
    delineator, entries = Delineator(load(bundle_of(this.folder, name, None))), this.entries(QTDB)
    entries = entries[:2] if this.quick else entries
    rows = compared(QTDB, entries, by_model(delineator, QTDB))
    return {"leads joined": metrics_of(name, QTDB, QTDB.protocol("clean"), rows, ())}


def _bundle(this: _Run, name: str) -> dict[str, Any]:
    """Put the results on the card of the model of all of LUDB, and its graph beside it."""
    place = bundle_of(this.folder, name, None)
    folds = _result(this, f"score-{name}")["leads joined"]
    other = _result(this, f"score-{name}-qtdb")["leads joined"]
    remark = "Five nets of the same recipe, each tested on the fold that it did not see; leads joined."
    card = bundle.load_card(place)
    rows = (on_card(folds) | {"protocol": "clean, five folds", "remark": remark}, on_card(other))
    target = this.folder / BUNDLE
    bundle.save(target, replace(card, name=BUNDLE, results=rows, graph_sha256=""), bundle.load_weights(place, card))
    add_graph(target)
    return {"bytes": sum(file.stat().st_size for file in target.iterdir())}


def _result(this: _Run, step: str) -> dict[str, Any]:
    """Return the result of a step that is done."""
    return dict(json.loads((this.folder / "steps" / f"{step}.json").read_text()))
