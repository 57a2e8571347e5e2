"""Read the lines of a live signal and gather their samples.

The lines::

    # fs_hz=300 leads=I unit=mV        what follows; may come again where something changes; other lines with # are skipped
    0.012                              one value for each lead, separated by commas; nan or nothing where one is missing
    17,0.012                           or the sample's number before them, so that lost and repeated samples are noticed

Other forms (times before the values, semicolons, several samples a line, labels, JSON) are recognised by the first lines, see
:mod:`einthoven.streaming.line_form`; ``columns=time,I`` in the statement says what each value is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from einthoven.streaming import sample_lines
from einthoven.streaming.faults import FaultLog, counted
from einthoven.streaming.line_form import PEEKED, LineForm, Parsed, form_of
from einthoven.streaming.numbering import Numbering
from einthoven.streaming.sources import CHUNK_S, LONGEST_LINE, Format, Piece, StatedFormat
from einthoven.streaming.stamps import Stamps
from einthoven.streaming.statements import Statements

_MOST_HELD, _MOST_IN_A_PIECE = 2500, 10_000
_MOST_BAD_LINES, _MOST_FAULTS = 100, 20


class Lines:
    """Gather the samples of lines into pieces of a quarter of a second.

    Parameters
    ----------
    stated : StatedFormat
        What the user states about the signal; it overrides the first lines, which may state the rest. Later lines may change it.
    """

    def __init__(self, stated: StatedFormat) -> None:
        self.faults = FaultLog()
        self.statements = Statements(stated, self.faults)
        self.samples: Numbering | None = None
        self.n_bad = self.n_parsed = 0
        self.peeked: list[str] = []
        """The first lines that may hold samples."""
        self.form: LineForm | None = None
        """How lines are written; None for a value for each lead."""
        self.is_form_known = False
        self.stamps: Stamps | None = None
        self._change(self.statements.format)

    def pieces(self, lines: Iterable[str]) -> Iterator[Piece]:
        """Yield the samples of lines, with what is wrong about the lines.

        Parameters
        ----------
        lines : iterable of str
            The lines as they come.

        Yields
        ------
        Piece
            Samples of one format.

        Raises
        ------
        StatementMissing
            Where a sample comes before its rate and leads are stated.
        RecordUnreadable
            Where none of a hundred lines is a sample, or their numbers do not count samples.
        """
        for line in self._with_peek(iter(lines)):
            self.faults.line += 1
            text = line.strip().strip("\ufeff")
            if text.startswith("#"):
                yield from self._stated(text)
            elif text:
                yield from self._sample(text)
        if self.samples is None:
            return
        self.samples.settle()
        self.faults.close()
        if self.samples.values and not self.n_parsed:
            found = "none of which is a sample"
            raise sample_lines.another_signal(self.faults.line, found, self.samples.format)
        yield from self._gathered(self.samples)

    def _with_peek(self, lines: Iterator[str]) -> Iterator[str]:
        """Yield all lines, after looking at the first that may hold samples."""
        first = []
        for line in lines:
            first.append(line)
            text = line.strip().strip("\ufeff")
            if text and not text.startswith("#"):
                self.peeked.append(text)
            if len(self.peeked) >= PEEKED:
                break
        yield from chain(first, lines)

    def _stated(self, text: str) -> Iterator[Piece]:
        """Read a statement; where it changes the format, yield the samples before it."""
        has_samples = self.samples is not None and bool(self.samples.values or self.n_parsed)
        before, columns = self.statements.format, self.statements.columns
        changed = self.statements.read(text, has_samples)
        if changed == before:
            self.is_form_known = self.is_form_known and columns == self.statements.columns
            return
        if self.samples is not None:
            self.samples.settle()
            yield from self._gathered(self.samples)
        self._change(changed)

    def _change(self, format_: Format | None) -> None:
        """Read the following lines in another format."""
        if format_ is None:
            return
        self.faults.lines_per_s = max(1, round(format_.fs_hz))
        self.is_form_known = False
        self.stamps = Stamps(format_.fs_hz)
        if self.samples is None:
            self.samples = Numbering(format_, self.faults)
        else:
            self.samples.change(format_)

    def _sample(self, text: str) -> Iterator[Piece]:
        """Read a sample, and yield a piece if enough samples are there."""
        if self.samples is None:
            self._skip(text)
            return
        if not self.is_form_known:
            self._recognise(self.samples)
        if self.form is not None and text == self.form.header and not self.n_parsed:
            return
        try:
            parsed = self._parsed(text, self.samples.format.leads)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            self._miss(text, self.samples)
        else:
            self.n_parsed += 1
            self._add(parsed, self.samples)
        if self.n_parsed and self._is_full(self.samples):
            yield from self._gathered(self.samples)

    def _recognise(self, samples: Numbering) -> None:
        """Recognise how the lines are written, and take their unit from a line of names if nothing else states it."""
        format_ = samples.format
        self.form = form_of(self.peeked, format_.leads, format_.fs_hz, self.statements.columns)
        self.is_form_known = True
        if self.form is not None and self.form.unit and not self.statements.states_scale and not self.n_parsed:
            self.statements.format = replace(format_, unit=self.form.unit)
            samples.change(self.statements.format)

    def _parsed(self, text: str, leads: tuple[str, ...]) -> Parsed:
        if self.form is not None and len(text) <= LONGEST_LINE:
            return self.form.parse(text, leads)
        number, values = sample_lines.parse(text, len(leads))
        return Parsed([values], number)

    def _add(self, parsed: Parsed, samples: Numbering) -> None:
        """Add the samples of a line, after those that its time shows to be lost."""
        lost = self.stamps.lost_before(parsed.stamp, len(parsed.samples)) if self.stamps is not None else 0
        if lost:
            self.faults.add("lost", f"{counted(lost, 'sample')} missing by the times of the lines")
            for _ in range(lost):
                samples.add_missing()
        for at, values in enumerate(parsed.samples):
            samples.add(None if parsed.number is None else parsed.number + at, values)

    def _skip(self, text: str) -> None:
        """Skip text before the statement; refuse samples there."""
        self.n_bad += 1
        if sample_lines.is_numeric(text) or self.n_bad >= _MOST_BAD_LINES:
            raise self.statements.incomplete(text)
        self.faults.add("words", f"{text[:40]!r} before the samples was skipped")

    def _miss(self, text: str, samples: Numbering) -> None:
        """Count a line that is no sample as a missing one."""
        self.n_bad += 1
        if not self.n_parsed and self.n_bad >= _MOST_BAD_LINES:
            found = f"none of which is a sample, such as {text[:40]!r}"
            raise sample_lines.another_signal(self.faults.line, found, samples.format)
        wanted = sample_lines.expected(samples.format)
        self.faults.add("words", f"{text[:40]!r} is not {wanted}; the sample counts as missing")
        samples.add_missing()

    def _is_full(self, samples: Numbering) -> bool:
        """Return whether a quarter of a second is there, or many faults."""
        n = round(min(CHUNK_S * samples.format.fs_hz, _MOST_HELD))
        has_many_faults = len(samples.values) < n and len(self.faults.texts) >= _MOST_FAULTS
        return has_many_faults or samples.is_full(n)

    def _gathered(self, samples: Numbering) -> Iterator[Piece]:
        """Yield all samples and faults, in pieces of a size that is bounded."""
        if not samples.values and not self.faults.texts:
            return
        values, faults, format_ = samples.take(), self.faults.take(), samples.format
        for first in range(0, max(1, len(values)), _MOST_IN_A_PIECE):
            cut = np.array(values[first : first + _MOST_IN_A_PIECE], float).reshape(-1, len(format_.leads))
            yield Piece(format_, format_.to_mv(cut.T), () if first else faults)
