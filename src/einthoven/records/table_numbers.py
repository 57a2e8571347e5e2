"""Parse the rows of a table, block by block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from einthoven.records.table_cells import MISSING, is_comment, is_number, plain, split
from einthoven.records.table_layout import Layout

Array = NDArray[np.float64]

_BLOCK_BYTES = 1 << 22
_MOST_STAMPS = 100_000
_MOST_FOOTER, _LONGEST_FOOTER = 5, 2000
_WORDS = "|".join(sorted((re.escape(word) for word in MISSING if word), key=len, reverse=True))
_STARTS = r"-?[\d.]*\d"  # a number, seen before the words are tried: that is faster
_LABCHART_REMARK = re.compile(r"\t#\*.*$", re.MULTILINE)


@dataclass(frozen=True)
class Rows:
    """Numbers of a table, and what its columns of words hold."""

    values: Array
    """[rows, cells]; NaN where a sample is missing or a column is not of numbers."""
    stamp_rows: NDArray[np.int64]
    """Rows whose stamps were kept."""
    stamps: dict[int, list[str]]
    """Stamps of those rows, by the number of their column."""
    n_missing: int
    """Cells that say they are missing."""
    footer: tuple[str, ...] = ()
    """Lines of words at the end."""


def rows_of(text: bytes, layout: Layout) -> Rows:
    """Parse the rows of a table.

    Parameters
    ----------
    text : bytes
        The file in UTF-8.
    layout : Layout
        How it is written.

    Returns
    -------
    Rows

    Raises
    ------
    ValueError
        If a row is no row of numbers; the message names its line.
    """
    start = 0
    for _ in range(layout.first_row):
        start = text.index(b"\n", start) + 1
    end, footer = _end(text, layout, start)
    n_about = text.count(b"\n", start) + 1
    stride = max(1, n_about // _MOST_STAMPS)
    timed = [at for at, kind in enumerate(layout.kinds) if kind == "time"]
    stamps: dict[int, list[str]] = {at: [] for at in timed}
    parts, stamp_rows, n_rows, line, way = [], [], 0, layout.first_row, 0
    for block in _blocks(text, start, end):
        lines = _cleaned(block, layout).split("\n")
        line_numbers = None
        if "#" in block:
            line_numbers = [at for at, row in enumerate(lines) if not (row.startswith("#") and is_comment(row))]
        if line_numbers is not None:
            lines = [lines[at] for at in line_numbers]
        if not lines:
            line += block.count("\n") + 1
            continue
        numbers, way = _numbers(lines, layout, line, line_numbers, way)
        parts.append(numbers)
        if timed:
            first = -n_rows % stride
            for at in range(first, len(lines), stride):
                cells = split(lines[at], layout.separator, layout.quote)
                stamp_rows.append(n_rows + at)
                for column in timed:
                    stamps[column].append(cells[column] if column < len(cells) else "")
        n_rows += len(lines)
        line += block.count("\n") + 1
    values = np.concatenate(parts) if len(parts) != 1 else parts[0]
    n_missing = int(np.isnan(values[:, [kind == "number" for kind in layout.kinds]]).sum())
    return Rows(values, np.array(stamp_rows, np.int64), stamps, n_missing, footer)


def _end(text: bytes, layout: Layout, start: int) -> tuple[int, tuple[str, ...]]:
    """Return where the rows end, and the lines of words behind them; empty lines are passed over."""
    footer: list[str] = []
    end = _before_blanks(text, start, len(text))
    while len(footer) < _MOST_FOOTER:
        first = text.rfind(b"\n", start, end) + 1
        if first <= start or end - first > _LONGEST_FOOTER:
            break
        line = text[first:end].decode("utf-8", "replace")
        cells = split(line, layout.separator, layout.quote)
        is_row = any(is_number(cell, layout.decimal) or cell.lower() in MISSING for cell in cells)
        if is_row or is_comment(line) or not any(map(str.isalpha, line)):
            break
        footer.append(line)
        end = _before_blanks(text, start, first)
    return end, tuple(reversed(footer))


def _before_blanks(text: bytes, start: int, end: int) -> int:
    while end > start and text[end - 1 : end] in b"\n ":
        end -= 1
    return end


def _blocks(text: bytes, start: int, end: int) -> Iterator[str]:
    """Yield whole lines, some megabytes at a time."""
    while start < end:
        at = min(start + _BLOCK_BYTES, end)
        if at < end:
            found = text.find(b"\n", at, end)
            at = found if found >= 0 else end
        yield text[start:at].decode("utf-8", "replace")
        start = at + 1


def _cleaned(block: str, layout: Layout) -> str:
    """Return a block with decimal points, plain minus signs and without remarks at the end of rows."""
    block = plain(block)
    if "#*" in block:
        block = _LABCHART_REMARK.sub("", block)
    if layout.decimal == ",":
        if layout.separator != ",":
            return block.replace(",", ".")
        return re.sub(r"([\"'])([+\-]?\d*),(\d+)\1", r"\1\2.\3\1", block)
    return block


def _numbers(
    lines: list[str], layout: Layout, first_line: int, line_numbers: list[int] | None, way: int
) -> tuple[Array, int]:
    """Return the numbers of a block, and in which of the ways, from this one on, they were read: the next block may be like it."""
    wanted = [at for at, kind in enumerate(layout.kinds) if kind in ("number", "empty")]
    for later in range(way, len(_WAYS)):
        found = _loaded(_WAYS[later](lines, layout), layout, wanted)
        if found is not None:
            values = np.full((len(lines), layout.n_cells), np.nan)
            values[:, wanted] = found
            return values, later
    return _row_by_row(lines, layout, first_line, line_numbers), way


def _loaded(lines: list[str], layout: Layout, columns: list[int]) -> Array | None:
    """Parse lines of plain numbers; None if they are not."""
    if layout.separator is not None and not layout.quote and len(columns) < layout.n_cells:
        n_marks = layout.n_cells - 1
        if any(line.count(layout.separator) != n_marks for line in lines):
            return None
    try:
        found = np.loadtxt(
            lines,
            delimiter=layout.separator,
            quotechar=layout.quote,
            usecols=None if len(columns) == layout.n_cells else columns,
            comments=None,
            ndmin=2,
        )
    except ValueError:
        return None
    return found if found.shape == (len(lines), len(columns)) else None


def _as_they_are(lines: list[str], layout: Layout) -> list[str]:
    return lines


def _with_empty_cells_filled(lines: list[str], layout: Layout) -> list[str]:
    """Write nan into cells without any character, and for each cell of an empty row; ten times as fast as :func:`_with_nan`."""
    mark = layout.separator
    if mark is None:
        return lines
    two = 2 * mark
    return [
        mark.join([cell or "nan" for cell in line.split(mark)])
        if two in line or line[0] == mark or line[-1] == mark
        else line
        for line in _without_empty_rows(lines, layout)
    ]


def _without_empty_rows(lines: list[str], layout: Layout) -> list[str]:
    if all(map(str.strip, lines)):
        return lines
    empty = (layout.separator or " ").join(["nan"] * layout.n_cells)
    return [line if line.strip() else empty for line in lines]


def _with_nan(lines: list[str], layout: Layout) -> list[str]:
    """Write nan where a cell is missing, and for each cell of an empty row."""
    mark, quote = layout.separator, layout.quote or ""
    quotes = re.escape(quote) + "?" if quote else ""
    lines = _without_empty_rows(lines, layout)
    text = "\n" + "\n".join(lines)
    if mark is None:
        pattern = re.compile(rf"([ \t\n])(?!{_STARTS}){quotes}(?:{_WORDS}){quotes}(?=\s|$)", re.IGNORECASE)
    else:
        cut = re.escape(mark)
        pattern = re.compile(
            rf"([{cut}\n])(?!{_STARTS}) *+{quotes}(?:{_WORDS})?{quotes} *+(?=[{cut}\n]|$)", re.IGNORECASE
        )
    return pattern.sub(r"\1nan", text).split("\n")[1:]


_WAYS = (_as_they_are, _with_empty_cells_filled, _with_nan)


def _row_by_row(lines: list[str], layout: Layout, first_line: int, line_numbers: list[int] | None) -> Array:
    """Parse each row; a ValueError names the first line that is no row."""
    values = np.full((len(lines), layout.n_cells), np.nan)
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        cells = split(line, layout.separator, layout.quote)
        while len(cells) > layout.n_cells and not cells[-1]:
            cells.pop()
        try:
            if len(cells) != layout.n_cells:
                raise ValueError(f"{len(cells)} cells")
            for column, (cell, kind) in enumerate(zip(cells, layout.kinds, strict=True)):
                if kind == "number" and cell.lower() not in MISSING:
                    values[at, column] = float(cell)
                elif kind == "empty":
                    values[at, column] = _lenient(cell)
        except ValueError as error:
            number = first_line + (at if line_numbers is None else line_numbers[at]) + 1
            raise ValueError(f"line {number}: {line[:80]!r}") from error
    return values


def _lenient(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
