"""A record that cannot be answered is declined with a reason, before a class is named."""

from dataclasses import replace

import numpy as np
import pytest

import einthoven
from einthoven import bundle
from einthoven.records.record import Record
from einthoven.signal import not_ecg
from einthoven.signal.density import Density
from einthoven.signal.leads import STANDARD
from einthoven.signal.quality_features import FEATURES


def record_for(card: bundle.Card, signal: np.ndarray, fs_hz: float) -> Record:
    """A record with the leads of a model, all of them this signal."""
    names = tuple(wish.split("|")[0] for wish in card.preparation.leads)
    return Record("made", np.tile(signal, (len(names), 1)), fs_hz, names)


@pytest.mark.parametrize("name", bundle.classifiers())
@pytest.mark.parametrize("kind", ["flat", "white noise", "square wave", "pulse wave", "brain waves"])
def test_what_is_no_ecg_gets_no_class_from_any_bundled_model(name, kind):
    model = einthoven.load(name)
    signal = not_ecg.signal(kind, 360 * 30, 360.0, np.random.default_rng(3))
    answer = model(record_for(model.card, signal, 360.0))
    assert answer.declined is not None and answer.declined.code in (
        "no_readable_lead",
        "no_heartbeat",
        "out_of_distribution",
    )
    assert not any(answer.counts.values()) and answer.predicted == ()
    assert answer.summary.startswith("not answered: ")


def test_zeros_in_twelve_leads_are_no_infarction():
    answer = einthoven.load("ptbxl-diagnoses")(Record("zeros", np.zeros((12, 5000), np.float32), 500, STANDARD))
    assert answer.declined.code == "no_readable_lead" and answer.to_dict()["predicted"] == []


def test_good_stretches_of_a_lead_that_goes_off_are_answered(ecg, untrained):
    model = einthoven.load(untrained)
    lead = np.concatenate((ecg[0][: 360 * 30], np.zeros(360 * 40)))
    answer = model(Record("tail", lead[None], 360, ("MLII",)))
    alone = model(Record("alone", ecg[0][None, : 360 * 30], 360, ("MLII",)))
    assert answer.declined is None
    assert abs(int(answer.is_answered.sum()) - alone.n_items) <= 1


def test_beats_in_noise_between_good_stretches_are_unreadable(ecg, untrained):
    lead = np.array(ecg[0][: 360 * 50])
    lead[360 * 20 : 360 * 30] = 0.8 * np.random.default_rng(0).standard_normal(3600)
    answer = einthoven.load(untrained)(Record("noise", lead[None], 360, ("MLII",)))
    inside = (answer.times_s >= 20) & (answer.times_s < 30)
    assert answer.unreadable[inside].all() and not answer.unreadable[~inside].any()
    assert sum(answer.counts.values()) == (~inside).sum() and answer.n_unreadable == inside.sum()


def test_a_record_far_from_the_training_data_is_declined(ecg, untrained):
    model = einthoven.load(untrained)
    record = Record("far", ecg[0][None], 360, ("MLII",))
    assert model(record).declined is None
    far = Density((40.0,) * len(FEATURES), (1.0,) * len(FEATURES), tuple(map(tuple, np.eye(len(FEATURES)))), 5.0, {})
    model.card = replace(model.card, density=far)
    assert model(record).declined.code == "out_of_distribution"


def test_a_density_is_the_same_after_the_card_and_refuses_nonsense():
    rows = np.random.default_rng(0).standard_normal((200, 2, len(FEATURES)))
    density = Density.fit(rows, {"corpus": "made"})
    again = Density.from_dict(density.as_dict())
    np.testing.assert_allclose(again.distance(rows), density.distance(rows))
    assert np.mean(1.5 * density.distance(rows) <= density.limit) == pytest.approx(0.99, abs=0.006)
    assert density.distance(rows[0] + 9.0) > density.limit and Density.fit(rows[:60], {}) is None
    with pytest.raises(ValueError, match="not finite"):
        Density.from_dict(density.as_dict() | {"mean": [float("nan")] * len(FEATURES)})
    assert Density.from_dict(density.as_dict() | {"features": ["other"]}) is None


def test_a_density_is_fitted_on_leads_of_recordings():
    """Rows taken for the leads of one recording would give the median of all distances as the largest familiar one."""
    rows = np.random.default_rng(0).standard_normal((300, len(FEATURES)))
    with pytest.raises(ValueError, match="recordings, leads"):
        Density.fit(rows, {})
    density = Density.fit(rows[:, None], {})
    distances = density.distance(rows[:, None])
    assert density.limit == pytest.approx(1.5 * np.quantile(distances, 0.99), rel=1e-3)


@pytest.mark.parametrize("name", bundle.classifiers())
def test_most_of_the_training_data_is_far_within_the_limit(name):
    """A limit at the middle of the training data would decline half of what is read."""
    density = bundle.load_card(bundle.find(name)).density
    drawn = np.random.default_rng(0).standard_normal((500, len(FEATURES)))
    factor = np.array(density.rows)
    typical = np.array(density.mean) + np.array(density.sd) * np.linalg.solve(factor.T, drawn.T).T
    assert (density.distance(typical[:, None]) < density.limit).mean() > 0.98


def test_a_distance_is_mahalanobis(monkeypatch):
    rows = np.random.default_rng(1).multivariate_normal(np.zeros(2), [[1, 0.6], [0.6, 2]], 4000)[:, None]
    monkeypatch.setattr("einthoven.signal.density.FEATURES", ("a", "b"))
    monkeypatch.setattr("einthoven.signal.density._SHRINKAGE", 0.0)
    density = Density.fit(rows, {})
    inverse = np.linalg.inv(np.cov(rows[:, 0].T))
    expected = np.sqrt(
        np.einsum("ni,ij,nj->n", rows[:50, 0] - rows.mean(axis=0), inverse, rows[:50, 0] - rows.mean(axis=0))
    )
    np.testing.assert_allclose(density.distance(rows[:50]), expected, rtol=0.01)
