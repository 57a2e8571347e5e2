"""Change files as damage, carelessness or malice would; the same seed and number give the same files."""

import random
import re
import zlib
from dataclasses import dataclass
from typing import Any

NUMBERS = (
    "0", "-1", "1", "9" * 18, "9" * 400, "1e999", "-1e999", "1e-999", "nan", "inf", "-0", "0.0000001", "2147483648",
    "4294967295", "9223372036854775808", "65536", "1,5", "0x10", "٣", "",
)  # fmt: skip
WORDS = (
    b"\x00", b"\x1b[31m", b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b"\r\n", b"\t", b";", b",", b'"', b"'", b"\\", b"../../",
    b"/etc/passwd", b"%s%n", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"]]>", b"~", b"#", b"=", b"{", b"[" * 200,
    b"</", b"\xe2\x80\xae", b"A" * 5000, b"9" * 50_000 + b"x", b" " * 50_000 + b"x", b"\x80", b"NaN", b"null",
)  # fmt: skip
_DIGITS = re.compile(rb"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Seed:
    """A recording that is read before it is changed."""

    name: str
    files: dict[str, bytes]
    main: str
    stated: dict[str, Any]
    kind: str = "record"


def mutated(files: dict[str, bytes], name: str, number: int) -> tuple[dict[str, bytes], random.Random]:
    """Change one to three places in a seed's files, mostly in one of them.

    Returns the changed files, and the generator for what else is chosen by chance.
    """
    rng = random.Random(zlib.crc32(name.encode()) << 32 | number)
    changed = dict(files)
    target = rng.choice(sorted(changed))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        change = rng.choice(CHANGES)
        changed[target] = change(changed[target], rng)[: 4 << 20]
        if rng.random() < 0.2:
            target = rng.choice(sorted(changed))
    if len(changed) > 1 and rng.random() < 0.02:
        del changed[target]
    return changed, rng


def _place(content: bytes, rng: random.Random) -> int:
    """Return a position: heads of files decide more than their samples."""
    if not content:
        return 0
    return rng.randrange(min(len(content), rng.choice((64, 512, 4096, len(content)))))


def _flip(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :] if content else content


def _set_bytes(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice(
        (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, (1 << 31) - 1, 1 << 31, (1 << 63) - 1, rng.getrandbits(64))
    )
    raw = (value & (1 << 8 * size) - 1).to_bytes(size, rng.choice(("little", "big")))
    return content[:at] + raw + content[at + size :]


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _remove(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + content[at + rng.choice((1, 2, 4, 16, 100, 1000)) :]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    part = content[at : at + rng.choice((1, 8, 64, 1000))]
    return content[:at] + part * rng.choice((2, 3, 50, 1000)) + content[at:]


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + rng.choice(WORDS) + content[at:]


def _move(content: bytes, rng: random.Random) -> bytes:
    first, second = _place(content, rng), _place(content, rng)
    size = rng.choice((4, 16, 100))
    part = content[first : first + size]
    return content[:second] + part + content[second + rng.choice((0, size)) :]


def _number(content: bytes, rng: random.Random) -> bytes:
    found = list(_DIGITS.finditer(content[:8192]))
    if not found:
        return _set_bytes(content, rng)
    one = rng.choice(found)
    return content[: one.start()] + rng.choice(NUMBERS).encode() + content[one.end() :]


def _line(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at, other = rng.randrange(min(len(lines), 60)), rng.randrange(min(len(lines), 60))
    choice = rng.randrange(4)
    if choice == 0:
        del lines[at]
    elif choice == 1:
        lines.insert(other, lines[at])
    elif choice == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        cells = re.split(rb"([,;\t ])", lines[at])
        cells[rng.randrange(len(cells))] = rng.choice((*WORDS, *(number.encode() for number in NUMBERS)))
        lines[at] = b"".join(cells)
    return b"\n".join(lines)


CHANGES = (_flip, _flip, _set_bytes, _set_bytes, _cut, _remove, _repeat, _insert, _move, _number, _number, _line)
