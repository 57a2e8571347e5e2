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
from einthoven.paths import require_folder

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
    """A recording, a serial port, a named pipe or a file of lines, or - for lines on standard input."""
    out: Path | None = None
    """File the answers are appended to, a JSON object a line; where not stated, standard output, or a terminal's view alone."""
    speed: float = 1.0
    """How much faster than it was recorded a recording is played; 0 waits for nothing."""
    fs: Annotated[float | None, arg(metavar="HZ")] = None
    """Sampling rate, where the source does not state it; what is stated here holds."""
    leads: Annotated[str | None, arg(metavar="A,B")] = None
    """Leads in the source's order, where it does not state them."""
    unit: Annotated[str | None, arg(metavar="V|mV|uV")] = None
    """Unit, where the source does not state it; of lines mV, where nobody does."""
    baud: int = 115200
    """Speed of a serial port."""
    state: Path | None = None
    """File that the stream's memory is written to at its end, and goes on from where it is there."""

    def run(self) -> int:
        """Answer until the source ends; a fault of the source is told, and the stream goes on where it can."""
        from einthoven.inference.predictor import load
        from einthoven.streaming.appended import Appended

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
                    remedy="name a file in a folder that is there, or make it with mkdir",
                )
            if place is not None:
                require_folder(place.parent)
        if self.out is not None and self.state is not None and self.out.resolve() == self.state.resolve():
            raise OutputRefused(
                "answers and memory cannot go into one file.",
                found=f"--out {self.out} --state {self.state}",
                expected="a file for each",
                remedy=f"--state {self.state.with_suffix('.npz' if self.state.suffix != '.npz' else '.state')}",
            )
        if sys.stdout is None and self.out is None:
            raise OutputRefused(
                "the answers have nowhere to go.",
                found="standard output is closed",
                expected="a file, or an open standard output",
                remedy="--out answers.jsonl",
            )
        with Appended(self.out) if self.out else nullcontext(sys.stdout) as lines:
            return self._follow(model, self._pieces(), lines)

    def _pieces(self) -> Iterator:
        from einthoven.records import read
        from einthoven.streaming import sources
        from einthoven.streaming.lines import Lines

        leads = leads_of(self.leads)
        is_input = self.source in ("-", "/dev/stdin")
        is_pipe = Path(self.source).is_fifo() or sources.states_lines(self.source)
        if not (is_input or is_pipe or sources.is_port(self.source)):
            record = read(self.source, fs_hz=self.fs, leads=leads, unit=self.unit)
            for warning in record.warnings:
                console.note(warning)
            return sources.played(record, self.speed)
        stated = sources.Stated(self.fs, leads if isinstance(leads, tuple) else None, self.unit)
        if is_input and sys.stdin is None:
            raise StatementMissing(
                "there is nothing to read.",
                found="standard input is closed",
                expected="lines on standard input",
                remedy="some-device | einthoven stream MODEL --from -",
            )
        if is_input:
            lines = sources.text_lines(sys.stdin.buffer)
        elif is_pipe:
            lines = sources.piped_lines(Path(self.source))
        else:
            lines = sources.serial_lines(self.source, self.baud)
        pieces = Lines(stated).pieces(lines)
        return sources.renamed(pieces, leads) if isinstance(leads, dict) else pieces

    def _follow(self, model, pieces: Iterator, lines) -> int:
        from einthoven.streaming.stream import Stream as Live

        live, format_, screen, fault = None, None, None, None
        shown_by_view = self.out is None and sys.stdout.isatty() and console.is_terminal()
        so_far = _SoFar(None if shown_by_view else lines)
        with console.live() as show:
            try:
                for piece in pieces:
                    for text in piece.faults:
                        so_far.fault(text)
                    if piece.format != format_:
                        if format_ is not None:
                            ended = () if live.ended else so_far.end(live)
                            so_far.fault(f"the signal became {_told(piece.format)}; it was {_told(format_)}", ended)
                        format_ = piece.format
                        try:
                            live = self._begun(Live, model, format_, live is None)
                        except EinthovenError as error:
                            if live is None:
                                raise
                            so_far.fault(
                                f"it is not answered: {error.summary} {error.found}; expected {error.expected}"
                            )
                            continue
                        so_far.part += 1
                        screen = _Screen(model, live) if show else None
                    if live.ended:
                        continue
                    told = live.feed(piece.signal_mv)
                    so_far.tell(told)
                    if screen is not None:
                        screen.take(live, piece.signal_mv, told, show)
            except (KeyboardInterrupt, EinthovenError, BrokenPipeError) as error:
                if live is None:
                    raise
                fault = error
            if isinstance(fault, EinthovenError):
                so_far.fault(f"{fault.summary} {fault.found}", is_shown=False)
            refusal = self._ended(live, so_far, screen, show)
        if isinstance(fault, KeyboardInterrupt):
            console.note("stopped")
        elif isinstance(fault, OutputRefused | BrokenPipeError):
            refusal = fault
        elif fault is not None:
            console.fail(fault)
        so_far.say(model.card.classes)
        if refusal is not None:
            raise refusal
        return 1 if so_far.faults else 0

    def _ended(self, live, so_far: "_SoFar", screen, show) -> OutputRefused | None:
        """Keep the memory of the last part, or tell its last answers; why it could not be kept."""
        if live is None:
            raise StatementMissing(
                "the stream ended before it began.",
                found=f"no sample from {self.source}",
                expected="samples",
                remedy="einthoven stream --help",
            )
        if live.ended:
            if self.state is not None:
                console.note(f"{self.state} is not written: the last part of the signal could not be answered")
            return None
        refusal = None
        if self.state is not None:
            try:
                live.save(self.state)
                so_far.count(live)
                console.note(f"what has no answer yet waits in {self.state}")
                return None
            except OutputRefused as error:
                refusal = error
        told = so_far.end(live)
        so_far.tell(told)
        if screen is not None:
            screen.take(live, None, told, show)
        return refusal

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


@dataclass(frozen=True)
class _Fault:
    text: str

    def as_dict(self) -> dict:
        return {"kind": "fault", "text": self.text}


class _SoFar:
    """What was answered, over all parts of a signal that changes; where the answers go (None: only to the screen)."""

    def __init__(self, lines):
        self.lines, self.part, self.faults = lines, 0, 0
        self.seconds, self.n_answers, self.total = 0.0, 0, 0.0

    def tell(self, told: Sequence) -> None:
        if self.lines is None or not told:
            return
        part = {"part": self.part} if self.part > 1 else {}
        try:
            for one in told:
                self.lines.write(json.dumps(one.as_dict() | part) + "\n")
            self.lines.flush()
        except (OutputRefused, OSError):
            self.lines = None  # what is still to be kept does not wait for them
            raise

    def fault(self, text: str, told: Sequence = (), is_shown: bool = True) -> None:
        """Tell what is wrong, after what was answered before it."""
        self.faults += 1
        self.tell([*told, _Fault(text)])
        if is_shown and self.faults <= _SHOWN:
            console.note(text)

    def end(self, live) -> list:
        """The last answers of a part."""
        last = live.end()
        self.count(live)
        return last

    def count(self, live) -> None:
        self.seconds += live.n_samples / live.fs_hz
        self.n_answers, self.total = self.n_answers + live.n_answers, self.total + live.total

    def say(self, classes: Sequence[str]) -> None:
        from einthoven.inference.prediction import DISCLAIMER

        if self.faults > _SHOWN:
            where = "each is a line of the answers" if self.lines is not None else "--out FILE keeps each"
            console.note(f"… {self.faults} faults in all; {where}")
        told = f"{self.seconds:.1f} s, {self.n_answers} answers"
        if self.n_answers:
            best = sorted(zip(classes, self.total / self.n_answers, strict=True), key=lambda pair: -pair[1])[:3]
            told += "; mean probability: " + ", ".join(f"{name} {value:.2f}" for name, value in best)
        console.note(told)
        console.note(DISCLAIMER)


class _Screen:
    """Draws a view now and then."""

    def __init__(self, model, live):
        from einthoven.report.live import View

        lead = live.buffer.leads[0]
        self.row = live.leads.index(lead) if lead in live.leads else 0
        self.view, self.drawn = View(model.card, model.backend.name, live.fs_hz, lead), 0.0

    def take(self, live, signal_mv, told: list, show) -> None:
        """Samples [leads, n] and what was said of them; None where the signal has ended."""
        self.view.take(() if signal_mv is None else signal_mv[self.row], told)
        if signal_mv is None or time.monotonic() - self.drawn >= _DRAWN_S:
            self.drawn = time.monotonic()
            show(lambda width: self.view.drawn(live, width))


def _told(format_) -> str:
    return f"{format_.fs_hz:g} Hz, leads {', '.join(format_.leads)}, {format_.unit}"
