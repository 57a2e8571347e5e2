"""Predict on a live signal: the answers for the whole record, as soon as they are certain."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.evaluation.predictions import decide
from einthoven.inference import declining
from einthoven.inference.declined import Declined
from einthoven.inference.doubtful import unsure_below
from einthoven.inference.predictor import Predictor
from einthoven.inference.reading import poor_lead, span_of_beats
from einthoven.records.record import with_impossible_missing
from einthoven.signal import leads as lead_names
from einthoven.signal import preparation, resample
from einthoven.signal.live_heartbeats import LiveHeartbeats
from einthoven.streaming import intake, schedule, state
from einthoven.streaming.answer import StreamAnswer
from einthoven.streaming.buffer import Buffer, Mark
from einthoven.streaming.live_examination import LiveExamination, LiveFinding
from einthoven.streaming.live_quality import LiveQuality
from einthoven.streaming.state_check import require_possible

_RATE_OVER = 8
_UNREADABLE = Declined("no_readable_lead", "no lead can be read here")
Event = StreamAnswer | Mark | LiveFinding
"""What a stream gives: an answer, a mark of something odd, or a finding about the signal."""


class Stream:
    """Predict on a live signal.

    Parameters
    ----------
    model : Predictor
        The model.
    fs_hz : float
        Sampling rate of the signal, Hz.
    leads : tuple of str
        Names of its leads, in order.

    Raises
    ------
    LeadMismatch
        Where a lead that the model needs is missing.
    RecordUnreadable
        Where the rate is not that of an ECG, or there are no leads.
    ConfigurationFault
        Where the model is not loaded, or needs the whole record.
    """

    def __init__(self, model: Predictor, fs_hz: float, leads: tuple[str, ...]) -> None:
        intake.require_model(model)
        intake.require_signal(fs_hz, leads)
        self.model, self.fs_hz = model, float(fs_hz)
        self.leads = tuple(lead_names.canonical(lead) for lead in leads)
        _, used = lead_names.select(
            np.zeros((len(self.leads), 1)), self.leads, model.card.preparation.leads, "the stream"
        )
        self.buffer = Buffer(used, self.fs_hz)
        self.finder = LiveHeartbeats(self.fs_hz, len(used))
        self.beats: list[int] = []
        """The last heartbeats that were detected."""
        self.waiting: list[int] = []
        """Heartbeats that are not classified yet."""
        self.pending: NDArray[Any] = np.zeros((len(self.leads), 0), np.float32)
        """Samples of a second that is not complete."""
        self.quiet_until = [0] * len(self.leads)
        """For each lead, the sample number up to which impossible values are not marked again."""
        self.answered = 0
        """Windows that were classified."""
        self.total: NDArray[Any] = np.zeros(len(model.card.classes))
        """Sum of the probabilities of all answers."""
        self.n_answers = 0
        """Number of answers."""
        self.quality = LiveQuality(used, self.fs_hz)
        self.examination = LiveExamination(model.card, self.leads, self.fs_hz)
        self.found: list[int] = []
        """Heartbeats in stretches that are not judged yet."""
        self.ended = False
        """Whether the signal has ended."""

    @property
    def n_samples(self) -> int:
        """Number of samples that were fed."""
        return self.buffer.n_samples + int(self.pending.shape[1])

    @property
    def rate_bpm(self) -> float | None:
        """Heart rate of the last eight RR intervals, beats/min; None below three beats."""
        last = self.beats[-_RATE_OVER - 1 :]
        return 60 * self.fs_hz / float(np.median(np.diff(last))) if len(last) > 2 else None

    @property
    def mean(self) -> dict[str, float]:
        """Mean probability of each class over all answers; for a model of windows, the probability for the record."""
        return dict(zip(self.model.card.classes, (self.total / max(1, self.n_answers)).tolist(), strict=True))

    def feed(self, chunk: NDArray[Any]) -> list[Event]:
        """Take samples and return what is certain now.

        Parameters
        ----------
        chunk : array [leads, samples], mV
            Samples of any number; NaN where one is missing.

        Returns
        -------
        list of StreamAnswer, Mark or LiveFinding
            New answers, marks and findings.

        Raises
        ------
        RecordUnreadable
            Where the chunk does not have the leads of the stream, which can continue with the next; or the stream has ended.
        """
        self._require_open()
        signal, impossible = with_impossible_missing(intake.as_numbers(chunk, self.leads))
        events: list[Event] = [
            *intake.impossible_marks(impossible, self.leads, self.n_samples, self.quiet_until, self.fs_hz)
        ]
        self.pending = np.concatenate((self.pending, signal), axis=1)
        second = round(self.fs_hz)
        while self.pending.shape[1] >= second:
            piece, self.pending = self.pending[:, :second], self.pending[:, second:]
            events += self._second(piece)
        return events

    def end(self) -> list[Event]:
        """End the signal; nothing can be fed after it.

        Returns
        -------
        list of StreamAnswer, Mark or LiveFinding
            The answers that were not certain while the signal went on.

        Raises
        ------
        RecordUnreadable
            Where the stream has ended already.
        """
        self._require_open()
        self.ended = True
        piece, self.pending = self.pending, self.pending[:, :0]
        return self._second(piece, is_last=True)

    def _require_open(self) -> None:
        if self.ended:
            raise RecordUnreadable(
                "The stream has ended.",
                found="end() was called",
                expected="a stream that goes on",
                remedy='Stream(model, fs_hz=300, leads=("I",))      starts another',
            )

    def _second(self, piece: NDArray[Any], is_last: bool = False) -> list[Event]:
        """Take a second of signal [leads, samples], or the rest of it at the end."""
        used, _ = lead_names.select(piece, self.leads, self.model.card.preparation.leads, "the stream")
        events: list[Event] = [*self.examination.feed(piece, is_last), *self.buffer.feed(used, is_last)]
        self.found += self.finder.feed(self.buffer.span(self.finder.n_samples, self.buffer.certain)).tolist()
        if is_last:
            self.found += self.finder.end().tolist()
        self.quality.feed(self.buffer, is_last)
        beats = self.quality.audible(self.found)
        self.beats = [*self.beats, *beats][-_RATE_OVER - 1 :]
        self.waiting += beats
        if self.model.card.preparation.is_whole:
            self.waiting = []
            return events + self._windows(is_last)
        return [*events, *self._ready_beats(is_last)]

    def _ready_beats(self, is_last: bool) -> list[StreamAnswer]:
        """Classify the heartbeats whose windows are certain."""
        wanted = self.model.card.preparation
        margin = round(wanted.reach_s(self.fs_hz) * self.fs_hz) + 1
        before_s = wanted.before / wanted.fs_hz
        before, after = (round(span_s * self.fs_hz) + 1 for span_s in (before_s, wanted.window_s - before_s))
        certain = self.buffer.certain if self.examination.is_known else 0
        ready = [at for at in self.waiting if is_last or at + after + margin <= certain]
        answers: list[StreamAnswer] = []
        near = span_of_beats(wanted, self.fs_hz)
        if ready:
            begin = self._aligned(ready[0] - before - margin)
            end = min(ready[-1] + after + margin, self.buffer.certain)
            windows = preparation.prepare(self._span(begin, end), wanted, np.array(ready) - begin)
            self.waiting = self.waiting[len(ready) :]
            scored = self.model.answers(windows, np.zeros(len(windows), int))
            for at, score, probability in zip(ready, scored.deciding, scored.probabilities, strict=True):
                answers.append(self._answer("beat", at, at + 1, score, probability, (at - near[0], at + near[1])))
        oldest = min([*self.waiting[:1], *self.found[:1], self.finder.searched])
        self._forget(oldest - before - margin)
        return answers

    def _forget(self, before: int) -> None:
        """Remove samples that nothing will need any more."""
        self.buffer.forget(min(self._aligned(before), self.quality.needed_from(), self.finder.n_samples))

    def _windows(self, is_last: bool) -> list[Event]:
        """Classify the windows that are certain."""
        wanted, buffer = self.model.card.preparation, self.buffer
        factor = float(resample.ratio(self.fs_hz, wanted.fs_hz))
        size, margin = wanted.n_samples, round(wanted.reach_s(self.fs_hz) * self.fs_hz) + 1
        if is_last and buffer.n_samples < self.model.least_s * self.fs_hz:
            return [Mark("too_short", ", ".join(buffer.leads), 0.0, buffer.n_samples / self.fs_hz)]
        if is_last:
            starts = schedule.last_starts(self.answered, size, int(np.ceil(round(buffer.n_samples * factor, 6))))
        else:
            known = min(buffer.certain - margin, self.quality.until)
            starts = schedule.certain_starts(self.answered, size, factor, known)
        answers: list[Event] = [self._window(start, size, factor, margin) for start in starts]
        self.answered += len(answers)
        self._forget(int((self.answered - 1) * size / factor) - margin)
        return answers

    def _window(self, start: int, size: int, factor: float, margin: int) -> StreamAnswer:
        """Classify the window that starts at a sample number at the model's sampling rate."""
        wanted = self.model.card.preparation
        begin = self._aligned(int(start / factor) - margin)
        end = min(int(np.ceil((start + size) / factor)) + margin, self.buffer.certain)
        prepared = preparation.prepared_signal(self._span(begin, end), wanted)
        at = start - round(begin * factor)
        window = preparation.whole_window(prepared[:, at : at + size], wanted)
        first = int(resample.resample_positions(np.array([start]), wanted.fs_hz, self.fs_hz)[0])
        last = min(first + round(wanted.window_s * self.fs_hz), self.buffer.n_samples)
        scored = self.model.answers(window, np.zeros(1, int))
        return self._answer("window", first, last, scored.deciding[0], scored.probabilities[0], (first, last))

    def _span(self, begin: int, end: int) -> preparation.Span:
        return preparation.Span(self.buffer.span(begin, end), self.fs_hz, self.buffer.leads, "the stream")

    def _answer(
        self,
        kind: str,
        first: int,
        last: int,
        score: NDArray[Any],
        probability: NDArray[Any],
        span: tuple[int, int],
    ) -> StreamAnswer:
        """Return the answer for a beat or window from `first` to `last`, which was classified from the samples of `span`."""
        card = self.model.card
        declined = _UNREADABLE if self._is_unreadable(kind, first, last) else self.examination.declined
        if declined is not None:
            predicted, doubt = (
                np.zeros(len(card.classes), bool),
                "unreadable" if declined is _UNREADABLE else "declined",
            )
            probability = np.full(len(card.classes), np.nan)
        else:
            predicted = np.arange(len(card.classes)) == score.argmax()
            if card.multilabel:
                predicted = decide(score[None], card.thresholds, card.at_least_one)[0]
            doubt = self._doubt(first, last, float(probability[score.argmax()]), span)
            self.total += probability
            self.n_answers += 1
        return StreamAnswer(
            kind,
            first,
            first / self.fs_hz,
            (first if kind == "beat" else last) / self.fs_hz,
            tuple(name for name, is_predicted in zip(card.classes, predicted, strict=True) if is_predicted),
            dict(zip(card.classes, probability.tolist(), strict=True)),
            doubt,
            (self.n_samples - last) / self.fs_hz,
            declined,
        )

    def _is_unreadable(self, kind: str, first: int, last: int) -> bool:
        """Return whether a beat is in a stretch without a readable lead, or too little of a window is readable."""
        seen = self.quality.now()
        if kind == "beat":
            return not seen.readable_in_any[seen.at(np.array([first]))][0]
        return not declining.readable_windows(seen, np.array([first]), np.array([last]))[0]

    def _doubt(self, first: int, last: int, confidence: float, span: tuple[int, int]) -> str:
        """Return why an answer is doubtful, or an empty text."""
        if poor := poor_lead(self.quality.now(), first, last):
            return poor
        if self.buffer.is_missing(*span):
            return "missing samples"
        return "unsure" if confidence < unsure_below(self.model.card) else ""

    def _aligned(self, at: int) -> int:
        return resample.aligned(at, self.fs_hz, self.model.card.preparation.fs_hz)

    def save(self, file: Path) -> None:
        """Save the state of the stream, so that it can continue later or elsewhere.

        Parameters
        ----------
        file : Path
            Where it is saved.

        Raises
        ------
        RecordUnreadable
            Where the stream has ended.
        OutputRefused
            Where the file cannot be written.
        """
        self._require_open()
        state.write(file, *state.of_stream(self))

    @classmethod
    def restored(cls, model: Predictor, file: Path) -> "Stream":
        """Return a stream that continues where :meth:`save` was called.

        Parameters
        ----------
        model : Predictor
            The model that the stream had.
        file : Path
            What :meth:`save` wrote.

        Returns
        -------
        Stream
            The stream.

        Raises
        ------
        FileDamaged
            Where the file was changed, or is of another model.
        """
        try:
            plain, arrays = state.read(file)
            if plain["weights_sha256"] != model.card.weights_sha256:
                raise ValueError("it was saved with other weights")
            stream = cls(model, plain["fs_hz"], tuple(plain["leads"]))
            require_possible(stream, plain, arrays)
            state.give(stream, plain, arrays)
        except Exception as error:  # a damaged archive raises errors of many kinds
            raise state.damaged(file, model.card.name, error) from error
        return stream
