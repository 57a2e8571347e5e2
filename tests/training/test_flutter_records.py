"""Simulated flutter: the waves of a real lead, conducted in whole numbers of a cycle."""

import numpy as np
import pytest

from einthoven.signal import heartbeats
from einthoven.training.flutter_records import flutter
from tests.signal.hearts import twelve_leads

FS_HZ = 300.0


@pytest.fixture(scope="module")
def sinus():
    lead = twelve_leads(FS_HZ, 20.0).signal_mv[1]
    return lead, heartbeats.find(lead, FS_HZ)


@pytest.mark.parametrize("seed", range(3))
def test_beats_follow_whole_numbers_of_one_cycle(sinus, seed):
    made = flutter(*sinus, FS_HZ, 30.0, np.random.default_rng(seed))
    assert made.shape == (9000,) and np.isfinite(made).all()
    rr_s = np.diff(heartbeats.find(made, FS_HZ)) / FS_HZ
    cycles = np.arange(0.170, 0.28, 0.002)[:, None]
    apart = np.abs(rr_s / cycles - np.rint(rr_s / cycles)).mean(axis=1)
    assert len(rr_s) > 15 and apart.min() < 0.12


def test_the_same_numbers_make_the_same_lead_and_others_another(sinus):
    one, again, other = (flutter(*sinus, FS_HZ, 10.0, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.1


def test_too_few_beats_make_none(sinus):
    assert flutter(sinus[0], sinus[1][:5], FS_HZ, 10.0, np.random.default_rng(0)) is None
