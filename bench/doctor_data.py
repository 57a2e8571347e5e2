"""Typical beats of twelve-lead recordings, and the tempo of recordings read at wrong rates, for bench/doctor.py."""

import csv
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import einthoven
from einthoven.corpora.mitdb import DS1
from einthoven.errors import CorpusIncomplete, EinthovenError
from einthoven.records import Record
from einthoven.signal.excerpt import Excerpt, excerpts
from einthoven.signal.lead_swaps import INDEPENDENT
from einthoven.signal.leads import STANDARD, select
from einthoven.signal.limb_leads import breach, gain_of_first
from einthoven.signal.plausible import height_mv, tempo

RATES = (1.0, 2.0, 0.5)
"""Stated over true sampling rate."""
_SOURCES_2021 = {"CPSC2018": "CPSC 2018", "Ga": "Georgia", "Ningbo": "Ningbo", "PTB": "PTB"}
_EVERY_2017 = 8


@dataclass(frozen=True)
class Named:
    """A recording of a source; `person` is its patient where patients are known."""

    source: str
    person: str
    path: Path
    n_leads: int


def named(folder: Path) -> list[Named]:
    """The recordings to train and test on, in the publishers' layouts under one folder; none of DS2, none unacceptable."""
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(folder))
    found = [*_ptbxl(folder / "ptb-xl"), *_challenge2021(folder / "challenge-2021")]
    found += _listed("CPSC 2018", sorted((folder / "cpsc2018").rglob("A*.mat")), 12)
    found += _listed("LUDB", sorted((folder / "ludb" / "data").glob("*.hea")), 12)
    listed = folder / "challenge-2011" / "set-a" / "RECORDS-acceptable"
    names = sorted(set(listed.read_text().split())) if listed.exists() else []
    found += _listed("Challenge 2011", [listed.with_name(f"{name}.hea") for name in names], 12)
    children = sorted((folder / "zzu-pecg").rglob("*.hea"))
    found += [Named("ZZU-pECG", f"ZZU {path.parent.name}", path, 12) for path in children]
    found += _listed("Challenge 2017", sorted((folder / "challenge-2017").rglob("A*.hea"))[::_EVERY_2017], 1)
    found += _listed("MIT-BIH, DS1", [folder / "mitdb" / f"{name}.hea" for name in DS1], 2)
    return found + _listed("SVDB", sorted((folder / "svdb").glob("*.hea")), 2)


def _listed(source: str, paths: list[Path], n_leads: int) -> list[Named]:
    return [Named(source, f"{source} {path.stem}", path, n_leads) for path in paths if path.exists()]


def _ptbxl(folder: Path) -> list[Named]:
    table = folder / "ptbxl_database.csv"
    rows = list(csv.DictReader(table.open())) if table.exists() else []
    paths = [(row["patient_id"], folder / f"{row['filename_lr']}.hea") for row in rows]
    return [Named("PTB-XL", f"PTB-XL {patient}", path, 12) for patient, path in paths if path.exists()]


def _challenge2021(folder: Path) -> list[Named]:
    found = []
    for path in sorted(folder.glob("*/*.hea")):
        source = _SOURCES_2021.get(path.parent.name.split("_")[1])
        if source and "earlygain" not in path.parent.name:
            found.append(Named(source, f"{source} {path.stem}", path, 12))
    return found


@dataclass(frozen=True)
class Measured:
    """What is measured on each recording or piece of one.

    `beats` [n, 8, 120] and `beat_of` [n] belong to the twelve-lead recordings; `tempos` [m, features], `factor` [m],
    `height_mv` [m], `n_leads` [m] and `tempo_of` [m] to pieces at each stated rate. `*_of` are numbers in `records`.
    """

    records: list[Named]
    beats: np.ndarray
    beat_of: np.ndarray
    tempos: np.ndarray
    factor: np.ndarray
    height_mv: np.ndarray
    n_leads: np.ndarray
    tempo_of: np.ndarray


def measured(records: list[Named]) -> Measured:
    """Measure all recordings; those that cannot be read, or have no beats, are left out."""
    rng = np.random.default_rng(0)
    beats, beat_of, tempos = [], [], []
    for at, one in enumerate(records):
        try:
            record = einthoven.read(one.path)
        except EinthovenError as error:
            print(f"left out: {one.path}: {error.summary}")
            continue
        whole = _ordered(record) if one.n_leads == 12 else record
        for piece in excerpts(whole):
            if one.n_leads == 12:
                if piece.has_beats:
                    beats.append(mended(piece.typical.beat[[STANDARD.index(lead) for lead in INDEPENDENT]], piece))
                    beat_of.append(at)
                lead = int(rng.integers(12))
                pieces = (piece, Excerpt((piece.leads[lead],), piece.signal_mv[[lead]], piece.fs_hz))
            else:
                pieces = (piece, Excerpt(piece.leads[:1], piece.signal_mv[:1], piece.fs_hz))[-one.n_leads :]
            tempos += [(at, *row) for each in pieces for row in _at_rates(each)]
            if one.n_leads != 2:
                break
    if not beats:
        raise CorpusIncomplete(
            "The doctor cannot be trained.",
            found="no twelve-lead recording with beats",
            expected="a folder that holds ptb-xl, challenge-2021, ludb, … as their publishers lay them out",
            remedy="einthoven download ptb-xl --to DIR/ptb-xl",
        )
    tempo_of, factor, heights, n_leads, rows = zip(*tempos, strict=True)
    return Measured(
        records,
        np.stack(beats).astype(np.float32),
        np.array(beat_of),
        np.stack(rows),
        np.array(factor),
        np.array(heights),
        np.array(n_leads),
        np.array(tempo_of),
    )


def _ordered(record: Record) -> SimpleNamespace:
    signal, leads = select(record.signal_mv, record.leads, STANDARD)
    return SimpleNamespace(signal_mv=signal, fs_hz=record.fs_hz, leads=leads)


def mended(beat_mv: np.ndarray, piece: Excerpt) -> np.ndarray:
    """Correct the gains of leads I and II of LUDB, whose headers give each lead another: II = a * I + b * III."""
    broken = breach(piece.slow_mv, piece.leads)
    gain = gain_of_first(piece.slow_mv, piece.leads) if broken is not None and broken.by_gains else 1.0
    return np.concatenate((beat_mv[:1] * gain, beat_mv[1:]))


def _at_rates(piece: Excerpt) -> Iterator[tuple[float, float, int, np.ndarray]]:
    """Measure a piece as if its rate were the true one, twice and half of it."""
    for factor in RATES:
        stated = Excerpt(piece.leads, piece.signal_mv, piece.fs_hz * factor)
        if stated.has_rhythm:
            yield factor, height_mv(stated), len(piece.leads), tempo(stated)
