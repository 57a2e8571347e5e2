"""Gather the first answers around each beat: those of its neighbours, of alike beats, and of the whole recording."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import beat_likeness, beat_shapes
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import Windows

Array = NDArray[Any]

NEEDED = ("rr", "patterns")
"""Sets of measurements that a second reading of the beats repeats; the windows must have them."""
_REACH = 6
"""Beats on each side whose answers are read one by one."""
_SPANS = (10, 50)
"""Beats on each side over which answers are averaged."""
_ALIKE_LN = 0.05
"""Difference of the RR interval, against the median of 41 beats, up to which beats are alike in timing; ln."""
_EARLY = FEATURES["rr"].names.index("RR before against the median of 41 beats")
_LEAST = 1e-3


def names(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is gathered, in order.

    Parameters
    ----------
    classes : tuple of str
        Names of the classes; the first is that of normal beats.

    Returns
    -------
    tuple of str
    """
    others = classes[1:]
    offsets = [at for at in range(-_REACH, _REACH + 1) if at]
    kinds = ["in shape and timing" if timed else "in shape" for _ in beat_likeness.LEVELS for timed in (False, True)]
    levels = [level for level in beat_likeness.LEVELS for _ in range(2)]
    return (
        *(f"first answer, {name}" for name in classes),
        *(f"first answer to beat {at:+d}, {name}" for at in offsets for name in others),
        *(f"mean first answer of {2 * span + 1} beats, {name}" for span in _SPANS for name in others),
        *(f"mean first answer of the recording, {name}" for name in others),
        *(
            f"mean first answer of beats alike {how} ({level}), {name}"
            for how, level in zip(kinds, levels, strict=True)
            for name in others
        ),
        *(f"mean first answer of beats alike in timing, {name}" for name in others),
        *(name for needed in NEEDED for name in FEATURES[needed].names),
    )


def around(probability: Array, windows: Windows, preparation: Preparation) -> Array:
    """Gather the first answers around each beat of one recording.

    Parameters
    ----------
    probability : array [n, classes]
        First answers, of all beats of the recording in their order.
    windows : Windows
        The windows of the same beats, with measurements.
    preparation : Preparation
        How they were prepared; its inputs hold :data:`NEEDED`.

    Returns
    -------
    array [n, k], float32
        In the order of :func:`names`.
    """
    assert windows.features is not None
    n = len(probability)
    at = np.arange(n)
    others = probability[:, 1:]
    near = [others[np.clip(at + step, 0, n - 1)] for step in range(-_REACH, _REACH + 1) if step]
    means = [_running_mean(others, span) for span in _SPANS]
    recording = np.broadcast_to(others.mean(axis=0), others.shape)
    repeated = [windows.features[:, preparation.columns[name]] for name in NEEDED]
    early = windows.features[:, preparation.columns["rr"]][:, _EARLY]
    beats = beat_shapes.centred(windows.signal, preparation.before, preparation.fs_hz)
    alike = np.empty((n, (2 * len(beat_likeness.LEVELS) + 1) * others.shape[1]), np.float32)
    for here, likeness in beat_likeness.alike(beats, preparation.fs_hz):
        alike[here] = _of_alike(others[here].astype(np.float32), likeness, early[here])
    first = np.log(probability + _LEAST)
    return np.concatenate((first, *near, *means, recording, alike, *repeated), axis=1).astype(np.float32)


def _running_mean(values: Array, span: int) -> Array:
    """Return the mean over `span` beats on each side; the ends are repeated."""
    held = np.pad(values, ((span + 1, span), (0, 0)), mode="edge")
    run = np.cumsum(held, axis=0, dtype=np.float64)
    return np.asarray((run[2 * span + 1 :] - run[: -2 * span - 1]) / (2 * span + 1))


def _of_alike(answers: Array, likeness: Array, early: Array) -> Array:
    """Return the mean answers of the beats alike in shape, in shape and timing (at each level), and in timing."""
    in_time = np.abs(early[:, None] - early) < _ALIKE_LN
    found = []
    for level in beat_likeness.LEVELS:
        in_shape = likeness > level
        np.fill_diagonal(in_shape, True)
        found += [_mean_of(in_shape, answers), _mean_of(in_shape & in_time, answers)]
    return np.concatenate((*found, _mean_of(in_time, answers)), axis=1)


def _mean_of(chosen: Array, answers: Array) -> Array:
    weights = chosen.astype(np.float32)
    return np.asarray(weights @ answers / weights.sum(axis=1, keepdims=True))
