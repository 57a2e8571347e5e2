"""Measures stretches of real recordings, of noise and of signals that are no ECG, for bench/quality.py."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import wfdb

from einthoven.corpora.mitdb import DS1
from einthoven.signal import noise_stress, not_ecg, resample
from einthoven.signal.quality import interpolated
from einthoven.signal.quality_features import FS_HZ, Bands, measured

STRETCH = round(5 * FS_HZ)
NOISES, SNRS_DB = ("em", "ma", "bw"), (24, 12, 6, 0, -6, -12)
KNOWN_HZ = (100.0, 125.0, 128.0, 200.0, 250.0, 300.0, 360.0, 500.0, 1000.0)
_PER_CONDITION, _NOISY_S, _SYNTHETIC = 20, 120, 80
_READABLE, _UNREADABLE, _UNKNOWN = 1, 0, -1


@dataclass(frozen=True)
class Rows:
    """Measured stretches of one lead."""

    features: np.ndarray
    source: str
    record: str
    lead: int
    label: int
    weight: float
    snr_db: float = np.nan
    tests: bool = False


def lead_at(path: Path, at: int, signal: np.ndarray, fs_hz: float) -> np.ndarray:
    """A lead at 100 Hz with its gaps filled."""
    return resample.resample(interpolated(signal.astype(np.float64))[None], fs_hz, FS_HZ)[0]


def leads_of(path: Path) -> tuple[list[np.ndarray], list[str], float]:
    """All leads of a WFDB record at 100 Hz, their names, and the record's own rate."""
    record = wfdb.rdrecord(str(path.with_suffix("")))
    fs_hz = float(record.fs)
    return [lead_at(path, at, lead, fs_hz) for at, lead in enumerate(record.p_signal.T)], record.sig_name, fs_hz


def stretches(lead: np.ndarray, starts: np.ndarray | None = None) -> np.ndarray:
    """Measurements of the stretches of a lead, or of those that begin at some samples."""
    size = min(STRETCH, len(lead))
    if starts is None:
        starts = np.arange(0, max(1, len(lead) - size + 1), STRETCH)
    return measured(Bands.of(lead[None]), starts, size)[0]


def plain(path: Path, source: str, label: int, weight: float) -> Iterator[Rows]:
    """All leads of a record as they are."""
    for at, lead in enumerate(leads_of(path)[0]):
        yield Rows(stretches(lead), source, path.stem, at, label, weight)


def with_noise(path: Path, source: str, weight: float, noise: dict[str, np.ndarray]) -> Iterator[Rows]:
    """The leads of a record with annotated beats, as they are and with noise; stretches marked as noisy are left out."""
    leads, _, fs_hz = leads_of(path)
    marks = wfdb.rdann(str(path.with_suffix("")), "atr")
    beats = np.array(
        [at for at, symbol in zip(marks.sample, marks.symbol, strict=False) if symbol in "NLRejAaJSVEF/fQ"]
    )
    beats = np.rint(beats * FS_HZ / fs_hz).astype(int)
    rng = np.random.default_rng([int(path.stem), 7])
    for at, lead in enumerate(leads):
        starts = np.arange(0, len(lead) - STRETCH + 1, STRETCH)
        noisy = marked_noisy(marks, at, fs_hz, len(lead))
        is_marked = np.array([noisy[start : start + STRETCH].any() for start in starts])
        found = stretches(lead, starts)
        yield Rows(found[~is_marked], source, path.stem, at, _READABLE, weight)
        yield Rows(found[is_marked], f"{source}, marked noisy", path.stem, at, _UNKNOWN, 0)
        if source != "svdb" or int(path.stem) % 2 == 0:
            yield from disturbed(path, source, at, lead, beats, noise, rng)


def disturbed(path, source, at, lead, beats, noise, rng) -> Iterator[Rows]:
    height = noise_stress.qrs_amplitude_mv(lead[None], beats, FS_HZ)
    n = min(len(lead), round(_NOISY_S * FS_HZ), min(len(one) for rows in noise.values() for one in rows) // 2 - 1)
    for name in NOISES:
        for snr_db in SNRS_DB:
            for tests in (False, True):
                half = half_of(noise[name][rng.integers(2)], tests)
                begin, since = rng.integers(len(lead) - n + 1), rng.integers(len(half) - n)
                gain = noise_stress.gains(height, noise_stress.noise_rms_mv(half[None], FS_HZ), snr_db)[0]
                mixed = lead[begin : begin + n] + gain * half[since : since + n] * rng.choice([-1, 1])
                starts = np.arange(0, n - STRETCH + 1, STRETCH)
                starts = np.sort(rng.choice(starts, min(_PER_CONDITION, len(starts)), replace=False))
                label, weight = label_of(name, snr_db)
                yield Rows(stretches(mixed, starts), f"{source}, {name}", path.stem, at, label, weight, snr_db, tests)


def label_of(noise: str, snr_db: float) -> tuple[int, float]:
    """Whether a stretch with noise is readable, and its weight: at 6 dB nobody can say."""
    if snr_db >= 12 or (noise == "bw" and snr_db >= 0):
        return _READABLE, 1.0 if noise != "bw" else 0.5
    if noise == "bw":
        return (_UNREADABLE, 0.3) if snr_db <= -12 else (_UNKNOWN, 0.0)
    return (_UNREADABLE, 2.0) if snr_db <= 0 else (_UNKNOWN, 0.0)


def half_of(noise: np.ndarray, tests: bool) -> np.ndarray:
    """The first half of a noise trains, the second tests."""
    middle = len(noise) // 2
    return noise[middle:] if tests else noise[:middle]


def marked_noisy(marks, lead: int, fs_hz: float, n: int) -> np.ndarray:
    """Which samples at 100 Hz the annotators marked as noisy in a lead."""
    noisy, since, is_noisy = np.zeros(n, bool), 0, False
    for at, symbol, kind in zip(marks.sample, marks.symbol, marks.subtype, strict=False):
        if symbol == "~":
            at = int(at * FS_HZ / fs_hz)
            noisy[since:at] = is_noisy
            since, is_noisy = at, kind == -1 or bool(kind >> lead & 1) or bool(kind >> (lead + 4) & 1)
    noisy[since:] = is_noisy
    return noisy


def with_hum(path: Path) -> Iterator[Rows]:
    """Two leads with mains hum, which is no reason to call a stretch unreadable."""
    record = wfdb.rdrecord(str(path.with_suffix("")), sampto=None)
    rng, fs_hz = np.random.default_rng(len(path.stem) + record.sig_len), float(record.fs)
    t = np.arange(record.sig_len) / fs_hz
    for at in rng.choice(record.n_sig, 2, replace=False):
        hum = np.exp(rng.uniform(np.log(0.05), np.log(1.5))) * np.sin(2 * np.pi * rng.choice([50, 60]) * t)
        lead = lead_at(path, at, interpolated(record.p_signal[:, at]) + hum, fs_hz)[: round(30 * FS_HZ)]
        yield Rows(stretches(lead), "with mains hum", path.stem, int(at), _READABLE, 1.0)


def monitors(path: Path) -> Iterator[Rows]:
    """The last half minute of pulse, pressure and breathing of a monitor, which are no ECG, and its leads, which are."""
    leads, names, _ = leads_of(path)
    for at, (lead, name) in enumerate(zip(leads, names, strict=False)):
        is_ecg = name not in ("PLETH", "ABP", "RESP")
        source = "challenge-2015" if is_ecg else "pulse and pressure" if name != "RESP" else "breathing"
        if not is_ecg:
            lead = lead / max(float(lead.std()), 1e-9) * 0.3
        label, weight = (_UNKNOWN, 0.0) if is_ecg else (_UNREADABLE, 1.0)
        yield Rows(stretches(lead[-6 * STRETCH :]), source, path.stem, at, label, weight)


def made(number: int) -> Iterator[Rows]:
    """A signal of :data:`einthoven.signal.not_ecg.KINDS`."""
    rng = np.random.default_rng([number, 11])
    kind, fs_hz = list(not_ecg.KINDS)[number % len(not_ecg.KINDS)], rng.choice(KNOWN_HZ)
    signal = not_ecg.signal(kind, int(20 * fs_hz), fs_hz, rng)
    yield Rows(stretches(lead_at(Path(), 0, signal, fs_hz)), f"made: {kind}", str(number), 0, _UNREADABLE, 2.0)


def tasks(root: Path) -> list[tuple[Callable[..., Iterator[Rows]], tuple]]:
    """What is measured, from the folders under `root` that are there."""

    def files(name: str) -> list[Path]:
        return sorted((root / name).rglob("*.hea"))

    noise = {name: leads_of(root / "nstdb" / f"{name}.hea")[0] for name in NOISES}
    found: list[tuple[Callable[..., Iterator[Rows]], tuple]] = []
    found += [(with_noise, (file, "mitdb", 1.0, noise)) for file in files("mitdb") if file.stem in DS1]
    found += [(with_noise, (file, "svdb", 0.5, noise)) for file in files("svdb")]
    found += [(with_hum, (file,)) for file in [*files("ludb"), *(file for file in files("mitdb") if file.stem in DS1)]]
    found += [(plain, (file, "ludb", _READABLE, 1.0)) for file in files("ludb")]
    found += [
        (plain, (file, "ptb-xl", _READABLE, 0.5)) for file in sorted((root / "ptb-xl/records100").rglob("*.hea"))[::2]
    ]
    found += [(monitors, (file,)) for file in files("challenge-2015")]
    found += challenge_2011(root) + challenge_2017(root)
    return found + [(made, (number,)) for number in range(_SYNTHETIC * len(not_ecg.KINDS))]


def challenge_2011(root: Path) -> list:
    """The phone recordings that experts accepted or did not; of the others nobody says which lead is bad."""
    found = []
    for file in sorted((root / "challenge-2011").rglob("*.hea")):
        is_in = {
            word: file.stem in (file.parent / f"RECORDS-{word}").read_text().split()
            for word in ("acceptable", "unacceptable")
        }
        if is_in["acceptable"]:
            found.append((plain, (file, "challenge-2011, acceptable", _READABLE, 0.3)))
        elif is_in["unacceptable"]:
            found.append((plain, (file, "challenge-2011, unacceptable", _UNKNOWN, 0.0)))
    return found


def challenge_2017(root: Path) -> list:
    """All recordings that were called noise, and one in five of the others."""
    answers: dict[str, str] = {}
    for reference in (root / "challenge-2017").rglob("REFERENCE-v3.csv"):
        with reference.open() as file:
            answers = dict(csv.reader(file))
    found = []
    for file in sorted((root / "challenge-2017").rglob("A*.hea")):
        if answers[file.stem] == "~":
            found.append((plain, (file, "challenge-2017, noise", _UNREADABLE, 0.3)))
        elif int(file.stem[1:]) % 5 == 0:
            found.append((plain, (file, "challenge-2017, others", _READABLE, 0.5)))
    return found


def noise_alone(root: Path) -> Iterator[Rows]:
    """The noise without an ECG: ten minutes train, ten minutes test."""
    for name in NOISES:
        for at, lead in enumerate(leads_of(root / "nstdb" / f"{name}.hea")[0]):
            for tests in (False, True):
                half = half_of(lead, tests)
                yield Rows(stretches(half), f"{name} alone", name, at, _UNREADABLE, 3.0, tests=tests)
