"""Read the CSV, NPY and JSON files that einthoven writes: they state rate, leads and unit themselves."""

import csv
import json
import re
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.records.plain import KEY, VERSION, damaged, from_plain, is_ours
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated

HEAD = f"# {KEY}: {VERSION}"
"""First line of a CSV file of ours."""
TIME = "time_s"
"""Name of its first column."""
ANNOTATIONS = ".annotations.csv"
"""End of the name of the file with its annotations, which replaces ``.csv``."""
ANNOTATION_COLUMNS = ("sample", "time_s", "symbol", "note")
_LINE = re.compile(r"#\s*(?P<key>[\w.]+): (?P<value>.*)")
_WRONG = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, csv.Error)


def is_own_csv(path: Path) -> bool:
    """Return whether a file is a CSV of ours.

    Parameters
    ----------
    path : Path
        The file.
    """
    with path.open("rb") as file:
        return file.read(len(HEAD) - len(str(VERSION))) == HEAD.removesuffix(str(VERSION)).encode()


def read_own_csv(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a CSV file of ours, and the annotations beside it.

    Parameters
    ----------
    path : Path
        The file, which :func:`is_own_csv`.
    stated : Stated
        What the user states; it goes before what the file says.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If it was changed so that it no longer fits together.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head = [line.rstrip("\r\n") for line in takewhile(lambda line: line.startswith("#"), file)]
        plain = _from_head(head)
        with path.open(encoding="utf-8", newline="") as file:
            for _ in head:
                next(file)
            columns = next(csv.reader(file))
            values = np.loadtxt(file, np.float64, delimiter=",", comments=None, ndmin=2)
        if columns[0] != TIME or values.shape[1] != len(columns):
            raise ValueError(f"{values.shape[1]} columns under {', '.join(columns)[:80]}")
        if plain["n_samples"] != len(values):
            raise ValueError(f"{len(values):,} rows; {plain['n_samples']:,} samples are stated")
        plain["leads"], plain["annotations"] = columns[1:], _annotations_beside(path)
    except (*_WRONG, StopIteration) as error:
        raise damaged(path, f"{type(error).__name__}: {str(error)[:160]}") from error
    return from_plain(plain, values[:, 1:].T.astype(np.float32), path, stated)


def beside_npy(path: Path) -> dict[str, Any] | None:
    """Return what the JSON file beside an NPY file says of it.

    Parameters
    ----------
    path : Path
        The NPY file.

    Returns
    -------
    dict or None
        As of :func:`einthoven.records.plain.as_plain`; None where there is no such file of ours.
    """
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return None
    plain = _loaded(beside)
    return plain if is_ours(plain) and isinstance(plain, dict) and "signal" not in plain else None


def record_of_json(path: Path, plain: dict[str, Any], stated: Stated) -> Record:
    """Return the record of a JSON file of ours.

    Parameters
    ----------
    path : Path
        The file.
    plain : dict
        Its content, for which :func:`einthoven.records.plain.is_ours` holds.
    stated : Stated
        What the user states; it goes before what the file says.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If it was changed so that it no longer fits together.
    """
    if "signal" not in plain:
        raise damaged(path, f"a JSON file without samples: name {path.with_suffix('.npy')}, which it is about")
    try:
        signal = np.array(plain["signal"], np.float64)
        if signal.ndim != 2 or signal.shape[1] != plain["n_samples"]:
            raise ValueError(f"samples of shape {signal.shape}; {plain['n_samples']} of each lead are stated")
    except _WRONG as error:
        raise damaged(path, f"{type(error).__name__}: {str(error)[:160]}") from error
    return from_plain(plain, signal.astype(np.float32), path, stated)


def _loaded(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"{type(error).__name__}: {str(error)[:160]}") from error


def _from_head(lines: list[str]) -> dict[str, Any]:
    """Return plain values from the head of a CSV file."""
    plain: dict[str, Any] = {
        "identity": {},
        "machine": {"statements": [], "confirmed": [], "measurements": {}},
        "comments": [],
    }
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {line[:80]!r}")
        key, value = match["key"], match["value"]
        group, _, name = key.partition(".")
        if group == "identity":
            plain[group][name] = float(value) if name == "age_years" else value
        elif group == "measurement":
            plain["machine"]["measurements"][name] = float(value)
        elif group in ("statement", "confirmed"):
            plain["machine"]["statements" if group == "statement" else group].append(value)
        elif group == "comment":
            plain["comments"].append(value)
        else:
            plain[key] = int(value) if key in (KEY, "n_samples") else float(value) if key == "fs_hz" else value
    return plain


def _annotations_beside(path: Path) -> dict[str, Any] | None:
    beside = path.with_name(path.stem + ANNOTATIONS)
    if not beside.is_file():
        return None
    with beside.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    if tuple(columns) != ANNOTATION_COLUMNS or any(len(row) != len(columns) for row in rows):
        raise ValueError(f"{beside.name} does not have the columns {', '.join(ANNOTATION_COLUMNS)}")
    return {
        "samples": [int(row[0]) for row in rows],
        "symbols": [row[2] for row in rows],
        "notes": [row[3] for row in rows],
    }
