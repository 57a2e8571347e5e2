"""Tell the cells of a line of a table apart, and what a cell or a line is."""

import csv
import re

_ERRORS = ("#n/a", "#num!", "#value!", "#div/0!", "#ref!", "#name?", "#null!")  # of spreadsheets
_BROKEN = ("1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind")  # of Microsoft's C library
_WORDS = (
    "",
    "na",
    "n/a",
    "n.a.",
    "<na>",
    "nan",
    "-nan",
    "null",
    "none",
    "nil",
    "missing",
    "-",
    "--",
    "?",
    ".",
    "!",
    "*",
)
MISSING = frozenset((*_WORDS, *_BROKEN, *_ERRORS))
"""Cells that stand for a missing sample, in lower case."""
NUMBER = re.compile(r"[+\-−]?(\d+(\.\d*)?|\.\d+)([eE][+\-]?\d+)?|[+\-]?inf(inity)?", re.IGNORECASE)
"""A number with a decimal point."""
COMMA_NUMBER = re.compile(r"[+\-−]?\d*,\d+([eE][+\-]?\d+)?")
"""A number with a decimal comma."""
_THOUSANDS = re.compile(r"(?<=\d)[\xa0\u202f\u2009’](?=\d{3}(?!\d))")


def split(line: str, separator: str | None, quote: str | None) -> list[str]:
    """Split a line into cells.

    Parameters
    ----------
    line : str
        The line.
    separator : str, optional
        Mark between cells; None for blanks.
    quote : str, optional
        Mark around cells.

    Returns
    -------
    list of str
        Without blanks and quotes around them.
    """
    if separator is None:
        return line.replace(quote, "").split() if quote else line.split()
    if quote and quote in line:
        cells = next(csv.reader([line], delimiter=separator, quotechar=quote, skipinitialspace=True), [])
    else:
        cells = line.split(separator)
    return [cell.strip().strip("\"'").strip() for cell in cells]


def plain(text: str) -> str:
    r"""Return a text with plain minus signs and blanks, and without marks between thousands.

    Parameters
    ----------
    text : str
        Lines of a table.

    Returns
    -------
    str

    Examples
    --------
    >>> plain("−1\u202f203,5")
    '-1203,5'
    """
    if text.isascii():
        return text
    return _THOUSANDS.sub("", text).replace("−", "-").replace("\xa0", " ")


def is_comment(line: str) -> bool:
    """Return whether a line is a remark.

    Parameters
    ----------
    line : str
        The line.

    Returns
    -------
    bool
    """
    line = line.lstrip()
    return line.startswith(("#", "%", "//")) and not line[:8].lower().startswith(_ERRORS)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Return whether a cell is a number.

    Parameters
    ----------
    cell : str
        The cell.
    decimal : str
        The decimal mark.

    Returns
    -------
    bool
    """
    return NUMBER.fullmatch(cell) is not None or (decimal == "," and COMMA_NUMBER.fullmatch(cell) is not None)
