"""A model that answers for a whole record: twelve leads in, several classes out, from the verb to the page."""

import csv
import json
import re
import shutil
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
import torch

import einthoven
from einthoven import bundle
from einthoven.cli.main import main
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.scp import LABEL_SETS
from einthoven.errors import ConfigurationFault, LeadMismatch, OutputRefused, RecordUnreadable
from einthoven.explanation.gradcam import over_trace
from einthoven.explanation.record_evidence import evidence_for
from einthoven.inference.answer import DISCLAIMER
from einthoven.models import MODELS
from einthoven.models.inputs import InputShape, built
from einthoven.records.record import Record
from einthoven.report import plots
from einthoven.report.page import render
from einthoven.signal import rhythm
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import prepare
from einthoven.signal.windows import Windows
from einthoven.training.fit import fit
from einthoven.training.fuse import fuse
from einthoven.training.recipe import Recipe
from einthoven.training.task import task_of
from tests.layouts import twelve_leads


def made(folder, architecture="hybrid", settings=None, **changes) -> bundle.Card:
    """An untrained bundle for the five superclasses."""
    labels = LABEL_SETS["superclasses"]
    preparation = PTBXL.preparation.with_settings(**changes.pop("preparation", {}))
    settings = settings or {"widths": [8, 8], "recurrence": []}
    torch.manual_seed(0)
    network = built(MODELS[architecture], InputShape.of(preparation), 5, settings)
    card = bundle.Card(
        name=folder.name,
        architecture=architecture,
        settings=settings,
        classes=labels.classes,
        labels=labels.name,
        meanings=labels.meanings,
        preparation=preparation,
        training={"corpus": "ptb-xl", "protocol": "clean", "protocol_summary": "none", "patients": ["ptb-xl/1"]},
        multilabel=True,
        **changes,
    )
    tensors = {name: values.numpy() for name, values in network.state_dict().items()}
    return bundle.save(folder, card, tensors)


@pytest.fixture
def model(tmp_path):
    made(tmp_path / "five", thresholds=(0.9, 0.4, 0.45, 0.4, 0.4), at_least_one=True)
    return einthoven.load(tmp_path / "five")


@pytest.fixture(scope="module")
def record() -> Record:
    return Record("twelve", twelve_leads(10, 500, np.random.default_rng(0)), 500, STANDARD)


def test_each_class_has_a_probability_of_its_own(model, record):
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


def test_what_is_wanting_is_said(model, record):
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
    assert len(evidence_for(model, model(record))[0].map) == 1000


@pytest.mark.parametrize("architecture", ["typical_beat", "forest"])
def test_typical_beats_pass_the_same_door(architecture, tmp_path, record):
    settings = {"width": 8} if architecture == "typical_beat" else {"multilabel": True}
    made(tmp_path / "own", architecture, settings, preparation=WITH_BEATS)
    found = einthoven.load(tmp_path / "own")(record)
    assert np.isfinite(found.probabilities).all()
    told = evidence_for(einthoven.load(tmp_path / "own"), found)
    assert all(row.map.shape == (90,) and row.beat.shape == (12, 90) for row in told)
    assert all(len(row.falls) == 12 for row in told)
    model = einthoven.load(tmp_path / "own")
    window = prepare(record, model.card.preparation)
    window.signal[0, 7] = window.beat[0, 7] = 0.0
    wanted = found.probabilities[0] - model.probabilities(window)[0]
    for row in told:
        assert row.falls[7] == pytest.approx(wanted[row.label], abs=1e-6), "V2 and its typical beat"


def test_a_net_that_reads_the_trace_beside_the_typical_beat_shows_where(tmp_path, record):
    """Its map over the trace changes with the trace and is its last convolution's, not the typical beat's."""
    made(tmp_path / "both", "typical_beat", {"width": 8}, preparation=WITH_BEATS)
    made(tmp_path / "beat", "typical_beat", {"width": 8, "window_width": 0}, preparation=WITH_BEATS)
    both, beat = einthoven.load(tmp_path / "both"), einthoven.load(tmp_path / "beat")
    found = replace(both(record), probabilities=np.full((1, 5), 0.9))
    told = evidence_for(both, found)
    assert all(row.trace.shape == (1000,) and row.map.shape == (90,) for row in told)
    assert all(row.trace is None for row in evidence_for(beat, found))
    window = prepare(record, both.card.preparation)
    still = Windows(np.zeros_like(window.signal), window.beat, window.features)
    labels = np.array([told[0].label])
    assert not np.allclose(over_trace(both.network, window, labels), over_trace(both.network, still, labels), atol=0.05)


def test_the_page_counts_the_patients_of_a_card_that_keeps_them_in_little_room(tmp_path, record):
    made(tmp_path / "own")
    model = einthoven.load(tmp_path / "own")
    names = bundle.packed(f"ptb-xl/{number}" for number in range(1, 1201))
    assert len(names) < 5
    model.card = replace(model.card, training=model.card.training | {"patients": names})
    assert "1,200 patients" in render([model(record)])


def test_what_is_measured_on_a_beat_is_measured_again_where_the_beat_is_changed(tmp_path, record):
    """Of trees that ask for nothing but the measurements: a silenced lead and a flattened piece change what they answer."""
    settings = {"n_bins": 0, "n_read": 211, "multilabel": True, "n_trees": 64}
    made(tmp_path / "own", "forest", settings, preparation={"inputs": ("signal", "beat", "summary", "waves")})
    model = einthoven.load(tmp_path / "own")
    found = replace(model(record), probabilities=np.full((1, 5), 0.9))
    told = evidence_for(model, found)
    assert len(told) == 5 and all(row.map.shape == (120,) and row.beat.shape == (12, 120) for row in told)
    assert any(row.map.max() == pytest.approx(1) for row in told)
    falls = 0.9 - np.array([row.falls for row in told])  # what each lead's silence leaves
    assert falls.std(axis=1).max() > 1e-3, "another lead, another answer"


def test_members_that_see_the_trace_show_where(tmp_path, record):
    """Beside the typical beat: the map of the member that sees crops of the trace, as it has it by itself."""
    made(tmp_path / "beat", "typical_beat", {"width": 8, "window_width": 0}, preparation=WITH_BEATS)
    made(tmp_path / "trace", "inception1d", {"width": 4}, preparation={"crop_s": 3.0})
    fuse(tmp_path / "both", [tmp_path / "beat", tmp_path / "trace"], "mean")
    both, alone = einthoven.load(tmp_path / "both"), einthoven.load(tmp_path / "trace")
    found = replace(both(record), probabilities=np.full((1, 5), 0.9))
    told = evidence_for(both, found)
    assert len(told) == 5
    for row in told:
        assert row.map.shape == (90,) and row.trace.shape == (1000,)
        own = replace(alone(record), probabilities=np.eye(5)[[row.label]])
        np.testing.assert_allclose(row.trace, evidence_for(alone, own)[0].map, atol=1e-5)
    page = render([replace(found, evidence=told)])
    assert page.count(', the signal"') == len(told)
    assert "Grad-CAM" in page and "Grad-CAM" not in render([replace(found, evidence=(replace(told[0], trace=None),))])
    for rows, height in (
        (told, 1 + 2 * 2.1 * len(told)),
        ([replace(row, trace=None) for row in told], 1 + 2.1 * len(told)),
    ):
        plots.evidence(replace(found, evidence=tuple(rows)), tmp_path / "why.png")
        assert matplotlib.image.imread(tmp_path / "why.png").shape[0] == pytest.approx(150 * height, abs=2)


@pytest.fixture(scope="module")
def of_intervals(tmp_path_factory):
    """A rhythm net whose head hears the numbers only."""
    folder = tmp_path_factory.mktemp("models") / "rhythm"
    made(folder, "rhythm", {"widths": [8, 8]}, preparation=RHYTHM)
    card, tensors = bundle.load_card(folder), bundle.load_weights(folder, bundle.load_card(folder))
    tensors["head.weight"][:, :-64] = 0
    bundle.save(folder, card, tensors)
    return einthoven.load(folder)


WITH_BEATS = {"inputs": ("signal", "beat", "summary")}
RHYTHM = {"leads": ("ECG|I",), "fs_hz": 150.0, "window_s": 30.0, "inputs": ("signal", "beat", "summary", "rhythm")}


def test_a_model_of_rhythm_says_which_part_it_leaned_on(of_intervals, ecg):
    record = Record("wrist", ecg[0][None, : 360 * 30].astype(np.float32), 360.0, ("ECG",))
    found = of_intervals(record)
    told = evidence_for(of_intervals, found)
    window = prepare(record, of_intervals.card.preparation)
    window.features[0, 7:63] = rhythm.interval_features(np.zeros(0), 30.0)
    wanted = found.probabilities[0] - of_intervals.probabilities(window)[0]
    for row in told:
        parts = dict(row.parts)
        assert parts["the trace"] == parts["the typical beat"] == 0
        assert parts["its RR intervals, had they been steady"] == pytest.approx(wanted[row.label], abs=1e-6) != 0
        assert row.map.shape == (4500,) and not row.map.any()
    page = render([replace(found, evidence=told)])
    intervals = np.diff(found.beats) / 0.36
    assert page.count(f">{intervals[3]:.0f}</text>") >= 1 + len(told), "above the trace, and above each map"
    assert f"Heart rate {found.rate_bpm:.0f} beats/min" in page
    assert found.to_dict()["rate_bpm"] == pytest.approx(60_000 / np.median(intervals), abs=0.06)


def test_without_heartbeats_there_is_no_rate(of_intervals):
    flat = Record("flat", np.zeros((1, 360 * 30), np.float32), 360.0, ("ECG",))
    found = of_intervals(flat)
    assert found.to_dict()["rate_bpm"] is None
    assert "fewer than three" in found.heart_rate


def test_every_output(model, ptbxl_like, tmp_path, capsys):
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
def test_explain(suffix, model, ptbxl_like, tmp_path, capsys):
    out = tmp_path / f"why{suffix}"
    file = ptbxl_like / "records100" / "00000" / "00009_lr.hea"
    assert main(["explain", str(model.folder), str(file), "--out", str(out)]) == 0
    assert "change without a lead or input" in capsys.readouterr().out
    assert out.stat().st_size > 5000


def test_evaluate_by_the_publisher_s_folds(model, ptbxl_like, home, tmp_path, capsys):
    words = ["evaluate", str(model.folder), "--corpus", "ptb-xl", "--from", str(ptbxl_like)]
    assert main([*words, "--folds", "10", "--out", str(tmp_path / "ten")]) == 0
    metrics = json.loads((tmp_path / "ten" / "metrics.json").read_text())
    for name in ("macro_auroc", "macro_auprc", "micro_f1", "hamming_loss", "subset_accuracy"):
        assert set(metrics[name]) == {"value", "low", "high"}
    assert metrics["labels"] == LABEL_SETS["superclasses"].name
    assert metrics["decision"]["thresholds"] == [0.9, 0.4, 0.45, 0.4, 0.4]
    assert {"metrics.json", "table.md", "classes.png", "roc.png", "predictions.csv"} == {
        file.name for file in (tmp_path / "ten").iterdir()
    }
    assert "no waveform in records100: 1 (7)" in capsys.readouterr().out
    assert main([*words, "--folds", "77", "--out", str(tmp_path / "none")]) == 2
    told = capsys.readouterr().err
    assert "the test part of ptb-xl is empty" in told and "--folds 9" in told
    saw_all = shutil.copytree(model.folder, tmp_path / "saw-all")
    card = bundle.load_card(saw_all)
    training = card.training | {"contains": ["ptb-xl"]}
    bundle.rewrite_card(saw_all, replace(card, training=training))
    words[1] = str(saw_all)
    assert main([*words, "--folds", "77", "--out", str(tmp_path / "none")]) == 2
    assert "did not train the model" in capsys.readouterr().err


def test_a_result_is_of_one_question(model, ptbxl_like, home, tmp_path, monkeypatch, capsys):
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
    assert "stays as it is: read-only" in told.err and "macro_auroc" in told.out


def test_the_remedy_for_another_question_is_one_that_works(ptbxl_like, home, capsys):
    words = ["evaluate", "ptbxl-typical-beat", "--from", str(ptbxl_like), "--labels", "superclasses"]
    assert main(words) == 2
    assert "--labels subclasses" in capsys.readouterr().err


def test_a_training_begins_from_another(ptbxl_like, home, tmp_path):
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
    with pytest.raises(ConfigurationFault, match="another architecture"):
        fit(task, "cnn", {}, recipe, tmp_path / "other", devices=1, start=tmp_path / "start")
    with pytest.raises(ConfigurationFault, match="other shapes"):
        fit(task, "hybrid", {"recurrence": []}, recipe, tmp_path / "other", devices=1, start=tmp_path / "start")


def test_a_trace_that_looks_inverted_is_told(tmp_path, ecg):
    preparation = {"leads": ("ECG|I",), "scaling": "local"}
    made(tmp_path / "one", "cnn", {"widths": [8, 8]}, preparation=preparation)
    model = einthoven.load(tmp_path / "one")
    upright = Record("wrist", ecg[0][None, : 360 * 12].astype(np.float32), 360.0, ("ECG",))
    turned = replace(upright, signal_mv=-upright.signal_mv)
    assert not any("point down" in remark for remark in model(upright).remarks)
    assert any("upside down" in remark for remark in model(turned).remarks)
