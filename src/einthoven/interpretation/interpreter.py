"""Ask of a recording all questions that it allows, each of the bundled model that fits."""

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle, records
from einthoven.bundle import Card
from einthoven.errors import ConfigurationFault
from einthoven.inference.answer import Answer, BeatAnswer, RecordAnswer
from einthoven.inference.delineator import DEFAULT, Delineation, Delineator
from einthoven.inference.examined import Examined
from einthoven.inference.fitting import SHORTEST_WAVES_S, Fit, fitting
from einthoven.inference.predictor import Predictor, load
from einthoven.interpretation.asked import Asked
from einthoven.interpretation.ectopy import ectopy_of
from einthoven.interpretation.episodes import FIBRILLATION, FLUTTER, NOISE, Episode, Episodes, episodes_of
from einthoven.interpretation.following import follows
from einthoven.interpretation.interpretation import Interpretation
from einthoven.interpretation.rate import rate_of
from einthoven.interpretation.smoothing import smoothed
from einthoven.interpretation.variability import variability_of
from einthoven.paths import ASSETS
from einthoven.records.record import Record
from einthoven.signal.quality import Quality

Array = NDArray[Any]

PREFERRED = {
    "rhythm": ("rhythm-any-lead", "challenge2017-rhythm", "challenge2017-small"),
    "beats": ("mitbih-clean-context", "mitbih-clean-one-lead", "mitbih-cnn-lstm-mlii"),
    "diagnoses": ("ptbxl-diagnoses",),
}
"""Models of each question, the first that fits is asked. A model whose protocol shares patients between sets is not among them."""
HAND_HELD_S = 61.0
"""Longest recording of one lead whose rhythm the models of the Challenge 2017 are asked first, s; its recordings are such."""

_WAVES_MOST_S = 3600.0
"""How much of a recording the delineator reads, s: medians need no more."""


def interpret(record: Record | str | PathLike[str], models: Sequence[str] = ()) -> Interpretation:
    """Interpret a recording.

    Parameters
    ----------
    record : Record or path
        A recording, or its file, which is read as by :func:`einthoven.read`.
    models : sequence of str
        Models to ask instead of the preferred ones; each takes the place of those of its question.

    Returns
    -------
    Interpretation

    Examples
    --------
    >>> import numpy as np
    >>> from einthoven.records import Record
    >>> flat = Record("flat", np.zeros((1, 5000)), 500, ("II",))
    >>> interpret(flat).not_assessed()["rhythm"]
    'no lead is readable for long enough (lead II: 10 s flat).'
    """
    return Interpreter(models)(record if isinstance(record, Record) else records.read(Path(record)))


class Interpreter:
    """Interpret recordings; each model is loaded once.

    Parameters
    ----------
    models : sequence of str
        Models to ask instead of the preferred ones.

    Raises
    ------
    ConfigurationFault
        If two models answer one question.
    """

    def __init__(self, models: Sequence[str] = ()) -> None:
        self._loaded: dict[str, Predictor] = {}
        self._cards: dict[str, Card] = {}
        self._wanted = dict(PREFERRED)
        self._finds_waves = DEFAULT
        stated: dict[str, str] = {}
        for name in models:
            question = question_of(self._model(name).card)
            if question in stated:
                raise ConfigurationFault(
                    f"Two models answer the question of the {question}.",
                    found=f"{stated[question]} and {name}",
                    expected="one model a question",
                    remedy=f"--models {name}",
                )
            stated[question] = name
            if question == "waves":
                self._finds_waves = name
            else:
                self._wanted[question] = (name,)

    def __call__(self, record: Record) -> Interpretation:
        """Interpret a recording.

        Parameters
        ----------
        record : Record
            The recording.

        Returns
        -------
        Interpretation
        """
        examined = Examined(record)
        seen, findings = examined.quality, examined.findings
        asked: list[Asked] = []
        answers: dict[str, Answer] = {}
        for question, wanted in self._wanted.items():
            names = _in_order(wanted, record)
            fits = fitting(record, [self._card(name) for name in names], seen, findings)
            taken, answer = self._ask(question, names, fits, examined)
            asked.append(taken)
            if answer is not None:
                answers[question] = answer
        delineation, waves = self._delineated(examined, _WAVES_MOST_S if answers else np.inf)
        return _joined(record, seen, findings, (waves, *asked), delineation, answers)

    def _ask(
        self, question: str, names: Sequence[str], fits: list[Fit], examined: Examined
    ) -> tuple[Asked, Answer | None]:
        by_name = {fit.card.name: fit for fit in fits}
        first = next((name for name in names if by_name[self._card(name).name].fits), None)
        if first is None:
            reason = by_name[self._card(names[0]).name].reason
            return Asked(question, "", reason, "no_model"), None
        answer = self._model(first).answer(examined)
        if answer.declined is not None:
            return Asked(question, first, answer.declined.text, answer.declined.code), None
        return Asked(question, first, f"it reads {', '.join(answer.leads)}"), answer

    def _delineated(self, examined: Examined, most_s: float) -> tuple[Delineation | None, Asked]:
        if examined.record.duration_s < SHORTEST_WAVES_S:
            return None, Asked("waves", "", f"needs at least {SHORTEST_WAVES_S:g} s", "no_model")
        if not examined.quality.readable.any():
            return None, Asked("waves", self._finds_waves, "no lead is readable", "unreadable")
        found = self._delineator.delineated(examined, most_s)
        often = f", one window of {found.card.preparation.window_s:g} s in {found.every}" if found.every > 1 else ""
        return found, Asked("waves", self._finds_waves, f"it reads every lead{often}")

    @cached_property
    def _delineator(self) -> Delineator:
        return Delineator(self._model(self._finds_waves))

    def _model(self, name: str) -> Predictor:
        if name not in self._loaded:
            self._loaded[name] = load(name)
        return self._loaded[name]

    def _card(self, name: str) -> Card:
        if name in self._loaded:
            return self._loaded[name].card
        if name not in self._cards:
            self._cards[name] = bundle.load_card(ASSETS / name)
        return self._cards[name]


def chosen(record: Record, fits: Sequence[Fit]) -> dict[str, str]:
    """Return the bundled model that is asked each question of a recording.

    Parameters
    ----------
    record : Record
        The recording.
    fits : sequence of Fit
        Which models can answer it.

    Returns
    -------
    dict of str to str
        Name of the model by question; a question that no model fits is missing.
    """
    able = {fit.card.name for fit in fits if fit.fits}
    asked = {question: _in_order(names, record) for question, names in PREFERRED.items()} | {"waves": (DEFAULT,)}
    found = {question: next((name for name in names if name in able), "") for question, names in asked.items()}
    return {question: name for question, name in found.items() if name}


def _in_order(names: Sequence[str], record: Record) -> Sequence[str]:
    """Return models in the order in which they are asked: of a short recording of one lead, those of the Challenge 2017 first."""
    if len(record.leads) > 1 or record.duration_s > HAND_HELD_S:
        return names
    return sorted(names, key=lambda name: not name.startswith("challenge2017"))


def without_s_in(episodes: Sequence[Episode], times_s: Array, classes: list[str]) -> list[str]:
    """Return classes of beats in which no beat within fibrillation or flutter is supraventricular ectopic: each may be early.

    Parameters
    ----------
    episodes : sequence of Episode
        Episodes of fibrillation and flutter.
    times_s : array [n], s
        Times of the beats.
    classes : list of str [n]
        Class of each.

    Returns
    -------
    list of str [n]
    """
    inside = np.zeros(len(times_s), bool)
    for one in episodes:
        inside |= (times_s >= one.start_s) & (times_s < one.end_s)
    return ["N" if name == "S" and is_inside else name for name, is_inside in zip(classes, inside, strict=True)]


def question_of(card: Card) -> str:
    """Return the question that a model answers.

    Parameters
    ----------
    card : Card
        Its card.

    Returns
    -------
    str
        ``waves``, ``beats``, ``diagnoses`` or ``rhythm``.
    """
    if card.answers_samples:
        return "waves"
    if not card.preparation.is_whole:
        return "beats"
    return "diagnoses" if card.multilabel else "rhythm"


def _joined(record: Record, seen: Quality, findings: Any, asked: Any, delineation: Any, answers: Any) -> Interpretation:
    rhythm, beats, diagnoses = (answers.get(name) for name in ("rhythm", "beats", "diagnoses"))
    found: dict[str, Any] = {"delineation": delineation}
    if isinstance(rhythm, RecordAnswer):
        found |= {"rhythm_answer": rhythm, "rhythm": _episodes(rhythm)}
    at = _beats(beats, rhythm, delineation)
    if at is not None:
        found["beats"] = at
        found["rate"] = rate_of(at / record.fs_hz, follows(at, seen))
    if isinstance(beats, BeatAnswer):
        there = beats.is_answered
        times_s, is_next = beats.times_s[there], follows(beats.beats, seen, there)
        classes = [beats.classes[n] for n in beats.most_probable[there]]
        episodes: Episodes | None = found.get("rhythm")
        if episodes is not None:
            classes = without_s_in((*episodes.of(FIBRILLATION), *episodes.of(FLUTTER)), times_s, classes)
        normal = np.array([name == "N" for name in classes], bool)
        is_irregular = episodes is not None and episodes.share(FIBRILLATION) + episodes.share(FLUTTER) > 0
        found |= {
            "beat_answer": beats,
            "ectopy": ectopy_of(times_s, classes, is_next, beats.classes),
            "variability": variability_of(times_s, normal, is_next, is_irregular),
        }
    if isinstance(diagnoses, RecordAnswer):
        found["diagnosis_answer"] = diagnoses
    return Interpretation(record, seen, findings, asked, **found)


def _beats(beats: Answer | None, rhythm: Answer | None, delineation: Delineation | None) -> Array | None:
    """Return the heartbeats, as sample numbers: of the detector, else of the delineation."""
    return next((one.beats for one in (beats, rhythm, delineation) if one is not None and len(one.beats)), None)


def _episodes(answer: RecordAnswer) -> Episodes:
    """Return the rhythms over time; windows that are measured with their neighbours are smoothed, noise is not assessed."""
    bounds_s, wanted = answer.windows / answer.record.fs_hz, answer.card.preparation
    is_noise = np.array([answer.classes[at] == NOISE for at in answer.most_probable], bool)
    assessed, decided = answer.is_answered & ~is_noise, answer.most_probable
    if wanted.context_s and answer.n_items:
        rhythms = [at for at, name in enumerate(answer.classes) if name != NOISE]
        overlap = 1 + 2 * wanted.context_s / wanted.window_s
        likely = smoothed(answer.deciding[:, rhythms], assessed, wanted.window_s, overlap)
        decided = np.array(rhythms)[likely.argmax(axis=1)]
    sure = answer.probabilities[np.arange(answer.n_items), decided]
    return episodes_of(bounds_s, [answer.classes[at] for at in decided], sure, assessed)
