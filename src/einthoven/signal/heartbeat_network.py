"""Compute the heartbeat network with NumPy: prepared leads in, the evidence of a beat at each time out.

A U-Net of convolutions without memory, trained by bench/heartbeats_fit.py. A value depends on less than :data:`REACH_S` seconds on
either side, so that a stream and a whole record give the same values.
"""

from functools import lru_cache
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import FileDamaged
from einthoven.paths import ASSETS
from einthoven.signal.heartbeat_input import FS_HZ

Array = NDArray[np.float32]
WEIGHTS = ASSETS / "heartbeats" / "network.npz"
"""Weights [out, in, samples] and biases [out] of each layer."""
STEP = 2
"""Samples of the input for one value of the evidence."""
EVIDENCE_HZ = FS_HZ / STEP
"""Rate of the evidence, Hz."""
REACH_S = 2.0
"""Seconds on either side that a value depends on, rounded up."""
_COARSEST = 16
_PIECE = 4096
_MARGIN = round(REACH_S * FS_HZ)
_ALONE = 4 * 65536
"""Multiplications of a matrix product that OpenBLAS computes in one thread, at most."""


def evidence(inputs: Array) -> Array:
    """Return how likely each time is a heartbeat.

    Parameters
    ----------
    inputs : array [leads, 2, samples], float32
        What :func:`einthoven.signal.heartbeat_input.scaled` returned.

    Returns
    -------
    array [leads, ceil(samples / 2)], float32
        From 0 to 1, at 64 Hz.
    """
    n_leads, _, n = inputs.shape
    found = np.empty((n_leads, -(-n // STEP)), np.float32)
    for lead in range(n_leads):
        for begin in range(0, n, _PIECE):
            end = min(n, begin + _PIECE)
            first, last = max(0, begin - _MARGIN), min(n, end + _MARGIN)
            short = -(last - first) % _COARSEST
            values = _logits(np.pad(inputs[lead, :, first:last], ((0, 0), (0, short))))
            at = (begin - first) // STEP
            found[lead, begin // STEP : -(-end // STEP)] = values[at : at - (begin - end) // STEP]
    return np.asarray(1 / (1 + np.exp(-np.clip(found, -30, 30))), np.float32)


def _logits(x: Array) -> Array:
    """Return the logits [samples / 2] of a piece [2, samples] whose length is a multiple of 16."""
    at_64 = _layer("keep0", _layer("stem", x, STEP))
    at_32 = _layer("keep1", _layer("down1", at_64, 2))
    at_16 = _layer("keep2", _layer("down2", at_32, 2))
    at_8 = _layer("down3", at_16, 2)
    for name, apart in (("wide1", 1), ("wide2", 2), ("wide3", 1)):
        at_8 = at_8 + _layer(name, at_8, apart=apart)
    at_16 = _layer("join2", at_16 + _twice("up2", at_8))
    at_32 = _layer("join1", at_32 + _twice("up1", at_16))
    weight, bias, _ = _weights()["out"]
    return np.asarray((weight @ _layer("join0", at_64 + _twice("up0", at_32)) + bias)[0])


def _layer(name: str, x: Array, step: int = 1, apart: int = 1) -> Array:
    """Return a rectified convolution of [in, samples]: [out, samples / step]."""
    weight, bias, size = _weights()[name]
    n_in, n = x.shape
    reach = apart * (size // 2)
    held = np.zeros((n_in, n + 2 * reach), np.float32)
    held[:, reach : reach + n] = x
    n_out = n // step
    columns = np.empty((size, n_in, n_out), np.float32)
    for at in range(size):
        columns[at] = held[:, at * apart : at * apart + n : step]
    y = _product(weight, columns.reshape(size * n_in, n_out))
    y += bias
    return np.maximum(y, 0, out=y)


def _product(weight: Array, columns: Array) -> Array:
    """Return ``weight @ columns``, a few columns at a time: threads that share a large product out cost more than they save."""
    n_out, n = len(weight), columns.shape[1]
    width = max(16, _ALONE // weight.size)
    if n <= width:
        return np.asarray(weight @ columns)
    y = np.empty((n_out, n), np.float32)
    for at in range(0, n, width):
        np.matmul(weight, columns[:, at : at + width], out=y[:, at : at + width])
    return y


def _twice(name: str, x: Array) -> Array:
    """Return a layer without neighbours [out, 2 samples], each value twice."""
    weight, bias, _ = _weights()[name]
    return np.repeat(_product(weight, x) + bias, 2, axis=1)


@lru_cache
def _weights() -> dict[str, tuple[Array, Array, int]]:
    """Return each layer's weights [out, samples * in], biases [out, 1] and number of samples."""
    try:
        with np.load(WEIGHTS, allow_pickle=False) as stored:
            kept: dict[str, Any] = {name: stored[name].astype(np.float32) for name in stored.files}
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise FileDamaged(
            f"{WEIGHTS} cannot be read.",
            found=f"{type(error).__name__}: {error}",
            expected="a file of the package",
            remedy="pip install --force-reinstall einthoven",
        ) from error
    names = [name.removesuffix(".weight") for name in kept if name.endswith(".weight")]
    return {
        name: (
            np.ascontiguousarray(kept[f"{name}.weight"].transpose(0, 2, 1).reshape(len(kept[f"{name}.weight"]), -1)),
            kept[f"{name}.bias"][:, None],
            kept[f"{name}.weight"].shape[2],
        )
        for name in names
    }
