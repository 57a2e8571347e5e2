"""Measures what a live signal costs: one lead at 300 Hz, ten minutes at their own pace, by the command line, for each model that
follows one lead, side by side.

python bench/stream.py RECORD [SECONDS]      RECORD: any with a lead MLII or II, ten minutes or longer, e.g. mitdb's 208.hea
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import einthoven
from einthoven.signal.leads import select
from einthoven.signal.resample import resample

_HZ = 300
_MODELS = {"mitbih-cnn-lstm-mlii": "MLII", "challenge2017-rhythm": "I"}
"""And what each calls the lead."""


def main(record: Path, seconds: float) -> None:
    """Play, print the share of one core and the memory."""
    read = einthoven.read(record)
    lead, _ = select(read.signal_mv, read.leads, ("MLII|II",))
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "signal.npy"
        np.save(file, resample(lead, read.fs_hz, _HZ)[:, : round(seconds * _HZ)])
        begun = {}
        for model, name in _MODELS.items():
            words = ["stream", model, "--from", str(file), "--fs", str(_HZ), "--leads", name, "--unit", "mV"]
            words = [sys.executable, "-m", "einthoven.cli.main", *words, "--out", f"{place}/{model}.jsonl"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            begun[model] = time.perf_counter(), subprocess.Popen(words, **quiet)
        for model, (started, process) in begun.items():
            _, status, used = os.wait4(process.pid, 0)
            taken = time.perf_counter() - started
            answers = (Path(place) / f"{model}.jsonl").read_text()
            share = (used.ru_utime + used.ru_stime) / taken
            print(
                f"{model}: exit {os.waitstatus_to_exitcode(status)}, {taken:.0f} s, {len(answers.splitlines())} answers: "
                f"{share:.2%} of one core, start-up included; {used.ru_maxrss / 1024:.0f} MB"
            )


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0]), float(words[1]) if words[1:] else 600), __doc__, 1)
