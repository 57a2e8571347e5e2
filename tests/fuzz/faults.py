"""A reader that fails in each way that the harness must see."""

import os
import time
from pathlib import Path

import numpy as np

from einthoven import records
from einthoven.records import Record
from tests.fuzz.mutation import Seed

KINDS = ("traceback", "hang", "memory", "crash", "infinite")
SEED = b"as it is written"


def _read(path: Path, **stated: object) -> Record:
    kind = path.stem
    if path.read_bytes() == SEED:
        kind = "good"  # before it is changed
    if kind == "hang":
        time.sleep(60)
    elif kind == "memory":
        np.ones(1 << 28)
    elif kind == "crash":
        os.abort()
    elif kind == "traceback":
        raise IndexError("out of range")
    fill = np.inf if kind == "infinite" else 0.0
    record = Record("a", np.zeros((1, 500)), 360.0, ("II",))
    object.__setattr__(record, "signal_mv", np.full((1, 500), fill, np.float32))
    return record


def seeds() -> list[Seed]:
    """Replace the reader, and return a seed for each fault."""
    records.read = _read
    return [Seed(kind, {kind: SEED}, kind, {}) for kind in (*KINDS, "good")]
