"""Declare the PhysioNet/CinC Challenge 2017: single-lead recordings of a hand-held device with four labels.

Source: Clifford et al. 2017, AF classification from a short single lead ECG recording (labels of version 3).
"""

import csv
import os
from collections.abc import Container
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol
from einthoven.corpora.labels import LabelSet
from einthoven.corpora.split import Split, stratified, stratified_folds, without_records
from einthoven.errors import CorpusIncomplete
from einthoven.records import Record, read
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles

TABLES = ("REFERENCE-v3.csv", "REFERENCE.csv")
N_FOLDS = 5
_SUFFIXES = ("hea", "mat")
LABELS = LabelSet(
    name="Challenge 2017: normal, atrial fibrillation, other rhythm, noise",
    classes=("N", "A", "O", "~"),
    meanings=("normal sinus rhythm", "atrial fibrillation", "another rhythm", "too noisy to say"),
    symbols={"N": "N", "A": "A", "O": "O", "~": "~"},
)


def _entries(folder: Path, fs_hz: float) -> Listing:
    folder = Path(folder)
    files = sorted(Path(root) / name for root, _, names in os.walk(folder, followlinks=True) for name in names)
    there = {file.stem: file.with_suffix("") for file in files if file.suffix == ".hea" and file.name.startswith("A")}
    table, labels = _table(folder, [file for file in files if file.name in TABLES and file.is_file()], there)
    missing = tuple(name for name in labels if not (name in there and _is_whole(there[name])))
    entries = [
        Entry(name, name, there[name], _SUFFIXES, label) for name, label in labels.items() if name not in set(missing)
    ]
    unlabelled = tuple(name for name in there if name not in labels)
    if not entries:
        raise _wrong(folder, f"{len(labels)} labels in {table.name}, and no recording for any of them")
    older = {f"labels of {table.name}, which may be older than version 3": tuple(entry.record for entry in entries)}
    odd = older if table.name != TABLES[0] else {}
    return Listing(entries, {"no recording": missing, f"no label in {table.name}": unlabelled}, odd)


def _is_whole(place: Path) -> bool:
    return all(place.with_suffix(f".{suffix}").is_file() for suffix in _SUFFIXES)


def _table(folder: Path, files: list[Path], there: Container[str]) -> tuple[Path, dict[str, str]]:
    """Return the table of labels and its content: version 3 if there is one; among several the one with most recordings."""
    for name in TABLES:
        found = {table: _labels(table) for table in files if table.name == name}
        if found:
            return max(found.items(), key=lambda item: sum(record in there for record in item[1]))
    raise _wrong(folder, f"neither {' nor '.join(TABLES)}")


def _labels(table: Path) -> dict[str, str]:
    labels: dict[str, str] = {}
    try:
        with table.open(newline="", encoding="utf-8-sig") as sheet:
            for at, row in enumerate(csv.reader(sheet), 1):
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                if len(cells) != 2 or cells[1] not in LABELS.classes:
                    raise _wrong(table, f"line {at}: {','.join(row)[:40]}")
                if labels.setdefault(cells[0], cells[1]) != cells[1]:
                    raise _wrong(table, f"line {at}: {cells[0]} again, as {cells[1]}")
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise _wrong(table, str(error)[:100]) from error
    return labels


def _wrong(place: Path, found: str) -> CorpusIncomplete:
    return CorpusIncomplete(
        f"{place} is not of the Challenge 2017.",
        found=found,
        expected="A00001.hea and A00001.mat, and REFERENCE-v3.csv with a name and N, A, O or ~ in each line",
        remedy="einthoven download challenge-2017 --to DIR",
    )


def _read(entry: Entry) -> Record:
    return read(entry.path.with_name(f"{entry.path.name}.hea"))


def folds_of(index: Index, seed: int) -> NDArray[Any]:
    """Draw five folds of recordings, each label in the same proportion.

    Parameters
    ----------
    index : Index
        Facts about each window.
    seed : int
        Seed of the draw.

    Returns
    -------
    array [n], int
        Fold of each window, 0 to 4.
    """
    _, first, member = np.unique(index.record, return_index=True, return_inverse=True)
    fold: NDArray[Any] = stratified_folds(LABELS.targets(index.symbol[first]), N_FOLDS, seed)[member]
    return fold


def _split_clean(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    """Test fold k and validate on a tenth of the rest; without a fold test all recordings."""
    none = np.zeros(0, np.int64)
    if fold is None:
        split = Split(none, none, np.arange(len(index.record)))
    else:
        of = folds_of(index, seed)
        records, first, member = np.unique(index.record, return_index=True, return_inverse=True)
        rest = np.flatnonzero(of[first] != fold)
        _, chosen = stratified(LABELS.targets(index.symbol[first[rest]]), 0.1, seed + 10 + fold)
        validates = np.zeros(len(records), bool)
        validates[rest[chosen]] = True
        validation = validates[member]
        split = Split(*(np.flatnonzero(part) for part in ((of != fold) & ~validation, validation, of == fold)))
    return without_records(split, np.isin(index.record, left_out))


CHALLENGE2017 = Corpus(
    name="challenge-2017",
    title="AF Classification from a Short Single Lead ECG Recording: the PhysioNet/CinC Challenge 2017",
    version="1.0.0",
    address="https://physionet.org/content/challenge-2017/1.0.0/",
    licence="ODC-By 1.0",
    citation="Clifford GD et al. AF classification from a short single lead ECG recording: the PhysioNet/Computing in "
    "Cardiology Challenge 2017. CinC 44, 2017",
    fs_hz=300.0,
    leads="one, of a hand-held device (lead I, some upside down)",
    n_records=8_528,
    n_patients=None,
    n_beats=None,
    preparation=Preparation(SignalSpec(("ECG|I|II|MLII",), fs_hz=150.0), Tiles(30.0)),
    protocols={
        "clean": Protocol(
            name="clean",
            summary="five folds of recordings, labels in proportion: one tests, a tenth of the others validates; else all test",
            labels=LABELS,
            leaks=False,
            unit="patient",
            remark="The publisher does not identify patients: folds are by recording, and each recording counts as a patient.",
            without=(),
            declared_shared=(),
            split=_split_clean,
            n_folds=N_FOLDS,
            official_score="challenge2017",
        ),
    },
    entries=_entries,
    read=_read,
    skips_unreadable=True,
    files="https://physionet.org/files/challenge-2017/1.0.0/",
)
