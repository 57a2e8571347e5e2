"""Any record is classified, with remarks where the signal is bad, or refused with a reason."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import einthoven
from einthoven import bundle
from einthoven.corpora.mitdb import MITDB
from einthoven.data.build import build
from einthoven.errors import ConfigurationFault, LeadMismatch, PatientLeak, RecordUnreadable
from einthoven.evaluation.class_prior import by_person
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for, score_test_part
from einthoven.records.record import Record
from einthoven.signal.windows import Windows


@pytest.fixture(scope="module")
def model(untrained):
    return einthoven.load(untrained)


def record_of(lead, leads=("MLII",), fs_hz=360):
    return Record("strip", np.atleast_2d(lead), fs_hz, leads)


def test_every_beat_gets_probabilities(model, ecg):
    lead, beats = ecg
    prediction = model(record_of(lead), beats)
    assert prediction.probabilities.shape == (len(beats), 4)
    np.testing.assert_allclose(prediction.probabilities.sum(axis=1), 1, atol=1e-5)
    assert sum(prediction.counts.values()) == len(beats)
    assert prediction.to_dict()["items"][3]["sample"] == beats[3]


def test_beats_are_found_where_none_are_given(model, ecg):
    lead, beats = ecg
    prediction = model(record_of(lead))
    assert len(prediction.beats) == pytest.approx(len(beats), rel=0.15)
    assert prediction.rate_bpm == pytest.approx(75, abs=8)


def test_a_record_is_prepared_as_in_training(model, mitdb_like, home):
    """A record read by predict has the same windows as in the store."""
    store = build(MITDB, mitdb_like, model.card.preparation, ("102", "104", "107", "217"))
    record = einthoven.read(mitdb_like / "100.hea")
    mine = store.index.record == "100"
    np.testing.assert_allclose(
        model(record, store.index.position[mine]).probabilities, model.probabilities(store.windows[mine]), atol=1e-6
    )


def test_another_rate_and_order_and_name_give_nearly_the_same(model, ecg):
    from scipy.signal import resample_poly

    lead, beats = ecg
    once = model(record_of(lead), beats).probabilities
    faster = resample_poly(lead, 25, 18, padtype="edge")
    again = model(record_of(np.stack((0 * faster, faster)), ("V5", "II"), 500), np.rint(beats * 500 / 360).astype(int))
    assert np.abs(once - again.probabilities)[2:-2].mean() < 0.02


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("flat", lambda x: 0 * x),
        ("missing", lambda x: np.where(np.arange(len(x)) > 6000, np.nan, x)),
        ("missing", lambda x: np.full_like(x, np.nan)),
        ("clipped", lambda x: np.clip(3 * x, -0.1, 0.8)),
    ],
)
def test_a_bad_signal_is_classified_with_remarks(name, spoil, model, ecg):
    lead, _ = ecg
    prediction = model(record_of(spoil(lead)))
    assert name in {row.verdict for row in prediction.quality.stretches}
    assert any("Lead MLII" in remark and name in remark for remark in prediction.remarks)
    if not len(prediction.beats):
        assert prediction.declined.code == "no_readable_lead"
        assert prediction.to_dict()["counts"] == dict.fromkeys("NSVF", 0)


def test_beats_near_missing_samples_are_doubtful(model, ecg):
    lead, beats = ecg
    holed = lead.copy()
    holed[beats[10] - 20 : beats[10] + 20] = np.nan
    prediction = model(record_of(holed), beats)
    assert prediction.doubts[10] == "missing samples"
    assert prediction.missing.sum() <= 3


def test_a_lead_that_is_missing(model, ecg):
    with pytest.raises(LeadMismatch, match="MLII or II"):
        model(record_of(ecg[0], ("V1",)))


def test_shorter_than_a_window(model, ecg):
    with pytest.raises(RecordUnreadable, match=r"1\.94 s"):
        model(record_of(ecg[0][:700]))


def test_a_test_set_with_patients_of_the_training_is_refused(model, mitdb_like, home):
    from dataclasses import replace

    protocol = MITDB.protocols["clean"]
    store = build(MITDB, mitdb_like, model.card.preparation, protocol.without)
    _, found = score_test_part(model, MITDB, protocol, store)
    assert found["shared_patients"] == []
    model_that_saw = einthoven.load(model.folder)
    model_that_saw.card = replace(model.card, training=model.card.training | {"patients": ["mitdb/201", "mitdb/233"]})
    with pytest.raises(PatientLeak, match="mitdb/233"):
        score_test_part(model_that_saw, MITDB, protocol, store)
    with pytest.raises(ConfigurationFault, match="predicts other classes than this protocol of mitdb"):
        score_test_part(model, MITDB, MITDB.protocols["paper"], store)


def test_class_weights_change_the_probabilities(untrained, tmp_path):
    shutil.copytree(untrained, tmp_path / "copy")
    windows = Windows(np.random.default_rng(0).standard_normal((20, 1, 360)).astype(np.float32))
    before = load(untrained).probabilities(windows)
    bundle.rewrite_card(tmp_path / "copy", replace(bundle.load_card(untrained), class_weights=(1.0, 0.2, 1.0, 1.0)))
    after = load(tmp_path / "copy").probabilities(windows)
    want = before * (1, 0.2, 1, 1)
    np.testing.assert_allclose(after, want / want.sum(axis=1, keepdims=True), rtol=1e-5)


def test_class_priors_are_adapted_to_each_record(untrained, mitdb_like, home, tmp_path):
    """As by_person adapts them, in predict and evaluate alike; single windows are not changed."""
    shutil.copytree(untrained, tmp_path / "copy")
    own = {"of": "S", "beside": "N", "share": 0.02, "counts": 30.0}
    bundle.rewrite_card(tmp_path / "copy", replace(bundle.load_card(untrained), class_prior_adaptation=own))
    plain, shared = load(untrained), load(tmp_path / "copy")
    protocol = MITDB.protocol("clean")
    store = build(MITDB, mitdb_like, shared.card.preparation, protocol.without)
    chosen = np.flatnonzero(np.isin(store.index.record, ("100", "103")))
    before, after = (predictions_for(each, protocol, store, chosen) for each in (plain, shared))
    np.testing.assert_array_equal(
        plain.probabilities(store.windows[chosen]), shared.probabilities(store.windows[chosen])
    )
    wanted = by_person(before.probability, before.record, 1, 0, 0.02, 30.0)
    np.testing.assert_allclose(after.probability, wanted, atol=1e-6)
    assert np.abs(after.probability - before.probability).max() > 1e-3
    record = einthoven.read(mitdb_like / "100.hea")
    of_one = after.at(after.record == "100")
    found = shared(record, of_one.position)
    np.testing.assert_allclose(found.probabilities, of_one.probability, atol=2e-3)
    assert any("estimated from this recording" in remark for remark in found.remarks)
    assert not any("estimated" in remark for remark in plain(record, of_one.position).remarks)
    with pytest.raises(ConfigurationFault, match="live"):
        einthoven.Stream(shared, 360, ("MLII",))
