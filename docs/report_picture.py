"""Draw docs/report.png: the report of a simulated recording of thirty seconds, by `python docs/report_picture.py`.

Chromium takes the picture; its name can be given as the first argument.
"""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from einthoven.cli.main import main

FS_HZ, SECONDS = 360, 30
_SHAPES = {
    "N": ((-0.16, 0.15, 0.025), (0.0, 1.1, 0.012), (0.28, 0.3, 0.05)),
    "S": ((0.0, 1.1, 0.012), (0.28, 0.3, 0.05)),
    "V": ((0.0, 1.5, 0.045), (0.28, -0.4, 0.05)),
}
"""Of each class its waves: time from the R peak in s, height in mV, width in s."""


def simulated_lead() -> np.ndarray:
    """Return one lead in mV with regular beats, early beats without P wave (S) and early wide beats (V)."""
    rng = np.random.default_rng(5)
    time_s = np.arange(FS_HZ * SECONDS) / FS_HZ
    lead_mv = 0.02 * rng.standard_normal(time_s.size)
    beat_s, number = 0.5, 0
    while beat_s < SECONDS - 0.6:
        symbol = {4: "V", 11: "S", 18: "V", 25: "S", 31: "V"}.get(number, "N")
        early_s = 0.0 if symbol == "N" else 0.25
        for offset_s, height_mv, width_s in _SHAPES[symbol]:
            lead_mv += height_mv * np.exp(-0.5 * ((time_s - beat_s + early_s - offset_s) / width_s) ** 2)
        beat_s, number = beat_s + 0.8 + 0.03 * rng.standard_normal(), number + 1
    return lead_mv


def draw(browser: str, picture: Path) -> None:
    """Classify the simulated recording and photograph the report."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        np.save("simulated.npy", simulated_lead()[None].astype(np.float32))
        stated = ["--fs", str(FS_HZ), "--leads", "MLII", "--unit", "mV"]
        assert main(["predict", "mitbih-cnn-lstm-mlii", "simulated.npy", *stated, "--out", "report.html"]) == 0
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=780,1040"]
        page = Path("report.html").resolve().as_uri()
        subprocess.run([browser, *options, f"--screenshot={picture}", page], check=True, timeout=60)


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else "chromium", Path(__file__).resolve().with_name("report.png"))
