"""Declare a corpus: origin, licence, counts, records and protocols."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.labels import LabelSet
from einthoven.corpora.split import Split
from einthoven.corpora.wave_marks import WaveMarks
from einthoven.errors import ConfigurationFault, CorpusIncomplete
from einthoven.records import Record
from einthoven.signal.preparation import Preparation

Array = NDArray[Any]
_FILLED_IN: Any = None
"""Stands for an array that the constructor makes."""


@dataclass(frozen=True)
class Entry:
    """One record of a corpus."""

    record: str
    """Name of the record."""
    patient: str
    """Its patient; the record's name where patients cannot be identified."""
    path: Path
    """Its file without suffix."""
    suffixes: tuple[str, ...]
    """Suffixes of its files, without a dot."""
    codes: str = ""
    """Labels of the whole record, as :func:`einthoven.corpora.labels.coded` joins them."""
    group: str = ""
    """Part that the publisher assigned it to (a fold)."""
    age_years: float = float("nan")
    """Age of the patient, years; NaN where it is unknown."""


class Listing(list[Entry]):
    """The entries under a folder.

    Parameters
    ----------
    entries : iterable of Entry
        The entries.
    dropped : mapping of str to tuple of str, optional
        Names of skipped records by the reason.
    odd : mapping of str to tuple of str, optional
        Names of records that are kept, by what is unusual about them.
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        dropped: Mapping[str, Iterable[str]] | None = None,
        odd: Mapping[str, Iterable[str]] | None = None,
    ):
        super().__init__(entries)
        self.odd = {reason: tuple(names) for reason, names in (odd or {}).items()}
        self.dropped = {reason: tuple(names) for reason, names in (dropped or {}).items() if names}


@dataclass(frozen=True)
class Index:
    """Facts about each window of a store.

    Parameters
    ----------
    record : array [n], str
        Record of each window.
    patient : array [n], str
        Patient of each window.
    symbol : array [n], str
        Label of each window, as annotators write it.
    position : array [n], int
        Sample number at the record's own sampling rate.
    group : array [n], str, optional
        Part that the publisher assigned the record to.
    age_years : array [n], years, optional
        Age of the patient; NaN where it is unknown.
    """

    record: Array
    patient: Array
    symbol: Array
    position: Array
    group: Array = _FILLED_IN
    age_years: Array = _FILLED_IN

    @property
    def folds(self) -> Array:
        """The publisher's fold of each window [n]; empty where there is none, or where the group is a remark in words."""
        return np.where(np.char.isalnum(self.group.astype(str)), self.group, "")

    def __post_init__(self) -> None:
        if self.group is None:
            object.__setattr__(self, "group", np.full(len(self.record), ""))
        if self.age_years is None:
            object.__setattr__(self, "age_years", np.full(len(self.record), np.nan))


SplitFunction = Callable[[Index, int, tuple[str, ...], int | None], Split]
"""Takes the index, a seed, records to exclude, and a fold or None."""


@dataclass(frozen=True)
class Protocol:
    """A way to split a corpus."""

    name: str
    """Name of the protocol."""
    summary: str
    """How the corpus is split."""
    labels: LabelSet
    """Label set that is predicted."""
    leaks: bool
    """Whether parts share patients by design; every table of such results says so."""
    unit: str
    """What intervals resample: ``patient``, or where patients are shared ``beat``, ``window`` or ``row``."""
    remark: str
    """What a reader of the results must know."""
    without: tuple[str, ...]
    """Records that are in no part."""
    declared_shared: tuple[str, ...]
    """Patients known to be in several parts although the protocol keeps the others apart."""
    split: SplitFunction
    """Takes the index, a seed, records to exclude and a fold; windows outside the protocol are in no part."""
    n_folds: int = 0
    """Number of folds for cross-validation; 0 for none."""
    official_score: str = ""
    """Official score of a challenge, ``challenge2017`` or ``challenge2021``; empty for none."""

    def parts(self, index: Index, seed: int, left_out: tuple[str, ...] = (), fold: int | None = None) -> Split:
        """Return the three parts, without windows that have no class of the label set.

        Parameters
        ----------
        index : Index
            Facts about each window.
        seed : int
            Seed of the draw.
        left_out : tuple of str
            Records to exclude.
        fold : int, optional
            Fold of a cross-validation.

        Returns
        -------
        Split
        """
        split = self.split(index, seed, left_out, fold)
        labelled = self.labels.is_labelled(index.symbol)
        return Split(*(part[labelled[part]] for part in (split.train, split.validation, split.test)))


@dataclass(frozen=True)
class Corpus:
    """The declaration of a corpus, from which tables, documentation and checks are drawn."""

    name: str
    """Short name."""
    title: str
    """Full title."""
    version: str
    """Version of the publisher."""
    address: str
    """Web page."""
    licence: str
    """Licence of the recordings."""
    citation: str
    """How to cite it."""
    fs_hz: float
    """Sampling rate of the recordings, Hz."""
    leads: str
    """Leads of the recordings, in words."""
    n_records: int
    """Number of records."""
    n_patients: int | None
    """Number of patients; None where the publisher does not identify them."""
    n_beats: int | None
    """Number of annotated beats; None where they were not counted."""
    preparation: Preparation
    """How its windows are prepared by default."""
    protocols: dict[str, Protocol]
    """Protocols by name, ``clean`` first."""
    entries: Callable[[Path, float], Listing]
    """Takes a folder and the sampling rate of the input, and returns the records; raises CorpusIncomplete if needed files are
    missing."""
    read: Callable[[Entry], Record]
    """Takes an entry, and returns its recording with annotations."""
    beats: Callable[[Record], tuple[Array, Array]] | None = None
    """Takes a record, and returns sample numbers [n] and symbols [n] of its beats; None where records are labelled as a whole."""
    of_windows: Callable[[Record, Array, int], Array] | None = None
    """Takes a record, the first sample of each of its consecutive windows [n] and their length in samples, and returns their
    symbols [n]; None where windows have the codes of their record."""
    marks: Callable[[Entry], WaveMarks] | None = None
    """Takes an entry, and returns the waves that its annotators marked; None where they marked none."""
    label_sets: dict[str, LabelSet] = field(default_factory=dict)
    """Other label sets by name."""
    contains: tuple[str, ...] = ()
    """Corpora whose records are among its own under other names: a model trained on it has seen them."""
    person_elsewhere: Callable[[str], str] | None = None
    """Takes the name of a patient, and returns whose recording it is in another corpus, as ``corpus/patient``, or an empty text."""
    skips_unreadable: bool = False
    """Whether unreadable records are skipped and counted; by default they are an error."""
    files: str = ""
    """Address of its files and their checksums; empty where they cannot be downloaded."""
    obtained: str = ""
    """Where to get the files, and how to lay them out, where they cannot be downloaded."""

    def persons(self, patient: str) -> tuple[str, ...]:
        """Return the names of a patient in this and in other corpora.

        Parameters
        ----------
        patient : str
            Name of the patient.

        Returns
        -------
        tuple of str
            As ``corpus/patient``, this corpus first.
        """
        elsewhere = "" if self.person_elsewhere is None else self.person_elsewhere(patient)
        return (f"{self.name}/{patient}", *([elsewhere] if elsewhere else []))

    def with_labels(self, protocol: Protocol, name: str | None) -> Protocol:
        """Return a protocol with another label set.

        Parameters
        ----------
        protocol : Protocol
            The protocol.
        name : str or None
            A key of `label_sets`; None for the protocol's own.

        Returns
        -------
        Protocol
            With another label set it has no official score.

        Raises
        ------
        ConfigurationFault
            If there is no such label set.
        """
        if name is None:
            return protocol
        if name not in self.label_sets:
            raise ConfigurationFault(
                f"{self.name} has no such label set.",
                found=name,
                expected=", ".join(self.label_sets) or "none but that of the protocol",
                remedy=f"--labels {next(iter(self.label_sets))}" if self.label_sets else "leave out --labels",
            )
        return replace(protocol, labels=self.label_sets[name], official_score="")

    def protocol(self, name: str) -> Protocol:
        """Return a protocol by name.

        Parameters
        ----------
        name : str
            A key of `protocols`.

        Returns
        -------
        Protocol

        Raises
        ------
        ConfigurationFault
            If there is no such protocol.
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
    folder: Path, names: tuple[str, ...], suffixes: tuple[str, ...], patient_of: Mapping[str, str], remedy: str
) -> Listing:
    """Return an entry for each of some records, which must all be there.

    Parameters
    ----------
    folder : Path
        Folder of the corpus.
    names : tuple of str
        Names of the records.
    suffixes : tuple of str
        Suffixes of the files of each record, without a dot.
    patient_of : mapping of str to str
        Patient of a record, where it differs from the record's name.
    remedy : str
        Remedy of the error.

    Returns
    -------
    Listing

    Raises
    ------
    CorpusIncomplete
        If files are missing.
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
