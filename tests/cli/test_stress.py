"""The verb stress: its files, a twelve-lead corpus, and what it refuses."""

import json

import pytest

from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault, CorpusIncomplete
from tests.refusals import refused


@pytest.fixture(scope="module")
def stressed(untrained, mitdb_like, nstdb_like, tmp_path_factory):
    out = tmp_path_factory.mktemp("stressed") / "out"
    words = ["stress", untrained, "--corpus", "mitdb", "--from", mitdb_like, "--noise", nstdb_like, "--records", "2"]
    assert main([*map(str, words), "--out", str(out)]) == 0
    return out


def test_it_writes_a_table_and_a_figure(stressed):
    found = json.loads((stressed / "stress.json").read_text())
    table = (stressed / "table.md").read_text()
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert rows[2].startswith("| clean | 2 | ") and rows[3].startswith("| bw at 24 dB | 2 |")
    assert len(rows) == 2 + sum(row["n_records"] > 0 for row in found["conditions"])
    assert "RA/LA" not in table and found["model"] in table and found["remark"] in table
    assert all(name in table for name in found["records"])
    assert (stressed / "stress.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_twelve_lead_model_of_another_corpus_has_the_conditions_of_its_leads(
    ptbxl_like, nstdb_like, tmp_path, capsys
):
    words = ["stress", "ptbxl-diagnoses", "--corpus", "ptb-xl", "--protocol", "clean", "--from", str(ptbxl_like)]
    words += ["--noise", str(nstdb_like), "--records", "1", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert (
        "RA/LA exchanged" in said and "V1/V3 exchanged" in said and "windows marked" in said and "beats/min" not in said
    )
    found = json.loads((tmp_path / "out" / "stress.json").read_text())
    assert found["kind"] == "window" and found["protocol"] == "clean"
    assert all(row["n_records"] == 1 for row in found["conditions"])


def test_another_corpus_is_split_by_its_first_protocol(untrained, svdb_like, nstdb_like, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["stress", str(untrained), "--corpus", "svdb", "--from", str(svdb_like), "--noise", str(nstdb_like)]
    assert main([*words, "--records", "1"]) == 0
    found = json.loads((tmp_path / "stress" / "untrained-svdb" / "stress.json").read_text())
    assert found["corpus"] == "svdb" and found["protocol"] == "clean"


@pytest.mark.parametrize(
    ("more", "error", "told"),
    [
        (["--records", "0"], ConfigurationFault, "--records 0"),
        (["--seed", "-1"], ConfigurationFault, "--seed -1"),
        (["--noise", "/nowhere"], CorpusIncomplete, "https://physionet.org/content/nstdb/1.0.0/"),
        (["--corpus", "none-such"], ConfigurationFault, "none-such"),
    ],
)
def test_bad_use_is_refused_and_writes_nothing(more, error, told, untrained, mitdb_like, nstdb_like, tmp_path, capsys):
    words = ["stress", untrained, "--from", mitdb_like, "--noise", nstdb_like, "--out", tmp_path / "out", *more]
    refused(capsys, words, error, told)
    assert not (tmp_path / "out").exists()


def test_records_that_trained_the_model_are_used_only_if_asked_for(mitdb_like, nstdb_like, tmp_path, capsys):
    words = ["stress", "mitbih-paper-vote", "--from", mitdb_like, "--noise", nstdb_like, "--records", "1"]
    words += ["--out", tmp_path / "out"]
    refusal = refused(capsys, words, CorpusIncomplete, "trained the model")
    assert refusal.remedy.startswith("--seen ")
    assert main([*map(str, words), "--seen"]) == 0
    assert "TRAINED ON THESE RECORDS" in capsys.readouterr().out
    assert "TRAINED ON THESE RECORDS" in (tmp_path / "out" / "table.md").read_text()
