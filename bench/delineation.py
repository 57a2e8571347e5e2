"""Measures boundaries, intervals and speed of the delineator, and writes docs/results/delineation.md.

python bench/delineation.py DIR [STUDY] [RECORDS]      DIR: holds ludb; STUDY: of einthoven study delineation; RECORDS: of a fold

Without them studies/delineation, and all records. NeuroKit2 (dwt, prominence) and openecg stand beside where they are
installed; their waves are scored by the same code.
"""

import importlib.util
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import einthoven
from einthoven.corpora.corpus import Entry
from einthoven.corpora.ludb import FOLDS, LUDB
from einthoven.evaluation.intervals import draw_weights, interval
from einthoven.inference.delineator import Delineator
from einthoven.inference.predictor import load
from einthoven.inference.wave_scoring import ByLead, by_model, compared, metrics_of
from einthoven.paths import written_aside
from einthoven.report import wave_scores, wave_study
from einthoven.signal.boundaries import QRS, P, T, waves_from
from einthoven.signal.delineation import Decoding, of_all_leads
from einthoven.signal.intervals import of_beats
from einthoven.studies.delineation import bundle_of

PAGE = Path(__file__).parents[1] / "docs" / "results" / "delineation.md"
INTERVALS = ("PR", "QRS", "QT")
_DRAWS = 1000
_OF_EACH_FOLD = 2
"""Records of each fold that other programs delineate: NeuroKit2 takes seconds a record."""


def errors(entries: list[list[Entry]], study: Path) -> dict[str, np.ndarray]:
    """Medians that are measured less those of LUDB's annotations, ms; each record by the net that did not see it."""
    found: dict[str, list[float]] = {name: [] for name in INTERVALS}
    for fold, records in enumerate(entries):
        if not records:
            continue
        delineator = Delineator(load(bundle_of(study, "delineator", fold)))
        for entry in records:
            record = LUDB.read(entry)
            measured = delineator(record).intervals
            for name, wanted_ms in annotated(entry).items():
                ours = measured[name].value
                if np.isfinite(wanted_ms) and ours is not None:
                    found[name].append(ours - wanted_ms)
    return {name: np.array(values) for name, values in found.items()}


def annotated(entry: Entry) -> dict[str, float]:
    """Medians of the intervals by the annotations of all leads, ms; each wave of all leads by the rule that ours follow."""
    assert LUDB.marks is not None
    leads = list(LUDB.marks(entry).by_lead.values())
    beats = of_beats(of_all_leads(max(leads, key=len), leads, Decoding(first=0.2, last=0.8)))
    known = {name: beats[name.lower()][np.isfinite(beats[name.lower()])] for name in INTERVALS}
    return {name: float(np.median(values)) if len(values) else np.nan for name, values in known.items()}


def rows_of_intervals(found: dict[str, np.ndarray]) -> Iterator[str]:
    """Mean and standard deviation of each interval's error, with intervals over records."""
    for name, values in found.items():
        drawn = draw_weights(np.arange(len(values)), _DRAWS, 0)
        mean = interval(float(values.mean()), drawn @ values / len(values))
        squares = np.sqrt(np.maximum(drawn @ values**2 / len(values) - (drawn @ values / len(values)) ** 2, 0))
        sd = interval(float(values.std()), squares)
        cells = (f"{one.value:+.1f} ({one.low:+.1f} to {one.high:+.1f})" for one in (mean,))
        spread = f"{sd.value:.1f} ({sd.low:.1f} to {sd.high:.1f})"
        yield f"| {name} | {len(values)} | {np.median(values):+.1f} | {next(cells)} | {spread} |"


def speeds(study: Path) -> list[str]:
    """Processor seconds for ten seconds of twelve leads, and for thirty minutes of two, after the first call."""
    delineator, rng = Delineator(load(bundle_of(study, "delineator", 0))), np.random.default_rng(0)
    lines = []
    for n_leads, seconds, times in ((12, 10, 5), (2, 1800, 1)):
        names = einthoven.signal.leads.STANDARD[:n_leads]
        at_s = np.arange(500 * seconds) / 500
        beat = np.exp(-0.5 * (((at_s % 0.8) - 0.4) / 0.012) ** 2) + 0.3 * np.exp(
            -0.5 * (((at_s % 0.8) - 0.68) / 0.05) ** 2
        )
        signal = beat + 0.01 * rng.standard_normal((n_leads, len(at_s)))
        record = einthoven.Record("made", signal.astype(np.float32), 500.0, names)
        delineator(record)
        taken = []
        for _ in range(times):
            started = time.process_time()
            delineator(record)
            taken.append(time.process_time() - started)
        lines.append(f"| {n_leads} leads, {seconds:,} s, 500 Hz | {np.median(taken):.3f} s |")
    return lines


def rivals() -> dict[str, Callable[[Entry], ByLead]]:
    """What delineates a record with another program, by its name, for those that are installed."""
    found: dict[str, Callable[[Entry], ByLead]] = {}
    if importlib.util.find_spec("neurokit2"):
        found |= {
            f"NeuroKit2 {method}": lambda entry, method=method: _neurokit(entry, method)
            for method in ("dwt", "prominence")
        }
    if importlib.util.find_spec("openecg"):
        found["openecg"] = _openecg
    return found


def _ours(entries: list[list[Entry]], study: Path) -> Callable[[Entry], ByLead]:
    """What delineates each lead by itself with the net of the fold that did not see the record."""
    nets = {
        entry.record: by_model(Delineator(load(bundle_of(study, "delineator", fold))), LUDB, alone=True)
        for fold, records in enumerate(entries)
        for entry in records
    }
    return lambda entry: nets[entry.record](entry)


def _neurokit(entry: Entry, method: str) -> ByLead:
    import neurokit2

    record = LUDB.read(entry)
    by_lead = {}
    for lead, signal in zip(record.leads, record.signal_mv, strict=True):
        try:
            clean = neurokit2.ecg_clean(signal.astype(float), sampling_rate=int(record.fs_hz))
            _, peaks = neurokit2.ecg_peaks(clean, sampling_rate=int(record.fs_hz))
            _, marks = neurokit2.ecg_delineate(clean, peaks["ECG_R_Peaks"], int(record.fs_hz), method=method)
        except Exception:  # it fails on leads with few beats: no wave is found there
            by_lead[lead] = waves_from(())
            continue
        rows = []
        for kind, name in enumerate("PRT"):
            # Its lists can differ in length: onsets and offsets are scored apart.
            for ends_of_one in itertools.zip_longest(
                *(marks[f"ECG_{name}_{end}"] for end in ("Onsets", "Offsets")), fillvalue=np.nan
            ):
                times = np.array(ends_of_one, float) / record.fs_hz
                if np.isfinite(times).any():
                    rows.append((kind, times[0], float(np.nanmean(times)), times[1]))
        by_lead[lead] = waves_from(rows)
    return by_lead


def _openecg(entry: Entry) -> ByLead:
    """By the codec that it bundles; it was trained on all but 41 records of LUDB."""
    import openecg

    model, kinds = openecg.load_codec_onnx(), {1: P, 2: QRS, 3: T}  # paced complexes have a number of their own
    record, by_lead = LUDB.read(entry), {}
    for lead, signal in zip(record.leads, record.signal_mv, strict=True):
        codec = openecg.encode(signal.astype(float), fs=int(record.fs_hz), model=model)
        rows = [
            (kinds.get(number, QRS), start / record.fs_hz, (start + stop) / 2 / record.fs_hz, (stop - 1) / record.fs_hz)
            for start, stop, number in codec.events("frame", drop_class=0)
        ]
        by_lead[lead] = waves_from(rows)
    return by_lead


def main(folder: Path, study: Path, n_records: int | None) -> None:
    """Measure and write."""
    listing = LUDB.entries(folder / "ludb", 250.0)
    entries = [[entry for entry in listing if entry.record in names][:n_records] for names in FOLDS]
    every = [entry for records in entries for entry in records]
    results: dict[str, Any] = json.loads((study / "results.json").read_text())
    lines = [
        "# Delineation: boundaries of P, QRS and T, and the intervals between them",
        "",
        "`einthoven study delineation --from DIR --out STUDY`, then `python bench/delineation.py DIR STUDY`.",
        "",
        *(f"{line}\n" for line in results["remarks"]),
        _row(results["columns"]),
        _row(["---"] * len(results["columns"])),
        *map(_row, results["rows"]),
        "",
    ]
    for name, kinds in results["scores"].items():
        for how, found in kinds.items():
            if isinstance(found, dict):
                lines += [f"## {name}, {how}", "", wave_scores.title(found) + ".", "", *_tables(found)]
    lines += [
        "## Intervals beside LUDB's annotations",
        "",
        f"Medians of {len(every)} records, each by the network of the fold that did not see it, less those of the annotations of "
        "all leads. By the annotations a wave of all leads starts where it has started in a fifth of the leads, and ends where it "
        "has ended in four fifths. By the network it starts in a twentieth and ends in nineteen twentieths: people's marks differ "
        "more from lead to lead. These shares were chosen on a part of these records. 95 % intervals over records.",
        "",
        "| interval | records | median error, ms | mean, ms | SD, ms |",
        "|---|---|---|---|---|",
        *rows_of_intervals(errors(entries, study)),
        "",
    ]
    others = rivals()
    if others:
        few = [records[:_OF_EACH_FOLD] for records in entries]
        told = (
            f"{sum(map(len, few))} records, the first of each fold. openecg was trained on all but 41 records of LUDB."
        )
        lines += ["## Other programs on LUDB, each lead by itself, 150 ms", "", told, ""]
        lines += _rivals(
            {"delineator (fold nets)": _ours(few, study)} | others, [one for records in few for one in records]
        )
    lines += [
        "## Speed",
        "",
        "Processor time of one core, after the first call.",
        "",
        "| recording | time |",
        "|---|---|",
    ]
    lines += [*speeds(study), ""]
    with written_aside(PAGE) as aside:
        aside.write_text("\n".join(lines))
    print("\n".join(lines))


def _rivals(others: dict[str, Callable[[Entry], ByLead]], every: list[Entry]) -> list[str]:
    scores = {
        name: {"one lead": metrics_of(name, LUDB, LUDB.protocol("clean"), compared(LUDB, every, waves_in), ())}
        for name, waves_in in others.items()
    }
    told = wave_study.table(scores, "clean", False)
    rows = told["rows"][: len(others)]
    return [_row(told["columns"]), _row(["---"] * len(told["columns"])), *map(_row, rows), ""]


def _tables(found: dict[str, Any]) -> list[str]:
    lines = []
    for part in ("boundaries", "narrow"):
        lines += [_row(wave_scores.COLUMNS), _row(["---"] * len(wave_scores.COLUMNS))]
        lines += [*map(_row, wave_scores.rows(found[part])), ""]
    return lines


def _row(values: Any) -> str:
    return "| " + " | ".join(map(str, values)) + " |"


if __name__ == "__main__":
    from command import run

    run(
        lambda words: main(
            Path(words[0]), Path(words[1] if words[1:] else "studies/delineation"), int(words[2]) if words[2:] else None
        ),
        __doc__,
        1,
    )
