"""Knows how models are cross-validated by one protocol: each trained for each fold, its test answers pooled. Knows no corpus."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from einthoven import bundle
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete, RecordUnreadable, StudyDamaged
from einthoven.evaluation.predictions import Predictions, joined
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for, require_unseen
from einthoven.studies.study import Steps
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of


@dataclass(frozen=True)
class Contestant:
    """A model of a study: an architecture, its settings, the recipe, and by name the store it reads."""

    architecture: str
    settings: dict
    recipe: Recipe
    store: str = ""
    cost: float = 1.0
    """Of its training, in any unit; for the time left."""
    seed: int = 0
    """Sets it apart from others of the same recipe."""

    @property
    def stated(self) -> list:
        """Plain values that decide its weights."""
        return [self.architecture, self.settings, self.recipe.as_dict(), self.store, self.seed]


@dataclass
class CrossValidation:
    """The runs of a study over its folds.

    steps, corpus, protocol : of the study; stores : by name; contestants : by name; folds : their numbers; folder : of the study;
    quick : a smoke run: a few windows and an epoch each
    """

    steps: Steps
    corpus: Corpus
    protocol: Protocol
    stores: dict[str, Store]
    contestants: dict[str, Contestant]
    folds: Sequence[int]
    folder: Path
    quick: bool

    def __post_init__(self):
        records = [np.unique(store.index.record) for store in self.stores.values()]
        if not all(np.array_equal(records[0], others) for others in records[1:]):
            odd = sorted(set().union(*records).difference(set(records[0]).intersection(*records[1:])))
            raise CorpusIncomplete(
                f"not every preparation of {self.corpus.name} has the same recordings, so folds would not be the same.",
                found=f"{len(odd)} recordings in some of them only: {', '.join(odd[:5])}",
                expected="recordings that each of them can use",
                remedy="move these out of the folder",
            )

    def member(self, name: str, fold: int) -> Path:
        """The run of a contestant for a fold."""
        return self.folder / "runs" / f"{name}-f{fold}"

    def train(self) -> dict[str, dict]:
        """Train each contestant for each fold, unless that is done; what each training gave."""
        members = [(name, fold) for name in self.contestants for fold in self.folds]
        found = self.steps.each({f"train-{name}-f{fold}": partial(self._train, name, fold) for name, fold in members})
        return {f"{name}-f{fold}": row for (name, fold), row in zip(members, found, strict=True)}

    def _train(self, name: str, fold: int) -> dict:
        found = self.contestants[name]
        for kept in (self.folder / "answers").glob(f"{name}-f{fold}-*.csv"):
            kept.unlink()
        task = task_of(self.corpus, self.protocol, self.stores[found.store], 0, (), fold)
        recipe = replace(found.recipe, seed=fold + 100 * found.seed)
        if self.quick:
            task, recipe = replace(task, train=task.train[::4]), replace(recipe, epochs=1)
        out = self.member(name, fold)
        card = fit(task, found.architecture, found.settings, recipe, out, devices=1)
        score = next(key for key in card.training if key.startswith("validation_"))
        return {"n_parameters": card.n_parameters, score: card.training[score]}

    def answers(self, name: str, part: str, fold: int) -> Predictions:
        """Answers of a contestant for the ``validation`` or ``test`` part of a fold; asked once, then kept beside the runs."""
        file = self.folder / "answers" / f"{name}-f{fold}-{part}.csv"
        if not file.exists():
            self._require_trained(name, fold)
            store = self.stores[self.contestants[name].store]
            chosen = getattr(self.protocol.parts(store.index, 0, (), fold), part)
            predictor = load(self.member(name, fold))
            if part == "test":
                require_unseen(predictor, self.corpus, self.protocol, store, chosen)
            predictions_for(predictor, self.protocol, store, chosen).write(file)
        try:
            return Predictions.read(file)
        except RecordUnreadable as error:
            raise StudyDamaged(
                f"answers of the study cannot be read: {file}.",
                found=error.found,
                expected=error.expected,
                remedy=f"rm {file}      the answers are then asked again",
            ) from error

    def _require_trained(self, name: str, fold: int) -> None:
        run = self.member(name, fold)
        step = self.steps.file(f"train-{name}-f{fold}")
        if step.exists() and bundle.at(run) is None:
            raise StudyDamaged(
                f"a model of the study is gone: {run}.",
                found=f"a training that is done by {step.name}, and no bundle",
                expected="the bundle that the training had written",
                remedy=f"rm {step}      the model is then trained again",
            )

    def pooled(self, name: str) -> Predictions:
        """Answers of a contestant for the test parts of all folds."""
        return joined([self.answers(name, "test", fold) for fold in self.folds])

    def told(self) -> dict:
        """What every evaluation of the study says of itself."""
        store = next(iter(self.stores.values()))
        return {
            "corpus": self.corpus.name,
            "corpus_version": self.corpus.version,
            "protocol": self.protocol.name,
            "protocol_summary": self.protocol.summary,
            "leaks_patients": self.protocol.leaks,
            "shared_patients": [],
            "remark": self.protocol.remark,
            "rows": "records",
            "labels": self.protocol.labels.name,
            "left_out_of_the_store": store.left_out,
            "unlabelled": int((~self.protocol.labels.is_labelled(store.index.symbol)).sum()),
        }
