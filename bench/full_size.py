"""PTB-XL at its full size, generated in its exact layout: how long it takes and how much memory.

python bench/full_size.py [N]      N records, 21,799 where not stated; needs 2 GB of disk
"""

import csv
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.scp import STATEMENTS
from einthoven.data.build import build
from einthoven.signal.leads import STANDARD
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of


def generate(folder: Path, n: int) -> None:
    """``n`` records of twelve leads, 10 s at 100 Hz, whose noise differs; ten folds, a person each."""
    rng = np.random.default_rng(0)
    t = np.arange(1000) / 100
    wave = sum(
        h * np.exp(-0.5 * (((t + 0.4) % 0.8 - 0.4 - at) / w) ** 2) for h, at, w in ((1, 0, 0.012), (0.3, 0.2, 0.05))
    )
    with (folder / "scp_statements.csv").open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["", "description", "diagnostic", "form", "rhythm", "diagnostic_class", "diagnostic_subclass"])
        for s in STATEMENTS:
            kinds = ["1.0" if kind in s.kinds else "" for kind in ("diagnostic", "form", "rhythm")]
            sheet.writerow([s.code, s.meaning, *kinds, s.superclass, s.subclass])
    columns = ["ecg_id", "patient_id", "age", "scp_codes", "strat_fold", "filename_lr", "filename_hr"]
    codes = [s.code for s in STATEMENTS if "diagnostic" in s.kinds]
    with (folder / "ptbxl_database.csv").open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(columns)
        for at in range(1, n + 1):
            name = f"records100/{at // 1000 * 1000:05d}/{at:05d}_lr"
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            gains = rng.uniform(-1, 1.5, (12, 1))
            adu = np.round(1000 * (gains * wave + 0.02 * rng.standard_normal((12, 1000)))).astype("<i2")
            path.with_suffix(".dat").write_bytes(adu.T.tobytes())
            lines = [f"{path.name} 12 100 1000"]
            for lead, row in zip(STANDARD, adu, strict=True):
                total = int(row.sum(dtype=np.int64)) % 65536
                lines.append(f"{path.name}.dat 16 1000.0(0)/mV 16 0 {row[0]} {total} 0 {lead.upper()}")
            path.with_suffix(".hea").write_text("\n".join(lines) + "\n")
            sheet.writerow([at, f"{at}.0", "60.0", {codes[at % len(codes)]: 100.0}, 1 + at % 10, name, name])


def main(n: int) -> None:
    """Generate, build the store, train an epoch; print times and the largest memory."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "ptb-xl"
        folder.mkdir()
        generate(folder, n)
        os.environ["EINTHOVEN_HOME"] = str(Path(place) / "home")
        started = time.perf_counter()
        store = build(PTBXL, folder, PTBXL.preparation)
        built = time.perf_counter() - started
        after_build = _peak_gb()
        task = task_of(PTBXL, PTBXL.protocol("clean"), store, 0)
        started = time.perf_counter()
        fit(task, "hybrid", {}, Recipe(epochs=1, batch=128, augment=()), Path(place) / "run", devices=1)
        trained = time.perf_counter() - started
        print(f"{n:,} records into the store: {built:.0f} s, at most {after_build:.2f} GB (with workers, each)")
        print(f"one epoch of hybrid over {len(task.train):,} of them: {trained:.0f} s, at most {_peak_gb():.2f} GB")


def _peak_gb() -> float:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1e6


if __name__ == "__main__":
    from command import run

    run(lambda words: main(int(words[0]) if words else 21_799), __doc__, 0)
