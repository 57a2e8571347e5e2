"""Run a declared study: prepare, train, answer, score, compare, and write table, figures and page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.alike import require_same_recordings
from einthoven.data.build import build
from einthoven.data.store import Store
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.paired import paired
from einthoven.evaluation.predictions import Predictions
from einthoven.export.graph import add_graph
from einthoven.inference.kept import answers_for_part, read_kept, require_trained
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result, score_test_part
from einthoven.report import study as page
from einthoven.studies.declaration import TRAININGS, Member, Results, Step, Study, StudyModel
from einthoven.studies.steps import Steps
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task, task_of

_QUICK_DRAWS = 50


def run(study: Study, source: Path, protocol: str, folder: Path, quick: bool = False, folds: str = "") -> Results:
    """Do the steps that are not done yet, and write results.json, table.md, report.html and the figures.

    Parameters
    ----------
    study : Study
        The declaration.
    source : Path
        Folder of the corpus as its publisher lays it out.
    protocol : str
        One of ``study.choices``.
    folder : Path
        Folder of the study; what is done there is not done again.
    quick : bool
        Whether this is a smoke run.
    folds : str
        One of ``study.folds``; the first of them, if empty.

    Returns
    -------
    dict
        What results.json holds: among others ``title``, ``columns``, ``rows``, ``remarks`` and ``shown``.

    Raises
    ------
    ConfigurationFault
        If the folder holds a study of other settings.
    CorpusIncomplete
        If the corpus lacks what the study needs.
    FileDamaged
        If a finished step, its model or its answers cannot be read.
    """
    this = _opened(study, Path(source), protocol, Path(folder), quick, folds or next(iter(study.folds), ""))
    for step in study.steps:
        this.do(step)
    results = {"study": study.name, "smoke_run": quick} | study.results(this) | {"seconds": this.steps.seconds}
    results |= study.table(this, results)
    for name, draw in study.figures.items():
        if draw is not None:
            draw(this, results, this.folder / "figures" / f"{name}.png")
    page.write(results, this.folder)
    return results


def _opened(study: Study, source: Path, protocol: str, folder: Path, quick: bool, folds: str) -> "StudyRun":
    corpus, names = study.corpus_in(source) if study.corpus_in else (study.corpus, {})
    possible = {name: corpus.protocol(names.get(name, name)) for name in study.protocols}
    possible = possible if study.one_folder else {protocol: possible[protocol]}
    unused = set.intersection(*(set(found.without) for found in possible.values()))
    stores = {name: build(corpus, source, wanted, tuple(sorted(unused))) for name, wanted in study.stores.items()}
    if study.cross_validated:
        require_same_recordings(corpus, stores.values())
    this = StudyRun(study, corpus, possible, names, stores, folder, quick, folds)
    if not study.one_folder or protocol == "both":
        return this
    waiting = {one.protocol for step, one in this.members.items() if not (folder / "steps" / f"{step}.json").exists()}
    return replace(
        this, protocols={name: possible[name] for name in possible if name == protocol or name not in waiting}
    )


@dataclass
class StudyRun:
    """A study under way: what its steps work with, and the results of those that are done."""

    study: Study
    corpus: Corpus
    protocols: dict[str, Protocol]
    """Those that are asked for, or that the folder has results of, by the study's names."""
    names: dict[str, str]
    """The corpus's names of the study's protocols, if they differ."""
    stores: dict[str, Store]
    folder: Path
    quick: bool
    folds: str
    found: dict[str, Results] = field(default_factory=dict)
    """Results of the steps that are done, by name."""
    _asked: dict[tuple[str, str], Predictions] = field(default_factory=dict)

    @cached_property
    def steps(self) -> Steps:
        """The results of the steps on disk."""
        study = self.study
        settings = {
            "study": study.name,
            "corpus": self.corpus.name,
            "quick": self.quick,
            "protocol": "any" if study.one_folder else next(iter(self.protocols)),
            "folds": self.folds,
            "models": {name: model.decisive for name, model in study.models.items()},
            "settings": study.settings,
            "stores": {name: store.fingerprint for name, store in self.stores.items()},
        }
        return Steps(
            self.folder, settings, {name: cost for step in study.steps for name, (_, cost) in self._works(step).items()}
        )

    @cached_property
    def members(self) -> dict[str, Member]:
        """The trainings by step."""
        return {member.step: member for member in self.study.members(self)}

    @property
    def trained(self) -> dict[str, Results]:
        """What each training gave, by the label of its member."""
        return {member.label: self.found[step] for step, member in self.members.items()}

    @property
    def draws(self) -> int:
        """Draws of each bootstrap."""
        return _QUICK_DRAWS if self.quick else DRAWS

    @property
    def store(self) -> Store:
        """The first store."""
        return next(iter(self.stores.values()))

    @property
    def protocol(self) -> Protocol:
        """The protocol of a study that has one for a folder."""
        return next(iter(self.protocols.values()))

    def do(self, step: Step | str | tuple[Step, ...]) -> None:
        """Do a step, or several side by side, if they are not done yet."""
        works = {name: work for name, (work, _) in self._works(step).items()}
        self.found |= dict(zip(works, self.steps.side_by_side(works), strict=True))

    def _works(self, step: Step | str | tuple[Step, ...]) -> dict[str, tuple[Callable[[], Results], float]]:
        """Work and cost of one step or several, by name."""
        if step == TRAININGS:
            return {
                name: (partial(member.work or StudyRun.train, self, member), self.study.models[member.model].cost)
                for name, member in self.members.items()
            }
        several = step if isinstance(step, tuple) else (step,)
        asked = [one for one in several if isinstance(one, Step) and one.protocol in ("", *self.protocols)]
        return {one.name: (partial(one.work, self), one.cost) for one in asked}

    def named(self, protocol: str) -> Protocol:
        """Return a protocol of the corpus by the study's name of it."""
        return self.corpus.protocol(self.names.get(protocol, protocol))

    def protocol_of(self, member: Member) -> Protocol:
        """Return the protocol that a member is trained by, with its label set."""
        return self.corpus.with_labels(self.named(member.protocol), member.labels)

    def store_of(self, member: Member) -> Store:
        """Return the store that a member reads."""
        return self.stores[self.study.models[member.model].store]

    def place(self, member: Member | str) -> Path:
        """Return the folder of the run of a member, or of a step that trains one."""
        member = self.members[member] if isinstance(member, str) else member
        return self.folder / member.within / "runs" / member.label

    def recipe(self, model: StudyModel) -> Recipe:
        """Return the recipe of a model, in a smoke run a short one."""
        return replace(model.recipe, **(self.study.quick.recipe if self.quick else {}))

    def task(self, member: Member) -> Task:
        """Return what a member is trained on, in a smoke run a part of it."""
        crop_s, quick = self.study.models[member.model].crop_s, self.study.quick
        task = task_of(self.corpus, self.protocol_of(member), self.store_of(member), 0, (), member.fold)
        if crop_s:
            task = replace(task, preparation=task.preparation.with_settings(crop_s=crop_s))
        if self.quick and quick.at_most:
            kept = thinned(task.train, quick.at_most), thinned(task.validation, quick.at_most // 2)
            return replace(task, train=kept[0], validation=kept[1])
        return replace(task, train=task.train[:: quick.train_every]) if self.quick else task

    def train(self, member: Member, task: Task | None = None) -> Results:
        """Train a member, on :meth:`task` if no other is given, and forget the answers of an earlier training."""
        for kept in self._kept(member, "*").parent.glob(self._kept(member, "*").name):
            kept.unlink()
        model = self.study.models[member.model]
        recipe = replace(self.recipe(model), seed=member.seed)
        card = fit(task or self.task(member), model.architecture, model.settings, recipe, self.place(member), devices=1)
        assert card is not None, "one device, one process"
        return {"n_parameters": card.n_parameters} | self.study.trained(card)

    def answers(self, step: str, part: str) -> Predictions:
        """Return a member's answers for the ``validation`` or ``test`` part of its protocol; it is asked once."""
        if (step, part) not in self._asked:
            self._asked[step, part] = self._answers(self.members[step], part)
        return self._asked[step, part]

    def each(self, part: str, **which: Any) -> list[Predictions]:
        """Return the answers of all members of a model, protocol, fold, seed or group, in their order."""
        mine = (m for m in self.members.values() if all(getattr(m, name) == value for name, value in which.items()))
        return [self.answers(member.step, part) for member in mine]

    def _answers(self, member: Member, part: str) -> Predictions:
        file = self._kept(member, part)
        if not file.exists():
            require_trained(self.place(member), self.steps.file(member.step))
            protocol, store = self.protocol_of(member), self.store_of(member)
            found = answers_for_part(self.place(member), self.corpus, protocol, store, member.fold, part)
            if not self.study.cross_validated:
                return found
            found.write(file)
        return read_kept(file)

    def _kept(self, member: Member, part: str) -> Path:
        return self.folder / member.within / "answers" / f"{member.label}-{part}.csv"

    def test(self, place: Path, protocol: Protocol, fold: int | None = None) -> tuple[Predictions, Results]:
        """Return the answers of a run or bundle for the beats of a test part in the first store, and what is said of it."""
        every = self.study.quick.test_every if self.quick else 1
        return score_test_part(load(place), self.corpus, protocol, self.store, every=every, fold=fold)

    def stated(self, protocol: Protocol, **more: Any) -> Results:
        """Return what every evaluation says of corpus and protocol."""
        known = {"corpus": self.corpus.name, "corpus_version": self.corpus.version, "protocol": protocol.name}
        return known | {"leaks_patients": protocol.leaks, "remark": protocol.remark, "rows": "records"} | more

    def stated_on_card(self, protocol: Protocol, **more: Any) -> Results:
        """Return the same, with what a model's card says besides."""
        unlabelled = int((~protocol.labels.is_labelled(self.store.index.symbol)).sum())
        known: Results = {"protocol_summary": protocol.summary, "shared_patients": [], "labels": protocol.labels.name}
        known |= {"left_out_of_the_store": self.store.left_out, "unlabelled": unlabelled}
        return self.stated(protocol) | known | more

    def score(self, answers: Mapping[str, Predictions], stated: Results, unit: str, within: str = "") -> Results:
        """Write and score answers for the test part by label, and test the declared pairs against each other.

        `stated` is said of each, or has for each label what is said of it.
        """
        scores: Results = {}
        for label, found in answers.items():
            found.write(self.folder / within / "predictions" / f"{label.replace(' ', '-')}.csv")
            scores[label] = {"model": label} | stated.get(label, stated) | self.evaluate(found, unit=unit)
        compared = {
            heading: {
                name: paired(
                    answers[first], answers[second], unit, self.draws, official_score=self.protocol.official_score
                )
                for name, (first, second) in pairs.items()
                if first in answers and second in answers
            }
            for heading, pairs in self.study.compared.items()
        }
        return {"scores": scores} | compared

    def evaluate(self, answers: Predictions, protocol: Protocol | None = None, unit: str = "") -> Results:
        """Score answers for the test set by a protocol, the study's by default, and resample its unit or another."""
        protocol = protocol or self.protocol
        return evaluate(answers, unit or protocol.unit, self.draws, official_score=protocol.official_score)

    def keep_result(self, place: Path, metrics: Results) -> None:
        """Write an evaluation on a model's card, unless this is a smoke run."""
        if not self.quick:
            keep_result(load(place), metrics)

    def publish(self, place: Path, metrics: Results) -> int:
        """Finish a bundle that comes with einthoven, with its result and its graph; return its size in bytes."""
        self.keep_result(place, metrics)
        if not self.quick:
            add_graph(place)
        return sum(file.stat().st_size for file in place.iterdir())


def thinned(chosen: np.ndarray, most: int) -> np.ndarray:
    """Return every k-th of some windows, about as many as asked for."""
    return chosen[:: max(1, len(chosen) // most)]
