"""Scores heart rate, electrical axis and rhythm of the summary on LUDB, and writes docs/results/statements.md.

python bench/statements.py DIR_OF_LUDB [RECORDS]      RECORDS: how many of the 200, from the first
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import wfdb

import einthoven
from einthoven.interpretation.interpreter import Interpreter
from einthoven.paths import written_aside
from shares import share

RECORDS = range(1, 201)
_NEAR_BPM = 2.0
RHYTHMS = {"fibrillation": "atrial fibrillation", "flutter": "atrial flutter", "inus": "sinus rhythm"}
"""Word of LUDB's header, and the rhythm that it stands for; LUDB's sinus rhythms are slow, fast and irregular ones, too."""
SAID = {
    "sinus": "sinus rhythm",
    "sinus_bradycardia": "sinus rhythm",
    "sinus_tachycardia": "sinus rhythm",
    "fibrillation": "atrial fibrillation",
    "irregular_without_p": "atrial fibrillation",
    "flutter_or_fibrillation": "flutter or fibrillation",
}
"""Rhythm of each sentence that names one."""
_NAMED = {"A": "atrial fibrillation", "AFL": "atrial flutter"}
"""Rhythm of each class of the rhythm model that a sentence names throughout."""
AXES = ("axis_left", "axis_normal", "axis_right", "axis_extreme")
WORDS = ("left axis deviation", "horizontal", "normal", "vertical", "right axis deviation")
"""LUDB's words for the axis, from the left to the right."""


@dataclass(frozen=True)
class Row:
    """A record: what is annotated, and what the summary says."""

    rhythm: str
    paced: bool
    word: str
    rate: tuple[float, float]
    span_rate: float
    axis_class: tuple[str, str]
    axis_deg: tuple[float, float]
    said: str


def row_of(interpret: Interpreter, path: Path) -> Row:
    """Interpret a record beside its annotations."""
    found = interpret(einthoven.read(path.with_suffix(".hea")))
    told = dict(line.rstrip(".").split(": ", 1) for line in found.record.comments if ": " in line)
    codes = [one.code for one in found.statements]
    measured = found.delineation.intervals["QRS axis"].value if found.delineation else None
    by_hand = annotated_axis(path)
    return Row(
        rhythm=next((name for word, name in RHYTHMS.items() if word in told.get("Rhythm", "")), ""),
        paced=any("pacing" in line for line in found.record.comments),
        word=told.get("Electric axis of the heart", ""),
        rate=(annotated_rate(path), np.nan if found.rate is None else found.rate.mean),
        span_rate=rate_between(found.beats, complexes(path, "ii")[:, 1]),
        axis_class=(class_of(by_hand), next((code for code in codes if code in AXES), "not said")),
        axis_deg=(by_hand, np.nan if measured is None else measured),
        said=next((SAID[code] for code in codes if code in SAID), _other(codes, found)),
    )


def _other(codes: list[str], found: "einthoven.Interpretation") -> str:
    if "rhythm_throughout" in codes and found.rhythm is not None and found.rhythm.rhythms[0] in _NAMED:
        return _NAMED[found.rhythm.rhythms[0]]
    return "another rhythm" if "rhythm_throughout" in codes else "not named"


def complexes(path: Path, lead: str) -> np.ndarray:
    """Onset, peak and offset of each complex that is marked in a lead, sample numbers [n, 3]."""
    marks = wfdb.rdann(str(path), lead)
    at = [i for i, symbol in enumerate(marks.symbol) if symbol == "N" and 0 < i < len(marks.symbol) - 1]
    whole = [i for i in at if (marks.symbol[i - 1], marks.symbol[i + 1]) == ("(", ")")]
    return np.array([marks.sample[i - 1 : i + 2] for i in whole]).reshape(-1, 3)


def annotated_rate(path: Path) -> float:
    """Heart rate of the complexes that are marked in lead II."""
    peaks = complexes(path, "ii")[:, 1]
    return 60 * 500 / float(np.diff(peaks).mean()) if len(peaks) > 1 else np.nan


def rate_between(beats: np.ndarray, marked: np.ndarray) -> float:
    """Heart rate of the beats found from the first marked complex to the last one, 0.15 s around them."""
    if not len(marked):
        return np.nan
    inside = beats[(beats >= marked[0] - 75) & (beats <= marked[-1] + 75)]
    return 60 * 500 / float(np.diff(inside).mean()) if len(inside) > 1 else np.nan


def annotated_axis(path: Path) -> float:
    """Axis in degrees from the areas of the complexes that are marked in lead II.

    Each lead of LUDB has a gain of its own. Those of I and III are fitted so that II = I + III (Einthoven).
    """
    record = wfdb.rdrecord(str(path))
    rows = dict(zip((name.lower() for name in record.sig_name), np.asarray(record.p_signal).T, strict=True))
    one, two, three = (rows[name] - np.median(rows[name]) for name in ("i", "ii", "iii"))
    gains, *_ = np.linalg.lstsq(np.stack((one, three), axis=1), two, rcond=None)
    left, down = gains[0] * one, (gains[1] * three + two) / np.sqrt(3)
    areas = [
        [lead[on : off + 1].sum() - (off + 1 - on) * np.median(lead[max(0, on - 8) : on + 1]) for lead in (left, down)]
        for on, _, off in complexes(path, "ii")
    ]
    x, y = np.median(areas, axis=0) if areas else (np.nan, np.nan)
    return float(np.degrees(np.arctan2(y, x)))


def class_of(axis_deg: float) -> str:
    """Class of an axis (AHA/ACCF/HRS 2009): normal from -30 to 90 degrees."""
    if not np.isfinite(axis_deg):
        return "not said"
    if -30 <= axis_deg <= 90:
        return "axis_normal"
    return "axis_left" if -90 <= axis_deg < -30 else "axis_right" if axis_deg > 90 else "axis_extreme"


def told(hits: list[bool]) -> str:
    """Share of hits with its interval over draws of records."""
    found = share(np.array(hits, float), np.arange(len(hits)))
    n = f"{int(sum(hits))} of {found['n']}"
    return f"{found['value']:.1%} ({found['low']:.1%} to {found['high']:.1%}) | {n}"


def lines(rows: list[Row]) -> list[str]:
    """Return the page."""
    unpaced = [row for row in rows if not row.paced]
    with_axis = [row for row in rows if row.axis_class[0] != "not said"]
    near = [abs(row.rate[1] - row.rate[0]) <= _NEAR_BPM for row in rows]
    near_span = [abs(row.span_rate - row.rate[0]) <= _NEAR_BPM for row in rows]
    same_class = [row.axis_class[0] == row.axis_class[1] for row in with_axis]
    apart = np.array([abs((row.axis_deg[1] - row.axis_deg[0] + 180) % 360 - 180) for row in with_axis])
    return [
        "# Statements: heart rate, axis and rhythm of the summary on LUDB",
        "",
        f"`python bench/statements.py DIR_OF_LUDB` · the {len(rows)} records of LUDB 1.0.1 (twelve leads, 10 s, one of each "
        "person), each through `einthoven.interpret`. LUDB trained the delineator `waves-ludb`, whose waves decide here beside "
        "the rhythm model, the network that finds heartbeats, and the doctor: these are no figures for new people. The rhythm "
        "model was not trained on LUDB; the rules were revised with these records in sight. Intervals: 95 %, 1,000 draws of "
        "records. LUDB marks no complexes at the ends of a record, so its heart rate is that of fewer beats.",
        "",
        "| statement | right | n |",
        "|---|---|---|",
        f"| heart rate within {_NEAR_BPM:g}/min of that of the marked complexes | {told(near)} |",
        f"| the same, over the beats from the first marked complex to the last | {told(near_span)} |",
        f"| class of the axis (AHA 2009) as by the marked complexes | {told(same_class)} |",
        f"| rhythm: sinus, fibrillation or flutter; without a pacemaker | {told([row.said == row.rhythm for row in unpaced])} |",
        f"| the same, all records | {told([row.said == row.rhythm for row in rows])} |",
        "",
        f"The measured axis is {np.median(apart):.0f}° from that of the marked complexes in the median, and over 15° in "
        f"{int((apart > 15).sum())} records.",
        "",
        "## Rhythm",
        "",
        *_table([(row.rhythm + (", pacemaker" if row.paced else ""), row.said) for row in rows], "annotated"),
        "",
        '"Not named": the summary says that the rhythm is uncertain, that no P waves were '
        "found, or that the recording is too noisy. Or it names spikes of a pacemaker.",
        "",
        "## Axis",
        "",
        "Each lead of LUDB has a gain of its own: II = I + III does not hold as the files stand. The axis is measured after the "
        "gains of the limb leads were made to agree with that law, and so is the reference. LUDB's words for the axis are not "
        "those of the AHA, whose left axis deviation begins at -30°.",
        "",
        "| LUDB's word | records | measured axis: median (5th to 95th percentile) | stated as left | normal | right, extreme |",
        "|---|---|---|---|---|---|",
        *_by_word(rows),
        "",
    ]


def _by_word(rows: list[Row]) -> list[str]:
    page = []
    for word in WORDS:
        of_word = [row for row in rows if row.word == word]
        if of_word:
            low, middle, high = np.nanpercentile([row.axis_deg[1] for row in of_word], (5, 50, 95))
            stated = Counter(row.axis_class[1] for row in of_word)
            counts = (stated["axis_left"], stated["axis_normal"], stated["axis_right"] + stated["axis_extreme"])
            span = f"{middle:.0f}° ({low:.0f} to {high:.0f})"
            page.append(f"| {word} | {len(of_word)} | {span} | {' | '.join(map(str, counts))} |")
    return page


def _table(pairs: list[tuple[str, str]], head: str) -> list[str]:
    counts = Counter(pairs)
    columns = sorted({said for _, said in pairs})
    rows = [f"| {head} | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for true in sorted({true for true, _ in pairs}):
        rows.append(f"| {true} | {' | '.join(str(counts[true, said]) for said in columns)} |")
    return rows


def main(folder: Path, numbers: range) -> None:
    """Interpret, score and write."""
    interpret = Interpreter()
    page = lines([row_of(interpret, folder / "data" / str(number)) for number in numbers])
    with written_aside(Path(__file__).parents[1] / "docs" / "results" / "statements.md") as aside:
        aside.write_text("\n".join(page))
    print("\n".join(page))


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0]), RECORDS[: int(words[1])] if words[1:] else RECORDS), __doc__, 1)
