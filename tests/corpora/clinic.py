"""A user's corpus in a file, and its recordings, for tests."""

import csv

import numpy as np
import wfdb

from einthoven.corpora.own import corpus_in

FS_HZ = 250
GOOD = """
from einthoven.corpora.from_csv import corpus_from_csv

CORPUS = corpus_from_csv(
    name="clinic", classes={"SR": "sinus", "AF": "fibrillation"}, fs_hz=250, leads=["I", "II"], patient="patient",
    label="rhythm", window_s=2,
)
"""
HAND_WRITTEN = """
from dataclasses import replace
from einthoven.corpora.challenge2017 import CHALLENGE2017
from einthoven.corpora.corpus import Entry, Listing
from einthoven.corpora.from_csv import corpus_from_csv

BASE = corpus_from_csv(
    name="clinic", classes={"SR": "sinus", "AF": "fibrillation"}, fs_hz=250, leads=["I", "II"], patient="patient",
    label="rhythm", window_s=2,
)
CLEAN = BASE.protocols["clean"]

def entries(folder, fs_hz):
    found = list(BASE.entries(folder, fs_hz))
    return Listing(found)

CORPUS = replace(BASE, entries=entries)
"""


def write_records(folder, n=20, table="labels.csv", extra=(), **columns):
    """Recordings of two leads and 4 s, two of each patient, and their table."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(n):
        name = f"rec{number:02d}"
        layout = {"units": ["mV"] * 2, "sig_name": ["I", "II"], "fmt": ["16"] * 2}
        wfdb.wrsamp(name, fs=FS_HZ, p_signal=0.3 * rng.standard_normal((4 * FS_HZ, 2)), write_dir=str(folder), **layout)
        row = {"record": name, "patient": f"p{number // 2}", "rhythm": ("SR", "AF")[number // 2 % 2]}
        rows.append(row | {key: of(number) for key, of in columns.items()})
    write_table(folder / table, [*rows, *extra])
    return folder


def write_table(file, rows):
    with file.open("w", newline="") as sheet:
        table = csv.DictWriter(sheet, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def declared(folder, text=GOOD, *pairs):
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    file = folder / "mine.py"
    file.write_text(text)
    return file


def listed(file, folder):
    return corpus_in(file).entries(folder, 100.0)
