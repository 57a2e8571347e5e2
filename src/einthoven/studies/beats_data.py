"""Pool the beats of several databases for models of beats: people apart, folds over people, simulated recordings."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Entry, Listing
from einthoven.corpora.labels import AAMI4_WIDE
from einthoven.corpora.mitdb import DS1, DS2, MITDB
from einthoven.corpora.qtdb import QTDB, person_elsewhere
from einthoven.corpora.svdb import SVDB
from einthoven.data.build import build
from einthoven.data.sources import digest
from einthoven.data.store import Typical
from einthoven.records import Record
from einthoven.signal.preparation import Beats, Preparation, SignalSpec
from einthoven.signal.windows import Windows, concatenated
from einthoven.training.ectopic_records import Simulated, ectopic, in_fibrillation, wandering

Array = NDArray[Any]

CLASSES = AAMI4_WIDE.classes
FIRST, SECOND = "MLII|II|V5", "V1|V5|V2|V4"
_ONE = ("signal", "rr", "p_waves", "patterns", "shapes", "likeness")
_TWO = ("signal", "beat", "rr", "p_waves", "similarity", "patterns", "shapes", "second_shapes", "likeness")
PREPARATIONS = {
    "two": Preparation(SignalSpec((FIRST, SECOND), fs_hz=180.0, scaling="millivolt"), Beats(0.3, 0.5), _TWO),
    "one": Preparation(SignalSpec((FIRST,), fs_hz=128.0, scaling="millivolt"), Beats(0.34, 0.54), _ONE),
}
"""Windows by the number of leads: of both for nets and trees, of one for trees alone, which need no more than the 128 Hz of the
Supraventricular Arrhythmia Database."""
N_FOLDS = 5
SAME_PERSON = (("svdb/827", "svdb/873"), ("svdb/803", "svdb/872"), ("svdb/851", "svdb/884"))
"""Records whose typical beats correlate by more than 0.98: they are kept in one fold as if they were of one person."""
_ECTOPIC = 4
"""Simulated recordings with ectopic beats for each real one; there is one in fibrillation and one in sinus arrhythmia besides."""
_KEPT = {"common": 1 / 3, "simulated common": 0.3, "simulated rare": 0.5}
"""Share of the N and F beats, and of simulated beats that are N or not, that trains."""
_MOST = 400
"""S beats, and V beats, of a record that train, so that no person decides."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Beats of several databases, all beats of a record in their order.

    Parameters
    ----------
    windows : Windows
        Windows around the beats.
    labels : array [n]
        Class numbers; -1 for beats of none of the classes.
    record : array [n], str
        Record of each beat, as ``corpus/record``.
    preparation : Preparation
        How they were prepared.
    typical : Typical
        What the signals of the records look like.
    fingerprints : dict of str
        Of the stores, by corpus.
    """

    windows: Windows
    labels: Array
    record: Array
    preparation: Preparation
    typical: Typical
    fingerprints: dict[str, str]

    @cached_property
    def _rows(self) -> dict[str, slice]:
        names, first, count = np.unique(self.record, return_index=True, return_counts=True)
        return {
            name: slice(at, at + n) for name, at, n in zip(names.tolist(), first.tolist(), count.tolist(), strict=True)
        }

    def rows(self, record: str) -> slice:
        """Return the beats of a record.

        Parameters
        ----------
        record : str
            As ``corpus/record``.
        """
        return self._rows[record]

    @cached_property
    def records(self) -> list[str]:
        """The records, in their order."""
        return list(dict.fromkeys(self.record.tolist()))


def pooled(source: Path, names: Iterable[str], leads: str, few: bool = False) -> Pool:
    """Prepare the beats of some databases.

    Parameters
    ----------
    source : Path
        Folder that holds ``mitdb``, ``svdb`` and ``qtdb`` as their publisher lays them out.
    names : iterable of str
        Names of the databases.
    leads : str
        ``two`` or ``one``.
    few : bool
        Whether only every sixth record is read, for a smoke run.

    Returns
    -------
    Pool
    """
    preparation = PREPARATIONS[leads]
    parts_of = {name: replace(CORPORA[name], entries=_Entries(name, few)) for name in names}
    stores = {name: build(corpus, source / name, preparation) for name, corpus in parts_of.items()}
    parts = [store.windows[:] for store in stores.values()]
    record = np.concatenate([_full(name, store.index.record) for name, store in stores.items()])
    symbols = np.concatenate([store.index.symbol for store in stores.values()])
    typical = Typical(
        np.concatenate([_full(name, store.typical.record) for name, store in stores.items()]),
        np.concatenate([store.typical.measured for store in stores.values()]),
    )
    prints = {name: store.fingerprint for name, store in stores.items()}
    return Pool(concatenated(parts), AAMI4_WIDE.targets(symbols), record, preparation, typical, prints)


def _full(corpus: str, records: Array) -> Array:
    return np.char.add(f"{corpus}/", records.astype(str))


@dataclass(frozen=True)
class _Entries:
    """The records of a corpus that have annotated beats and are not of people of another corpus."""

    corpus: str
    few: bool

    def __call__(self, folder: Path, fs_hz: float) -> Listing:
        listing = CORPORA[self.corpus].entries(folder, fs_hz)
        kept = [
            replace(entry, suffixes=("hea", "dat", "atr"))
            for entry in listing
            if not person_elsewhere(entry.record) and entry.path.with_name(f"{entry.path.name}.atr").is_file()
        ]
        return Listing(kept[:: 6 if self.few else 1], listing.dropped, listing.odd)


def _read_qtdb(entry: Entry) -> Record:
    """Read a record whose leads have few names: the first two stand for MLII and V1."""
    record = QTDB.read(entry)
    return record.with_leads(dict(zip(record.leads, ("MLII", "V1"), strict=False)))


CORPORA = {"mitdb": MITDB, "svdb": SVDB, "qtdb": replace(QTDB, read=_read_qtdb)}
"""The databases by name, their leads named."""


def may_train(record: str) -> bool:
    """Return whether a record may train a model: not one that tests, nor one whose people are paced.

    Parameters
    ----------
    record : str
        As ``corpus/record``.
    """
    corpus, name = record.split("/")
    return corpus != "mitdb" or name in DS1


def is_tested(record: str) -> bool:
    """Return whether a record is of DS2, which tests the models of beats.

    Parameters
    ----------
    record : str
        As ``corpus/record``.
    """
    return record in {f"mitdb/{name}" for name in DS2}


def folds_of(pool: Pool) -> dict[str, int]:
    """Deal the records that may train into folds, those with most supraventricular beats first, people apart.

    Parameters
    ----------
    pool : Pool
        The beats.

    Returns
    -------
    dict of str to int
        Fold of each record.
    """
    early = {record: int((pool.labels[pool.rows(record)] == CLASSES.index("S")).sum()) for record in pool.records}
    found: dict[str, int] = {}
    for corpus in dict.fromkeys(record.split("/")[0] for record in pool.records):
        own = [record for record in pool.records if record.startswith(f"{corpus}/") and may_train(record)]
        for at, record in enumerate(sorted(own, key=lambda record: -early[record])):
            there, back = at % N_FOLDS, (at // N_FOLDS) % 2
            found[record] = N_FOLDS - 1 - there if back else there
    for first, second in SAME_PERSON:
        if first in found and second in found:
            found[second] = found[first]
    return found


def simulated(pool: Pool, seed: int, few: bool = False) -> dict[str, list[Simulated]]:
    """Simulate recordings from the normal beats of each record of MIT-BIH and of the Supraventricular Arrhythmia Database.

    Parameters
    ----------
    pool : Pool
        The beats.
    seed : int
        Seed of the random numbers.
    few : bool
        Whether there is one for each record only, for a smoke run.

    Returns
    -------
    dict of str to list of Simulated
        By the record whose beats they have.
    """
    found: dict[str, list[Simulated]] = {}
    for at, record in enumerate(pool.records):
        if not may_train(record) or record.startswith("qtdb/"):
            continue
        windows, labels = pool.windows[pool.rows(record)], pool.labels[pool.rows(record)]
        kinds = [ectopic] * (1 if few else _ECTOPIC) + [in_fibrillation, wandering]
        made = [
            kind(windows, labels, pool.preparation, np.random.default_rng((seed, at, which)))
            for which, kind in enumerate(kinds)
        ]
        found[record] = [one for one in made if one is not None]
    return found


def drawn(labels: Array, is_simulated: bool, rng: np.random.Generator) -> Array:
    """Draw the beats that train: the S and V beats up to a number, and a share of the others.

    Parameters
    ----------
    labels : array [n]
        Class numbers; -1 for beats that never train.
    is_simulated : bool
        Whether the beats are simulated.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    array of int
        Numbers of the beats.
    """
    rare = np.isin(labels, (CLASSES.index("S"), CLASSES.index("V")))
    if is_simulated:
        share = np.where(rare, _KEPT["simulated rare"], _KEPT["simulated common"])
    else:
        counts = np.maximum(1, np.bincount(np.maximum(labels, 0), minlength=len(CLASSES)))
        share = np.where(rare, np.minimum(1.0, _MOST / counts)[labels], _KEPT["common"])
    return np.flatnonzero((labels >= 0) & (rng.random(len(labels)) < share))


def digest_of(pool: Pool) -> str:
    """Return the checksum of everything that a pool was made from.

    Parameters
    ----------
    pool : Pool
        The beats.
    """
    return digest(sorted(pool.fingerprints.items()))
