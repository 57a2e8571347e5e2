"""Numbered and plain lines become samples; lost, repeated and late ones, and numbers that wrap or restart, are reported."""

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.streaming.lines import Lines
from einthoven.streaming.sources import Format, StatedFormat

ONE, NOTHING = StatedFormat(100.0, ("I",)), StatedFormat()


def gathered(lines, stated=ONE):
    pieces = list(Lines(stated).pieces(lines))
    faults = [fault for piece in pieces for fault in piece.faults]
    return pieces, np.concatenate([piece.signal_mv for piece in pieces], axis=1), faults


def test_lost_and_repeated_samples_of_numbered_lines_are_reported():
    _, signal, faults = gathered(["5,0.1", "6,0.2", "6,0.2", "9,0.3", "10,0.4"])
    np.testing.assert_allclose(signal[0], [0.1, 0.2, np.nan, np.nan, 0.3, 0.4], equal_nan=True)
    assert len(faults) == 2 and "came again" in faults[0] and "2 samples missing before 9" in faults[1]


@pytest.mark.parametrize("fs_hz", [100.0, 360.0])
@pytest.mark.parametrize("late_s", [0.0, 0.03, 0.2])
def test_a_late_sample_is_put_in_its_place(fs_hz, late_s):
    """Wherever it lies in the piece that is yielded."""
    late = max(1, round(late_s * fs_hz))
    for lost in range(500, 620, 7):
        numbers = list(range(1000))
        numbers.insert(lost + late, numbers.pop(lost))
        _, signal, faults = gathered([f"{at},{at}" for at in numbers], StatedFormat(fs_hz, ("I",)))
        np.testing.assert_array_equal(signal, [np.arange(1000)])
        assert any(f"sample {lost} came after" in fault and "put in its place" in fault for fault in faults)


def test_a_sample_that_is_too_late_stays_missing():
    numbers = list(range(1000))
    numbers.insert(700, numbers.pop(500))
    _, signal, faults = gathered([f"{at},{at}" for at in numbers])
    assert signal.shape == (1, 1000) and np.flatnonzero(np.isnan(signal[0])).tolist() == [500]
    assert "it stays missing" in faults[1]


@pytest.mark.parametrize("stray", ["99999,0.1", "7,0.1"])
def test_a_stray_line_is_skipped(stray):
    lines = [f"{at},{at}" for at in range(1000)]
    _, signal, faults = gathered([*lines[:600], stray, *lines[600:]])
    np.testing.assert_array_equal(signal, [np.arange(1000)])
    assert len(faults) == 1 and "skipped" in faults[0]


def test_text_before_the_statement_is_skipped():
    lines = ["\ufeff# my device v1.0", "ESP32 booting", "", "# fs_hz = 100 leads=I", "0.5", "# anything", "0.6"]
    pieces, signal, faults = gathered(lines, NOTHING)
    np.testing.assert_allclose(signal[0], [0.5, 0.6])
    assert pieces[0].format == Format(100.0, ("I",)) and len(faults) == 1 and "ESP32" in faults[0]
    with pytest.raises(StatementMissing, match="rate and leads"):
        gathered(["hello"] * 100, NOTHING)


def test_the_lines_add_to_what_the_user_states():
    for stated, head in ((StatedFormat(100.0), "# leads=I unit=uV"), (StatedFormat(None, ("I",), "uV"), "# fs_hz=100")):
        pieces, signal, faults = gathered([head, "500"], stated)
        assert pieces[0].format == Format(100.0, ("I",), "uV") and signal[0, 0] == 0.5 and not faults
    with pytest.raises(StatementMissing, match="before its rate"):
        gathered(["# leads=I", "1"], NOTHING)


def test_the_user_s_statement_is_used_until_the_lines_change():
    """A device that repeats its statement every second does not change."""
    head = "# fs_hz=360 leads=ECG unit=mv"
    pieces, _, faults = gathered([head, "1", head, "2", "# fs_hz=250", "3"], StatedFormat(300.0, ("MLII",), "mV"))
    assert list(dict.fromkeys(piece.format for piece in pieces)) == [Format(rate, ("MLII",)) for rate in (300.0, 250.0)]
    assert len(faults) == 1 and "differ from the options in rate and leads" in faults[0]


@pytest.mark.parametrize(
    "bad", ["leads=", "leads=I,,II", "leads=I,I", "unit=kg", "fs_hz=-1", "fs_hz=nan", "fs_hz=1e300"]
)
def test_an_invalid_statement_changes_nothing(bad):
    pieces, signal, faults = gathered(["1", f"# {bad}", "2"])
    assert {piece.format for piece in pieces} == {Format(100.0, ("I",))} and signal.shape == (1, 2) and len(faults) == 1
    with pytest.raises(StatementMissing):
        gathered([f"# fs_hz=100 leads=I {bad}", "1"], NOTHING)


def test_numbers_that_leap_far_restart_after_a_missing_second():
    _, signal, faults = gathered(["1,0.1", "900000,0.2", "900001,0.3"])
    np.testing.assert_allclose(signal[0], [0.1, *[np.nan] * 100, 0.2, 0.3], equal_nan=True)
    assert "restarted" in faults[0]


def test_a_gap_of_up_to_an_hour_keeps_its_length():
    """The missing samples are yielded in pieces of a bounded size."""
    lines = [*(f"{at},{at}" for at in range(10)), *(f"{at},{at}" for at in range(300_010, 300_020))]
    pieces, signal, faults = gathered(lines)
    assert signal.shape == (1, 300_020) and np.isnan(signal[0, 10:300_010]).all()
    np.testing.assert_array_equal(signal[0, 300_010:], np.arange(300_010, 300_020))
    assert max(piece.signal_mv.shape[1] for piece in pieces) <= 10_000
    assert len(faults) == 1 and "300000 samples" in faults[0]


@pytest.mark.parametrize("number", ["1000000000000000", "20003", "0"])
def test_a_number_that_leaps_by_itself_is_not_believed(number):
    lines = [f"{at},{at}" for at in range(1000, 1010)]
    lines[3] = f"{number},1003"
    _, signal, faults = gathered(lines)
    np.testing.assert_array_equal(signal[0], np.arange(1000, 1010))
    assert len(faults) == 1 and "counts as 1003" in faults[0]


@pytest.mark.parametrize("first", [0, 3, 700, 4900])
def test_a_device_that_restarts_is_followed(first):
    """A counter that is set back; the length of the gap is unknown, so a second counts as missing."""
    lines = [f"{at},{at}" for at in range(5000, 5010)] + [f"{at},{-at}" for at in range(first, first + 10)]
    _, signal, faults = gathered(lines)
    np.testing.assert_array_equal(signal[0], [*range(5000, 5010), *[np.nan] * 100, *range(-first, -first - 10, -1)])
    assert len(faults) == 1 and "restarted" in faults[0]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("wraps_at", [256, 300, 1000])
def test_a_counter_that_wraps_is_followed(wraps_at, first):
    """Reported once; at a number at which no counter wraps, the first time counts as a restart."""
    numbers = [first + at % (wraps_at - first) for at in range(4 * wraps_at)]
    _, signal, faults = gathered([f"{number},{at}" for at, number in enumerate(numbers)])
    there = signal[0][np.isfinite(signal[0])]
    np.testing.assert_array_equal(there, np.arange(4 * wraps_at))
    assert len(signal[0]) - len(there) == (100 if wraps_at == 300 else 0)
    assert len(faults) == 1 and ("wrap" in faults[0] or wraps_at == 300)


def test_repeated_samples_are_skipped_for_five_seconds_at_most():
    """A flat signal with numbers that are stuck, and one with numbers that wrap."""
    _, signal, faults = gathered([f"{at},0" for at in [*range(700), *[650] * 502]])
    assert np.isfinite(signal[0]).sum() == 701
    assert any("restarted" in fault for fault in faults)
    _, signal, _ = gathered([f"{at % 256},0" for at in range(4000)])
    assert np.isfinite(signal[0]).sum() == 4000


def test_numbers_that_do_not_count_samples_are_refused():
    """Two leads of whole numbers where one was stated: the first is not a sample number."""
    rng = np.random.default_rng(0)
    with pytest.raises(RecordUnreadable, match="do not count"):
        gathered([f"{a},{b}" for a, b in rng.integers(900, 1100, (500, 2))])


def test_long_greetings_of_a_device_are_skipped():
    """Comments and empty lines do not count as bad lines."""
    _, signal, _ = gathered([*["", "# booting"] * 300, *["hello"] * 90, "0.5", "0.6"])
    np.testing.assert_allclose(signal[0, -2:], [0.5, 0.6])


def test_the_same_fault_in_many_lines_is_reported_once():
    _, signal, faults = gathered([*(f"{at},1" for at in range(300)), *(f"{at},1" for at in range(100, 400))])
    assert signal.shape == (1, 400)
    assert len(faults) == 2 and "came again" in faults[0] and "199 more lines" in faults[1]


def test_text_in_every_second_line_is_reported_once():
    _, signal, faults = gathered(["0.5", "x"] * 300)
    assert signal.shape == (1, 600) and len(faults) == 2 and "299 more lines" in faults[1]


def test_plain_lines_among_numbered_ones_shift_nothing():
    _, signal, faults = gathered(["1,0.1", "0.2", "3,0.3", "0.4", "5,0.5"])
    np.testing.assert_allclose(signal[0], [0.1, 0.2, 0.3, 0.4, 0.5])
    assert not faults


@pytest.mark.parametrize("n", [20, 200])
def test_lines_of_another_shape_are_refused(n):
    with pytest.raises(RecordUnreadable, match="--leads A,B"):
        gathered([f"{0.01 * (at * 7 % 13):.2f},0.3" for at in range(1, n)])


@pytest.mark.parametrize("text", ["hello", "1,2,3", "x,0.1", "0.1;0.2", "1" * 20_000, "\x00\xff"])
def test_text_is_reported_and_counts_as_a_missing_sample(text):
    _, signal, faults = gathered(["0.5", text, "0.6"])
    np.testing.assert_allclose(signal[0], [0.5, np.nan, 0.6], atol=1e-6, equal_nan=True)
    assert len(faults) == 1 and "line 2" in faults[0]


def test_text_between_numbered_lines_is_a_missing_sample():
    _, signal, faults = gathered(["1,0.5", "hello", "3,0.6"])
    np.testing.assert_allclose(signal[0], [0.5, np.nan, 0.6], atol=1e-6, equal_nan=True)
    assert len(faults) == 2


def test_lines_state_their_format_and_may_change_it():
    lines = ["# fs_hz=100 leads=I,II unit=uV", "1000,2000", "", "# fs_hz=200", "500,nan"]
    pieces, _, faults = gathered(lines, NOTHING)
    assert [piece.format for piece in pieces] == [Format(100.0, ("I", "II"), "uV"), Format(200.0, ("I", "II"), "uV")]
    np.testing.assert_allclose(pieces[0].signal_mv, [[1.0], [2.0]])
    assert np.isnan(pieces[1].signal_mv[1, 0]) and not faults
    _, _, faults = gathered(["1", "# fs_hz=abc", "2"])
    assert len(faults) == 1


@pytest.mark.parametrize(
    "lines", [["0.1"], ["# leads=I", "0.1"], ["# fs_hz=0 leads=I", "1"], ["# fs_hz=100 leads=I unit=kg", "1"]]
)
def test_samples_without_rate_or_leads_are_refused(lines):
    with pytest.raises(StatementMissing):
        gathered(lines, NOTHING)
