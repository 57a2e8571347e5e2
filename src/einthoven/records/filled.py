"""Mark filled samples in the comments of a recording, and read samples so marked as missing: they were never measured."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.records.record import Record
from einthoven.signal.hiding import runs

_BEGIN = "einthoven filled, not measured: lead "
_LINE = re.compile(re.escape(_BEGIN) + r"(?P<lead>\S+), samples (?P<spans>\d{1,12}-\d{1,12}(?:,\d{1,12}-\d{1,12})*)")
_IN_A_LINE = 12


def marks(leads: tuple[str, ...], filled: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return comments that state which samples were filled.

    Parameters
    ----------
    leads : tuple of str
        Names of the leads.
    filled : array [leads, samples], bool
        Whether a sample was filled.

    Returns
    -------
    tuple of str
        Lines with first and last sample of each gap, counted from 0.

    Examples
    --------
    >>> marks(("II",), np.array([[False, True, True, False]]))
    ('einthoven filled, not measured: lead II, samples 1-2',)
    """
    lines = []
    for lead, row in zip(leads, filled, strict=True):
        spans = [f"{first}-{end - 1}" for first, end in runs(row)]
        for at in range(0, len(spans), _IN_A_LINE):
            lines.append(f"{_BEGIN}{lead.replace(' ', '_')}, samples {','.join(spans[at : at + _IN_A_LINE])}")
    return tuple(lines)


def measured(record: Record) -> Record:
    """Return a record whose samples that are marked as filled are missing.

    Parameters
    ----------
    record : Record
        A record as its file holds it.

    Returns
    -------
    Record
        The same one where no comment marks samples; else with a warning that counts them.
    """
    found = [match for line in record.comments if (match := _LINE.fullmatch(line.strip()))]
    if not found:
        return record
    names = [lead.replace(" ", "_") for lead in record.leads]
    filled = np.zeros(record.signal_mv.shape, bool)
    for match in found:
        if match["lead"] in names:
            _mark(filled[names.index(match["lead"])], match["spans"])
    told = f"{int(filled.sum()):,} samples are marked as filled, not measured: they are read as missing"
    signal: NDArray[Any] = np.where(filled, np.float32(np.nan), record.signal_mv)
    return replace(record, signal_mv=signal, warnings=(*record.warnings, told))


def _mark(row: NDArray[np.bool_], spans: str) -> None:
    for span in spans.split(","):
        first, last = map(int, span.split("-"))
        row[first : last + 1] = True
