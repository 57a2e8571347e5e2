"""What a user states: the scale of counts, and statements that contradict each other."""

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from einthoven.records.stated import Stated


def test_counts_are_scaled_by_gain_and_zero(tmp_path):
    file = tmp_path / "adu.npy"
    np.save(file, np.array([[1024, 1224, 924]], np.int16))
    record = read(file, fs_hz=250, leads=["II"], gain=200, zero=1024)
    np.testing.assert_allclose(record.signal_mv, [[0.0, 1.0, -0.5]])
    np.testing.assert_allclose(read(file, fs_hz=250, leads=["II"], gain=1024).signal_mv[0, 0], 1.0)


def test_a_stated_gain_takes_the_place_of_the_headers(tmp_path):
    (tmp_path / "a.hea").write_text("a 1 360 100\na.dat 16 200 0 0 0 0 0 MLII\n")
    np.full(100, 500, "<i2").tofile(tmp_path / "a.dat")
    assert read(tmp_path / "a.hea").signal_mv[0, 0] == 2.5
    record = read(tmp_path / "a.hea", gain=1000, zero=-500)
    assert record.signal_mv[0, 0] == 1.0
    assert any("stated gain of 1000 per mV" in text for text in record.warnings)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"gain": 200, "unit": "mV"}, "--gain 200 and --unit mV"),
        ({"zero": 1024}, "--zero 1024 without --gain"),
        ({"gain": 0}, "--gain 0"),
        ({"gain": float("inf")}, "--gain inf"),
        ({"gain": 200, "zero": float("nan")}, "--zero nan"),
    ],
)
def test_a_scale_that_is_none_is_refused(statement, found):
    with pytest.raises(RecordUnreadable) as caught:
        Stated(**statement)
    assert caught.value.found == found and caught.value.remedy.startswith("--gain 200")
