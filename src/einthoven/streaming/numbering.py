"""Put the samples of a live signal in order by their numbers: lost, late, repeated and stray ones, and numbers that restart."""

import math
from collections import deque
from itertools import islice

import numpy as np

from einthoven.streaming.faults import FaultLog, counted
from einthoven.streaming.sample_lines import another_signal
from einthoven.streaming.sources import Format

_BELIEVED_S, _MOST_LOST_S, _MOST_REPEATED_S, _RESTART_S = 1.0, 3600.0, 5.0, 1.0
_MOST_LOST = 4_000_000
_JUDGED_AFTER = 100
_WRAPS = frozenset((*(2**bits for bits in range(8, 65)), *(10**digits for digits in range(2, 20))))
"""Numbers at which counters wrap to zero."""

Values = list[float]


class Numbering:
    """Put samples in order; samples that are missing between two numbers are NaN.

    A number that leaps by more than a second, or back to other values, is believed once the next number follows it.

    Parameters
    ----------
    format_ : Format
        What the signal is.
    faults : FaultLog
        Where lost, late, repeated and stray samples are described.
    """

    def __init__(self, format_: Format, faults: FaultLog) -> None:
        self.format, self.faults = format_, faults
        self.values: list[Values] = []
        """Samples that were not taken yet."""
        self.next = -1
        """Number of the next sample; -1 where the lines do not number them."""
        self.held: tuple[int, Values] | None = None
        """A sample whose number leaps, until the next one shows whether to believe it."""
        self.recent = _recent(format_)
        """The samples before `next` that may be repeated; None where one was lost."""
        self.n_repeated = 0
        """Repeated samples in a row."""
        self.n_numbered = self.n_in_order = 0
        """Samples with a number, and those of them that follow the one before."""
        self.restarted_at = -1
        """The number after which the numbers last restarted."""

    def change(self, format_: Format) -> None:
        """Begin again with another format; the samples before must have been taken.

        Parameters
        ----------
        format_ : Format
            The new format.
        """
        self.format, self.next, self.recent = format_, -1, _recent(format_)

    def take(self) -> list[Values]:
        """Return the samples that were not taken yet, in order.

        Returns
        -------
        list of list of float [n][leads]
            NaN where a sample is missing.
        """
        values, self.values = self.values, []
        return values

    def is_full(self, n: int) -> bool:
        """Return whether `n` samples are there, and as many again after a lost one, which may come late.

        Parameters
        ----------
        n : int
            Samples of a piece.

        Returns
        -------
        bool
            Whether a piece can be taken.
        """
        if len(self.values) < n:
            return False
        return len(self.values) >= 3 * n or None not in islice(reversed(self.recent), n)

    def add(self, number: int | None, values: Values) -> None:
        """Add a sample.

        Parameters
        ----------
        number : int or None
            Its number, if the line has one.
        values : list of float [leads]
            Its values.

        Raises
        ------
        RecordUnreadable
            Where the first numbers do not count samples.
        """
        if number is not None and self.next >= 0:
            self._add_numbered(number, values)
        elif number is None and self.next < 0:
            self.values.append(values)
        else:
            self.settle()
            self._append(self.next if number is None else number, values)

    def add_missing(self) -> None:
        """Add a sample that could not be read; where samples are numbered, the next number shows whether it was one."""
        if self.next < 0:
            self.values.append([math.nan] * len(self.format.leads))

    def settle(self) -> None:
        """Add the sample that is held, whatever its number."""
        if self.held is not None:
            (_, values), self.held = self.held, None
            self._append(self.next, values)

    def _add_numbered(self, number: int, values: Values) -> None:
        self._require_counting(number)
        self._judge_held(number)
        if self._is_late(number, values):
            return
        if 0 <= number - self.next <= _BELIEVED_S * self.format.fs_hz:
            self._append_at(number, values)
        elif self._is_wrap(number) or not self._is_repeated(number, values):
            self.held = number, values
        elif self.n_repeated < self._n_recent:
            self.n_repeated += 1
            self.faults.add("again", f"sample {number} came again and was skipped")
        else:
            self._append_at(number, values)

    def _require_counting(self, number: int) -> None:
        """Refuse numbers of which fewer than half follow the one before."""
        self.n_numbered += 1
        self.n_in_order += number == self.next
        if self.n_numbered == _JUDGED_AFTER and self.n_in_order < _JUDGED_AFTER / 2:
            found = f"whose first numbers do not count samples, such as {number} after {self.next - 1}"
            raise another_signal(self.faults.line, found, self.format)

    def _judge_held(self, number: int) -> None:
        """Believe, skip or renumber the sample that is held, by the number that comes after it."""
        if self.held is None:
            return
        (leapt, values), self.held = self.held, None
        if number == leapt + 1:
            self._append_at(leapt, values)
        elif number == self.next:
            self.faults.add("stray", f"sample {leapt} between {self.next - 1} and {self.next} was skipped")
        else:
            self.faults.add("number", f"sample {leapt} after {self.next - 1} counts as {self.next}")
            self._append(self.next, values)

    def _append(self, number: int, values: Values) -> None:
        self.values.append(values)
        self.recent.append(values)
        self.next, self.n_repeated = number + 1, 0

    def _append_at(self, number: int, values: Values) -> None:
        """Append a sample, after filling in what is missing before it."""
        if number != self.next:
            self._leap(number)
        self._append(number, values)

    @property
    def _n_recent(self) -> int:
        return self.recent.maxlen or 0

    def _is_repeated(self, number: int, values: Values) -> bool:
        """Return whether the same sample came within the last seconds."""
        ago = self.next - number
        known = self.recent[-ago] if 0 < ago <= len(self.recent) else None
        return known is not None and np.array_equal(known, values, equal_nan=True)

    def _is_late(self, number: int, values: Values) -> bool:
        """Return whether a sample counted as lost within the last seconds; put it in its place, unless that was taken."""
        ago = self.next - number
        if not 0 < ago <= len(self.recent) or self.recent[-ago] is not None:
            return False
        is_in_time = ago <= len(self.values)
        if is_in_time:
            self.values[-ago] = values
        self.recent[-ago] = values
        where = "and was put in its place" if is_in_time else "too late; it stays missing"
        self.faults.add("late", f"sample {number} came after {self.next - 1} {where}")
        return True

    def _leap(self, number: int) -> None:
        """Fill in lost samples before a number; a second, where the numbers restart; nothing, where they wrap."""
        lost = number - self.next
        if 0 < lost <= min(_MOST_LOST_S * self.format.fs_hz, _MOST_LOST):
            self.faults.add("lost", f"{counted(lost, 'sample')} missing before {number}")
            self._append_lost(lost)
            return
        if not self._is_wrap(number):
            self.faults.add("leap", f"sample {number} after {self.next - 1}: the numbers restarted")
            self._append_lost(round(_RESTART_S * self.format.fs_hz))
        elif self.next != self.restarted_at:
            self.faults.add("wrap", f"sample {number} after {self.next - 1}: the numbers wrap")
        self.restarted_at = self.next
        self.recent.clear()

    def _is_wrap(self, number: int) -> bool:
        return number in (0, 1) and (self.next in _WRAPS or self.next == self.restarted_at)

    def _append_lost(self, n: int) -> None:
        self.values += [[math.nan] * len(self.format.leads)] * n
        self.recent.extend([None] * min(n, self._n_recent))


def _recent(format_: Format) -> deque[Values | None]:
    return deque(maxlen=min(round(_MOST_REPEATED_S * format_.fs_hz), _MOST_LOST))
