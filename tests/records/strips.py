"""A strip of an ECG for tests that write it into tables and arrays: ten seconds, two leads, 250 Hz."""

import numpy as np

FS_HZ = 250
N_SAMPLES = 2500


def _beats(height_mv: float) -> np.ndarray:
    t = np.arange(N_SAMPLES) / FS_HZ
    strip = np.zeros(N_SAMPLES)
    for at in np.arange(0.4, 9.8, 0.83):
        for place, width, size in ((0, 0.012, 1.0), (0.03, 0.012, -0.2), (0.25, 0.05, 0.25), (-0.16, 0.03, 0.1)):
            strip += height_mv * size * np.exp(-(((t - at - place) / width) ** 2))
    return np.round(strip + 0.01 * np.random.default_rng(0).standard_normal(N_SAMPLES), 4)


FIRST, SECOND = _beats(1.1), _beats(-0.6)


def comma(value: float) -> str:
    """Return a number with a decimal comma."""
    return f"{value:.4f}".replace(".", ",")


def rows(row, n=N_SAMPLES) -> str:
    """Return the text of a row for each sample number."""
    return "".join(f"{row(at)}\n" for at in range(n))


def clock(at: int) -> str:
    """Return the time of a sample as a clock shows it."""
    return f"09:{at // FS_HZ // 60:02d}:{at / FS_HZ % 60:06.3f}"
