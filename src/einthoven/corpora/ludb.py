"""Declare the Lobachevsky University Database: boundaries of P, QRS and T in each of twelve leads.

Source: Kalyakulina et al. 2020 (the database).
"""

import csv
from pathlib import Path

import numpy as np

from einthoven.corpora.corpus import Corpus, Entry, Index, Listing, Protocol, entries_of
from einthoven.corpora.labels import LabelSet
from einthoven.corpora.split import Split
from einthoven.corpora.wave_marks import WaveMarks, annotations_of
from einthoven.errors import CorpusIncomplete
from einthoven.records import Record, read
from einthoven.signal.boundaries import from_annotations
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles

_TABLE, _DATA, _REMEDY = "ludb.csv", "data", "einthoven download ludb --to DIR"
_NEEDED = ("ID", "Age", "Rhythms")
_RHYTHMS = {
    "Sinus rhythm": "SR",
    "Sinus bradycardia": "SB",
    "Sinus tachycardia": "ST",
    "Sinus arrhythmia": "SA",
    "Irregular sinus rhythm": "SA",
    "Atrial fibrillation": "AF",
    "Atrial flutter, typical": "AFL",
}
_MEANINGS = (
    "sinus rhythm",
    "sinus bradycardia",
    "sinus tachycardia",
    "sinus arrhythmia",
    "atrial fibrillation",
    "atrial flutter",
)
RHYTHMS = LabelSet(
    "rhythms of LUDB", ("SR", "SB", "ST", "SA", "AF", "AFL"), _MEANINGS, {one: (one,) for one in _RHYTHMS.values()}
)
WITHOUT_P = ("AF", "AFL")
"""Rhythms without P waves."""
FOLDS = tuple(
    tuple(names.split())
    for names in (
        "5 11 12 23 26 31 32 35 39 55 57 61 63 70 77 83 85 90 91 99 113 115 121 132 134 137 141 143 151 159 162 167 172 173 "
        "180 182 185 186 195 196",
        "3 4 14 24 45 50 54 56 59 64 65 69 73 75 76 79 80 81 94 97 98 103 107 108 109 112 117 119 120 135 138 139 145 146 156 "
        "160 165 175 197 200",
        "7 10 13 15 21 25 27 30 38 41 42 46 49 51 52 58 60 72 74 78 82 89 95 105 106 118 122 126 128 129 130 136 152 161 164 "
        "168 177 179 184 194",
        "1 2 6 8 17 18 19 20 22 28 36 40 47 67 71 84 86 88 92 96 100 101 102 104 111 123 124 131 140 142 149 153 155 157 169 "
        "171 188 190 192 193",
        "9 16 29 33 34 37 43 44 48 53 62 66 68 87 93 110 114 116 125 127 133 144 147 148 150 154 158 163 166 170 174 176 178 "
        "181 183 187 189 191 198 199",
    )
)
"""Records of the five folds: rhythms and pacing in proportion, drawn once."""


def _entries(folder: Path, fs_hz: float) -> Listing:
    table = Path(folder) / _TABLE
    rows = _rows(table)
    suffixes = ("hea", "dat", *(lead.lower() for lead in STANDARD))
    listing = entries_of(Path(folder) / _DATA, tuple(rows), suffixes, {}, _REMEDY)
    return Listing(
        Entry(entry.record, entry.patient, entry.path, entry.suffixes, *rows[entry.record]) for entry in listing
    )


def _rows(table: Path) -> dict[str, tuple[str, str, float]]:
    """Return rhythm, fold and age of each record of the publisher's table."""
    try:
        with table.open(newline="", encoding="utf-8", errors="replace") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise CorpusIncomplete(
            f"{table.parent} does not hold the whole corpus.",
            found=f"{_TABLE}: {error.strerror}",
            expected=f"{_TABLE}, and a folder {_DATA} with the records",
            remedy=_REMEDY,
        ) from error
    if not rows or any(name not in rows[0] for name in _NEEDED):
        raise CorpusIncomplete(
            f"{table} is not the table of LUDB.",
            found=f"columns {', '.join(map(str, rows[0]))[:80]}" if rows else "no row",
            expected=f"columns {', '.join(_NEEDED)}",
            remedy=_REMEDY,
        )
    found = {}
    for row in rows:
        name, age, rhythm = (str(row[column] or "").strip() for column in _NEEDED)
        fold = next((str(at) for at, names in enumerate(FOLDS) if name in names), "")
        known = _RHYTHMS.get((rhythm.splitlines() or [""])[0].strip(), "other")
        found[name] = (known, fold, float(age.strip(">")) if age.strip(">").isdigit() else float("nan"))
    return found


def _read(entry: Entry) -> Record:
    return read(entry.path.with_name(f"{entry.path.name}.hea"))


def _marks(entry: Entry) -> WaveMarks:
    by_lead, n_open, remarks = {}, 0, list[str]()
    for lead in STANDARD:
        found = annotations_of(entry.path, lead.lower(), LUDB.fs_hz, remarks)
        by_lead[lead] = from_annotations(found.samples, found.symbols, LUDB.fs_hz)
        n_open += int(np.isnan(by_lead[lead].onset_s).sum() + np.isnan(by_lead[lead].offset_s).sum())
    if n_open:
        remarks.append(f"{n_open} boundaries without a partner are not scored")
    return WaveMarks(by_lead, entry.codes not in WITHOUT_P, remarks=tuple(remarks))


def _split(index: Index, seed: int, left_out: tuple[str, ...], fold: int | None) -> Split:
    """Test one fold (the first, if none is stated), validate on the next, train on the other three."""
    tested = fold or 0
    kept, there = ~np.isin(index.record, left_out), np.char.str_len(index.group.astype(str)) > 0
    test = index.group == str(tested)
    validation = index.group == str((tested + 1) % len(FOLDS))
    parts = there & ~test & ~validation, validation, test
    return Split(*(np.flatnonzero(part & kept) for part in parts))


LUDB = Corpus(
    name="ludb",
    title="Lobachevsky University Electrocardiography Database",
    version="1.0.1",
    address="https://physionet.org/content/ludb/1.0.1/",
    licence="ODC-By 1.0",
    citation="Kalyakulina AI et al. LUDB: a new open-access validation tool for electrocardiogram delineation algorithms. "
    "IEEE Access 8:186181-186190, 2020",
    fs_hz=500.0,
    leads="the twelve standard leads",
    n_records=200,
    n_patients=200,
    n_beats=None,
    preparation=Preparation(SignalSpec(STANDARD, fs_hz=250.0), Tiles(10.0)),
    protocols={
        "clean": Protocol(
            name="clean",
            summary="five fixed folds by person, rhythms and pacing in proportion: one tests, the next validates",
            labels=RHYTHMS,
            leaks=False,
            unit="patient",
            remark="One recording a person. Waves were marked in each lead, from about 1.3 s to 8.6 s of ten.",
            without=(),
            declared_shared=(),
            split=_split,
            n_folds=len(FOLDS),
        )
    },
    entries=_entries,
    read=_read,
    marks=_marks,
    files="https://physionet.org/files/ludb/1.0.1/",
)
