"""Write a record as NPY with a JSON file beside it, or as JSON alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.records.plain import as_lists, as_plain
from einthoven.records.record import Record


def write_npy(record: Record, file: Path) -> None:
    """Write the signal [leads, samples] in mV as NPY, and all else as JSON beside it.

    Parameters
    ----------
    record : Record
        The record.
    file : Path
        The NPY file.
    """
    np.save(file, record.signal_mv, allow_pickle=False)
    file.with_suffix(".json").write_text(_lines(as_plain(record)) + "\n}\n", encoding="utf-8")


def write_json(record: Record, file: Path) -> None:
    """Write a record as JSON, one line a lead.

    Parameters
    ----------
    record : Record
        The record.
    file : Path
        The file.
    """
    rows = ",\n".join(f"  {json.dumps(row)}" for row in as_lists(record.signal_mv))
    file.write_text(f'{_lines(as_plain(record))},\n "signal": [\n{rows}\n ]\n}}\n', encoding="utf-8")


def _lines(plain: dict[str, Any]) -> str:
    """Return an object with one key a line, without its end."""
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in plain.items())
