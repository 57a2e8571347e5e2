"""Declare CPSC 2018: twelve leads, nine rhythms, as first published (MATLAB and a table) and as the Challenges copied it (WFDB).

Source: Liu et al. 2018, J Med Imaging Health Inform 8:1368.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol
from einthoven.corpora.dx import WORDS, age_in, codes_in
from einthoven.corpora.labels import LabelSet, coded, decoded
from einthoven.corpora.split import Split, without_records
from einthoven.errors import CorpusIncomplete, EinthovenError
from einthoven.records import Record, read
from einthoven.records.header import read_header
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles

TABLE = "REFERENCE.csv"
N_FOLDS = 10
CLASSES = ("SNR", "AF", "I-AVB", "LBBB", "RBBB", "PAC", "PVC", "STD", "STE")
_MEANINGS = (
    "sinus rhythm, normal",
    "atrial fibrillation",
    "first-degree atrioventricular block",
    "left bundle branch block",
    "right bundle branch block",
    "premature atrial contraction",
    "premature ventricular contraction",
    "ST depression",
    "ST elevation",
)
_CODES = tuple(WORDS.values())
_NAME = re.compile(r"A\d{4}$")
_HEAD = ["Recording", "First_label", "Second_label", "Third_label"]
_ONE_OF_SEVERAL = "one label of several"
LABELS = LabelSet(
    name="CPSC 2018, nine rhythms, several at once",
    classes=CLASSES,
    meanings=_MEANINGS,
    symbols={name: (code,) for name, code in zip(CLASSES, _CODES, strict=True)},
    multilabel=True,
)
LABELS_ONE = LabelSet(
    name="CPSC 2018, nine rhythms, one a row",
    classes=CLASSES,
    meanings=_MEANINGS,
    symbols={name: (coded({code: 100.0}),) for name, code in zip(CLASSES, _CODES, strict=True)},
)


def _entries(folder: Path, fs_hz: float) -> Listing:
    """Return each recording, and for a recording with several labels one more entry a label, named ``A0012-PAC``."""
    folder = Path(folder)
    labels = _labels(folder)
    whole: list[Entry] = []
    dropped: dict[str, list[str]] = {}
    seen: set[str] = set()
    for file in sorted(folder.rglob("A*.mat")):
        name = file.stem
        if not _NAME.match(name):
            continue
        if name in seen:
            dropped.setdefault("the same name in another folder", []).append(name)
            continue
        header = file.with_suffix(".hea")
        age = float("nan")
        if header.is_file():
            try:
                comments = read_header(header).comments
            except EinthovenError as error:
                dropped.setdefault(error.found, []).append(name)
                continue
            codes, age = codes_in(comments), age_in(comments)
        else:
            codes = labels.get(name, "")
        if not codes:
            dropped.setdefault(f"no label in {TABLE} or header", []).append(name)
            continue
        seen.add(name)
        suffixes = ("mat", "hea") if header.is_file() else ("mat",)
        whole.append(Entry(name, name, file.with_suffix(""), suffixes, codes, "", age))
    missing = [name for name in labels if name not in seen]
    if not whole:
        raise CorpusIncomplete(
            f"{folder} holds no recording of CPSC 2018.",
            found=f"{len(labels):,} labels in {TABLE}, and no A0001.mat" if labels else "no A0001.mat",
            expected=f"A0001.mat … A6877.mat with {TABLE}, or with A0001.hea beside them",
            remedy="einthoven download cpsc2018      says where to get it",
        )
    dropped["no recording"] = missing
    entries = [entry for one in whole for entry in _rows(one)]
    return Listing(entries, dropped)


def _rows(entry: Entry) -> Iterator[Entry]:
    yield entry
    codes = decoded(entry.codes)
    known = [code for code in codes if code in _CODES]
    if len(codes) > 1:
        for code in known:
            name = f"{entry.record}-{CLASSES[_CODES.index(code)]}"
            one = coded({code: 100.0})
            yield Entry(name, entry.patient, entry.path, entry.suffixes, one, _ONE_OF_SEVERAL, entry.age_years)


def _labels(folder: Path) -> dict[str, str]:
    """Return the labels by recording; none where there is no table of this corpus."""
    for table in sorted(folder.rglob(TABLE)):
        try:
            with table.open(newline="", encoding="utf-8-sig", errors="replace") as sheet:
                head, *rows = [*csv.reader(sheet)] or [[]]
        except (OSError, csv.Error) as error:
            raise _wrong(table, str(error)[:100]) from error
        if head[:1] != _HEAD[:1]:
            continue  # another corpus's
        if head != _HEAD:
            raise _wrong(table, f"columns {', '.join(head)[:80]}")
        found: dict[str, str] = {}
        for at, row in enumerate(rows, 2):
            numbers = [text for text in row[1:] if text]
            if len(row) != len(_HEAD) or not numbers or any(text not in _NUMBERS for text in numbers):
                raise _wrong(table, f"line {at}: {','.join(row)[:60]}")
            if row[0] in found:
                raise _wrong(table, f"line {at}: {row[0]} again")
            found[row[0]] = coded({_CODES[int(text) - 1]: 100.0 for text in numbers})
        return found
    return {}


_NUMBERS = tuple(str(at + 1) for at in range(len(CLASSES)))


def _wrong(table: Path, found: str) -> CorpusIncomplete:
    return CorpusIncomplete(
        f"{table} is not the table of CPSC 2018.",
        found=found,
        expected=f"{', '.join(_HEAD)}, labels from 1 to 9",
        remedy="einthoven download cpsc2018      says where to get it",
    )


def _read(entry: Entry) -> Record:
    suffix = "hea" if "hea" in entry.suffixes else "mat"
    return read(entry.path.with_name(f"{entry.path.name}.{suffix}"))


def _split(index: Index, rows: NDArray[Any], strata: NDArray[Any], seed: int, fold: int | None) -> Split:
    """Deal rows (bool [n]) to ten folds: fold k tests and the next validates; without a fold 75 : 15 : 10.

    Each record is in one part, and each stratum (number [n]) is dealt evenly.
    """
    records, first, member = np.unique(index.record, return_index=True, return_inverse=True)
    there = np.flatnonzero(rows[first])
    there = np.random.default_rng(seed).permutation(there)
    there = there[np.argsort(strata[first[there]], kind="stable")]
    dealt = np.arange(len(there))
    if fold is None:
        part = np.select([dealt % 20 < 2, dealt % 20 < 5], [2, 1], 0)
    else:
        part = np.select([dealt % N_FOLDS == fold, dealt % N_FOLDS == (fold + 1) % N_FOLDS], [2, 1], 0)
    which = np.full(len(records), -1)
    which[there] = part
    return Split(*(np.flatnonzero(which[member] == number) for number in range(3)))


def _rarest(index: Index) -> NDArray[Any]:
    """Return the class number of the rarest label of each window [n]."""
    truth = LABELS.targets(index.symbol)
    often = truth.sum(axis=0)
    return np.asarray(np.where(truth > 0, often, np.inf).argmin(axis=1))


def _split_clean(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    whole = index.group != _ONE_OF_SEVERAL
    return without_records(_split(index, whole, _rarest(index), seed, fold), np.isin(index.record, left_out))


def _split_paper(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    labels = LABELS_ONE.targets(index.symbol)
    return without_records(_split(index, labels >= 0, labels, seed, fold), np.isin(index.record, left_out))


CPSC2018 = Corpus(
    name="cpsc2018",
    title="China Physiological Signal Challenge 2018",
    version="1.0",
    address="http://2018.icbeb.org/Challenge.html",
    licence="open access",
    citation="Liu F et al. An open access database for evaluating the algorithms of electrocardiogram rhythm and morphology "
    "abnormality detection. J Med Imaging Health Inform 8:1368-1373, 2018",
    fs_hz=500.0,
    leads="the twelve standard leads",
    n_records=6_877,
    n_patients=None,
    n_beats=None,
    preparation=Preparation(SignalSpec(STANDARD, fs_hz=125.0, scaling="millivolt"), Tiles(30.0)),
    protocols={
        "clean": Protocol(
            name="clean",
            summary="recordings in ten folds, their rarest labels in proportion: one tests, the next validates",
            labels=LABELS,
            leaks=False,
            unit="patient",
            remark="The publisher does not identify patients: each recording counts as a patient. Its labels stay together.",
            without=(),
            declared_shared=(),
            split=_split_clean,
            n_folds=N_FOLDS,
        ),
        "paper": Protocol(
            name="paper",
            summary="one row for each label of a recording, rows in ten folds by their label: one tests, the next validates",
            labels=LABELS_ONE,
            leaks=True,
            unit="row",
            remark="LEAKS PATIENTS: a recording with several labels has a row for each, which may be in training and test set.",
            without=(),
            declared_shared=(),
            split=_split_paper,
            n_folds=N_FOLDS,
        ),
    },
    entries=_entries,
    read=_read,
    contains=("challenge-2021",),  # a copy: a model trained on one has seen the other
    skips_unreadable=True,
    obtained="The organisers distribute CPSC 2018: http://2018.icbeb.org/Challenge.html. Unpack TrainingSet1.zip, "
    "TrainingSet2.zip and TrainingSet3.zip into one folder (A0001.mat … A6877.mat) and put REFERENCE.csv beside them.",
)
