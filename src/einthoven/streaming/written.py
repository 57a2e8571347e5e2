"""Write the answers of a stream as JSON lines, and count them over all parts of the signal."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from einthoven.errors import OutputRefused
from einthoven.inference.answer import DISCLAIMER
from einthoven.streaming.stream import Event, Stream

_log = logging.getLogger(__name__)
_SHOWN = 5


class Lines(Protocol):
    """Where lines are written."""

    def write(self, text: str, /) -> object:
        """Write a text.

        Parameters
        ----------
        text : str
            The text.
        """

    def flush(self) -> object:
        """Write what is buffered."""


@dataclass(frozen=True)
class Fault:
    """A fault of the source.

    Parameters
    ----------
    text : str
        Description.
    """

    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"kind": "fault", "text": self.text}


class Written:
    """Write answers, and count them over all parts of a signal.

    Parameters
    ----------
    lines : Lines or None
        Where answers are written; None if they are only shown.
    """

    def __init__(self, lines: Lines | None):
        self.lines, self.part, self.faults = lines, 0, 0
        self.seconds, self.n_answers = 0.0, 0
        self.total: Any = 0.0

    def write(self, answers: Sequence[Event | Fault]) -> None:
        """Write answers, one JSON object per line; from the second part of a signal on with the number of the part.

        Parameters
        ----------
        answers : sequence of StreamAnswer, Mark, LiveFinding or Fault
            The answers.

        Raises
        ------
        OutputRefused, OSError
            Where they cannot be written.
        """
        if self.lines is None or not answers:
            return
        part = {"part": self.part} if self.part > 1 else {}
        try:
            for one in answers:
                self.lines.write(json.dumps(one.to_dict() | part) + "\n")
            self.lines.flush()
        except (OutputRefused, OSError):
            self.lines = None  # the state can still be saved
            raise

    def fault(self, text: str, before: Sequence[Event] = (), is_shown: bool = True) -> None:
        """Report a fault.

        Parameters
        ----------
        text : str
            Description.
        before : sequence of StreamAnswer, Mark or LiveFinding
            Answers that are written before it.
        is_shown : bool
            Whether it is shown as well, if it is one of the first five.
        """
        self.faults += 1
        self.write([*before, Fault(text)])
        if is_shown and self.faults <= _SHOWN:
            _log.warning("%s", text)

    def last_answers(self, live: Stream) -> list[Event]:
        """End a part of a signal.

        Parameters
        ----------
        live : Stream
            The stream of this part.

        Returns
        -------
        list of StreamAnswer, Mark or LiveFinding
            Its last answers.
        """
        last = live.end()
        self.count(live)
        return last

    def count(self, live: Stream) -> None:
        """Add a part of a signal to the counts.

        Parameters
        ----------
        live : Stream
            The stream of this part.
        """
        self.seconds += live.n_samples / live.fs_hz
        self.n_answers, self.total = self.n_answers + live.n_answers, self.total + live.total

    def summarise(self, classes: Sequence[str]) -> None:
        """Print how much was classified, and the most probable classes.

        Parameters
        ----------
        classes : sequence of str
            Classes of the model.
        """
        if self.faults > _SHOWN:
            where = "all are in the output" if self.lines is not None else "--out FILE records them all"
            _log.warning("… %d faults in total; %s", self.faults, where)
        text = f"{self.seconds:.1f} s of signal, {self.n_answers} answers"
        if self.n_answers:
            best = sorted(zip(classes, self.total / self.n_answers, strict=True), key=lambda pair: -pair[1])[:3]
            text += "; mean probability: " + ", ".join(f"{name} {value:.2f}" for name, value in best)
        _log.info("%s", text)
        _log.info(DISCLAIMER)
