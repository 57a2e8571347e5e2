"""The contract of the command line, over VERBS: help, and one clear error with status 2 for bad use and bad input."""

import shlex

import numpy as np
import pytest
import tyro

from einthoven.cli.main import VERBS, main, verb_class
from einthoven.errors import (
    ConfigurationFault,
    CorpusIncomplete,
    EinthovenError,
    FileDamaged,
    LeadMismatch,
    OutputRefused,
    RecordUnreadable,
    StatementMissing,
)
from tests.refusals import followed, pasted, refused

STATED = ("--fs", "360", "--leads", "MLII", "--unit", "mV")


def examples(verb: str) -> list[list[str]]:
    """The words of the examples that a verb's help shows."""
    lines = [line for line in (verb_class(verb).__doc__ or "").splitlines() if line.strip().startswith("Example")]
    return [shlex.split(line.split("einthoven ", 1)[1]) for line in lines]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code in (0, None)
    assert f"Example: einthoven {verb}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("verb", VERBS)
def test_the_example_of_every_verb_is_understood(verb):
    for words in examples(verb):
        assert words[0] == verb
        assert isinstance(tyro.cli(verb_class(verb), args=words[1:]), verb_class(verb))


def test_the_manual_names_every_verb(capsys):
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(verb in told for verb in VERBS)
    assert main([]) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_option_ends_with_2(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*examples(verb)[0], "--colour", "red"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "--colour" in told and "Traceback" not in told


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_what_a_value_is(verb, capsys):
    """No option shows the name of a Python type in place of what may be put there."""
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    told = capsys.readouterr().out
    assert not [word for word in ("STR", "{None}", "{None}|", "[STR") if word in told.split()], told


def saved(values, file):
    np.save(file, values)
    return file


def written(content, file):
    file.write_bytes(content)
    return file


BAD_INPUTS = {
    "no such file": (lambda strip, tmp: [tmp / "none.hea"], RecordUnreadable, "none.hea"),
    "a folder": (lambda strip, tmp: [tmp], RecordUnreadable, "100.hea"),
    "zero bytes": (lambda strip, tmp: [written(b"", tmp / "zero.hea")], RecordUnreadable, "zero.hea"),
    "random bytes": (lambda strip, tmp: [written(b"\x07" * 400, tmp / "r.mat")], RecordUnreadable, "MATLAB", "r.mat"),
    "no statement": (lambda strip, tmp: [strip], StatementMissing, "--fs, --leads, --unit"),
    "microvolts": (
        lambda strip, tmp: [saved(1000 * np.load(strip), tmp / "loud.npy"), *STATED],
        RecordUnreadable,
        "loud.npy",
        "--unit uV",
    ),
    "too short": (
        lambda strip, tmp: [saved(np.load(strip)[:, :300], tmp / "short.npy"), *STATED],
        RecordUnreadable,
        "0.83 s",
    ),
    "a rate of zero": (
        lambda strip, tmp: [strip, "--fs", "0", "--leads", "MLII", "--unit", "mV"],
        RecordUnreadable,
        "0 Hz",
        "--fs 360",
    ),
    "another lead": (
        lambda strip, tmp: [strip, "--fs", "360", "--leads", "V1", "--unit", "mV"],
        LeadMismatch,
        "V1",
        "MLII or II",
        "einthoven models",
    ),
    "a strange unit": (
        lambda strip, tmp: [strip, "--fs", "360", "--leads", "MLII", "--unit", "cm"],
        RecordUnreadable,
        "--unit cm",
        "--unit mV",
    ),
    "unclear leads": (
        lambda strip, tmp: [strip, "--fs", "360", "--leads", "MLII,A=B", "--unit", "mV"],
        StatementMissing,
        "--leads MLII,A=B",
    ),
    "an unknown suffix": (lambda strip, tmp: [strip, *STATED, "--out", tmp / "a.docx"], OutputRefused, ".docx"),
    "a folder as output": (lambda strip, tmp: [strip, *STATED, "--out", tmp / "deep.json"], OutputRefused, "deep.json"),
    "this folder as output": (lambda strip, tmp: [strip, *STATED, "--out", "."], OutputRefused, "a folder"),
    "a place that cannot be written": (
        lambda strip, tmp: [strip, *STATED, "--out", "/proc/nothing/answer.json"],
        OutputRefused,
        "/proc/nothing",
    ),
    "nothing to read": (lambda strip, tmp: [], StatementMissing, "100.hea"),
}
REMEDIED = {"microvolts", "a rate of zero", "a strange unit", "an unknown suffix", "a folder as output"}
REMEDIED |= {"this folder as output"}
"""Those whose remedy is an option that makes the same command answer."""


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_bad_input(kind, untrained, strip, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep.json").mkdir()
    made, error, *telling = BAD_INPUTS[kind]
    words = made(strip, tmp_path)
    before = set(tmp_path.rglob("*"))
    out = [] if "--out" in words else ["--out", tmp_path / "answer.json"]
    words = ["predict", untrained, *words, *out]
    refusal = refused(capsys, words, error, *telling)
    assert set(tmp_path.rglob("*")) == before
    if kind in REMEDIED:
        assert followed(words, refusal) == 0
        assert set(tmp_path.rglob("*")) != before


@pytest.mark.parametrize(
    ("model", "error", "told"),
    [("none-such", ConfigurationFault, "mitbih-cnn-lstm-mlii"), ("weights.pt", FileDamaged, "weights.pt")],
)
def test_a_bad_model(model, error, told, strip, tmp_path, capsys):
    (tmp_path / "weights.pt").write_bytes(b"\x80\x04K\x01.")
    named = tmp_path / model if "." in model else model
    refused(capsys, ["predict", named, strip, *STATED], error, model, told)


def train(*more: str, model: str = "cnn") -> tuple[str, ...]:
    """A training that could run, and what is wrong with it."""
    return ("train", "--model", model, "--corpus", "mitdb", "--from", "{data}", "--out", "{out}", *more)


BAD_USE: dict[tuple[str, ...], tuple[type[EinthovenError], str]] = {
    ("fly",): (ConfigurationFault, "predict"),
    ("demo", "--out", "/proc/nothing"): (OutputRefused, "/proc/nothing"),
    ("download", "none", "--to", "{out}"): (ConfigurationFault, "ptb-xl"),
    ("prepare", "none", "--from", "."): (ConfigurationFault, "mitdb"),
    ("prepare", "mitdb", "--from", "/nowhere"): (CorpusIncomplete, "/nowhere"),
    train(model="none"): (ConfigurationFault, "cnn_lstm_attention"),
    train(model="delineator"): (ConfigurationFault, "einthoven study delineation"),
    train("--protocol", "none"): (ConfigurationFault, "clean, clean_without_202, paper"),
    train("--set", "height=3"): (ConfigurationFault, "height"),
    train("--leave-out", "999"): (ConfigurationFault, "999"),
    train("--train.lr", "0"): (ConfigurationFault, "lr is 0"),
    train("--train.balance", "2"): (ConfigurationFault, "balance is 2"),
    train("--train.loss", "focal", "--train.focal-alpha", "1", "2"): (
        ConfigurationFault,
        "--train.focal-alpha 1 1 1 1",
    ),
    train("--train.seed", "-1"): (ConfigurationFault, "seed is -1"),
    train("--set", "dropout=2", model="cnn_lstm"): (ConfigurationFault, "dropout"),
    train("--set", "widths=8,8,8,16", model="cnn_lstm"): (ConfigurationFault, "widths"),
    train("--prepare.low-hz", "15", "--prepare.fs-hz", "20"): (
        ConfigurationFault,
        "15 to 40 Hz at a sampling rate of 20 Hz",
    ),
    train("--prepare.before-s", "0.001", "--prepare.after-s", "0"): (ConfigurationFault, "0.001 s"),
    ("evaluate", "none-such", "--from", "{data}", "--out", "{out}"): (ConfigurationFault, "none-such"),
    ("predict", "none-such", "100.hea"): (ConfigurationFault, "none-such"),
    ("convert", "none.hea", "--to", "{out}", "--format", "csv"): (RecordUnreadable, "none.hea"),
    ("convert", "--to", "/proc/nothing", "--format", "csv", "100.hea"): (OutputRefused, "/proc/nothing"),
    ("convert", "--to", "{out}", "--format", "csv"): (StatementMissing, "einthoven convert 100.hea"),
    ("info", "none.hea"): (RecordUnreadable, "none.hea"),
    ("info",): (StatementMissing, "einthoven info 100.hea"),
    ("delineate", "100.hea", "--out", "{out}.docx"): (OutputRefused, ".atr"),
    ("delineate", "100.hea", "101.hea", "--out", "{out}.atr"): (OutputRefused, "2 records"),
    ("delineate", "100.hea", "--model", "mitbih-cnn-lstm-mlii"): (ConfigurationFault, "finds no waves"),
    ("impute", "none.hea", "--out", "{out}.csv"): (RecordUnreadable, "none.hea"),
    ("impute", "{data}/100.hea", "--out", "{out}.csv"): (RecordUnreadable, "no missing sample"),
    ("interpret", "none.hea"): (RecordUnreadable, "none.hea"),
    ("interpret",): (StatementMissing, "einthoven interpret 100.hea"),
    ("interpret", "100.hea", "--out", "{out}.docx"): (OutputRefused, ".docx"),
    ("interpret", "100.hea", "--models", "none-such"): (ConfigurationFault, "none-such"),
    ("serve", "--port", "70000"): (ConfigurationFault, "port 70000"),
    ("serve", "--host", "192.0.2.1", "--port", "0"): (ConfigurationFault, "192.0.2.1"),
    ("serve", "--limits.workers", "0"): (ConfigurationFault, "--limits.workers 0"),
    ("serve", "--keep", "/proc/nothing", "--port", "0"): (OutputRefused, "/proc/nothing"),
    ("explain", "none-such", "100.hea", "--out", "{out}.html"): (ConfigurationFault, "none-such"),
    ("export", "none-such", "--out", "{out}.onnx"): (ConfigurationFault, "none-such"),
    ("export", "mitbih-cnn-lstm-mlii", "--out", "{out}.docx"): (OutputRefused, ".onnx"),
    ("stream", "none-such", "--from", "100.hea"): (ConfigurationFault, "none-such"),
    ("stream", "mitbih-cnn-lstm-mlii", "--from", "100.hea", "--speed", "-1"): (StatementMissing, "--speed -1"),
    ("study", "delineation", "--from", "{data}", "--out", "{out}", "--folds", "3"): (ConfigurationFault, "no --folds"),
    ("study", "mitbih", "--out", "{out}"): (StatementMissing, "einthoven study mitbih --from DIR"),
    ("study", "geodesic", "--from", "none.vtk", "--out", "{out}"): (RecordUnreadable, "none.vtk"),
    ("study", "geodesic", "--from", "heart.stl", "--out", "{out}"): (RecordUnreadable, ".vtk, .msh, .ply, .off"),
    ("study", "geodesic", "--out", "{out}", "--protocol", "paper"): (ConfigurationFault, "--protocol clean"),
    train(model="geodesic"): (ConfigurationFault, "einthoven study geodesic"),
    ("evaluate", "waves-ludb", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}"): (ConfigurationFault, "qtdb"),
    ("study", "none", "--from", ".", "--out", "{out}"): (ConfigurationFault, "ptbxl"),
    ("compare", "none-such", "neither"): (RecordUnreadable, "none-such"),
    ("compare", "none-such", "neither", "--from", "{data}"): (ConfigurationFault, "none-such"),
    ("stress", "none-such", "--from", "{data}", "--noise", "/nowhere"): (ConfigurationFault, "none-such"),
    ("stress", "mitbih-cnn-lstm-mlii", "--from", "{data}", "--noise", "/nowhere", "--out", "{out}"): (
        CorpusIncomplete,
        "/nowhere: no such folder",
    ),
    ("models", "none-such"): (ConfigurationFault, "mitbih-cnn-lstm-mlii"),
    ("corpora", "none-such"): (ConfigurationFault, "ptb-xl"),
    ("features", "none-such"): (ConfigurationFault, "rr, p_waves"),
}
"""By the words of the command line: which error, and a part of what it says."""


def test_every_verb_that_takes_something_has_bad_uses():
    assert {words[0] for words in BAD_USE} >= {*VERBS}


@pytest.mark.parametrize("words", BAD_USE, ids=" ".join)
def test_bad_use(words, mitdb_like, home, tmp_path, capsys):
    error, told = BAD_USE[words]
    refusal = refused(capsys, [word.format(data=mitdb_like, out=tmp_path / "run") for word in words], error, told)
    assert not list(tmp_path.glob("run*"))
    if refusal.remedy in ("einthoven models", "einthoven corpora", "einthoven --help"):
        assert pasted(refusal) == 0
