"""Heartbeats found as the signal comes are those of the whole signal, however it is cut."""

import json

import numpy as np
import pytest

import einthoven
from einthoven.signal import heartbeats
from einthoven.signal.live_heartbeats import AHEAD_S, LiveHeartbeats

FS_HZ = 360.0


def followed(signal, fs_hz, chunk):
    live = LiveHeartbeats(fs_hz, len(signal))
    found = [live.feed(signal[:, at : at + chunk]) for at in range(0, signal.shape[1], chunk)]
    return np.concatenate((*found, live.end()))


def disturbed(ecg):
    rng = np.random.default_rng(0)
    signal = np.stack((ecg[0], 0.5 * ecg[0])).astype(np.float32)
    signal[:, :100] = signal[:, :1]
    signal[:, 7000:9000] *= 0.2
    signal[0, 12_000:12_700] += rng.normal(0, 0.4, 700).astype(np.float32)
    signal[1, 9000:20_000] += rng.normal(0, 0.3, 11_000).astype(np.float32)
    signal[:, 15_000:18_000] = signal[:, 15_000:15_001]
    return signal


@pytest.mark.parametrize("chunk", [37, 5000])
@pytest.mark.parametrize("n_leads", [1, 2])
def test_beats_as_they_come_are_those_of_the_whole_signal(ecg, chunk, n_leads):
    signal = disturbed(ecg)[:n_leads]
    whole = heartbeats.find(signal, FS_HZ)
    assert len(whole) > 40
    np.testing.assert_array_equal(followed(signal, FS_HZ, chunk), whole)


@pytest.mark.parametrize("fs_hz", [100.0, 128.0, 250.0, 257.0, 333.3, 1000.0])
def test_any_rate_gives_the_same_beats_in_pieces(ecg, fs_hz):
    signal = disturbed(ecg)[:1, : round(40 * fs_hz)]
    np.testing.assert_array_equal(followed(signal, fs_hz, round(1.7 * fs_hz)), heartbeats.find(signal, fs_hz))


def test_beats_of_real_records_as_they_come(real_mitdb):
    for name in ("108", "207"):
        signal = einthoven.read(real_mitdb / f"{name}.hea").signal_mv[:, : 300 * 360]
        np.testing.assert_array_equal(followed(signal, FS_HZ, 1234), heartbeats.find(signal, FS_HZ))


def test_a_beat_is_certain_after_the_stated_time(ecg):
    signal, live, late = disturbed(ecg)[:1], LiveHeartbeats(FS_HZ), []
    for at in range(0, signal.shape[1], 36):
        late += ((at + 36 - live.feed(signal[:, at : at + 36])) / FS_HZ).tolist()
    assert len(late) > 40 and max(late) < AHEAD_S + 1.2


def test_a_saved_state_continues(ecg):
    signal = disturbed(ecg)
    live = LiveHeartbeats(FS_HZ, 2)
    first = live.feed(signal[:, :8000])
    live = LiveHeartbeats.restored(json.loads(json.dumps(live.state())))
    rest = live.feed(signal[:, 8000:])
    np.testing.assert_array_equal(np.concatenate((first, rest, live.end())), heartbeats.find(signal, FS_HZ))


def test_what_is_held_is_bounded(ecg):
    live = LiveHeartbeats(FS_HZ)
    for _ in range(5):
        live.feed(ecg[0][None])
    live.feed(np.zeros((1, 1)))
    assert live.raw.shape[1] < 30 * FS_HZ


@pytest.mark.parametrize("moving", [1, 10])
def test_a_signal_that_moves_at_its_very_end_has_no_beats(moving):
    live = LiveHeartbeats(FS_HZ)
    live.feed(0.001 * np.r_[np.zeros(3600), np.arange(moving)].astype(np.float32)[None])
    assert not len(live.end())


def test_flat_and_short_signals_have_no_beats():
    for signal in (np.zeros((1, 0)), np.zeros((1, 5000)), np.arange(500.0)[None]):
        live = LiveHeartbeats(FS_HZ)
        assert not len(live.feed(signal)) and not len(live.end())
