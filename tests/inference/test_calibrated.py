"""Probabilities are calibrated, decisions are what they were; doubt, sets and remarks follow the card."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from einthoven import bundle
from einthoven.errors import ConfigurationFault, RecordUnreadable
from einthoven.evaluation.calibration import Calibration
from einthoven.evaluation.conformal import Conformal
from einthoven.evaluation.doubt import Doubt
from einthoven.inference import trained_on
from einthoven.inference.prediction_set import NONE_ON_CARD, OF_BEATS
from einthoven.inference.predictor import Predictor, load
from einthoven.inference.scored import NOT_CALIBRATED
from einthoven.paths import ASSETS
from einthoven.records.record import Record
from einthoven.signal.windows import Windows
from einthoven.streaming.stream import Stream
from tests.inference.five_classes import made
from tests.layouts import twelve_leads

OFFSETS = (0.0, 3.0, -1.0, 0.5)


def with_card(folder, **changes) -> Predictor:
    before = load(folder)
    return Predictor(folder, replace(before.card, **changes), before.backend)


def calibration(card) -> Calibration:
    return Calibration("vector", card.classes, (0.5, 0.8, 1.2, 1.0), OFFSETS)


def record_of(lead, name="strip") -> Record:
    return Record(name, np.atleast_2d(lead), 360, ("MLII",))


def test_weights_and_priors_decide_and_the_calibration_is_printed(untrained, ecg):
    lead, beats = ecg
    weights = (1.0, 0.3, 2.0, 1.0)
    before = with_card(untrained, class_weights=weights)(record_of(lead), beats)
    model = with_card(untrained, class_weights=weights, calibration=calibration(load(untrained).card))
    after = model(record_of(lead), beats)
    np.testing.assert_array_equal(after.decisions, before.decisions)
    assert after.counts == before.counts
    logits = np.log(softmax(np.log(before.probabilities / np.array(weights)), axis=1))
    wanted = softmax(logits * np.array((0.5, 0.8, 1.2, 1.0)) + np.array(OFFSETS), axis=1)
    np.testing.assert_allclose(after.probabilities, wanted, atol=1e-5)
    assert (after.probabilities.argmax(axis=1) != after.most_probable).any(), "the test must tell both apart"
    np.testing.assert_allclose(after.confidence, wanted[np.arange(len(beats)), after.most_probable], atol=1e-5)
    assert NOT_CALIBRATED in before.remarks
    assert NOT_CALIBRATED not in after.remarks


def test_a_stream_prints_the_same_and_doubts_the_same(untrained, ecg):
    card = load(untrained).card
    model = with_card(untrained, calibration=calibration(card), doubt=Doubt(0.15))
    whole = model(record_of(ecg[0]))
    stream = Stream(model, 360, ("MLII",))
    found = [one for one in (*stream.feed(np.atleast_2d(ecg[0])), *stream.end()) if one.kind == "beat"]
    known = {int(at): row for row, at in enumerate(whole.beats)}
    both = [(one, known[one.sample]) for one in found if one.sample in known]
    assert len(both) > 40
    for one, row in both:
        np.testing.assert_allclose(list(one.probabilities.values()), whole.probabilities[row], atol=2e-3)
        assert one.predicted == whole.labels[row]
    marked = {one.doubt == "unsure" for one, _ in both}
    assert marked == {confidence < 0.15 for confidence in whole.confidence}


def test_thresholds_of_labels_move_with_the_probabilities(tmp_path):
    card = made(tmp_path / "five", thresholds=(0.5, 0.4, 0.5, 0.6, 0.3))
    record = Record("made", twelve_leads(10, 500, np.random.default_rng(0)), 500, card.preparation.signal.leads)
    before = load(tmp_path / "five")(record)
    platt = Calibration("platt", card.classes, (0.5, 1.0, 2.0, 1.5, 0.8), (0.3, -0.4, 0.1, 0.0, -1.0))
    after = with_card(tmp_path / "five", calibration=platt)(record)
    assert (after.predicted == ()) == (before.predicted == ())
    np.testing.assert_array_equal(after.is_predicted, before.is_predicted)
    np.testing.assert_array_equal(after.is_borderline, before.is_borderline)
    limits = np.array(list(after.thresholds.values()))
    np.testing.assert_array_equal(after.record_probabilities >= limits, after.is_predicted)
    assert not np.allclose(after.record_probabilities, before.record_probabilities)
    assert after.doubt == ""


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_no_answer_is_made_of_what_is_no_number(untrained, ecg, wrong):
    class Overflowing:
        name = "overflowing"

        def logits(self, windows):
            found = np.zeros((len(windows), 4), np.float32)
            found[-1, 2] = wrong
            return found

    model = Predictor(untrained, load(untrained).card, Overflowing())
    with pytest.raises(RecordUnreadable, match="no number") as error:
        model(record_of(ecg[0]), ecg[1])
    assert f"1 of {len(ecg[1])} windows" in error.value.found
    with pytest.raises(RecordUnreadable):
        model.probabilities(Windows(np.zeros((3, 1, 360), np.float32)))


def test_a_set_has_the_classes_that_conform_and_beats_have_none(tmp_path, untrained, ecg):
    card = made(tmp_path / "five")
    record = Record("made", twelve_leads(10, 500, np.random.default_rng(0)), 500, card.preparation.signal.leads)
    p = load(tmp_path / "five")(record).record_probabilities.astype(float)
    limits = np.where(np.arange(5) < 2, 1 - p + 0.01, 1 - p - 0.01).clip(0, 1)
    scores = Conformal(card.classes, (100,) * 4 + (3,), ((100,),) * 5, tuple((float(one),) for one in limits))
    model = with_card(tmp_path / "five", conformal=scores)
    found = model(record).prediction_set(0.9)
    assert (found.classes, found.not_promised) == (card.classes[:2], card.classes[4:])
    assert str(found) == f"90% set: {{{', '.join(card.classes[:2])}}}"
    told = replace(model(record), coverage=0.9).to_dict()["prediction_set"]
    assert json.loads(json.dumps(told))["classes"] == list(card.classes[:2])
    assert model(record).to_dict()["prediction_set"] is None
    assert load(tmp_path / "five")(record).prediction_set(0.9).reason == NONE_ON_CARD
    of_beats = load(untrained)(record_of(ecg[0]), ecg[1]).prediction_set(0.9)
    assert (of_beats.classes, str(of_beats)) == (None, OF_BEATS)
    with pytest.raises(ConfigurationFault, match="coverage"):
        model(record).prediction_set(1.2)


def test_a_person_with_more_expected_errors_than_others_is_doubtful(untrained, ecg):
    sure = with_card(untrained, doubt=Doubt(0.5, 1.0))(record_of(ecg[0]), ecg[1])
    expected = float(1 - sure.confidence.mean())
    assert sure.doubt == ""
    found = with_card(untrained, doubt=Doubt(0.5, round(expected - 0.02, 3)))(record_of(ecg[0]), ecg[1])
    assert f"{expected:.0%} of the beats are expected to be wrong" in found.doubt
    assert found.to_dict()["doubt"] == found.doubt


def test_a_recording_that_trained_the_model_is_named(untrained, ecg):
    model = load(untrained)
    said = [remark for remark in model(record_of(ecg[0], "101"), ecg[1]).remarks if "trained this model" in remark]
    assert len(said) == 1
    assert "101" in said[0]
    assert not any("trained this model" in one for one in model(record_of(ecg[0], "100"), ecg[1]).remarks)
    other_rate = Record("101", np.atleast_2d(ecg[0]), 250, ("MLII",))
    assert not any("trained this model" in one for one in model(other_rate).remarks)


@pytest.mark.parametrize("name", bundle.classifiers())
def test_every_bundled_model_says_how_it_is_calibrated(name):
    card = load(name).card
    assert card.calibration is not None
    assert card.calibration.fitted_on["corpus"]
    assert card.calibration.fitted_on["n"] > 500
    if card.preparation.is_whole:
        assert card.conformal is not None
        by_class = card.conformal.held_out["by_class"]
        assert all(0.88 <= share <= 0.95 for share in by_class.values() if share is not None)


@pytest.mark.parametrize(
    ("name", "fs_hz", "trained"),
    [("00001_hr", 500, True), ("00001_lr", 100, True), ("1", 500, False), ("1", 100, False), ("00009_hr", 500, False)],
)
def test_a_number_alone_is_no_recording_of_ptb_xl(name, fs_hz, trained):
    """Record 1 of PTB-XL, which trained the bundled model, is in the files 00001_hr and 00001_lr."""
    card = bundle.load_card(ASSETS / "ptbxl-diagnoses")
    known = {name for part in card.training["records"].values() for name in part}
    assert "ptb-xl/1" in known and "ptb-xl/9" not in known
    told = " ".join(trained_on.remark(card, Record(name, np.zeros((1, 10)), fs_hz, ("I",))))
    assert ("PTB-XL" in told) == trained
