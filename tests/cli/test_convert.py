"""The verb convert: several files, names that are not trusted, failures that are listed, nothing of a person left if asked."""

import numpy as np
import pytest

import einthoven
from einthoven.cli.main import main
from einthoven.errors import OutputRefused
from tests.refusals import followed, refused


@pytest.fixture
def here(mitdb_like, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in mitdb_like.glob("100.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_annotations_beside_a_record_are_converted(here, capsys):
    assert main(["convert", "100.hea", "--to", "out", "--format", "csv"]) == 0
    assert "out/100.csv" in capsys.readouterr().out
    found, source = einthoven.read("out/100.csv"), einthoven.read("100.hea", annotator="atr")
    assert found.annotations.samples.tolist() == source.annotations.samples.tolist()
    np.testing.assert_allclose(found.signal_mv, source.signal_mv, atol=1e-6)
    assert (found.leads, found.fs_hz) == (source.leads, source.fs_hz)


def test_a_file_that_cannot_be_read_does_not_stop_the_others(here, capsys):
    (here / "broken.hea").write_text("broken 1 360 9\n")
    assert main(["convert", "broken.hea", "100.hea", "--to", "out", "--format", "wfdb"]) == 1
    told = capsys.readouterr().err
    assert "RecordUnreadable" in told and "1 of 2 files could not be converted" in told
    assert {file.name for file in (here / "out").iterdir()} == {"100.hea", "100.dat", "100.atr"}


def test_files_of_one_name_get_names_of_their_own(here):
    (here / "other").mkdir()
    einthoven.write(einthoven.read("100.hea", leads={"MLII": "X"}), "other/100.csv")
    assert main(["convert", "100.hea", "other/100.csv", "--to", "out", "--format", "json"]) == 0
    assert [einthoven.read(f"out/{name}.json").leads[0] for name in ("100", "100-2")] == ["MLII", "X"]


def test_a_recording_of_the_command_is_never_replaced(here, capsys):
    words = ["convert", "100.hea", "--to", ".", "--format", "wfdb"]
    before = {file.name: file.read_bytes() for file in here.iterdir()}
    refusal = refused(capsys, words, OutputRefused, "part of 100.hea, which is read")
    assert {file.name: file.read_bytes() for file in here.iterdir()} == before
    assert followed(words, refusal) == 0


def test_anonymous_files_have_names_of_their_own(here, capsys):
    (here / "Doe_Jane.csv").write_text("I\n" + "0\n1\n" * 400)
    words = ["convert", "Doe_Jane.csv", "--fs", "100", "--unit", "mV", "--to", "out", "--format", "wfdb", "--anonymous"]
    assert main(words) == 0
    names = [file.name for file in (here / "out").iterdir()]
    assert len(names) == 2 and all(name.startswith("recording-") for name in names)
    assert "Doe" not in "".join(file.read_text("latin-1") for file in (here / "out").iterdir())
    assert main(words) == 0  # the same samples get the same name again
    assert sorted(file.name for file in (here / "out").iterdir()) == sorted(names)


def test_what_is_stated_is_written(here):
    np.save(here / "counts.npy", np.round(100 + 90 * np.sin(np.arange(800) / 9))[None].astype(np.int16))
    words = ["--fs", "200", "--leads", "II", "--gain", "200", "--zero", "100"]
    assert main(["convert", "counts.npy", *words, "--to", "out", "--format", "npy"]) == 0
    found = einthoven.read("out/counts.npy")
    assert (found.fs_hz, found.leads, float(found.signal_mv.max())) == (200, ("II",), pytest.approx(0.45))
