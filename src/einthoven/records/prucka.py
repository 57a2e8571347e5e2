"""Read the text that CardioLab (Prucka, GE) exports: rows of millivolts, and an .inf file beside it that describes them."""

import re
from pathlib import Path

import numpy as np

from einthoven.records.bounds import content, require_regular
from einthoven.records.channels import Channel, Content, record_of, surface_leads
from einthoven.records.dates import from_words
from einthoven.records.identity import Identity
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a, number_of

TITLE = "CardioLab text"
_MOST_BYTES, _MOST_HEAD = 512 << 20, 1 << 20
_CHANNEL = re.compile(r"(\d{1,6})\s+(\S.*)")


def described_by(path: Path) -> Path | None:
    """Return the .inf file of CardioLab that describes a text file, or that it is itself.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    Path or None
        None if there is no such file.
    """
    if path.suffix.lower() == ".inf":
        beside = [path]
    elif path.suffix.lower() == ".txt":
        beside = [path.with_suffix(suffix) for suffix in (".inf", ".INF")]
    else:
        return None
    for one in beside:
        if one.is_file():
            with one.open("rb") as file:
                if b"Data Sampling Rate" in file.read(4096):
                    return one
    return None


def read_prucka(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an export of CardioLab; channels that are no leads are left out beside leads of the surface ECG.

    Parameters
    ----------
    path : Path
        The text file, or the .inf file beside it.
    stated : Stated
        What the user states.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If one of the two files is missing, or rows or columns are not as many as the .inf file states.
    """
    head = described_by(path)
    if head is None:
        raise not_a(path, TITLE, "no .inf file that describes it", "copy both files, .txt and .inf, into one folder")
    said, names = _head(content(head, _MOST_HEAD).decode("latin-1"))
    samples = next((one for one in (head.with_suffix(suffix) for suffix in (".txt", ".TXT")) if one.is_file()), None)
    if samples is None:
        raise not_a(path, TITLE, "no .txt file with its samples", "copy both files, .txt and .inf, into one folder")
    require_regular(samples)
    fs_hz = number_of(said.get("data sampling rate", "").split(" ")[0])
    n_samples, n_channels = (number_of(said.get(key, "")) for key in ("points for each channel", "number of channel"))
    if not fs_hz or fs_hz < 0 or not names or n_channels != len(names):
        stated_n = f"{n_channels or 0:g} channels stated"
        raise not_a(path, TITLE, f"{fs_hz or 'no'} Hz, {len(names)} channels named and {stated_n} in {head.name}")
    try:
        values = np.loadtxt(content(samples, _MOST_BYTES).decode("latin-1").splitlines(), np.float64, ndmin=2)
    except ValueError as error:
        raise not_a(samples, TITLE, f"a row that is not of {len(names)} numbers: {str(error)[:80]}") from error
    if values.shape[1] not in (len(names), len(names) + 1) or (n_samples is not None and len(values) != n_samples):
        shape = f"{len(values):,} rows of {values.shape[1]} numbers"
        raise not_a(samples, TITLE, f"{shape} where {n_samples or 0:,.0f} of {len(names)} are stated")
    columns = values.T[-len(names) :]  # a first column may number the samples
    channels = [Channel(name, row, unit="mV") for name, row in zip(names, columns, strict=True)]
    channels, left_out = surface_leads(channels, stated)
    day, _, clock = said.get("start time", "").partition(" ")
    identity = Identity(name=said.get("patient", ""), recorded_at=from_words(day, clock))
    comments = tuple(text for text in (said.get("description", ""),) if text)
    return record_of(samples, fs_hz, channels, stated, Content(left_out, comments, identity))


def _head(text: str) -> tuple[dict[str, str], list[str]]:
    """Return what the lines with = say, and the names of the channels in order of their columns."""
    said: dict[str, str] = {}
    names: list[str] = []
    is_list = False
    for line in text.splitlines():
        if is_list:
            found = _CHANNEL.fullmatch(line.strip())
            names += [found[2][:40]] if found else []
        elif line.lower().startswith("channel number"):
            is_list = True
        else:
            key, mark, value = line.partition("=")
            if mark:
                said.setdefault(key.strip().lower(), value.strip())
    return said, names
