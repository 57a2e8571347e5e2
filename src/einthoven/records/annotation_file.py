"""Write WFDB annotations (MIT format), which other tools read beside a record."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import OutputRefused
from einthoven.records.annotations import SYMBOLS

CODES = {symbol: code for code, symbol in SYMBOLS.items()}
"""Number of each annotation code."""
_SKIP, _SUB, _AUX, _FAR = 59, 61, 63, 1023
_LONGEST_NOTE = 255
_LAST = 2**31 - 1


def encoded(
    samples: NDArray[Any], symbols: Sequence[str], notes: Sequence[str] = (), subtypes: Sequence[int] = ()
) -> bytes:
    """Return the content of an annotation file.

    Parameters
    ----------
    samples : array [n], int
        Sample numbers, in any order; annotations of one sample keep their order.
    symbols : sequence of str
        Code of each.
    notes : sequence of str
        Text of each, cut at 255 bytes; none by default.
    subtypes : sequence of int
        Subtype of each, one byte; 0 by default.

    Returns
    -------
    bytes

    Raises
    ------
    OutputRefused
        If a code is none of WFDB's, or a sample number is negative or beyond 2,147,483,647.
    """
    numbers = np.asarray(samples, np.int64)
    unknown = sorted({symbol for symbol in symbols if symbol not in CODES})
    if unknown or (len(numbers) and (numbers.min() < 0 or numbers.max() > _LAST)):
        raise OutputRefused(
            "These annotations cannot be written.",
            found=f"codes {', '.join(unknown)}"
            if unknown
            else f"sample numbers from {numbers.min()} to {numbers.max()}",
            expected=f"codes of WFDB ({' '.join(CODES)}), sample numbers from 0 to {_LAST}",
            remedy="write JSON or CSV instead: --out answers.json",
        )
    words = bytearray()
    before = 0
    for at in np.argsort(numbers, kind="stable"):
        ahead = int(numbers[at]) - before
        before = int(numbers[at])
        if ahead > _FAR:
            # A long way is a word of its own, its upper half first, as on the PDP-11.
            words += struct.pack("<HHH", _SKIP << 10, ahead >> 16, ahead & 0xFFFF)
            ahead = 0
        words += struct.pack("<H", CODES[symbols[at]] << 10 | ahead)
        if subtypes and subtypes[at]:
            words += struct.pack("<H", _SUB << 10 | subtypes[at] & 0xFF)
        if notes and notes[at]:
            text = notes[at].encode("latin-1", "replace")[:_LONGEST_NOTE]
            words += struct.pack("<H", _AUX << 10 | len(text)) + text + b"\0" * (len(text) % 2)
    return bytes(words + b"\0\0")
