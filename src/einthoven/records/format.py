"""Declare a format of recordings: what its files are called, what they state, and what reads them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated


class Reader(Protocol):
    """Reads one recording of a format; see :func:`einthoven.records.read`."""

    def __call__(self, path: Path, stated: Stated = NOTHING) -> Record:
        """Read a recording."""
        ...


@dataclass(frozen=True)
class Format:
    """A format of recordings."""

    suffixes: tuple[str, ...]
    """Suffixes of its files in lower case, with the dot; ``""`` for a record's name without suffix."""
    title: str
    """Name of the format."""
    must_state: str
    """What a user must state because the file does not; empty for nothing."""
    states_rate: bool
    """Whether its files state their sampling rate and unit."""
    reader: Reader
    """Reads a file."""
    kinds: tuple[str, ...] = ()
    """What :func:`einthoven.records.sniff.kind_of` calls its content; the suffix decides where it calls it nothing."""
