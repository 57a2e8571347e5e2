"""Knows how a live signal looks in a terminal: trace, rate, class, confidence, delay. Does not know where it comes from."""

from collections import deque

import numpy as np

from einthoven.bundle import Card
from einthoven.inference.prediction import DISCLAIMER
from einthoven.records.record import possible
from einthoven.streaming.buffer import Mark
from einthoven.streaming.stream import Said, Stream

_ROWS, _SPAN_S, _SHOWN = 8, 12.0, 6
"""Beats are answered eight to eleven seconds late: the one that is named is still to be seen."""
WORDS = {
    "gap": "samples missing in",
    "lead_off": "off:",
    "lead_on": "on again:",
    "implausible": "over 40 mV in",
    "impossible": "over 1 V, taken for missing, in",
    "too_short": "too short for an answer:",
}
"""What each mark of a stream is called."""
_LEFT, _RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)


class View:
    """What a person sees of a stream.

    Parameters
    ----------
    card : the model's; fs_hz : rate; lead : that is drawn
    """

    def __init__(self, card: Card, backend: str, fs_hz: float, lead: str):
        self.card, self.backend, self.fs_hz, self.lead = card, backend, fs_hz, lead
        self.trace = deque(maxlen=round(_SPAN_S * fs_hz))
        self.told: deque[str] = deque(maxlen=_SHOWN)
        self.latest: Said | None = None

    def take(self, signal_mv: np.ndarray, told: list[Said | Mark]) -> None:
        """Remember the drawn lead [samples] and what was said."""
        self.trace.extend(possible(np.asarray(signal_mv))[0].tolist())
        for one in told:
            self.told.append(line_of(one))
            if isinstance(one, Said):
                self.latest = one

    def drawn(self, stream: Stream, width: int):
        """A rich renderable."""
        from rich.console import Group
        from rich.text import Text

        rate = f"{stream.rate_bpm:.0f} a minute" if stream.rate_bpm else "rate –"
        said = self.latest
        if said is None:
            now = Text("listening …", style="dim")
        else:
            name = ", ".join(said.classes) or "none of the classes"
            sure = max((said.probability[key] for key in said.classes), default=max(said.probability.values()))
            now = Text(f"{name}  {sure:.0%}", style="bold yellow" if said.doubt else "bold green") + Text(
                f"  {said.doubt}  {said.delay_s:.1f} s behind the signal", style="dim"
            )
        clock = stream.n_samples / self.fs_hz
        head = Text(f"{clock // 60:02.0f}:{clock % 60:04.1f}   {rate}   lead {self.lead}   ", style="bold")
        foot = Text(f"{self.card.known_as} · {self.backend} · {DISCLAIMER}", style="dim")
        return Group(head + now, Text(trace(np.array(self.trace), width), style="cyan"), *map(Text, self.told), foot)


def trace(signal_mv: np.ndarray, width: int) -> str:
    """A signal [samples] as lines of Braille, `width` characters wide and eight high; the newest to the right."""
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


def line_of(one: Said | Mark) -> str:
    """One line about an answer or a mark."""
    if isinstance(one, Mark):
        return f"{one.start_s:8.1f} s  {WORDS[one.kind]} {one.lead}  ({one.end_s - one.start_s:.1f} s)"
    name = ", ".join(one.classes) or "none of the classes"
    sure = max((one.probability[key] for key in one.classes), default=max(one.probability.values()))
    return f"{one.start_s:8.1f} s  {one.kind}  {name}  {sure:.2f}  {one.doubt}"
