"""Predict the classes of a whole record with a multilabel model, from the verbs to the page."""

import csv
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

import einthoven
from einthoven import bundle
from einthoven.cli.main import main
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.scp import LABEL_SETS
from einthoven.errors import ConfigurationFault, LeadMismatch, OutputRefused, RecordUnreadable
from einthoven.explanation.record_evidence import evidence_for
from einthoven.inference.answer import DISCLAIMER
from einthoven.records.record import Record
from einthoven.report.page import render
from einthoven.signal.leads import STANDARD
from einthoven.signal.windows import Windows
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of
from tests.inference.five_classes import RHYTHM, made
from tests.layouts import twelve_leads


@pytest.fixture
def model(tmp_path):
    made(tmp_path / "five", thresholds=(0.9, 0.4, 0.45, 0.4, 0.4), at_least_one=True)
    return einthoven.load(tmp_path / "five")


@pytest.fixture(scope="module")
def record() -> Record:
    return Record("twelve", twelve_leads(10, 500, np.random.default_rng(0)), 500, STANDARD)


def test_each_class_has_its_own_probability(model, record):
    found = model(record)
    assert found.record_probabilities.shape == (5,)
    assert ((found.record_probabilities > 0) & (found.record_probabilities < 1)).all()
    assert (
        found.is_predicted.tolist() == (found.record_probabilities >= np.array(model.card.thresholds)).tolist()
        or found.is_predicted.sum() == 1
    )
    assert set(found.to_dict()["predicted"]) == set(np.array(model.card.classes)[found.is_predicted])


def test_the_order_of_the_leads_does_not_matter(model, record):
    turned = Record("turned", record.signal_mv[::-1], 500, STANDARD[::-1])
    np.testing.assert_allclose(model(turned).record_probabilities, model(record).record_probabilities, atol=1e-6)


def test_missing_leads_and_short_records_are_refused_and_padding_is_remarked(model, record):
    nine = Record("nine", record.signal_mv[:9], 500, STANDARD[:9])
    with pytest.raises(LeadMismatch):
        model(nine)
    with pytest.raises(RecordUnreadable):
        model(Record("short", record.signal_mv[:, :2000], 500, STANDARD))
    padded = model(Record("padded", record.signal_mv[:, :3000], 500, STANDARD))
    assert any("padded with zeros" in remark for remark in padded.remarks)


def test_windows_of_a_long_record_are_averaged(model, record):
    long = Record("long", np.tile(record.signal_mv, (1, 3)), 500, STANDARD)
    found = model(long)
    assert found.probabilities.shape == (3, 5)
    assert found.windows.tolist() == [[0, 5000], [5000, 10000], [10000, 15000]]
    np.testing.assert_allclose(found.record_probabilities, found.probabilities.mean(axis=0))


def test_crops_are_averaged(tmp_path, record):
    made(tmp_path / "crops", preparation={"crop_s": 4.0})
    model = einthoven.load(tmp_path / "crops")
    windows = np.random.default_rng(0).standard_normal((2, 12, 1000)).astype(np.float32)
    with torch.no_grad():
        starts = (0, 200, 400, 600)
        each = [model.network(torch.from_numpy(windows[:, :, at : at + 400])) for at in starts]
        wanted = torch.sigmoid(torch.stack(each).mean(dim=0)).numpy()
    np.testing.assert_allclose(model.probabilities(Windows(windows)), wanted, atol=1e-6)
    assert len(evidence_for(model, model(record))[0].map) == 1000, "over the window, not over a crop"


def test_without_heartbeats_there_is_no_rate(tmp_path):
    made(tmp_path / "rhythm", "rhythm", {"widths": [8, 8]}, preparation=RHYTHM)
    flat = Record("flat", np.zeros((1, 360 * 30), np.float32), 360.0, ("ECG",))
    found = einthoven.load(tmp_path / "rhythm")(flat)
    assert found.to_dict()["rate_bpm"] is None
    assert "fewer than three" in found.heart_rate


def test_an_inverted_signal_is_remarked(tmp_path, ecg):
    preparation = {"leads": ("ECG|I",), "scaling": "local"}
    made(tmp_path / "one", "cnn", {"widths": [8, 8]}, preparation=preparation)
    model = einthoven.load(tmp_path / "one")
    upright = Record("wrist", ecg[0][None, : 360 * 12].astype(np.float32), 360.0, ("ECG",))
    turned = replace(upright, signal_mv=-upright.signal_mv)
    assert "lead_inverted" not in {finding.code for finding in model(upright).findings}
    assert "lead_inverted" in {finding.code for finding in model(turned).findings}


def test_the_page_counts_the_patients_of_a_card_that_packs_them(tmp_path, record):
    made(tmp_path / "own")
    model = einthoven.load(tmp_path / "own")
    names = bundle.packed(f"ptb-xl/{number}" for number in range(1, 1201))
    assert len(names) < 5
    model.card = replace(model.card, training=model.card.training | {"patients": names})
    assert "1,200 patients" in render([model(record)])


def test_predict_writes_every_format(model, ptbxl_like, tmp_path, capsys):
    file = ptbxl_like / "records500" / "00000" / "00009_hr.hea"
    for suffix in (".json", ".csv", ".html"):
        out = tmp_path / f"answer{suffix}"
        assert main(["predict", str(model.folder), str(file), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "not a medical device" in told
    assert "threshold" in told
    found = json.loads((tmp_path / "answer.json").read_text())
    assert found["notice"] == DISCLAIMER
    rows = list(csv.DictReader((tmp_path / "answer.csv").open()))
    one, (whole, *windows) = found["records"][0], rows
    assert whole["kind"] == "record" and whole["predicted"].split("; ") == one["predicted"]
    assert len(windows) == one["n_items"] and {row["kind"] for row in windows} == {"window"}
    for name, value in one["probabilities"].items():
        assert float(whole[name]) == value
    page = (tmp_path / "answer.html").read_text()
    assert DISCLAIMER in page
    assert not re.search(r"(src|href)\s*=|@import|url\((?!#)", page)
    assert page.count("aVF") > 1
    assert "Evidence for this result" in page


@pytest.mark.parametrize("suffix", [".png", ".html"])
def test_explain_writes_every_format(suffix, model, ptbxl_like, tmp_path, capsys):
    out = tmp_path / f"why{suffix}"
    file = ptbxl_like / "records100" / "00000" / "00009_lr.hea"
    assert main(["explain", str(model.folder), str(file), "--out", str(out)]) == 0
    assert "percentage points without a lead or input" in capsys.readouterr().out
    assert out.stat().st_size > 5000


def test_evaluate_on_the_publisher_s_folds(model, ptbxl_like, home, tmp_path, capsys):
    words = ["evaluate", str(model.folder), "--corpus", "ptb-xl", "--from", str(ptbxl_like)]
    assert main([*words, "--folds", "10", "--out", str(tmp_path / "ten")]) == 0
    metrics = json.loads((tmp_path / "ten" / "metrics.json").read_text())
    for name in ("macro_auroc", "macro_auprc", "micro_f1", "hamming_loss", "subset_accuracy"):
        assert set(metrics[name]) == {"value", "low", "high"}
    assert metrics["labels"] == LABEL_SETS["superclasses"].name
    assert metrics["decision"]["thresholds"] == [0.9, 0.4, 0.45, 0.4, 0.4]
    assert {"metrics.json", "table.md", "classes.png", "roc.png", "reliability.png", "risk.png", "predictions.csv"} == {
        file.name for file in (tmp_path / "ten").iterdir()
    }
    assert "no waveform in records100: 1 (7)" in capsys.readouterr().out
    assert main([*words, "--folds", "77", "--out", str(tmp_path / "none")]) == 2
    told = capsys.readouterr().err
    assert "The test set of ptb-xl is empty" in told and "--folds 9" in told
    saw_all = shutil.copytree(model.folder, tmp_path / "saw-all")
    card = bundle.load_card(saw_all)
    training = card.training | {"contains": ["ptb-xl"]}
    bundle.rewrite_card(saw_all, replace(card, training=training))
    words[1] = str(saw_all)
    assert main([*words, "--folds", "77", "--out", str(tmp_path / "none")]) == 2
    assert "did not train the model" in capsys.readouterr().err


def test_results_are_kept_by_label_set(model, ptbxl_like, home, tmp_path, monkeypatch, capsys):
    copy = shutil.copytree(model.folder, tmp_path / "copy")
    words = ["evaluate", str(copy), "--corpus", "ptb-xl", "--from", str(ptbxl_like), "--out", str(tmp_path / "scores")]
    assert main(words) == 0
    row = bundle.load_card(copy).results[-1]
    assert row["labels"] == LABEL_SETS["superclasses"].name
    other = row | {"labels": "another question", "n_test": 10_000}
    bundle.rewrite_card(copy, replace(bundle.load_card(copy), results=(other, row)))
    assert main(words) == 0
    assert "a larger test" not in capsys.readouterr().err
    assert sorted(known["labels"] for known in bundle.load_card(copy).results) == sorted(
        [row["labels"], "another question"]
    )

    def full(*_):
        raise OutputRefused("no.", found="read-only", expected="room", remedy="none")

    monkeypatch.setattr("einthoven.inference.scoring.rewrite_card", full)
    assert main(words) == 0
    told = capsys.readouterr()
    assert "is not changed: read-only" in told.err and "macro AUROC" in told.out


def test_the_remedy_for_other_classes_names_a_label_set(ptbxl_like, home, capsys):
    words = ["evaluate", "ptbxl-diagnoses", "--from", str(ptbxl_like), "--labels", "superclasses"]
    assert main(words) == 2
    assert "--labels subclasses" in capsys.readouterr().err


def test_a_training_starts_from_a_trained_model(ptbxl_like, home, tmp_path):
    from einthoven.data.build import build

    store = build(PTBXL, ptbxl_like, PTBXL.preparation)
    settings = {"widths": [8, 8], "recurrence": []}
    start = made(tmp_path / "start", settings=settings)
    task = task_of(PTBXL, PTBXL.protocol("clean"), store, 0)
    recipe = Recipe(epochs=1, batch=16, lr=1e-9, weight_decay=0.0, augment=(), precision="fp32")
    card = fit(task, "hybrid", settings, recipe, tmp_path / "run", devices=1, start=tmp_path / "start")
    assert card.training["start"]["weights_sha256"] == start.weights_sha256
    assert card.training["start"]["head_began_anew"]
    assert "ptb-xl/1" in card.training["patients"], "whom the other has seen is seen"
    before, after = (
        bundle.load_weights(folder, bundle.load_card(folder))
        for folder in (tmp_path / "start", tmp_path / "run" / "bundle")
    )
    name = "convolutions.0.0.weight"
    np.testing.assert_allclose(before[name], after[name], atol=1e-6)
    with pytest.raises(ConfigurationFault, match="same architecture"):
        fit(task, "cnn", {}, recipe, tmp_path / "other", devices=1, start=tmp_path / "start")
    with pytest.raises(ConfigurationFault, match="weights of the same shapes"):
        fit(task, "hybrid", {"recurrence": []}, recipe, tmp_path / "other", devices=1, start=tmp_path / "start")
