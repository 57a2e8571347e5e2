"""Read recordings in tables: CSV (one column a lead) and NPY."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import ours
from einthoven.records.plain import from_plain
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated

_TIME = re.compile(r"(time|t|sec|seconds?|ms|sample|index|#)?[\s_(\[]*(s|ms|sec)?[\])]*$", re.IGNORECASE)


def read_csv(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a table of one row a sample and one column a lead.

    Separators are commas, semicolons, tabs or blanks. A first row of words names the leads. A first column of times is skipped,
    with a warning. Empty cells and ``nan`` are missing samples.

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
        If sampling rate, leads or unit are not stated.
    """
    if ours.is_own_csv(path):
        return ours.read_own_csv(path, stated)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _not_a_table(path, f"a byte at {error.start} that is not text") from error
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
        warnings.append(f"the column {cells[0]!r} looks like times and is skipped")
        if stated.fs_hz is not None and not _agrees(values[:, 0], stated.fs_hz):
            warnings.append(
                f"the column {cells[0]!r} does not rise as at {stated.fs_hz:g} Hz; the stated sampling rate is used"
            )
        values, names = values[:, 1:], cells[1:]
    if stated.leads is None and names:
        stated = stated.but(leads=tuple(names))
    return _record(path, values.T, stated, tuple(warnings))


def read_npy(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an array [leads, samples], [samples, leads] or [samples].

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
        If the file is not an array of numbers, or the number of leads differs.
    StatementMissing
        If sampling rate, leads or unit are not stated.
    """
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise _not_a_table(path, "no complete NPY array of numbers") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        raise _not_a_table(path, f"an array of {getattr(values, 'dtype', type(values).__name__)}")
    if (said := ours.beside_npy(path)) is not None:
        return from_plain(said, np.asarray(values), path, stated)
    values = np.asarray(values)
    if values.ndim == 1:
        values = values[None]
    n_leads = len(stated.leads or ())
    if values.ndim == 2 and values.shape[0] != n_leads == values.shape[1]:
        values = values.T
    if values.ndim != 2:
        raise _not_a_table(path, f"an array of shape {values.shape}")
    return _record(path, values, stated, ())


def _record(
    path: Path,
    values: NDArray[Any],
    stated: Stated,
    warnings: tuple[str, ...],
) -> Record:
    if stated.fs_hz is None or stated.leads is None or not stated.states_scale:
        names = ",".join(f"LEAD{n + 1}" for n in range(len(values)))
        needed = {
            "--fs 360": stated.fs_hz is None,
            f"--leads {names}": stated.leads is None,
            "--unit mV": not stated.states_scale,
        }
        missing = [flag for flag, is_missing in needed.items() if is_missing]
        flags = ", ".join(flag.split()[0] for flag in missing)
        raise StatementMissing(
            f"{path} does not state everything that is needed to read it.",
            found=f"{values.shape[0]} leads of {values.shape[1]:,} samples; not stated: {flags}",
            expected="the sampling rate in Hz, the leads in the file's order, the unit (V, mV or uV)",
            remedy=" ".join(missing),
        )
    if len(stated.leads) != len(values):
        raise RecordUnreadable(
            f"The leads stated for {path} are not those of the file.",
            found=f"{len(stated.leads)} names: {', '.join(stated.leads)}",
            expected=f"{len(values)} names, one a lead",
            remedy="--leads I,II,III      in the file's order",
        )
    return Record(path.stem, np.asarray(stated.to_mv(values)), stated.fs_hz, stated.leads, path, warnings=warnings)


def _is_even(column: NDArray[Any]) -> bool:
    """Return whether values rise evenly, as times do and an ECG does not."""
    steps = np.diff(column)
    return len(steps) > 2 and bool(steps.min() > 0 and steps.max() <= 1.01 * steps.min())


def _agrees(times: NDArray[Any], fs_hz: float) -> bool:
    """Return whether times in s, ms or samples rise as at a sampling rate, over their whole length since they may be rounded."""
    steps = np.diff(times[[0, -1]])[0] / max(1, len(times) - 1)
    return any(abs(steps * fs_hz / scale - 1) < 0.01 for scale in (1.0, 1000.0, fs_hz))


def _is_word(cell: str) -> bool:
    try:
        float(cell.replace(",", ".") or "nan")
    except ValueError:
        return True
    return False


def _numbers(path: Path, rows: list[str], separator: str | None, n_cells: int, first_line: int) -> NDArray[Any]:
    """Return the values [samples, columns]; NaN where a cell or a row is empty."""
    try:
        return np.loadtxt(rows, delimiter=separator, ndmin=2) if all(rows) else _with_gaps(rows, separator, n_cells)
    except ValueError:
        pass
    try:
        return _with_gaps(rows, separator, n_cells)
    except ValueError as error:
        at = int(str(error).split()[0])
        raise _not_a_table(path, f"line {at + first_line}: {rows[at][:80]!r}") from error


def _with_gaps(rows: list[str], separator: str | None, n_cells: int) -> NDArray[Any]:
    """Parse row by row; a ValueError begins with the number of the first row that is not `n_cells` numbers."""
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
        expected="numbers only: a CSV with one row a sample and one column a lead, or an NPY array [leads, samples]",
        remedy="einthoven predict --help      shows an example",
    )
