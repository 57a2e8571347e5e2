"""A folder of answers is whole, goes on where it stopped, and overwrites no reference."""

import json
from pathlib import Path

import jsonschema
import pytest

from einthoven.errors import ConfigurationFault, OutputRefused
from einthoven.report import interpretations, interpretations_index
from einthoven.report.answers_folder import AnswersFolder, names_of
from tests.interpretation.long import interpretation

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "interpretation.schema.json").read_text())


@pytest.fixture(scope="module")
def found():
    return interpretation("<i>=1")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "in" / "long.hea"
    path.parent.mkdir()
    path.write_text("long 1 200 10\n")
    return path


def test_names_differ_and_none_is_that_of_a_table():
    files = [
        Path(name)
        for name in (
            "a/100.hea",
            "b/100.hea",
            "a/X.hea",
            "a/x.csv",
            "index.hea",
            "/r/table.csv",
            "a-b/1.hea",
            "c/1.hea",
            "a/b-1.hea",
            "c/b-1.hea",
        )
    ]
    names = list(names_of(files).values())
    assert len({name.casefold() for name in names}) == len(files)
    assert not {"index", "table", "table.long"} & {name.casefold() for name in names}
    assert all("/" not in name for name in names)


def test_an_answer_is_page_annotations_and_json_and_is_kept(found, file, tmp_path):
    folder = AnswersFolder(tmp_path / "out", [file], ["--anonymous"])
    assert folder.kept(file) is None
    plain = folder.write(file, found)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["long.atr", "long.html", "long.json"]
    jsonschema.validate(json.loads((tmp_path / "out" / "long.json").read_text()), SCHEMA)
    assert folder.kept(file) == json.loads(json.dumps(plain))
    assert AnswersFolder(tmp_path / "out", [file], []).kept(file) is None


def test_an_answer_to_other_files_or_a_half_of_one_is_not_kept(found, file, tmp_path):
    folder = AnswersFolder(tmp_path / "out", [file], [])
    folder.write(file, found)
    answer = tmp_path / "out" / "long.json"
    whole = answer.read_text()
    for broken in (whole[: len(whole) // 2], "[]", "{}", whole.replace('"schema": 1', '"schema": 0', 1)):
        answer.write_text(broken)
        assert folder.kept(file) is None
    answer.write_text(whole)
    assert folder.kept(file) is not None
    file.with_suffix(".dat").write_bytes(b"more")
    assert folder.kept(file) is None


def test_a_folder_with_recordings_takes_no_answers(file):
    with pytest.raises(OutputRefused) as caught:
        AnswersFolder(file.parent, [file], [])
    assert "answers" in caught.value.remedy


def test_the_page_of_all_links_counts_and_tells_what_failed(found, file, tmp_path):
    folder = AnswersFolder(tmp_path / "out", [file, Path("x<y>.hea")], [])
    failed = {Path("x<y>.hea"): ConfigurationFault("It <b>failed.", found="b", expected="c", remedy="d")}
    page = folder.finish({file: folder.write(file, found)}, failed).read_text()
    assert "1 recording interpreted, 1 not" in page and "1 × configuration_fault" in page
    assert '<a href="long.html">&lt;i&gt;=1</a>' in page and "It &lt;b&gt;failed. b" in page
    assert "1 with atrial fibrillation in a part or throughout" in page
    assert (tmp_path / "out" / "table.csv").read_text().count("\n") == 3


def test_what_a_person_asks_first_is_counted(found):
    plain = found.to_dict()
    healthy = plain | {"rhythm": None, "beats": None, "statements": [{"code": "sinus", "text": ""}], "not_assessed": {}}
    counts = interpretations_index.counted([plain, plain, healthy])
    assert counts["sinus rhythm"] == 1 and counts["atrial fibrillation in a part or throughout"] == 2
    assert counts["ventricular runs"] == counts["pauses over 2 s"] == 2


def test_annotations_that_are_not_ours_are_not_overwritten(found, tmp_path):
    target = tmp_path / "100.atr"
    target.write_bytes(b"a reference")
    with pytest.raises(OutputRefused) as caught:
        interpretations.require_writable(target, [tmp_path / "100.hea"])
    assert "100-interpretation.atr" in caught.value.remedy
    target.unlink()
    interpretations.write([found], {}, target)
    interpretations.require_writable(target, [tmp_path / "100.hea"])
    with pytest.raises(OutputRefused, match="one recording"):
        interpretations.require_writable(target, [tmp_path / "100.hea", tmp_path / "101.hea"])
