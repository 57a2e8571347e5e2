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
    lines = [line for line in lines if not line.startswith("#")]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise _not_a_table(path, "no rows")
    separator = next((mark for mark in (";", "\t", ",") if mark in lines[0]), None)
    cells = [cell.strip().strip('"') for cell in lines[0].split(separator)]
    named = any(_is_word(cell) for cell in cells)
    rows = lines[1:] if named else lines
    if not rows:
        raise _not_a_table(path, f"no row of numbers under {', '.join(cells)}")
    if separator == ";":
        rows = [row.replace(",", ".") for row in rows]
    values = _numbers(path, rows, separator, len(cells), first_line=2 if named else 1)
    warnings = []
    names = cells if named else None
    if named and len(cells) > 1 and (_TIME.fullmatch(cells[0]) or _is_even(values[:, 0])):
        warnings.append(f"the column {cells[0]!r} was taken for times and left out")
        if fs_hz is not None and not _agrees(values[:, 0], fs_hz):
            warnings.append(f"the column {cells[0]!r} does not rise as at {fs_hz:g} Hz, which was stated and taken")
        values, names = values[:, 1:], cells[1:]
    return _record(path, values.T, fs_hz, leads or (tuple(names) if names else None), unit, tuple(warnings))


def read_npy(path: Path, *, fs_hz=None, leads=None, unit=None, annotator=None) -> Record:
    """Read an array [leads, samples], [samples, leads] or [samples]; see :func:`einthoven.records.read`."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise _not_a_table(path, "no whole NPY array of numbers") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        raise _not_a_table(path, f"an array of {getattr(values, 'dtype', type(values).__name__)}")
    values = np.asarray(values)
    if values.ndim == 1:
        values = values[None]
    if values.ndim == 2 and leads is not None and values.shape[0] != len(leads) == values.shape[1]:
        values = values.T
    if values.ndim != 2:
        raise _not_a_table(path, f"an array of shape {values.shape}")
    return _record(path, values, fs_hz, leads, unit, ())


def _record(path, values, fs_hz, leads, unit, warnings) -> Record:
    names = ",".join(f"LEAD{n + 1}" for n in range(len(values)))
    stated = {"--fs 360": fs_hz, f"--leads {names}": leads, "--unit mV": unit}
    missing = [flag for flag, value in stated.items() if value is None]
    flags = ", ".join(flag.split()[0] for flag in missing)
    if missing:
        raise StatementMissing(
            f"{path} does not say how it is to be read.",
            found=f"{values.shape[0]} leads of {values.shape[1]:,} samples; not stated: {flags}",
            expected="the rate in Hz, the leads in the file's order, the unit (V, mV or uV)",
            remedy=" ".join(missing),
        )
    if len(leads) != len(values):
        raise RecordUnreadable(
            f"the leads stated for {path} are not those of the file.",
            found=f"{len(leads)} names: {', '.join(leads)}",
            expected=f"{len(values)} names, one a lead",
            remedy="--leads I,II,III      in the file's order",
        )
    return Record(path.stem, values * UNITS_MV[unit], fs_hz, tuple(leads), path, warnings=warnings)


def _is_even(column: np.ndarray) -> bool:
    """Whether values rise evenly, as times and no ECG do."""
    steps = np.diff(column)
    return len(steps) > 2 and steps.min() > 0 and steps.max() <= 1.01 * steps.min()


def _agrees(times: np.ndarray, fs_hz: float) -> bool:
    """Whether times in s, ms or samples rise as at a rate; rounded ones are judged over their whole length."""
    steps = np.diff(times[[0, -1]])[0] / max(1, len(times) - 1)
    return any(abs(steps * fs_hz / scale - 1) < 0.01 for scale in (1.0, 1000.0, fs_hz))


def _is_word(cell: str) -> bool:
    try:
        float(cell.replace(",", ".") or "nan")
    except ValueError:
        return True
    return False


def _numbers(path: Path, rows: list[str], separator: str | None, n_cells: int, first_line: int) -> np.ndarray:
    """Values [samples, columns]; NaN where a cell or a whole row is empty."""
    try:
        return np.loadtxt(rows, delimiter=separator, ndmin=2) if all(rows) else _with_gaps(rows, separator, n_cells)
    except ValueError:
        pass
    try:
        return _with_gaps(rows, separator, n_cells)
    except ValueError as error:
        at = int(str(error).split()[0])
        raise _not_a_table(path, f"line {at + first_line}: {rows[at][:80]!r}") from error


def _with_gaps(rows: list[str], separator: str | None, n_cells: int) -> np.ndarray:
    """Row by row; raises ValueError that begins with the number of the first row that is not `n_cells` numbers."""
    values = np.full((len(rows), n_cells), np.nan)
    for at, row in enumerate(rows):
        if not row.strip():
            continue
        cells = row.split(separator)
        try:
            numbers = [float(cell) if cell.strip() else np.nan for cell in cells]
        except ValueError as error:
            raise ValueError(f"{at} is not {n_cells} numbers") from error
        if len(numbers) != n_cells:
            raise ValueError(f"{at} is not {n_cells} numbers")
        values[at] = numbers
    return values


def _not_a_table(path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected="numbers only: a CSV with one row a sample and one column a lead, or a NPY array [leads, samples]",
        remedy="einthoven predict --help      shows an example",
    )
