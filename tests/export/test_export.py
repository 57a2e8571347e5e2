"""An export predicts what its model does, or is refused; its card says how it was compared."""

import json
import os
from dataclasses import replace

import numpy as np
import onnx
import pytest

from einthoven import bundle
from einthoven.cli.main import main
from einthoven.corpora import CORPORA
from einthoven.data.build import build
from einthoven.errors import OutputRefused
from einthoven.export import convert, files, graph, int8
from einthoven.export.compact import with_short_names
from einthoven.export.layers import with_torch_layers
from einthoven.export.parity import MOST_LOST, Parity, compare, require_kept
from einthoven.export.training_windows import real_windows
from einthoven.inference.backends import TorchBackend
from einthoven.inference.exported_file import card_inside
from einthoven.inference.predictor import load
from einthoven.report.tables import beside_its_model
from einthoven.signal.leads import STANDARD
from einthoven.signal.windows import Windows
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of
from tests.export.untrained import untrained_of
from tests.layouts import twelve_leads

pytestmark = pytest.mark.usefixtures("graphs_once")


@pytest.mark.parametrize(
    "architecture, leads, most", [("litenet", STANDARD, 1_100_000), ("arrhythminet_v2", ("I",), 60_000)]
)
def test_int8_files_stay_small_with_the_whole_card_inside(architecture, leads, most, tmp_path):
    """As the file is written, with the names of 5,458 recordings inside."""
    model = untrained_of(architecture, tmp_path / "model", {}, leads=leads)
    numbers = np.sort(np.random.default_rng(0).permutation(8528)[:5458]) + 1
    seen = {"corpus": "challenge-2017", "patients": [f"challenge-2017/A{at:05}" for at in numbers]}
    card = replace(model.card, training=seen | {"patients": bundle.packed(seen["patients"])})
    windows = graph.noise(card)
    content = graph.to_onnx(with_torch_layers(TorchBackend(model.folder, model.card).network), windows)
    for way in int8.WAYS:
        small = int8.quantized(content, windows, way)
        assert with_short_names(small) == small
        files.write(small, card, "onnx", "int8", tmp_path / "x.onnx")
        assert (tmp_path / "x.onnx").stat().st_size < most, way
    assert card_inside(tmp_path / "x.onnx").patients == set(seen["patients"])


@pytest.mark.parametrize("folds, where", [((0, 1), "training data of its members"), ((2, 2), "validation data")])
def test_members_of_different_folds_are_compared_on_their_training_data(folds, where, tmp_path):
    model = untrained_of("cnn", tmp_path / "model", {"widths": (4, 4)})
    compared = Parity(60, {"macro_f1": (0.5, 0.5)}, {"a": (0.5, 0.5)}, (0.1, 0.01), 1.0).as_dict()
    training = {"members": [{"fold": fold} for fold in folds]}
    columns, _, _ = beside_its_model(replace(model.card, training=training, export={"compared": compared}))
    assert columns[0] == where


@pytest.mark.parametrize("target", convert.TARGETS)
def test_an_export_without_a_corpus_is_compared_on_noise(target, tmp_path):
    model = untrained_of("resnet1d", tmp_path / "model", {"widths": (8, 8)})
    file = tmp_path / f"model{convert.TARGETS[target]}"
    convert.export(model, target, "fp32", file, None)
    again = load(file)
    assert again.card.classes == model.card.classes and again.backend.name in ("onnxruntime", "openvino")
    assert again.card.export["largest_logit_difference_on_noise"] < 1e-4 and "compared" not in again.card.export
    windows = graph.noise(model.card)
    np.testing.assert_allclose(again.probabilities(windows), model.probabilities(windows), atol=1e-5)


@pytest.fixture(scope="module")
def beats(mitdb_like, tmp_path_factory):
    """A net with an LSTM that learned the small MIT-BIH, its store and its protocol."""
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("EINTHOVEN_HOME")
    os.environ["EINTHOVEN_HOME"] = str(home)
    corpus = CORPORA["mitdb"]
    protocol = corpus.protocol("clean")
    wanted = corpus.preparation.with_settings(leads=("MLII|II",), fs_hz=90.0, before_s=0.5, after_s=0.5)
    store = build(corpus, mitdb_like, wanted, protocol.without)
    task = task_of(corpus, protocol, store, 0)
    recipe = Recipe(epochs=6, batch=32, patience=99, augment=(), precision="fp32")
    fit(task, "cnn_lstm", {"hidden": 16}, recipe, home / "run", devices=1)
    yield load(home / "run"), store, protocol
    if before is None:
        del os.environ["EINTHOVEN_HOME"]
    else:
        os.environ["EINTHOVEN_HOME"] = before


@pytest.mark.parametrize(
    "target, precision", [("onnx", "fp32"), ("onnx", "int8"), ("openvino", "bf16"), ("openvino", "int8")]
)
def test_an_export_is_compared_on_real_windows_and_its_card_has_the_result(beats, tmp_path, target, precision):
    model, store, protocol = beats
    real = real_windows(model.card, protocol, store)
    assert not set(store.index.record[real.train]) & set(store.index.record[real.validation])
    file = tmp_path / f"beats{convert.TARGETS[target]}"
    convert.export(model, target, precision, file, real, even_if_worse=True)
    card = card_inside(file)
    told = card.export["compared"]
    assert told["windows"] == len(real.validation) and set(told["f1_per_class"]) == set(model.card.classes)
    seen = json.loads(json.dumps({name: value for name, value in model.card.training.items() if name != "records"}))
    assert (
        {**card.training, "patients": 0} == {**seen, "patients": 0}
        and card.patients == model.card.patients
        and card.export["precision"] == precision
    )
    windows = store.windows[real.validation]
    difference = np.abs(load(file).probabilities(windows) - model.probabilities(windows)).max()
    assert difference == pytest.approx(told["largest_probability_difference"], rel=0.02, abs=1e-6)
    assert difference < {"fp32": 1e-4, "bf16": 0.1, "int8": 0.3}[precision]
    if precision == "int8" and target == "onnx":
        assert "DynamicQuantizeLSTM" in {node.op_type for node in onnx.load(file).graph.node}


def test_an_export_that_loses_is_refused(beats, tmp_path):
    model, store, protocol = beats
    real = real_windows(model.card, protocol, store)

    class Wrong:
        def logits(self, windows):
            return -model.backend.logits(windows)

    parity = convert.parity_on_validation(model, model.backend, Wrong(), real)
    assert parity.lost > MOST_LOST and parity.agreement < 1
    with pytest.raises(OutputRefused, match="points"):
        require_kept(parity, "wrong.onnx")
    same = convert.parity_on_validation(model, model.backend, model.backend, real)
    assert same.lost == 0 and same.agreement == 1
    require_kept(same, "same.onnx")


def test_a_loss_in_one_metric_or_an_undefined_one_is_refused():
    kept = {"n": 50, "per_class": {}, "agreement": 1.0}
    fine = Parity(metrics={"macro_f1": (0.8, 0.796), "macro_auroc": (0.9, 0.91)}, probability=(0.1, 0.0), **kept)
    require_kept(fine, "x")
    for metrics, probability in (
        ({"macro_f1": (0.8, 0.81), "macro_auroc": (0.893, 0.513)}, (0.1, 0.0)),
        ({"macro_f1": (0.8, 0.79)}, (0.1, 0.0)),
        ({"macro_f1": (0.8, 0.8)}, (float("nan"), 0.0)),
        ({"macro_f1": (0.8, float("nan"))}, (0.1, 0.0)),
        ({"macro_f1": (0.8, 0.8), "macro_auroc": (float("nan"), float("nan"))}, (0.1, 0.0)),
        ({"macro_auroc": (float("nan"), float("nan")), "macro_f1": (0.8, 0.8)}, (0.1, 0.0)),
    ):
        with pytest.raises(OutputRefused):
            require_kept(Parity(metrics=metrics, probability=probability, **kept), "x")
    with pytest.raises(OutputRefused, match="49 validation rows"):
        require_kept(replace(fine, n=49), "x")


def test_an_export_with_wrong_int8_ranges_is_refused(beats, tmp_path, monkeypatch):
    """Ranges computed on the wrong windows make every int8 prediction wrong; the file is not written."""
    model, store, protocol = beats
    real = real_windows(model.card, protocol, store)
    naive = int8.quantized
    monkeypatch.setattr(
        convert.int8, "quantized", lambda content, windows, way: naive(content, Windows(1e-3 * windows.signal), way)
    )
    file = tmp_path / "naive.onnx"
    with pytest.raises(OutputRefused, match="macro_f1"):
        convert.export(model, "onnx", "int8", file, real)
    assert not list(tmp_path.iterdir())
    convert.export(model, "onnx", "int8", file, real, even_if_worse=True)
    metrics = card_inside(file).export["compared"]["metrics"]["macro_f1"]
    assert metrics[0] - metrics[1] > MOST_LOST


def test_predict_and_evaluate_read_an_exported_file_and_explain_does_not(beats, mitdb_like, tmp_path, capsys):
    model, *_ = beats
    file = tmp_path / "beats.onnx"
    words = ["export", str(model.folder), "--out", str(file), "--from", str(mitdb_like)]
    assert main(words) == 0
    assert "F1 of V" in capsys.readouterr().out
    assert main(["predict", str(file), str(mitdb_like / "100.hea"), "--out", str(tmp_path / "a.json")]) == 0
    assert main(["predict", str(model.folder), str(mitdb_like / "100.hea"), "--out", str(tmp_path / "b.json")]) == 0
    first, second = (json.loads((tmp_path / name).read_text())["records"][0] for name in ("a.json", "b.json"))
    assert [beat["predicted"] for beat in first["items"]] == [beat["predicted"] for beat in second["items"]]
    assert main(["evaluate", str(file), "--from", str(mitdb_like), "--out", str(tmp_path / "scores")]) == 0
    assert main(["explain", str(file), str(mitdb_like / "100.hea"), "--out", str(tmp_path / "e.html")]) == 2
    assert "cannot be explained" in capsys.readouterr().err
    assert main(["export", str(file), "--out", str(tmp_path / "again.onnx")]) == 2


def test_the_page_of_an_exported_file_says_that_evidence_is_missing(tmp_path, capsys):
    model = untrained_of("hybrid", tmp_path / "whole")
    convert.export(model, "onnx", "fp32", tmp_path / "file.onnx", None)
    np.save(tmp_path / "record.npy", twelve_leads(4, 100, np.random.default_rng(0)))
    stated = [str(tmp_path / "record.npy"), "--fs", "100", "--leads", ",".join(STANDARD), "--unit", "mV"]
    for name, is_exported in (("whole", False), ("file.onnx", True)):
        assert main(["predict", str(tmp_path / name), *stated, "--out", str(tmp_path / "page.html")]) == 0
        page = (tmp_path / "page.html").read_text()
        assert ("Grad-CAM" not in page) == ("an exported file has no weights" in page) == is_exported
        assert ("Model whole, onnx, fp32" in page) == is_exported
        assert ("an exported file has no weights" in capsys.readouterr().err) == is_exported
        assert ("difference of a logit on random input" in page) == is_exported


def test_results_of_a_model_are_not_given_as_results_of_its_export(beats, mitdb_like, tmp_path, capsys):
    model, store, protocol = beats
    assert main(["evaluate", str(model.folder), "--from", str(mitdb_like), "--out", str(tmp_path / "scores")]) == 0
    real = real_windows(model.card, protocol, store)
    convert.export(load(model.folder), "onnx", "int8", tmp_path / "beats.onnx", real, even_if_worse=True)
    told = {}
    for name in (str(model.folder), str(tmp_path / "beats.onnx")):
        for out in ("page.html", "page.json"):
            assert main(["predict", name, str(mitdb_like / "100.hea"), "--out", str(tmp_path / out)]) == 0
        told[name] = (tmp_path / "page.html").read_text(), json.loads((tmp_path / "page.json").read_text())["model"]
    (page, said), (its_page, its) = told.values()
    assert "Test result of this model: mitdb" in page and said["results"] and "exported_from" not in said
    assert "(not of this exported file): mitdb" in its_page and "Test result of this model" not in its_page
    assert f"Compared on {its['export']['compared']['windows']:,} windows: the prediction is the same" in its_page
    assert its["results"] == [] and its["exported_from"] == {"name": said["name"], "results": said["results"]}


@pytest.mark.parametrize(
    "words",
    [
        ["--out", "x.xml"],
        ["--out", "x.tflite"],
        ["--out", "no/folder/x.onnx"],
        ["--precision", "int8", "--out", "x.onnx"],
        ["--precision", "bf16", "--out", "x.onnx"],
        ["--from", "nowhere", "--out", "x.onnx"],
        ["--out", "folder/a.onnx"],
        ["--to", "openvino", "--out", "other.xml"],
        ["--out", "."],
        ["--out", "/"],
    ],
)
def test_a_bad_export_command_ends_with_one_error(untrained, words, tmp_path, monkeypatch, capsys, home):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder" / "a.onnx").mkdir(parents=True)
    (tmp_path / "other.bin").write_text("of somebody else")
    assert main(["export", str(untrained), *words]) == 2
    assert capsys.readouterr().err.count("remedy") == 1
    assert not list(tmp_path.glob("*.onnx")) and not list(tmp_path.glob("*.xml"))
    assert (tmp_path / "other.bin").read_text() == "of somebody else"


def test_calibration_data_with_other_leads_is_refused(untrained_copy, mitdb_like, tmp_path, capsys, home):
    card = bundle.load_card(untrained_copy)
    bundle.rewrite_card(untrained_copy, replace(card, preparation=card.preparation.with_settings(leads=("V6",))))
    words = ["export", str(untrained_copy), "--precision", "int8", "--from", str(mitdb_like)]
    assert main([*words, "--out", str(tmp_path / "x.onnx")]) == 2
    assert "LeadMismatch" in capsys.readouterr().err


def test_multilabel_predictions_are_compared():
    from einthoven.evaluation.predictions import Predictions

    rng = np.random.default_rng(0)
    truth = (rng.random((60, 3)) < 0.4).astype(np.float32)
    rows = {"record": np.arange(60).astype(str), "patient": np.arange(60).astype(str), "position": np.zeros(60, int)}
    good = Predictions(("a", "b", "c"), truth, 0.2 + 0.6 * truth, **rows)
    parity = compare(good, replace(good, probability=1 - good.probability))
    assert parity.metrics["macro_auroc"] == (1.0, 0.0) and parity.metrics["macro_f1"][0] == 1.0
    assert parity.agreement < 0.1 and parity.probability[0] == pytest.approx(0.6, abs=1e-6)
