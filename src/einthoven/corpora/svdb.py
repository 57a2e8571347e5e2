"""Declare the MIT-BIH Supraventricular Arrhythmia Database: a test set for models trained on other corpora.

Sources: Greenwald 1990 (the database), ANSI/AAMI EC57 (classes).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol, entries_of
from einthoven.corpora.labels import AAMI4_WIDE, WIDE_BEAT_SYMBOLS
from einthoven.corpora.split import Split
from einthoven.records import Record, read
from einthoven.signal.preparation import Beats, Preparation, SignalSpec

STANDS_FOR = {"ECG1": "MLII", "ECG2": "V1"}
"""The publisher does not name the leads; they are assumed to be those of the MIT-BIH Arrhythmia Database."""
_SUFFIXES = ("hea", "dat", "atr")


def _entries(folder: Path, fs_hz: float) -> Listing:
    names = sorted(
        {path.stem for path in Path(folder).glob("*.atr")} | {path.stem for path in Path(folder).glob("*.hea")}
    )
    remedy = "einthoven download svdb --to DIR"
    return entries_of(folder, tuple(names) or ("800",), _SUFFIXES, {}, remedy)


def _read(entry: Entry) -> Record:
    record = read(entry.path.with_name(entry.path.name + ".hea"), annotator="atr")
    stated = {name: lead for name, lead in STANDS_FOR.items() if name in record.leads}
    return record.with_leads(stated) if stated else record


def _beats(record: Record) -> tuple[NDArray[Any], NDArray[Any]]:
    if record.annotations is None:
        return np.zeros(0, np.int64), np.zeros(0, np.str_)
    symbols = np.array(record.annotations.symbols)
    is_beat = np.isin(symbols, list(WIDE_BEAT_SYMBOLS))
    return record.annotations.samples[is_beat], symbols[is_beat]


def _split(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    counted = np.isin(index.symbol, AAMI4_WIDE.all_symbols) & ~np.isin(index.record, left_out)
    none = np.zeros(0, np.int64)
    return Split(none, none, np.flatnonzero(counted))


SVDB = Corpus(
    name="svdb",
    title="MIT-BIH Supraventricular Arrhythmia Database",
    version="1.0.0",
    address="https://physionet.org/content/svdb/1.0.0/",
    licence="ODC-By 1.0",
    citation="Greenwald SD. Improved detection and classification of arrhythmias in noise-corrupted electrocardiograms "
    "using contextual information. PhD thesis, Harvard-MIT Division of Health Sciences and Technology, 1990",
    fs_hz=128.0,
    leads="ECG1 and ECG2, not named further by the publisher; taken for MLII and V1",
    n_records=78,
    n_patients=None,
    n_beats=None,
    preparation=Preparation(SignalSpec(("MLII|II|V5",), fs_hz=128.0), Beats(before_s=1.2, after_s=0.8)),
    protocols={
        "clean": Protocol(
            name="clean",
            summary="Test only: all records are in the test set.",
            labels=AAMI4_WIDE,
            leaks=False,
            unit="patient",
            remark="The publisher does not identify patients: each record counts as a patient. "
            "Nor does it name the leads ECG1 and ECG2: they are taken for MLII and V1.",
            without=(),
            declared_shared=(),
            split=_split,
        )
    },
    entries=_entries,
    read=_read,
    beats=_beats,
    files="https://physionet.org/files/svdb/1.0.0/",
)
