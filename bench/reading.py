"""Reading PTB-XL's records into a store beside a loop over wfdb.rdrecord, in one run.

python bench/reading.py DIR      the folder of PTB-XL
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import wfdb

from einthoven.corpora.ptbxl import PTBXL
from einthoven.data.build import build
from einthoven.records import read


def main(source: Path) -> None:
    """Time both three times, by turns; prove that the samples are the same; print the ratio of the best."""
    entries = PTBXL.entries(source, 100.0)
    ours, theirs = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as home:
            os.environ["EINTHOVEN_HOME"] = home
            started = time.perf_counter()
            store = build(PTBXL, source, PTBXL.preparation)
            ours.append(time.perf_counter() - started)
            del store
        started = time.perf_counter()
        signals = [wfdb.rdrecord(str(entry.path)).p_signal for entry in entries]
        theirs.append(time.perf_counter() - started)
    for entry, signal in zip(entries, signals, strict=True):
        np.testing.assert_array_equal(read(entry.path.with_suffix(".hea")).signal_mv, signal.T.astype(np.float32))
    started = time.perf_counter()
    for entry in entries:
        read(entry.path.with_suffix(".hea"))
    alone = time.perf_counter() - started
    print(f"{len(entries)} records: into the store {min(ours):.2f} s, loop over wfdb.rdrecord {min(theirs):.2f} s")
    print(f"the store, with filtering, is {min(theirs) / min(ours):.2f} times as fast as reading alone by wfdb")
    print(f"reading alone, one process: {alone:.2f} s, {min(theirs) / alone:.2f} times as fast; identical samples")


if __name__ == "__main__":
    from command import run

    run(lambda words: main(Path(words[0])), __doc__, 1)
