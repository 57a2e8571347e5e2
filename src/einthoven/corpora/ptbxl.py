"""Declare PTB-XL: its two tables, records at 100 and 500 Hz, folds and diagnoses.

Sources: Wagner et al. 2020, Scientific Data 7:154 (the database, its folds); Strodthoff et al. 2021, arXiv 2004.13701 (the tasks).
"""

import ast
import csv
import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol, SplitFunction
from einthoven.corpora.labels import coded
from einthoven.corpora.scp import LABEL_SETS, STATEMENTS
from einthoven.corpora.split import Split, random_split, without_records
from einthoven.errors import CorpusIncomplete
from einthoven.records import Record, read
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles

TABLE, CODES = "ptbxl_database.csv", "scp_statements.csv"
TEST_FOLD, VALIDATION_FOLD = "10", "9"
_COLUMNS = ("ecg_id", "patient_id", "age", "scp_codes", "strat_fold", "filename_lr", "filename_hr")
_SUFFIXES = ("hea", "dat")
OVER_89 = 90.0
"""Age, years, that stands for 300, which the publisher writes for everybody over 89."""


def _entries(folder: Path, fs_hz: float) -> Listing:
    folder = Path(folder)
    rows = _table(folder / TABLE, _COLUMNS)
    known = {row[""] for row in _table(folder / CODES, ("", "diagnostic", "form", "rhythm"))}
    declared = {statement.code for statement in STATEMENTS}
    if not known >= declared:
        raise _wrong(folder / CODES, f"no row for {', '.join(sorted(declared - known)[:5])}", "all 71 statements")
    column = "filename_lr" if fs_hz <= 100 else "filename_hr"
    entries: list[Entry] = []
    dropped: dict[str, list[str]] = {}
    odd: dict[str, list[str]] = {}
    seen: set[str] = set()
    there = _files(folder)
    for at, row in enumerate(rows, 2):
        try:
            name = str(int(row["ecg_id"]))
            if name in seen:
                raise _wrong(folder / TABLE, f"line {at}: ecg_id {name} again", "each ecg_id once")
            seen.add(name)
            file = row[column]
            if not file or file[0] in "/\\" or ".." in file.replace("\\", "/").split("/"):
                dropped.setdefault("a file name outside the folder", []).append(name)
                continue
            if not all(f"{file}.{suffix}" in there for suffix in _SUFFIXES):
                dropped.setdefault(f"no waveform in {file.split('/')[0]}", []).append(name)
                continue
            patient, fold = str(int(float(row["patient_id"]))), str(int(row["strat_fold"]))
            codes, age = _codes(row["scp_codes"]), float(row["age"] or "nan")
        except (ValueError, SyntaxError, AttributeError, TypeError) as error:
            found = f"line {at}: {type(error).__name__}: {str(error)[:80]}"
            raise _wrong(folder / TABLE, found, "numbers, and scp_codes as {'NORM': 100.0}") from error
        for code in codes.keys() - declared:
            odd.setdefault(f"the unknown SCP code {code[:20]!r}", []).append(name)
        age = OVER_89 if age > 89 else age
        entries.append(Entry(name, patient, folder / file, _SUFFIXES, coded(codes), fold, age))
    if not entries:
        raise CorpusIncomplete(
            f"{folder} holds no waveform of PTB-XL.",
            found=f"{len(rows)} rows in {TABLE}, and no file of column {column}",
            expected="records100 (for 100 Hz and below) or records500 beside the tables",
            remedy="einthoven download ptb-xl --to DIR",
        )
    return Listing(entries, dropped, odd)


def _files(folder: Path) -> set[str]:
    """Return every waveform file below a folder, by its path from there; faster than to ask for 43,598 files one by one."""
    return {
        os.path.relpath(root, folder).replace(os.sep, "/") + "/" + name
        for below in ("records100", "records500")
        for root, _, names in os.walk(folder / below, followlinks=True)
        for name in names
    }


@lru_cache(maxsize=4096)
def _codes(text: str) -> dict[str, float]:
    return {str(code): float(likelihood) for code, likelihood in ast.literal_eval(text).items()}


def _table(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8") as sheet:
            rows = csv.reader(sheet)
            head = next(rows, [])
            missing = [repr(column) for column in columns if column not in head]
            if missing:
                raise _wrong(file, f"no column {', '.join(missing)}", f"columns {', '.join(filter(None, columns))}")
            places = [head.index(column) for column in columns]
            return [dict(zip(columns, [row[at] for at in places], strict=True)) for row in rows if row]
    except (OSError, UnicodeDecodeError, IndexError, csv.Error) as error:
        raise _wrong(file, getattr(error, "strerror", None) or str(error)[:100], "the publisher's table") from error


def _wrong(file: Path, found: str, expected: str) -> CorpusIncomplete:
    return CorpusIncomplete(
        f"{file} is not the table of PTB-XL.",
        found=found,
        expected=expected,
        remedy="einthoven download ptb-xl --to DIR --include '*.csv'",
    )


def _read(entry: Entry) -> Record:
    return read(entry.path.with_name(f"{entry.path.name}.hea"))


def _split_clean(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    """Split by the publisher's folds; in cross-validation test a group of folds 1 to 9, and validate on one of the next group."""
    kept = ~np.isin(index.record, left_out)
    if fold is None:
        test, validation = index.group == TEST_FOLD, index.group == VALIDATION_FOLD
    else:
        test = np.isin(index.group, GROUPS[fold])
        validation = index.group == GROUPS[(fold + 1) % len(GROUPS)][0]
    train = ~(test | validation) & (index.group != TEST_FOLD)
    return Split(*(np.flatnonzero(part & kept) for part in (train, validation, test)))


def _split_jackknife(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    """Validate on one or two of the folds 1 to 9 and train on the others, for ensembles that have seen all nine."""
    test, validation = index.group == TEST_FOLD, np.isin(index.group, JACKKNIFE[fold or 0])
    parts = (np.flatnonzero(part) for part in (~(test | validation), validation, test))
    return without_records(Split(*parts), np.isin(index.record, left_out))


def _split_nested(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    """Test a group of folds, and validate on each of the six others in turn: fold 6 * group + place among the others."""
    if fold is None:
        return _split_clean(index, seed, left_out, None)
    group, at = divmod(fold, _N_OTHERS)
    others = [name for names in GROUPS if names != GROUPS[group] for name in names]
    test, validation = np.isin(index.group, GROUPS[group]), index.group == others[at]
    parts = (np.flatnonzero(part) for part in (np.isin(index.group, others) & ~validation, validation, test))
    return without_records(Split(*parts), np.isin(index.record, left_out))


JACKKNIFE = (("1", "2"), ("3", "4"), ("5", "6"), ("7", "8"), ("9",))
"""Folds that validate together in protocol jackknife."""
GROUPS = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"))
"""Folds that are tested together in cross-validation."""
_N_OPEN = 9
"""Number of folds that cross-validation tests; fold 10 is not opened."""
_N_OTHERS = 6
"""Number of folds 1 to 9 that are not tested then."""


def _split_nine(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    """Test each of the folds 1 to 9 in turn, validate on the next one, and train on the other seven."""
    if fold is None:
        return _split_clean(index, seed, left_out, None)
    test, validation = (index.group == str((fold + more) % _N_OPEN + 1) for more in (0, 1))
    parts = (np.flatnonzero(part) for part in (~(test | validation) & (index.group != TEST_FOLD), validation, test))
    return without_records(Split(*parts), np.isin(index.record, left_out))


def _split_patients(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    return without_records(random_split(index.patient, seed), np.isin(index.record, left_out))


def _split_paper(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    return without_records(random_split(np.arange(len(index.record)), seed), np.isin(index.record, left_out))


def _protocol(
    name: str, summary: str, remark: str, split: SplitFunction, n_folds: int = 0, leaks: bool = False
) -> Protocol:
    return Protocol(
        name=name,
        summary=summary,
        labels=LABEL_SETS["subclasses"],
        leaks=leaks,
        unit="window" if leaks else "patient",
        remark=remark,
        without=(),
        declared_shared=(),
        split=split,
        n_folds=n_folds,
    )


_IN_ONE_FOLD = "The publisher keeps each patient in one fold."
_PROTOCOLS = (
    _protocol(
        "clean",
        "the publisher's folds: 1 to 8 train, 9 validates, 10 tests; each patient is in one fold",
        _IN_ONE_FOLD,
        _split_clean,
        len(GROUPS),
    ),
    _protocol(
        "jackknife",
        "the publisher's folds: one or two of 1 to 9 validate in turn, the others train; 10 tests",
        _IN_ONE_FOLD,
        _split_jackknife,
        len(JACKKNIFE),
    ),
    _protocol(
        "nested",
        "the publisher's folds: three groups of three are tested in turn, each fold of the others validates in turn",
        _IN_ONE_FOLD,
        _split_nested,
        len(GROUPS) * _N_OTHERS,
    ),
    _protocol(
        "nine",
        "the publisher's folds: 1 to 9 are tested in turn, the next one validates, seven train; 10 is in no part",
        _IN_ONE_FOLD,
        _split_nine,
        _N_OPEN,
    ),
    _protocol(
        "patients",
        "patients split at random, 7 : 1 : 2",
        "Each patient is in one part; predictions are averaged over the windows of a recording.",
        _split_patients,
    ),
    _protocol(
        "paper",
        "windows split at random, 7 : 1 : 2",
        "LEAKS PATIENTS: windows of the same recording are in training and test set; no estimate for new patients.",
        _split_paper,
        leaks=True,
    ),
)

PTBXL = Corpus(
    name="ptb-xl",
    title="PTB-XL, a large publicly available electrocardiography dataset",
    version="1.0.3",
    address="https://physionet.org/content/ptb-xl/1.0.3/",
    licence="CC BY 4.0",
    citation="Wagner P et al. PTB-XL, a large publicly available electrocardiography dataset. Sci Data 7:154, 2020",
    fs_hz=500.0,
    leads="the twelve standard leads, at 500 and at 100 Hz",
    n_records=21_799,
    n_patients=18_869,
    n_beats=None,
    preparation=Preparation(SignalSpec(STANDARD, fs_hz=100.0, scaling="millivolt"), Tiles(10.0)),
    protocols={protocol.name: protocol for protocol in _PROTOCOLS},
    entries=_entries,
    read=_read,
    label_sets=LABEL_SETS,
    skips_unreadable=True,
    files="https://physionet.org/files/ptb-xl/1.0.3/",
)
