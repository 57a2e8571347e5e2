"""Disturbances beside electrode potentials that are really exchanged, and what each leaves alone."""

import numpy as np
import pytest

from einthoven.signal import disturbances, not_ecg
from einthoven.signal.disturbances import Clean
from einthoven.signal.leads import STANDARD

FS_HZ = 100.0
RNG = np.random.default_rng(0)


def leads_of(potential: dict[str, np.ndarray]) -> np.ndarray:
    """The twelve leads [12, samples] of the potentials of the electrodes."""
    ra, la, ll = (potential[name] for name in ("RA", "LA", "LL"))
    middle = (ra + la + ll) / 3
    limb = [la - ra, ll - ra, ll - la, ra - (la + ll) / 2, la - (ra + ll) / 2, ll - (ra + la) / 2]
    return np.stack([*limb, *(potential[name] - middle for name in STANDARD[6:])])


@pytest.fixture
def potentials():
    names = ("RA", "LA", "LL", *STANDARD[6:])
    return {name: RNG.standard_normal(1000) for name in names}


def clean_of(signal, leads=STANDARD, used=STANDARD) -> Clean:
    return Clean(signal, tuple(leads), FS_HZ, tuple(used), np.arange(50, 1000, 80))


def made_by(name: str, clean: Clean, seed: int = 0):
    groups = (disturbances.UNDISTURBED, disturbances.LEADS, disturbances.UNITS)
    every = {key: value for group in (*groups, disturbances.ELECTRODES) for key, value in group.items()}
    return (every | disturbances.NOT_ECG)[name](clean, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["RA/LA", "RA/LL", "LA/LL", "V1/V3"])
def test_exchanged_electrodes_give_the_leads_of_exchanged_potentials(name, potentials):
    first, second = name.split("/")
    exchanged = potentials | {first: potentials[second], second: potentials[first]}
    before, expected = leads_of(potentials), leads_of(exchanged)
    found = made_by(f"{name} exchanged", clean_of(before))
    np.testing.assert_allclose(found.signal_mv, expected, atol=1e-12)
    assert {*found.rows} == {*np.flatnonzero((np.abs(before - expected) > 1e-9).any(axis=1)).tolist()}
    assert found.spans.tolist() == [[0, 1000]]


def test_leads_that_are_not_there_are_not_exchanged(potentials):
    two = clean_of(leads_of(potentials)[:2], ("MLII", "V1"), ("MLII",))
    assert all(made_by(name, two) is None for name in disturbances.LEADS if "exchanged" in name)


def test_one_lead_that_the_model_uses_is_inverted(potentials):
    before = leads_of(potentials)
    rows = set()
    for seed in range(20):
        found = made_by("one lead inverted", clean_of(before, used=("V2", "V5")), seed)
        (row,) = found.rows
        np.testing.assert_array_equal(found.signal_mv[row], -before[row])
        np.testing.assert_array_equal(np.delete(found.signal_mv, row, 0), np.delete(before, row, 0))
        rows.add(STANDARD[row])
    assert rows == {"V2", "V5"}


@pytest.mark.parametrize(("name", "factor"), [("gain x10", 10.0), ("gain ÷10", 0.1)])
def test_gains(name, factor, potentials):
    before = leads_of(potentials)
    found = made_by(name, clean_of(before))
    np.testing.assert_allclose(found.signal_mv, factor * before, rtol=1e-6)
    assert found.fs_hz == FS_HZ


@pytest.mark.parametrize(("name", "fs_hz"), [("rate x2", 200.0), ("rate ÷2", 50.0)])
def test_rates(name, fs_hz, potentials):
    before = leads_of(potentials)
    found = made_by(name, clean_of(before))
    np.testing.assert_array_equal(found.signal_mv, before)
    assert found.fs_hz == fs_hz


def test_leads_that_are_off_are_flat(potentials):
    before = leads_of(potentials)
    before[3, 100:200] = np.nan
    one = made_by("one lead off", clean_of(before))
    assert (np.ptp(np.nan_to_num(one.signal_mv, nan=9), axis=1) == 0).sum() == len(one.rows) == 1
    assert np.ptp(made_by("all leads off", clean_of(before)).signal_mv, axis=1).max() == 0
    half = made_by("all leads off, second half", clean_of(before))
    np.testing.assert_array_equal(half.signal_mv[:, :500], before[:, :500])
    assert np.ptp(half.signal_mv[:, 500:], axis=1).max() == 0 and half.spans.tolist() == [[500, 1000]]
    assert made_by("one lead off", clean_of(before[:1], ("I",), ("I",))) is None


@pytest.mark.parametrize("kind", not_ecg.KINDS)
def test_what_is_no_ecg_fills_all_leads_and_obeys_the_limb_laws(kind, potentials):
    found = made_by(kind, clean_of(leads_of(potentials)))
    assert found.signal_mv.shape == (12, 1000) and np.isfinite(found.signal_mv).all()
    np.testing.assert_allclose(found.signal_mv[2], found.signal_mv[1] - found.signal_mv[0], atol=1e-9)
    long = clean_of(np.zeros((1, 9000)), ("MLII",), ("MLII",))
    assert made_by(kind, long).signal_mv.shape == (1, 3000)


def test_no_disturbance_changes_the_recording_it_was_given(potentials):
    before = leads_of(potentials)
    clean = clean_of(before.copy())
    every = disturbances.LEADS | disturbances.UNITS | disturbances.ELECTRODES | disturbances.NOT_ECG
    for name in every:
        made_by(name, clean)
    np.testing.assert_array_equal(clean.signal_mv, before)
    np.testing.assert_array_equal(made_by("clean", clean).signal_mv, before)


def test_the_beginning_of_a_recording_keeps_its_beats(potentials):
    found = clean_of(leads_of(potentials)).first(3.0)
    assert found.n_samples == 300 and found.beats.tolist() == [50, 130, 210, 290]
    assert found.first(99.0).n_samples == 300


def test_a_model_that_derives_its_leads_has_all_rows_disturbed():
    assert clean_of(np.zeros((2, 100)), ("I", "III"), ("II",)).usable == [0, 1]
    assert clean_of(np.zeros((2, 100)), ("MLII", "V1"), ("V1",)).usable == [1]
