"""Measures start-up, reading, preparing and answering, and writes the beginning of docs/results/speed.md.

python bench/speed.py DIR_OF_MITDB [RUNS]
"""

import functools
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import wfdb

import einthoven
import sections
from einthoven.corpora import CORPORA
from einthoven.paths import ASSETS
from einthoven.records import read

MODEL = "mitbih-cnn-lstm-mlii"
EINTHOVEN = [sys.executable, "-m", "einthoven.cli.main"]
RUNS = 5


def process(words: list[str], runs: int, environment: dict | None = None) -> str:
    """Median and range of a whole process, start-up of Python included."""
    spent = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True, env=environment)
        spent.append(time.perf_counter() - started)
    return f"{statistics.median(spent):.2f} s ({min(spent):.2f} to {max(spent):.2f})"


def in_turns(ours, theirs, runs: int) -> tuple[float, float, float]:
    """Medians of both, and of the ratio theirs / ours over the turns."""
    turns = []
    for _ in range(runs):
        spent = []
        for action in (ours, theirs):
            started = time.perf_counter()
            action()
            spent.append(time.perf_counter() - started)
        turns.append(spent)
    mine, other = (statistics.median(column) for column in zip(*turns, strict=True))
    return mine, other, statistics.median(b / a for a, b in turns)


def main(source: Path, runs: int) -> None:
    """Measure and write."""
    names = [entry.path for entry in CORPORA["mitdb"].entries(source, CORPORA["mitdb"].fs_hz)]
    with tempfile.TemporaryDirectory() as aside:
        out = str(Path(aside) / "answer.json")
        predict = [*EINTHOVEN, "predict", MODEL, str(source / "208.hea"), "--out", out]
        prepare = [*EINTHOVEN, "prepare", "mitdb", "--from", str(source)]
        fresh = [os.environ | {"EINTHOVEN_HOME": str(Path(aside) / f"home{turn}")} for turn in range(min(3, runs))]
        rows = [("`einthoven --help`", process([*EINTHOVEN, "--help"], runs), "0.5 s")]
        rows.append(("`import einthoven`", process([sys.executable, "-c", "import einthoven"], runs), "loads no torch"))
        rows.append(
            (
                f"`einthoven predict {MODEL} 208.hea --out answer.json`, a record of 30 minutes",
                process(predict, runs),
                "3 s",
            )
        )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        rows.append(("the same, peak memory", f"{peak:.0f} MB", "1,000 MB"))
        built = [process(prepare, 1, environment) for environment in fresh]
        rows.append(
            (
                "`einthoven prepare mitdb`, 109,494 beats from the raw files",
                "; ".join(b.split(" (")[0] for b in built),
                "20 s",
            )
        )
        rows.append(("the same again, the store is there", process(prepare, runs, fresh[0]), "1 s after start-up"))
        ratios = [("reading all 48 records", "`read()`", "`wfdb.rdrecord`")]
        read_all = in_turns(
            lambda: [read(f"{name}.hea") for name in names], lambda: [wfdb.rdrecord(str(name)) for name in names], runs
        )
        script = "import einthoven; einthoven.load({!r})(einthoven.read({!r}))"
        bare = Path(aside) / "bare"
        subprocess.run(["cp", "-r", str(ASSETS / MODEL), str(bare)], check=True)
        (bare / "graph.onnx").unlink()
        ratios.append(("a record of 30 minutes, start-up included", "graph in ONNX Runtime", "torch, eager fp32"))
        answer_with = [
            functools.partial(
                subprocess.run, [sys.executable, "-c", script.format(model, str(source / "208.hea"))], check=True
            )
            for model in (MODEL, str(bare))
        ]
        answered = in_turns(*answer_with, runs)
    lines = [
        "# Speed",
        "",
        f"`python bench/speed.py DIR_OF_MITDB` · einthoven {einthoven.__version__}, Python {platform.python_version()}, "
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores; median and range of {runs} runs of whole processes.",
        "",
        "| what | time | bar |",
        "|---|---|---|",
        *[f"| {what} | {spent} | {bar} |" for what, spent, bar in rows],
        "",
        "Against named alternatives, in turns:",
        "",
        "| what | einthoven | the other | ratio |",
        "|---|---|---|---|",
    ]
    for (what, ours, other), (mine, theirs, ratio) in zip(ratios, (read_all, answered), strict=True):
        lines.append(f"| {what} | {ours}: {mine:.2f} s | {other}: {theirs:.2f} s | {ratio:.2f} |")
    sections.replace("", lines)
    print("\n".join(lines[4:]))


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0]), int(words[1]) if words[1:] else RUNS), __doc__, 1)
