"""Find how a text file is laid out: separator, decimal mark, and where its head ends and its rows of numbers begin."""

import re
from collections import Counter
from dataclasses import dataclass

from einthoven.records.table_cells import COMMA_NUMBER, MISSING, NUMBER, is_comment, is_number, plain, split

SAMPLE_LINES, SAMPLE_BYTES = 500, 1 << 20
_TIME = re.compile(
    r"\[?\s*(\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{2,4})?[T, ]*\d{1,3}:\d\d.*\]?|\d{4}[-/.]\d\d?[-/.]\d\d?"
)
_LEADING_ZERO = re.compile(r"0\d+")
_MOST_CELLS, _LEAST_ROWS = 64, 10
_MARKS = ("\t", ";", "|", ",", None)


@dataclass(frozen=True)
class Layout:
    """How a table is written."""

    separator: str | None
    """Mark between cells; None for blanks, and for a single column."""
    decimal: str
    """Mark before the decimals."""
    quote: str | None
    """Mark around cells."""
    head: tuple[str, ...]
    """Lines before the first row."""
    first_row: int
    """Number of the line of the first row, from 0."""
    kinds: tuple[str, ...]
    """Content of each column: ``number``, ``time`` (of day, or a date), ``text`` or ``empty``."""
    n_cells: int
    """Cells of a row."""

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line.

        Parameters
        ----------
        line : str
            A line of the table.

        Returns
        -------
        list of str
            Without blanks and quotes around them.
        """
        if self.separator is None and self.n_cells == 1:
            return [line.strip().strip("\"'").strip()]
        return split(line, self.separator, self.quote)


class Ambiguous(ValueError):
    """Commas are separators and decimal marks at once."""


def layout_of(text: bytes, *, is_one_column: bool = False) -> Layout:
    """Find the layout of a table.

    Parameters
    ----------
    text : bytes
        The file in UTF-8.
    is_one_column : bool
        Whether one lead is known to be there, so that a comma within a number is a decimal mark.

    Returns
    -------
    Layout

    Raises
    ------
    Ambiguous
        If commas are separators and decimal marks at once; the message names the line and what was tried.
    ValueError
        If there are no rows of numbers.
    """
    lines = _sample(text)
    body = [line for line in lines if line.strip() and not is_comment(line)]
    if not body:
        raise ValueError("no rows")
    stated = re.fullmatch(r"[\"']?sep=(.)[\"']?", lines[0].strip(), re.IGNORECASE)
    tail = body[max(1, len(body) * 2 // 5) :] if len(body) > 4 else body[-max(1, (len(body) + 1) // 2) :]
    quote = _quote(tail)
    separator = stated[1] if stated else _separator(tail, quote)
    rows = [split(line, separator, quote) for line in tail]
    is_named = _names_columns(body, len(rows[0]))
    if separator == "," and quote is None and _has_decimal_commas(rows, is_one_column, is_named):
        if len(rows[0]) > 2:
            raise Ambiguous(
                f"line {len(lines) - len(tail) + 1}: {tail[0][:60]!r}, {len(rows[0])} numbers if every comma separates them, "
                f"{len(rows[0]) // 2} if every second comma is a decimal mark"
            )
        separator = None
        rows = [[line.strip()] for line in tail]
    decimal = "," if any(COMMA_NUMBER.fullmatch(cell) for row in rows for cell in row[:_MOST_CELLS]) else "."
    n_cells = Counter(len(row) for row in rows).most_common(1)[0][0]
    kinds = _kinds([row for row in rows if len(row) == n_cells], n_cells, decimal)
    if "number" not in kinds:
        raise ValueError(f"no row of numbers; line {len(lines) - len(tail) + 1}: {tail[0][:80]!r}")
    first = _first_row(lines, separator, quote, kinds, decimal)
    return Layout(separator, decimal, quote, tuple(lines[:first]), first, kinds, n_cells)


def is_table(head: bytes) -> bool:
    """Return whether a file begins as a table of at least ten rows of numbers.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.

    Returns
    -------
    bool
    """
    if b"\0" in head or head.count(b"\n") < _LEAST_ROWS:
        return False
    try:
        layout = layout_of(head.replace(b"\r\n", b"\n"))
    except ValueError:
        return False
    return head.count(b"\n") - layout.first_row >= _LEAST_ROWS


def _sample(text: bytes) -> list[str]:
    end = min(len(text), SAMPLE_BYTES)
    if end < len(text):
        at = text.rfind(b"\n", 0, end)
        end = at if at >= 0 else (text.find(b"\n", end) if b"\n" in text[end:] else len(text))
    lines = plain(text[:end].decode("utf-8", "replace")).split("\n")[:SAMPLE_LINES]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _quote(lines: list[str]) -> str | None:
    """Return the mark that most lines have around cells."""
    for mark in ('"', "'"):
        if 2 * sum(mark in line for line in lines) >= len(lines):
            return mark
    return None


def _separator(lines: list[str], quote: str | None) -> str | None:
    """Return the separator by which most cells are numbers and the lines are alike."""
    best, separator = 0.0, None
    for mark in _MARKS:
        if mark is not None and sum(mark in line for line in lines) * 2 < len(lines):
            continue
        rows = [split(line, mark, quote) for line in lines]
        n_usual = Counter(len(row) for row in rows).most_common(1)[0][1]
        cells = [cell for row in rows for cell in row[:_MOST_CELLS]]
        n_known = sum(
            is_number(cell, "," if mark != "," or quote else ".")
            or cell.lower() in MISSING
            or bool(_TIME.fullmatch(cell))
            for cell in cells
        )
        n_cells = len(rows[0])
        score = n_usual / len(rows) * (n_known / max(1, len(cells))) + 1e-3 * (n_cells > 1)
        if score > best + 1e-9:
            best, separator = score, mark
    return separator


def _names_columns(body: list[str], n_cells: int) -> bool:
    """Return whether the line above the rows of whole numbers has a word for each of their cells."""
    above = [line.split(",") for line in body if not re.fullmatch(r"[\d\s,+\-−]+", line)]
    return bool(above) and len(above[-1]) == n_cells


def _has_decimal_commas(rows: list[list[str]], is_one_column: bool, is_named: bool) -> bool:
    """Return whether whole numbers between commas are the halves of decimals: ``0,0056`` or ``-0,5``."""
    n_cells = len(rows[0])
    if n_cells < 2 or n_cells > 2 * _MOST_CELLS or any(len(row) != n_cells for row in rows):
        return False
    if not all(re.fullmatch(r"[+\-−]?\d+", cell) for row in rows for cell in row):
        return False
    if any(_LEADING_ZERO.fullmatch(cell.lstrip("+-−")) for row in rows for cell in row):
        return True
    decimals = [cell for row in rows for cell in row[1::2]]
    looks_so = (
        n_cells % 2 == 0 and all(cell.isdigit() for cell in decimals) and len({len(cell) for cell in decimals}) == 1
    )
    has_negative = any(row[0][0] in "-−" for row in rows)
    if looks_so and any(cell in ("-0", "−0") for row in rows for cell in row[::2]):
        return True
    if n_cells == 2 and looks_so and (is_one_column or has_negative) and len(rows) > 2:
        if is_one_column or is_named:
            return is_one_column
        raise Ambiguous(f"{','.join(rows[0])!r}, two whole numbers, or one number with a decimal comma")
    return False


def _kinds(rows: list[list[str]], n_cells: int, decimal: str) -> tuple[str, ...]:
    """Return what the columns hold; one beyond those that are looked at in every row is judged by the first row."""
    columns = ([row[at] for row in rows] for at in range(min(n_cells, _MOST_CELLS)))
    others = ("number" if NUMBER.fullmatch(cell) else _kind([cell], decimal) for cell in rows[0][_MOST_CELLS:])
    return (*(_kind(cells, decimal) for cells in columns), *others)


def _kind(cells: list[str], decimal: str) -> str:
    """Return whether most cells of a column are numbers, times or text."""
    n_numbers = sum(is_number(cell, decimal) for cell in cells)
    n_missing = sum(cell.lower() in MISSING for cell in cells)
    n_times = sum(bool(_TIME.fullmatch(cell)) and not is_number(cell, decimal) for cell in cells)
    if n_missing == len(cells):
        return "empty"
    if 2 * n_numbers >= len(cells) - n_missing:
        return "number"
    return "time" if 2 * n_times >= len(cells) - n_missing else "text"


def _first_row(lines: list[str], separator: str | None, quote: str | None, kinds: tuple[str, ...], decimal: str) -> int:
    """Return the first line that is a row, and is followed by rows."""

    def is_row(line: str) -> bool:
        cells = split(line, separator, quote)
        if len(cells) != len(kinds):
            return False
        shown = list(zip(cells, kinds, strict=True))[:_MOST_CELLS]
        fits = all(kind != "number" or is_number(cell, decimal) or cell.lower() in MISSING for cell, kind in shown)
        at_time = all(kind != "time" or _TIME.fullmatch(cell) or cell.lower() in MISSING for cell, kind in shown)
        return fits and at_time and any(kind == "number" and is_number(cell, decimal) for cell, kind in shown)

    rows = [is_row(line) for line in lines]
    for first, found in enumerate(rows):
        at = first
        following = [row for row, line in zip(rows[at + 1 :], lines[at + 1 :], strict=True) if line.strip()][:10]
        if found and (len(following) < 3 or 2 * sum(following) >= len(following)):
            while at > 0 and _is_missing_row(split(lines[at - 1], separator, quote), len(kinds)):
                at -= 1
            return at
    raise ValueError(f"no row of numbers under {lines[-1][:80]!r}")


def _is_missing_row(cells: list[str], n_cells: int) -> bool:
    return len(cells) == n_cells and any(cells) and all(cell.lower() in MISSING for cell in cells)
