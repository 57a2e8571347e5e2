"""The noise stress test, beside nst's definitions written out in plain loops."""

import math
import statistics

import numpy as np
import pytest

from einthoven.signal import noise_stress
from einthoven.signal.disturbances import Clean

FS_HZ = 360.0


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(5)
    loud = np.repeat(rng.uniform(0.02, 1.0, 61), round(FS_HZ))[None]
    wander = np.stack([np.sin(np.arange(61 * 360) / 900), np.cos(np.arange(61 * 360) / 500)])
    return loud * rng.standard_normal((2, 61 * 360)) + 3 * wander


def plain_rms(samples) -> float:
    sizes = []
    for second in range(len(samples) // 360):
        cut = samples[360 * second : 360 * second + 360]
        mean = sum(cut) / 360
        sizes.append(math.sqrt(sum((value - mean) ** 2 for value in cut) / 360))
    sizes.sort()
    out = len(sizes) // 20
    kept = sizes[out : len(sizes) - out]
    return sum(kept) / len(kept)


def plain_gain(lead, beats, samples, snr_db) -> float:
    heights = []
    for beat in beats:
        if beat - 18 >= 0 and beat + 18 < len(lead):
            around = [lead[at] for at in range(beat - 18, beat + 19)]
            heights.append(max(around) - min(around))
    power = statistics.median(heights) ** 2 / 8
    return math.sqrt(power / 10 ** (snr_db / 10)) / plain_rms(samples)


@pytest.mark.parametrize("snr_db", noise_stress.SNRS_DB)
def test_gains_are_those_of_the_definition(ecg, noise, snr_db):
    lead, beats = ecg
    both = np.stack((lead, -0.3 * lead))
    found = noise_stress.gains(
        noise_stress.qrs_amplitude_mv(both, beats, FS_HZ), noise_stress.noise_rms_mv(noise, FS_HZ), snr_db
    )
    for row in range(2):
        expected = plain_gain(both[row].tolist(), beats.tolist(), noise[row].tolist(), snr_db)
        assert found[row] == pytest.approx(expected, rel=1e-9)


def test_six_decibels_double_the_noise_and_scale_does_not_matter(ecg, noise):
    lead, beats = ecg
    amplitude, size = noise_stress.qrs_amplitude_mv(lead[None], beats, FS_HZ), noise_stress.noise_rms_mv(noise, FS_HZ)
    at = {snr_db: noise_stress.gains(amplitude, size[:1], snr_db) for snr_db in (6, 0)}
    assert at[0] / at[6] == pytest.approx(10 ** (6 / 20))
    assert noise_stress.noise_rms_mv(7 * noise + 2, FS_HZ) == pytest.approx(7 * size)


@pytest.mark.parametrize("fs_hz", [128.0, 360.0, 500.0])
def test_noise_runs_two_minutes_of_four_after_five(fs_hz):
    found = noise_stress.periods(round(1000 * fs_hz), fs_hz) / fs_hz
    assert found.tolist() == [[300, 420], [540, 660], [780, 900]]
    assert noise_stress.periods(round(600 * fs_hz), fs_hz).tolist()[-1][1] == round(600 * fs_hz)
    assert noise_stress.periods(round(400 * fs_hz), fs_hz).tolist() == [[0, round(400 * fs_hz)]]


def test_noise_begins_and_ends_without_a_step(noise):
    spans = np.array([[1000, 2000], [5000, 5001], [6000, 9000]])
    found = noise_stress.in_periods(noise, spans)
    expected, level = np.zeros_like(noise), np.zeros(2)
    for at in range(noise.shape[1]):
        if any(first < at < last for first, last in spans):
            level = level + noise[:, at] - noise[:, at - 1]
        expected[:, at] = level
    np.testing.assert_allclose(found, expected, atol=1e-9)
    whole = noise_stress.in_periods(noise, np.array([[0, noise.shape[1]]]))
    np.testing.assert_allclose(whole, noise - noise[:, :1], atol=1e-9)


def clean_of(lead, beats, leads=("MLII", "V1")) -> Clean:
    signal = np.stack([(1 - 0.2 * at) * lead for at in range(len(leads))]).astype(np.float32)
    return Clean(signal, leads, FS_HZ, leads, beats)


@pytest.mark.parametrize("snr_db", [12, -6])
def test_the_noise_added_has_the_ratio_that_is_stated(ecg, snr_db):
    lead, beats = ecg
    hiss = np.random.default_rng(6).standard_normal((2, 80 * 360))
    clean = clean_of(lead, beats)
    found = noise_stress.with_noise(hiss, snr_db, clean, np.random.default_rng(0))
    assert found.spans.tolist() == [[0, len(lead)]] and found.rows == (0, 1)
    for row in range(2):
        added = found.signal_mv[row] - clean.signal_mv[row]
        power = np.median([np.ptp(clean.signal_mv[row, at - 18 : at + 19]) for at in beats[1:-1]]) ** 2 / 8
        assert 10 * np.log10(power / added.var()) == pytest.approx(snr_db, abs=0.3)


def test_the_noise_begins_elsewhere_with_each_draw_and_goes_round_without_a_step(ecg):
    lead, beats = ecg
    ramp = np.tile(np.arange(40 * 360.0) + np.random.default_rng(0).uniform(0, 0.5, 40 * 360), (2, 1))
    clean = clean_of(lead, beats)
    first, again, other = (
        noise_stress.with_noise(ramp, 0, clean, np.random.default_rng(seed)).signal_mv for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    steps = np.abs(np.diff(first - clean.signal_mv, axis=1))
    assert steps.max() < 3 * np.median(steps)


def test_limb_leads_keep_their_laws_in_noise(ecg, noise):
    lead, beats = ecg
    clean = clean_of(lead, beats, ("I", "II", "III", "aVR", "V1"))
    added = noise_stress.with_noise(noise, 6, clean, np.random.default_rng(0)).signal_mv - clean.signal_mv
    one, two, three, avr, _ = added
    np.testing.assert_allclose(three, two - one, atol=1e-5)
    np.testing.assert_allclose(avr, -(one + two) / 2, atol=1e-5)


def test_a_lead_without_a_beat_gets_no_noise(ecg, noise):
    lead, beats = ecg
    assert noise_stress.with_noise(noise, 6, clean_of(lead, beats[:0]), np.random.default_rng(0)) is None
    gone = clean_of(lead, beats)
    gone.signal_mv[1] = np.nan
    assert noise_stress.with_noise(noise, 6, gone, np.random.default_rng(0)) is None
