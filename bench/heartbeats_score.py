"""Counts found, missed and invented beats of several detectors for bench/heartbeats.py."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from einthoven.corpora.mitdb import DS2, RECORDS
from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.inference.end_to_end import flutter
from einthoven.records import Record, read
from einthoven.signal import (
    detector,
    heartbeat_evidence,
    heartbeat_network,
    heartbeats,
    leads,
    noise_stress,
    resample,
)
from einthoven.signal.disturbances import Clean
from einthoven.signal.heartbeat_input import FS_HZ, scaled
from einthoven.signal.quality import interpolated
from heartbeats_data import BEATS, half_of

V = "VE"
_PATIENT = {"202": "201"}


NETWORK, TWO, THRESHOLDS, XQRS = "network, one lead", "network, two leads", "sleepecg", "wfdb xqrs"


def detections(signal: np.ndarray, fs_hz: float, with_xqrs: bool = False) -> dict[str, np.ndarray]:
    """The beats that each detector finds in leads [leads, samples]; the network's evidence is computed once."""
    leads_mv = signal[:2]
    at_128 = resample.resample(leads_mv.astype(np.float32), fs_hz, FS_HZ)
    evidence = heartbeat_network.evidence(scaled(at_128))
    found = {NETWORK: _beats(evidence[:1], leads_mv[:1], fs_hz)}
    if len(signal) > 1:
        found[TWO] = _beats(evidence, leads_mv, fs_hz)
    found[THRESHOLDS] = detector.find(signal[0], fs_hz)
    if with_xqrs:
        from wfdb.processing import xqrs_detect

        found[XQRS] = np.sort(xqrs_detect(signal[0].astype(np.float64), fs_hz, verbose=False)).astype(np.int64)
    return found


def _beats(evidence: np.ndarray, leads_mv: np.ndarray, fs_hz: float) -> np.ndarray:
    joined = heartbeat_evidence.joined(evidence)
    at = heartbeat_evidence.peaks(joined, heartbeat_evidence.last_clear(joined))
    return heartbeat_evidence.placed(at, evidence, 0, leads_mv, fs_hz)


@dataclass(frozen=True)
class Tape:
    """A record with annotated beats; the lead that is read alone comes first."""

    record: str
    signal: np.ndarray
    fs_hz: float
    beats: np.ndarray
    symbols: np.ndarray
    unscored: np.ndarray

    def first(self, length_s: float) -> "Tape":
        """The beginning of the record."""
        n = min(self.signal.shape[1], round(length_s * self.fs_hz))
        here = self.beats < n
        return Tape(self.record, self.signal[:, :n], self.fs_hz, self.beats[here], self.symbols[here], self.unscored)

    def with_noise(self, noise: np.ndarray, snr_db: float, seed: int) -> tuple["Tape", np.ndarray]:
        """The record with noise [leads, samples] in the periods of the noise stress test, and these periods."""
        names = tuple(f"lead{at}" for at in range(len(self.signal)))
        clean = Clean(self.signal.astype(np.float32), names, self.fs_hz, names, self.beats)
        made = noise_stress.with_noise(noise, snr_db, clean, np.random.default_rng([int(self.record), seed]))
        assert made is not None
        spans = noise_stress.periods(self.signal.shape[1], self.fs_hz)
        return Tape(self.record, made.signal_mv, self.fs_hz, self.beats, self.symbols, self.unscored), spans


@dataclass
class Counts:
    """Beats of each record: annotated, missed, invented, annotated V, missed V."""

    rows: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, tape: Tape, found: np.ndarray, tolerance_ms: float = 150.0, start: int = 0, spans=None) -> None:
        """Count one record from a sample on, or within spans only."""
        kept_true, kept_found = (_kept(at, tape.unscored, start, spans) for at in (tape.beats, found))
        true, symbols, found = tape.beats[kept_true], tape.symbols[kept_true], found[kept_found]
        matching = heartbeats.match(true, found, tape.fs_hz, tolerance_ms)
        is_v = np.isin(symbols, list(V))
        row = [len(true), len(matching.missed), len(matching.extra), is_v.sum(), is_v[matching.missed].sum()]
        self.rows[tape.record] = self.rows.get(tape.record, 0) + np.array(row)

    def of(self, records=None) -> np.ndarray:
        """Their sum."""
        return sum((row for name, row in self.rows.items() if records is None or name in records), np.zeros(5, int))

    def cells(self, records=None) -> list[str]:
        """Beats, missed, invented, sensitivity and positive predictivity with their intervals over patients, missed V."""
        chosen = [name for name in self.rows if records is None or name in records]
        rows = np.stack([self.rows[name] for name in chosen])
        weights = draw_weights(np.array([_PATIENT.get(name, name) for name in chosen]), 1000, 0).astype(float)
        n, missed, extra, n_v, missed_v = rows.sum(axis=0)
        drawn = weights @ rows
        sensitivity = interval(_share(n - missed, n), _share(drawn[:, 0] - drawn[:, 1], drawn[:, 0]))
        found, found_drawn = n - missed, drawn[:, 0] - drawn[:, 1]
        predictivity = interval(_share(found, found + extra), _share(found_drawn, found_drawn + drawn[:, 2]))
        shares = [
            f"{100 * one.value:.3f} ({100 * one.low:.2f} to {100 * one.high:.2f})"
            for one in (sensitivity, predictivity)
        ]
        return [f"{n:,}", f"{missed:,}", f"{extra:,}", *shares, f"{missed_v:,} of {n_v:,}" if n_v else "–"]


def _share(part, whole):
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)


def _kept(at: np.ndarray, unscored: np.ndarray, start: int, spans) -> np.ndarray:
    kept = at >= start
    for first, last in unscored:
        kept &= (at < first) | (at > last)
    if spans is not None:
        kept &= np.any([(at >= first) & (at < last) for first, last in spans], axis=0)
    return kept


def tape_of(record: Record, wishes: tuple[str, ...] = ()) -> Tape:
    """A record read with its annotations."""
    signal = np.stack([interpolated(lead) for lead in record.signal_mv])
    if wishes:
        (first,), _ = leads.select(record.signal_mv, record.leads, wishes)
        same = next(at for at, lead in enumerate(record.signal_mv) if np.array_equal(lead, first, equal_nan=True))
        signal = np.concatenate((signal[same : same + 1], np.delete(signal, same, axis=0)))
    marks = record.annotations
    symbols = np.array(marks.symbols if marks else (), np.str_)
    is_beat = np.isin(symbols, BEATS)
    beats = marks.samples[is_beat] if marks else np.zeros(0, np.int64)
    return Tape(record.name, signal, record.fs_hz, beats, symbols[is_beat], flutter(record))


def mitdb(root: Path, names=RECORDS) -> Iterator[Tape]:
    """The records of MIT-BIH, MLII first (V5 in 102 and 104)."""
    for name in names:
        yield tape_of(read(root / "mitdb" / f"{name}.hea", annotator="atr"), ("MLII|II|V5",))


def ds2(root: Path) -> list[Tape]:
    """The records of DS2."""
    return list(mitdb(root, DS2))


def noise_of(root: Path, name: str, fs_hz: float) -> np.ndarray:
    """The half of a noise of nstdb [leads, samples] that trained nothing."""
    record = read(root / "nstdb" / f"{name}.hea")
    return resample.resample(half_of(record.signal_mv.astype(np.float64), tests=True), record.fs_hz, fs_hz)
