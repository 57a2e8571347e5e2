"""What each architecture reads when bench/backends.py measures it."""

from typing import NamedTuple

import numpy as np

from einthoven.signal.windows import Windows


class Shape(NamedTuple):
    """What an architecture reads, and how many classes it tells apart."""

    n_leads: int
    n_classes: int
    n_samples: int
    beat_samples: int = 0
    r_peak: int = 0
    n_features: int = 0

    def __str__(self) -> str:
        beat = f"{self.beat_samples} and " if self.beat_samples else ""
        beside = f" + {beat}{self.n_features} numbers" if self.n_features else ""
        return f"{self.n_leads} x {self.n_samples}{beside}"

    def windows(self, n: int) -> Windows:
        """Random windows, typical beats and measurements, always the same."""
        rng = np.random.default_rng(0)
        sizes = (self.n_leads, self.n_samples), (self.n_leads, self.beat_samples), (self.n_features,)
        return Windows(*(rng.standard_normal((n, *size)).astype(np.float32) if all(size) else None for size in sizes))


SHAPES = {
    "cnn": Shape(2, 5, 360),
    "cnn_lstm": Shape(2, 5, 360),
    "cnn_lstm_attention": Shape(2, 5, 360),
    "arrhythminet_v1": Shape(1, 5, 360),
    "arrhythminet_v2": Shape(1, 5, 360),
    "self_onn": Shape(2, 5, 360),
    "ensemble": Shape(2, 5, 360),
    "patient_context": Shape(2, 4, 128, 128, 48, 56),
    "resnet1d": Shape(12, 23, 1000),
    "hybrid": Shape(12, 23, 1000),
    "xresnet1d": Shape(12, 23, 1000),
    "inception1d": Shape(12, 23, 1000),
    "s4": Shape(12, 23, 1000),
    "typical_beat": Shape(12, 23, 1000, 90, 30, 7),
    "forest": Shape(12, 23, 1000, 90, 30, 7),
    "linear_beat": Shape(12, 23, 1000, 90, 30, 7),
    "beat_forest": Shape(1, 4, 113, 0, 0, 149),
    "bilstm": Shape(12, 19, 300),
    "transformer": Shape(12, 19, 300),
    "mamba2": Shape(12, 19, 300),
    "litenet": Shape(1, 4, 4500),
    "rhythm": Shape(1, 4, 4500, 135, 45, 116),
    "delnet": Shape(1, 3, 2048),
    "delineator": Shape(1, 4, 2560),
    "lstm_svm": Shape(1, 2, 3600),
    "ecg_smart_net": Shape(12, 2, 1000, 400, 125),
    "sevggnet_lstm": Shape(1, 4, 4500),
}
"""Of the studies that use them."""
