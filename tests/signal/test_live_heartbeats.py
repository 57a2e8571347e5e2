"""Heartbeats found as the signal comes are those of the whole signal, however it is cut."""

import numpy as np
import pytest

import einthoven
from einthoven.signal import heartbeats
from einthoven.signal.live_heartbeats import LiveHeartbeats

FS_HZ = 360.0


@pytest.mark.parametrize("chunk", [37, 5000])
def test_beats_as_they_come_are_those_of_the_whole_signal(ecg, chunk):
    signal = ecg[0].astype(np.float32)
    rng = np.random.default_rng(0)
    signal[:100] = signal[0]
    signal[7000:9000] *= 0.2
    signal[12_000:12_700] += rng.normal(0, 0.4, 700).astype(np.float32)
    signal[15_000:18_000] = signal[15_000]
    live = LiveHeartbeats(FS_HZ)
    found = [live.feed(signal[at : at + chunk]) for at in range(0, len(signal), chunk)]
    np.testing.assert_array_equal(np.concatenate((*found, live.end())), heartbeats.find(signal, FS_HZ))


def test_beats_of_real_records_as_they_come(real_mitdb):
    for name in ("108", "119", "207", "231"):
        signal = einthoven.read(real_mitdb / f"{name}.hea").signal_mv[0]
        live = LiveHeartbeats(FS_HZ)
        found = [live.feed(signal[at : at + 1234]) for at in range(0, len(signal), 1234)]
        np.testing.assert_array_equal(np.concatenate((*found, live.end())), heartbeats.find(signal, FS_HZ))


@pytest.mark.parametrize("moving", [1, 10])
def test_a_signal_that_moves_at_its_very_end_has_no_beats(moving):
    live = LiveHeartbeats(FS_HZ)
    live.feed(np.r_[np.zeros(3600), np.arange(moving)].astype(np.float32))
    assert not len(live.end())


def test_flat_and_short_signals_have_no_beats():
    for signal in (np.zeros(0), np.zeros(5000), np.arange(500.0)):
        live = LiveHeartbeats(FS_HZ)
        assert not len(live.feed(signal)) and not len(live.end())


def test_beats_of_an_irregular_rhythm_as_they_come():
    rng = np.random.default_rng(5)
    at, signal = 1.0, 0.03 * rng.standard_normal(round(120 * FS_HZ)).astype(np.float32)
    time_s = np.arange(len(signal)) / FS_HZ
    while at < 119:
        signal += (rng.uniform(0.1, 1.5) * np.exp(-0.5 * ((time_s - at) / 0.012) ** 2)).astype(np.float32)
        at += rng.uniform(0.3, 1.6)
    live = LiveHeartbeats(FS_HZ)
    found = [live.feed(signal[at : at + 800]) for at in range(0, len(signal), 800)]
    np.testing.assert_array_equal(np.concatenate((*found, live.end())), heartbeats.find(signal, FS_HZ))


def test_regular_intervals_are_remembered_over_thousands_of_others():
    """The limits of an interval go back to whichever beats were the last regular ones, however long ago."""
    fs_hz, rng = 100.0, np.random.default_rng(6)
    intervals_s = np.concatenate((np.full(40, 0.8), np.tile([0.55, 1.1], 700), [0.55, 1.1, 3.0] * 20))
    signal = 0.01 * rng.standard_normal(round(fs_hz * (intervals_s.sum() + 2))).astype(np.float32)
    places = np.round(fs_hz * (1 + np.cumsum(intervals_s))).astype(int)
    sizes = np.where(np.arange(len(places)) >= 1440, rng.uniform(0.1, 1, len(places)), 1)
    for step, height in ((-1, 0.5), (0, 1.0), (1, 0.5)):
        signal[places + step] += (height * sizes).astype(np.float32)
    live = LiveHeartbeats(fs_hz)
    found = [live.feed(signal[at : at + 3000]) for at in range(0, len(signal), 3000)]
    np.testing.assert_array_equal(np.concatenate((*found, live.end())), heartbeats.find(signal, fs_hz))
    assert len(live.thresholds.intervals) < 600
