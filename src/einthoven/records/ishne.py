"""Read Holter recordings in the format of ISHNE, and their annotations.

Source: Badilini, Ann Noninvasive Electrocardiol 1998;3:263. A header of 522 bytes, a block of any length, samples of 16 bits.
"""

import struct
from binascii import crc_hqx
from datetime import date
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable
from einthoven.records import bounds
from einthoven.records.channels import Channel, Content, record_of
from einthoven.records.dates import age_between
from einthoven.records.identity import Identity
from einthoven.records.record import Annotations, Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a

TITLE = "ISHNE Holter"
_MOST_ANNOTATIONS = 64 << 20
_HEAD = struct.Struct("<8sH4ih40s40s20s2h3h3h3h3hh12h12h12hh40sh80s80s88s")
_LEADS = (
    *("unknown", "generic", "X", "Y", "Z", "I", "II", "III", "aVR", "aVL", "aVF"),
    *("V1", "V2", "V3", "V4", "V5", "V6", "ES", "AS", "AI"),
)
_PLACEHOLDERS = ("none", "unknown", "n/a", "-")
_MAGIC = b"ISHNE1.0"
_ANNOTATION_MAGIC = b"ANN  1.0"
_ENTRY = np.dtype([("label", "S1"), ("kind", "u1"), ("since", "<u2")])


def read_ishne(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an ISHNE recording.

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states; an annotator is the suffix of the ISHNE annotation file beside it, e.g. ``ann``.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If header or annotations are damaged, or the file holds no whole sample of all leads.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(_MAGIC):
        raise not_a(path, TITLE, f"{len(head)} bytes that do not begin with {_MAGIC.decode()}")
    fields = _HEAD.unpack(head)
    n_block, n_stated, _, start = fields[2:6]
    n_leads, codes, resolutions = fields[24], fields[25:37], fields[49:61]
    fs_hz = float(fields[63])
    if not 1 <= n_leads <= 12 or fs_hz <= 0:
        raise not_a(path, TITLE, f"{n_leads} leads at {fs_hz:g} Hz")
    if not _HEAD.size <= start <= size or n_block < 0:
        raise not_a(path, TITLE, f"samples that begin at byte {start:,} of {size:,}")
    n_samples = (size - start) // (2 * n_leads)
    if n_samples < 1:
        raise not_a(path, TITLE, "no samples")
    warnings = _doubts(path, n_stated, n_samples, n_leads, fields[1], start)
    counts = np.memmap(path, "<i2", "r", start, (n_samples, n_leads))
    channels = [
        Channel(
            _LEADS[code] if 0 < code < len(_LEADS) else f"lead {at + 1}",
            np.ascontiguousarray(counts[:, at]),
            (resolution or 1) / 1000,
            "uV" if resolution > 0 else "",
        )
        for at, (code, resolution) in enumerate(zip(codes[:n_leads], resolutions[:n_leads], strict=True))
    ]
    annotations = _annotations(path.with_suffix(f".{stated.annotator}"), fs_hz) if stated.annotator else None
    return record_of(
        path, fs_hz, channels, stated, Content(tuple(warnings), (), _identity(fields), annotations=annotations)
    )


def _doubts(path: Path, n_stated: int, n_samples: int, n_leads: int, checksum: int, start: int) -> list[str]:
    """Return what is odd: another number of samples (of one lead or of all) than stated, another checksum."""
    warnings = []
    if n_stated not in (n_samples, n_samples * n_leads, 0):
        warnings.append(f"the header states {n_stated:,} samples, the file holds {n_samples:,}")
    with path.open("rb") as file:
        file.seek(10)
        if start < 1 << 20 and crc_hqx(file.read(start - 10), 0xFFFF) != checksum:
            warnings.append("the checksum of the header is not that of its bytes")
    return warnings


def _identity(fields: tuple[object, ...]) -> Identity:
    first, last, number = ("" if _text(field).lower() in _PLACEHOLDERS else _text(field) for field in fields[7:10])
    numbers = [int(str(field)) for field in fields[10:24]]
    birth, day, clock = _day(numbers[2:5]), _day(numbers[5:8]), numbers[11:14]
    has_time = day and 0 <= clock[0] < 24 and all(0 <= part < 60 for part in clock[1:])
    moment = f"{day}T{clock[0]:02}:{clock[1]:02}:{clock[2]:02}" if has_time else day
    return Identity(
        name=" ".join(part for part in (first, last) if part),
        patient_id=number,
        birth_date=birth,
        age_years=age_between(birth, moment),
        sex={1: "male", 2: "female"}.get(numbers[0], ""),
        recorded_at=moment,
        device=_text(fields[62]),
    )


def _day(numbers: list[int]) -> str:
    try:
        return date(numbers[2], numbers[1], numbers[0]).isoformat()
    except ValueError:
        return ""


def _text(field: object) -> str:
    return field.split(b"\0")[0].decode("latin-1").strip() if isinstance(field, bytes) else ""


def _annotations(path: Path, fs_hz: float) -> Annotations:
    """Read an annotation file: the first sample, then for each beat a label and the samples since the one before."""
    try:
        content = bounds.content(path, _MOST_ANNOTATIONS)
    except OSError as error:
        raise _no_annotations(path, error.strerror or "nothing there") from error
    if len(content) < _HEAD.size or not content.startswith(_ANNOTATION_MAGIC):
        raise _no_annotations(path, f"{len(content):,} bytes that do not begin with {_ANNOTATION_MAGIC.decode()}")
    fields = _HEAD.unpack_from(content)
    start = _HEAD.size + max(0, int(fields[2]))
    if float(fields[63]) != fs_hz or start + 4 > len(content):
        raise _no_annotations(path, f"annotations at {fields[63]} Hz for samples at {fs_hz:g} Hz")
    if (len(content) - start) % _ENTRY.itemsize:
        raise _no_annotations(path, "a last entry that is not whole")
    entries = np.frombuffer(content, _ENTRY, offset=start + 4)
    samples = struct.unpack_from("<i", content, start)[0] + np.cumsum(entries["since"].astype(np.int64))
    symbols = tuple(label.decode("latin-1") or "Q" for label in entries["label"])
    return Annotations(samples, symbols, ("",) * len(symbols))


def _no_annotations(path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"The annotations {path} cannot be read.",
        found=found,
        expected="an ISHNE annotation file of the same recording",
        remedy=f"ls {path.parent}",
    )
