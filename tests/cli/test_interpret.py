"""Files, folders and patterns are interpreted; many are summed up; an interrupted folder goes on with the same command."""

import json
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

from einthoven import workers
from einthoven.cli import interpret
from einthoven.cli.main import main
from tests.interpretation.long import interpretation

MADE = interpretation()


@pytest.fixture
def asked(monkeypatch):
    """Names of the records that were interpreted; no model is asked."""
    names = []

    class Fake:
        def __init__(self, models=()):
            pass

        def __call__(self, record):
            names.append(record.name)
            return replace(MADE, record=replace(MADE.record, name=record.name, source=record.source))

    monkeypatch.setattr("einthoven.interpretation.interpreter.Interpreter", Fake)
    interpret._interpreter.cache_clear()
    yield names
    interpret._interpreter.cache_clear()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with three recordings and a broken one, which is where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ecg").mkdir()
    for name in ("a", "b", "c"):
        np.arange(400, dtype="<i2").tofile(f"ecg/{name}.dat")
        (tmp_path / "ecg" / f"{name}.hea").write_text(f"{name} 1 200 400\n{name}.dat 16 200/mV 16 0 0 0 0 II\n")
    (tmp_path / "ecg" / "broken.hea").write_text("broken 1 200 400\nnone.dat 16 200/mV 16 0 0 0 0 II\n")
    return tmp_path


def test_a_folder_gets_an_answer_a_file_and_a_page_of_all(place, asked, capsys):
    assert main(["interpret", "ecg", "--out", "answers"]) == 1
    told = capsys.readouterr()
    assert asked == ["a", "b", "c"] and "3 recordings" in told.out and "3 with pauses over 2 s" in told.out
    assert "1 of 4 files could not be interpreted: 1 record_unreadable" in told.err
    names = {path.name for path in (place / "answers").iterdir()}
    assert names == {f"{name}.{kind}" for name in "abc" for kind in ("atr", "html", "json")} | {
        "index.html",
        "table.csv",
        "table.long.csv",
    }


def test_other_processes_give_the_same_answers_and_errors(place, monkeypatch, capsys):
    def answered(worth_s: float) -> tuple[str, str, str]:
        monkeypatch.setattr(interpret, "_WORTH_WORKERS_S", worth_s)
        assert main(["interpret", "ecg", "--out", "table.csv"]) == 1
        told = capsys.readouterr()
        return (place / "table.csv").read_text(), told.out, told.err

    shared_out = mock.Mock(side_effect=workers.parallel_map)
    monkeypatch.setattr(workers, "parallel_map", shared_out)
    monkeypatch.setattr(workers, "n_cores", lambda: 2)
    alone = answered(1e9)
    assert not shared_out.called
    assert answered(-1.0) == alone and shared_out.called
    assert "none.dat" in alone[2] and alone[0].count("\n") == 5
    get_reusable_executor().shutdown()


def test_an_interrupted_folder_goes_on(place, asked, monkeypatch, capsys):
    whole = interpret.Interpret.read

    def interrupted(self, file, annotator=None):
        if file.name == "b.hea":
            raise KeyboardInterrupt
        return whole(self, file, annotator)

    monkeypatch.setattr(interpret.Interpret, "read", interrupted)
    assert main(["interpret", "ecg", "--out", "answers"]) == 130
    assert sorted(path.name for path in (place / "answers").iterdir()) == ["a.atr", "a.html", "a.json"]
    monkeypatch.setattr(interpret.Interpret, "read", whole)
    asked.clear()
    assert main(["interpret", "ecg", "--out", "answers"]) == 1
    assert asked == ["b", "c"] and "1 of 4 answers are in answers already" in capsys.readouterr().err
    assert (place / "answers" / "table.csv").read_text().count("\n") == 5
    asked.clear()
    assert main(["interpret", "ecg", "--out", "answers", "--anonymous"]) == 1 and len(asked) == 3
    assert sum(path.name.startswith("recording-") for path in (place / "answers").iterdir()) == 9


@pytest.mark.parametrize("out", ["answers", "table.csv", "report.json", "report.html"])
def test_anonymous_writes_no_name_of_a_file_that_failed(out, place, asked, capsys):
    (place / "ecg" / "broken.hea").rename(place / "ecg" / "Doe_Jane.hea")
    assert main(["interpret", "ecg", "--anonymous", "--out", out]) == 1
    written = [path for path in (place / out).rglob("*") if path.is_file()] or [place / out]
    assert not any("Doe_Jane" in path.name or b"Doe_Jane" in path.read_bytes() for path in written)
    assert any(b"file 1 of 4" in path.read_bytes() for path in written)
    assert "Doe_Jane.hea" in capsys.readouterr().err


def test_a_pattern_means_its_files_each_once(place, asked):
    assert main(["interpret", "ecg/[ab].*", "ecg/a.hea", "--out", "all.json"]) == 0
    assert asked == ["a", "b"] and len(json.loads((place / "all.json").read_text())["records"]) == 2


def test_many_recordings_are_summed_up_and_errors_told_once(place, asked, monkeypatch, capsys):
    monkeypatch.setattr(interpret, "_SHOWN", 2)
    monkeypatch.setattr(interpret, "_TOLD", 0)
    assert main(["interpret", "ecg", "--out", "all.long.csv"]) == 1
    told = capsys.readouterr()
    assert "3 recordings" in told.out and told.out.count("Atrial fibrillation") == 2
    assert "none.dat" not in told.err and "1 record_unreadable" in told.err
    assert "record_unreadable" in (place / "all.long.csv").read_text()


def test_annotations_beside_the_recording_are_not_overwritten(place, asked, capsys):
    (place / "ecg" / "a.atr").write_bytes(b"a reference")
    assert main(["interpret", "ecg/a.hea", "--out", "ecg/a.atr"]) == 2
    assert main(["interpret", "ecg/a.hea", "--out", "ecg"]) == 2
    assert (place / "ecg" / "a.atr").read_bytes() == b"a reference" and asked == []
    assert "ecg/answers" in capsys.readouterr().err
