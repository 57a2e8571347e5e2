"""Measure the pattern of RR intervals around each beat: spread, periodicity, runs of early beats, distance from pauses."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_RR_S = (0.15, 4.0)
_REACHES = (10, 30, 100)
"""Beats on each side over which intervals are compared."""
_LAGS = (1, 2, 3)
_EARLY, _JUMP, _ALIKE, _APART = -0.12, 0.15, 0.04, 0.1
"""Differences of ln RR: of an early beat from the median, of a jump, of alike intervals, of clearly different ones."""
_FAR = 50
"""Beats after which the distance from a pause or jump no longer counts."""
_BLOCK = 4096

_PER_REACH = (
    *(
        f"{which} against the {part} quantile of {{n}} beats"
        for part in (10, 75, 90)
        for which in ("RR before", "RR after")
    ),
    "spread of RR of {n} beats, 10 % to 90 %",
    "spread of RR of {n} beats, 25 % to 75 %",
    "asymmetry of RR of {n} beats",
    "root mean square of RR steps of {n} beats",
    *(f"autocorrelation of RR of {{n}} beats, lag {lag}" for lag in _LAGS),
)
NAMES = (
    *(name.format(n=2 * reach + 1) for reach in _REACHES for name in _PER_REACH),
    "early beats in a row before this beat",
    "early beats in a row after this beat",
    *(f"beats {where} a {what}" for where in ("since", "until") for what in ("pause", "sudden early beat")),
    "share of 61 beats with an RR like this one",
    "share of 61 beats with an RR longer by a tenth",
    "share of 61 beats with an RR shorter by a tenth",
    "share of 61 beats with an RR like the one after",
    *(f"RR before against the {part} quantile of the recording" for part in (10, 25, 75, 90)),
    "spread of RR of the recording, 10 % to 90 %",
)
UNITS = tuple(
    "1"
    if "autocorrelation" in name or "share" in name or "beats in a row" in name or name.startswith("beats ")
    else "ln"
    for name in NAMES
)


def pattern_features(beats_s: Array) -> Array:
    """Measure the pattern of intervals around each beat.

    Parameters
    ----------
    beats_s : array [n], s
        Times of the beats, ascending.

    Returns
    -------
    array [n, 54], float32
        In the order of :data:`NAMES`; zeros if there are fewer than three beats.
    """
    n = len(beats_s)
    if n < 3:
        return np.zeros((n, len(NAMES)), np.float32)
    between = np.diff(beats_s)
    rr = np.log(np.clip(np.concatenate(([np.median(between)], between)), *_RR_S))
    after = np.append(rr[1:], rr[-1])
    columns = [column for reach in _REACHES for column in _compared(rr, after, reach)]
    middle = np.concatenate([np.median(near, axis=1) for _, near in _near(rr, 20)])
    early = rr - middle < _EARLY
    steps = np.diff(rr, prepend=rr[0])
    pause, sudden = steps > _JUMP, steps < -_JUMP
    columns += [_in_a_row(early), _in_a_row(early[::-1])[::-1]]
    columns += [_since(pause), _since(sudden), _since(pause[::-1])[::-1], _since(sudden[::-1])[::-1]]
    columns += _shares(rr, after)
    low, first, third, high = np.quantile(rr, (0.1, 0.25, 0.75, 0.9))
    columns += [rr - low, rr - first, rr - third, rr - high, np.full(n, high - low)]
    return np.stack([column.astype(np.float32) for column in columns], axis=1)


def _near(rr: Array, reach: int) -> list[tuple[slice, Array]]:
    """Return the intervals around each beat [block, 2 reach + 1] in blocks of beats; the ends are repeated."""
    held = np.lib.stride_tricks.sliding_window_view(np.pad(rr, reach, mode="edge"), 2 * reach + 1)
    return [(slice(at, at + _BLOCK), held[at : at + _BLOCK]) for at in range(0, len(rr), _BLOCK)]


def _compared(rr: Array, after: Array, reach: int) -> list[Array]:
    """Return the columns of one reach."""
    blocks = []
    for here, near in _near(rr, reach):
        low, first, middle, third, high = np.quantile(near, (0.1, 0.25, 0.5, 0.75, 0.9), axis=1)
        against = [one[here] - level for level in (low, third, high) for one in (rr, after)]
        moved = near - near.mean(axis=1, keepdims=True)
        power = np.square(moved).mean(axis=1) + 1e-4
        periodic = [(moved[:, lag:] * moved[:, :-lag]).mean(axis=1) / power for lag in _LAGS]
        steps = np.sqrt(np.square(np.diff(near, axis=1)).mean(axis=1))
        columns = [*against, high - low, third - first, high + low - 2 * middle, steps, *periodic]
        blocks.append(np.stack(columns).astype(np.float32))
    return list(np.concatenate(blocks, axis=1))


def _in_a_row(flags: Array) -> Array:
    """Return how many beats ahead of each one have the flag without a break [n]."""
    at = np.arange(len(flags))
    last_without = np.maximum.accumulate(np.where(flags, -1, at))
    return np.concatenate(([0], (at - last_without)[:-1]))


def _since(flags: Array) -> Array:
    """Return how many beats ago the flag was last set, this beat included [n]; :data:`_FAR` at most."""
    at = np.arange(len(flags))
    last = np.maximum.accumulate(np.where(flags, at, -_FAR))
    return np.minimum(at - last, _FAR)


def _shares(rr: Array, after: Array) -> list[Array]:
    """Return how usual the interval of each beat is among 61."""
    blocks = []
    for here, near in _near(rr, 30):
        apart = near - rr[here, None]
        shares = [np.abs(apart) < _ALIKE, apart > _APART, apart < -_APART, np.abs(near - after[here, None]) < _ALIKE]
        blocks.append(np.stack([share.mean(axis=1) for share in shares]))
    return list(np.concatenate(blocks, axis=1))
