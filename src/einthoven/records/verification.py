"""Compare the digital values of a WFDB record with what its header states of them: checksums and first samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records.header import BYTES, Header, Signal

_COPY = "copy or download the record again, header and signal file together"


@dataclass(frozen=True)
class Seen:
    """What is compared of the digital values of a signal."""

    total: int
    """Their sum."""
    first: int
    """The first of them; 0 where there is none."""
    n: int
    """Their number."""

    @classmethod
    def of(cls, values: NDArray[Any]) -> "Seen":
        """Look at the values of a signal.

        Parameters
        ----------
        values : array [samples], integers
            Digital values.

        Returns
        -------
        Seen
        """
        return cls(int(values.sum(dtype=np.int64)), int(values[0]) if len(values) else 0, len(values))

    def __add__(self, following: "Seen") -> "Seen":
        """Return what is compared of these values and those that follow."""
        return Seen(self.total + following.total, self.first if self.n else following.first, self.n + following.n)


def verify(
    path: Path,
    header: Header,
    digital: Sequence[Seen | None],
    warnings: list[str],
    whole: Callable[[], list[Seen | None]] | None = None,
) -> None:
    """Refuse a header that is wrong in all checksums and first samples, or whose longer file nothing confirms.

    Parameters
    ----------
    path : Path
        The header file.
    header : Header
        Its content.
    digital : sequence of Seen, or None
        What the digital values of each signal are; None for one that is missing.
    warnings : list of str
        Gets the leads whose checksum differs.
    whole : callable, optional
        Given where a file is longer than the header states: gives the values to the end of the file.

    Raises
    ------
    RecordUnreadable
        If the header describes another file.
    """
    pairs = [(signal, values) for signal, values in zip(header.signals, digital, strict=True) if values is not None]
    wrong = [signal for signal, values in pairs if signal.checksum and not _sums_to(values, signal)]
    strange = [signal for signal, v in pairs if signal.first is not None and v.n and signal.first != v.first]
    if len(wrong) == len(strange) == len(pairs):
        raise RecordUnreadable(
            f"The header {path} does not describe its signal file.",
            found=f"another checksum and another first sample in each of {len(pairs)} leads",
            expected=f"format {header.signals[0].format} as the header states",
            remedy=_COPY,
        )
    if whole is not None:
        is_summed = any(signal.checksum and signal not in wrong for signal, _ in pairs)
        if not is_summed and not _is_confirmed(header, [signal for signal, _ in pairs], strange, whole()):
            raise RecordUnreadable(
                f"A signal file of {path} is longer than its header states.",
                found="no checksum or first sample that confirms the format",
                expected=f"{header.n_samples:,} frames in format {header.signals[0].format}",
                remedy="correct the number of samples or the format in the header",
            )
        warnings.append("the signal file is longer than the header states: its first part is read")
    elif wrong:
        names = ", ".join(signal.lead for signal in wrong)
        warnings.append(f"the checksum differs from that of the header in {names}")


def _sums_to(values: Seen, signal: Signal) -> bool:
    return (values.total - (signal.checksum or 0)) % 65536 == 0


def _is_confirmed(header: Header, signals: list[Signal], strange: list[Signal], whole: list[Seen | None]) -> bool:
    """Return whether checksums of the whole file, or first samples, confirm the format of a longer file.

    Formats share their first bytes, so that first samples tell nothing where the file has the length of another format.
    """
    pairs = [(signal, values) for signal, values in zip(header.signals, whole, strict=True) if values is not None]
    if any(signal.checksum and _sums_to(values, signal) for signal, values in pairs):
        return True
    if strange or sum(bool(signal.first) for signal in signals) < 2:
        return False
    return not any(_has_length_of_another_format(header, signal, values) for signal, values in pairs)


def _has_length_of_another_format(header: Header, signal: Signal, values: Seen) -> bool:
    n_stated = (header.n_samples or 0) * signal.frame
    ratios = {size / BYTES[signal.format] for size in BYTES.values()}
    return any(abs(values.n - ratio * n_stated) <= 8 for ratio in ratios)
