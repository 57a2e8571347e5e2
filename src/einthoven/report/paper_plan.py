"""Choose what a printed page shows of a recording: ten seconds of twelve leads, or rows of ten seconds of a few."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import LeadMismatch
from einthoven.interpretation.excerpts import Excerpt, excerpts_of
from einthoven.interpretation.interpretation import Interpretation
from einthoven.records.record import Record
from einthoven.report.times import clock
from einthoven.report.twelve import LAYOUTS, PAGE_S, USUAL, ZERO, above_mm, row_of, shown_name
from einthoven.signal import leads
from einthoven.signal.quality import VERDICTS, Quality

SHORT_S = 60.0
"""A recording of up to so long is drawn, a longer one summarised."""
_MOST_MM, _TALLEST_ROW_MM, _LEAST_ROW_MM = 132.0, 30.0, 11.0
_STRIPS, _STRIPS_MM = 5, 85.0
"""Strips of a recording that is summarised, and their height."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A stretch of a lead on the page."""

    name: str
    """What stands at its beginning."""
    samples_mv: NDArray[np.floating]
    """Its samples, mV; NaN where they are missing."""
    row: int
    """The row, from the top."""
    at_s: float
    """Where it begins in the row, s."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is drawn on paper."""

    traces: tuple[Trace, ...]
    """The leads."""
    fs_hz: float
    """Their sampling rate."""
    row_mm: float
    """Height of a row."""
    n_rows: int
    """Number of rows."""
    shown: str
    """Which part of the recording is drawn, in words."""
    is_summary: bool = False
    """Whether the rows are strips out of a long recording, which stand below its trend."""

    @property
    def above_mm(self) -> float:
        """Room above the first row, so that a tall R wave is drawn in it where rows are low."""
        return above_mm(self.row_mm)

    @property
    def height_mm(self) -> float:
        """Height of all rows, and of the room above the first."""
        return self.above_mm + self.n_rows * self.row_mm

    def zero_mm(self, row: int) -> float:
        """Return where the baseline of a row is, mm from the top of the paper.

        Parameters
        ----------
        row : int
            The row.
        """
        return self.above_mm + (row + ZERO) * self.row_mm


def plan_of(found: Interpretation, layout: str = USUAL) -> Plan:
    """Return what a page shows of a recording of up to a minute.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    layout : str
        A key of :data:`einthoven.report.twelve.LAYOUTS`, for twelve leads.

    Returns
    -------
    Plan
        Of twelve leads the ten seconds with the least unreadable signal; of others rows of ten seconds, as many as fit, or strips
        that differ of a recording that is longer than a minute.
    """
    twelve_mv = standard_leads(found.record)
    if twelve_mv is not None:
        return _twelve(found, twelve_mv, layout)
    strips = excerpts_of(found, PAGE_S, _STRIPS) if found.record.duration_s > SHORT_S and len(found.beats) else ()
    return _strips(found, strips) if strips else _few(found.record)


def standard_leads(record: Record) -> NDArray[np.floating] | None:
    """Return the twelve standard leads.

    Parameters
    ----------
    record : Record
        The recording.

    Returns
    -------
    array [12, samples], mV, or None
        None where one is missing and does not follow from two others.
    """
    try:
        return leads.select(record.signal_mv, record.leads, leads.STANDARD)[0]
    except LeadMismatch:
        return None


def clearest_start(quality: Quality, duration_s: float) -> float:
    """Return where the ten seconds begin that have the least signal that is not good, s.

    Parameters
    ----------
    quality : Quality
        Quality of all leads.
    duration_s : float, s
        Length of the recording.

    Returns
    -------
    float
        A whole second; the earliest of equals.
    """
    starts = np.arange(max(1, int(duration_s - PAGE_S) + 1), dtype=float)
    bounds_s = quality.bounds / quality.fs_hz
    poor = np.count_nonzero(quality.verdicts != VERDICTS.index("good"), axis=0)
    until = np.concatenate(([0.0], np.cumsum(poor * np.diff(bounds_s))))
    poor_s = np.interp(starts + PAGE_S, bounds_s, until) - np.interp(starts, bounds_s, until)
    return float(starts[np.round(poor_s, 6).argmin()])


def _twelve(found: Interpretation, twelve_mv: NDArray[np.floating], name: str) -> Plan:
    record, layout = found.record, LAYOUTS[name]
    start_s = clearest_start(found.quality, record.duration_s)
    traces = tuple(
        Trace(shown_name(piece.lead), row_of(piece, twelve_mv, record.fs_hz, start_s), piece.row, piece.at_s)
        for piece in layout.pieces
    )
    return Plan(
        traces, record.fs_hz, layout.row_mm, layout.n_rows, shown_part(start_s, start_s + PAGE_S, record.duration_s)
    )


def _strips(found: Interpretation, strips: Sequence[Excerpt]) -> Plan:
    """Return strips of ten seconds of the lead that is readable for longest, in the order of their times."""
    record = found.record
    lead = int(found.quality.readable.sum(axis=1).argmax())
    traces = []
    for row, strip in enumerate(sorted(strips, key=lambda one: one.start_s)):
        begin = round(strip.start_s * record.fs_hz)
        samples_mv = record.signal_mv[lead, begin : begin + round(PAGE_S * record.fs_hz)]
        traces.append(Trace(f"{clock(strip.start_s)}  {strip.text}", samples_mv, row, 0.0))
    shown = f"{len(strips)} strips of lead {record.leads[lead]} of {clock(record.duration_s)}"
    return Plan(tuple(traces), record.fs_hz, _STRIPS_MM / _STRIPS, len(strips), shown, True)


def _few(record: Record) -> Plan:
    """Return rows of ten seconds: all leads of the first ten seconds, then of the next, as many as the page holds."""
    most = int(_MOST_MM // _LEAST_ROW_MM)
    drawn_leads = record.leads[:most]
    n_spans = max(1, min(int(np.ceil(record.duration_s / PAGE_S - 1e-6)), most // len(drawn_leads)))
    n_rows = n_spans * len(drawn_leads)
    traces = []
    for span in range(n_spans):
        begin, end = (round(at * PAGE_S * record.fs_hz) for at in (span, span + 1))
        for at, lead in enumerate(drawn_leads):
            name = lead if n_spans == 1 else f"{lead}  {clock(span * PAGE_S)}"
            traces.append(Trace(name, record.signal_mv[at, begin:end], span * len(drawn_leads) + at, 0.0))
    left_out = len(record.leads) - len(drawn_leads)
    row_mm = min(_TALLEST_ROW_MM, _MOST_MM / n_rows)
    plan = Plan(tuple(traces), record.fs_hz, row_mm, n_rows, shown_part(0.0, n_spans * PAGE_S, record.duration_s))
    return plan if not left_out else replace(plan, shown=f"{plan.shown}; {left_out} more leads are not drawn")


def shown_part(begin_s: float, end_s: float, duration_s: float) -> str:
    """Return which part of a recording is drawn, in words.

    Parameters
    ----------
    begin_s : float, s
        Where it begins.
    end_s : float, s
        Where it ends.
    duration_s : float, s
        Length of the recording.

    Returns
    -------
    str

    Examples
    --------
    >>> shown_part(0, 10, 10), shown_part(5, 15, 30)
    ('the whole recording, 10 s', '0:05 to 0:15 of 0:30')
    """
    if begin_s == 0 and end_s >= duration_s - 0.5:
        return f"the whole recording, {duration_s:.0f} s"
    return f"{clock(begin_s)} to {clock(min(end_s, duration_s))} of {clock(duration_s)}"
