"""Gaps of a piece are filled as those of the whole signal, and spans with a missing sample are found."""

import numpy as np
import pytest

from einthoven import on_disk
from einthoven.signal.gaps import Gaps, filled, filled_pieces, interpolated

N = 400


@pytest.fixture
def signal() -> np.ndarray:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, N)).astype(np.float32)
    values[0, :20], values[0, 90:210], values[0, 395:] = np.nan, np.nan, np.nan
    values[1, 100] = np.nan
    values[2] = np.nan
    return values


@pytest.mark.parametrize("size", [7, 50, 100, N])
def test_pieces_are_filled_as_the_whole(signal, size, monkeypatch):
    monkeypatch.setattr(on_disk, "PIECE", 16)  # the search for the next sample takes several steps
    whole = np.stack([interpolated(lead) for lead in signal])
    np.testing.assert_allclose(np.concatenate(list(filled_pieces(signal, size)), axis=1), whole, atol=1e-6)
    np.testing.assert_allclose(filled(signal, 150, 160), whole[:, 150:160], atol=1e-6)


def test_spans_with_a_missing_sample(signal, monkeypatch):
    monkeypatch.setattr(on_disk, "PIECE", 33)
    some = signal[:2]
    gone = ~np.isfinite(some).all(axis=0)
    starts = np.arange(-5, N + 5)
    for length in (1, 10, 130):
        want = [bool(gone[max(0, start) : max(0, start + length)].any()) for start in starts]
        assert Gaps.of(some).within(starts, starts + length).tolist() == want
    assert not Gaps.of(np.zeros((1, 10), np.float32)).within(np.array([0]), np.array([10])).any()
