"""Read the text that LabSystem Pro (Bard, Boston Scientific) exports: a head for each channel, then a row for each sample.

Source: the description of the export in the R package EGM. A sample is its count times the range of the channel / 32,768.
"""

import re
from pathlib import Path

import numpy as np

from einthoven.records.bounds import content
from einthoven.records.channels import Channel, Content, record_of, surface_leads
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a, number_of

TITLE = "LabSystem Pro text"
_MOST_BYTES = 512 << 20
_FULL_SCALE = 1 << 15
_MOST_HEAD = 1 << 20
_DATA = re.compile(rb"^[ \t]*\[Data\][ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_RANGE = re.compile(r"([\d.]+)\s*(mv|uv|µv|v)", re.IGNORECASE)


def read_labsystem(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an export of LabSystem Pro; channels that are no leads are left out beside leads of the surface ECG.

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
        If rows or columns are not as many as the head states.
    """
    text = content(path, _MOST_BYTES)
    mark = _DATA.search(text[:_MOST_HEAD])
    if mark is None:
        raise not_a(path, TITLE, "no line [Data] behind the head")
    general, blocks = _head(text[: mark.start()].decode("latin-1"))
    fs_hz = number_of(general.get("sample rate", "").lower().removesuffix("hz"))
    n_samples, n_channels = (number_of(general.get(key, "")) for key in ("samples per channel", "channels exported"))
    if not fs_hz or fs_hz < 0 or n_channels != len(blocks):
        raise not_a(path, TITLE, f"{fs_hz or 'no'} Hz, and {len(blocks)} channels where {n_channels or 0:g} are stated")
    try:
        rows = text[mark.end() :].split()
        values = np.loadtxt((row.rstrip(b",").decode("latin-1") for row in rows), np.float64, delimiter=",", ndmin=2)
    except ValueError as error:
        raise not_a(path, TITLE, f"a row that is not of {len(blocks)} numbers: {str(error)[:80]}") from error
    if values.shape[1:] != (len(blocks),) or (n_samples is not None and len(values) != n_samples):
        raise not_a(path, TITLE, f"{len(values):,} rows where {n_samples or 0:,.0f} are stated")
    channels, left_out = surface_leads(
        [_channel(path, block, values[:, at]) for at, block in enumerate(blocks)], stated
    )
    return record_of(path, fs_hz, channels, stated, Content(warnings=left_out))


def _head(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return what stands in front of the channels, and what is said of each."""
    general: dict[str, str] = {}
    blocks: list[dict[str, str]] = []
    for line in text.splitlines():
        key, mark, value = line.partition(":")
        if not mark:
            continue
        if key.strip().lower() == "channel #":
            blocks.append({})
        (blocks[-1] if blocks else general).setdefault(key.strip().lower(), value.strip())
    return general, blocks


def _channel(path: Path, block: dict[str, str], counts: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Channel:
    name = block.get("label", "")[:40]
    found = _RANGE.fullmatch(block.get("range", ""))
    span = number_of(found[1]) if found else None
    if found is None or not span:
        return Channel(name, counts, unit="")
    return Channel(name, counts, span / _FULL_SCALE, found[2])
