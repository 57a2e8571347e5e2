"""Activity of the atria: flutter waves, P waves and the irregularity that ectopic beats do not explain."""

import numpy as np
import pytest

from einthoven.signal.atria import NAMES, UNITS, atrial_features

FS_HZ = 150.0


def lead(intervals_s, p_wave=0.15, flutter_hz=0.0, height=0.15, wide=(), noise=0.01):
    """Half a minute with beats at given intervals, and their sample numbers; those of `wide` have another shape."""
    rng = np.random.default_rng(1)
    beats_s = 0.5 + np.cumsum(intervals_s)
    beats_s = beats_s[beats_s < 29.4]
    time_s = np.arange(round(30 * FS_HZ)) / FS_HZ
    signal = noise * rng.standard_normal(len(time_s)) + height * (flutter_hz > 0) * np.sin(
        2 * np.pi * flutter_hz * time_s
    )
    for at, beat in enumerate(beats_s):
        qrs = ((0.0, -1.2, 0.05),) if at in wide else ((0.0, 1.0, 0.015),)
        for offset, size, width in (*qrs, (0.25, 0.25, 0.05), (-0.15, p_wave * (at not in wide), 0.02)):
            signal += size * np.exp(-0.5 * ((time_s - beat - offset) / width) ** 2)
    return signal, np.round(beats_s * FS_HZ).astype(int)


def found(*strip, fs_hz=FS_HZ):
    return dict(zip(NAMES, atrial_features(*strip, fs_hz).tolist(), strict=True))


STEADY = np.full(60, 0.8)
AT_RANDOM = np.random.default_rng(3).uniform(0.45, 1.1, 90)


def test_they_do_not_change_with_amplitude_sign_or_rate():
    signal, beats = lead(AT_RANDOM)
    known = atrial_features(signal, beats, FS_HZ)
    assert known.shape == (len(NAMES),) == (len(UNITS),) and np.isfinite(known).all()
    np.testing.assert_allclose(atrial_features(-signal, beats, FS_HZ), known, atol=1e-3)
    np.testing.assert_allclose(atrial_features(5 * signal, beats, FS_HZ), known, atol=0.03)
    intervals = [at for at, name in enumerate(NAMES) if "interval" in name and "entropy" not in name]
    slow = atrial_features(signal[::2], beats // 2, FS_HZ / 2)
    np.testing.assert_allclose(slow[intervals], known[intervals], atol=0.15)


@pytest.mark.parametrize("cycles", [2, 3, 4])
def test_flutter_has_a_line_and_whole_numbers_of_its_cycles(cycles):
    calm = found(*lead(np.full(60, 0.2 * cycles), p_wave=0.15))
    wild = found(*lead(np.full(90, 0.2 * cycles), p_wave=0.0, flutter_hz=5.0))
    assert wild["strongest frequency between the beats"] == pytest.approx(5.0, abs=0.3)
    assert wild["its lag"] == pytest.approx(0.2, abs=0.02)
    assert wild["highest autocorrelation at lags of flutter"] > 0.4
    assert wild[f"autocorrelation at RR / {cycles}"] > 0.4
    assert wild["share of intervals near a whole multiple of one cycle"] > 0.95
    assert wild["share of the strongest frequency"] > calm["share of the strongest frequency"]


def test_fibrillation_is_irregular_without_ectopic_beats_and_ectopic_rhythms_are_not():
    ectopic = np.tile((0.8, 0.8, 0.8, 0.5, 1.1), 14)
    wide = range(3, 70, 5)
    calm, early, wild = found(*lead(STEADY)), found(*lead(ectopic, wide=wide)), found(*lead(AT_RANDOM, p_wave=0.0))
    for name in ("root mean square step between usual intervals", "share of usual steps over 12 %"):
        assert wild[name] > 0.15 and early[name] < 0.05 and calm[name] < 0.05
    assert early["share of intervals between usual beats"] < 0.7 < calm["share of intervals between usual beats"]
    assert (
        wild["coefficient of sample entropy of all intervals"]
        > calm["coefficient of sample entropy of all intervals"] + 1
    )


def test_p_waves_stand_ahead_of_the_beats():
    with_p, without = found(*lead(STEADY)), found(*lead(STEADY, p_wave=0.0))
    assert (
        with_p["correlation of P waves with the typical one"]
        > 0.9
        > without["correlation of P waves with the typical one"]
    )
    assert with_p["height of the typical P wave"] == pytest.approx(0.15, abs=0.04)
    assert without["height of the typical P wave"] < 0.06


@pytest.mark.parametrize("beats", [[], [100], [100, 220]])
def test_two_beats_tell_nothing(beats):
    assert not atrial_features(np.random.default_rng(0).standard_normal(1500), np.array(beats, int), FS_HZ).any()


def test_a_flat_lead_and_beats_at_its_ends_give_numbers():
    for signal in (np.zeros(1500), np.ones(1500)):
        assert np.isfinite(atrial_features(signal, np.array([0, 300, 700, 1499]), FS_HZ)).all()
