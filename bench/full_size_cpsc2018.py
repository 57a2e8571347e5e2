"""CPSC 2018 at its full size, generated in its exact layout: how long preparing it takes and how much memory.

python bench/full_size_cpsc2018.py [N]      N recordings, 6,877 where not stated; needs 8 GB of disk
"""

import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.io

from einthoven.corpora.cpsc2018 import CPSC2018
from einthoven.data.build import build

_HZ = 500


def generate(folder: Path, n: int) -> float:
    """``n`` structs of twelve leads, 6 to 144 s, and the table; hours of signal."""
    rng = np.random.default_rng(0)
    rows, seconds = ["Recording,First_label,Second_label,Third_label"], 0.0
    for at in range(1, n + 1):
        length = float(np.clip(rng.lognormal(2.6, 0.55), 6, 144)) if at > 2 else (6.0, 144.0)[at - 1]
        t = np.arange(round(length * _HZ)) / _HZ
        beat = np.exp(-0.5 * (((t + 0.4) % 0.8 - 0.4) / 0.012) ** 2)
        data = rng.uniform(-1, 1.5, (12, 1)) * beat + 0.02 * rng.standard_normal((12, len(t)))
        scipy.io.savemat(folder / f"A{at:04d}.mat", {"ECG": {"sex": "Male", "age": 60, "data": np.round(data, 3)}})
        second = str(1 + (at + 4) % 9) if at % 15 == 0 else ""
        rows.append(f"A{at:04d},{1 + at % 9},{second},")
        seconds += length
    (folder / "REFERENCE.csv").write_text("\n".join(rows) + "\n")
    return seconds / 3600


def main(n: int) -> None:
    """Generate, build the store; print the time and the largest memory."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "cpsc2018"
        folder.mkdir()
        hours = generate(folder, n)
        generated_gb = _peak_gb()
        os.environ["EINTHOVEN_HOME"] = str(Path(place) / "home")
        started = time.perf_counter()
        store = build(CPSC2018, folder, CPSC2018.preparation)
        taken = time.perf_counter() - started
        print(
            f"{n:,} recordings, {hours:.0f} hours of twelve leads, into {len(store.windows):,} windows: {taken:.0f} s, "
            f"at most {_peak_gb():.2f} GB (a process; {generated_gb:.2f} GB after generating)"
        )


def _peak_gb() -> float:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1e6


if __name__ == "__main__":
    from command import run

    run(lambda words: main(int(words[0]) if words else 6_877), __doc__, 0)
