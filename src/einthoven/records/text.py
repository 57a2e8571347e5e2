"""Decode text files of any common encoding to UTF-8."""

import codecs
from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PROBE, _LOOKED_AT = 4096, 1 << 20
_CONTROL = bytes(code for code in range(32) if code not in (9, 10, 12, 13, 26))


def text_of(path: Path) -> bytes:
    r"""Return a text file as UTF-8 with ``\n`` between its lines.

    Parameters
    ----------
    path : Path
        A file in UTF-8, UTF-16, UTF-32 or Windows-1252 (and so Latin-1).

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the file is not text; the message says what was found.
    """
    content = path.read_bytes()
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _unified(_recoded(content[len(mark) :], encoding))
    encoding = _unmarked_encoding(content[:_PROBE])
    if encoding == "utf-8":
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            if any(byte in _CONTROL for byte in content[max(0, error.start - 256) : error.start + 256]):
                raise ValueError(f"a byte at {error.start} that is not text") from error
            content = _recoded(content, "cp1252")
    else:
        content = _recoded(content, encoding)
    first = content[:_LOOKED_AT]
    at = next((first.find(code) for code in _CONTROL if code in first), content.find(0))
    if at >= 0:
        raise ValueError(f"a byte at {at} that is not text")
    return _unified(content)


def _unmarked_encoding(probe: bytes) -> str:
    """Return UTF-16 for text whose every second byte is zero, else UTF-8."""
    n_pairs = len(probe) // 2
    if n_pairs >= 4:
        if probe[1::2].count(0) > 0.8 * n_pairs and not probe[0::2].count(0):
            return "utf-16-le"
        if probe[0::2].count(0) > 0.8 * n_pairs and not probe[1::2].count(0):
            return "utf-16-be"
    return "utf-8"


def _recoded(content: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return content
    return content.decode(encoding, "replace").encode()


def _unified(content: bytes) -> bytes:
    content = content.replace(b"\x1a", b"") if b"\x1a" in content[-2:] else content
    if b"\r" in content:
        content = content.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content
