"""Knows what a corpus declares: origin, licence, counts, entries, protocols. Does not know a model, nor how windows are kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from einthoven.corpora.labels import LabelSet
from einthoven.corpora.split import Split
from einthoven.errors import ConfigurationFault, CorpusIncomplete
from einthoven.records import Record
from einthoven.signal.preparation import Preparation


@dataclass(frozen=True)
class Entry:
    """One record of a corpus: its name, its patient, its file without suffix, and the suffixes of its files."""

    record: str
    patient: str
    path: Path
    suffixes: tuple[str, ...]
    codes: str = ""
    """What the whole record was diagnosed with, as :func:`einthoven.corpora.labels.coded` joins it."""
    group: str = ""
    """Part the publisher put it into (a fold)."""
    age_years: float = float("nan")


class Listing(list[Entry]):
    """The entries under a folder.

    dropped : names of the records that are declared but not among them, by the reason; odd : of some that are among them, by what
    is odd about them
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        dropped: dict[str, tuple[str, ...]] | None = None,
        odd: dict[str, tuple[str, ...]] | None = None,
    ):
        super().__init__(entries)
        self.odd = odd or {}
        self.dropped = {reason: names for reason, names in (dropped or {}).items() if names}


@dataclass(frozen=True)
class Index:
    """What is known of each window of a store, as arrays [n windows].

    record, patient, symbol, group : text; position : sample number at the record's own rate; age_years : NaN where unknown
    """

    record: np.ndarray
    patient: np.ndarray
    symbol: np.ndarray
    position: np.ndarray
    group: np.ndarray = None
    age_years: np.ndarray = None

    @property
    def folds(self) -> np.ndarray:
        """The publisher's fold of each window [n]; empty where it made none, or where the group is a mark in words."""
        return np.where(np.char.isalnum(self.group.astype(str)), self.group, "")

    def __post_init__(self):
        if self.group is None:
            object.__setattr__(self, "group", np.full(len(self.record), ""))
        if self.age_years is None:
            object.__setattr__(self, "age_years", np.full(len(self.record), np.nan))


@dataclass(frozen=True)
class Protocol:
    """A way to part a corpus."""

    name: str
    summary: str
    labels: LabelSet
    leaks: bool
    """Whether patients are shared between the parts by design; it is then said wherever a number appears."""
    unit: str
    """What intervals resample: ``patient``, or where patients are shared ``beat``, ``window`` or ``row``."""
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

    def parts(self, index: Index, seed: int, left_out: tuple[str, ...] = (), fold: int | None = None) -> Split:
        """The three parts, without windows that bear no class of the label set."""
        split = self.split(index, seed, left_out, fold)
        labelled = self.labels.is_labelled(index.symbol)
        return Split(*(part[labelled[part]] for part in (split.train, split.validation, split.test)))


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
    entries: Callable[[Path, float], Listing]
    """The records under a folder, for an input of some rate where they come in several; raises CorpusIncomplete where files are
    missing that it cannot do without."""
    read: Callable[[Entry], Record]
    """One record with its annotations."""
    beats: Callable[[Record], tuple[np.ndarray, np.ndarray]] | None = None
    """Sample numbers [n] and symbols [n] of a record's beats; None where records are labelled as a whole."""
    label_sets: dict[str, LabelSet] = field(default_factory=dict)
    """Other questions that can be put to it, by name."""
    contains: tuple[str, ...] = ()
    """Corpora whose records are among its own under other names: who was trained on it has seen them."""
    skips_unreadable: bool = False
    """Whether a record that cannot be read is counted and left out; else it ends the reading."""

    def with_labels(self, protocol: Protocol, name: str | None) -> Protocol:
        """A protocol that asks another question.

        Raises
        ------
        ConfigurationFault
            Naming the label sets there are.
        """
        if name is None:
            return protocol
        if name not in self.label_sets:
            raise ConfigurationFault(
                f"{self.name} has no such labels.",
                found=name,
                expected=", ".join(self.label_sets) or "none but those of the protocol",
                remedy=f"--labels {next(iter(self.label_sets))}" if self.label_sets else "leave out --labels",
            )
        return replace(protocol, labels=self.label_sets[name])

    def protocol(self, name: str) -> Protocol:
        """A protocol by name.

        Raises
        ------
        ConfigurationFault
            Naming those there are.
        """
        if name not in self.protocols:
            raise ConfigurationFault(
                f"{self.name} has no such protocol.",
                found=name,
                expected=", ".join(self.protocols),
                remedy=f"--protocol {next(iter(self.protocols))}",
            )
        return self.protocols[name]


def entries_of(
    folder: Path, names: tuple[str, ...], suffixes: tuple[str, ...], patient_of: dict[str, str], remedy: str
) -> Listing:
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
    return Listing(Entry(name, patient_of.get(name, name), folder / name, suffixes) for name in names)
