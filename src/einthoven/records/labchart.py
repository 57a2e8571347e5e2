"""Divide a text of LabChart into its blocks, and lay them on one line of time."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from einthoven.records.bounds import MOST_MISSING
from einthoven.records.table_columns import Columns
from einthoven.records.table_head import Head

_BEGIN = b"Interval="
_DAY_S = 86_400.0
_STARTED = re.compile(rb"^ExcelDateTime=\s*([\d.,]+(?:[eE][+\-]?\d+)?)", re.MULTILINE)
_MOST_HEAD = 4096


def blocks_of(text: bytes) -> list[bytes]:
    """Return the blocks of a text of LabChart: a new one begins wherever recording was paused.

    Parameters
    ----------
    text : bytes
        A table in UTF-8.

    Returns
    -------
    list of bytes
        Each with its own head; the text itself if it is of another kind or has one block.
    """
    if not text.startswith(_BEGIN) or b"\n" + _BEGIN not in text:
        return [text]
    starts = [0, *(found.start() + 1 for found in re.finditer(b"\n" + _BEGIN, text))]
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def joined(blocks: Sequence[tuple[bytes, Columns, Head]]) -> tuple[Columns, Head]:
    """Lay the blocks of a recording on one line of time; what lies between them is missing.

    Parameters
    ----------
    blocks : sequence of (bytes, Columns, Head)
        Text, columns and head of each.

    Returns
    -------
    columns : Columns
        Those of all blocks that have the leads and the rate of the first one; of the longest block alone if they lie too far
        apart.
    head : Head
        That of the first, with a warning.
    """
    _, first, head = blocks[0]
    alike = [
        (_started_s(text), columns)
        for text, columns, own in blocks
        if columns.names == first.names
        and own.facts.fs_hz == head.facts.fs_hz
        and len(columns.values) == len(first.values)
    ]
    texts = (
        [f"{len(blocks) - len(alike)} blocks of other leads or rates are left out"] if len(alike) < len(blocks) else []
    )
    fs_hz = head.facts.fs_hz or 0.0
    places, end = [], 0
    for started_s, columns in alike:
        place = round((started_s - alike[0][0]) * fs_hz)
        places.append(max(place, end))
        end = places[-1] + columns.values.shape[1]
    n_kept = sum(columns.values.shape[1] for _, columns in alike)
    if (end - n_kept) * len(first.values) > MOST_MISSING:
        longest = max((columns for _, columns in alike), key=lambda columns: columns.values.shape[1])
        texts.append(f"the longest of {len(blocks)} blocks is read: they lie too far apart")
        return longest, replace(head, facts=head.facts.warned(*texts))
    values = np.full((len(first.values), end), np.nan)
    for place, (_, columns) in zip(places, alike, strict=True):
        values[:, place : place + columns.values.shape[1]] = columns.values
    if first.names is not None and first.names[0] == "time" and fs_hz:
        values[0] = np.arange(end) / fs_hz  # of the whole recording; each block may count from its own start
    gap_s = f"{(end - n_kept) / fs_hz:,.1f} s" if fs_hz else "nothing"
    texts.append(f"the recording has {len(alike)} blocks; {gap_s} between them are missing")
    return replace(first, values=values, stamps=None), replace(head, facts=head.facts.warned(*texts))


def _started_s(text: bytes) -> float:
    """Return when a block began, in seconds since an unknown day; 0 if it does not say."""
    found = _STARTED.search(text[:_MOST_HEAD])
    try:
        return float(found[1].replace(b",", b".")) * _DAY_S if found else 0.0
    except ValueError:
        return 0.0
