"""Knows the verb stream."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.predict import leads_of
from einthoven.errors import ConfigurationFault, EinthovenError, OutputRefused, StatementMissing
from einthoven.paths import refused

_DRAWN_S = 0.25
_SHOWN = 5


@dataclass(frozen=True)
class Stream:
    """Follow a live signal: answers as JSON lines, and in a terminal the trace, the rate, the class and how sure it is.

    Example: einthoven stream mitbih-cnn-lstm-mlii --from 100.hea

    Example, a device: einthoven stream MODEL --from /dev/ttyUSB0 --fs 300 --leads I --unit mV --out answers.jsonl
    """

    model: Positional[str]
    """A bundled model's name, a bundle's folder, a run's folder, or an exported file."""
    source: Annotated[str, arg(name="from")]
    """A recording, a serial port, or - for lines on standard input."""
    out: Path | None = None
    """File for the answers, one JSON object a line; standard output where not stated."""
    speed: float = 1.0
    """How much faster than it was recorded a recording is played; 0 waits for nothing."""
    fs: Annotated[float | None, arg(metavar="HZ")] = None
    """Sampling rate, where the source does not state it."""
    leads: Annotated[str | None, arg(metavar="A,B")] = None
    """Leads in the source's order, where it does not state them."""
    unit: str = "mV"
    """V, mV or uV, where the source does not state it."""
    baud: int = 115200
    """Speed of a serial port."""
    state: Path | None = None
    """File that the stream's memory is written to at its end, and goes on from where it is there."""

    def run(self) -> int:
        """Answer until the source ends; a fault of the source is told, and the stream goes on where it can."""
        from einthoven.inference.predictor import load

        if not self.speed >= 0:
            raise StatementMissing(
                "a recording cannot be played so.",
                found=f"--speed {self.speed:g}",
                expected="1 for its own pace, more for faster, 0 for as fast as it goes",
                remedy="--speed 1",
            )
        model = load(self.model)
        for place in (self.out, self.state):
            if place is not None and not place.parent.is_dir():
                raise OutputRefused(
                    f"there is no folder {place.parent}.",
                    found=str(place),
                    expected="a file in a folder that is there",
                    remedy=f"mkdir -p {place.parent}",
                )
        pieces = self._pieces()
        try:
            answers = self.out.open("a", encoding="utf-8") if self.out else nullcontext(sys.stdout)
        except OSError as error:
            raise refused(self.out, error) from error
        with answers as lines:
            return self._follow(model, pieces, lines)

    def _pieces(self) -> Iterator:
        from einthoven.records import read
        from einthoven.streaming import sources

        leads = leads_of(self.leads)
        if self.source != "-" and not sources.is_port(self.source):
            return sources.played(
                read(self.source, fs_hz=self.fs, leads=leads, unit=self.unit if self.fs else None), self.speed
            )
        stated = sources.Format(self.fs, leads, self.unit) if self.fs and isinstance(leads, tuple) else None
        is_port = self.source != "-"
        lines = sources.serial_lines(self.source, self.baud) if is_port else sources.text_lines(sys.stdin.buffer)
        pieces = sources.Lines(stated).pieces(lines)
        return sources.renamed(pieces, leads) if isinstance(leads, dict) else pieces

    def _follow(self, model, pieces: Iterator, lines) -> int:
        from einthoven.streaming.stream import Stream as Live

        live, format_, screen, faults = None, None, None, 0

        def tell(told: list) -> None:
            for one in told:
                lines.write(json.dumps(one.as_dict()) + "\n")
            if told:
                lines.flush()

        def fault(text: str, told: Sequence = ()) -> None:
            nonlocal faults
            faults += 1
            tell([*told, _Fault(text)])
            if faults <= _SHOWN:
                console.note(text)

        try:
            with console.live() as show:
                for piece in pieces:
                    for text in piece.faults:
                        fault(text)
                    if piece.format != format_:
                        if live is not None:
                            fault(f"the signal became {_told(piece.format)}; it was {_told(format_)}", live.end())
                        format_ = piece.format
                        live = self._begun(Live, model, format_, live is None)
                        screen = _Screen(model, live) if show else None
                    told = live.feed(piece.signal_mv)
                    tell(told)
                    if screen is not None:
                        screen.take(live, piece.signal_mv, told, show)
        except KeyboardInterrupt:
            if live is None:
                raise
            console.note("stopped")
        except EinthovenError as error:
            if live is None:
                raise
            faults += 1
            console.fail(error)
        if live is None:
            raise StatementMissing(
                "the stream ended before it began.",
                found=f"no sample from {self.source}",
                expected="samples",
                remedy="einthoven stream --help",
            )
        if self.state is not None:
            live.save(self.state)
        else:
            tell(live.end())
        self._say(live, faults)
        return 1 if faults else 0

    def _begun(self, kind, model, format_, is_first: bool):
        begun = kind(model, format_.fs_hz, format_.leads)
        if not is_first or self.state is None or not self.state.exists():
            return begun
        kept = kind.restored(model, self.state)
        if (kept.fs_hz, kept.leads) != (begun.fs_hz, begun.leads):
            raise ConfigurationFault(
                f"{self.state} remembers another signal.",
                found=f"{kept.fs_hz:g} Hz, leads {', '.join(kept.leads)}; now {begun.fs_hz:g} Hz, {', '.join(begun.leads)}",
                expected="the same rate and leads, so that the stream can go on",
                remedy=f"rm {self.state}      the stream then begins anew",
            )
        return kept

    def _say(self, live, faults: int) -> None:
        from einthoven.inference.prediction import DISCLAIMER

        if faults > _SHOWN:
            console.note(f"… {faults} faults in all; each is a line of the answers")
        best = sorted(live.mean.items(), key=lambda pair: -pair[1])[:3]
        means = "; mean probability: " + ", ".join(f"{name} {value:.2f}" for name, value in best)
        console.note(f"{live.n_samples / live.fs_hz:.1f} s, {live.n_answers} answers{means if live.n_answers else ''}")
        console.note(DISCLAIMER)


@dataclass(frozen=True)
class _Fault:
    text: str

    def as_dict(self) -> dict:
        return {"kind": "fault", "text": self.text}


class _Screen:
    """Draws a view now and then."""

    def __init__(self, model, live):
        from einthoven.report.live import View

        lead = live.buffer.leads[0]
        self.row = live.leads.index(lead) if lead in live.leads else 0
        self.view, self.drawn = View(model.card, model.backend.name, live.fs_hz, lead), 0.0

    def take(self, live, signal_mv, told: list, show) -> None:
        self.view.take(signal_mv[self.row], told)
        if time.monotonic() - self.drawn >= _DRAWN_S:
            self.drawn = time.monotonic()
            show(lambda width: self.view.drawn(live, width))


def _told(format_) -> str:
    return f"{format_.fs_hz:g} Hz, leads {', '.join(format_.leads)}, {format_.unit}"
