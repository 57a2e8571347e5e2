"""Train, predict, score and publish within a running study."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.store import Store
from einthoven.engine.declaration import TRAININGS, Results, Step, Study
from einthoven.engine.members import Member
from einthoven.evaluation.evaluate import DRAWS, evaluate
from einthoven.evaluation.paired import paired
from einthoven.evaluation.predictions import Predictions
from einthoven.export.graph import add_graph
from einthoven.inference.predictor import load
from einthoven.inference.scoring import keep_result
from einthoven.steps import Steps

_QUICK_DRAWS = 50


@dataclass
class StudyRun:
    """A study that is running, and the results of the steps that are done."""

    study: Study
    """The declaration."""
    corpus: Corpus
    """The corpus that the source folder holds."""
    protocols: dict[str, Protocol]
    """The protocols that are run now, or that the folder has results of, by the study's names."""
    stores: dict[str, Store]
    """The corpus's windows, by the name of their preparation."""
    folder: Path
    """Folder of the study."""
    quick: bool
    """Whether this is a smoke run."""
    folds: str
    """One of the study's values of ``--folds``."""
    results: dict[str, Results] = field(default_factory=dict)
    """Results of the steps that are done, by name."""

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
        costs = {name: cost for step in study.steps for name, (_, cost) in self._works(step).items()}
        return Steps(self.folder, settings, costs)

    @cached_property
    def members(self) -> dict[str, Member]:
        """The trainings by the name of their step."""
        return {member.step: member for member in self.study.members(self)}

    @property
    def trained(self) -> dict[str, Results]:
        """Results of the trainings by the label of their member."""
        return {member.label: self.results[step] for step, member in self.members.items()}

    @property
    def is_full(self) -> bool:
        """Whether the database is at hand as a whole, for the recipes of :class:`einthoven.engine.declaration.Full`."""
        full = self.study.full
        return full is not None and len(np.unique(self.store.index.record)) >= full.n_records

    @property
    def draws(self) -> int:
        """Draws of each bootstrap."""
        return _QUICK_DRAWS if self.quick else DRAWS

    @property
    def test_every(self) -> int:
        """Step between the beats of a test set that are tested; 1 tests all."""
        return self.study.quick.test_every if self.quick else 1

    @property
    def store(self) -> Store:
        """The first store."""
        return next(iter(self.stores.values()))

    @property
    def protocol(self) -> Protocol:
        """The first protocol."""
        return next(iter(self.protocols.values()))

    def do(self, step: Step | str | tuple[Step, ...]) -> None:
        """Do a step that is not done yet.

        Parameters
        ----------
        step : Step, str or tuple of Step
            A step, TRAININGS, or several steps that do not need one another.
        """
        works = {name: work for name, (work, _) in self._works(step).items()}
        self.results |= dict(zip(works, self.steps.side_by_side(works), strict=True))

    def _works(self, step: Step | str | tuple[Step, ...]) -> dict[str, tuple[Callable[[], Results], float]]:
        """Return work and cost of one step or several, by name."""
        if step == TRAININGS:
            members = self.members.items()
            return {name: (partial(one.work or Member.train, one), one.study_model.cost) for name, one in members}
        several = step if isinstance(step, tuple) else (step,)
        wanted = [one for one in several if isinstance(one, Step) and one.protocol in ("", *self.protocols)]
        return {one.name: (partial(one.work, self), one.cost) for one in wanted}

    def predict(self, part: str, **which: Any) -> list[Predictions]:
        """Predict a part with each member that has some attributes.

        Parameters
        ----------
        part : str
            ``validation`` or ``test``.
        **which : object
            The attributes, such as ``model`` or ``fold``.

        Returns
        -------
        list of Predictions
            For each member, in their order.
        """
        mine = (m for m in self.members.values() if all(getattr(m, name) == value for name, value in which.items()))
        return [member.predict(part) for member in mine]

    def facts(self, protocol: Protocol, on_card: bool = False, **more: Any) -> Results:
        """Return what is reported of corpus and protocol with every evaluation.

        Parameters
        ----------
        protocol : Protocol
            The protocol of the test.
        on_card : bool
            Whether to add what a model's card needs.
        **more : object
            Other values, in place of those of the same name.
        """
        known: Results = {"corpus": self.corpus.name, "corpus_version": self.corpus.version, "protocol": protocol.name}
        known |= {"leaks_patients": protocol.leaks, "remark": protocol.remark, "rows": "records"}
        if on_card:
            unlabelled = int((~protocol.labels.is_labelled(self.store.index.symbol)).sum())
            known |= {"protocol_summary": protocol.summary, "shared_patients": [], "labels": protocol.labels.name}
            known |= {"left_out_of_the_store": self.store.left_out, "unlabelled": unlabelled}
        return known | more

    def evaluate(self, answers: Predictions, protocol: Protocol | None = None, unit: str = "") -> Results:
        """Score predictions of a test set, official score of the protocol included.

        Parameters
        ----------
        answers : Predictions
            The predictions.
        protocol : Protocol, optional
            The protocol of the test; the first one of the study by default.
        unit : str
            What intervals resample; what the protocol states by default.

        Returns
        -------
        dict
            The metrics.
        """
        protocol = protocol or self.protocol
        return evaluate(answers, unit or protocol.unit, self.draws, official_score=protocol.official_score)

    def score_one(self, label: str, answers: Predictions, facts: Results, unit: str, within: str = "") -> Results:
        """Write and score the predictions of one model for the test set.

        Parameters
        ----------
        label : str
            Label of the model.
        answers : Predictions
            The predictions.
        facts : dict
            What is reported with the evaluation.
        unit : str
            What intervals resample.
        within : str
            Part of the study's folder that they are written to.
        """
        answers.write(self.folder / within / "predictions" / f"{label.replace(' ', '-')}.csv")
        return {"model": label} | facts | self.evaluate(answers, unit=unit)

    def score(self, answers: Mapping[str, Predictions], facts: Results, unit: str, within: str = "") -> Results:
        """Write and score predictions of the test set, and test the declared pairs of models against each other.

        Parameters
        ----------
        answers : mapping of Predictions
            Predictions by label.
        facts : dict
            What is reported with each evaluation; or this for each label.
        unit : str
            What intervals resample.
        within : str
            Part of the study's folder that they are written to.

        Returns
        -------
        dict
            ``scores`` by label, and the paired tests under their headings.
        """
        scores = {
            label: self.score_one(label, found, facts.get(label, facts), unit, within)
            for label, found in answers.items()
        }
        return {"scores": scores} | {
            heading: {
                name: paired(
                    answers[first], answers[second], unit, self.draws, official_score=self.protocol.official_score
                )
                for name, (first, second) in pairs.items()
                if first in answers and second in answers
            }
            for heading, pairs in self.study.compared.items()
        }

    def publish(self, folder: Path, metrics: Results, graph: bool = True) -> int:
        """Write an evaluation on a model's card, and the model's graph; a smoke run writes neither.

        Parameters
        ----------
        folder : Path
            Folder of the bundle.
        metrics : dict
            The evaluation.
        graph : bool
            Whether the graph is written.

        Returns
        -------
        int
            Size of the bundle in bytes.
        """
        if not self.quick:
            keep_result(load(folder), metrics)
        if graph and not self.quick:
            add_graph(folder)
        return sum(file.stat().st_size for file in folder.iterdir())
