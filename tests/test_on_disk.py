"""Arrays that are computed piece by piece and kept in a file: the same values, read-only, and a full disk is told."""

import numpy as np
import pytest

from einthoven import on_disk
from einthoven.errors import OutputRefused

ROWS, COLUMNS, SIZE = 3, 1000, 37


def columns(first: int, end: int) -> np.ndarray:
    return np.arange(first, end, dtype=np.float32) * np.array([[1.0], [-2.0], [0.5]], np.float32)


@pytest.fixture
def kept(monkeypatch):
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 100)
    return on_disk.built((ROWS, COLUMNS), columns, SIZE)


def test_an_array_in_a_file_has_the_values_of_its_pieces(kept):
    np.testing.assert_array_equal(kept, columns(0, COLUMNS))
    assert on_disk.is_kept(kept) and on_disk.is_kept(kept[1:, 5:]) and not on_disk.is_kept(kept.copy())
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1.0


def test_what_is_given_back_is_read_again(kept):
    found = [(first, piece.copy()) for first, piece in on_disk.pieces(kept, 400)]
    assert [first for first, _ in found] == [0, 400, 800]
    np.testing.assert_array_equal(np.concatenate([piece for _, piece in found], axis=1), columns(0, COLUMNS))
    np.testing.assert_array_equal(on_disk.copied(kept, 990, 1200), columns(990, COLUMNS))


def test_a_small_array_is_in_memory():
    found = on_disk.built((ROWS, COLUMNS), columns, SIZE)
    np.testing.assert_array_equal(found, columns(0, COLUMNS))
    assert not on_disk.is_kept(found)


def test_a_full_disk_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 100)
    monkeypatch.setattr(on_disk.tempfile, "gettempdir", lambda: str(tmp_path))

    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(on_disk.tempfile, "TemporaryFile", full)
    with pytest.raises(OutputRefused) as refused:
        on_disk.built((ROWS, COLUMNS), columns, SIZE)
    assert "No space left" in refused.value.found and "TMPDIR" in refused.value.remedy
