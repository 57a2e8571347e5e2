"""Lines as straps, sketches and scripts send them are recognised by the first of them."""

import json

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.streaming.first_look import judged
from einthoven.streaming.lines import Lines
from einthoven.streaming.sources import Format, Piece, StatedFormat

FS_HZ = 130.0
VALUES = np.round(0.5 * np.sin(np.arange(400) / 9), 4)
ONE, TWO = StatedFormat(FS_HZ, ("I",)), StatedFormat(FS_HZ, ("I", "II"))


def gathered(lines, stated=ONE):
    pieces = list(Lines(stated).pieces(lines))
    return np.concatenate([piece.signal_mv for piece in pieces], axis=1), [x for piece in pieces for x in piece.faults]


def ms(at):
    return 1769000000000 + round(1000 * at / FS_HZ)


def in_packets(write, size=20):
    return [write(at, VALUES[at : at + size]) for at in range(0, len(VALUES), size)]


FORMS = {
    "Unix milliseconds": [f"{ms(at)},{value}" for at, value in enumerate(VALUES)],
    "seconds": [f"{at / FS_HZ:.6f},{value}" for at, value in enumerate(VALUES)],
    "millis() of a sketch": [f"{round(1000 * at / FS_HZ)},{value}" for at, value in enumerate(VALUES)],
    "semicolons": [f"{ms(at)};{value}" for at, value in enumerate(VALUES)],
    "semicolons and decimal commas": [f"{ms(at)};{value}".replace(".", ",") for at, value in enumerate(VALUES)],
    "tabs": [f"{ms(at)}\t{value}" for at, value in enumerate(VALUES)],
    "a decimal comma": [f"{value:.4f}".replace(".", ",") for value in VALUES],
    "time of day": [f"2026-03-01T09:00:{at / FS_HZ:09.6f};{value}" for at, value in enumerate(VALUES)],
    "a line of names": ["timestamp,ecg,acc_x", *(f"{at},{value},9" for at, value in enumerate(VALUES))],
    "labels": [f"ECG:{value},mean:0.1" for value in VALUES],
    "several values a line": in_packets(lambda at, part: ",".join(map(str, part))),
    "several values behind a time": in_packets(lambda at, part: f"{ms(at)}," + ",".join(map(str, part))),
    "stated columns": ["# columns=time,I...", *in_packets(lambda at, part: f"{ms(at)}," + ",".join(map(str, part)))],
    "stated columns to skip": ["# columns=-,I,-", *(f"7,{value},x" for value in VALUES)],
    "JSON": [json.dumps({"t": ms(at), "ecg": value}) for at, value in enumerate(VALUES.tolist())],
    "JSON by lead": [json.dumps({"I": value, "hr": 70}) for value in VALUES.tolist()],
    "JSON lists": in_packets(lambda at, part: json.dumps({"ecg": part.tolist(), "timestamp": ms(at)})),
    "Movesense": in_packets(lambda at, part: json.dumps({"ecg": {"Samples": part.tolist(), "Timestamp": ms(at)}})),
    "a list": in_packets(lambda at, part: json.dumps(part.tolist())),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    signal, faults = gathered(FORMS[form])
    assert not faults
    np.testing.assert_allclose(signal[0], VALUES, atol=1e-6)


@pytest.mark.parametrize(
    "lines",
    [
        [f"{value} {-value}" for value in VALUES],
        [json.dumps({"II": -value, "I": value}) for value in VALUES.tolist()],
        ["# columns=number,II,I", *(f"{at},{-value},{value}" for at, value in enumerate(VALUES))],
        ["# columns=I,II...", *(",".join(map(str, np.ravel([(v, -v) for v in VALUES[at : at + 5]]))) for at in range(0, 400, 5))],
    ],
)  # fmt: skip
def test_two_leads(lines):
    signal, faults = gathered(lines, TWO)
    assert not faults
    np.testing.assert_allclose(signal, [VALUES, -VALUES], atol=1e-6)


def test_a_line_of_names_states_the_unit():
    head = "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]"
    rows = [
        f"2026-03-01T09:00:00.100;{599617563102000000 + at * 7692307};{at * 7.692};{1000 * value:.0f}"
        for at, value in enumerate(VALUES)
    ]
    signal, faults = gathered([head, *rows])
    np.testing.assert_allclose(signal[0], VALUES, atol=6e-4)
    assert not faults
    signal, _ = gathered([head, *rows], StatedFormat(FS_HZ, ("I",), "mV"))
    np.testing.assert_allclose(signal[0], 1000 * VALUES, atol=0.6)


@pytest.mark.parametrize("form", ["Unix milliseconds", "several values behind a time", "JSON lists"])
def test_samples_that_the_times_miss_are_missing(form):
    size = 1 if form == "Unix milliseconds" else 20
    lines = FORMS[form]
    signal, faults = gathered(lines[: 200 // size] + lines[300 // size :])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(signal[0])), np.arange(200, 300))
    assert len(faults) == 1 and "100 samples missing by the times" in faults[0]


def test_times_of_a_phone_that_vary_lose_nothing():
    lines = [f"{ms(at // 13 * 13) + at % 3},{value}" for at, value in enumerate(VALUES)]
    signal, faults = gathered(lines)
    assert signal.shape == (1, 400) and not faults


def test_columns_name_the_leads():
    signal, faults = gathered(["# fs_hz=130 unit=mV columns=time,II,-,I", "7,0.2,9,0.1"], StatedFormat())
    np.testing.assert_allclose(signal[:, 0], [0.2, 0.1])
    assert not faults


def test_a_few_values_for_one_lead_are_refused_unless_they_are_stated():
    lines = in_packets(lambda at, part: ",".join(map(str, part)), 5)
    with pytest.raises(RecordUnreadable, match="columns="):
        gathered(lines * 2)
    signal, _ = gathered(["# columns=I...", *lines])
    np.testing.assert_allclose(signal[0], VALUES)


def test_an_electrode_that_is_off_is_missing_and_no_fault():
    signal, faults = gathered(["512", "!", "511"])
    np.testing.assert_array_equal(signal, [[512, np.nan, 511]])
    assert not faults


def test_gain_and_zero_of_the_lines_and_of_the_user():
    signal, _ = gathered(["# fs_hz=250 leads=I gain=200 zero=512", "712", "512"], StatedFormat())
    np.testing.assert_allclose(signal[0], [1, 0])
    signal, faults = gathered(["# unit=uV", "712", "512"], StatedFormat(250.0, ("I",), None, 100.0, 512.0))
    np.testing.assert_allclose(signal[0], [2, 0])
    assert not faults
    for gain, zero in ((0.0, None), (-1.0, None), (float("inf"), None), (200.0, float("nan"))):
        with pytest.raises(StatementMissing, match="gain"):
            StatedFormat(250.0, ("I",), None, gain, zero)


def played(values, unit="mV", **more):
    format_ = Format(FS_HZ, ("I",), unit, **more)
    return [Piece(format_, format_.to_mv(np.array([values[at : at + 32]]))) for at in range(0, len(values), 32)]


@pytest.mark.parametrize(
    ("values", "unit", "remedy"),
    [
        (np.rint(512 + 200 * VALUES), "mV", "--gain 100 --zero 5"),
        (np.rint(512 + 200 * VALUES), "uV", "--gain 100 --zero 5"),
        (1000 * VALUES, "mV", "--unit uV"),
    ],
)
def test_a_scale_that_cannot_be_is_refused_before_an_answer(values, unit, remedy):
    with pytest.raises(RecordUnreadable, match="cannot be") as caught:
        next(judged(played(values, unit), "a strap"))
    assert caught.value.remedy.startswith(remedy) and "a strap" in caught.value.summary


def test_a_right_scale_passes_unchanged():
    for pieces in (played(VALUES), played(np.rint(512 + 200 * VALUES), gain=200.0, zero=512.0), played(0 * VALUES), []):
        assert list(judged(pieces, "x")) == pieces
