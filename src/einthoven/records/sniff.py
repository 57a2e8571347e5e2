"""Recognise what a file is by its first bytes, whatever its name."""

import re
import struct
from pathlib import Path

HEAD_BYTES = 65_536
"""Bytes that are looked at."""

_MAGIC = (
    (0, b"\xffBIOSEMI", "bdf"),
    (0, b"ISHNE1.0", "ishne"),
    (0, b"ANN  1.0", "ishne_annotations"),
    (0, b"ALIVE\0", "atc"),
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"\x93NUMPY", "npy"),
    (0, b"MATLAB 5.0 MAT-file", "matlab"),
    (0, b"PAR1", "parquet"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"%PDF-", "pdf"),
    (0, b"XDF:", "xdf"),
    (0, b"version https://git-lfs", "lfs"),
    (0, b"\x89PNG", "picture"),
    (0, b"\xff\xd8\xff", "picture"),
    (0, b"\xd0\xcf\x11\xe0", "office"),
    (0, b"fLaC", "flac"),
    (128, b"DICM", "dicom"),
    (8, b"WAVEfmt ", "wav"),
)
_XML_ROOTS = {
    "annotatedecg": "aecg",
    "restingecg": "muse",
    "restingecgdata": "sierra",
    "com.xiriuz.sema.xml.schilleredi.schilleredi": "schiller",
    "schilleredi": "schiller",
    "cardiologyxml": "cardiosoft",
    "ecg": "mortara",
    "html": "html",
}
_ROOT = re.compile(r"<(?:[\w.\-]+:)?([A-Za-z_][\w.\-]*)")
_PROLOGUE = {"<!--": "-->", "<?": "?>", "<!DOCTYPE": ">"}
"""What may stand before the root of a document, and how each of it ends."""
_KARDIA = (b'"recordedAt"', b'"amplitudeResolution"', b'"algorithmDetermination"', b'"data12L"')
_TEXTS = (
    (re.compile(rb"\s{0,64}Rhythm signal:\s*\d+\s*X\s*\d+"), "muse_text"),
    (re.compile(rb"\s{0,64}\[Header\]\s[^\[]{0,2000}Channels exported:"), "labsystem"),
)

NO_RECORDING = {
    "pdf": (
        "a PDF: a picture of a recording",
        "export the samples, e.g. as CSV, HL7 aECG or DICOM, from the program that made it",
    ),
    "picture": ("a picture", "export the samples, e.g. as CSV, from the program that made it"),
    "office": ("a document of an office program", "save it as CSV with one column a lead"),
    "html": ("a web page, not the file behind it", "download the file itself"),
    "lfs": ("a pointer of Git LFS, not the file behind it", "git -C {folder} lfs pull --include {name}"),
    "xdf": (
        "an XDF file of Lab Streaming Layer",
        'pip install pyxdf && python -c "import numpy, pyxdf, sys; s = next(s for s in pyxdf.load_xdf(sys.argv[1])[0] '
        "if s['info']['type'][0].upper() in ('ECG', 'EXG', 'EKG')); numpy.savetxt(sys.argv[2], numpy.column_stack("
        "(s['time_stamps'], s['time_series'])), delimiter=',')\" {path} {csv}",
    ),
    "ishne_annotations": (
        "an ISHNE annotation file without samples",
        "name the recording itself, which begins with ISHNE1.0",
    ),
}
"""Kinds of files that hold no samples to read: what they are, and what to do, with {path} for the file."""


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file.

    Parameters
    ----------
    path : Path
        A regular file.

    Returns
    -------
    bytes
        At most :data:`HEAD_BYTES`.
    """
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def kind_of(head: bytes) -> str:
    """Return what a file is, by its first bytes.

    Parameters
    ----------
    head : bytes
        The first bytes, see :func:`head_of`.

    Returns
    -------
    str
        A short name (``aecg``, ``muse``, ``dicom``, ``edf``, ``pdf``, …; ``xml`` for an XML document of another kind);
        empty if the bytes do not tell.

    Examples
    --------
    >>> kind_of(b"<?xml version='1.0'?><AnnotatedECG xmlns='urn:hl7-org:v3'/>"), kind_of(b"I,II,III")
    ('aecg', '')
    """
    for at, magic, kind in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return kind
    for recognise in (_xml_kind, _binary_kind):
        kind = recognise(head)
        if kind:
            return kind
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and sum(key in head for key in _KARDIA) >= 2:
        return "kardia"
    return next((kind for pattern, kind in _TEXTS if pattern.match(head)), "")


def xml_root(head: bytes) -> str:
    """Return the name of the root element of an XML document, without its namespace.

    Parameters
    ----------
    head : bytes
        The first bytes of a file.

    Returns
    -------
    str
        Empty if it is no XML document, or its root does not begin in these bytes.
    """
    text = _as_text(head)
    if not text.startswith("<"):
        return ""
    found = _ROOT.match(_without_prologue(text))
    return found.group(1) if found else ""


def _without_prologue(text: str) -> str:
    """Return a document from its root on; one step for each part, whatever the text."""
    at = 0
    while True:
        at += len(text) - at - len(text[at:].lstrip()) if text[at : at + 1].isspace() else 0
        begin = next((begin for begin in _PROLOGUE if text.startswith(begin, at)), None)
        if begin is None:
            return text[at:]
        end = text.find(_PROLOGUE[begin], at)
        subset = text.find("[", at, end) if begin == "<!DOCTYPE" else -1
        if subset >= 0:
            end = text.find(">", text.find("]", subset))
        if end < 0:
            return ""
        at = end + len(_PROLOGUE[begin])


def _as_text(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace").lstrip()
    if head[:4] in (b"<\0?\0", b"\0<\0?"):
        return head[: len(head) // 2 * 2].decode("utf-16-le" if head[0] else "utf-16-be", errors="replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip()


def _xml_kind(head: bytes) -> str:
    root = xml_root(head)
    if root:
        return _XML_ROOTS.get(root.lower(), "xml")
    start = _as_text(head)[:64].lower()
    return "html" if start.startswith("<!doctype html") else "xml" if start.startswith("<?xml") else ""


def _binary_kind(head: bytes) -> str:
    if _is_edf(head):
        return "edf"
    if _is_scp(head):
        return "scp"
    if _is_mfer(head):
        return "mfer"
    if _is_dicom_without_preamble(head):
        return "dicom"
    return ""


def _is_edf(head: bytes) -> bool:
    """Return whether it is the header of EDF: version 0, then sizes as printed digits."""
    digits = head[184:192].strip(), head[252:256].strip()
    return head[:8] == b"0       " and (len(head) < 256 or all(text.isdigit() for text in digits))


def _is_scp(head: bytes) -> bool:
    """Return whether it is SCP-ECG: section 0 with its fixed length of 16 + 10 n bytes, or the mark SCPECG in its header."""
    if len(head) < 32:
        return False
    number, length = struct.unpack_from("<HI", head, 8)
    first = struct.unpack_from("<HII", head, 22)
    points_to_itself = first[0] == 0 and first[1] == length and first[2] == 7
    return number == 0 and (head[16:22] == b"SCPECG" or (length >= 26 and points_to_itself))


def _is_mfer(head: bytes) -> bool:
    """Return whether it is MFER: the preamble MFR, or the definitions of byte order, rate and waveform that it must begin with."""
    if head[:1] == b"\x40" and head[2:6] == b"MFR ":
        return True
    at = 0
    seen: list[int] = []
    while at + 2 <= len(head) and len(seen) < 12:
        tag, length = head[at], head[at + 1]
        if length & 0x80 or tag not in _MFER_HEAD_TAGS:
            break
        seen.append(tag)
        at += 2 + length
    return len(seen) >= 4 and 0x08 in seen and 0x0B in seen


_MFER_HEAD_TAGS = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x11, 0x12, 0x16, 0x17, 0x3F, 0x40}


def _is_dicom_without_preamble(head: bytes) -> bool:
    """Return whether it is a DICOM data set without preamble: explicit or implicit little-endian groups 2 or 8."""
    if len(head) < 16 or head[:2] not in (b"\x02\x00", b"\x08\x00") or head[3] != 0:
        return False
    return head[4:6] in (b"UL", b"CS", b"UI", b"DA", b"TM", b"SH", b"LO", b"OB") or (
        head[:4] in (b"\x08\x00\x05\x00", b"\x08\x00\x16\x00") and struct.unpack_from("<I", head, 4)[0] <= 64
    )
