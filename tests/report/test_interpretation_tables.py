"""Tables hold the numbers of the JSON, one row a file or one row a number, and no formula."""

import csv
import io
from pathlib import Path

import pytest

from einthoven.errors import ConfigurationFault
from einthoven.report import interpretation_tables
from tests.interpretation.long import interpretation

FAILED = {Path("none.hea"): ConfigurationFault("It failed.", found="b", expected="c", remedy="d")}


@pytest.fixture(scope="module")
def plain():
    return interpretation().to_dict()


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_long_table_has_every_episode_event_and_hour(plain):
    found = rows(interpretation_tables.long([plain], FAILED))
    kinds = [row["kind"] for row in found]
    beats = plain["beats"]
    assert kinds.count("episode") == 3 and kinds.count("pause") == len(beats["pauses"])
    assert kinds.count("run") == len(beats["runs"]) and kinds.count("couplet") == len(beats["pairs"]) > 0
    af = next(row for row in found if row["kind"] == "episode" and row["name"] == "A")
    assert (float(af["start_s"]), float(af["end_s"]), af["text"]) == (600, 900, "atrial fibrillation")
    hour = next(row for row in found if row["kind"] == "hour" and row["name"] == "V_beats")
    assert int(hour["value"]) == beats["counts"]["V"] and float(hour["end_s"]) == 1200
    assert found[-1] | {"kind": "failed"} == found[-1] and found[-1]["text"] == "It failed. b"


def test_the_wide_table_has_one_row_a_file(plain):
    first, second = rows(interpretation_tables.wide([plain], FAILED))
    assert first["V_beats"] == str(plain["beats"]["counts"]["V"]) and first["pauses"] == "2"
    assert first["unreadable_s"] == "30.0" and second["failed"] == "It failed. b"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@sum", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_no_cell_is_a_formula(plain, text):
    for table in (interpretation_tables.wide, interpretation_tables.long):
        row = rows(table([plain | {"record": text}], {}))[0]
        assert row["record"] == f"'{text}"
