"""Knows the lines of a live signal, and mends their numbers: what was lost, came again, wraps or begins anew.

The lines::

    # fs_hz=300 leads=I unit=mV        what follows; again where something changes; other lines with # are left out
    0.012                              one value a lead, by commas; nan where a sample is missing, or nothing between commas
    17,0.012                           or the sample's number ahead of them, so that lost and repeated ones are noticed
"""

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from itertools import islice

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records.record import UNITS_MV
from einthoven.streaming.sources import CHUNK_S, LONGEST_LINE, Format, Piece, Stated

_MOST_HELD, _MOST_IN_A_PIECE = 2500, 10_000
_BELIEVED_S, _MOST_LOST_S, _MOST_REPEATED_S, _ANEW_S = 1.0, 3600.0, 5.0, 1.0
_MOST_BAD_LINES, _MOST_FAULTS, _MOST_LOST = 100, 20, 4_000_000
_WRAPS = frozenset((*(2**bits for bits in range(8, 65)), *(10**digits for digits in range(2, 20))))
"""What counters wrap at."""
_WORD = re.compile(r"\b(fs_hz|leads|unit)[ \t]*=[ \t]*([^\s=]*)(?=\s|$)")
_NAMES = {"fs_hz": "rate", "leads": "leads", "unit": "unit"}
_OFTEN = frozenset(("words", "again"))
"""Faults that are alike within a second, not only in lines in a row."""


class Lines:
    """Lines of numbers as they come, gathered to pieces of a quarter of a second.

    Parameters
    ----------
    stated : what the user says the signal is, whatever its first lines say of it; the lines may say the rest, and may change it
    """

    def __init__(self, stated: Stated):
        self.stated, self.said = stated, {}
        self.format = self._whole(asdict(stated))
        self.values: list[list[float]] = []
        self.faults: list[str] = []
        self.next = -1
        """Number of the sample that should come next; -1 where the lines do not number them."""
        self.held: tuple[int, list[float]] | None = None
        """A sample whose number leaps, until the next one tells whether that is to be believed."""
        self.recent = _recent(self.format)
        """The samples ahead of `next` that may come again; None where one was lost."""
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
            text = line.strip().strip("\ufeff")
            if text.startswith("#"):
                changed = self._changed(text)
                if changed != self.format:
                    self._settle()
                    yield from self._gathered()
                    self.format, self.next = changed, -1
                    self.recent = _recent(changed)
            elif text:
                self._take(text)
                if self.n_understood and self._is_full():
                    yield from self._gathered()
        self._settle()
        self._complain("", "")
        if self.values and not self.n_understood:
            raise self._another_stream("none of them understood, such as the last")
        yield from self._gathered()

    def _is_full(self) -> bool:
        """Whether a quarter of a second is there, and as much again after a lost sample, which may come late."""
        n = round(min(CHUNK_S * self.format.fs_hz, _MOST_HELD))
        if len(self.values) < n:
            return len(self.faults) >= _MOST_FAULTS
        return len(self.values) >= 3 * n or None not in islice(reversed(self.recent), n)

    def _gathered(self) -> Iterator[Piece]:
        if self.format is not None and (self.values or self.faults):
            values, faults, self.values, self.faults = self.values, tuple(self.faults), [], []
            for first in range(0, max(1, len(values)), _MOST_IN_A_PIECE):
                cut = np.array(values[first : first + _MOST_IN_A_PIECE], float).reshape(-1, len(self.format.leads))
                yield Piece(self.format, cut.T * UNITS_MV[self.format.unit], () if first else faults)

    def _changed(self, text: str) -> Format | None:
        """The format after a line that may state it. What the user stated holds until samples have come; then a change does."""
        said = dict(_WORD.findall(text))
        if not said:
            return self.format
        try:
            if self.values or self.n_understood:
                news = {key: value for key, value in said.items() if self.said.get(key) != value}
                changed = replace(self.format, **_read(news))
            else:
                changed = self._first(_read(self.said | said))
        except StatementMissing:
            if self.format is None:
                raise
            self._complain("statement", f"rate, leads or unit that are none: {text[:60]}")
            return self.format
        except ValueError:
            if self.format is None:
                raise self._unstated(text) from None
            self._complain("statement", f"a statement that cannot be read: {text[:60]}")
            return self.format
        self.said |= said
        return changed

    def _first(self, found: dict) -> Format | None:
        """The format by what the lines say ahead of the samples, and what the user stated."""
        mine = {key: value for key, value in asdict(self.stated).items() if value is not None}
        whole = self._whole(found | mine)
        other = [key for key in mine if key in found and whole and replace(whole, **{key: found[key]}) != whole]
        if other:
            names = " and ".join(_NAMES[key] for key in other)
            self._complain("statement", f"the lines say other {names}; what was stated is taken")
        return whole

    @staticmethod
    def _whole(parts: dict) -> Format | None:
        if parts.get("fs_hz") is None or parts.get("leads") is None:
            return None
        return Format(parts["fs_hz"], parts["leads"], parts.get("unit") or "mV")

    def _take(self, text: str) -> None:
        if self.format is None:
            self._ahead(text)
            return
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

    def _ahead(self, text: str) -> None:
        """A line ahead of the statement: words are left out, a sample cannot be understood."""
        self.n_bad += 1
        if _is_numbers(text) or self.n_bad >= _MOST_BAD_LINES:
            raise self._unstated(text)
        self._complain("words", f"{text[:40]!r} ahead of the samples is left out")

    def _misunderstood(self, text: str) -> None:
        self.n_bad += 1
        if not self.n_understood and self.n_bad >= _MOST_BAD_LINES:
            raise self._another_stream(f"none of them understood, such as {text[:40]!r}")
        self._complain("words", f"{text[:40]!r} is not {self._wanted()}; the sample is taken for missing")
        if self.next < 0:  # else the next number tells whether this was a sample
            self.values.append([math.nan] * len(self.format.leads))

    def _wanted(self) -> str:
        n_leads = len(self.format.leads)
        return f"{_many(n_leads, 'number')}, or a sample's number ahead of {'them' if n_leads > 1 else 'it'}"

    def _unstated(self, text: str) -> StatementMissing:
        lacking = [
            word
            for key, word in _NAMES.items()
            if key != "unit" and getattr(self.stated, key) is None and key not in self.said
        ]
        return StatementMissing(
            "the stream does not say what it is.",
            found=f"{text[:60]!r} before its {' and '.join(lacking) or 'statement could be read'}",
            expected="a line  # fs_hz=300 leads=I unit=mV  ahead of the samples",
            remedy="--fs 300 --leads I --unit mV",
        )

    def _another_stream(self, found: str) -> RecordUnreadable:
        return RecordUnreadable(
            "the lines are not the stream that was stated.",
            found=f"{self.n_lines} lines, {found}",
            expected=f"{self._wanted()} ({', '.join(self.format.leads)})",
            remedy="--leads A,B      the leads that there are, in their order; commas between values, points in decimals, no times",
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
            elif number == self.next:
                self._complain("stray", f"sample {leapt} between {self.next - 1} and {self.next}; it is left out")
            else:
                self._complain("number", f"sample {leapt} after {self.next - 1}; its number is taken for {self.next}")
                self._append(kept, self.next)
        if self._is_late(number, values):
            return
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
        if not 0 < ago <= len(self.recent) or self.recent[-ago] is None:
            return False
        return np.array_equal(self.recent[-ago], values, equal_nan=True)

    def _is_late(self, number: int, values: list[float]) -> bool:
        """Whether this sample was taken for lost within the last seconds; it then goes to its place, where that is not gone yet."""
        ago = self.next - number
        if not 0 < ago <= len(self.recent) or self.recent[-ago] is not None:
            return False
        is_in_time = ago <= len(self.values)
        if is_in_time:
            self.values[-ago] = values
        self.recent[-ago] = values
        where = "it is put in its place" if is_in_time else "it stays missing"
        self._complain("late", f"sample {number} came after {self.next - 1}; {where}")
        return True

    def _leap(self, number: int) -> None:
        lost = number - self.next
        if 0 < lost <= min(_MOST_LOST_S * self.format.fs_hz, _MOST_LOST):
            self._complain("lost", f"{_many(lost, 'sample')} ahead of {number} lost")
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
        self.recent.extend([None] * min(n, self.recent.maxlen))

    def _settle(self) -> None:
        """Take a sample that was held, whatever its number."""
        if self.held is not None:
            (_, kept), self.held = self.held, None
            self._append(kept, self.next)

    def _complain(self, kind: str, text: str) -> None:
        """Tell what is wrong with a line; of lines in a row that are wrong alike, of the first and how many."""
        last, line = self.complained
        self.complained = kind, self.n_lines
        near = max(1, round(self.format.fs_hz)) if kind in _OFTEN and self.format is not None else 1
        if kind and kind == last and self.n_lines <= line + near:
            self.more += 1
            return
        if self.more:
            self.faults.append(f"line {line}: {_many(self.more, 'more line')} of the kind, this the last")
            self.more = 0
        if kind:
            self.faults.append(f"line {self.n_lines}: {text}")


def _many(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _recent(format_: Format | None) -> deque[list[float] | None]:
    return deque(maxlen=min(round(_MOST_REPEATED_S * format_.fs_hz), _MOST_LOST) if format_ else 0)


def _read(said: dict[str, str]) -> dict:
    plain = {"fs_hz": float, "leads": lambda text: tuple(text.split(",")), "unit": str}
    return {key: plain[key](text) for key, text in said.items()}


def _is_numbers(text: str) -> bool:
    try:
        return bool([float(word) for word in text.split(",") if word.strip()])
    except ValueError:
        return False
