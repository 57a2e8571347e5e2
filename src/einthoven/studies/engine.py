"""Run a declared study: prepare, train, answer, score, compare, and write table, figures and page."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from einthoven import bundle
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.build import build
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete, RecordUnreadable, StudyDamaged
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.paired import paired
from einthoven.evaluation.predictions import Predictions
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result, predictions_for, require_unseen, score_test_part
from einthoven.models import cost
from einthoven.paths import written_aside
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
    StudyDamaged
        If a finished step, its model or its answers cannot be read.
    """
    this = _opened(study, Path(source), protocol, Path(folder), quick, folds)
    for step in study.steps:
        this.do(step)
    results = {"study": study.name, "smoke_run": quick} | study.results(this) | {"seconds": this.steps.seconds}
    results |= study.table(this, results)
    for name, draw in study.figures.items():
        if draw is not None:
            draw(this, results, this.folder / "figures" / f"{name}.png")
    drawn = sorted((this.folder / "figures").glob("*.png"))
    for name, content in (
        ("results.json", json.dumps(results, indent=1) + "\n"),
        ("table.md", page.markdown(results)),
        ("report.html", page.render(results, drawn)),
    ):
        with written_aside(this.folder / name) as aside:
            aside.write_text(content, encoding="utf-8")
    return results


@dataclass
class StudyRun:
    """A study under way: what its steps work with, and the results of those that are done."""

    study: Study
    corpus: Corpus
    protocols: dict[str, Protocol]
    """Those that are asked for, or that the folder has results of, by the study's names."""
    names: dict[str, str]
    """The corpus's names of the study's protocols, where they differ."""
    stores: dict[str, Store]
    folder: Path
    quick: bool
    folds: str
    found: dict[str, Results] = field(default_factory=dict)
    """Results of the steps that are done, by name."""
    _asked: dict[tuple[str, str], Predictions] = field(default_factory=dict)

    @cached_property
    def steps(self) -> Steps:
        """The steps' results on disk."""
        study, costs = self.study, {}
        for step in study.steps:
            if step == TRAININGS:
                costs |= {member.step: study.models[member.model].cost for member in self.members.values()}
            else:
                costs |= {one.name: one.cost for one in self._of_protocols(step)}
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
        return Steps(self.folder, settings, costs)

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
        """Do a step, or several side by side, if they are not done yet.

        Parameters
        ----------
        step : Step or tuple of Step or TRAININGS
            As :attr:`Study.steps` has them.
        """
        works: dict[str, Callable[[], Results]]
        if step == TRAININGS:
            works = {
                name: partial(member.work or StudyRun.train, self, member) for name, member in self.members.items()
            }
        else:
            works = {one.name: partial(one.work, self) for one in self._of_protocols(step)}
        self.found |= dict(zip(works, self.steps.side_by_side(works), strict=True))

    def _of_protocols(self, step: Step | str | tuple[Step, ...]) -> list[Step]:
        several = step if isinstance(step, tuple) else (step,)
        return [one for one in several if isinstance(one, Step) and one.protocol in ("", *self.protocols)]

    def named(self, protocol: str) -> Protocol:
        """Return a protocol of the corpus by the study's name of it."""
        return self.corpus.protocol(self.names.get(protocol, protocol))

    def protocol_of(self, member: Member) -> Protocol:
        """Return the protocol that a member is trained by, with its label set."""
        return self.corpus.with_labels(self.named(member.protocol), member.labels)

    def place(self, member: Member) -> Path:
        """Return the folder of a training's run."""
        return self.folder / member.within / "runs" / member.label

    def task(self, member: Member) -> Task:
        """Return what a member is trained on; in a smoke run a part of it."""
        model, quick = self.study.models[member.model], self.study.quick
        task = task_of(self.corpus, self.protocol_of(member), self.stores[model.store], 0, (), member.fold)
        if model.crop_s:
            task = replace(task, preparation=replace(task.preparation, crop_s=model.crop_s))
        if not self.quick:
            return task
        if quick.at_most is None:
            return replace(task, train=task.train[:: quick.train_every])
        kept = {part: every(getattr(task, part), most) for part, most in _most(quick.at_most).items()}
        return replace(task, **kept)

    def recipe(self, model: StudyModel) -> Recipe:
        """Return the recipe of a model, in a smoke run a short one."""
        return replace(model.recipe, **(self.study.quick.recipe if self.quick else {}))

    def train(self, member: Member, task: Task | None = None) -> Results:
        """Train a member, and forget the answers of an earlier training.

        Parameters
        ----------
        member : Member
            What is trained.
        task : Task, optional
            What it is trained on, if that is not :meth:`task`.

        Returns
        -------
        dict
            ``n_parameters``, and what the study tells of a training.
        """
        for kept in self._kept_answers(member, "*"):
            kept.unlink()
        model = self.study.models[member.model]
        recipe = replace(self.recipe(model), seed=member.seed)
        task = task or self.task(member)
        card = fit(task, model.architecture, model.settings, recipe, self.place(member), devices=1)
        return {"n_parameters": card.n_parameters} | self.study.trained(card)

    def answers(self, step: str, part: str) -> Predictions:
        """Return a member's answers for a part of its protocol; a test part only if it has not seen the patients.

        Parameters
        ----------
        step : str
            Name of the member's step.
        part : str
            ``validation`` or ``test``.

        Returns
        -------
        Predictions
            Kept, so that a member is asked once.

        Raises
        ------
        StudyDamaged
            If the member's model is gone, or kept answers cannot be read.
        """
        if (step, part) not in self._asked:
            self._asked[step, part] = self._answers(self.members[step], part)
        return self._asked[step, part]

    def _answers(self, member: Member, part: str) -> Predictions:
        file = next(self._kept_answers(member, part), None)
        if file is None:
            run = self.place(member)
            step = self.steps.file(member.step)
            if step.exists() and bundle.at(run) is None:
                raise StudyDamaged(
                    f"a model of the study is gone: {run}.",
                    found=f"a training that is done by {step.name}, and no bundle",
                    expected="the bundle that the training had written",
                    remedy=f"rm {step}      the model is then trained again",
                )
            protocol, store = self.protocol_of(member), self.stores[self.study.models[member.model].store]
            chosen = getattr(protocol.parts(store.index, 0, (), member.fold), part)
            predictor = load(run)
            if part == "test":
                require_unseen(predictor, self.corpus, protocol, store, chosen)
            found = predictions_for(predictor, protocol, store, chosen)
            if not self.study.keeps_answers:
                return found
            file = self.folder / member.within / "answers" / f"{member.label}-{part}.csv"
            found.write(file)
        try:
            return Predictions.read(file)
        except RecordUnreadable as error:
            raise StudyDamaged(
                f"answers of the study cannot be read: {file}.",
                found=error.found,
                expected=error.expected,
                remedy=f"rm {file}      the answers are then asked again",
            ) from error

    def _kept_answers(self, member: Member, part: str):
        return (self.folder / member.within / "answers").glob(f"{member.label}-{part}.csv")

    def test(
        self, place: Path, protocol: Protocol, store: Store, fold: int | None = None
    ) -> tuple[Predictions, Results]:
        """Return the answers of a run or bundle for the test part, window by window, and what is said of the test."""
        thinned = self.study.quick.test_every if self.quick else 1
        return score_test_part(load(place), self.corpus, protocol, store, every=thinned, fold=fold)

    def stated(self, protocol: Protocol, **more: Any) -> Results:
        """Return what every evaluation says of corpus and protocol."""
        known = {"corpus": self.corpus.name, "corpus_version": self.corpus.version, "protocol": protocol.name}
        return known | {"leaks_patients": protocol.leaks, "remark": protocol.remark, "rows": "records"} | more

    def stated_for_card(self, protocol: Protocol, **more: Any) -> Results:
        """Return the same, with what a model's card says besides."""
        labelled = protocol.labels.is_labelled(self.store.index.symbol)
        return self.stated(protocol) | {
            "protocol_summary": protocol.summary,
            "shared_patients": [],
            "labels": protocol.labels.name,
            "left_out_of_the_store": self.store.left_out,
            "unlabelled": int((~labelled).sum()),
            **more,
        }

    def score(
        self, answers: dict[str, Predictions], stated: dict[str, Results] | Results, unit: str, within: str = ""
    ) -> Results:
        """Write and score answers for the test part, and test the declared pairs against each other.

        Parameters
        ----------
        answers : dict of Predictions
            By label.
        stated : dict
            What is said of each test, by label; or of all of them.
        unit : str
            What the bootstrap resamples.
        within : str
            Part of the study's folder that the answers are written to.

        Returns
        -------
        dict
            ``scores``, and the comparisons under their headings.
        """
        scores: Results = {}
        for label, found in answers.items():
            found.write(self.folder / within / "predictions" / f"{label.replace(' ', '-')}.csv")
            scores[label] = {"model": label} | stated.get(label, stated) | evaluate(found, unit, self.draws)
        compared = {
            heading: {
                name: paired(answers[first], answers[second], unit, self.draws)
                for name, (first, second) in pairs.items()
                if first in answers and second in answers
            }
            for heading, pairs in self.study.compared.items()
        }
        return {"scores": scores} | compared

    def cost(self, step: str) -> Results:
        """Return the parameters and the multiply-accumulates of a member's network for a window."""
        member = self.members[step]
        n_rows, n_samples = self.stores[self.study.models[member.model].store].windows.shape[1:]
        network = load(self.place(member)).network
        return {
            "parameters": cost.parameters(network),
            "multiply_accumulates": cost.multiply_accumulates(network, n_rows, n_samples),
        }

    def keep_result(self, place: Path, metrics: Results) -> None:
        """Write an evaluation on a model's card, unless this is a smoke run."""
        if not self.quick:
            keep_result(load(place), metrics)

    def publish(self, place: Path, metrics: Results) -> int:
        """Finish the bundle of a whole run, result and graph; return its size in bytes."""
        self.keep_result(place, metrics)
        if not self.quick:
            add_graph(place)
        return sum(file.stat().st_size for file in place.iterdir())


def every(chosen: np.ndarray, most: int) -> np.ndarray:
    """Return every k-th of some windows, about as many as asked for."""
    return chosen[:: max(1, len(chosen) // most)]


def _most(train: int) -> dict[str, int]:
    return {"train": train, "validation": train // 2}


def _opened(study: Study, source: Path, protocol: str, folder: Path, quick: bool, folds: str) -> StudyRun:
    corpus, names = study.corpus_in(source) if study.corpus_in else (study.corpus, {})
    by_name = {name: corpus.protocol(names.get(name, name)) for name in study.protocols}
    possible = by_name if study.one_folder else {protocol: by_name[protocol]}
    unused = set.intersection(*(set(found.without) for found in possible.values()))
    stores = {name: build(corpus, source, wanted, tuple(sorted(unused))) for name, wanted in study.stores.items()}
    if study.same_recordings:
        require_same_recordings(corpus, stores)
    folds = folds or next(iter(study.folds), "")
    this = StudyRun(study, corpus, possible, names, stores, folder, quick, folds)
    if study.one_folder and protocol != "both":
        waiting = {m.protocol for step, m in this.members.items() if not (folder / "steps" / f"{step}.json").exists()}
        return replace(
            this, protocols={name: possible[name] for name in possible if name == protocol or name not in waiting}
        )
    return this


def require_same_recordings(corpus: Corpus, stores: dict[str, Store]) -> None:
    """Refuse stores of different recordings, whose folds would differ.

    Raises
    ------
    CorpusIncomplete
        Naming the recordings that are not in each of them.
    """
    records = [np.unique(store.index.record) for store in stores.values()]
    if not all(np.array_equal(records[0], others) for others in records[1:]):
        odd = sorted(set().union(*records).difference(set(records[0]).intersection(*records[1:])))
        raise CorpusIncomplete(
            f"not every preparation of {corpus.name} has the same recordings, so folds would not be the same.",
            found=f"{len(odd)} recordings in some of them only: {', '.join(odd[:5])}",
            expected="recordings that each of them can use",
            remedy="move these out of the folder",
        )
