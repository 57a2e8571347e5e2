"""Show a live signal in a terminal: signal, heart rate, class, probability, delay."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from einthoven.bundle import Card
from einthoven.inference.answer import DISCLAIMER
from einthoven.records.record import with_impossible_missing
from einthoven.streaming.answer import StreamAnswer
from einthoven.streaming.buffer import Mark
from einthoven.streaming.live_examination import LiveFinding
from einthoven.streaming.stream import Event, Stream

if TYPE_CHECKING:
    from rich.console import Group

_ROWS, _SPAN_S, _SHOWN = 8, 12.0, 6
"""Beats are answered eight to eleven seconds late: the beat that is named is still drawn."""
WORDS = {
    "gap": "samples missing, lead",
    "lead_off": "lead off:",
    "lead_on": "lead on again:",
    "implausible": "range over 40 mV (check the unit), lead",
    "impossible": "over 1 V (treated as missing), lead",
    "too_short": "too short to classify:",
}
"""What each kind of mark is called."""
_LEFT, _RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)


class View:
    """What a person sees of a stream.

    Parameters
    ----------
    card : Card
        Card of the model.
    backend : str
        Name of what computes the network.
    fs_hz : float
        Sampling rate of the signal.
    lead : str
        Name of the lead that is drawn.
    """

    def __init__(self, card: Card, backend: str, fs_hz: float, lead: str):
        self.card, self.backend, self.fs_hz, self.lead = card, backend, fs_hz, lead
        self.meanings = dict(zip(card.classes, card.meanings, strict=True))
        self.trace: deque[float] = deque(maxlen=round(_SPAN_S * fs_hz))
        self.told: deque[str] = deque(maxlen=_SHOWN)
        self.latest: StreamAnswer | None = None

    def take(self, signal_mv: ArrayLike, answers: Sequence[Event]) -> None:
        """Remember new samples of the drawn lead, and new answers and marks.

        Parameters
        ----------
        signal_mv : array-like
            New samples [leads, samples], mV.
        answers : sequence of StreamAnswer, Mark or LiveFinding
            New answers and marks.
        """
        self.trace.extend(with_impossible_missing(np.asarray(signal_mv))[0].tolist())
        for one in answers:
            self.told.append(line_of(one))
            if isinstance(one, StreamAnswer):
                self.latest = one

    def drawn(self, stream: Stream, width: int) -> "Group":
        """Return the view as a rich renderable.

        Parameters
        ----------
        stream : Stream
            The stream.
        width : int
            Width of the terminal in characters.
        """
        from rich.console import Group
        from rich.text import Text

        rate = f"{stream.rate_bpm:.0f} beats/min" if stream.rate_bpm else "heart rate –"
        latest = self.latest
        if latest is None:
            now = Text("waiting for the first answer …", style="dim")
        else:
            named = ", ".join(self.meanings[name] for name in latest.predicted) or _none(latest)
            now = Text(f"{named}  {_probability(latest)}", style="bold yellow" if latest.doubt else "bold green")
            now += Text(f"  {latest.doubt}  delay {latest.delay_s:.1f} s", style="dim")
        clock = stream.n_samples / self.fs_hz
        head = Text(f"{clock // 60:02.0f}:{clock % 60:04.1f}   {rate}   lead {self.lead}   ", style="bold")
        foot = Text(f"{self.card.display_name} · {self.backend} · {DISCLAIMER}", style="dim")
        return Group(head + now, Text(trace(np.array(self.trace), width), style="cyan"), *map(Text, self.told), foot)


def _none(answer: StreamAnswer) -> str:
    """Return what is shown in place of a class."""
    if answer.declined is None:
        return "no class predicted"
    return "not answered: " + (
        "cannot be read" if answer.doubt == "unreadable" else answer.declined.code.replace("_", " ")
    )


def _probability(answer: StreamAnswer) -> str:
    """Return the probability of the predicted class, or the highest; empty where it is not answered."""
    if answer.declined is not None:
        return ""
    found = (answer.probabilities[name] for name in answer.predicted)
    return f"{max(found, default=max(answer.probabilities.values())):.2f}"


def trace(signal_mv: NDArray[np.floating], width: int) -> str:
    """Return a signal [samples] as lines of Braille, `width` characters wide and eight high; the newest to the right.

    Parameters
    ----------
    signal_mv : array
        The signal [samples], mV.
    width : int
        Width in characters.
    """
    there = signal_mv[np.isfinite(signal_mv)]
    grid = np.zeros((_ROWS, width), np.int64)
    if len(there):
        low, high = float(there.min()), float(there.max())
        high = max(high, low + 0.5)
        columns = np.array_split(signal_mv, 2 * width)
        for at, column in enumerate(columns):
            column = column[np.isfinite(column)]
            if not len(column):
                continue
            levels = (np.array([column.min(), column.max()]) - low) / (high - low) * (4 * _ROWS - 1)
            for level in range(round(float(levels[0])), round(float(levels[1])) + 1):
                row, dot = divmod(4 * _ROWS - 1 - level, 4)
                grid[row, at // 2] |= (_RIGHT if at % 2 else _LEFT)[dot]
    return "\n".join("".join(chr(0x2800 + int(cell)) for cell in row) for row in grid)


def line_of(one: Event) -> str:
    """Return one line about an answer, a mark or a finding.

    Parameters
    ----------
    one : StreamAnswer, Mark or LiveFinding
        What a stream gave.
    """
    if isinstance(one, Mark):
        return f"{one.start_s:8.1f} s  {WORDS[one.kind]} {one.lead}  ({one.end_s - one.start_s:.1f} s)"
    if isinstance(one, LiveFinding):
        return f"{one.end_s:8.1f} s  found: {one.finding.text}"
    return (
        f"{one.start_s:8.1f} s  {one.kind}  {', '.join(one.predicted) or _none(one)}  {_probability(one)}  {one.doubt}"
    )
