"""Declare the QT Database: boundaries of P, QRS and T by hand, in about thirty beats of two leads read together.

Source: Laguna et al. 1997 (the database).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol, entries_of
from einthoven.corpora.labels import AAMI4_WIDE, WIDE_BEAT_SYMBOLS
from einthoven.corpora.split import Split
from einthoven.corpora.wave_marks import ALL_LEADS, WaveMarks, annotations_of, stretches_between
from einthoven.records import Annotations, Record, read
from einthoven.signal.boundaries import QRS, from_annotations
from einthoven.signal.preparation import Beats, Preparation, SignalSpec

ANNOTATOR = "q1c"
"""Suffix of the first annotator's boundaries."""
_BEATS = ("atr", "man", "pu")
"""Suffixes of annotations of beats: the original ones, those of the annotated beats, those of a program."""
_EVERY_BEAT = ("atr", "pu")
"""Suffixes of annotations that hold the beats without marked waves too."""
_SAME_S = 0.15
_KNOWN = {*"()pNtu", *WIDE_BEAT_SYMBOLS}
N_FOLDS = 5
_DIGITS = 3
_SHARED = {"mitdb": (100, 234), "svdb": (800, 894)}
"""Numbers of the records that were taken from other databases: sel100 is record 100 of MIT-BIH."""


def person_elsewhere(record: str) -> str:
    """Return the record of another database whose person, and recording, a record shares.

    Parameters
    ----------
    record : str
        Name of a record.

    Returns
    -------
    str
        As ``corpus/record``, such as ``mitdb/103`` for sel103 and ``svdb/803`` for sel803; empty where there is none.
    """
    number = record.removeprefix("sel")
    if number == record or len(number) != _DIGITS or not number.isdecimal():
        return ""
    return next((f"{corpus}/{number}" for corpus, (first, last) in _SHARED.items() if first <= int(number) <= last), "")


def _entries(folder: Path, fs_hz: float) -> Listing:
    names = sorted({path.stem for path in Path(folder).glob(f"*.{ANNOTATOR}")})
    return entries_of(
        folder, tuple(names) or ("sel100",), ("hea", "dat", ANNOTATOR), {}, "einthoven download qtdb --to DIR"
    )


def _read(entry: Entry) -> Record:
    return read(entry.path.with_name(f"{entry.path.name}.hea"), annotator=_first_there(entry.path, _BEATS))


def _first_there(path: Path, annotators: tuple[str, ...]) -> str:
    """Return the suffix of the first annotations that are there; those of the waves hold beats too."""
    return next((one for one in annotators if path.with_name(f"{path.name}.{one}").is_file()), ANNOTATOR)


def _beats(record: Record) -> tuple[NDArray[Any], NDArray[Any]]:
    if record.annotations is None:
        return np.zeros(0, np.int64), np.zeros(0, np.str_)
    return _beats_of(record.annotations)


def _beats_of(found: Annotations) -> tuple[NDArray[Any], NDArray[Any]]:
    symbols = np.array(found.symbols, np.str_)
    is_beat = np.isin(symbols, list(WIDE_BEAT_SYMBOLS))
    return found.samples[is_beat], symbols[is_beat]


def _marks(entry: Entry) -> WaveMarks:
    """Read the first annotator's waves; beats between them that have none divide the annotated stretches."""
    remarks: list[str] = []
    found = annotations_of(entry.path, ANNOTATOR, QTDB.fs_hz, remarks)
    waves = from_annotations(found.samples, found.symbols, QTDB.fs_hz)
    if unknown := sorted(set(found.symbols) - _KNOWN):
        remarks.append(f"annotations that are no part of a wave are ignored: {' '.join(unknown)}")
    beats_in = annotations_of(entry.path, _first_there(entry.path, _EVERY_BEAT), QTDB.fs_hz, remarks)
    beats = _beats_of(beats_in)[0] / QTDB.fs_hz
    marked = waves.of(QRS).peak_s
    skipped = np.array([beat for beat in beats if len(marked) and np.abs(marked - beat).min() > _SAME_S])
    return WaveMarks({ALL_LEADS: waves}, True, stretches_between(waves, skipped), tuple(remarks))


def _split_clean(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    none = np.zeros(0, np.int64)
    return Split(none, none, np.flatnonzero(~np.isin(index.record, left_out)))


def _split_folds(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    names, member = np.unique(index.record, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(names))[member] % N_FOLDS
    tested, kept = fold or 0, ~np.isin(index.record, left_out)
    test, validation = dealt == tested, dealt == (tested + 1) % N_FOLDS
    return Split(*(np.flatnonzero(part & kept) for part in (~test & ~validation, validation, test)))


def _protocol(name: str, summary: str, split: Any, n_folds: int = 0) -> Protocol:
    return Protocol(
        name=name,
        summary=summary,
        labels=AAMI4_WIDE,
        leaks=False,
        unit="patient",
        remark="Each record counts as a person. sel100 to sel233 are of MIT-BIH, sel803 to sel891 of its Supraventricular "
        "Arrhythmia Database. About thirty beats a record are annotated, in both leads together.",
        without=(),
        declared_shared=(),
        split=split,
        n_folds=n_folds,
    )


QTDB = Corpus(
    name="qtdb",
    title="QT Database",
    version="1.0.0",
    address="https://physionet.org/content/qtdb/1.0.0/",
    licence="ODC-By 1.0",
    citation="Laguna P et al. A database for evaluation of algorithms for measurement of QT and other waveform intervals in the "
    "ECG. Computers in Cardiology 24:673-676, 1997",
    fs_hz=250.0,
    leads="two a record, of which most have no name",
    n_records=105,
    n_patients=None,
    n_beats=None,
    preparation=Preparation(
        SignalSpec(("MLII|II|V5|ECG1|CM5|D3|ML5|V1|V2|CM2",), fs_hz=250.0), Beats(before_s=1.2, after_s=0.8)
    ),
    protocols={
        "clean": _protocol("clean", "Test only: all records are in the test set.", _split_clean),
        "folds": _protocol("folds", "five folds by record: one tests, the next validates", _split_folds, N_FOLDS),
    },
    entries=_entries,
    read=_read,
    beats=_beats,
    marks=_marks,
    person_elsewhere=person_elsewhere,
    files="https://physionet.org/files/qtdb/1.0.0/",
)
