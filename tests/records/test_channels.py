"""Records from counts: units, lengths, texts, and calibration pulses."""

from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records.channels import Channel, Content, record_of
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.stated import NOTHING, Stated

PATH = Path("a.xyz")
COUNTS = np.arange(-50, 50)


def test_value_is_count_less_zero_times_its_worth():
    record = record_of(PATH, 250, [Channel("I", COUNTS, 2.5, "uV", 10), Channel("II", COUNTS, 0.01, "mV")], NOTHING)
    np.testing.assert_allclose(record.signal_mv, [(COUNTS - 10) * 0.0025, COUNTS * 0.01], rtol=1e-6)


def test_what_is_stated_takes_the_place_of_the_file():
    channels = [Channel("I", COUNTS, 2.5, "uV", 10)]
    record = record_of(PATH, 250, channels, Stated(fs_hz=500, gain=100, zero=5))
    np.testing.assert_allclose(record.signal_mv[0], (COUNTS - 5) / 100, rtol=1e-6)
    assert record.warnings == (
        "the file states 250 Hz; the stated 500 Hz are used",
        "the stated gain of 100 per mV is used",
    )
    np.testing.assert_allclose(
        record_of(PATH, 250, channels, Stated(unit="nV")).signal_mv[0] * 1e6, (COUNTS - 10) * 2.5
    )


def test_other_units_are_left_out_and_shorter_leads_end_in_missing_samples():
    channels = [Channel("I", COUNTS), Channel("II", COUNTS[:40]), Channel("ABP", COUNTS, unit="mmHg")]
    record = record_of(PATH, 250, channels, NOTHING)
    assert record.leads == ("I", "II") and np.isnan(record.signal_mv[1, 40:]).all()
    assert "skipped, because not in volts: ABP" in record.warnings
    with pytest.raises(RecordUnreadable, match="ABP in mmHg"):
        record_of(PATH, 250, channels[2:], NOTHING)


def test_no_control_character_of_the_file_is_passed_on():
    said = Content(
        warnings=("a\x1b[2Jb",),
        identity=Identity(name="Jo\x07\x1b]0;Doe"),
        machine=MachineReading(("x\x1b[31my",), (), {}),
    )
    record = record_of(PATH, 250, [Channel("V1\x1b[31m", COUNTS), Channel("\x1b", COUNTS)], NOTHING, said)
    texts = (*record.leads, *record.warnings, record.identity.name, *record.machine.statements)
    assert all(text.isprintable() for text in texts)
    assert record.leads[1] == "lead 2" and record.identity.name == "Jo ]0;Doe"


@pytest.mark.parametrize("at", ["end", "beginning"])
def test_a_calibration_pulse_is_missing(at):
    rng = np.random.default_rng(0)
    beats, pulse = rng.standard_normal((3, 700)) / 5, np.repeat([0.0, 1.0, 0.0], [50, 100, 50])
    whole = [np.concatenate([row, pulse] if at == "end" else [pulse, row]) * 1000 for row in beats]
    record = record_of(
        PATH, 500, [Channel(name, row) for name, row in zip(("I", "II", "V1"), whole, strict=True)], NOTHING
    )
    assert np.isnan(record.signal_mv).sum() == 600 and record.n_samples == 900
    assert record.warnings == (f"0.4 s of a calibration pulse at the {at} are treated as missing",)


def test_leads_that_are_silent_together_are_no_pulse():
    whole = np.zeros((3, 900))
    whole[:, :300] = np.random.default_rng(0).standard_normal((3, 300)) * 200
    record = record_of(PATH, 500, [Channel(name, row) for name, row in zip("abc", whole, strict=True)], NOTHING)
    assert not np.isnan(record.signal_mv).any()
