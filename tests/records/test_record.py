"""A record keeps its arrays: nobody writes to them, and nobody else's array is changed or frozen."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.records.record import Annotations, Record


@pytest.fixture
def given(ecg):
    return np.array(ecg[0][None], np.float32)


def test_a_record_s_arrays_are_read_only(given):
    record = Record("a", given, 360, ("MLII",), annotations=Annotations(np.arange(3), ("N",) * 3, ("",) * 3))
    with pytest.raises(ValueError, match="read-only"):
        record.signal_mv[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        record.annotations.samples += 1


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_caller_s_array_stays_writeable_and_apart(given, kind):
    mine = given.astype(kind)
    record = Record("a", mine, 360, ("MLII",))
    before = record.signal_mv.copy()
    mine += 1
    np.testing.assert_array_equal(record.signal_mv, before)


def test_a_read_only_view_of_a_writeable_array_is_copied(given):
    view = given[:]
    view.flags.writeable = False
    record = Record("a", view, 360, ("MLII",))
    before = record.signal_mv.copy()
    given += 1
    np.testing.assert_array_equal(record.signal_mv, before)


def test_a_record_named_anew_shares_the_signal(given):
    record = Record("a", given, 360, ("MLII",))
    assert replace(record, name="b").signal_mv is record.signal_mv
