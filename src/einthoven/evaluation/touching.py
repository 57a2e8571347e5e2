"""Count waves as ECG-DelNet was scored: a wave is found if the two intervals touch, in the better of the leads.

It flatters: no distance is asked for, and each beat takes the lead that suits it. It is computed beside the published row only.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.boundaries import WAVES, Waves

Array = NDArray[Any]


def better_lead(truth: Waves, leads: list[Waves], stretches_s: Array | None = None) -> dict[str, list[int]]:
    """Count the waves of one record.

    Parameters
    ----------
    truth : Waves
        Those of the annotators.
    leads : list of Waves
        Ours in each lead.
    stretches_s : array [k, 2], s, optional
        Annotated stretches (default: from the first mark to the last).

    Returns
    -------
    dict of list of int
        For each wave: found in some lead, missed in all, and the fewest of a lead that touch none of theirs.
    """
    bounds = np.array([truth.stretch_s]) if stretches_s is None else stretches_s
    counts = {}
    for kind, name in enumerate(WAVES):
        theirs = truth.of(kind)
        touched = np.zeros(len(theirs), bool)
        extra = []
        for waves in leads:
            ours = waves.of(kind)
            touch = touching(theirs, ours)
            touched |= touch.any(axis=1)
            inside = ((ours.peak_s[:, None] >= bounds[:, 0]) & (ours.peak_s[:, None] <= bounds[:, 1])).any(axis=1)
            extra.append(int((inside & ~touch.any(axis=0)).sum()))
        counts[name] = [int(touched.sum()), int((~touched).sum()), min(extra, default=0)]
    return counts


def touching(theirs: Waves, ours: Waves) -> Array:
    """Return which waves touch [theirs, ours], bool; a boundary that was left open is at the peak.

    Parameters
    ----------
    theirs, ours : Waves
        Waves of one kind.
    """
    first, last = (np.where(np.isfinite(end), end, theirs.peak_s) for end in (theirs.onset_s, theirs.offset_s))
    return np.asarray((first[:, None] <= ours.offset_s) & (last[:, None] >= ours.onset_s))
