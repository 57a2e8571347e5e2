"""Errors carry what was found, and nothing that acts on a terminal."""

import pickle

from einthoven.errors import RecordUnreadable


def test_no_control_character_of_a_file_or_its_name_reaches_a_terminal():
    error = RecordUnreadable("a\x1b[2J.csv", found="\x07V1\x9b31m", expected="x\ny", remedy="z\r")
    assert (error.summary, error.found, error.expected, error.remedy) == ("a [2J.csv", " V1 31m", "x\ny", "z ")
    assert "\x1b" not in str(error) and str(pickle.loads(pickle.dumps(error))) == str(error)


def test_what_a_damaged_file_makes_long_is_shown_in_short():
    error = RecordUnreadable("a", found="begin" + "9" * 100_000 + "end", expected="x" * 4000, remedy="b")
    assert len(error.found) < 4100 and error.found.startswith("begin") and error.found.endswith("end")
    assert error.expected == "x" * 4000
