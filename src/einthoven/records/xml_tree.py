"""Parse XML that is not trusted: no entities, no network, and bounds on size, depth and number of elements."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records.printable import printable

_MOST_BYTES = 64 << 20  # a 12-lead recording of half an hour in text
_MOST_ELEMENTS = 500_000
_MOST_ATTRIBUTES = 1_000_000
_DEEPEST = 64
_CHUNK = 1 << 20
_DECLARED = re.compile(rb"<\?xml[^>]{0,80}encoding=[\"']([\w.\-]{1,40})[\"']")
_NO_BLANKS = dict.fromkeys(map(ord, " \t\r\n"))
_ENCODINGS = (None, "utf-8", "iso-8859-1")  # as declared, then what programs write although they declare another one


class _Refused(Exception):
    """What makes a document unsafe."""


def parse_xml(path: Path, title: str) -> ET.Element:
    """Parse a file of XML; names are without namespaces.

    Parameters
    ----------
    path : Path
        The file.
    title : str
        The format, for errors.

    Returns
    -------
    Element
        The root.

    Raises
    ------
    RecordUnreadable
        If it is not well formed, declares entities, or is too large, deep or finely divided.
    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise not_a(path, title, f"{size:,} bytes of XML, over {_MOST_BYTES:,}", "cut it into shorter recordings")
    content = path.read_bytes().lstrip()
    if content.count(b"=") > _MOST_ATTRIBUTES:
        raise not_a(path, title, f"over {_MOST_ATTRIBUTES:,} XML attributes", "copy or export the file again")
    fault = ""
    for encoding in _ENCODINGS:
        try:
            return _parse(content, encoding)
        except (expat.ExpatError, LookupError, ValueError) as error:
            fault = fault or str(error)
        except _Refused as error:
            raise not_a(path, title, str(error), "copy or export the file again") from error
    raise not_a(path, title, f"XML that is not well formed: {fault}", "copy or export the file again")


def in_utf8(content: bytes) -> bytes:
    """Return a document in UTF-8 that says so, whatever its declaration says, for parsers that believe it.

    Parameters
    ----------
    content : bytes
        The document.

    Returns
    -------
    bytes

    Examples
    --------
    >>> in_utf8('<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode("utf-16")).decode()
    '<a>é</a>'
    """
    is_wide = content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]
    first = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be" if content[:1] == b"\0" else "utf-16"
    found = _DECLARED.match(content)
    declared = found[1].decode("ascii").lower() if found and not found[1].lower().startswith(b"utf") else "cp1252"
    for encoding in (first if is_wide else "utf-8", declared, "latin-1"):
        try:
            text = content.decode(encoding).lstrip("\ufeff")
            break
        except (UnicodeDecodeError, LookupError):
            continue
    return re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text, count=1).encode()


def not_a(path: Path, title: str, found: str, remedy: str = "copy or export the file again") -> RecordUnreadable:
    """Return the error for a file that is not a whole file of its format.

    Parameters
    ----------
    path : Path
        The file.
    title : str
        The format.
    found : str
        What is wrong.
    remedy : str
        What to do.

    Returns
    -------
    RecordUnreadable
        The error to raise.
    """
    return RecordUnreadable(
        f"{path} cannot be read.", found=printable(found), expected=f"a whole {title} file", remedy=remedy
    )


def text_of(element: ET.Element | None, path: str = ".") -> str:
    """Return the text below an element, with single blanks.

    Parameters
    ----------
    element : Element, optional
        Where to begin.
    path : str
        Path of names from there.

    Returns
    -------
    str
        Empty if there is no such element.
    """
    found = element.find(path) if element is not None else None
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def packed_text(element: ET.Element | None) -> str:
    """Return the text right below an element without blanks, as Base64 needs it.

    Parameters
    ----------
    element : Element, optional
        The element.

    Returns
    -------
    str
    """
    return (element.text or "").translate(_NO_BLANKS) if element is not None else ""


def number_of(text: str) -> float | None:
    """Return the finite number that a text writes, with a point or a comma.

    Parameters
    ----------
    text : str
        A text.

    Returns
    -------
    float or None

    Examples
    --------
    >>> number_of("4,88"), number_of(" 500 "), number_of("nan"), number_of("")
    (4.88, 500.0, None, None)
    """
    try:
        value = float(text.strip().replace(",", ".")[:40])
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None


def _parse(content: bytes, encoding: str | None) -> ET.Element:
    parser = expat.ParserCreate(encoding)
    builder = ET.TreeBuilder()
    state = {"depth": 0, "elements": 0}

    def start(name: str, attributes: dict[str, str]) -> None:
        state["depth"] += 1
        state["elements"] += 1
        if state["depth"] > _DEEPEST:
            raise _Refused(f"XML elements within each other, over {_DEEPEST} deep")
        if state["elements"] > _MOST_ELEMENTS:
            raise _Refused(f"over {_MOST_ELEMENTS:,} XML elements")
        builder.start(name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()})

    def end(name: str) -> None:
        state["depth"] -= 1
        builder.end(name.rpartition(":")[2])

    def entity(*_: object) -> None:
        raise _Refused("XML that declares entities, which could expand without bound or name other files")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = entity
    parser.UnparsedEntityDeclHandler = entity
    parser.buffer_text = True
    parser.Parse(content, True)
    return builder.close()


def numbers_in(text: str) -> NDArray[np.float64]:
    """Return the numbers of a text that separates them by blanks or commas.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    array [n], float64

    Raises
    ------
    ValueError
        If one of them is no number.

    Examples
    --------
    >>> numbers_in("1, -2,3 4").tolist()
    [1.0, -2.0, 3.0, 4.0]
    """
    parts, at = [], 0
    while at < len(text):
        end = at + _CHUNK
        while end < len(text) and not (text[end].isspace() or text[end] == ","):
            end += 1
        parts.append(np.array(text[at:end].replace(",", " ").split(), np.float64))
        at = end
    return np.concatenate(parts) if parts else np.zeros(0)
