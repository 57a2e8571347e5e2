"""Write the beats and rhythms that a person corrected as a WFDB annotation file."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from einthoven.records.annotation_file import encoded
from einthoven.records.writing import safe_name
from einthoven.serving.marks import BEATS, RHYTHMS
from einthoven.serving.refusals import Refusal, malformed

MOST_BYTES = 8 << 20
"""Largest request."""
_MOST_MARKS = 2_000_000
_MOST_SAMPLES = 2**31 - 1
_FIELDS = ("name", "fs_hz", "n_samples", "beats", "rhythms")


@dataclass(frozen=True)
class Corrections:
    """Annotations of one recording."""

    name: str
    """Name of the recording, as a file may have it."""
    fs_hz: float
    """Its sampling rate."""
    marks: tuple[tuple[int, str, str], ...]
    """Sample number, symbol and note of each, in order."""

    @property
    def content(self) -> bytes:
        """Content of the annotation file, which states its time resolution first."""
        rows = [(0, '"', f"## time resolution: {self.fs_hz:.12g}"), *self.marks]
        samples, symbols, notes = zip(*rows, strict=True)
        return encoded(np.array(samples, np.int64), symbols, notes)


def corrections_of(plain: Any) -> Corrections:
    """Return the corrections that a request holds.

    Parameters
    ----------
    plain : object
        What the JSON of the request says.

    Returns
    -------
    Corrections

    Raises
    ------
    Refusal
        If it does not name a recording and its annotations.
    """
    if not isinstance(plain, dict) or any(name not in plain for name in _FIELDS):
        there = ", ".join(map(str, list(plain)[:10])) if isinstance(plain, dict) else type(plain).__name__
        raise _refusal(there or "an empty object")
    fs_hz, n_samples = plain["fs_hz"], plain["n_samples"]
    if isinstance(fs_hz, bool) or not isinstance(fs_hz, int | float) or not 0 < fs_hz <= 100_000 or math.isnan(fs_hz):
        raise _refusal(f"fs_hz {fs_hz!r}")
    if not _is_whole(n_samples, _MOST_SAMPLES):
        raise _refusal(f"n_samples {n_samples!r}")
    beats = _marks(plain["beats"], n_samples, BEATS, "beats")
    rhythms = _marks(plain["rhythms"], n_samples, RHYTHMS, "rhythms")
    rows = [(at, symbol, "") for at, symbol in beats] + [(at, "+", name) for at, name in rhythms]
    return Corrections(safe_name(str(plain["name"])[:200]), float(fs_hz), tuple(sorted(rows)))


def _marks(plain: Any, n_samples: int, names: dict[str, str], what: str) -> list[tuple[int, str]]:
    if not isinstance(plain, list) or len(plain) > _MOST_MARKS:
        raise _refusal(f"{what}: {type(plain).__name__}")
    for one in plain:
        is_pair = isinstance(one, list) and len(one) == 2 and isinstance(one[1], str)
        if not is_pair or one[1] not in names or not _is_whole(one[0], n_samples - 1):
            raise _refusal(f"{what}: {one!r}", f"a sample number below {n_samples} and one of {' '.join(names)}")
    return [(at, name) for at, name in plain]


def _is_whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _refusal(found: str, expected: str = "an object with " + ", ".join(_FIELDS)) -> Refusal:
    return malformed(found, expected, "GET /openapi.json      describes the request")
