"""Read files of several arrays or columns: NPZ, HDF5 and MATLAB 7.3, and Parquet."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.errors import RecordUnreadable, optional_imports
from einthoven.records import table_words as words
from einthoven.records.arrays import Value, damaged, no_array, record_of_variables
from einthoven.records.facts import Facts, record_of
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.table_columns import Columns, rows_and_facts

_MOST_BYTES = 2 << 30
_MOST_RATIO = 100
_UNSUSPECTED_BYTES = 64 << 20
_MOST_VARIABLES = 1000


def read_npz(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an NPZ file: the signal by its name or size, and rate, unit and leads from arrays beside it.

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
        If the file is damaged, holds objects only, or no signal.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _require_size(path, [(one.file_size, one.compress_size) for one in archive.infolist()])
        variables: dict[str, Value] = {}
        with np.load(path, allow_pickle=False) as content:
            for name in content.files[:_MOST_VARIABLES]:
                value = _value(content, name)
                if value is not None:
                    variables[name] = value
    except RecordUnreadable:
        raise
    except Exception as error:
        raise damaged(path, "NPZ", error) from error
    return record_of_variables(path, variables, stated, opened=f"np.load({str(path)!r})[{{}}]")


def _value(content: Any, name: str) -> Value | None:
    """Return an array of numbers or text; None for objects, which are never unpickled."""
    try:
        value = content[name]
    except ValueError as error:
        if "pickle" in str(error) or "Object arrays" in str(error):
            return None
        raise
    if not isinstance(value, np.ndarray):
        return None
    if value.dtype.kind in "US":
        texts = [
            one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
            for one in value.ravel()[:100].tolist()
        ]
        return texts[0] if value.ndim == 0 else texts
    return value if value.dtype.kind in "iufb" else None


def read_hdf5(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an HDF5 file or a MATLAB file of version 7.3 (h5py): the signal by its name or size, and what stands beside it.

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
        If the file is damaged, or holds no signal.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    LibraryMissing
        If h5py is not installed.
    """
    with optional_imports():
        import h5py

    variables: dict[str, Value] = {}
    try:
        with h5py.File(path, "r") as content:
            is_matlab = path.suffix.lower() == ".mat"
            found: list[tuple[str, Any]] = []

            def note(name: str, item: Any) -> bool | None:
                found.append((name, item))
                return True if len(found) >= _MOST_VARIABLES else None

            content.visititems(note)
            for name, item in [("", content), *found]:
                _note_attributes(name, item, variables)
                if isinstance(item, h5py.Dataset) and not name.startswith("#refs#"):
                    _note_dataset(path, name, item, variables, is_matlab)
    except RecordUnreadable:
        raise
    except Exception as error:
        raise damaged(path, "HDF5", error) from error
    return record_of_variables(path, variables, stated, opened=f"__import__('h5py').File({str(path)!r})[{{}}]")


def _note_dataset(path: Path, name: str, item: Any, variables: dict[str, Value], is_matlab: bool) -> None:
    if item.dtype.kind in "iuf" and item.external is None and not item.is_virtual:
        stored = max(1, item.id.get_storage_size())
        _require_size(path, [(item.size * item.dtype.itemsize, stored)])
        text_class = item.attrs.get("MATLAB_class", b"")
        value = np.asarray(item[()])
        if is_matlab and text_class == b"char" and value.size < 1000:
            variables[name] = "".join(chr(code) for code in value.ravel(order="F").tolist() if code)
        else:
            variables[name] = value
    elif item.dtype.kind in "OSU" and item.size <= 100:
        texts = [
            one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in np.ravel(item[()]).tolist()
        ]
        if all(isinstance(text, str) for text in texts) and texts:
            variables[name] = texts[0] if item.shape == () else texts


def _note_attributes(name: str, item: Any, variables: dict[str, Value]) -> None:
    for key in list(item.attrs)[:50]:
        if key.startswith("MATLAB"):
            continue
        value = np.asarray(item.attrs[key])
        label = f"{name}/{key}"
        if value.dtype.kind in "iuf" and value.size == 1:
            variables[label] = value
        elif value.dtype.kind in "OSU" and value.size <= 100:
            texts = [
                one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in value.ravel().tolist()
            ]
            variables[label] = texts[0] if value.ndim == 0 and texts else texts


def read_parquet(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a Parquet or Feather file (pyarrow): a table of one row a sample and one column a lead.

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
        If the file is damaged, or is not a table of numbers.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    LibraryMissing
        If pyarrow is not installed.
    """
    with optional_imports():
        import pyarrow as pa
        import pyarrow.parquet as pq

    try:
        described = pq.ParquetFile(path)
        n_rows, n_columns = described.metadata.num_rows, described.metadata.num_columns
        _require_size(path, [(n_rows * n_columns * 8, path.stat().st_size)])
        table = described.read()
        arrays, names, texts = [], [], set()
        for at, name in enumerate(table.column_names):
            column = table.column(at)
            if pa.types.is_timestamp(column.type) or pa.types.is_duration(column.type):
                column = column.cast("int64", safe=False)
            if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
                arrays.append(np.asarray(column.to_numpy(zero_copy_only=False), np.float64))
            else:
                arrays.append(np.full(n_rows, np.nan))
                texts.add(at)
            names.append(name)
        facts = _parquet_facts(dict(table.schema.metadata or {}))
    except RecordUnreadable:
        raise
    except Exception as error:
        raise damaged(path, "Parquet", error) from error
    if not arrays or not n_rows:
        raise no_array(path, f"a table of {n_columns} columns and {n_rows} rows")
    columns = Columns(np.stack(arrays), tuple(names), texts=frozenset(texts))
    rows, facts, stated = rows_and_facts(path, columns, facts, stated)
    return record_of(path, rows, facts, stated)


def _parquet_facts(metadata: dict[bytes, bytes]) -> Facts:
    facts = Facts()
    for key, value in metadata.items():
        name, text = key.decode("utf-8", "replace"), value[:100].decode("utf-8", "replace")
        number = words.number_in(text)
        if words.RATE_KEY.search(name) and number:
            facts = facts.but(fs_hz=number, rate_source="the metadata of the file")
        if words.UNIT_KEY.match(name) and words.unit_of(text) in words.VOLTAGE_UNITS:
            facts = facts.but(unit=words.VOLTAGE_UNITS[words.unit_of(text)])
    return facts


def _require_size(path: Path, sizes: list[tuple[int, int]]) -> None:
    """Refuse a file that takes far more memory than it has bytes."""
    unpacked, stored = sum(size for size, _ in sizes), max(1, sum(packed for _, packed in sizes))
    if unpacked > _MOST_BYTES or (unpacked > _UNSUSPECTED_BYTES and unpacked > _MOST_RATIO * stored):
        raise no_array(path, f"{stored:,} bytes that unpack to {unpacked:,}")
