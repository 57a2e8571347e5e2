"""Declare a study as data: models, protocols, steps, comparisons, table, figures and published results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from einthoven.bundle import Card
from einthoven.corpora.corpus import Corpus
from einthoven.signal.preparation import Preparation
from einthoven.training.recipe import Recipe

if TYPE_CHECKING:
    from einthoven.engine.members import Member
    from einthoven.engine.study_run import StudyRun

Results = dict[str, Any]
"""Plain values, as results.json and the files of the steps have them."""
TRAININGS = "trainings"
"""Stands for all trainings among the steps of a study."""


@dataclass(frozen=True)
class StudyModel:
    """A model of a study."""

    architecture: str
    """Name of its architecture."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings that differ from the architecture's defaults."""
    recipe: Recipe = field(default_factory=Recipe)
    """How it is trained."""
    store: str = ""
    """Name of the store that it reads."""
    crop_s: float = 0.0
    """Length of the crops that it is trained on, s; 0 for whole windows."""
    cost: float = 1.0
    """How long one training takes, in any unit; for the time left."""
    seed: int = 0
    """Distinguishes models of the same recipe."""

    @property
    def decisive(self) -> list[Any]:
        """Plain values that decide its weights."""
        return [self.architecture, self.settings, self.recipe.as_dict(), self.store, self.crop_s, self.seed]


@dataclass(frozen=True)
class Step:
    """A step beside the trainings."""

    name: str
    """Name of the step and of the file of its result."""
    work: Callable[[StudyRun], Results]
    """Returns the result."""
    cost: float = 1.0
    """How long it takes, in the unit of the models; for the time left."""
    protocol: str = ""
    """Skipped unless this protocol is run."""


@dataclass(frozen=True)
class Published:
    """Results that a paper reports."""

    source: str
    """The paper, with its identifier."""
    name: str
    """Label of the row, or of the model beside which they stand."""
    figures: dict[str, str]
    """Figures as printed, by metric or column."""


@dataclass(frozen=True)
class Quick:
    """How a smoke run is shortened."""

    train_every: int = 4
    """Every k-th training window is kept."""
    at_most: int | None = None
    """As many training windows at most, and half as many for validation, instead of every k-th."""
    test_every: int = 1
    """Every k-th beat of a test set is tested."""
    recipe: dict[str, Any] = field(default_factory=lambda: {"epochs": 1})
    """Changes of each recipe."""


@dataclass(frozen=True)
class Full:
    """How recipes differ where a database is at hand as a whole, and not a small part of it."""

    n_records: int
    """Records of the store from which on it counts as whole."""
    recipe: dict[str, Any]
    """Changes of each recipe."""


Draw = Callable[["StudyRun", Results, Path], None]
"""Draws a figure from the results into a file."""


@dataclass(frozen=True)
class Study:
    """A study: what is trained and tested, and how its results are shown."""

    name: str
    """Name on the command line."""
    corpus: Corpus
    """The corpus that is trained and tested on."""
    protocols: tuple[str, ...]
    """Protocols that ``--protocol`` can name, the default first."""
    stores: dict[str, Preparation]
    """How windows are prepared, by a name; the first store is the study's main one."""
    models: dict[str, StudyModel]
    """The models by name."""
    members: Callable[[StudyRun], list[Member]]
    """The trainings, in their order."""
    steps: tuple[Step | str | tuple[Step, ...], ...]
    """In their order, with TRAININGS among them; the steps of a tuple can be done side by side."""
    results: Callable[[StudyRun], Results]
    """What results.json holds beside the table, from the results of the steps."""
    table: Callable[[StudyRun, Results], Results]
    """What :func:`einthoven.report.study_table.table` returns."""
    figures: Mapping[str, Draw | None]
    """Figures by the names of their files; None: a step draws it. A figure of a model without a score is skipped."""
    compared: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    """Pairs of scored models that are tested against each other, by a name, under headings of results.json."""
    published: tuple[Published, ...] = ()
    """What papers report."""
    one_folder: bool = False
    """Whether one folder holds the results of several protocols, so that ``--protocol both`` is possible."""
    folds: tuple[str, ...] = ()
    """Values of ``--folds``, the default first."""
    quick: Quick = field(default_factory=Quick)
    """How a smoke run is shortened."""
    full: Full | None = None
    """How models are trained on a whole database; None: as on few records."""
    trained: Callable[[Card], Results] = lambda _: {}
    """What is reported of a training beside the number of parameters."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Other plain values that decide the results."""
    cross_validated: bool = False
    """Whether folds are drawn from the recordings: each store must have the same ones, and predictions are kept on disk."""
    corpus_in: Callable[[Path], Corpus] | None = None
    """For a study of several corpora: which one a folder holds."""

    @property
    def choices(self) -> tuple[str, ...]:
        """Values of ``--protocol``."""
        return (*self.protocols, "both") if self.one_folder else self.protocols
