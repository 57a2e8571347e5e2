"""Pool the twelve-lead records of several corpora whose statements map to those of PTB-XL: sources, folds, patients apart."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.challenge2021 import CHALLENGE2021
from einthoven.corpora.corpus import Corpus, Entry, Listing
from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.corpora.labels import coded, decoded
from einthoven.corpora.ludb import LUDB
from einthoven.corpora.ptbxl import GROUPS, PTBXL
from einthoven.corpora.statements_elsewhere import CLASSES, SOURCES, statements_in, targets_of_ptbxl
from einthoven.data.build import build
from einthoven.data.store import Store, Typical
from einthoven.errors import CorpusIncomplete
from einthoven.records.header import read_header
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.signal.windows import Windows, concatenated

Array = NDArray[Any]

INPUTS = ("signal", "beat", "summary", "waves", "rhythm")
PREPARATION = Preparation(SignalSpec(STANDARD, fs_hz=100.0, scaling="millivolt"), Tiles(10.0), INPUTS)
OWN = "ptb-xl"
"""The source whose statements are predicted; it is tested in groups of folds."""
OWN_PARTS = tuple(f"g{at}" for at in range(len(GROUPS)))
"""Its groups of folds."""
MOST_WINDOWS = 3
"""Windows of a record that are read, from its beginning."""
_FOLDERS = {
    "cpsc": ("WFDB_CPSC2018", "WFDB_CPSC2018_abbrevDx", "cpsc_2018"),
    "cpsc-extra": ("WFDB_CPSC2018_2", "cpsc_2018_extra"),
    "georgia": ("WFDB_Ga", "WFDB_Ga_earlygain", "georgia"),
    "ningbo": ("WFDB_Ningbo", "ningbo"),
    "ptb": ("WFDB_PTB", "ptb"),
}
"""Folders of the Challenge 2021 that hold a source; those of PTB-XL itself are not read."""
TOGETHER = {"cpsc": ("cpsc", "cpsc-extra"), "georgia": ("georgia",), "ningbo": ("ningbo", "ptb"), "ludb": ("ludb",)}
"""Sources that are left out together: of one institution, or too few records to be tested alone."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Windows of several corpora.

    Parameters
    ----------
    windows : Windows
        The windows.
    labels : array [n, len(CLASSES)]
        1 where a class is present, 0 where it is absent, NaN where it is unknown.
    source : array [n], str
        ``ptb-xl``, or a key of SOURCES.
    record : array [n], str
        Record of each window, as ``source/record``.
    person : array [n], str
        Person of each window, as ``corpus/patient``.
    fold : array [n], str
        Fold of PTB-XL that each window is in; empty for other sources.
    tested : array [n], str
        What each window is tested in: a group of folds of PTB-XL (``g0`` to ``g2``), or a key of TOGETHER.
    typical : Typical
        What the signals of the records look like.
    fingerprints : dict of str
        Of the stores, by corpus.
    """

    windows: Windows
    labels: Array
    source: Array
    record: Array
    person: Array
    fold: Array
    tested: Array
    typical: Typical
    fingerprints: dict[str, str]

    def files(self, rows: Array) -> set[str]:
        """Return the records of some windows, as ``corpus/record``.

        Parameters
        ----------
        rows : array of int
            Their numbers.
        """
        both = zip(self.person[rows].tolist(), self.record[rows].tolist(), strict=True)
        return {f"{person.split('/')[0]}/{record.split('/')[1]}" for person, record in both}

    @property
    def parts(self) -> list[str]:
        """What is tested in turn, PTB-XL's groups first."""
        there = set(self.tested.tolist())
        return [name for name in (*OWN_PARTS, *TOGETHER) if name in there]


def pooled(source: Path, few: bool = False) -> Pool:
    """Prepare the records of all corpora.

    Parameters
    ----------
    source : Path
        Folder that holds ``ptb-xl``, and any of ``challenge-2021``, ``cpsc2018`` and ``ludb``, as their publishers lay them out.
    few : bool
        Whether only every third record is read, for a smoke run.

    Returns
    -------
    Pool

    Raises
    ------
    CorpusIncomplete
        If there is no PTB-XL, or no other corpus.
    """
    there = {name: corpus for name, corpus in CORPORA.items() if (source / name).is_dir()}
    if OWN not in there or len(there) < 2:
        raise CorpusIncomplete(
            f"{source} does not hold the corpora of twelve leads.",
            found=", ".join(there) or "none of them",
            expected=f"a folder {OWN}, and at least one of {', '.join(name for name in CORPORA if name != OWN)}",
            remedy=f"einthoven download ludb --to {source / 'ludb'}",
        )
    seen: set[str] = set()
    stores = {}
    for name, corpus in there.items():
        wanted = _Entries(corpus, frozenset(seen), few)
        stores[name] = build(replace(corpus, entries=wanted), source / name, PREPARATION)
        seen |= set(stores[name].index.record.tolist()) if name == CHALLENGE2021.name else set()
    return _joined(stores)


@dataclass(frozen=True)
class _Entries:
    """The records of a corpus whose statements are mapped, with their statements as codes and their source as group."""

    corpus: Corpus
    seen: frozenset[str]
    few: bool

    def __call__(self, folder: Path, fs_hz: float) -> Listing:
        listing = self.corpus.entries(folder, fs_hz)
        kept = [found for entry in listing if (found := self._placed(entry)) is not None]
        return Listing(kept[:: 3 if self.few else 1], listing.dropped, listing.odd)

    def _placed(self, entry: Entry) -> Entry | None:
        if self.corpus is PTBXL:
            return entry
        if self.corpus is LUDB:
            comments = read_header(entry.path.with_name(f"{entry.path.name}.hea")).comments
            statements = coded(dict.fromkeys(statements_in(comments), 100.0))
            return replace(entry, codes=statements, group="ludb")
        if self.corpus is CPSC2018:
            is_new = entry.record not in self.seen and re.fullmatch(r"A\d{4}", entry.record)
            return replace(entry, group="cpsc") if is_new else None
        group = next((name for name, folders in _FOLDERS.items() if entry.group in folders), None)
        return None if group is None else replace(entry, group=group)


def _joined(stores: dict[str, Store]) -> Pool:
    parts: list[Windows] = []
    columns: dict[str, list[Array]] = {name: [] for name in ("labels", "source", "record", "person", "fold", "tested")}
    typical: list[tuple[Array, Array]] = []
    for corpus, store in stores.items():
        index = store.index
        at = np.flatnonzero(_place_in_record(index.record) < MOST_WINDOWS)
        source = np.full(len(at), OWN) if corpus == OWN else index.group[at].astype(str)
        labels = [_targets(name, codes) for name, codes in zip(source, index.symbol[at].tolist(), strict=True)]
        parts.append(store.windows[at])
        columns["labels"].append(np.stack(labels))
        columns["source"].append(source)
        columns["record"].append(_full(source, index.record[at]))
        columns["person"].append(_full(np.full(len(at), corpus), index.patient[at]))
        columns["fold"].append(np.where(source == OWN, index.group[at].astype(str), ""))
        tested = [_tested(name, fold) for name, fold in zip(source, index.group[at].astype(str).tolist(), strict=True)]
        columns["tested"].append(np.array(tested))
        of_record = dict(zip(index.record.tolist(), index.group.astype(str).tolist(), strict=True))
        of_typical = store.typical.record.astype(str)
        own = [OWN if corpus == OWN else of_record.get(name, "") for name in of_typical.tolist()]
        typical.append((_full(np.array(own), of_typical), store.typical.measured))
    names, measured = (np.concatenate(column) for column in zip(*typical, strict=True))
    prints = {name: store.fingerprint for name, store in stores.items()}
    joined = {name: np.concatenate(arrays) for name, arrays in columns.items()}
    windows = concatenated([Windows(one.signal, one.beat, one.features) for one in parts])
    return Pool(windows, typical=Typical(names, measured), fingerprints=prints, **joined)


def _place_in_record(record: Array) -> Array:
    """Return which window of its record each is, from 0; the windows of a record follow each other."""
    starts = np.r_[True, record[1:] != record[:-1]]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(record)), 0))
    return np.asarray(np.arange(len(record)) - first)


def _targets(source: str, codes: str) -> Array:
    likelihoods = decoded(codes)
    return targets_of_ptbxl(likelihoods) if source == OWN else SOURCES[source].targets(likelihoods)


def _tested(source: str, fold: str) -> str:
    if source == OWN:
        return next((f"g{at}" for at, folds in enumerate(GROUPS) if fold in folds), "")
    return next(name for name, together in TOGETHER.items() if source in together)


def _full(ahead: Array, names: Array) -> Array:
    return np.char.add(np.char.add(ahead.astype(str), "/"), names.astype(str))


CORPORA: dict[str, Corpus] = {one.name: one for one in (PTBXL, CHALLENGE2021, CPSC2018, LUDB)}
"""The corpora by name; the challenge is read before CPSC 2018, whose recordings it holds under the same names."""
N_CLASSES = len(CLASSES)


def by_record(record: Array, values: Iterable[Array]) -> tuple[Array, list[Array]]:
    """Return the names of the records, in their order, and the mean of each array over the windows of a record.

    Parameters
    ----------
    record : array [n], str
        Record of each window.
    values : iterable of array [n, k]
        The arrays.
    """
    names, first, member = np.unique(record, return_index=True, return_inverse=True)
    order = np.argsort(first)
    counts = np.bincount(member)[:, None]
    means = []
    for one in values:
        total = np.zeros((len(names), one.shape[1]))
        np.add.at(total, member, one)
        means.append((total / counts)[order])
    return names[order], means
