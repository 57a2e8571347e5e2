"""Compare the heartbeats of a record with those of a second detector: what one sees and the other does not is marked."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal import detector, heartbeats
from einthoven.signal.gaps import filled
from einthoven.signal.quality import Quality

_HOUR_S, _LEARNING_S = 3600.0, 60.0


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
    second = _by_thresholds(used_mv[lead : lead + 1], quality.fs_hz)
    matching = heartbeats.match(beats, second, quality.fs_hz)
    only_one, only_other = beats[matching.missed], second[matching.extra]
    here = quality.readable[lead]
    return Disputed(only_one[here[quality.at(only_one)]], only_other[here[quality.at(only_other)]])


def _by_thresholds(lead_mv: NDArray[np.float32], fs_hz: float) -> NDArray[np.int64]:
    """Return the beats of the second detector in a lead [1, samples]; its thresholds learn anew in each hour."""
    n_samples, hour, learning = lead_mv.shape[1], round(_HOUR_S * fs_hz), round(_LEARNING_S * fs_hz)
    found = []
    for first in range(0, max(1, n_samples - learning), hour):
        end = first + hour if first + hour < n_samples - learning else n_samples
        begin, until = max(0, first - learning), min(n_samples, end + learning)
        beats = detector.find(filled(lead_mv, begin, until)[0], fs_hz) + begin
        found.append(beats[(beats >= first) & (beats < end)])
        on_disk.release(lead_mv)
    return np.concatenate(found)
