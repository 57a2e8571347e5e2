"""Predict on a signal that has not ended: what the model predicts for the whole record, as soon as that is certain."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable
from einthoven.evaluation.predictions import decide
from einthoven.inference.answer import UNSURE
from einthoven.inference.predictor import Predictor
from einthoven.records.record import with_impossible_missing
from einthoven.signal import leads as lead_names
from einthoven.signal import preparation, resample
from einthoven.signal.live_heartbeats import LiveHeartbeats
from einthoven.streaming import intake, state
from einthoven.streaming.answer import StreamAnswer
from einthoven.streaming.buffer import Buffer, Mark

_RATE_OVER, _QUIET_S = 8, 10.0


class Stream:
    """A model at work on a live signal.

    Parameters
    ----------
    model : that answers; fs_hz : rate of the signal; leads : names of its leads, in order

    Raises
    ------
    LeadMismatch, RecordUnreadable, ConfigurationFault
        Where a lead is missing, the rate is none, or the model needs the whole record.
    """

    def __init__(self, model: Predictor, fs_hz: float, leads: tuple[str, ...]):
        intake.require(model, fs_hz, leads)
        self.model, self.fs_hz = model, float(fs_hz)
        self.leads = tuple(lead_names.canonical(lead) for lead in leads)
        _, used = lead_names.select(
            np.zeros((len(self.leads), 1)), self.leads, model.card.preparation.leads, "the stream"
        )
        self.buffer = Buffer(used, self.fs_hz)
        self.finders = [LiveHeartbeats(self.fs_hz) for _ in used]
        self.fed = [0] * len(used)
        self.beats: list[int] = []
        """The last beats that were found."""
        self.waiting: list[int] = []
        """Beats that are not answered yet."""
        self.pending = np.zeros((len(self.leads), 0), np.float32)
        self.quiet_until = [0] * len(self.leads)
        """Of each lead, until when nothing more is said of samples that are no voltage."""
        self.answered = 0
        """Windows that were answered."""
        self.total = np.zeros(len(model.card.classes))
        """Sum of the probabilities of all answers."""
        self.n_answers = 0
        self.listening = 0
        """Number of the lead whose beats are taken."""
        self.ended = False

    @property
    def n_samples(self) -> int:
        """Samples that came."""
        return self.buffer.n_samples + self.pending.shape[1]

    @property
    def rate_bpm(self) -> float | None:
        """Heart rate over the last eight intervals; None below three beats."""
        last = self.beats[-_RATE_OVER - 1 :]
        return 60 * self.fs_hz / float(np.median(np.diff(last))) if len(last) > 2 else None

    @property
    def mean(self) -> dict[str, float]:
        """Mean probability of each class over all answers: for a model of windows, what it says of the whole record."""
        return dict(zip(self.model.card.classes, (self.total / max(1, self.n_answers)).tolist(), strict=True))

    def feed(self, chunk: np.ndarray) -> list[StreamAnswer | Mark]:
        """Take samples, give the answers that are certain now.

        Parameters
        ----------
        chunk : array [leads, samples] in mV, of any length, NaN where a sample is missing

        Raises
        ------
        RecordUnreadable
            Where it does not have the leads of the stream, which can go on with the next; or the stream has ended.
        """
        if self.ended:
            raise _over()
        signal, impossible = with_impossible_missing(intake.numbers(chunk, self.leads))
        told: list[StreamAnswer | Mark] = []
        for lead in np.flatnonzero(impossible.any(axis=1)).tolist():
            where = np.flatnonzero(impossible[lead]) + self.n_samples
            if where[0] >= self.quiet_until[lead]:
                self.quiet_until[lead] = int(where[-1] + _QUIET_S * self.fs_hz)
                told.append(Mark("impossible", self.leads[lead], where[0] / self.fs_hz, (where[-1] + 1) / self.fs_hz))
        self.pending = np.concatenate((self.pending, signal), axis=1)
        second = round(self.fs_hz)
        while self.pending.shape[1] >= second:
            piece, self.pending = self.pending[:, :second], self.pending[:, second:]
            told += self._second(piece)
        return told

    def end(self) -> list[StreamAnswer | Mark]:
        """The answers that were not certain while more could come; nothing can be fed any more."""
        if self.ended:
            raise _over()
        self.ended = True
        piece, self.pending = self.pending, self.pending[:, :0]
        return self._second(piece, is_last=True)

    def _second(self, piece: np.ndarray, is_last: bool = False) -> list[StreamAnswer | Mark]:
        used, _ = lead_names.select(piece, self.leads, self.model.card.preparation.leads, "the stream")
        told: list[StreamAnswer | Mark] = [*self.buffer.feed(used, is_last)]
        for lead, finder in enumerate(self.finders):
            until = self.buffer.mended[lead]
            found = finder.feed(self.buffer.span(self.fed[lead], until)[lead])
            if is_last:
                found = np.concatenate((found, finder.end()))
            self.fed[lead] = until
            if lead == self.listening:
                self.beats = [*self.beats, *found.tolist()][-_RATE_OVER - 1 :]
                self.waiting += found.tolist()
        self.listening = next((at for at in range(len(self.fed)) if not self.buffer.off(at)), self.listening)
        if self.model.card.preparation.is_whole:
            self.waiting = []
            told += self._windows(is_last)
        else:
            told += self._ready_beats(is_last)
        return told

    def _ready_beats(self, is_last: bool) -> list[StreamAnswer]:
        wanted = self.model.card.preparation
        margin = round(wanted.reach_s(self.fs_hz) * self.fs_hz) + 1
        before_s = wanted.before / wanted.fs_hz
        before, after = (round(span_s * self.fs_hz) + 1 for span_s in (before_s, wanted.window_s - before_s))
        ready = [at for at in self.waiting if is_last or at + after + margin <= self.buffer.certain]
        oldest = self.waiting[0] if self.waiting else min(self.fed) - round(4 * self.fs_hz)
        told: list[StreamAnswer] = []
        if ready:
            begin = self._aligned(ready[0] - before - margin)
            end = min(ready[-1] + after + margin, self.buffer.certain)
            windows = preparation.prepare(self._span(begin, end), wanted, np.array(ready) - begin)
            self.waiting = self.waiting[len(ready) :]
            for at, probability in zip(ready, self.model.probabilities(windows), strict=True):
                told.append(self._said("beat", at, at + 1, probability, at - before, at + after))
            oldest = self.waiting[0] if self.waiting else ready[-1]
        self.buffer.forget(min(self._aligned(oldest - before - margin), *self.fed))
        return told

    def _windows(self, is_last: bool) -> list[StreamAnswer | Mark]:
        wanted = self.model.card.preparation
        factor = float(resample.ratio(self.fs_hz, wanted.fs_hz))
        size, margin = wanted.n_samples, round(wanted.reach_s(self.fs_hz) * self.fs_hz) + 1
        told: list[StreamAnswer | Mark] = []
        if is_last and self.buffer.n_samples < self.model.least_s * self.fs_hz:
            return [Mark("too_short", ", ".join(self.buffer.leads), 0.0, self.buffer.n_samples / self.fs_hz)]
        while True:
            start = self.answered * size
            end = int(np.ceil((start + size) / factor)) + margin
            if end > self.buffer.certain and not is_last:
                break
            if is_last:
                total = int(np.ceil(round(self.buffer.n_samples * factor, 6)))
                if start + size > total:
                    left = total - start
                    if not total or (self.answered and left < size / 2):
                        break
                    start = max(0, total - size)
            told.append(self._window(start, size, factor, margin))
            self.answered += 1
        self.buffer.forget(min(self._aligned(int((self.answered - 1) * size / factor) - margin), *self.fed))
        return told

    def _window(self, start: int, size: int, factor: float, margin: int) -> StreamAnswer:
        """The window that begins at a sample number at the model's rate."""
        wanted = self.model.card.preparation
        begin = self._aligned(int(start / factor) - margin)
        end = min(int(np.ceil((start + size) / factor)) + margin, self.buffer.certain)
        prepared = preparation.prepared_signal(self._span(begin, end), wanted)
        at = start - round(begin * factor)
        window = preparation.whole_window(prepared[:, at : at + size], wanted)
        first = int(resample.resample_positions(np.array([start]), wanted.fs_hz, self.fs_hz)[0])
        last = min(first + round(wanted.window_s * self.fs_hz), self.buffer.n_samples)
        return self._said("window", first, last, self.model.probabilities(window)[0], first, last)

    def _span(self, begin: int, end: int) -> preparation.Span:
        return preparation.Span(self.buffer.span(begin, end), self.fs_hz, self.buffer.leads, "the stream")

    def _said(self, kind: str, first: int, last: int, probability: np.ndarray, begin: int, end: int) -> StreamAnswer:
        card = self.model.card
        if card.multilabel:
            said = decide(probability[None], card.thresholds, card.at_least_one)[0]
        else:
            said = np.arange(len(card.classes)) == probability.argmax()
        doubt = (
            "lead off"
            if self.buffer.was_off(first, last)
            else "missing samples"
            if self.buffer.is_missing(begin, end)
            else ""
        )
        if not doubt and not card.multilabel and probability.max() < UNSURE:
            doubt = "unsure"
        self.total += probability
        self.n_answers += 1
        return StreamAnswer(
            kind,
            first,
            first / self.fs_hz,
            (first if kind == "beat" else last) / self.fs_hz,
            tuple(name for name, is_said in zip(card.classes, said, strict=True) if is_said),
            dict(zip(card.classes, probability.tolist(), strict=True)),
            doubt,
            (self.n_samples - last) / self.fs_hz,
        )

    def _aligned(self, at: int) -> int:
        """The sample number at or ahead of another from which resampling and rounding go as from the record's beginning."""
        step = 2 * resample.ratio(self.fs_hz, self.model.card.preparation.fs_hz).denominator
        return max(0, at // step * step)

    def save(self, file: Path) -> None:
        """Write all that the stream remembers, so that it goes on elsewhere or after a stop.

        Raises
        ------
        RecordUnreadable
            Where it has ended.
        """
        if self.ended:
            raise _over()
        plain = {
            "weights_sha256": self.model.card.weights_sha256,
            "fs_hz": self.fs_hz,
            "leads": list(self.leads),
            "finders": [finder.state() for finder in self.finders],
            **{name: getattr(self, name) for name in _PLAIN},
            "buffer": {name: getattr(self.buffer, name) for name in _OF_BUFFER},
        }
        arrays = {"pending": self.pending, "total": self.total}
        state.write(file, plain, arrays | {"values": self.buffer.values, "missing": self.buffer.missing})

    @classmethod
    def restored(cls, model: Predictor, file: Path) -> "Stream":
        """The way back from :meth:`save`.

        Raises
        ------
        FileDamaged
            Where the file is not as :meth:`save` wrote it, or of another model.
        """
        try:
            plain, arrays = state.read(file)
            if plain["weights_sha256"] != model.card.weights_sha256:
                raise ValueError("it was saved with other weights")
            stream = cls(model, plain["fs_hz"], tuple(plain["leads"]))
            stream.finders = [LiveHeartbeats.restored(finder) for finder in plain["finders"]]
            for name in _PLAIN:
                setattr(stream, name, plain[name])
            for name in _OF_BUFFER:
                setattr(stream.buffer, name, plain["buffer"][name])
            stream.buffer.values, stream.buffer.missing = arrays["values"], arrays["missing"]
            stream.pending, stream.total = arrays["pending"], arrays["total"]
        except Exception as error:  # a damaged archive raises what it likes
            raise state.damaged(file, model.card.name, error) from error
        return stream


def _over() -> RecordUnreadable:
    return RecordUnreadable(
        "the stream has ended.", found="end() was called", expected="a stream that goes on", remedy="begin another"
    )


def replay(stream: Stream, signal_mv: np.ndarray, chunk: int) -> Iterator[list[StreamAnswer | Mark]]:
    """Feed a whole signal [leads, samples] by pieces of `chunk` samples, and end it."""
    for at in range(0, signal_mv.shape[1], chunk):
        yield stream.feed(signal_mv[:, at : at + chunk])
    yield stream.end()


_PLAIN = ("fed", "beats", "waiting", "quiet_until", "answered", "n_answers", "listening")
_OF_BUFFER = ("first", "mended", "gap_since", "still_s", "loud", "off_spans")
