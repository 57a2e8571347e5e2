"""List, read and split the recordings of a folder with a table (CSV) of their labels and patients."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Entry, Index, Listing
from einthoven.corpora.labels import LabelSet, coded
from einthoven.corpora.split import PARTS, Split, patient_folds, patient_split, without_records
from einthoven.errors import CorpusIncomplete, RecordUnreadable
from einthoven.records import READERS, Record, formats, read

_WFDB = ("hea", "dat", "mat")
_STATES_NOTHING = frozenset(suffix for each in formats() if not each.states_rate for suffix in each.suffixes)
"""Suffixes of files that state neither sampling rate nor unit."""
_FLAGS = {"": False, "0": False, "0.0": False, "1": True, "1.0": True}


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a table, and the classes that it may name."""

    record: str
    """Column with the recording."""
    patient: str | None
    """Column with the patient; None if patients cannot be identified."""
    label: str | None
    """Column with the class; None if each class has a column, or beats are labelled."""
    split: str | None
    """Column with the part; None if patients are split at random."""
    labels: LabelSet
    """Classes."""

    def needed(self, is_beats: bool) -> list[str]:
        """Return the columns that a table must have.

        Parameters
        ----------
        is_beats : bool
            Whether beats are labelled, in files of their own.

        Returns
        -------
        list of str
        """
        classes = self.labels.classes if self.labels.multilabel else ()
        stated = (self.record, self.patient, None if is_beats else self.label, self.split, *classes)
        return [column for column in stated if column is not None]

    def codes(self, row: Mapping[str, str]) -> str:
        """Return the labels of a row as an entry has them.

        Parameters
        ----------
        row : mapping of str to str
            Cells of the row by column.

        Returns
        -------
        str
        """
        if not self.labels.multilabel:
            return row[self.label] if self.label else ""
        return coded({name: 100.0 for name in self.labels.classes if _FLAGS.get(row[name])})

    def fault(self, row: Mapping[str, str], codes: str) -> str:
        """Return why a recording is skipped; empty if it is not.

        Parameters
        ----------
        row : mapping of str to str
            Cells of the row by column.
        codes : str
            Its labels.

        Returns
        -------
        str
        """
        if self.patient is not None and not row[self.patient]:
            return f"no patient in column {self.patient}"
        flags = self.labels.classes if self.labels.multilabel else ()
        if odd := next((name for name in flags if row[name] not in _FLAGS), None):
            return f"'{row[odd]}' in column {odd}, not 0 or 1"
        if self.label is not None and not codes:
            return f"no label in column {self.label}"
        if self.label is not None and self.labels.index_of(codes) < 0:
            return f"label '{codes}' is none of {', '.join(self.labels.classes)}"
        return ""


@dataclass(frozen=True)
class LabelledFolder:
    """Lists, reads and splits the records of a folder with a table."""

    table: str
    """Path of the table from the folder."""
    columns: Columns
    """Its columns."""
    fs_hz: float
    """Sampling rate of the recordings, Hz."""
    leads: tuple[str, ...]
    """Leads that the model reads."""
    unit: str | None
    """Unit of files that do not state it."""
    annotator: str | None
    """Suffix of annotation files; None if whole recordings are labelled."""
    n_folds: int
    """Number of folds."""

    def entries(self, folder: Path, fs_hz: float) -> Listing:
        """Return the recordings that the table names.

        Parameters
        ----------
        folder : Path
            The folder.
        fs_hz : float, Hz
            Sampling rate of the model's input; not used.

        Returns
        -------
        Listing

        Raises
        ------
        CorpusIncomplete
            If the table is missing or invalid, or no recording is left.
        """
        folder, columns = Path(folder), self.columns
        found: list[Entry] = []
        dropped: dict[str, list[str]] = {}
        for line, row in self._rows(folder / self.table):
            name = row[columns.record]
            codes, group = columns.codes(row), row[columns.split] if columns.split else ""
            if group and group not in PARTS:
                raise self._wrong(folder, f"line {line}: '{group}' in column {columns.split}", ", ".join(PARTS))
            place = self._place(folder, name)
            fault = columns.fault(row, codes) if place else "no recording"
            if fault or place is None:
                dropped.setdefault(fault, []).append(name)
                continue
            path, suffixes = place
            record = PurePath(name).with_name(path.name).as_posix()
            patient = row[columns.patient] if columns.patient else record
            found.append(Entry(record, patient, path, suffixes, codes, group))
        if not found:
            reasons = "; ".join(f"{reason}: {len(names)}" for reason, names in dropped.items())
            raise self._wrong(folder, reasons or "no row", "a row for each recording, with its class")
        return Listing(found, dropped)

    def read(self, entry: Entry) -> Record:
        """Read a recording.

        Parameters
        ----------
        entry : Entry
            The recording.

        Returns
        -------
        Record

        Raises
        ------
        RecordUnreadable
            If it is damaged, or its sampling rate differs from the declared one.
        """
        file = entry.path.with_name(f"{entry.path.name}.{entry.suffixes[0]}")
        if file.suffix in _STATES_NOTHING:
            return read(file, fs_hz=self.fs_hz, leads=[lead.split("|")[0] for lead in self.leads], unit=self.unit)
        record = read(file, annotator=self.annotator)
        if record.fs_hz != self.fs_hz:
            raise RecordUnreadable(
                f"{file} has another sampling rate than the corpus.",
                found=f"{record.fs_hz:g} Hz",
                expected=f"{self.fs_hz:g} Hz",
                remedy=f"fs_hz={record.fs_hz:g}      in corpus_from_csv, if all recordings have it",
            )
        return record

    def beats(self, record: Record) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the beats of a record that have a class.

        Parameters
        ----------
        record : Record
            The record with its annotations.

        Returns
        -------
        samples : array [n], int64
            Sample numbers.
        symbols : array [n], str
            Symbols.
        """
        if record.annotations is None:
            return np.zeros(0, np.int64), np.zeros(0, np.str_)
        symbols = np.array(record.annotations.symbols, np.str_)
        labels = self.columns.labels
        is_beat = np.array([labels.index_of(symbol) >= 0 for symbol in symbols.tolist()], bool)
        return record.annotations.samples[is_beat], symbols[is_beat]

    def split(self, index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
        """Split by the column of the table, or patients at random.

        Parameters
        ----------
        index : Index
            Facts about each window.
        seed : int
            Seed of the draw.
        left_out : tuple of str
            Records to exclude.
        fold : int or None
            Fold of a cross-validation.

        Returns
        -------
        Split
        """
        targets = self.columns.labels.targets(index.symbol)
        if self.columns.split is None:
            split = patient_split(index.patient, targets, seed, fold, self.n_folds)
        else:
            train, validation, test = (index.group == part for part in PARTS)
            if fold is not None:
                learned = train | validation
                of: NDArray[Any] = np.full(len(learned), -1)
                of[learned] = patient_folds(index.patient[learned], targets[learned], self.n_folds, seed)
                train, validation = learned & (of != fold), of == fold
            split = Split(*(np.flatnonzero(part) for part in (train, validation, test)))
        return without_records(split, np.isin(index.record, left_out))

    def _rows(self, file: Path) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the rows of the table with their line numbers."""
        needed = self.columns.needed(self.annotator is not None)
        try:
            with file.open(newline="", encoding="utf-8-sig") as sheet:
                rows = csv.DictReader(sheet)
                head = [name.strip() for name in rows.fieldnames or ()]
                missing = [column for column in needed if column not in head]
                if missing:
                    raise self._wrong(
                        file, f"columns {', '.join(head) or 'none'}; no {', '.join(missing)}", ", ".join(needed)
                    )
                rows.fieldnames = head
                for row in rows:
                    yield rows.line_num, {column: (row[column] or "").strip() for column in needed}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            found = getattr(error, "strerror", None) or str(error)[:100]
            raise self._wrong(file, found, f"a table with columns {', '.join(needed)}") from error

    def _place(self, folder: Path, name: str) -> tuple[Path, tuple[str, ...]] | None:
        """Return the path of a recording without suffix, and the suffixes of its files; None if it has none."""
        if not name:
            return None
        given = PurePath(name)
        stated = given.suffix.lower()
        stem = folder / (given.with_suffix("") if stated in READERS else given)
        there = [suffix for suffix in (*_WFDB, self.annotator) if suffix and _beside(stem, suffix).is_file()]
        if stated in ("", ".hea", ".dat") or stated not in READERS:
            if "hea" in there and (self.annotator is None or self.annotator in there):
                return stem, tuple(there)
            others = [suffix[1:] for suffix in READERS if suffix not in ("", ".hea", ".dat")]
        else:
            others = [given.suffix[1:]]
        found = next((suffix for suffix in others if _beside(stem, suffix).is_file()), None)
        return None if found is None or self.annotator else (stem, (found,))

    def _wrong(self, place: Path, found: str, expected: str) -> CorpusIncomplete:
        return CorpusIncomplete(
            f"Invalid table of the corpus in {place}.",
            found=found,
            expected=expected,
            remedy=f"--from the folder that holds {self.table}, or other columns in corpus_from_csv",
        )


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(f"{stem.name}.{suffix}")
