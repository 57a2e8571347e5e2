"""What the verbs do: outputs, leaks that are told, evaluations that are kept apart; the contract over VERBS is in contracts/."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from einthoven.cli.demo import Demo
from einthoven.cli.main import main
from einthoven.errors import PatientLeak
from einthoven.evaluation.predictions import Predictions
from einthoven.export import convert
from einthoven.inference.predictor import load

STATED = ("--fs", "360", "--leads", "MLII", "--unit", "mV")


def test_a_score_that_shares_patients_says_so_among_the_models(capsys):
    assert main(["models"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("LEAKS") == 1 and "mitdb paper (LEAKS" in told


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


def test_evaluate_writes_everything_and_never_calls_a_leak_clean(untrained_copy, mitdb_like, home, tmp_path, capsys):
    out = tmp_path / "scores"
    assert main(["evaluate", str(untrained_copy), "--from", str(mitdb_like), "--out", str(out)]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["protocol"] == "clean"
    assert {"accuracy", "macro_precision", "macro_recall", "macro_f1", "per_class", "baselines", "n_test"} <= set(
        metrics
    )
    assert set(metrics["macro_f1"]) == {"value", "low", "high"}
    assert (out / "confusion.png").read_bytes()[:4] == (out / "roc.png").read_bytes()[:4] == b"\x89PNG"
    assert "95 % interval" in (out / "table.md").read_text()
    assert "201 (DS1) and 202 (DS2) are the same patient" in capsys.readouterr().out
    assert (
        main(["evaluate", str(untrained_copy), "--from", str(mitdb_like), "--out", str(out), "--protocol", "paper"])
        == 2
    )
    words = ["--from", str(mitdb_like), "--out", str(tmp_path / "without"), "--protocol", "clean_without_202"]
    assert main(["evaluate", str(untrained_copy), *words]) == 0
    tested = [set(Predictions.read(folder / "predictions.csv").record) for folder in (out, tmp_path / "without")]
    assert tested[0] - tested[1] == {"202"} and not tested[1] - tested[0]


@pytest.mark.usefixtures("graphs_once")
def test_an_exported_file_answers_as_such(untrained, strip, mitdb_like, home, tmp_path, capsys):
    convert.export(load(untrained), "onnx", "fp32", tmp_path / "model.onnx", None)
    model, scores = str(tmp_path / "model.onnx"), tmp_path / "scores"
    assert main(["predict", model, str(strip), *STATED, "--out", str(tmp_path / "answer.json")]) == 0
    assert "(untrained, onnx, fp32)" in capsys.readouterr().out
    assert json.loads((tmp_path / "answer.json").read_text())["model"]["name"] == "untrained, onnx, fp32"
    assert main(["evaluate", model, "--from", str(mitdb_like), "--out", str(scores)]) == 0
    assert json.loads((scores / "metrics.json").read_text())["model"] == "untrained, onnx, fp32"


def test_the_demo_interprets_a_real_recording(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    told = capsys.readouterr().out
    assert "annotated" in told and "No model that is asked here was trained on record 208." in told
    report = tmp_path / "demo" / "report.html"
    assert report.as_uri() in told.splitlines() and "Scroll through the recording" in report.read_text()
    (answer,) = json.loads((tmp_path / "demo" / "report.json").read_text())["records"]
    counts = answer["beats"]["counts"]
    # Annotated are 358 N, 93 V, 56 F, which this model cannot name, and 2 Q: 509 beats.
    assert sum(counts.values()) == pytest.approx(509, abs=5) and counts["N"] == pytest.approx(358, abs=15)
    assert 93 <= counts["V"] <= 93 + 56
    assert answer["duration_s"] == 300.0 and answer["rhythm"]["assessed_s"] == pytest.approx(300, abs=1)


def test_the_demo_refuses_a_model_that_knows_the_recording(tmp_path, monkeypatch):
    knowing = SimpleNamespace(card=SimpleNamespace(patients=("mitdb/208",), name="knows"))
    found = SimpleNamespace(beat_answer=knowing, rhythm_answer=None, diagnosis_answer=None)
    with pytest.raises(PatientLeak, match="knows"):
        Demo(tmp_path)._require_unseen(found)


def test_evaluate_on_another_database(untrained_copy, svdb_like, mitdb_like, home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", str(untrained_copy), "--corpus", "svdb", "--from", str(svdb_like)]) == 0
    metrics = json.loads((tmp_path / "scores" / "untrained-svdb" / "metrics.json").read_text())
    assert (metrics["corpus"], metrics["n_patients"], metrics["leaks_patients"]) == ("svdb", 3, False)
    told = capsys.readouterr()
    assert "taken for MLII and V1" in told.out
    assert main(["evaluate", str(untrained_copy), "--from", str(mitdb_like), "--out", "scores/untrained-svdb"]) == 0
    assert "contained another evaluation" in capsys.readouterr().err and "held another" not in told.err


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
    assert "write ./challenge2017-small for the one in this folder" in caplog.text
    caplog.clear()
    assert load("./challenge2017-small").card.architecture == "cnn"
    assert not caplog.records


def test_every_bundled_model_answers(mitdb_like, ptbxl_like, tmp_path):
    from einthoven import bundle, load, read

    for name in bundle.classifiers():
        model = load(name)
        if model.card.preparation.is_whole:
            prediction = model(read(ptbxl_like / "records500" / "00000" / "00009_hr.hea"))
            assert prediction.record_probabilities.shape == (len(model.card.classes),)
        else:
            prediction = model(read(mitdb_like / "100.hea"))
            assert len(prediction.beats) > 5
        assert prediction.card.results, f"{name} bears no honest numbers"
        assert prediction.card.attribution
