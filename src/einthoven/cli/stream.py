"""Run the verb stream."""

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
from einthoven.cli.predict import BACKENDS, leads_of
from einthoven.errors import ConfigurationFault, EinthovenError, OutputRefused, StatementMissing
from einthoven.paths import require_folder

_DRAWN_S = 0.25
_SHOWN = 5


@dataclass(frozen=True)
class Stream:
    """Classify a live signal: JSON lines, and in a terminal the signal, heart rate, class and probability.

    Example: einthoven stream mitbih-cnn-lstm-mlii --from 100.hea

    Example, a device: einthoven stream MODEL --from /dev/ttyUSB0 --fs 300 --leads I --unit mV --out answers.jsonl
    """

    model: Positional[str]
    """Name of a bundled model, folder of a bundle or a run, or exported file."""
    source: Annotated[str, arg(name="from")]
    """Recording, serial port, named pipe, file of lines, or - for lines on standard input."""
    out: Path | None = None
    """File to append answers to, one JSON object per line (default: standard output; in a terminal the view only)."""
    speed: float = 1.0
    """Playback speed of a recording: 1 is real time, 0 is as fast as possible."""
    fs: Annotated[float | None, arg(metavar="HZ")] = None
    """Sampling rate; overrides what the source states."""
    leads: Annotated[str | None, arg(metavar="A,B|FILE=LEAD")] = None
    """Names of all leads in the source's order (I,II), or new names for some (ECG1=MLII)."""
    unit: Annotated[str | None, arg(metavar="V|mV|uV")] = None
    """Unit, if the source does not state it (default for lines: mV)."""
    baud: int = 115200
    """Baud rate of a serial port."""
    state: Path | None = None
    """File to save unprocessed samples to at the end; if it exists, the stream continues from it."""

    def run(self) -> int:
        """Classify until the source ends; faults of the source are reported and the stream continues if it can."""
        from einthoven.inference.predictor import load
        from einthoven.streaming.appended import Appended

        if not self.speed >= 0:
            raise StatementMissing(
                "Invalid playback speed.",
                found=f"--speed {self.speed:g}",
                expected="a number from 0: 1 is real time, 0 as fast as possible",
                remedy="--speed 1",
            )
        model = load(self.model)
        for place in (self.out, self.state):
            if place is not None and not place.parent.is_dir():
                raise OutputRefused(
                    f"{place} cannot be written.",
                    found=f"no folder {place.parent}",
                    expected="a file in an existing folder",
                    remedy=f"mkdir -p {place.parent}",
                )
            if place is not None:
                require_folder(place.parent)
        if self.out is not None and self.state is not None and self.out.resolve() == self.state.resolve():
            raise OutputRefused(
                "--out and --state name the same file.",
                found=f"--out {self.out} --state {self.state}",
                expected="two files",
                remedy=f"--state {self.state.with_suffix('.npz' if self.state.suffix != '.npz' else '.state')}",
            )
        if sys.stdout is None and self.out is None:
            raise OutputRefused(
                "There is no output for the answers.",
                found="standard output is closed",
                expected="--out, or an open standard output",
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
                "There is no input.",
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
                            so_far.fault(f"the signal changed from {_told(format_)} to {_told(piece.format)}", ended)
                        format_ = piece.format
                        try:
                            live = self._begun(Live, model, format_, live is None)
                        except EinthovenError as error:
                            if live is None:
                                raise
                            so_far.fault(
                                f"this part is not classified: {error.summary} {error.found}; expected {error.expected}"
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
        """Save the state of the last part, or write its last answers; return why the state could not be saved."""
        if live is None:
            raise StatementMissing(
                "The stream has no samples.",
                found=f"no sample from {self.source}",
                expected="samples",
                remedy="einthoven stream --help",
            )
        if live.ended:
            if self.state is not None:
                console.note(f"{self.state} was not written: the last part of the signal could not be classified")
            return None
        refusal = None
        if self.state is not None:
            try:
                live.save(self.state)
                so_far.count(live)
                console.note(f"Unprocessed samples were saved to {self.state}; pass --state {self.state} to continue.")
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
                f"{self.state} was saved from another signal.",
                found=f"{kept.fs_hz:g} Hz, leads {', '.join(kept.leads)}; now {begun.fs_hz:g} Hz, {', '.join(begun.leads)}",
                expected="the same sampling rate and leads",
                remedy=f"rm {self.state}      to start a new stream",
            )
        return kept


@dataclass(frozen=True)
class _Fault:
    text: str

    def to_dict(self) -> dict[str, str]:
        return {"kind": "fault", "text": self.text}


class _SoFar:
    """Counts over all parts of a signal that changes, and where answers are written (None: only to the screen)."""

    def __init__(self, lines):
        self.lines, self.part, self.faults = lines, 0, 0
        self.seconds, self.n_answers, self.total = 0.0, 0, 0.0

    def tell(self, told: Sequence) -> None:
        if self.lines is None or not told:
            return
        part = {"part": self.part} if self.part > 1 else {}
        try:
            for one in told:
                self.lines.write(json.dumps(one.to_dict() | part) + "\n")
            self.lines.flush()
        except (OutputRefused, OSError):
            self.lines = None  # the state can still be saved
            raise

    def fault(self, text: str, told: Sequence = (), is_shown: bool = True) -> None:
        """Report a fault, after the answers before it."""
        self.faults += 1
        self.tell([*told, _Fault(text)])
        if is_shown and self.faults <= _SHOWN:
            console.note(text)

    def end(self, live) -> list:
        """Return the last answers of a part."""
        last = live.end()
        self.count(live)
        return last

    def count(self, live) -> None:
        self.seconds += live.n_samples / live.fs_hz
        self.n_answers, self.total = self.n_answers + live.n_answers, self.total + live.total

    def say(self, classes: Sequence[str]) -> None:
        from einthoven.inference.answer import DISCLAIMER

        if self.faults > _SHOWN:
            where = "all are in the output" if self.lines is not None else "--out FILE records them all"
            console.note(f"… {self.faults} faults in total; {where}")
        told = f"{self.seconds:.1f} s of signal, {self.n_answers} answers"
        if self.n_answers:
            best = sorted(zip(classes, self.total / self.n_answers, strict=True), key=lambda pair: -pair[1])[:3]
            told += "; mean probability: " + ", ".join(f"{name} {value:.2f}" for name, value in best)
        console.note(told)
        console.note(DISCLAIMER)


class _Screen:
    """Draw a view a few times a second."""

    def __init__(self, model, live):
        from einthoven.report.live import View

        lead = live.buffer.leads[0]
        self.row = live.leads.index(lead) if lead in live.leads else 0
        backend = BACKENDS.get(model.backend.name, model.backend.name)
        self.view, self.drawn = View(model.card, backend, live.fs_hz, lead), 0.0

    def take(self, live, signal_mv, told: list, show) -> None:
        """Take samples [leads, n], None where the signal has ended, and their answers."""
        self.view.take(() if signal_mv is None else signal_mv[self.row], told)
        if signal_mv is None or time.monotonic() - self.drawn >= _DRAWN_S:
            self.drawn = time.monotonic()
            show(lambda width: self.view.drawn(live, width))


def _told(format_) -> str:
    return f"{format_.fs_hz:g} Hz, leads {', '.join(format_.leads)}, {format_.unit}"
