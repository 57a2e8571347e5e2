"""The evidence for the classes of a whole record: where in the signal or the typical beat, in which leads, and by which input."""

from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest

import einthoven
from einthoven import bundle
from einthoven.explanation.gradcam import over_trace
from einthoven.explanation.record_evidence import evidence_for
from einthoven.records.record import Record
from einthoven.report import plots
from einthoven.report.page import render
from einthoven.report.plots import figure
from einthoven.signal import rhythm
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import prepare
from einthoven.signal.windows import Windows
from einthoven.training.fuse import fuse
from tests.inference.five_classes import RHYTHM, WITH_BEATS, made
from tests.layouts import twelve_leads


@pytest.fixture(scope="module")
def record() -> Record:
    return Record("twelve", twelve_leads(10, 500, np.random.default_rng(0)), 500, STANDARD)


@pytest.mark.parametrize("architecture", ["typical_beat", "forest"])
def test_a_lead_s_share_is_measured_together_with_its_typical_beat(architecture, tmp_path, record):
    settings = {"width": 8} if architecture == "typical_beat" else {"multilabel": True}
    made(tmp_path / "own", architecture, settings, preparation=WITH_BEATS)
    found = einthoven.load(tmp_path / "own")(record)
    assert np.isfinite(found.probabilities).all()
    told = evidence_for(einthoven.load(tmp_path / "own"), found)
    assert all(row.map.shape == (90,) and row.beat.shape == (12, 90) for row in told)
    assert all(len(row.falls) == 12 for row in told)
    model = einthoven.load(tmp_path / "own")
    window = prepare(record, model.card.preparation)
    window.signal[0, 7] = window.beat[0, 7] = 0.0
    wanted = found.probabilities[0] - model.probabilities(window)[0]
    for row in told:
        assert row.falls[7] == pytest.approx(wanted[row.label], abs=1e-6), "V2 and its typical beat"


def test_a_network_that_reads_signal_and_typical_beat_has_a_map_over_each(tmp_path, record):
    """The map over the signal changes with the signal: it is of the last convolution over it, not over the typical beat."""
    made(tmp_path / "both", "typical_beat", {"width": 8}, preparation=WITH_BEATS)
    made(tmp_path / "beat", "typical_beat", {"width": 8, "window_width": 0}, preparation=WITH_BEATS)
    both, beat = einthoven.load(tmp_path / "both"), einthoven.load(tmp_path / "beat")
    found = replace(both(record), probabilities=np.full((1, 5), 0.9))
    told = evidence_for(both, found)
    assert all(row.trace.shape == (1000,) and row.map.shape == (90,) for row in told)
    assert all(row.trace is None for row in evidence_for(beat, found))
    window = prepare(record, both.card.preparation)
    still = Windows(np.zeros_like(window.signal), window.beat, window.features)
    labels = np.array([told[0].label])
    assert not np.allclose(over_trace(both.network, window, labels), over_trace(both.network, still, labels), atol=0.05)


def test_measurements_on_a_beat_are_computed_again_when_the_beat_is_changed(tmp_path, record):
    """For trees that read measurements alone: a lead set to zero and a flattened piece change the prediction."""
    settings = {"n_bins": 0, "n_read": 211, "multilabel": True, "n_trees": 64}
    made(tmp_path / "own", "forest", settings, preparation={"inputs": ("signal", "beat", "summary", "waves")})
    model = einthoven.load(tmp_path / "own")
    found = replace(model(record), probabilities=np.full((1, 5), 0.9))
    told = evidence_for(model, found)
    assert len(told) == 5 and all(row.map.shape == (120,) and row.beat.shape == (12, 120) for row in told)
    assert any(row.map.max() == pytest.approx(1) for row in told)
    falls = 0.9 - np.array([row.falls for row in told])  # the probability without each lead
    assert falls.std(axis=1).max() > 1e-3, "each lead has its own share"


def test_members_that_read_the_signal_have_their_own_map_over_it(tmp_path, record):
    """Besides that over the typical beat: the map of the member that reads crops of the signal, as by itself."""
    made(tmp_path / "beat", "typical_beat", {"width": 8, "window_width": 0}, preparation=WITH_BEATS)
    made(tmp_path / "trace", "inception1d", {"width": 4}, preparation={"crop_s": 3.0})
    fuse(tmp_path / "both", [tmp_path / "beat", tmp_path / "trace"], "mean")
    both, alone = einthoven.load(tmp_path / "both"), einthoven.load(tmp_path / "trace")
    found = replace(both(record), probabilities=np.full((1, 5), 0.9))
    told = evidence_for(both, found)
    assert len(told) == 5
    for row in told:
        assert row.map.shape == (90,) and row.trace.shape == (1000,)
        own = replace(alone(record), probabilities=np.eye(5)[[row.label]])
        np.testing.assert_allclose(row.trace, evidence_for(alone, own)[0].map, atol=1e-5)
    page = render([replace(found, evidence=told)])
    assert page.count(', the signal"') == len(told)
    assert "Grad-CAM" in page and "Grad-CAM" not in render([replace(found, evidence=(replace(told[0], trace=None),))])
    for rows, height in (
        (told, 1 + 2 * 2.1 * len(told)),
        ([replace(row, trace=None) for row in told], 1 + 2.1 * len(told)),
    ):
        plots.evidence(replace(found, evidence=tuple(rows)), tmp_path / "why.png")
        assert matplotlib.image.imread(tmp_path / "why.png").shape[0] == pytest.approx(figure.DPI * height, abs=2)


@pytest.fixture(scope="module")
def of_intervals(tmp_path_factory):
    """A rhythm network whose head uses the measurements only."""
    folder = tmp_path_factory.mktemp("models") / "rhythm"
    made(folder, "rhythm", {"widths": [8, 8]}, preparation=RHYTHM)
    card, tensors = bundle.load_card(folder), bundle.load_weights(folder, bundle.load_card(folder))
    tensors["head.weight"][:, :-64] = 0
    bundle.save(folder, card, tensors)
    return einthoven.load(folder)


def test_a_rhythm_model_has_a_share_for_each_input(of_intervals, ecg):
    record = Record("wrist", ecg[0][None, : 360 * 30].astype(np.float32), 360.0, ("ECG",))
    found = of_intervals(record)
    told = evidence_for(of_intervals, found)
    window = prepare(record, of_intervals.card.preparation)
    window.features[0, 7:63] = rhythm.interval_features(np.zeros(0), 30.0)
    wanted = found.probabilities[0] - of_intervals.probabilities(window)[0]
    for row in told:
        parts = dict(row.parts)
        assert parts["signal"] == parts["typical beat"] == 0
        assert parts["RR intervals"] == pytest.approx(wanted[row.label], abs=1e-6) != 0
        assert row.map.shape == (4500,) and not row.map.any()
    page = render([replace(found, evidence=told)])
    intervals = np.diff(found.beats) / 0.36
    assert page.count(f">{intervals[3]:.0f}</text>") >= 1 + len(told), "above the signal, and above each map"
    assert f"Heart rate {found.rate_bpm:.0f} beats/min" in page
    assert found.to_dict()["rate_bpm"] == pytest.approx(60_000 / np.median(intervals), abs=0.06)
