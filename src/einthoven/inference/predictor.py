"""Load a model and predict: a record or a file in, an answer out; windows in, probabilities out."""

import logging
from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from einthoven import bundle, records
from einthoven.bundle import Card
from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.inference import declining, fitting, piecewise, reading, scored, trained_on
from einthoven.inference.answer import Answer, BeatAnswer, RecordAnswer
from einthoven.inference.backends import Backend, TorchBackend, fastest
from einthoven.inference.examined import Examined
from einthoven.inference.exported_file import card_inside
from einthoven.inference.second_opinion import Disputed
from einthoven.records.record import Record
from einthoven.signal import doctor, preparation
from einthoven.signal.windows import Windows

if TYPE_CHECKING:
    from torch.nn import Module

_log = logging.getLogger(__name__)

Readable = Record | str | PathLike[str]
"""What a model reads: a record, or the path of its file."""


def load(name_or_path: str | Path, model_file: str | Path | None = None) -> "Predictor":
    """Load a model.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a bundled model, folder of a bundle or a run, or an exported file. Pickles are never loaded.
    model_file : str or Path, optional
        Python file of its architecture, if that is the user's own. A model brings along no code, and none is run unless it
        is named here; a bundle's graph answers without it.

    Returns
    -------
    Predictor
        Call it with a record, or with the path of one.

    Raises
    ------
    ConfigurationFault
        Where there is no such model.
    FileDamaged
        Where its files are missing or altered.
    ConfigurationFault
        Where the file is not the one that the model was trained with.
    """
    folder = bundle.find(name_or_path)
    here = bundle.at(Path(name_or_path))
    if here is not None and bundle.is_bundled(folder) and not bundle.is_bundled(here):
        _log.warning("using the bundled model %s; write ./%s for the one in this folder", name_or_path, name_or_path)
    if folder.is_file():
        return Predictor(folder, card_inside(folder))
    card = bundle.load_card(folder)
    if model_file is not None:
        from einthoven.models import own

        own.take_for(card.training, model_file)
    bundle.load_weights(folder, card)
    return Predictor(folder, card)


class Predictor:
    """A loaded model; call it with a record, a path, or several of them.

    Parameters
    ----------
    folder : Path
        Folder of the bundle, or the exported file.
    card : Card
        Its card.
    backend : Backend, optional
        What computes the network (default: the fastest that is installed).
    """

    def __init__(self, folder: Path, card: Card, backend: Backend | None = None):
        self.folder, self.card = folder, card
        if backend is not None:
            self.backend = backend

    @cached_property
    def backend(self) -> Backend:
        """What computes the network; loaded at first use."""
        return fastest(self.folder, self.card)

    @property
    def is_exported(self) -> bool:
        """Whether this is an exported file, which holds a graph and no weights."""
        return self.folder.is_file()

    @cached_property
    def network(self) -> "Module":
        """The network as a torch module in eval mode, for explanations.

        Raises
        ------
        FileDamaged
            Where this is an exported file.
        """
        name = self.card.name
        if self.is_exported:
            raise FileDamaged(
                f"{self.folder} cannot be explained or exported again.",
                found="an exported graph",
                expected="the bundle it was exported from, with its weights",
                remedy=f"{name if name in bundle.bundled() else f'the folder of {name}'} in place of {self.folder}",
            )
        return TorchBackend(self.folder, self.card).network

    def logits(self, windows: Windows) -> np.ndarray:
        """Return the logits of prepared windows; of windows that are answered by crops the mean over these.

        Parameters
        ----------
        windows : Windows
            As the model's preparation makes them.

        Returns
        -------
        array [n, classes], float32

        Raises
        ------
        RecordUnreadable
            If one is not finite: the network overflowed, or the windows hold values that no electrocardiogram has.
        """
        if not len(windows):
            return np.zeros((0, len(self.card.classes)), np.float32)
        if self.card.preparation.is_cropped:
            cut, n = preparation.crops(windows, self.card.preparation)
            logits = self.backend.logits(cut).reshape(len(windows), n, -1).mean(axis=1)
        else:
            logits = self.backend.logits(windows)
        scored.require_finite(logits, self.card.display_name)
        return np.asarray(logits)

    def probabilities(self, windows: Windows) -> np.ndarray:
        """Return the class probabilities of prepared windows, calibrated where the card has a calibration.

        Parameters
        ----------
        windows : Windows
            As the model's preparation makes them.

        Returns
        -------
        array [n, classes], float32

        Raises
        ------
        RecordUnreadable
            If a logit is not finite.
        """
        return np.asarray(scored.probabilities(self.logits(windows), self.card))

    def answers(self, windows: Windows, record: np.ndarray) -> scored.Scored:
        """Return what decides and what is printed for prepared windows.

        Parameters
        ----------
        windows : Windows
            As the model's preparation makes them.
        record : array [n]
            Which record each is from.

        Returns
        -------
        Scored
            Scores that decide, and calibrated probabilities.

        Raises
        ------
        RecordUnreadable
            If a logit is not finite.
        """
        return scored.scored(self.logits(windows), record, self.card)

    @overload  # a text is a path, though mypy knows it as a sequence of texts
    def __call__(self, record: Readable, beats: ArrayLike | None = None) -> Answer: ...  # type: ignore[overload-overlap]

    @overload
    def __call__(self, record: Sequence[Readable]) -> list[Answer]: ...

    def __call__(self, record: Readable | Sequence[Readable], beats: ArrayLike | None = None) -> Answer | list[Answer]:
        """Predict the classes of a record's beats, or, with a model of whole records, its diagnoses or rhythm.

        Parameters
        ----------
        record : Record, path, or a sequence of these
            What is classified; of a path the file is read as by :func:`einthoven.read`.
        beats : array of int [n], sample numbers, optional
            Heartbeats, at the record's sampling rate, in increasing order. By default they are detected.

        Returns
        -------
        Answer
            A :class:`BeatAnswer` or a :class:`RecordAnswer`; of a sequence a list of them in its order.

        Raises
        ------
        LeadMismatch, RecordUnreadable
            Where the record does not have what the model needs.
        RecordUnreadable
            Where a file cannot be read.
        ConfigurationFault
            Where beats are given that the model or the record cannot have.
        """
        if not isinstance(record, Record | str | PathLike):
            if beats is not None:
                raise ConfigurationFault(
                    "beats= was given for several records.",
                    found=f"{len(record)} records and one array of beats",
                    expected="beats of one record",
                    remedy="[model(record, beats) for record, beats in zip(records, beats_of_each)]",
                )
            return [self(one) for one in record]
        self._require_classes()
        return self.answer(Examined(record if isinstance(record, Record) else records.read(Path(record))), beats)

    def answer(self, examined: Examined, beats: ArrayLike | None = None) -> Answer:
        """Predict the classes of a record that several models may read: what they have in common is found once.

        Parameters
        ----------
        examined : Examined
            The record.
        beats : array of int [n], sample numbers, optional
            Heartbeats; by default they are detected.

        Returns
        -------
        Answer

        Raises
        ------
        ConfigurationFault, LeadMismatch, RecordUnreadable
            As a call with the record does.
        """
        self._require_classes()
        if self.card.preparation.is_whole:
            if beats is not None:
                raise ConfigurationFault(
                    f"{self.card.name} takes no beats.",
                    found="beats= for a model that classifies whole records",
                    expected="a record alone",
                    remedy="model(record)",
                )
            return self._record_answer(examined)
        return self._beat_answer(examined, None if beats is None else reading.checked_beats(beats, examined.record))

    def _require_classes(self) -> None:
        """Refuse to classify with a delineator."""
        if self.card.answers_samples:
            raise ConfigurationFault(
                f"{self.card.name} finds waves and classifies neither beats nor records.",
                found="a delineator",
                expected="a model of beats or records",
                remedy=f"einthoven delineate FILE --model {self.card.name}      or einthoven.delineate(record)",
            )

    @property
    def least_s(self) -> float:
        """Shortest recording, in seconds, that the model answers."""
        return fitting.least_s(self.card)

    def _record_answer(self, examined: Examined) -> RecordAnswer:
        wanted, window_s, record = self.card.preparation, self.card.preparation.window_s, examined.record
        used = examined.used(wanted.leads)
        reading.require_length(record, self.least_s, self.card.name, f"of the model's window of {window_s:g} s")
        seen, findings = used.quality, examined.findings
        remarks = self._remarks(record)
        if record.duration_s < window_s - 0.5 / wanted.fs_hz:
            remarks.append(
                f"The recording lasts {record.duration_s:.1f} s; the window of {window_s:g} s is padded with zeros."
            )
        starts, answers = piecewise.answered(record, used.beats, self.card, self.logits)
        ends = np.minimum(starts + round(window_s * record.fs_hz), record.n_samples)
        unreadable = ~declining.readable_windows(seen, starts, ends)
        return RecordAnswer(
            record=record,
            card=self.card,
            leads=used.names,
            beats=used.beats,
            probabilities=answers.probabilities,
            scores=answers.scores,
            missing=used.gaps.within(starts, ends),
            quality=seen,
            unreadable=unreadable,
            remarks=(*remarks, *reading.remarks_on(seen)),
            findings=findings,
            declined=declining.declined(self.card, seen, used.beats, ~unreadable, findings),
            disputed=used.disputed,
            windows=np.stack((starts, ends), axis=1),
        )

    def _beat_answer(self, examined: Examined, beats: NDArray[np.int64] | None) -> BeatAnswer:
        wanted, record = self.card.preparation, examined.record
        least_s = fitting.least_s(self.card) if beats is None else wanted.window_s
        used = examined.used(wanted.leads)
        reading.require_length(record, least_s, self.card.name, "to detect heartbeats and to fill one window")
        seen, findings = used.quality, examined.findings
        remarks = [*self._remarks(record), *reading.remarks_on(seen)]
        between = used.disputed if beats is None else Disputed()
        beats = used.beats if beats is None else beats
        unreadable = ~seen.readable_in_any[seen.at(beats)]
        _, answers = piecewise.answered(record, beats, self.card, self.logits)
        declined = declining.declined(self.card, seen, beats, ~unreadable, findings)
        if self.card.class_prior_adaptation and declined is None:
            remarks.append(scored.class_prior_remark(self.card, answers.deciding))
        before, after = reading.span_of_beats(wanted, record.fs_hz)
        return BeatAnswer(
            record=record,
            card=self.card,
            leads=used.names,
            beats=beats,
            probabilities=answers.probabilities,
            scores=answers.scores,
            missing=used.gaps.within(beats - before, beats + after),
            quality=seen,
            unreadable=unreadable,
            remarks=tuple(remarks),
            findings=findings,
            declined=declined,
            disputed=between,
        )

    def _remarks(self, record: Record) -> list[str]:
        """Return what a reader must know of the record and of the model's probabilities."""
        found = {finding.text for finding in record.findings}
        unknown = None if self.card.reads_paced else doctor.pacing_unknown(record)
        warnings = [warning for warning in record.warnings if warning not in found]
        warnings += [] if unknown is None else [unknown.sentence]
        return [*warnings, *scored.remarks(self.card), *trained_on.remark(self.card, record)]
