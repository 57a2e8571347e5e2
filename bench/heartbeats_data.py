"""Reads the leads and beats that train, choose and test the heartbeat network."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import wfdb

from einthoven.corpora.mitdb import DS1, PACED
from einthoven.signal import resample
from einthoven.signal.heartbeat_input import FS_HZ
from einthoven.signal.quality import interpolated

BEATS = tuple("NLRBAaJSVrFejnE/fQ?")
WIDE = tuple("VEF/f")
HELD_OUT = ("201", "203", "208")
"""Records of DS1 that train nothing: 201 is the patient of 202 in DS2; 203 and 208 are reported by themselves."""
CHOOSES = ("114", "124", "205", "217")
SVDB_EVERY = 4
"""Every fourth record of svdb tests; of the others every sixth chooses."""
QTDB_ALONE = ("sel3", "sel14", "sel15", "sel16", "sel17")
"""Records of qtdb that are in neither mitdb nor svdb."""
_MARGIN_S = 0.3


@dataclass(frozen=True)
class Lead:
    """Leads of one record at 128 Hz with their beats, and where the beats are known."""

    corpus: str
    record: str
    signal: np.ndarray  # [leads, samples], mV
    beats: np.ndarray  # sample numbers, not rounded
    wide: np.ndarray  # whether each is a wide beat
    unknown: list = field(default_factory=list)  # [(first, last)], samples


def signal_of(path: Path) -> tuple[np.ndarray, float]:
    """Leads [leads, samples] in mV without NaN, and their rate."""
    record = wfdb.rdrecord(str(path.with_suffix("")))
    return np.stack([interpolated(lead.astype(np.float64)) for lead in record.p_signal.T]), float(record.fs)


def lead_of(path: Path, corpus: str, annotator: str = "atr") -> Lead:
    """A record with beats over its whole length."""
    signal, fs_hz = signal_of(path)
    marks = wfdb.rdann(str(path.with_suffix("")), annotator)
    symbols = np.array(marks.symbol)
    factor = FS_HZ / fs_hz
    is_beat = np.isin(symbols, BEATS)
    starts, ends = (marks.sample[symbols == symbol] * factor for symbol in "[]")
    unknown = [(first - 32, last + 32) for first, last in zip(starts, ends, strict=False)]
    at_128 = resample.resample(signal, fs_hz, FS_HZ).astype(np.float32)
    return Lead(corpus, path.stem, at_128, marks.sample[is_beat] * factor, np.isin(symbols[is_beat], WIDE), unknown)


def ludb_leads(path: Path) -> list[Lead]:
    """The leads of a record of LUDB; beyond the annotated stretch nothing is known."""
    signal, fs_hz = signal_of(path)
    names = wfdb.rdheader(str(path.with_suffix(""))).sig_name
    factor, found = FS_HZ / fs_hz, []
    at_128 = resample.resample(signal, fs_hz, FS_HZ).astype(np.float32)
    for row, name in zip(at_128, names, strict=True):
        marks = wfdb.rdann(str(path.with_suffix("")), name.lower())
        beats = marks.sample[np.array(marks.symbol) == "N"] * factor
        if not len(beats):
            continue
        edges = (beats[0] - _MARGIN_S * FS_HZ, beats[-1] + _MARGIN_S * FS_HZ)
        unknown = [(0, edges[0]), (edges[1], len(row))]
        found.append(Lead("ludb", path.stem, row[None], beats, np.zeros(len(beats), bool), unknown))
    return found


def parts(root: Path) -> dict[str, list[Lead]]:
    """What trains and what chooses."""
    train, choose = [], []
    for name in (*DS1, *PACED):
        if name not in HELD_OUT:
            (choose if name in CHOOSES else train).append(lead_of(root / "mitdb" / name, "mitdb"))
    for at, path in enumerate(svdb_paths(root, tests=False)):
        (choose if at % 6 == 3 else train).append(lead_of(path, "svdb"))
    for path in sorted((root / "qtdb").glob("*.hea")):
        if path.stem.startswith(QTDB_ALONE):
            train.append(lead_of(path, "qtdb"))
    for path in sorted((root / "ludb" / "data").glob("*.hea")):
        (choose if int(path.stem) % 10 == 0 else train).extend(ludb_leads(path))
    return {"train": train, "choose": choose}


def noises(root: Path) -> dict[str, np.ndarray]:
    """The first half of each recorded noise [leads, samples] at 128 Hz, for training."""
    found = {}
    for name in ("em", "ma", "bw"):
        signal, fs_hz = signal_of(root / "nstdb" / name)
        found[name] = resample.resample(half_of(signal, tests=False), fs_hz, FS_HZ)
    return found


def half_of(noise: np.ndarray, tests: bool) -> np.ndarray:
    """The first half of a noise [leads, samples] trains, the second tests."""
    middle = noise.shape[1] // 2
    return noise[:, middle:] if tests else noise[:, :middle]


def svdb_paths(root: Path, tests: bool) -> list[Path]:
    """Records of svdb that test, or that do not."""
    paths = sorted((root / "svdb").glob("*.hea"))
    return [path for at, path in enumerate(paths) if (at % SVDB_EVERY == 1) == tests]
