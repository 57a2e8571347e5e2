"""Real files of hospital formats say in their own words what was read; the page shows it."""

import importlib.util
import os
from pathlib import Path

import pytest

from tests.workshop import REPOSITORY

DATA = Path(os.environ.get("EINTHOVEN_DATA", "-")) / "formats"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="EINTHOVEN_DATA names no folder with formats/")


def test_what_is_read_is_what_the_files_say():
    spec = importlib.util.spec_from_file_location("formats_table", REPOSITORY / "docs" / "formats_table.py")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    rows = page.rows(DATA)
    assert len(rows) >= 29 and [line for line, agrees in rows if not agrees] == []
    refused = [line.split("`")[1] for line, _ in rows if "refused" in line]
    assert sorted(refused) == ["hl7-aecg/edge/empty.xml", "ishne/ECG_P28.01.ann", "philips-sierra/invalid-doc-type.xml"]
    assert "\n".join(line for line, _ in rows) in page.PAGE.read_text()
