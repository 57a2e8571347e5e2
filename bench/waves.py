"""Measures PR, QRS and QT intervals beside cardiologists' annotations of LUDB, and writes docs/results/waves.md.

python bench/waves.py DIR_OF_LUDB [RECORDS]      RECORDS: how many of the 200, from the first
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import wfdb

import einthoven
from einthoven.paths import written_aside
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles, prepare
from einthoven.signal.waves import WAVE_NAMES

PREPARED = Preparation(SignalSpec(STANDARD, 100.0, scaling="millivolt"), Tiles(10.0), ("signal", "beat", "waves"))
"""As the model of PTB-XL sees a recording: 100 Hz, typical beats, what is measured on them."""
RECORDS = range(1, 201)
_FEW_LEADS, _FEW_BEATS = 6, 0.6
"""A P wave is asked for where so many leads show one ahead of so many of their beats."""
_FIRST, _LAST = 0.2, 0.8
"""A wave of all leads begins where it has started in a fifth of them, and ends where it has ended in four fifths."""


def errors(folder: Path, numbers: Iterable[int]) -> dict[str, np.ndarray]:
    """What is measured less what was annotated, in ms, for each interval [records that have it]."""
    found: dict[str, list[float]] = {"PR": [], "QRS": [], "QT": []}
    columns = [WAVE_NAMES.index(name) for name in ("PR interval", "QRS duration", "QT interval")]
    for number in numbers:
        path = folder / "data" / str(number)
        record = einthoven.read(path.with_suffix(".hea"))
        features = prepare(record, PREPARED).features
        measured = dict(zip(found, features[0, columns].astype(float), strict=True))
        for name, wanted in annotated(path, record.fs_hz).items():
            if np.isfinite(wanted):
                found[name].append(1000 * (measured[name] - wanted))
    return {name: np.array(values) for name, values in found.items()}


def annotated(path: Path, fs_hz: float) -> dict[str, float]:
    """Intervals in s by the annotations of all leads; NaN where there are too few."""
    bounds = [_of_lead(path, lead.lower(), fs_hz) for lead in STANDARD]
    p_onset, onset, offset, t_offset, has_p = np.array(bounds).T
    first = np.nanquantile(onset, _FIRST)
    shown = np.sum(has_p > _FEW_BEATS) >= _FEW_LEADS
    return {
        "PR": first - np.nanquantile(p_onset, _FIRST) if shown else np.nan,
        "QRS": np.nanquantile(offset, _LAST) - first,
        "QT": np.nanquantile(t_offset, _LAST) - first if np.isfinite(t_offset).any() else np.nan,
    }


def _of_lead(path: Path, lead: str, fs_hz: float) -> tuple[float, ...]:
    """Of a lead, from its R peaks: median P onset, QRS onset and offset, T offset; and the share of beats with a P wave."""
    marks = wfdb.rdann(str(path), lead)
    rows: list[tuple[str, float, float, float]] = []
    for at, symbol in enumerate(marks.symbol):
        if symbol in "pNt":
            around = [
                marks.sample[i] if 0 <= i < len(marks.sample) and marks.symbol[i] == bound else np.nan
                for i, bound in ((at - 1, "("), (at + 1, ")"))
            ]
            rows.append((symbol, around[0] / fs_hz, marks.sample[at] / fs_hz, around[1] / fs_hz))
    beats = [at for at, row in enumerate(rows) if row[0] == "N"]
    found = np.full((max(1, len(beats)), 4), np.nan)
    for out, at in zip(found, beats, strict=False):
        _, onset, peak, offset = rows[at]
        out[1:3] = onset - peak, offset - peak
        if at and rows[at - 1][0] == "p":
            out[0] = rows[at - 1][1] - peak
        if at + 1 < len(rows) and rows[at + 1][0] == "t":
            out[3] = rows[at + 1][3] - peak
    medians = [float(np.nanmedian(column)) if np.isfinite(column).any() else np.nan for column in found.T]
    return (*medians, float(np.isfinite(found[:, 0]).mean()))


def main(folder: Path, numbers: range) -> None:
    """Measure and write."""
    found = errors(folder, numbers)
    lines = [
        "# Waves: PR, QRS and QT beside cardiologists' annotations",
        "",
        f"`python bench/waves.py DIR_OF_LUDB` · the {len(numbers)} records of LUDB 1.0.1 (twelve leads, 10 s), prepared as for the "
        "model of PTB-XL. That is at 100 Hz, 0.5 to 40 Hz, on the typical beat. Annotated is each lead; of all leads a wave begins "
        "where it has started in a fifth of them and ends where it has ended in four fifths. How still a complex has ended, and "
        "how the end of a T wave is found, were settled with these records in sight.",
        "",
        "| interval | records | median error | mean and SD | within 20 ms of the median error | within 40 ms |",
        "|---|---|---|---|---|---|",
    ]
    for name, values in found.items():
        off = np.abs(values - np.median(values))
        lines.append(
            f"| {name} | {len(values)} | {np.median(values):+.0f} ms | {values.mean():+.0f} ± {values.std():.0f} ms | "
            f"{(off <= 20).mean():.0%} | {(off <= 40).mean():.0%} |"
        )
    lines += [
        "",
        "A complex looks shorter below 40 Hz than on paper; a T wave ends here where the tangent of its descent meets the level "
        "behind it. These measurements stand among what a model sees; they are not printed as a diagnosis.",
        "",
    ]
    with written_aside(Path(__file__).parents[1] / "docs" / "results" / "waves.md") as aside:
        aside.write_text("\n".join(lines))
    print("\n".join(lines[4:]))


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0]), RECORDS[: int(words[1])] if words[1:] else RECORDS), __doc__, 1)
