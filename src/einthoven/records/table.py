"""Knows tables of numbers: CSV (one column a lead) and NPY. Guesses neither rate nor unit."""

import re
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records.record import UNITS_MV, Record

_TIME = re.compile(r"(time|t|sec|seconds?|ms|sample|index|#)?[\s_(\[]*(s|ms|sec)?[\])]*$", re.IGNORECASE)


def read_csv(path: Path, *, fs_hz=None, leads=None, unit=None, annotator=None) -> Record:
    """Read a table of one row a sample and one column a lead; see :func:`einthoven.records.read`.

    Commas, semicolons, tabs or blanks separate; a first row of words names the leads; a column of times is left out,
    with a warning; empty cells and ``nan`` are missing samples.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _not_a_table(path, f"a byte that is no text at {error.start}") from error
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        raise _not_a_table(path, "no rows")
    separator = next((mark for mark in (";", "\t", ",") if mark in lines[0]), None)
    cells = [cell.strip().strip('"') for cell in lines[0].split(separator)]
    named = any(_is_word(cell) for cell in cells)
    rows = lines[1:] if named else lines
    if separator == ";":
        rows = [row.replace(",", ".") for row in rows]
    try:
        values = (
            np.genfromtxt(rows, delimiter=separator, ndmin=2)
            if _has_gaps(rows, separator)
            else np.loadtxt(rows, delimiter=separator, ndmin=2)
        )
    except ValueError as error:
        raise _not_a_table(path, str(error).splitlines()[0][:160]) from error
    warnings = []
    names = cells if named else None
    if named and values.shape[1] == len(cells) and _TIME.fullmatch(cells[0]) and len(cells) > 1:
        warnings.append(f"the column {cells[0]!r} was taken for times and left out")
        values, names = values[:, 1:], cells[1:]
    return _record(path, values.T, fs_hz, leads or (tuple(names) if names else None), unit, tuple(warnings))


def read_npy(path: Path, *, fs_hz=None, leads=None, unit=None, annotator=None) -> Record:
    """Read an array [leads, samples], [samples, leads] or [samples]; see :func:`einthoven.records.read`."""
    try:
        values = np.load(path, allow_pickle=False)
        values = np.asarray(values, np.float64)
    except (ValueError, TypeError, EOFError, OSError) as error:
        raise _not_a_table(path, str(error).splitlines()[0][:160] or type(error).__name__) from error
    if values.ndim == 1:
        values = values[None]
    if values.ndim == 2 and leads is not None and values.shape[0] != len(leads) == values.shape[1]:
        values = values.T
    if values.ndim != 2:
        raise _not_a_table(path, f"an array of shape {values.shape}")
    return _record(path, values, fs_hz, leads, unit, ())


def _record(path, values, fs_hz, leads, unit, warnings) -> Record:
    missing = [flag for flag, value in (("--fs", fs_hz), ("--leads", leads), ("--unit", unit)) if value is None]
    if missing:
        raise StatementMissing(
            f"{path} does not say how it is to be read.",
            found=f"{values.shape[0]} leads of {values.shape[1]:,} samples; not stated: {', '.join(missing)}",
            expected="the rate in Hz, the leads in the file's order, the unit (V, mV or uV)",
            remedy=f"--fs 360 --leads {','.join(f'LEAD{n + 1}' for n in range(min(3, len(values))))} --unit mV",
        )
    if len(leads) != len(values):
        raise RecordUnreadable(
            f"the leads stated for {path} are not those of the file.",
            found=f"{len(leads)} names: {', '.join(leads)}",
            expected=f"{len(values)} names, one a lead",
            remedy="--leads I,II,III      in the file's order",
        )
    return Record(path.stem, values * UNITS_MV[unit], fs_hz, tuple(leads), path, warnings=warnings)


def _is_word(cell: str) -> bool:
    try:
        float(cell.replace(",", ".") or "nan")
    except ValueError:
        return True
    return False


def _has_gaps(rows: list[str], separator: str | None) -> bool:
    if separator is None:
        return False
    double = separator + separator
    return any(double in row or row.startswith(separator) or row.rstrip().endswith(separator) for row in rows)


def _not_a_table(path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected="numbers only: a CSV with one row a sample and one column a lead, or a NPY array [leads, samples]",
        remedy="einthoven predict --help      shows an example",
    )
