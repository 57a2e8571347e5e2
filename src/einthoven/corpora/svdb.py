"""Knows the MIT-BIH Supraventricular Arrhythmia Database: a test of models that were trained elsewhere.

Sources: Greenwald 1990 (the database), ANSI/AAMI EC57 (classes).
"""

from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol, entries_of
from einthoven.corpora.labels import AAMI4_WIDE, WIDE_BEAT_SYMBOLS
from einthoven.corpora.split import Split
from einthoven.records import Record, read
from einthoven.signal.preparation import Beats, Preparation, SignalSpec

STANDS_FOR = {"ECG1": "MLII", "ECG2": "V1"}
"""The publisher does not say which leads these are; they are taken for those of its sister, the Arrhythmia Database."""
_SUFFIXES = ("hea", "dat", "atr")


def _entries(folder: Path, fs_hz: float) -> Listing:
    names = sorted(
        {path.stem for path in Path(folder).glob("*.atr")} | {path.stem for path in Path(folder).glob("*.hea")}
    )
    remedy = "unpack svdb 1.0.0, or some whole records of it, then --from its folder (800.hea, 800.dat, 800.atr, …)"
    return entries_of(folder, tuple(names) or ("800",), _SUFFIXES, {}, remedy)


def _read(entry: Entry) -> Record:
    record = read(entry.path.with_name(entry.path.name + ".hea"), annotator="atr")
    stated = {name: lead for name, lead in STANDS_FOR.items() if name in record.leads}
    return record.with_leads(stated) if stated else record


def _beats(record: Record) -> tuple[np.ndarray, np.ndarray]:
    symbols = np.array(record.annotations.symbols)
    is_beat = np.isin(symbols, list(WIDE_BEAT_SYMBOLS))
    return record.annotations.samples[is_beat], symbols[is_beat]


def _split(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    counted = np.isin(index.symbol, list("".join(AAMI4_WIDE.symbols.values()))) & ~np.isin(index.record, left_out)
    nobody = np.zeros(0, np.int64)
    return Split(nobody, nobody, np.flatnonzero(counted))


SVDB = Corpus(
    name="svdb",
    title="MIT-BIH Supraventricular Arrhythmia Database",
    version="1.0.0",
    address="https://physionet.org/content/svdb/1.0.0/",
    licence="ODC-By 1.0",
    citation="Greenwald SD. Improved detection and classification of arrhythmias in noise-corrupted electrocardiograms "
    "using contextual information. PhD thesis, Harvard-MIT Division of Health Sciences and Technology, 1990",
    fs_hz=128.0,
    leads="ECG1 and ECG2, which the publisher does not explain; taken for MLII and V1",
    n_records=78,
    n_patients=None,
    n_beats=None,
    preparation=Preparation(SignalSpec(("MLII|II|V5",), fs_hz=128.0), Beats(before_s=1.2, after_s=0.8)),
    protocols={
        "clean": Protocol(
            name="clean",
            summary="every record tests; nobody trains",
            labels=AAMI4_WIDE,
            leaks=False,
            unit="patient",
            remark="The publisher does not tell patients apart: each record is taken for one. "
            "Nor does it say which leads ECG1 and ECG2 are: they are taken for MLII and V1.",
            without=(),
            declared_shared=(),
            split=_split,
        )
    },
    entries=_entries,
    read=_read,
    beats=_beats,
)
