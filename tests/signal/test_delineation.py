"""Waves from probabilities: boundaries between samples, gaps, short pieces, leads joined; waves from annotations."""

import numpy as np
import pytest

from einthoven.signal.boundaries import QRS, P, T, from_annotations, waves_from
from einthoven.signal.delineation import CLASSES, Decoding, decoded, joined, of_all_leads

FS_HZ = 250.0


def probabilities(*spans: tuple[int, float, float], n: int = 500, soft_s: float = 0.008) -> np.ndarray:
    """[classes, n]: a wave of a kind from one time to another, with edges that rise over a few samples."""
    at_s = np.arange(n) / FS_HZ
    soft_s = max(soft_s, 0.002)
    share = np.full((4, n), 1e-3)
    for kind, onset, offset in spans:
        inside = 1 / (1 + np.exp(-(at_s - onset) / soft_s)) / (1 + np.exp((at_s - offset) / soft_s))
        share[kind + 1] = np.maximum(share[kind + 1], inside)
    share[0] = np.maximum(1 - share[1:].sum(axis=0), 1e-3)
    return share / share.sum(axis=0)


def test_boundaries_lie_between_samples():
    spans = [(P, 0.2013, 0.3009), (QRS, 0.3511, 0.4387), (T, 0.5531, 0.7391)]
    waves = decoded(probabilities(*spans), np.zeros(500), FS_HZ)
    assert waves.kind.tolist() == [P, QRS, T]
    np.testing.assert_allclose(waves.onset_s, [span[1] for span in spans], atol=0.0006)
    np.testing.assert_allclose(waves.offset_s, [span[2] for span in spans], atol=0.0006)


def test_the_peak_is_furthest_from_the_line_between_the_ends():
    signal = np.linspace(0, 5, 500)
    signal[100] -= 1
    waves = decoded(probabilities((QRS, 0.36, 0.46)), signal, FS_HZ)
    assert waves.peak_s.tolist() == [0.4]


@pytest.mark.parametrize(("gap_s", "n"), [(0.02, 1), (0.06, 2)])
def test_short_gaps_are_closed(gap_s, n):
    found = probabilities((T, 0.5, 0.6), (T, 0.6 + gap_s, 0.7 + gap_s), soft_s=0.002)
    assert len(decoded(found, np.zeros(500), FS_HZ)) == n


def test_a_gap_with_another_wave_is_kept():
    found = probabilities((T, 0.5, 0.6), (P, 0.6, 0.62), (T, 0.62, 0.72), soft_s=0.002)
    assert decoded(found, np.zeros(500), FS_HZ, Decoding(shortest_s=(0, 0, 0))).kind.tolist() == [T, P, T]


def test_short_pieces_are_dropped():
    found = probabilities((P, 0.2, 0.22), (QRS, 0.4, 0.48))
    assert decoded(found, np.zeros(500), FS_HZ).kind.tolist() == [QRS]


def test_leads_that_agree_outvote_one():
    clear, empty = probabilities((P, 0.2, 0.3)), probabilities()
    both = np.log(np.stack([clear, clear, empty]))
    by_lead, together = joined(both, np.ones((3, 500), bool), own_share=0.4)
    assert len(decoded(together, np.zeros(500), FS_HZ)) == 1
    assert len(decoded(by_lead[0], np.zeros(500), FS_HZ)) == 1
    alone, none = joined(np.log(np.stack([clear, empty, empty])), np.ones((3, 500), bool), own_share=0.4)
    assert len(decoded(none, np.zeros(500), FS_HZ)) == 0 == len(decoded(alone[1], np.zeros(500), FS_HZ))
    np.testing.assert_allclose(by_lead.sum(axis=1), 1, rtol=1e-6)


def test_unreadable_leads_have_no_say():
    clear, noise = probabilities((P, 0.2, 0.3)), probabilities((QRS, 0.2, 0.3))
    readable = np.ones((3, 500), bool)
    readable[1:] = False
    _, together = joined(np.log(np.stack([clear, noise, noise])), readable, 0.5)
    assert decoded(together, np.zeros(500), FS_HZ).kind.tolist() == [P]
    readable[:] = False
    _, together = joined(np.log(np.stack([clear, noise, noise])), readable, 0.5)
    assert (together.argmax(axis=0) == CLASSES.index("none")).all()


def test_a_wave_of_all_leads_is_from_the_first_to_the_last():
    rng = np.random.default_rng(0)
    onsets, offsets = 1 + 0.02 * rng.random(11), 1.1 + 0.02 * rng.random(11)
    leads = [waves_from([(QRS, onset, 1.05, offset)]) for onset, offset in zip(onsets, offsets, strict=True)]
    leads.append(waves_from([(QRS, 2.0, 2.05, 2.1), (P, 1.0, 1.05, 1.1)]))
    found = of_all_leads(waves_from([(QRS, 1.01, 1.05, 1.11)]), leads)
    np.testing.assert_allclose(found.onset_s, np.quantile(onsets, 0.05))
    np.testing.assert_allclose(found.offset_s, np.quantile(offsets, 0.95))
    alone = of_all_leads(waves_from([(T, 1.01, 1.05, 1.11)]), leads)
    assert (alone.onset_s, alone.offset_s) == (1.01, 1.11)


def test_annotations_give_waves_and_leave_boundaries_open():
    codes = ["(", "p", ")", "N", ")", "(", "t", "u", "(", "V", ")", "+"]
    waves = from_annotations(np.arange(12) * 50, codes, 500.0)
    assert waves.kind.tolist() == [P, QRS, T, QRS]
    np.testing.assert_array_equal(waves.onset_s, [0.0, np.nan, 0.5, 0.8])
    np.testing.assert_array_equal(waves.peak_s, [0.1, 0.3, 0.6, 0.9])
    np.testing.assert_array_equal(waves.offset_s, [0.2, 0.4, np.nan, 1.0])
    assert waves.stretch_s == (0.0, 1.0)
    assert waves.of(QRS).moved(1.0).peak_s.tolist() == [1.3, 1.9]


def test_no_waves():
    none = from_annotations(np.zeros(0), [], 250.0)
    assert len(none) == 0 and np.isnan(none.stretch_s).all()
