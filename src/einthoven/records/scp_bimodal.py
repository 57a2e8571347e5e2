"""Expand the rhythm of SCP-ECG that is stored at a lower rate between the QRS complexes (bimodal compression).

Source: EN 1064, section 6: samples inside the protected zones are stored each; outside, one for every few samples. Between
these the decoder interpolates, and smooths the result over three samples.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_SECTION_HEAD = 16
_LARGEST_FACTOR = 16
_BIMODAL_UNTIL = 30  # from version 3.0 on the byte is reserved


def stretches(start: int, end: int, zones: Sequence[tuple[int, int]]) -> list[tuple[int, bool]]:
    """Divide a lead into stretches between and inside protected zones.

    Parameters
    ----------
    start, end : int
        Numbers of its first and last sample.
    zones : sequence of (int, int)
        First and last sample of each protected zone.

    Returns
    -------
    list of (int, bool)
        Samples of each stretch, and whether it is protected.

    Examples
    --------
    >>> stretches(1, 20, [(5, 8), (18, 30)])
    [(4, False), (4, True), (9, False), (3, True)]
    """
    found: list[tuple[int, bool]] = []
    at = start
    for first, last in sorted(zones):
        first, last = max(first, at), min(last, end)
        if last < first:
            continue
        if first > at:
            found.append((first - at, False))
        found.append((last - first + 1, True))
        at = last + 1
    return [*found, (end - at + 1, False)] if at <= end else found


def n_stored(parts: Sequence[tuple[int, bool]], factor: int) -> int:
    """Return how many samples of a lead are stored.

    Parameters
    ----------
    parts : sequence of (int, bool)
        Its stretches.
    factor : int
        Samples for which one is stored outside the protected zones; what is left of a stretch is stored as it is.

    Returns
    -------
    int
    """
    return sum(n if is_protected else n // factor + n % factor for n, is_protected in parts)


def expanded(stored: NDArray[Any], parts: Sequence[tuple[int, bool]], factor: int) -> NDArray[np.int64]:
    """Return a lead at its full rate.

    Parameters
    ----------
    stored : array [stored samples]
        What the file holds.
    parts : sequence of (int, bool)
        Stretches of the lead.
    factor : int
        Samples for which one is stored outside the protected zones.

    Returns
    -------
    array [samples], int64
    """
    whole: list[Array] = []
    at = 0
    for n, is_protected in parts:
        n_few = n if is_protected else n // factor + n % factor
        few = np.asarray(stored[at : at + n_few], np.float64)
        at += n_few
        whole.append(few if is_protected else _smoothed(_interpolated(few, n, factor)))
    return np.rint(np.concatenate(whole)).astype(np.int64)


def _interpolated(few: Array, n: int, factor: int) -> Array:
    """Place each sample in the middle of those that it stands for, and what is left behind them."""
    n_means = n // factor
    if not n_means:
        return few
    places = np.arange(n_means) * factor + factor // 2
    return np.concatenate((np.interp(np.arange(n_means * factor), places, few[:n_means]), few[n_means:]))


def _smoothed(line: Array) -> Array:
    """Return means of three samples; the first and the last one stay."""
    if len(line) < 3:
        return line
    return np.concatenate((line[:1], (line[:-2] + line[1:-1] + line[2:]) / 3, line[-1:]))


def with_bimodal(kind: type[Any]) -> type[Any]:
    """Return ecgdatakit's parser of SCP-ECG, which reads bimodal compression too.

    Parameters
    ----------
    kind : type
        ``ecgdatakit.parsing.parsers.scp_ecg.SCPECGParser``.

    Returns
    -------
    type
    """

    def parse_section6(self: Any, context: Any, record: Any, median: dict[str, Any] | None) -> None:
        at = context.sections[6].offset + _SECTION_HEAD
        head = context.data[at : at + 6]
        self.factor = 1
        if len(head) == 6 and head[5] and context.protocol < _BIMODAL_UNTIL and median is not None:
            own, whole = struct.unpack_from("<H", head, 2)[0], int(median["interval"])
            if own > whole and own % whole == 0 and own // whole <= _LARGEST_FACTOR:
                self.factor = own // whole
                context.data = context.data[: at + 2] + struct.pack("<H", whole) + context.data[at + 4 :]
                context.warn(
                    f"between QRS complexes the file holds one of {self.factor} samples; the others are interpolated"
                )
        kind._parse_section6(self, context, record, median)

    def decode_leads(self: Any, context: Any, section: int, counts: list[int] | None) -> tuple[Any, ...]:
        if section != 6 or self.factor == 1:
            found: tuple[Any, ...] = kind._decode_leads(self, context, section, counts)
            return found
        most = 8 * self.factor * context.sections[6].length  # a sample takes at least one bit
        if sum(lead.count for lead in context.leads) > most:
            raise ValueError("more samples than the section can hold")
        zones = [(int(first), int(last)) for first, last in context.protected if first > 0]
        parts = [stretches(lead.start, lead.end, zones) for lead in context.leads]
        fewer = [n_stored(each, self.factor) for each in parts]
        *rest, leads = kind._decode_leads(self, context, section, fewer)
        return *rest, [expanded(lead, each, self.factor) for lead, each in zip(leads, parts, strict=True)]

    return type(kind.__name__, (kind,), {"_parse_section6": parse_section6, "_decode_leads": decode_leads, "factor": 1})
