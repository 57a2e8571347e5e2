"""Read ATC, the format of AliveCor's Kardia: blocks of a name, a length, content and a sum.

Source: Alive File Format Specification 1.6, as implemented by AliveCor's ATCpy.
"""

import re
import struct
from pathlib import Path

import numpy as np

from einthoven.records.channels import Channel, Content, record_of
from einthoven.records.identity import Identity
from einthoven.records.record import Annotations, Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a

TITLE = "Kardia ATC"
_MOST_BYTES = 256 << 20
_HEAD_BYTES = 12
_FORMAT = struct.Struct("<BHHBH")
_LEADS = {b"ecg ": "I", b"ecg2": "II", b"ecg3": "III", b"ecg4": "aVR", b"ecg5": "aVL", b"ecg6": "aVF"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}")


def read_atc(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an ATC file of one or six leads.

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If a block is not whole, or the blocks of format or samples are missing.
    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise not_a(path, TITLE, f"{size:,} bytes, over {_MOST_BYTES:,}", "cut it into shorter recordings")
    content = path.read_bytes()
    if len(content) < _HEAD_BYTES or content[:8] != b"ALIVE\0\0\0":
        raise not_a(path, TITLE, "bytes that do not begin with ALIVE")
    warnings: list[str] = []
    blocks = _blocks(path, content, warnings)
    if len(blocks.get(b"fmt ", b"")) < _FORMAT.size or not any(name in blocks for name in _LEADS):
        there = ", ".join(sorted(name.decode("latin-1").strip() for name in blocks)) or "none"
        raise not_a(path, TITLE, f"no block of format and of samples; blocks: {there}"[:200], "export it again")
    _, fs_hz, per_count_nv, _, _ = _FORMAT.unpack_from(blocks[b"fmt "])
    if not fs_hz or not per_count_nv:
        raise not_a(path, TITLE, f"{fs_hz} Hz and {per_count_nv} nV a count")
    channels = [
        Channel(name, np.frombuffer(blocks[key][: len(blocks[key]) // 2 * 2], "<i2"), per_count_nv / 1000)
        for key, name in _LEADS.items()
        if blocks.get(key)
    ]
    read = Content(tuple(warnings), (), _identity(blocks.get(b"info", b"")), annotations=_beats(blocks, fs_hz))
    return record_of(path, float(fs_hz), channels, stated, read)


def _blocks(path: Path, content: bytes, warnings: list[str]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = _HEAD_BYTES
    while at + 8 <= len(content) and content[at : at + 8].strip(b"\0"):
        name, length = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        end = at + 8 + length
        if end > len(content):
            raise not_a(path, TITLE, f"a block {name!r} of {length:,} bytes that ends behind the file", "copy it again")
        if end + 4 <= len(content):
            total = int(np.frombuffer(content[at:end], np.uint8).sum(dtype=np.uint64)) & 0xFFFFFFFF
            if total != struct.unpack_from("<I", content, end)[0]:
                warnings.append(f"the sum of the block {name.decode('latin-1').strip()} is not that of its bytes")
        found.setdefault(name, content[at + 8 : end])
        at = end + 4
    return found


def _beats(blocks: dict[bytes, bytes], fs_hz: int) -> Annotations | None:
    """Return the device's heartbeats: their time in ticks, and a kind, of which 1 is a normal beat."""
    block = blocks.get(b"ann ", b"")
    if len(block) < 10:
        return None
    ticks_hz = struct.unpack_from("<I", block)[0]
    entries = np.frombuffer(block[4 : 4 + (len(block) - 4) // 6 * 6], np.dtype([("at", "<u4"), ("kind", "<u2")]))
    if not ticks_hz or not len(entries):
        return None
    samples = np.round(entries["at"].astype(np.float64) * fs_hz / ticks_hz).astype(np.int64)
    return Annotations(samples, tuple("N" if kind == 1 else "Q" for kind in entries["kind"]), ("",) * len(entries))


def _identity(info: bytes) -> Identity:
    """Return date and device; the block holds texts of fixed lengths (date, recording, phone, model, software, hardware)."""
    texts = []
    at = 0
    for length in (32, 40, 44, 32, 32, 32):
        texts.append(info[at : at + length].split(b"\0")[0].decode("utf-8", errors="replace").strip())
        at += length
    moment = _DATE.match(texts[0])
    device = " ".join(part for part in ("AliveCor", texts[5]) if part)
    return Identity(recorded_at=moment[0].replace(" ", "T") if moment else "", device=device if info else "")
