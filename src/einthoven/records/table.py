"""Read recordings in text tables: CSV, TSV and TXT, as devices and programs write them."""

import re
import shlex
from dataclasses import replace
from operator import and_
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records import labchart, ours, table_words
from einthoven.records.facts import record_of
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.table_columns import Columns, rows_and_facts
from einthoven.records.table_head import Head, head_of
from einthoven.records.table_layout import Ambiguous, Layout, layout_of
from einthoven.records.table_numbers import rows_of
from einthoven.records.text import text_of
from einthoven.records.times import seconds_of

Array = NDArray[np.float64]
_LOOKED_AT = 20_000
_LEAST_LINES = 20
_MOST_ROWS_OF_LEADS = 15
_LEAST_CELLS, _MOST_COLUMNS = 60, 300


def read_table(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a table of one row a sample and one column a lead, or one row a lead.

    Separator, decimal mark, encoding, quotes, head and missing cells are recognised. Columns of times give the sampling rate;
    they and columns that are no lead are left out, with a warning.

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
        If the file is not a table of numbers, or the number of leads differs.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    """
    if ours.is_own_csv(path):
        return ours.read_own_csv(path, stated)
    try:
        text = _plain(text_of(path))
        is_one_column = len(stated.leads or ()) == 1 or _states_one_lead(text)
        blocks = [
            (block, *_columns(block, layout_of(block, is_one_column=is_one_column)))
            for block in labchart.blocks_of(text)
        ]
        columns, head = blocks[0][1:] if len(blocks) == 1 else labchart.joined(blocks)
    except Ambiguous as error:
        raise _ambiguous(path, str(error)) from error
    except ValueError as error:
        raise _not_a_table(path, str(error)) from error
    if len(columns.values) > (_LEAST_CELLS if columns.names is None else _MOST_COLUMNS):
        raise _one_beat_a_row(path, columns.values.shape)
    rows, facts, stated = rows_and_facts(path, columns, head.facts, stated)
    return record_of(path, rows, facts, stated)


def _columns(text: bytes, layout: Layout) -> tuple[Columns, Head]:
    """Return the columns; a table of a few long rows has one row a lead."""
    parsed = rows_of(text, layout)
    head = head_of(layout)
    values = parsed.values
    if len(values) > 2 and _is_heading(values, head.names):
        values = values[1:]
    n_rows, n_cells = values.shape
    if n_rows <= _MOST_ROWS_OF_LEADS and n_cells > _LEAST_CELLS and n_cells > 20 * n_rows:
        return _turned(text, layout, values), Head(None, None, head.facts)
    named = head.names
    timed = next((at for at, stamps in parsed.stamps.items() if np.isfinite(seconds_of(stamps[:9])).any()), None)
    texts = frozenset(at for at, kind in enumerate(layout.kinds) if kind in ("text", "time"))
    blank = frozenset(at for at, kind in enumerate(layout.kinds) if kind == "empty" and not (named and named[at]))
    return Columns(
        blank=blank,
        values=values.T,
        names=named,
        units=head.units,
        texts=texts,
        stamps=None if timed is None else (parsed.stamps[timed], parsed.stamp_rows),
        stamps_at=-1 if timed is None else timed,
    ), replace(
        head, facts=head.facts.warned(*(f"left out, since it is no row: {line[:80]!r}" for line in parsed.footer))
    )


def _is_heading(values: Array, names: tuple[str, ...] | None) -> bool:
    """Return whether the first row says the number of rows, as AcqKnowledge's does, or numbers the columns, as of pandas."""
    first = values[0][np.isfinite(values[0])]
    numbers = np.arange(len(first))
    is_numbers = (
        names is None and len(first) > 1 and (np.array_equal(first, numbers) or np.array_equal(first, numbers + 1))
    )
    if is_numbers:
        few = values[1 : _LOOKED_AT + 1]
        return bool((few[np.isfinite(few)] % 1 != 0).any())
    return len(first) > 0 and bool((first == len(values) - 1).all())


def _plain(text: bytes) -> bytes:
    """Return a table without brackets around its rows, and without an empty line behind each row."""
    if text[:1] == b"[" and text.rstrip()[-1:] == b"]":
        text = re.sub(rb"\]\s{0,8},?\s{0,8}\[", b"\n", text.strip().strip(b"[]"))
    is_empty = [not line.strip() for line in text[:_LOOKED_AT].split(b"\n")[4:-1]]
    is_every_second = 5 * sum(is_empty) > 2 * len(is_empty) > _LEAST_LINES and not any(
        map(and_, is_empty, is_empty[1:])
    )
    if is_every_second:
        text = b"\n".join(line for line in text.split(b"\n") if line.strip())
    return text


def _turned(text: bytes, layout: Layout, values: Array) -> Columns:
    """Return rows of leads as columns; a first cell of words is the lead's name."""
    if layout.kinds[0] != "text":
        return Columns(values, None)
    lines = [line for line in text.decode("utf-8", "replace").split("\n")[layout.first_row :] if line.strip()]
    return Columns(values[:, 1:], tuple(layout.cells(line)[0] for line in lines[: len(values)]))


def _states_one_lead(text: bytes) -> bool:
    """Return whether the head states a rate and a unit, as that of a one-lead watch does."""
    first = text[:4096].decode("utf-8", "replace").split("\n")[:30]
    values = [re.split(r"[,;\t]", line, maxsplit=1)[1].strip() for line in first if re.search(r"[,;\t]", line)]
    has_rate = any(table_words.HERTZ.match(value) for value in values)
    return has_rate and any(table_words.unit_of(value) in table_words.VOLTAGE_UNITS for value in values)


def _not_a_table(path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected="a table with one row a sample and one column a lead, under a head that may name and describe them",
        remedy=f"head -n 20 {shlex.quote(str(path))}      shows what is in the file",
    )


def _ambiguous(path: Path, found: str) -> RecordUnreadable:
    written = path.with_name(f"{path.stem}-points{path.suffix}")
    return RecordUnreadable(
        f"{path} has commas between values and within them.",
        found=found,
        expected="decimal points, or semicolons or tabs between values",
        remedy=f"sed -E 's/([0-9]),([0-9]+)(,|$)/\\1.\\2\\3/g' {shlex.quote(str(path))} > {shlex.quote(str(written))}"
        "      if every second comma is a decimal mark",
    )


def _one_beat_a_row(path: Path, shape: tuple[int, ...]) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} is not one recording.",
        found=f"{shape[1]:,} rows of {shape[0]:,} numbers: one beat or window a row",
        expected="one recording: one row a sample and one column a lead, or one row a lead",
        remedy="give the recording from which the beats or windows were cut",
    )
