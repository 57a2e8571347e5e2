"""Compare the heartbeats of a record with those of a second detector: what one sees and the other does not is marked."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import detector, heartbeats
from einthoven.signal.quality import Quality, interpolated


def _no_beats() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Disputed:
    """Complexes that one of two heartbeat detectors sees.

    Parameters
    ----------
    counted : array of int [n], sample numbers
        Heartbeats that the second detector, which works by thresholds, does not see.
    not_counted : array of int [k], sample numbers
        What only the second detector takes for a heartbeat.
    """

    counted: NDArray[np.int64] = field(default_factory=_no_beats)
    not_counted: NDArray[np.int64] = field(default_factory=_no_beats)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"counted": self.counted.tolist(), "not_counted": self.not_counted.tolist()}


def disputed(used_mv: NDArray[np.float32], quality: Quality, beats: NDArray[np.int64]) -> Disputed:
    """Return what only one of two detectors sees, in the stretches that are readable in the lead of the second.

    Parameters
    ----------
    used_mv : array [leads, samples], mV
        The leads used, NaN where samples are missing.
    quality : Quality
        Their quality. The second detector reads the lead that is readable for longest.
    beats : array of int [n], sample numbers
        The heartbeats.

    Returns
    -------
    Disputed
    """
    lead = int(quality.readable.sum(axis=1).argmax())
    second = detector.find(interpolated(used_mv[lead]), quality.fs_hz)
    matching = heartbeats.match(beats, second, quality.fs_hz)
    only_one, only_other = beats[matching.missed], second[matching.extra]
    here = quality.readable[lead]
    return Disputed(only_one[here[quality.at(only_one)]], only_other[here[quality.at(only_other)]])
