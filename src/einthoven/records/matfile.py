"""Read MATLAB files of version 4 to 7: numbers, text, cells of text and plain structs; no objects, sparse matrices or HDF5.

Source: MAT-File Format, The MathWorks. SciPy's reader is not used, because it ends the process on some damaged files.
"""

import struct
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.records import bounds

_V4 = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}
_V5 = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXT = {2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _CHAR, _NUMBERS = 1, 2, 4, range(6, 16)
_MOST_CELLS = 1000
_COMPLEX = 0x0800
_MOST_BYTES = 1 << 31


class Unsupported(ValueError):
    """A variable of a kind that is not read."""


Value = NDArray[Any] | str | list[str] | dict[str, Any]
"""A variable; rows of text and cells of text are lists, a struct is a dict of values."""


def load(path: Path) -> dict[str, Value]:
    """Read the variables of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to Value
        Arrays, texts, lists of texts, and structs as dicts.

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else.
    """
    raw = bounds.content(path, _MOST_BYTES)
    if is_version_4(raw):
        return _variables_4(raw)
    if raw.startswith(b"MATLAB 7.3"):
        raise ValueError("a MATLAB 7.3 (HDF5) file; save it in MATLAB with -v7")
    order = {b"IM": "<", b"MI": ">"}.get(raw[126:128])
    content = memoryview(raw)
    if len(content) < 136 or order is None:
        raise ValueError("no MATLAB header")
    found: dict[str, Value] = {}
    skipped: list[str] = []
    at = 128
    while at + 8 <= len(content):
        kind, body, at = _element(content, at, order)
        if kind == _COMPRESSED:
            kind, body, _ = _element(_unpacked(body, order), 0, order)
        if kind == _MATRIX:
            try:
                name, value = _matrix(body, order, 0)
            except Unsupported as error:
                skipped.append(str(error))
            else:
                found[name] = value
    if skipped and not found:
        raise ValueError(skipped[0])
    return found


def is_version_4(first: bytes) -> bool:
    """Return whether a file is of version 4, which begins with a number below 5000; later versions begin with text.

    Parameters
    ----------
    first : bytes
        The first four bytes of the file.

    Returns
    -------
    bool
    """
    return len(first) >= 4 and int.from_bytes(first[:4], "little") < 5000


def _unpacked(body: memoryview, order: str) -> memoryview:
    """Return a compressed element; the size that it states is checked before memory is taken."""
    unpacker = zlib.decompressobj()
    most = bounds.most_unpacked(len(body))
    try:
        head = unpacker.decompress(body, 8)
        size = struct.unpack_from(order + "I", head, 4)[0] if len(head) == 8 else 0
        if size > most:
            raise ValueError(f"a variable of {len(body):,} bytes that unpacks to {size:,}")
        return memoryview(head + unpacker.decompress(unpacker.unconsumed_tail, max(1, size)))
    except zlib.error as error:
        raise ValueError(f"a damaged variable ({error})") from error


def _element(content: memoryview, at: int, order: str) -> tuple[int, memoryview, int]:
    """Return type and content of the element at a position, and where the next one begins."""
    if at + 8 > len(content):
        raise ValueError("it ends within a variable")
    kind, size = struct.unpack_from(order + "II", content, at)
    if kind >> 16:
        kind, size = kind & 0xFFFF, kind >> 16
        if size > 4:
            raise ValueError("a damaged variable")
        return kind, content[at + 4 : at + 4 + size], at + 8
    body = content[at + 8 : at + 8 + size]
    if len(body) < size:
        raise ValueError("it ends within a variable")
    return kind, body, at + 8 + (size if kind == _COMPRESSED else -(-size // 8) * 8)


def _matrix(content: memoryview, order: str, depth: int) -> tuple[str, Value]:
    if not content:
        return "", np.zeros((0, 0))
    _, flags, at = _element(content, 0, order)
    _, sizes, at = _element(content, at, order)
    _, name, at = _element(content, at, order)
    if len(flags) < 4 or len(sizes) < 8 or depth > 3:
        raise ValueError("a damaged variable")
    flag = struct.unpack_from(order + "I", flags)[0]
    shape = tuple(np.frombuffer(sizes, order + "i4").tolist())
    if min(shape) < 0 or prod(shape) > _MOST_BYTES:
        raise ValueError(f"a variable of shape {shape}")
    label, kind = bytes(name).decode("latin-1"), flag & 0xFF
    if kind == _STRUCT:
        return label, _fields(content, at, shape, order, depth)
    if kind == _CELL:
        return label, _cells(content, at, shape, order, depth)
    stored, body, _ = _element(content, at, order)
    if kind == _CHAR:
        encoding = _TEXT.get(stored, "latin-1")
        if encoding in ("utf-16", "utf-32"):
            encoding += "-le" if order == "<" else "-be"
        text = bytes(body).decode(encoding, "replace")
        return label, text if shape[0] < 2 else [
            text[row :: shape[0]].strip() for row in range(min(shape[0], _MOST_CELLS))
        ]
    if kind not in _NUMBERS or flag & _COMPLEX or stored not in _V5:
        what = "complex numbers" if flag & _COMPLEX else f"class {kind}"
        raise Unsupported(f"{what} in the variable {label!r}")
    return label, _numbers(body, order + _V5[stored], shape)


def _cells(content: memoryview, at: int, shape: tuple[int, ...], order: str, depth: int) -> list[str]:
    texts: list[str] = []
    for _ in range(min(prod(shape), _MOST_CELLS)):
        kind, body, at = _element(content, at, order)
        value = _matrix(body, order, depth + 1)[1] if kind == _MATRIX else None
        if not isinstance(value, str):
            raise Unsupported("a cell array that holds more than text")
        texts.append(value.strip())
    return texts


def _fields(content: memoryview, at: int, shape: tuple[int, ...], order: str, depth: int) -> dict[str, Value]:
    _, length, at = _element(content, at, order)
    _, names, at = _element(content, at, order)
    width = struct.unpack_from(order + "i", length)[0] if len(length) >= 4 else 0
    if width < 1 or prod(shape) != 1:
        raise Unsupported(f"a struct of shape {shape}")
    fields: dict[str, Value] = {}
    for first in range(0, len(names), width):
        kind, body, at = _element(content, at, order)
        if kind != _MATRIX:
            raise ValueError("a damaged struct")
        field = bytes(names[first : first + width]).split(b"\0")[0].decode("latin-1")
        try:
            fields[field] = _matrix(body, order, depth + 1)[1]
        except Unsupported:
            continue
    return fields


def _variables_4(content: bytes) -> dict[str, Value]:
    found: dict[str, Value] = {}
    at = 0
    while at + 20 <= len(content):
        kind, n_rows, n_columns, imaginary, n_name = struct.unpack_from("<5i", content, at)
        precision, text = kind // 10 % 10, kind % 10
        if kind // 100 or precision not in _V4 or text > 1 or imaginary or min(n_rows, n_columns) < 0 or n_name < 1:
            raise ValueError("no MATLAB variable of plain numbers")
        stored = np.dtype("<" + _V4[precision])
        first = at + 20 + n_name
        at = first + n_rows * n_columns * stored.itemsize
        if at > len(content):
            raise ValueError("it ends within a variable")
        name = content[first - n_name : first].split(b"\0")[0].decode("latin-1")
        found[name] = _numbers(content[first:at], stored.str, (n_rows, n_columns))
    if not found:
        raise ValueError("no variable")
    return found


def _numbers(body: memoryview | bytes, stored: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if len(body) != prod(shape) * np.dtype(stored).itemsize:
        raise ValueError(f"{len(body)} bytes for shape {shape}")
    return np.frombuffer(body, stored).reshape(shape, order="F")
