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


@pytest.mark.parametrize("written", ["-aVR", "- avr", "minus aVR", "−aVR"])
def test_minus_avr_is_turned_and_said(written):
    signal = np.array([[1.0, 2.0], [0.5, -0.25]], np.float32)
    record = Record("strip", signal, 100.0, ("II", written))
    assert record.leads == ("II", "aVR")
    np.testing.assert_array_equal(record.signal_mv, [[1.0, 2.0], [-0.5, 0.25]])
    assert [(found.code, found.leads) for found in record.findings] == [("lead_turned", ("aVR",))]
    assert record.findings[0].text in record.warnings
    again = record.with_leads({"II": "MLII"})
    np.testing.assert_array_equal(again.signal_mv, record.signal_mv)
    assert len(again.findings) == 1
    stated = Record("strip", signal, 100.0, ("II", "x")).with_leads({"x": written})
    np.testing.assert_array_equal(stated.signal_mv, record.signal_mv)
    np.testing.assert_array_equal(signal, [[1.0, 2.0], [0.5, -0.25]])
