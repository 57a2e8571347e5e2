"""Make texts of files safe to print: no control characters, so that none reaches a terminal."""

from dataclasses import fields, replace
from typing import TypeVar

from einthoven.records.identity import Identity, MachineReading

_Texts = TypeVar("_Texts", Identity, MachineReading)
_LONGEST = 2000


def printable(text: str) -> str:
    r"""Return a text with single blanks in place of what cannot be printed, at most 2,000 characters long.

    Parameters
    ----------
    text : str
        A text as a file has it.

    Returns
    -------
    str

    Examples
    --------
    >>> printable("V1\x1b[31m\tV2")
    'V1 [31m V2'
    """
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text[:_LONGEST]).split())


def with_printable_texts(said: _Texts) -> _Texts:
    """Return what a file says of patient or findings, with all its texts printable.

    Parameters
    ----------
    said : Identity or MachineReading
        As it was read.

    Returns
    -------
    Identity or MachineReading
    """
    changes: dict[str, object] = {}
    for field in fields(said):
        value = getattr(said, field.name)
        if isinstance(value, str):
            changes[field.name] = printable(value)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(printable(each) for each in value)
    return replace(said, **changes)  # type: ignore[arg-type]
