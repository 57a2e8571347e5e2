"""Declare the MIT-BIH Arrhythmia Database: records, patients, beats and protocols.

Sources: Moody and Mark 2001 (the database), de Chazal, O'Dwyer and Reilly 2004 (DS1 and DS2), ANSI/AAMI EC57 (classes).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol, entries_of
from einthoven.corpora.labels import AAMI4, AAMI5, BEAT_SYMBOLS, LabelSet
from einthoven.corpora.split import Split, stratified
from einthoven.records import Record, read
from einthoven.signal.preparation import Beats, Preparation, SignalSpec

RECORDS = (
    "100",
    "101",
    "102",
    "103",
    "104",
    "105",
    "106",
    "107",
    "108",
    "109",
    "111",
    "112",
    "113",
    "114",
    "115",
    "116",
    "117",
    "118",
    "119",
    "121",
    "122",
    "123",
    "124",
    "200",
    "201",
    "202",
    "203",
    "205",
    "207",
    "208",
    "209",
    "210",
    "212",
    "213",
    "214",
    "215",
    "217",
    "219",
    "220",
    "221",
    "222",
    "223",
    "228",
    "230",
    "231",
    "232",
    "233",
    "234",
)
DS1 = (
    "101",
    "106",
    "108",
    "109",
    "112",
    "114",
    "115",
    "116",
    "118",
    "119",
    "122",
    "124",
    "201",
    "203",
    "205",
    "207",
    "208",
    "209",
    "215",
    "220",
    "223",
    "230",
)
DS2 = (
    "100",
    "103",
    "105",
    "111",
    "113",
    "117",
    "121",
    "123",
    "200",
    "202",
    "210",
    "212",
    "213",
    "214",
    "219",
    "221",
    "222",
    "228",
    "231",
    "232",
    "233",
    "234",
)
PACED = ("102", "104", "107", "217")
VALIDATION = ("114", "118", "124", "205", "223")
"""Patients of DS1 that choose the epoch: each of the classes N, S, V, F occurs, and no record dominates one."""
_N_FOLDS = 6
_SECOND_RECORD = "202"
_PATIENT_OF = {_SECOND_RECORD: "201"}  # the same patient, on the same tape


def _entries(folder: Path, fs_hz: float) -> Listing:
    remedy = "einthoven download mitdb --to DIR"
    return entries_of(folder, RECORDS, ("hea", "dat", "atr"), _PATIENT_OF, remedy)


def _read(entry: Entry) -> Record:
    return read(entry.path.with_name(entry.path.name + ".hea"), annotator="atr")


def _beats(record: Record) -> tuple[NDArray[Any], NDArray[Any]]:
    if record.annotations is None:
        return np.zeros(0, np.int64), np.zeros(0, np.str_)
    symbols = np.array(record.annotations.symbols)
    is_beat = np.isin(symbols, list(BEAT_SYMBOLS))
    return record.annotations.samples[is_beat], symbols[is_beat]


_ECTOPIC = [symbol for name in "SVF" for symbol in AAMI4.symbols[name]]


def _of_windows(record: Record, starts: NDArray[Any], length: int) -> NDArray[Any]:
    """Return which consecutive windows hold a S, V or F beat; nothing for one that overlaps the window before it."""
    samples, symbols = _beats(record)
    ectopic = np.sort(samples[np.isin(symbols, _ECTOPIC)])
    found = np.searchsorted(ectopic, starts + length) > np.searchsorted(ectopic, starts)
    apart = np.diff(starts, prepend=starts[:1] - length) >= length
    return np.where(apart, np.where(found, *ECTOPY.classes[::-1]), "")


def _split_paper(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    labels = AAMI5.targets(index.symbol)
    rest, test = stratified(labels, 0.2, seed)
    train, validation = stratified(labels[rest], 0.1, seed + 1)
    # Drawn over all beats and thinned afterwards: excluding records must not move another beat into another part.
    kept = ~np.isin(index.record, left_out)
    return Split(*(part[kept[part]] for part in (rest[train], rest[validation], test)))


def _split_clean(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    kept = ~np.isin(index.record, left_out)
    validation = np.isin(index.record, VALIDATION if fold is None else DS1[fold::_N_FOLDS])
    train = np.isin(index.record, DS1) & ~validation
    test = np.isin(index.record, DS2)
    return Split(*(np.flatnonzero(part & kept) for part in (train, validation, test)))


def _split_clean_without_202(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    return _split_clean(index, seed, (*left_out, _SECOND_RECORD), fold)


COMMON = {"N": 75, "S": 75, "V": 75, "F": 13, "Q": 7}
"""Number of common training beats of each class (Jiang and Kong 2007, IEEE Trans Neural Netw 18:1750): 245 in all."""
TESTED_ALONE = tuple(name for name in RECORDS if name >= "200" and name not in PACED)
_COMMON_FROM = tuple(name for name in RECORDS if name < "200" and name not in PACED)
_FIRST_S = 300.0


def _split_patient_specific(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    """Train on common beats and the first five minutes of one record (a fifth validates), and test on the rest of it."""
    if fold is None:
        return Split(*(np.zeros(0, np.int64),) * 3)
    rng = np.random.default_rng(seed)
    labels = AAMI5.targets(index.symbol)
    shared = np.isin(index.record, _COMMON_FROM) & ~np.isin(index.record, left_out)
    chosen = []
    for name, count in COMMON.items():
        there = rng.permutation(np.flatnonzero(shared & (labels == AAMI5.classes.index(name))))
        chosen.append(there[:count])
    own = (index.record == TESTED_ALONE[fold]) & (labels >= 0)
    early = index.position < _FIRST_S * MITDB.fs_hz
    learned = np.sort(np.concatenate((*chosen, np.flatnonzero(own & early))))
    train, validation = stratified(labels[learned], 0.2, seed + 1)
    return Split(learned[train], learned[validation], np.flatnonzero(own & ~early))


NLRAV = LabelSet(
    "MIT-BIH, five symbols",
    tuple("NLRAV"),
    (
        "normal",
        "left bundle branch block",
        "right bundle branch block",
        "atrial premature",
        "premature ventricular contraction",
    ),
    {name: name for name in "NLRAV"},
)
ECTOPY = LabelSet(
    "MIT-BIH, any ectopic beat in a window",
    ("none", "ectopy"),
    ("no S, V or F beat", "a S, V or F beat"),
    {name: (name,) for name in ("none", "ectopy")},
    by_window=True,
)
"""For consecutive windows."""
PROTOCOLS = {
    "clean": Protocol(
        name="clean",
        summary="DS1 trains and validates, DS2 tests (de Chazal 2004); paced records are excluded",
        labels=AAMI4,
        leaks=False,
        unit="patient",
        remark="Records 201 (DS1) and 202 (DS2) are the same patient, so the field's standard split shares one patient. "
        "Protocol clean_without_202 excludes record 202.",
        without=PACED,
        declared_shared=("201",),
        split=_split_clean,
        n_folds=_N_FOLDS,
    ),
    "clean_without_202": Protocol(
        name="clean_without_202",
        summary="as clean, without record 202: no patient is in two parts",
        labels=AAMI4,
        leaks=False,
        unit="patient",
        remark="Record 202 is excluded: it is the same patient as record 201, which trains.",
        without=(*PACED, _SECOND_RECORD),
        declared_shared=(),
        split=_split_clean_without_202,
        n_folds=_N_FOLDS,
    ),
    "paper": Protocol(
        name="paper",
        summary="a stratified random 80/20 split of all beats",
        labels=AAMI5,
        leaks=True,
        unit="beat",
        remark="LEAKS PATIENTS: beats of the same person are in training and test set; no estimate for new patients.",
        without=(),
        declared_shared=(),
        split=_split_paper,
    ),
    "patient_specific": Protocol(
        name="patient_specific",
        summary="245 common beats and the first five minutes of a record train, the rest of it tests; 24 folds, one a record",
        labels=AAMI5,
        leaks=True,
        unit="beat",
        remark="LEAKS PATIENTS by design: each model is trained on the first five minutes of the person it is tested on.",
        without=PACED,
        declared_shared=(),
        split=_split_patient_specific,
        n_folds=len(TESTED_ALONE),
    ),
}

MITDB = Corpus(
    name="mitdb",
    title="MIT-BIH Arrhythmia Database",
    version="1.0.0",
    address="https://physionet.org/content/mitdb/1.0.0/",
    licence="ODC-By 1.0",
    citation="Moody GB, Mark RG. The impact of the MIT-BIH Arrhythmia Database. IEEE Eng Med Biol 20(3):45-50, 2001",
    fs_hz=360.0,
    leads="MLII and V1 mostly; V2, V4 or V5 in some",
    n_records=48,
    n_patients=47,
    n_beats=109_494,
    preparation=Preparation(SignalSpec(("MLII|II|V5", "V1|V5|V2|V4"), fs_hz=180.0), Beats(before_s=1.2, after_s=0.8)),
    protocols=PROTOCOLS,
    entries=_entries,
    read=_read,
    beats=_beats,
    of_windows=_of_windows,
    label_sets={"nlrav": NLRAV, "ectopy": ECTOPY},
    files="https://physionet.org/files/mitdb/1.0.0/",
)
