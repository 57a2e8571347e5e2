"""Knows the lines of a live signal, and mends their numbers: what was lost, came again, wraps or begins anew.

The lines::

    # fs_hz=300 leads=I unit=mV        what follows; again where something changes
    0.012                              one value a lead, by commas; empty or nan where a sample is missing
    17,0.012                           or the sample's number ahead of them, so that lost and repeated ones are noticed
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records.record import UNITS_MV
from einthoven.streaming.sources import CHUNK_S, LONGEST_LINE, Format, Piece

_MOST_HELD, _MOST_IN_A_PIECE = 2500, 10_000
_BELIEVED_S, _MOST_LOST_S, _MOST_REPEATED_S, _ANEW_S = 1.0, 3600.0, 5.0, 1.0
_MOST_BAD_LINES, _MOST_LOST = 100, 4_000_000
_WRAPS = frozenset((*(2**bits for bits in range(8, 65)), *(10**digits for digits in range(2, 20))))
"""What counters wrap at."""


class Lines:
    """Lines of numbers as they come, gathered to pieces of a quarter of a second.

    Parameters
    ----------
    stated : what the user says the signal is; the lines may say it themselves
    """

    def __init__(self, stated: Format | None):
        self.format = stated
        self.values: list[list[float]] = []
        self.faults: list[str] = []
        self.next = -1
        """Number of the sample that should come next; -1 where the lines do not number them."""
        self.held: tuple[int, list[float]] | None = None
        """A sample whose number leaps, until the next one tells whether that is to be believed."""
        self.recent = _recent(stated)
        """The samples ahead of `next` that may come again."""
        self.n_again = self.n_numbered = self.n_in_order = 0
        """Samples in a row that came again; of all that are numbered, those that follow the one before."""
        self.ended_at = -1
        """Where the numbers last began anew."""
        self.n_lines = self.n_bad = self.n_understood = 0
        self.complained, self.more = ("", 0), 0
        """What was last wrong, in which line, and how many lines since were alike."""

    def pieces(self, lines: Iterable[str]) -> Iterator[Piece]:
        """The samples of the lines.

        Raises
        ------
        StatementMissing
            Where a sample comes before its rate and leads are stated.
        RecordUnreadable
            Where a hundred lines came and none was understood, or their numbers do not count.
        """
        for line in lines:
            self.n_lines += 1
            text = line.strip()
            if text.startswith("#"):
                changed = self._stated(text)
                if changed != self.format:
                    self._settle()
                    yield from self._gathered()
                    self.format, self.next = changed, -1
                    self.recent = _recent(changed)
            elif text:
                self._take(text)
                if self.n_understood and (
                    self.faults or len(self.values) >= min(CHUNK_S * self.format.fs_hz, _MOST_HELD)
                ):
                    yield from self._gathered()
        self._settle()
        self._complain("", "")
        if self.values and not self.n_understood:
            raise self._another_stream("none of them understood, such as the last")
        yield from self._gathered()

    def _gathered(self) -> Iterator[Piece]:
        if self.format is not None and (self.values or self.faults):
            values, faults, self.values, self.faults = self.values, tuple(self.faults), [], []
            for first in range(0, max(1, len(values)), _MOST_IN_A_PIECE):
                cut = np.array(values[first : first + _MOST_IN_A_PIECE], float).reshape(-1, len(self.format.leads))
                yield Piece(self.format, cut.T * UNITS_MV[self.format.unit], () if first else faults)

    def _stated(self, text: str) -> Format:
        said = dict(word.split("=", 1) for word in text.lstrip("#").split() if "=" in word)
        try:
            now = self.format or Format(float(said["fs_hz"]), tuple(said["leads"].split(",")))
            now = replace(
                now,
                fs_hz=float(said.get("fs_hz", now.fs_hz)),
                leads=tuple(said["leads"].split(",")) if "leads" in said else now.leads,
                unit=said.get("unit", now.unit),
            )
        except StatementMissing:
            if self.format is None:
                raise
            self._complain("statement", f"a rate or a unit that is none: {text[:60]}")
            return self.format
        except (KeyError, ValueError):
            if self.format is not None:
                self._complain("statement", f"a statement that cannot be read: {text[:60]}")
                return self.format
            raise _unstated(text[:60]) from None
        return now

    def _take(self, text: str) -> None:
        if self.format is None:
            raise _unstated(text[:60])
        n_leads = len(self.format.leads)
        try:
            if len(text) > LONGEST_LINE:
                raise ValueError
            values = [float(word) if word.strip() else math.nan for word in text.split(",")]
            if len(values) not in (n_leads, n_leads + 1):
                raise ValueError
            number = int(text.split(",", 1)[0]) if values[n_leads:] else None
            if number is not None and number < 0:
                raise ValueError
        except ValueError:
            self._misunderstood(text)
            return
        self.n_understood += 1
        values = values[-n_leads:]
        if number is None and self.next < 0:
            self.values.append(values)
        elif number is None or self.next < 0:
            self._settle()
            self._append(values, self.next if number is None else number)
        else:
            self._numbered(number, values)

    def _misunderstood(self, text: str) -> None:
        self.n_bad += 1
        if not self.n_understood and self.n_bad >= _MOST_BAD_LINES:
            raise self._another_stream(f"none of them understood, such as {text[:40]!r}")
        self._complain("words", f"{text[:40]!r} is not {self._wanted()}; the sample is taken for missing")
        if self.next < 0:  # else the next number tells whether this was a sample
            self.values.append([math.nan] * len(self.format.leads))

    def _wanted(self) -> str:
        n_leads = len(self.format.leads)
        return (
            f"{n_leads} number{'s' * (n_leads != 1)}, or a sample's number ahead of {'them' if n_leads > 1 else 'it'}"
        )

    def _another_stream(self, found: str) -> RecordUnreadable:
        return RecordUnreadable(
            "the lines are not the stream that was stated.",
            found=f"{self.n_lines} lines, {found}",
            expected=f"{self._wanted()} ({', '.join(self.format.leads)})",
            remedy="state the leads that there are, in their order: --leads A,B",
        )

    def _numbered(self, number: int, values: list[float]) -> None:
        """A sample by its number; a leap of over a second, or back to other values, is believed once the next number follows it."""
        self.n_numbered += 1
        self.n_in_order += number == self.next
        if self.n_numbered == _MOST_BAD_LINES and self.n_in_order < _MOST_BAD_LINES / 2:
            raise self._another_stream(
                f"whose first numbers do not count samples, such as {number} after {self.next - 1}"
            )
        if self.held is not None:
            (leapt, kept), self.held = self.held, None
            if number == leapt + 1:
                self._leap(leapt)
                self._append(kept, leapt)
            else:
                self._complain("number", f"sample {leapt} after {self.next - 1}; its number is taken for {self.next}")
                self._append(kept, self.next)
        if 0 <= number - self.next <= _BELIEVED_S * self.format.fs_hz:
            if number > self.next:
                self._leap(number)
            self._append(values, number)
        elif self._wraps(number) or not self._came(number, values):
            self.held = number, values
        elif self.n_again < self.recent.maxlen:
            self.n_again += 1
            self._complain("again", f"sample {number} came again; it is left out")
        else:
            self._leap(number)
            self._append(values, number)

    def _append(self, values: list[float], number: int) -> None:
        self.values.append(values)
        self.recent.append(values)
        self.next, self.n_again = number + 1, 0

    def _came(self, number: int, values: list[float]) -> bool:
        """Whether this very sample came within the last seconds."""
        ago = self.next - number
        return 0 < ago <= len(self.recent) and np.array_equal(self.recent[-ago], values, equal_nan=True)

    def _leap(self, number: int) -> None:
        lost = number - self.next
        if 0 < lost <= min(_MOST_LOST_S * self.format.fs_hz, _MOST_LOST):
            self._complain("lost", f"{lost} samples ahead of {number} were lost")
            self._miss(lost)
            return
        if not self._wraps(number):
            self._complain("leap", f"sample {number} after {self.next - 1}; the numbers are taken to begin anew")
            self._miss(round(_ANEW_S * self.format.fs_hz))
        elif self.next != self.ended_at:
            self._complain("wrap", f"sample {number} after {self.next - 1}; the numbers are taken to wrap")
        self.ended_at = self.next
        self.recent.clear()

    def _wraps(self, number: int) -> bool:
        return number in (0, 1) and (self.next in _WRAPS or self.next == self.ended_at)

    def _miss(self, n: int) -> None:
        nothing = [math.nan] * len(self.format.leads)
        self.values += [nothing] * n
        self.recent.extend([nothing] * min(n, self.recent.maxlen))

    def _settle(self) -> None:
        """Take a sample that was held, whatever its number."""
        if self.held is not None:
            (_, kept), self.held = self.held, None
            self._append(kept, self.next)

    def _complain(self, kind: str, text: str) -> None:
        """Tell what is wrong with a line; of lines in a row that are wrong alike, of the first and how many."""
        last, line = self.complained
        self.complained = kind, self.n_lines
        if kind and kind == last and self.n_lines == line + 1:
            self.more += 1
            return
        if self.more:
            self.faults.append(f"line {line}: and so the {self.more} before it")
            self.more = 0
        if kind:
            self.faults.append(f"line {self.n_lines}: {text}")


def _recent(format_: Format | None) -> deque[list[float]]:
    return deque(maxlen=min(round(_MOST_REPEATED_S * format_.fs_hz), _MOST_LOST) if format_ else 0)


def _unstated(text: str) -> StatementMissing:
    return StatementMissing(
        "the stream does not say what it is.",
        found=f"{text!r} before its rate and leads",
        expected="a line  # fs_hz=300 leads=I unit=mV  ahead of the samples",
        remedy="--fs 300 --leads I --unit mV",
    )
