"""The command-line contract, over VERBS; and bad input: one message, exit status 2, no traceback, nothing half-written."""

import json
import logging
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from einthoven import __version__, console
from einthoven.cli.main import VERBS, main, summary, verb_class
from einthoven.errors import EXTRAS
from einthoven.export import convert
from einthoven.inference.predictor import load


def run(*words, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "einthoven.cli.main", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )


def loaded_by(code):
    """Names of the modules that a fresh interpreter loads by `code`."""
    script = f"import sys\n{code}\nprint()\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return set(told.splitlines()[-1].split())


@pytest.fixture(scope="module")
def strip(tmp_path_factory, ecg):
    file = tmp_path_factory.mktemp("strips") / "strip.npy"
    np.save(file, ecg[0][None])
    return file


STATED = ("--fs", "360", "--leads", "MLII", "--unit", "mV")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code in (0, None)
    assert f"Example: einthoven {verb}" in " ".join(capsys.readouterr().out.split())


def test_a_score_that_shares_patients_says_so_among_the_models(capsys):
    assert main(["models"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("LEAKS") == 1 and "mitdb paper (LEAKS" in told


def test_the_manual_names_every_verb(capsys):
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"  {verb:<10}{summary(verb)}\n" in told for verb in VERBS)
    assert main([]) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_the_manual_s_line_is_the_first_of_the_verb_s_help(verb):
    assert summary(verb) == verb_class(verb).__doc__.splitlines()[0] != ""


@pytest.mark.parametrize("module", ["einthoven", "einthoven.cli.main"])
def test_python_dash_m_runs_the_command_line(module):
    told = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, f"einthoven {__version__}\n", "")


HEAVY = {"numpy", "scipy", "torch", "matplotlib", "lightning", "wfdb", "tyro", "rich", "onnxruntime", "sleepecg"}


@pytest.mark.parametrize("code", ["import einthoven", "from einthoven.cli.main import main; main(['--help'])"])
def test_starting_up_loads_nothing_heavy(code):
    assert not HEAVY & loaded_by(code)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_needs_no_optional_library(verb):
    optional = {library for libraries in EXTRAS.values() for library in libraries}
    code = f"from einthoven.cli.main import main\ntry: main(['{verb}', '--help'])\nexcept SystemExit: pass"
    assert not optional & loaded_by(code)


def test_what_was_logged_is_shown_and_the_process_left_as_it_was(untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(untrained, tmp_path / "challenge2017-small")
    before = logging.getLogger("einthoven").handlers[:]
    assert main(["predict", "challenge2017-small", "none.npy"]) == 2
    assert "./challenge2017-small names the one here" in capsys.readouterr().err
    assert logging.getLogger("einthoven").handlers == before and not console.is_shown()


def test_lists(capsys):
    assert main(["corpora"]) == 0
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    assert "109,494" in told
    assert "LEAKS PATIENTS" in told
    assert "cnn_lstm_attention" in told


@pytest.mark.parametrize("suffix", [".json", ".csv", ".html"])
def test_predict_writes_each_output(suffix, untrained, strip, tmp_path, capsys):
    out = tmp_path / f"answer{suffix}"
    assert main(["predict", str(untrained), str(strip), *STATED, "--out", str(out)]) == 0
    assert out.stat().st_size > 1000
    assert "not a medical device" in capsys.readouterr().out


def test_one_bad_file_does_not_stop_the_others(untrained, strip, tmp_path, capsys):
    out = tmp_path / "answer.json"
    bad = tmp_path / "none.npy"
    assert main(["predict", str(untrained), str(strip), str(bad), str(strip), *STATED, "--out", str(out)]) == 1
    assert len(json.loads(out.read_text())["records"]) == 2
    assert "none.npy" in capsys.readouterr().err


def saved(values, file):
    np.save(file, values)
    return file


def written(content, file):
    file.write_bytes(content)
    return file


BAD_INPUTS = {
    "no such file": lambda strip, tmp: [tmp / "none.hea"],
    "a folder": lambda strip, tmp: [tmp],
    "zero bytes": lambda strip, tmp: [written(b"", tmp / "zero.hea")],
    "random bytes": lambda strip, tmp: [written(os.urandom(400), tmp / "rubbish.mat")],
    "no statement": lambda strip, tmp: [strip],
    "microvolts": lambda strip, tmp: [saved(1000 * np.load(strip), tmp / "loud.npy"), *STATED],
    "too short": lambda strip, tmp: [saved(np.load(strip)[:, :300], tmp / "short.npy"), *STATED],
    "a rate of zero": lambda strip, tmp: [strip, "--fs", "0", "--leads", "MLII", "--unit", "mV"],
    "another lead": lambda strip, tmp: [strip, "--fs", "360", "--leads", "V1", "--unit", "mV"],
    "a strange unit": lambda strip, tmp: [strip, "--fs", "360", "--leads", "MLII", "--unit", "cm"],
    "unclear leads": lambda strip, tmp: [strip, "--fs", "360", "--leads", "MLII,A=B", "--unit", "mV"],
    "an unknown suffix": lambda strip, tmp: [strip, *STATED, "--out", tmp / "a.docx"],
    "a folder as output": lambda strip, tmp: [strip, *STATED, "--out", tmp / "deep.json"],
    "this folder as output": lambda strip, tmp: [strip, *STATED, "--out", "."],
    "nothing to read": lambda strip, tmp: [],
}


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_bad_input(kind, untrained, strip, tmp_path, capsys):
    (tmp_path / "deep.json").mkdir()
    words = BAD_INPUTS[kind](strip, tmp_path)
    before = set(tmp_path.rglob("*"))
    out = [] if "--out" in words else ["--out", tmp_path / "answer.json"]
    assert main(["predict", str(untrained), *map(str, [*words, *out])]) == 2
    told = capsys.readouterr().err
    assert all(label in told for label in ("found", "expected", "remedy"))
    assert "Traceback" not in told
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("model", ["none-such", "weights.pt"])
def test_a_bad_model(model, strip, tmp_path, capsys):
    (tmp_path / "weights.pt").write_bytes(b"\x80\x04K\x01.")
    named = tmp_path / model if "." in model else model
    assert main(["predict", str(named), str(strip), *STATED]) == 2
    assert "remedy" in capsys.readouterr().err


def test_an_output_in_a_place_that_cannot_be_written(untrained, strip, capsys):
    assert main(["predict", str(untrained), str(strip), *STATED, "--out", "/proc/nothing/answer.json"]) == 2
    assert "OutputRefused" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        ["prepare", "none", "--from", "."],
        ["prepare", "mitdb", "--from", "/nowhere"],
        ["train", "--model", "none", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}"],
        ["train", "--model", "cnn", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}", "--protocol", "none"],
        ["train", "--model", "cnn", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}", "--set", "height=3"],
        ["train", "--model", "cnn", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}", "--leave-out", "999"],
        ["train", "--model", "cnn", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}", "--train.lr", "0"],
        ["evaluate", "none-such", "--from", "{data}", "--out", "{out}"],
        *[
            ["train", "--model", "cnn_lstm", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}", *words]
            for words in (
                ["--train.augment", "blur"],
                ["--train.loss", "focal", "--train.focal-alpha", "1", "2"],
                ["--train.seed", "-1"],
                ["--set", "dropout=2"],
                ["--set", "widths=8,8,8,16"],
                ["--prepare.low-hz", "15", "--prepare.fs-hz", "20"],
                ["--prepare.before-s", "0.001", "--prepare.after-s", "0"],
            )
        ],
    ],
)
def test_bad_use(words, mitdb_like, home, tmp_path, capsys):
    filled = [word.format(data=mitdb_like, out=tmp_path / "run") for word in words]
    assert main(filled) == 2
    assert "remedy" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_answer_never_takes_the_place_of_a_recording(untrained, strip, tmp_path, capsys):
    table = tmp_path / "in.csv"
    np.savetxt(table, np.load(strip).T, delimiter=",", header="MLII", comments="")
    before = table.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(table)
    for out in (table, link):
        words = [str(table), "--fs", "360", "--unit", "mV", "--out", str(out)]
        assert main(["predict", str(untrained), *words]) == 2
        assert "one of the recordings" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_an_unknown_option_ends_with_2(untrained):
    ended = run("predict", untrained, "x.hea", "--colour", "red")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_evaluate_writes_everything_and_never_calls_a_leak_clean(untrained_copy, mitdb_like, home, tmp_path, capsys):
    out = tmp_path / "scores"
    assert main(["evaluate", str(untrained_copy), "--from", str(mitdb_like), "--out", str(out), "--drop-202"]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["protocol"] == "clean"
    assert metrics["left_out"] == ["202"]
    assert {"accuracy", "macro_precision", "macro_recall", "macro_f1", "per_class", "baselines", "n_test"} <= set(
        metrics
    )
    assert set(metrics["macro_f1"]) == {"value", "low", "high"}
    assert (out / "confusion.png").read_bytes()[:4] == (out / "roc.png").read_bytes()[:4] == b"\x89PNG"
    assert "95 % interval" in (out / "table.md").read_text()
    assert "201 (DS1) and 202 (DS2) are one man" in capsys.readouterr().out
    assert (
        main(["evaluate", str(untrained_copy), "--from", str(mitdb_like), "--out", str(out), "--protocol", "paper"])
        == 2
    )


def test_an_exported_file_answers_as_such(untrained, strip, mitdb_like, home, tmp_path, capsys):
    convert.export(load(untrained), "onnx", "fp32", tmp_path / "model.onnx", None)
    model, scores = str(tmp_path / "model.onnx"), tmp_path / "scores"
    assert main(["predict", model, str(strip), *STATED, "--out", str(tmp_path / "answer.json")]) == 0
    assert "(untrained, onnx, fp32)" in capsys.readouterr().out
    assert json.loads((tmp_path / "answer.json").read_text())["model"]["name"] == "untrained, onnx, fp32"
    assert main(["evaluate", model, "--from", str(mitdb_like), "--out", str(scores)]) == 0
    assert json.loads((scores / "metrics.json").read_text())["model"] == "untrained, onnx, fp32"


def test_the_demo_answers_on_a_real_recording(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    told = capsys.readouterr().out
    assert "annotators" in told
    assert "did not train the model" in told
    page = (tmp_path / "demo" / "report.html").read_text()
    assert "The man of record 208 did not train the model that answers here" in page
    assert "annotators counted 358" in page
    answer = json.loads((tmp_path / "demo" / "prediction.json").read_text())
    assert answer["records"][0]["counts"]["V"] == pytest.approx(93, abs=15)
    assert answer["records"][0]["duration_s"] == 300.0


def test_evaluate_on_another_database(untrained_copy, svdb_like, mitdb_like, home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", str(untrained_copy), "--corpus", "svdb", "--from", str(svdb_like)]) == 0
    metrics = json.loads((tmp_path / "scores" / "untrained-svdb" / "metrics.json").read_text())
    assert (metrics["corpus"], metrics["n_patients"], metrics["leaks_patients"]) == ("svdb", 3, False)
    told = capsys.readouterr()
    assert "taken for MLII and V1" in told.out
    assert main(["evaluate", str(untrained_copy), "--from", str(mitdb_like), "--out", "scores/untrained-svdb"]) == 0
    assert "held another evaluation" in capsys.readouterr().err and "held another" not in told.err


def test_no_evaluation_takes_the_place_of_another(untrained_copy, svdb_like, home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fewer = shutil.copytree(svdb_like, tmp_path / "fewer")
    for file in fewer.glob(f"{min(file.stem for file in fewer.glob('*.hea'))}.*"):
        file.unlink()
    for source, said in ((svdb_like, False), (svdb_like, False), (fewer, True)):
        assert main(["evaluate", str(untrained_copy), "--corpus", "svdb", "--from", str(source)]) == 0
        assert ("the card keeps its result" in capsys.readouterr().err) == said
    folders = [tmp_path / "scores" / name for name in ("untrained-svdb", "untrained-svdb-2")]
    assert sorted((tmp_path / "scores").iterdir()) == folders
    assert [json.loads((folder / "metrics.json").read_text())["n_patients"] for folder in folders] == [3, 2]
    assert [row["n_patients"] for row in load(untrained_copy).card.results] == [3]


def test_a_corpus_of_other_classes_is_refused_before_it_is_read(untrained, tmp_path, home, capsys):
    assert main(["evaluate", str(untrained), "--corpus", "challenge-2017", "--from", str(tmp_path)]) == 2
    assert "--corpus mitdb, or a model" in capsys.readouterr().err


def test_a_model_here_of_a_bundled_one_s_name_is_told(untrained, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(untrained, tmp_path / "challenge2017-small")
    assert load("challenge2017-small").card.architecture != "cnn"
    assert "./challenge2017-small names the one here" in caplog.text
    caplog.clear()
    assert load("./challenge2017-small").card.architecture == "cnn"
    assert not caplog.records


def test_every_bundled_model_answers(mitdb_like, ptbxl_like, tmp_path):
    from einthoven import bundle, load, read

    for name in bundle.bundled():
        model = load(name)
        if model.card.preparation.cut == "tiles":
            prediction = model(read(ptbxl_like / "records500" / "00000" / "00009_hr.hea"))
            assert len(prediction.probability) == len(model.card.classes)
        else:
            prediction = model(read(mitdb_like / "100.hea"))
            assert len(prediction.beats) > 5
        assert prediction.card.results, f"{name} bears no honest numbers"
        assert prediction.card.attribution
