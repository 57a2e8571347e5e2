"""Beats and rhythms of an interpretation by the codes of WFDB."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

import einthoven
from einthoven.interpretation.episodes import Episode, Episodes
from einthoven.records.annotation_file import CODES
from einthoven.serving.marks import BEATS, RHYTHMS, beats_of, rhythms_of


@dataclass
class Found:
    """What an interpretation has of rhythm and beats."""

    episodes: list
    codes: tuple = ()
    record: object = field(default_factory=lambda: SimpleNamespace(fs_hz=100.0, n_samples=10_000))
    beats: object = field(default_factory=lambda: np.array([50, 150, 250]))
    beat_answer: object = None

    @property
    def rhythm(self):
        return Episodes(tuple(Episode(name, a, b, 0.9) for name, a, b in self.episodes), 100.0)

    @property
    def statements(self):
        return [SimpleNamespace(code=code) for code in self.codes]


def test_the_codes_are_those_of_wfdb():
    assert set(BEATS) <= set(CODES) and all(name.startswith("(") for name in RHYTHMS)


@pytest.mark.parametrize(
    ("episodes", "codes", "wanted"),
    [
        ([("N", 0, 30), ("A", 30, 100)], ("rhythm_in_part",), [(0, "(N"), (3000, "(AFIB")]),
        ([("O", 0, 60)], ("rhythm_throughout",), [(0, "(O"), (6000, "(U")]),
        ([("A", 30, 100)], (), [(0, "(U"), (3000, "(AFIB")]),
        ([("N", 0, 30), ("O", 30, 100)], ("sinus",), [(0, "(N")]),
        ([("O", 0, 100)], ("sinus_bradycardia",), [(0, "(SBR")]),
        ([], (), []),
    ],
)
def test_rhythms_change_where_episodes_do(episodes, codes, wanted):
    assert rhythms_of(Found(episodes, codes)) == wanted


def test_beats_without_a_class_are_not_called_normal():
    assert beats_of(Found([])) == [(50, "Q"), (150, "Q"), (250, "Q")]


def test_beats_within_fibrillation_are_not_called_supraventricular():
    answer = SimpleNamespace(
        is_answered=np.array([True, True, False]),
        classes=("N", "S", "V"),
        most_probable=np.array([1, 1, 2]),
        beats=np.array([50, 150, 250]),
        times_s=np.array([0.5, 1.5, 2.5]),
    )
    found = Found([("N", 0, 1), ("A", 1, 100)], beat_answer=answer)
    assert beats_of(found) == [(50, "S"), (150, "N"), (250, "Q")]


def test_a_real_recording_has_the_beats_of_the_answer(mitdb_like):
    found = einthoven.interpret(mitdb_like / "100.hea")
    marked = beats_of(found)
    assert [at for at, _ in marked] == sorted(set(found.beats.tolist()))
    answer = found.beat_answer
    counts = {name: sum(symbol == name for _, symbol in marked) for name in answer.classes}
    assert counts == {name: answer.counts[name] for name in answer.classes}
