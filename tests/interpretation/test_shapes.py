"""Beats are grouped by shape whatever their height, and one of the commonest shape is chosen."""

import numpy as np

from einthoven.interpretation.shapes import shapes_of

FS_HZ = 250.0


def lead(shapes, rr_s=0.8, jitter_s=0.0, noise_mv=0.01):
    """A lead with a beat of each named shape after the other, and their times."""
    rng = np.random.default_rng(1)
    t = np.arange(round((len(shapes) + 2) * rr_s * FS_HZ)) / FS_HZ
    times_s = (np.arange(len(shapes)) + 1) * rr_s
    signal = noise_mv * rng.standard_normal(len(t))
    for at, shape in zip(times_s, shapes, strict=True):
        width, height, after = {"narrow": (0.012, 1.0, 0.3), "wide": (0.05, 1.4, -0.5), "down": (0.05, -1.2, 0.4)}[
            shape
        ]
        signal += height * np.exp(-0.5 * ((t - at) / width) ** 2) + after * np.exp(-0.5 * ((t - at - 0.28) / 0.05) ** 2)
    return signal, times_s + jitter_s * rng.uniform(-1, 1, len(times_s))


def test_shapes_are_told_apart_the_commonest_first():
    names = ["narrow"] * 20 + ["wide"] * 6 + ["down"] * 3
    signal, times_s = lead(names)
    found = shapes_of(signal, FS_HZ, times_s)
    assert [names[one.typical] for one in found] == ["narrow", "wide", "down"]
    assert [round(one.share * len(names)) for one in found] == [20, 6, 3]


def test_height_and_a_shift_of_20_ms_make_no_other_shape():
    signal, times_s = lead(["narrow"] * 30, jitter_s=0.02)
    assert len(shapes_of(signal * np.linspace(0.5, 2, len(signal)), FS_HZ, times_s)) == 1


def test_beats_at_an_edge_or_beside_missing_samples_are_left_out():
    signal, times_s = lead(["narrow"] * 3)
    assert shapes_of(signal, FS_HZ, np.array([0.0, len(signal) / FS_HZ])) == ()
    signal[round(times_s[1] * FS_HZ)] = np.nan
    (one,) = shapes_of(signal, FS_HZ, times_s)
    assert one.typical != 1 and one.share == 1.0
    assert shapes_of(signal, FS_HZ, np.zeros(0)) == ()


def test_a_beat_of_its_own_is_a_shape_only_where_there_are_no_more():
    signal, times_s = lead(["narrow"] * 8 + ["wide"])
    assert len(shapes_of(signal, FS_HZ, times_s)) == 1
    assert len(shapes_of(signal, FS_HZ, times_s[-1:])) == 1
