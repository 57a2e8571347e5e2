"""Holds interpretations of records beside their annotations, and measures the page of 24 hours; writes docs/results/holter.md.

python bench/holter.py DIR      DIR: mitdb, in the publisher's layout
"""

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from einthoven import records
from einthoven.corpora.mitdb import RECORDS
from einthoven.interpretation.ectopy import PAUSE_S
from einthoven.interpretation.interpretation import Interpretation
from einthoven.interpretation.interpreter import Interpreter
from einthoven.records.record import Annotations, Record
from einthoven.report import interpretations, viewer
from sections import replace

PAGE = Path(__file__).parents[1] / "docs" / "results" / "holter.md"
WIDTHS = (1280, 390)
MLII_V1 = ("MLII", "V1")
SHOWN = ("201", "208", "232")
BEATS, VENTRICULAR = "NLRaVFJASEj/Q", "VE"
NEAR_S, N_DRAWS, HOURS, FS_HZ = 0.15, 1000, 24.0, 250.0


@dataclass
class Row:
    """One record: what is annotated and what was found."""

    name: str
    is_new: bool
    burden: tuple[float, float]
    episodes: str
    per_hour: tuple[float, float]
    couplets: tuple[int, int]
    runs: tuple[int, int]
    pauses: tuple[int, int, int]


def burden_of(notes: Annotations, n_samples: int) -> float:
    """The share of a record that is annotated as fibrillation."""
    begins = [(at, note) for at, note in zip(notes.samples, notes.notes, strict=True) if note.startswith("(")]
    ends = [at for at, _ in begins[1:]] + [n_samples]
    return sum(end - at for (at, note), end in zip(begins, ends, strict=True) if note.startswith("(AFIB")) / n_samples


def chains(is_ventricular: np.ndarray) -> tuple[int, int]:
    """The number of couplets and of runs of three or more."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_ventricular, [0]))))
    lengths = edges[1::2] - edges[::2]
    return int((lengths == 2).sum()), int((lengths > 2).sum())


def row_of(found: Interpretation) -> Row | None:
    """What a record shows, beside its annotations; None where its beats are declined."""
    record, ectopy = found.record, found.ectopy
    if ectopy is None or found.beat_answer is None:
        return None
    notes = record.annotations
    beats = np.array([symbol in BEATS for symbol in notes.symbols])
    at_s = notes.samples[beats] / record.fs_hz
    ventricular = np.array([symbol in VENTRICULAR for symbol in notes.symbols])[beats]
    hours = record.duration_s / 3600
    long_s = at_s[:-1][np.diff(at_s) > PAUSE_S]
    ours_s = np.array([pause.start_s for pause in ectopy.pauses])
    both = sum(bool(len(ours_s)) and np.abs(ours_s - one).min() < NEAR_S for one in long_s)
    parts = () if found.rhythm is None else found.rhythm.of("A")
    return Row(
        record.name,
        f"mitdb/{record.name}" not in found.beat_answer.card.patients,
        (burden_of(notes, record.signal_mv.shape[1]), found.af_burden or 0.0),
        ", ".join(f"{one.start_s:.0f}–{one.end_s:.0f} s" for one in parts),
        (ventricular.sum() / hours, ectopy.per_hour["V"]),
        (chains(ventricular)[0], len([pair for pair in ectopy.pairs if pair.beat == "V"])),
        (chains(ventricular)[1], len([run for run in ectopy.runs if run.beat == "V"])),
        (len(long_s), len(ours_s), both),
    )


def interval(values: np.ndarray, rng: np.random.Generator) -> str:
    """The median over records and its 95 % interval, records drawn again."""
    drawn = np.median(rng.choice(values, (N_DRAWS, len(values))), axis=1)
    return f"{np.median(values):.1f} ({np.quantile(drawn, 0.025):.1f} to {np.quantile(drawn, 0.975):.1f})"


def day(hours: float) -> Record:
    """Hours of two leads made of one beat over and over, with early wide beats, wander and noise."""
    rng = np.random.default_rng(0)
    time_s = np.arange(-0.3, 0.5, 1 / FS_HZ)
    shapes = [sum(h * np.exp(-0.5 * ((time_s - m) / w) ** 2) for m, w, h in waves) for waves in _WAVES]
    signal = np.zeros((2, round(hours * 3600 * FS_HZ)), np.float32)
    at_s = 1.0
    while at_s < hours * 3600 - 1:
        is_early = rng.random() < 0.02
        at_s += 0.85 * (0.55 if is_early else 1 + 0.03 * rng.standard_normal())
        first = round((at_s - 0.3) * FS_HZ)
        shape = shapes[is_early]
        signal[:, first : first + len(shape)] += np.outer((1.0, -0.6), shape)[:, : signal.shape[1] - first]
        at_s += 0.3 * is_early
    signal += 0.1 * np.sin(np.arange(signal.shape[1], dtype=np.float32) / FS_HZ * 1.5)
    signal += 0.02 * rng.standard_normal(signal.shape, np.float32)
    return Record("day", signal, FS_HZ, MLII_V1)


_WAVES = (
    ((-0.16, 0.022, 0.12), (-0.026, 0.009, -0.1), (0.0, 0.012, 1.1), (0.03, 0.012, -0.2), (0.28, 0.05, 0.3)),
    ((0.0, 0.045, 1.6), (0.28, 0.06, -0.5)),
)


def opened(page: Path) -> list[float]:
    """Seconds until the viewer of a page has drawn and jumped to an event, by width; none without playwright and Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if browser is None:
        return []
    lasted = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for width in WIDTHS:
            shown = chromium.new_page(viewport={"width": width, "height": 800})
            begin = time.perf_counter()
            shown.goto(page.as_uri(), wait_until="commit")
            shown.wait_for_selector('[data-ready="yes"]')
            shown.click('[data-part="next"]:not([disabled])')
            lasted.append(time.perf_counter() - begin)
        chromium.close()
    return lasted


def beside_annotations(folder: Path, names: tuple[str, ...]) -> list[str]:
    """The lines on records of MIT-BIH."""
    interpret, rows, declined = Interpreter(), [], []
    for name in names:
        row = row_of(interpret(records.read(folder / f"{name}.hea", annotator="atr")))
        print(name, row, flush=True)
        if row is None:
            declined.append(name)
        else:
            rows.append(row)
    rng = np.random.default_rng(0)
    new = [row for row in rows if row.is_new]
    lines = [
        f"Half an hour of two leads each; {len(rows)} records, {len(new)} of them new to the beat model"
        f" (“new”); declined: {', '.join(declined) or 'none'}. Annotated / found.",
        "",
        "| record | new | fibrillation, % of the time | its episodes | V an hour | couplets of V | runs of V | pauses over 2 s "
        "| in both |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.name in SHOWN:
            burden = " / ".join(f"{100 * one:.1f}" for one in row.burden)
            per_hour = " / ".join(f"{one:,.0f}" for one in row.per_hour)
            pairs, runs = (" / ".join(map(str, pair)) for pair in (row.couplets, row.runs))
            lines.append(
                f"| {row.name} | {'yes' if row.is_new else 'no'} | {burden} | {row.episodes} | {per_hour} | {pairs} | {runs} "
                f"| {row.pauses[0]} / {row.pauses[1]} | {row.pauses[2]} |"
            )
    for words, chosen in (("all", rows), ("new", new)):
        if chosen:
            af = np.array([100 * abs(row.burden[0] - row.burden[1]) for row in chosen])
            v = np.array([abs(row.per_hour[0] - row.per_hour[1]) for row in chosen])
            theirs, ours, both = (sum(row.pauses[at] for row in chosen) for at in range(3))
            lines += [
                "",
                f"Over {words} {len(chosen)} records, median and 95 % interval (records drawn {N_DRAWS:,} times). The burden of"
                f" fibrillation is off by {interval(af, rng)} points, at most {af.max():.1f}. V an hour is off by"
                f" {interval(v, rng)}, at most {v.max():.0f}."
                f" Of {theirs} annotated pauses {both} were found; {ours} were listed.",
            ]
    return lines


def page_of(hours: float) -> list[str]:
    """The lines on the page of a day."""
    begin = time.process_time()
    found = Interpreter()(day(hours))
    answered = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "day.html"
        interpretations.write([found], {}, page)
        written = time.process_time()
        seconds = opened(page)
        size = page.stat().st_size
    told = [f"{one:.1f} s" for one in seconds] or ["not measured"] * len(WIDTHS)
    form = viewer.form_of(found, viewer.MOST_BYTES)
    assert form is not None
    spent = f"{answered - begin:.0f} s | {written - answered:.1f} s"
    return [
        f"Generated: {hours:g} h of two leads at {FS_HZ:g} Hz, {len(found.beats):,} beats. {viewer.words_of(form, MLII_V1)}",
        "",
        "| interpret, CPU | write the page, CPU | size of the page | until it is drawn and has jumped to an event, 1280 px wide "
        "| 390 px |",
        "|---|---|---|---|---|",
        f"| {spent} | {size / 1e6:.1f} MB (bar 15) | {told[0]} (bar 2 s) | {told[1]} |",
    ]


def main(words: list[str]) -> None:
    """Writes the page, each part when it is known; fewer records and hours where they are stated."""
    names = RECORDS[: int(words[1])] if words[1:] else RECORDS
    head = [
        "# Holter reports beside annotations",
        "",
        f"`python bench/holter.py DIR` · Python {sys.version.split()[0]}",
    ]
    found = beside_annotations(Path(words[0]), names)
    replace("", head, PAGE)
    replace("Records of MIT-BIH", ["", *found], PAGE)
    replace("A page of 24 hours", ["", *page_of(float(words[2]) if words[2:] else HOURS)], PAGE)


if __name__ == "__main__":
    from command import run

    run(main, __doc__, 1)
