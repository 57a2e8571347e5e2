"""Run the verb stream."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from einthoven import console
from einthoven.cli.predict import BACKENDS
from einthoven.cli.settings import MaybeNumber, MaybePath, MaybeText, Model, optional, value
from einthoven.errors import ConfigurationFault, EinthovenError, OutputRefused, StatementMissing
from einthoven.paths import require_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from einthoven.inference.predictor import Predictor
    from einthoven.streaming.sources import Format, Piece, StatedFormat
    from einthoven.streaming.stream import Event
    from einthoven.streaming.stream import Stream as Live
    from einthoven.streaming.written import Lines, Written

Show = Callable[[Callable[[int], object]], None]
_DRAWN_S = 0.25
_INPUT = ("-", "/dev/stdin")


@dataclass(frozen=True)
class Stream:
    """Classify a live signal: JSON lines, and in a terminal the signal, heart rate, class and probability.

    Example: einthoven stream mitbih-cnn-lstm-mlii --from 100.hea

    Example, the waves of each beat: einthoven stream waves-ludb --from 100.hea --speed 0

    Example, a device: einthoven stream MODEL --from /dev/ttyUSB0 --fs 300 --leads I --unit mV --out answers.jsonl
    """

    model: Model
    source: Annotated[str, arg(name="from", metavar="FILE|PORT|-|lsl|polar-h10|movesense")]
    """Recording, serial port, named pipe, file of lines, - for standard input, lsl[:NAME], polar-h10 or movesense[:ADDRESS]."""
    out: Annotated[MaybePath, optional("FILE")] = None
    """File to append answers to, one JSON object per line (default: standard output; in a terminal the view only)."""
    speed: Annotated[float, value("FACTOR")] = 1.0
    """Playback speed of a recording: 1 is real time, 0 is as fast as possible."""
    fs: Annotated[MaybeNumber, arg(metavar="HZ")] = None
    """Sampling rate; overrides what the source states."""
    leads: Annotated[MaybeText, arg(metavar="A,B|FILE=LEAD")] = None
    """Names of all leads in the source's order (I,II), or new names for some (ECG1=MLII)."""
    unit: Annotated[MaybeText, arg(metavar="V|mV|uV")] = None
    """Unit, if the source does not state it (default for lines: mV)."""
    gain: Annotated[MaybeNumber, optional("COUNTS")] = None
    """Counts per mV, where the values are counts of a converter."""
    zero: Annotated[MaybeNumber, optional("COUNT")] = None
    """Count at 0 mV, beside --gain (default: 0)."""
    baud: Annotated[int, value("BAUD")] = 115200
    """Baud rate of a serial port."""
    state: Annotated[MaybePath, optional("FILE")] = None
    """File to save unprocessed samples to at the end; if it exists, the stream continues from it."""

    def run(self) -> int:
        """Classify until the source ends; faults of the source are reported and the stream continues if it can."""
        from einthoven.inference.predictor import load
        from einthoven.streaming.appended import AppendedFile

        if not self.speed >= 0:
            raise StatementMissing(
                "Invalid playback speed.",
                found=f"--speed {self.speed:g}",
                expected="a number from 0: 1 is real time, 0 as fast as possible",
                remedy="--speed 1",
            )
        model = load(self.model)
        self._require_outputs()
        with AppendedFile(self.out) if self.out else nullcontext(sys.stdout) as lines:
            if model.card.answers_samples:
                return self._follow_waves(model, lines)
            return self._follow(model, self._pieces(), lines)

    def _follow_waves(self, model: "Predictor", lines: "Lines") -> int:
        """Write the waves of a signal as they come."""
        from einthoven.cli.stream_waves import follow_waves

        if self.state is not None:
            raise ConfigurationFault(
                "A stream of waves keeps no state.",
                found=f"--state {self.state}",
                expected="a model of beats or windows with --state",
                remedy="leave out --state",
            )
        return follow_waves(model, self._pieces(), lines)

    def _require_outputs(self) -> None:
        """Refuse outputs that cannot be written, before any work."""
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

    def _pieces(self) -> "Iterator[Piece]":
        from einthoven.records import read
        from einthoven.records.stated import Stated, leads_of
        from einthoven.streaming import first_look, sources

        leads = leads_of(self.leads)
        Stated(unit=self.unit, gain=self.gain, zero=self.zero)  # refuses a unit beside a gain
        names = leads if isinstance(leads, tuple) else None
        stated = sources.StatedFormat(self.fs, names, self.unit, self.gain, self.zero)
        pieces = self._network(stated) or self._lines(stated)
        if pieces is None:
            record = read(self.source, fs_hz=self.fs, leads=leads, unit=self.unit, gain=self.gain, zero=self.zero)
            for warning in record.warnings:
                console.note(warning)
            return sources.playback(record, self.speed)
        title = "standard input" if self.source in _INPUT else self.source
        pieces = first_look.judged(pieces, title)
        return sources.with_renamed_leads(pieces, leads) if isinstance(leads, dict) else pieces

    def _network(self, stated: "StatedFormat") -> "Iterator[Piece] | None":
        """Return the pieces of Lab Streaming Layer or a chest strap; None for another source."""
        from einthoven.streaming.straps import STRAPS

        kind, _, name = self.source.partition(":")
        if Path(self.source).exists():
            return None
        if kind == "lsl":
            from einthoven.streaming.lsl import lsl_pieces

            return lsl_pieces(name, stated)
        if kind in STRAPS:
            from einthoven.streaming.bluetooth import strap_pieces

            return strap_pieces(kind, name, stated)
        return None

    def _lines(self, stated: "StatedFormat") -> "Iterator[Piece] | None":
        """Return the pieces of lines of text; None for a recording."""
        from einthoven.streaming import sources
        from einthoven.streaming.lines import Lines as LineReader

        if self.source in _INPUT and sys.stdin is None:
            raise StatementMissing(
                "There is no input.",
                found="standard input is closed",
                expected="lines on standard input",
                remedy="some-device | einthoven stream MODEL --from -",
            )
        if self.source in _INPUT:
            lines = sources.text_lines(sys.stdin.buffer)
        elif Path(self.source).is_fifo() or sources.is_line_file(self.source):
            lines = sources.piped_lines(Path(self.source))
        elif sources.is_port(self.source):
            lines = sources.serial_lines(self.source, self.baud)
        else:
            return None
        return LineReader(stated).pieces(lines)

    def _follow(self, model: "Predictor", pieces: "Iterator[Piece]", lines: "Lines") -> int:
        from einthoven.streaming.written import Written

        shown_by_view = self.out is None and sys.stdout.isatty() and console.is_terminal()
        written = Written(None if shown_by_view else lines)
        with console.live() as show:
            follower = _Follower(model, self.state, written, show)
            fault = follower.follow(pieces)
            if follower.live is None:
                raise StatementMissing(
                    "The stream has no samples.",
                    found=f"no sample from {self.source}",
                    expected="samples",
                    remedy="einthoven stream --help",
                )
            if isinstance(fault, EinthovenError):
                written.fault(f"{fault.summary} {fault.found}", is_shown=False)
            refusal: BaseException | None = follower.end(follower.live)
        if isinstance(fault, KeyboardInterrupt):
            console.note("stopped")
        elif isinstance(fault, OutputRefused | BrokenPipeError):
            refusal = fault
        elif isinstance(fault, EinthovenError):
            console.fail(fault)
        written.summarise(model.card.classes)
        if refusal is not None:
            raise refusal
        return 1 if written.faults else 0


class _Follower:
    """Classify the parts of a signal one after the other; a new part begins where the signal's format changes."""

    def __init__(self, model: "Predictor", state: Path | None, written: "Written", show: Show | None):
        self.model, self.state, self.written, self.show = model, state, written, show
        self.live: Live | None = None
        self.format: Format | None = None
        self.screen: _Screen | None = None

    def follow(self, pieces: "Iterator[Piece]") -> BaseException | None:
        """Classify until the source ends; return what ended it before, if a part had begun."""
        try:
            for piece in pieces:
                self._take(piece)
        except (KeyboardInterrupt, EinthovenError, BrokenPipeError) as error:
            if self.live is None:
                raise
            return error
        return None

    def _take(self, piece: "Piece") -> None:
        for text in piece.faults:
            self.written.fault(text)
        if piece.format != self.format:
            self._next_part(piece.format)
        if self.live is None or self.live.ended:
            return
        answers = self.live.feed(piece.signal_mv)
        self.written.write(answers)
        if self.screen is not None:
            self.screen.take(self.live, piece.signal_mv, answers)

    def _next_part(self, format_: "Format") -> None:
        """End the part before, and begin the next if the model can classify it."""
        if self.format is not None and self.live is not None:
            last = () if self.live.ended else self.written.last_answers(self.live)
            self.written.fault(f"the signal changed from {_described(self.format)} to {_described(format_)}", last)
        self.format = format_
        try:
            self.live = self._begun(format_)
        except EinthovenError as error:
            if self.live is None:
                raise
            text = f"this part is not classified: {error.summary} {error.found}; expected {error.expected}"
            self.written.fault(text)
            return
        self.written.part += 1
        self.screen = _Screen(self.model, self.live, self.show) if self.show else None

    def _begun(self, format_: "Format") -> "Live":
        """Return a new stream, or, for the first part, the one that was saved."""
        from einthoven.streaming.stream import Stream as Live

        begun = Live(self.model, format_.fs_hz, format_.leads)
        if self.live is not None or self.state is None or not self.state.exists():
            return begun
        kept = Live.restored(self.model, self.state)
        if (kept.fs_hz, kept.leads) != (begun.fs_hz, begun.leads):
            raise ConfigurationFault(
                f"{self.state} was saved from another signal.",
                found=f"{kept.fs_hz:g} Hz, leads {', '.join(kept.leads)}; now {begun.fs_hz:g} Hz, {', '.join(begun.leads)}",
                expected="the same sampling rate and leads",
                remedy=f"rm {self.state}      to start a new stream",
            )
        return kept

    def end(self, live: "Live") -> OutputRefused | None:
        """Save the state of the last part, or write its last answers; return why the state could not be saved."""
        if live.ended:
            if self.state is not None:
                console.note(f"{self.state} was not written: the last part of the signal could not be classified")
            return None
        refusal = None
        if self.state is not None:
            try:
                live.save(self.state)
                self.written.count(live)
                console.note(f"Unprocessed samples were saved to {self.state}; pass --state {self.state} to continue.")
                return None
            except OutputRefused as error:
                refusal = error
        answers = self.written.last_answers(live)
        self.written.write(answers)
        if self.screen is not None:
            self.screen.take(live, None, answers)
        return refusal


class _Screen:
    """Draw a view a few times a second."""

    def __init__(self, model: "Predictor", live: "Live", show: Show):
        from einthoven.report.live import View

        lead = live.buffer.leads[0]
        self.row = live.leads.index(lead) if lead in live.leads else 0
        backend = BACKENDS.get(model.backend.name, model.backend.name)
        self.view, self.show, self.drawn = View(model.card, backend, live.fs_hz, lead), show, 0.0

    def take(self, live: "Live", signal_mv: "NDArray[np.floating] | None", answers: "Sequence[Event]") -> None:
        """Take samples [leads, n], None where the signal has ended, and their answers."""
        self.view.take(() if signal_mv is None else signal_mv[self.row], answers)
        if signal_mv is None or time.monotonic() - self.drawn >= _DRAWN_S:
            self.drawn = time.monotonic()
            self.show(lambda width: self.view.drawn(live, width))


def _described(format_: "Format") -> str:
    return f"{format_.fs_hz:g} Hz, leads {', '.join(format_.leads)}, {format_.unit}"
