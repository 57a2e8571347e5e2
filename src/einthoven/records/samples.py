"""Decode the samples of WFDB's formats.

Source: signal(5) of the WFDB Applications Guide, G. Moody.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, optional_imports

MISSING = {
    "16": -(1 << 15),
    "24": -(1 << 23),
    "32": -(1 << 31),
    "61": -(1 << 15),
    "80": -(1 << 7),
    "160": -(1 << 15),
    "212": -(1 << 11),
    "310": -(1 << 9),
    "311": -(1 << 9),
    "508": -(1 << 7),
    "516": -(1 << 15),
    "524": -(1 << 23),
}
"""Digital value of a missing sample; format 8, which holds differences, has none."""
_FLAC = {"508": ("int16", 8), "516": ("int16", 0), "524": ("int32", 8)}
_MOST_VALUES = 1 << 28
_BLOCK = 1 << 20


def decode(raw: NDArray[np.uint8], kind: str, n_values: int) -> NDArray[Any]:
    """Decode bytes of a format of fixed size.

    Parameters
    ----------
    raw : array [bytes], uint8
        The signal file from its first sample on; it may be longer, or lack the padding of the last samples.
    kind : str
        Number of the format.
    n_values : int
        Samples to decode.

    Returns
    -------
    array [n_values], integers
        Digital values; differences in format 8.
    """
    if kind in ("310", "311"):
        return _ten_bits(raw, kind, n_values)
    if kind == "212":
        return _twelve_bits(raw, n_values)
    if kind == "24":
        wide = np.zeros((n_values, 4), np.uint8)
        wide[:, 1:] = raw[: 3 * n_values].reshape(n_values, 3)
        return wide.view("<i4")[:, 0] >> 8
    if kind == "80":
        return raw[:n_values].astype(np.int16) - 128
    if kind == "8":
        return raw[:n_values].view(np.int8)
    stored = np.dtype({"16": "<i2", "61": ">i2", "160": "<u2", "32": "<i4"}[kind])
    values = raw[: n_values * stored.itemsize].view(stored)
    return values.astype(np.int32) - (1 << 15) if kind == "160" else values


def _padded(raw: NDArray[np.uint8], n_bytes: int) -> NDArray[np.uint8]:
    packed = np.zeros(n_bytes, np.uint8)
    available = min(len(raw), n_bytes)
    packed[:available] = raw[:available]
    return packed


def _twelve_bits(raw: NDArray[np.uint8], n_values: int) -> NDArray[np.int16]:
    """Decode format 212: pairs of 12 bits in three bytes."""
    n_pairs = -(-n_values // 2)
    packed = _padded(raw, 3 * n_pairs)
    low, middle, high = (packed[at::3].astype(np.int16) for at in range(3))
    out = np.empty(n_pairs * 2, np.int16)
    out[0::2] = ((middle & 0x0F) << 8) | low
    out[1::2] = ((middle & 0xF0) << 4) | high
    out[out > 2047] -= 4096
    return out[:n_values]


def _ten_bits(raw: NDArray[np.uint8], kind: str, n_values: int) -> NDArray[np.int16]:
    """Decode formats 310 and 311: three samples of 10 bits in four bytes."""
    n_words = -(-n_values // 3)
    word = _padded(raw, 4 * n_words).view("<u4")
    out = np.empty((n_words, 3), np.int16)
    if kind == "311":
        parts = [word >> shift for shift in (0, 10, 20)]
    else:
        parts = [word >> 1, word >> 17, (word >> 11 & 0x1F) | (word >> 27 << 5)]
    for column, part in enumerate(parts):
        out[:, column] = part & 0x3FF
    out[out > 511] -= 1024
    return out.ravel()[:n_values]


def decode_flac(file: Path, kind: str, n_channels: int, n_values: int | None) -> NDArray[Any]:
    """Decode a signal file of formats 508, 516 and 524, which are FLAC, in blocks.

    Parameters
    ----------
    file : Path
        The signal file.
    kind : str
        Number of the format.
    n_channels : int
        Signals in the file.
    n_values : int or None
        Samples of each signal to decode; all if None.

    Returns
    -------
    array [samples, signals], integers
        Digital values; fewer samples than asked for if the file ends earlier.

    Raises
    ------
    RecordUnreadable
        If the file is damaged, or holds another number of signals.
    LibraryMissing
        If the soundfile package is not installed.
    """
    with optional_imports():
        import soundfile  # soundfile has no types

    stored, shift = _FLAC[kind]
    blocks: list[NDArray[Any]] = []
    try:
        with soundfile.SoundFile(file) as sound:
            if sound.channels != n_channels:
                raise _damaged(file, f"{sound.channels} channels", f"{n_channels}, one a signal")
            left = sound.frames if n_values is None else min(n_values, sound.frames)
            if left * n_channels > _MOST_VALUES:
                raise _damaged(file, f"{left:,} samples of {n_channels} signals", f"at most {_MOST_VALUES:,} samples")
            while left > 0:
                block = sound.read(min(left, _BLOCK), stored, always_2d=True)
                if not len(block):
                    break
                blocks.append(block >> shift if shift else block)
                left -= len(block)
    except soundfile.SoundFileError as error:
        raise _damaged(file, str(error).splitlines()[0][:160], "a FLAC file") from error
    return np.concatenate(blocks) if blocks else np.zeros((0, n_channels), stored)


def _damaged(file: Path, found: str, expected: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"The signal file {file} cannot be read.",
        found=found,
        expected=expected,
        remedy="copy or download the record again, header and signal file together",
    )
