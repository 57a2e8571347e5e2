"""Measures what a live signal costs: one lead at 300 Hz, ten minutes at their own pace, by the command line.

python bench/stream.py RECORD [SECONDS]      RECORD: any with a lead MLII or II, ten minutes or longer, e.g. mitdb's 208.hea
"""

import resource
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


def main(record: Path, seconds: float) -> None:
    """Play, print the share of one core and the memory."""
    read = einthoven.read(record)
    lead, _ = select(read.signal_mv, read.leads, ("MLII|II",))
    with tempfile.TemporaryDirectory() as place:
        file, out = Path(place) / "signal.npy", Path(place) / "answers.jsonl"
        np.save(file, resample(lead, read.fs_hz, _HZ)[:, : round(seconds * _HZ)])
        words = [
            "stream",
            "mitbih-cnn-lstm-mlii",
            "--from",
            str(file),
            "--fs",
            str(_HZ),
            "--leads",
            "MLII",
            "--out",
            str(out),
        ]
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "einthoven.cli.main", *words], check=True, capture_output=True)
        taken = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        answers = len(out.read_text().splitlines())
    share = (used.ru_utime + used.ru_stime) / taken
    print(
        f"{taken:.0f} s, {answers} answers: {share:.2%} of one core, start-up included; {used.ru_maxrss / 1024:.0f} MB"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 600)
