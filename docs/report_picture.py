"""Draw docs/report.png: the report of a simulated recording of twenty minutes, by `python docs/report_picture.py`.

Chromium takes the picture; its name can be given as the first argument. `make demo` makes such a report of a real recording.
"""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from einthoven.cli.main import main

FS_HZ, SECONDS = 250, 1200
_SHAPES = {
    "N": (
        (-0.16, (0.15, 0.06), 0.025),
        (0.0, (1.1, 0.3), 0.012),
        (0.03, (-0.2, -0.8), 0.012),
        (0.28, (0.3, 0.2), 0.05),
    ),
    "S": ((0.0, (1.1, 0.3), 0.012), (0.03, (-0.2, -0.8), 0.012), (0.28, (0.3, 0.2), 0.05)),
    "V": ((0.0, (1.6, -1.5), 0.045), (0.28, (-0.5, 0.4), 0.06)),
}
"""Of each class its waves: time from the R peak in s, height in mV in MLII and V1, width in s."""
_FIBRILLATION_S = (420.0, 690.0)


def simulated_leads() -> np.ndarray:
    """Return two leads in mV with early beats (S and V), a couplet, a run, pauses, and fibrillation for some minutes."""
    rng = np.random.default_rng(5)
    time_s = np.arange(FS_HZ * SECONDS) / FS_HZ
    leads_mv = 0.015 * rng.standard_normal((2, time_s.size)) + 0.05 * np.sin(1.6 * time_s)
    beat_s, number = 0.5, 0
    while beat_s < SECONDS - 0.6:
        in_fibrillation = _FIBRILLATION_S[0] < beat_s < _FIBRILLATION_S[1]
        symbol = (
            "V" if number % 37 == 11 or number in (200, 201, 300, 301, 302, 303) else "S" if number % 61 == 30 else "N"
        )
        first, last = np.searchsorted(time_s, (beat_s - 0.3, beat_s + 0.6))
        near_s = time_s[first:last] - beat_s
        for offset_s, heights_mv, width_s in _SHAPES["S" if in_fibrillation and symbol == "N" else symbol]:
            leads_mv[:, first:last] += np.outer(heights_mv, np.exp(-0.5 * ((near_s - offset_s) / width_s) ** 2))
        usual_s = 0.85 + 0.06 * np.sin(beat_s / 40)
        spread = 0.2 if in_fibrillation else 0.02
        number += 1
        is_early = number % 37 == 11 or number % 61 == 30 or 201 <= number <= 201 or 301 <= number <= 303
        step_s = usual_s * (0.6 if is_early and not in_fibrillation else max(0.5, 1 + spread * rng.standard_normal()))
        beat_s += 2.4 if number in (150, 900) else step_s
    return leads_mv


def draw(browser: str, picture: Path) -> None:
    """Interpret the simulated recording and photograph the report."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        np.save("simulated.npy", simulated_leads().astype(np.float32))
        stated = ["--fs", str(FS_HZ), "--leads", "MLII,V1", "--unit", "mV"]
        assert main(["interpret", "simulated.npy", *stated, "--out", "report.html"]) == 0
        options = [
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            "--window-size=1000,1500",
            "--virtual-time-budget=4000",
        ]
        page = Path("report.html").resolve().as_uri()
        subprocess.run([browser, *options, f"--screenshot={picture}", page], check=True, timeout=60)


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else "chromium", Path(__file__).resolve().with_name("report.png"))
