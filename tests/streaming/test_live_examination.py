"""The last minute of a live signal is examined: findings are told once, and what a model does not know is declined."""

from dataclasses import replace

import numpy as np
import pytest

import einthoven
from einthoven.signal.quality_features import FEATURES
from einthoven.streaming.answer import StreamAnswer
from einthoven.streaming.live_examination import LiveFinding
from einthoven.streaming.stream import Stream
from tests.signal.test_doctor import twelve_leads, with_spikes


@pytest.fixture(scope="module")
def model():
    return einthoven.load("mitbih-cnn-lstm-mlii")


def paced_lead() -> np.ndarray:
    """70 s of a made-up paced lead II [1, samples], mV."""
    source = with_spikes(twelve_leads(360.0, 70.0))
    return source.signal_mv[1:2]


def events_of(live: Stream, signal: np.ndarray) -> list:
    seconds = [live.feed(signal[:, at : at + 360]) for at in range(0, signal.shape[1], 360)]
    return [event for second in seconds for event in second]


def answers_in(events) -> list[StreamAnswer]:
    return [one for one in events if isinstance(one, StreamAnswer)]


def test_a_paced_signal_is_declined_from_its_first_beat(model):
    signal = paced_lead()
    events = events_of(Stream(model, 360, ("MLII",)), signal)
    (told,) = [one for one in events if isinstance(one, LiveFinding) and one.finding.code == "paced"]
    assert (told.start_s, told.end_s) == (0.0, 10.0)
    answers = answers_in(events)
    assert len(answers) > 40
    for one in answers:
        assert one.predicted == () and one.doubt == "declined" and one.declined.code == "paced"
        assert np.isnan(list(one.probabilities.values())).all()
    assert answers[0].to_dict()["declined"]["text"].startswith("not answered: ")


def test_nothing_is_answered_before_ten_seconds_were_examined(model, ecg):
    live = Stream(model, 360, ("MLII",))
    assert answers_in(events_of(live, ecg[0][None, : 360 * 9])) == []
    assert answers_in(live.end())


def test_a_signal_unlike_the_training_recordings_is_declined(model, ecg):
    density = replace(model.card.density, mean=(50.0,) * len(FEATURES), sd=(0.1,) * len(FEATURES))
    strange = einthoven.load("mitbih-cnn-lstm-mlii")
    strange.card = replace(strange.card, density=density)
    answers = answers_in(events_of(Stream(strange, 360, ("MLII",)), ecg[0][None, : 360 * 30]))
    assert answers and {one.declined.code for one in answers} == {"out_of_distribution"}


def test_what_was_found_is_kept_with_the_state(model, tmp_path):
    signal = paced_lead()
    live = Stream(model, 360, ("MLII",))
    events_of(live, signal[:, : 360 * 30])
    live.save(tmp_path / "state")
    again = Stream.restored(model, tmp_path / "state")
    events = events_of(again, signal[:, 360 * 30 :])
    assert str(events) == str(events_of(live, signal[:, 360 * 30 :]))
    assert not [one for one in events if isinstance(one, LiveFinding)]
    assert {one.declined.code for one in answers_in(events)} == {"paced"}
