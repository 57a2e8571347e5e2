"""Find the calibration pulse that some electrocardiographs record at the beginning or end: 1 mV in all leads at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SAME_MV, _PULSE_MV, _SHORTEST_S, _LONGEST_S = 0.011, (0.9, 1.1), 0.05, 2.0


def pulse_samples(signal_mv: NDArray[Any], fs_hz: float) -> slice:
    """Return the samples of a calibration pulse: all leads are alike there, and 1 mV high for 0.05 s or more.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        Three leads or more; fewer are alike by chance.
    fs_hz : float, Hz
        Their sampling rate.

    Returns
    -------
    slice
        Empty if there is no pulse.

    Examples
    --------
    >>> signal_mv = np.random.default_rng(0).standard_normal((3, 500))
    >>> signal_mv[:, 400:] = np.repeat([0.0, 1.0, 0.0], [20, 60, 20])
    >>> pulse_samples(signal_mv, 250), pulse_samples(signal_mv[:, :400], 250)
    (slice(400, 500, None), slice(0, 0, None))
    """
    n_samples = signal_mv.shape[1]
    n_looked_at = min(n_samples, int(_LONGEST_S * fs_hz))
    if len(signal_mv) < 3 or n_looked_at < _SHORTEST_S * fs_hz:
        return slice(0, 0)
    ends = {"end": signal_mv[:, n_samples - n_looked_at :][:, ::-1], "start": signal_mv[:, :n_looked_at]}
    for side, inwards in ends.items():
        spread = inwards.max(0) - inwards.min(0)
        differs = np.flatnonzero(~(spread <= _SAME_MV))
        n_alike = int(differs[0]) if len(differs) else 0
        level = inwards[0, :n_alike]
        is_high = (level >= _PULSE_MV[0]) & (level <= _PULSE_MV[1])
        if is_high.sum() >= _SHORTEST_S * fs_hz and (is_high | (np.abs(level) <= _SAME_MV)).all():
            return slice(n_samples - n_alike, n_samples) if side == "end" else slice(0, n_alike)
    return slice(0, 0)
