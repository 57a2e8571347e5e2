"""Declare the study of beats: what each training reads, what it is tested on, and the data that its steps share."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from einthoven import bundle
from einthoven.corpora.corpus import Corpus
from einthoven.corpora.labels import AAMI4_WIDE
from einthoven.corpora.mitdb import MITDB
from einthoven.studies import beats_data
from einthoven.studies.beats_data import Pool
from einthoven.training.boosting import Boosting
from einthoven.training.ectopic_records import Simulated
from einthoven.training.grow_in_turn import BY_SHAPE, BY_TIMING

ALL = ("mitdb", "svdb", "qtdb")
MODELS = {"one": "mitbih-clean-one-lead"}
"""Variants that are bundled, and their names; docs/join_beats.py joins the trees of ``two`` with other nets."""
SEED = 0
_SIMULATED = "ectopic rhythms, fibrillation and sinus arrhythmia from real beats"
_QUICK: dict[str, Any] = {"rounds": 2, "max_leaf_nodes": 4}


@dataclass(frozen=True)
class Variant:
    """What one training reads, and what it is tested on."""

    leads: str
    """``two`` or ``one``."""
    databases: tuple[str, ...]
    """Databases that train."""
    tested: tuple[str, ...]
    """``DS2``, or a database that did not train."""
    simulates: bool = True
    """Whether simulated recordings train too."""
    nets: bool = True
    """Whether nets answer beside the trees."""


VARIANTS = {
    "two": Variant("two", ALL, ("DS2",)),
    "one": Variant("one", ALL, ("DS2",), nets=False),
    "two-trees": Variant("two", ALL, ("DS2",), nets=False),
    "two-without-svdb": Variant("two", ("mitdb", "qtdb"), ("DS2", "svdb")),
    "two-without-mitdb": Variant("two", ("svdb", "qtdb"), ("DS2",)),
    "two-mitdb": Variant("two", ("mitdb",), ("DS2", "svdb")),
    "two-without-qtdb": Variant("two", ("mitdb", "svdb"), ("DS2", "qtdb")),
    "two-not-simulated": Variant("two", ALL, ("DS2",), simulates=False),
}
"""Models of two leads and of one, then one training for each question: what a database gives, and whether the answers travel."""


@dataclass(frozen=True)
class BeatRun:
    """A study that is running."""

    source: Path
    """Folder that holds mitdb, svdb and qtdb."""
    folder: Path
    """Folder of the study."""
    quick: bool
    """Whether this is a smoke run."""

    @cached_property
    def pools(self) -> dict[str, Pool]:
        """The beats by the number of leads; filled as they are needed."""
        return {}

    @cached_property
    def made(self) -> dict[str, dict[str, list[Simulated]]]:
        """The simulated recordings by the number of leads; filled as they are needed."""
        return {}

    def pool(self, leads: str) -> Pool:
        """Return the beats of all databases.

        Parameters
        ----------
        leads : str
            ``two`` or ``one``.
        """
        if leads not in self.pools:
            self.pools[leads] = beats_data.pooled(self.source, ALL, leads, self.quick)
        return self.pools[leads]

    def simulated(self, variant: Variant) -> dict[str, list[Simulated]]:
        """Return the simulated recordings of a variant by their record.

        Parameters
        ----------
        variant : Variant
            What is trained.
        """
        if not variant.simulates:
            return {}
        if variant.leads not in self.made:
            self.made[variant.leads] = beats_data.simulated(self.pool(variant.leads), SEED, self.quick)
        return self.made[variant.leads]

    def folds(self, variant: Variant) -> dict[str, int]:
        """Return the fold of each record that trains a variant.

        Parameters
        ----------
        variant : Variant
            What is trained.
        """
        dealt = beats_data.folds_of(self.pool(variant.leads))
        return {record: fold for record, fold in dealt.items() if record.split("/")[0] in variant.databases}

    def place(self, name: str) -> Path:
        """Return the folder of a variant.

        Parameters
        ----------
        name : str
            Key of VARIANTS.
        """
        return self.folder / "runs" / name

    @property
    def how(self) -> tuple[Boosting, Boosting]:
        """How the trees of both decisions are boosted."""
        if not self.quick:
            return BY_SHAPE, BY_TIMING
        return replace(BY_SHAPE, **_QUICK), replace(BY_TIMING, **_QUICK)

    def model(self, name: str) -> Path:
        """Return the folder of the model of a variant.

        Parameters
        ----------
        name : str
            Key of VARIANTS.
        """
        return self.place(name) / MODELS.get(name, name)


def provenance(this: BeatRun, variant: Variant, records: list[str], n_synthetic: int = 0) -> dict[str, Any]:
    """Return what the card says of the data.

    Parameters
    ----------
    this : BeatRun
        The study.
    variant : Variant
        What is trained.
    records : list of str
        Records that train or validate, as ``corpus/record``.
    n_synthetic : int
        Number of simulated beats that train.
    """
    return {
        "corpus": MITDB.name if MITDB.name in variant.databases else variant.databases[0],
        "corpora": list(variant.databases),
        "corpus_version": ", ".join(f"{one} {beats_data.CORPORA[one].version}" for one in variant.databases),
        "contains": [],
        "protocol": "clean",
        "protocol_summary": "DS1 of MIT-BIH and all people of the other databases train, in five folds by person; DS2 tests",
        "leaks_patients": False,
        "remark": MITDB.protocol("clean").remark if MITDB.name in variant.databases else "",
        "split_seed": SEED,
        "left_out": [],
        "fold": None,
        "label_set": AAMI4_WIDE.name,
        "left_out_of_the_store": {},
        "patients": bundle.packed(sorted(records)),
        "records": {"train": sorted(record.split("/")[1] for record in records), "validation": []},
        "store_fingerprint": beats_data.digest_of(this.pool(variant.leads)),
    } | ({"synthetic": {"windows": n_synthetic, "how": _SIMULATED}} if n_synthetic else {})


def attribution(variant: Variant) -> str:
    """Return the databases that train a variant, with their licences.

    Parameters
    ----------
    variant : Variant
        What is trained.
    """
    return " ".join(_attribution(beats_data.CORPORA[one]) for one in variant.databases)


def _attribution(corpus: Corpus) -> str:
    return f"Trained on {corpus.title} {corpus.version} ({corpus.licence}): {corpus.citation}. {corpus.address}"
