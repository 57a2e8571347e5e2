"""Knows what a corpus declares: origin, licence, counts, entries, protocols. Does not know a model, nor how windows are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from einthoven.corpora.labels import LabelSet
from einthoven.corpora.split import Split
from einthoven.errors import CorpusIncomplete, UnknownName
from einthoven.records import Record
from einthoven.signal.preparation import Preparation


@dataclass(frozen=True)
class Entry:
    """One record of a corpus: its name, its patient, its file without suffix, and the suffixes of its files."""

    record: str
    patient: str
    path: Path
    suffixes: tuple[str, ...]


@dataclass(frozen=True)
class Index:
    """What is known of each window of a store, as arrays [n windows].

    record, patient, symbol : text; position : sample number at the record's own rate
    """

    record: np.ndarray
    patient: np.ndarray
    symbol: np.ndarray
    position: np.ndarray


@dataclass(frozen=True)
class Protocol:
    """A way to part a corpus."""

    name: str
    summary: str
    labels: LabelSet
    leaks: bool
    """Whether patients are shared between the parts by design; it is then said wherever a number appears."""
    unit: str
    """What intervals resample: ``patient`` or ``beat``."""
    remark: str
    """What a reader of the numbers must know."""
    without: tuple[str, ...]
    """Records that are in no part."""
    declared_shared: tuple[str, ...]
    """Patients whom the protocol is known to share although it keeps the others apart."""
    split: Callable[[Index, int, tuple[str, ...], int | None], Split]
    """(index, seed, records to leave out, fold) to a Split; windows outside the protocol are in no part."""
    n_folds: int = 0
    """Folds of its training patients for cross-validation: fold k validates, the others train; 0 where there are none."""


@dataclass(frozen=True)
class Corpus:
    """The declaration. Tables, documents and checks are drawn from it."""

    name: str
    title: str
    version: str
    address: str
    licence: str
    citation: str
    fs_hz: float
    leads: str
    n_records: int
    n_patients: int | None
    """None where the publisher does not tell patients apart."""
    n_beats: int | None
    """None where they were never counted here."""
    preparation: Preparation
    """How its windows are prepared unless the user says otherwise."""
    protocols: dict[str, Protocol]
    entries: Callable[[Path], list[Entry]]
    """The records under a folder; raises CorpusIncomplete where some are missing."""
    read: Callable[[Entry], Record]
    """One record with its annotations."""
    beats: Callable[[Record], tuple[np.ndarray, np.ndarray]]
    """Sample numbers [n] and symbols [n] of a record's beats."""

    def protocol(self, name: str) -> Protocol:
        """A protocol by name.

        Raises
        ------
        UnknownName
            Naming those there are.
        """
        if name not in self.protocols:
            raise UnknownName(
                f"{self.name} has no such protocol.",
                found=name,
                expected=", ".join(self.protocols),
                remedy=f"--protocol {next(iter(self.protocols))}",
            )
        return self.protocols[name]


def entries_of(
    folder: Path, names: tuple[str, ...], suffixes: tuple[str, ...], patient_of: dict[str, str], remedy: str
):
    """Entries for `names` in `folder`, each with all its `suffixes`.

    Raises
    ------
    CorpusIncomplete
        Naming the files that are not there.
    """
    folder = Path(folder)
    missing = [
        f"{name}.{suffix}" for name in names for suffix in suffixes if not (folder / f"{name}.{suffix}").is_file()
    ]
    if missing:
        nothing = not folder.is_dir() or len(missing) == len(names) * len(suffixes)
        raise CorpusIncomplete(
            f"{folder} does not hold the whole corpus.",
            found="none of its files"
            if nothing
            else f"{len(missing)} missing: {', '.join(missing[:6])}{', …' * (len(missing) > 6)}",
            expected=f"{len(names)} records with {', '.join(f'.{suffix}' for suffix in suffixes)}",
            remedy=remedy,
        )
    return [Entry(name, patient_of.get(name, name), folder / name, suffixes) for name in names]
