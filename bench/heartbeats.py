"""Measures the heartbeat detector on every record of MIT-BIH, the EC57 way, and writes docs/results/heartbeats.md.

python bench/heartbeats.py DIR_OF_MITDB
"""

from pathlib import Path

import numpy as np
import sleepecg

from einthoven.corpora import CORPORA
from einthoven.errors import CorpusIncomplete
from einthoven.paths import written_aside
from einthoven.signal import heartbeats, leads, quality

_LEARNING_S = 300.0  # ANSI/AAMI EC57: the first five minutes are not scored
_WISHES = ("MLII|II|V5",)


def main(source: Path) -> None:
    """Detect, match, count, write."""
    corpus = CORPORA["mitdb"]
    rows, totals = [], {"whole": np.zeros(3, int), "EC57": np.zeros(3, int)}
    for entry in corpus.entries(source, corpus.fs_hz):
        record = corpus.read(entry)
        reference, _ = corpus.beats(record)
        (lead,), _ = leads.select(record.signal_mv, record.leads, _WISHES)
        found = heartbeats.find(quality.interpolated(lead), record.fs_hz)
        flutter = _flutter(record.annotations)
        counts = {}
        for name, start in (("EC57", _LEARNING_S * record.fs_hz), ("whole", 0)):
            true, said = (_scored(beats, start, flutter) for beats in (reference, found))
            matching = heartbeats.match(true, said, record.fs_hz)
            counts[name] = np.array([len(matching.pairs), len(matching.missed), len(matching.extra)])
            totals[name] += counts[name]
        rows.append((entry.record, counts["EC57"]))
    if not totals["whole"][:2].sum():
        raise CorpusIncomplete(
            f"{source} holds no annotated heartbeat.",
            found=f"{len(rows)} records without one",
            expected="the records of MIT-BIH with their .atr files",
            remedy=f"einthoven download mitdb --to {source}",
        )
    lines = [
        "# Heartbeats: sleepecg's detector on MIT-BIH",
        "",
        f"`python bench/heartbeats.py DIR_OF_MITDB` · sleepecg {sleepecg.__version__}, then the largest deflection within 60 ms; "
        "lead MLII (V5 in 102 and 104); a beat counts as found within 150 ms; ventricular flutter (207) is not scored.",
        "",
        "| scored | beats | found | missed | extra | sensitivity | positive predictivity |",
        "|---|---|---|---|---|---|---|",
        _row("48 records from 5:00 on (ANSI/AAMI EC57)", totals["EC57"]),
        _row("48 records, whole", totals["whole"]),
        "",
        "From 5:00 on, by record:",
        "",
        "| record | beats | found | missed | extra | sensitivity | positive predictivity |",
        "|---|---|---|---|---|---|---|",
        *[_row(name, counts) for name, counts in rows],
        "",
    ]
    with written_aside(Path(__file__).parents[1] / "docs" / "results" / "heartbeats.md") as aside:
        aside.write_text("\n".join(lines))
    print("\n".join(lines[4:8]))


def _flutter(annotations) -> list[tuple[int, int]]:
    at = annotations.samples
    starts = [int(at[n]) for n, symbol in enumerate(annotations.symbols) if symbol == "["]
    ends = [int(at[n]) for n, symbol in enumerate(annotations.symbols) if symbol == "]"]
    return list(zip(starts, ends, strict=True))


def _scored(beats: np.ndarray, start: float, flutter: list[tuple[int, int]]) -> np.ndarray:
    kept = beats >= start
    for first, last in flutter:
        kept &= (beats < first) | (beats > last)
    return beats[kept]


def _row(name: str, counts: np.ndarray) -> str:
    hit, missed, extra = (int(count) for count in counts)
    shares = [f"{hit / all_of:.4f}" if all_of else "–" for all_of in (hit + missed, hit + extra)]
    return f"| {name} | {hit + missed:,} | {hit:,} | {missed:,} | {extra:,} | {' | '.join(shares)} |"


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0])), __doc__, 1)
