import numpy as np
import pytest

from einthoven.signal import quality


def verdict(signal):
    return quality.lead_quality("MLII", np.asarray(signal, np.float32), 360.0).verdict


def test_each_fault_has_its_verdict(ecg):
    lead, _ = ecg
    rng = np.random.default_rng(0)
    gone = lead.copy()
    gone[: len(lead) // 4] = np.nan
    assert verdict(lead) == "good"
    assert verdict(gone) == "missing"
    assert verdict(np.zeros(3600)) == "flat"
    assert verdict(np.full(3600, np.nan)) == "missing"
    assert verdict(np.clip(3 * lead, -0.1, 0.8)) == "clipped"
    assert verdict(0.5 * np.cumsum(rng.standard_normal(3600)) / 20) == "noisy"


def test_an_inverted_lead_is_told(ecg):
    lead, beats = ecg
    rng = np.random.default_rng(0)
    upright = 0.02 * rng.standard_normal(len(lead))
    for beat in beats:
        upright[beat - 3 : beat + 4] += 1.0
    assert not quality.looks_inverted(upright, beats, 360)
    assert quality.looks_inverted(-upright, beats, 360)


def test_gaps_are_bridged():
    got = quality.interpolated(np.array([0.0, np.nan, np.nan, 3.0]))
    assert got.tolist() == pytest.approx([0, 1, 2, 3])
    assert quality.interpolated(np.full(4, np.nan)).tolist() == [0, 0, 0, 0]
