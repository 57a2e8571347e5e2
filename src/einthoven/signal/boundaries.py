"""Hold the waves of one lead: P, QRS and T with onset, peak and offset."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

WAVES = ("P", "QRS", "T")
"""Names of the waves; a wave's kind is its place here."""
P, QRS, T = range(3)
SYMBOLS = ("p", "N", "t")
"""WFDB annotation code of each wave's peak, in the order of WAVES."""
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""WFDB codes of beats, which stand at the peak of a QRS complex."""


@dataclass(frozen=True, eq=False)
class Waves:
    """Waves of one lead, or of all leads together, in the order of their peaks.

    Parameters
    ----------
    kind : array [n], int
        Place of each wave in WAVES.
    onset_s, peak_s, offset_s : array [n], s
        Times from the beginning of the recording; NaN where an annotator set no boundary.
    """

    kind: Array
    onset_s: Array
    peak_s: Array
    offset_s: Array

    def __len__(self) -> int:
        return len(self.kind)

    def __getitem__(self, at: Any) -> "Waves":
        """Return some of the waves, chosen as an array's elements are."""
        return Waves(self.kind[at], self.onset_s[at], self.peak_s[at], self.offset_s[at])

    def of(self, kind: int) -> "Waves":
        """Return the waves of one kind.

        Parameters
        ----------
        kind : int
            Place in WAVES.

        Returns
        -------
        Waves
        """
        return self[self.kind == kind]

    def moved(self, by_s: float) -> "Waves":
        """Return the waves at other times.

        Parameters
        ----------
        by_s : float, s
            What is added to each time.

        Returns
        -------
        Waves
        """
        return Waves(self.kind, self.onset_s + by_s, self.peak_s + by_s, self.offset_s + by_s)

    @property
    def stretch_s(self) -> tuple[float, float]:
        """First and last time of all waves, s; both NaN where there are none."""
        times = np.concatenate((self.onset_s, self.peak_s, self.offset_s))
        times = times[np.isfinite(times)]
        return (float(times.min()), float(times.max())) if len(times) else (float("nan"), float("nan"))


def waves_from(rows: Iterable[tuple[int, float, float, float]]) -> Waves:
    """Return waves from rows, sorted by their peaks.

    Parameters
    ----------
    rows : iterable of (int, float, float, float)
        Kind, onset, peak and offset of each wave, s.

    Returns
    -------
    Waves
    """
    table = np.array(sorted(rows, key=lambda row: row[2]), np.float64).reshape(-1, 4)
    return Waves(table[:, 0].astype(np.int8), table[:, 1], table[:, 2], table[:, 3])


def from_annotations(samples: Array, symbols: Iterable[str], fs_hz: float) -> Waves:
    """Read waves from annotations ``(``, ``p``, ``N`` (or another beat), ``t``, ``)``, as LUDB and the QT Database have them.

    A boundary that has no partner stays out: the wave is kept, and that boundary of it is NaN.

    Parameters
    ----------
    samples : array [n], int
        Sample numbers, in increasing order.
    symbols : iterable of str
        Code of each annotation; other codes are no part of a wave.
    fs_hz : float, Hz
        Sampling rate of the sample numbers.

    Returns
    -------
    Waves
    """
    codes, times = list(symbols), np.asarray(samples, np.float64) / fs_hz
    rows = []
    for at, code in enumerate(codes):
        kind = QRS if code in _BEATS else SYMBOLS.index(code) if code in SYMBOLS else None
        if kind is None:
            continue
        onset = times[at - 1] if at > 0 and codes[at - 1] == "(" else np.nan
        offset = times[at + 1] if at + 1 < len(codes) and codes[at + 1] == ")" else np.nan
        rows.append((kind, onset, times[at], offset))
    return waves_from(rows)
