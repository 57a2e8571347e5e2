"""Answers for beats and for whole records have the same names, plain values and refusals."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import einthoven
from einthoven import bundle
from einthoven.errors import ConfigurationFault, LibraryMissing, RecordUnreadable
from einthoven.inference.answer import Answer, BeatAnswer, Declined, RecordAnswer
from einthoven.records.record import Record
from einthoven.report.answers import as_csv, as_json
from einthoven.report.page import render
from einthoven.signal.leads import STANDARD
from tests.inference.five_classes import made
from tests.layouts import twelve_leads

COMMON = {
    *("record", "file", "fs_hz", "duration_s", "leads", "leads_used", "quality", "findings", "remarks", "declined"),
    *("rate_bpm", "predicted", "borderline", "probabilities", "thresholds", "counts"),
    *("n_items", "n_doubtful", "n_unreadable", "doubt", "disputed", "prediction_set", "beats", "items"),
}
OF_AN_ITEM = ["kind", "sample", "start_s", "end_s", "predicted", "probabilities", "doubt"]


@pytest.fixture(scope="module")
def beats(untrained, ecg) -> BeatAnswer:
    return einthoven.load(untrained)(Record("one", ecg[0][None], 360, ("MLII",)))


@pytest.fixture(scope="module")
def five(tmp_path_factory) -> Path:
    """The folder of an untrained model of five classes that do not exclude each other."""
    folder = tmp_path_factory.mktemp("models") / "five"
    made(folder, thresholds=(0.9, 0.4, 0.45, 0.4, 0.4))
    return folder


@pytest.fixture(scope="module")
def whole(five) -> RecordAnswer:
    """Thirty seconds of twelve leads, three windows."""
    signal_mv = np.tile(twelve_leads(10, 500, np.random.default_rng(0)), (1, 3))
    return einthoven.load(five)(Record("twelve", signal_mv, 500, STANDARD))


@pytest.fixture(params=["beats", "whole"])
def answer(request) -> Answer:
    return request.getfixturevalue(request.param)


def test_both_kinds_have_the_same_plain_values(answer):
    plain = json.loads(json.dumps(answer.to_dict()))
    assert set(plain) == COMMON and plain["declined"] is None
    assert len(plain["items"]) == plain["n_items"] == answer.n_items > 2
    assert plain["probabilities"].keys() == plain["counts"].keys() == set(answer.classes)
    for at, item in enumerate(plain["items"]):
        assert list(item) == OF_AN_ITEM and item["kind"] == answer.kind
        assert item["predicted"] == list(answer.labels[at])
        assert list(item["probabilities"]) == list(answer.classes)
        assert list(item["probabilities"].values()) == pytest.approx(answer.probabilities[at].tolist(), abs=1e-4)
        assert item["start_s"] <= item["end_s"] <= plain["duration_s"]


def test_counts_are_of_items_and_the_record_s_probabilities_their_mean(answer):
    labels = [name for names in answer.labels for name in names]
    assert answer.counts == {name: labels.count(name) for name in answer.classes}
    np.testing.assert_allclose(answer.record_probabilities, answer.probabilities.mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(answer.times_s, answer.samples / answer.record.fs_hz)
    assert answer.rate_bpm == pytest.approx(60_000 / np.median(np.diff(answer.beats) / answer.record.fs_hz * 1000))
    assert set(answer.predicted) == set(np.array(answer.classes)[answer.is_predicted])


def test_windows_are_decided_by_thresholds_and_borderline_classes_named(whole):
    limits = np.array(list(whole.thresholds.values()))
    np.testing.assert_array_equal(whole.decisions, whole.probabilities >= limits)
    one = replace(whole, windows=whole.windows[:1], unreadable=whole.unreadable[:1])
    close = replace(one, probabilities=np.array([[0.95, 0.39, 0.1, 0.1, 0.33]], np.float32))
    assert (close.predicted, close.borderline) == (("NORM",), (close.classes[1], close.classes[4]))
    none = replace(one, probabilities=np.zeros((1, 5), np.float32))
    assert none.predicted == () and none.summary == "no class predicted; rhythm not assessed"


def test_windows_with_missing_samples_are_doubtful(whole, five):
    holed = np.array(whole.record.signal_mv)
    holed[3, 5200:5210] = np.nan
    answer = einthoven.load(five)(replace(whole.record, signal_mv=holed))
    assert answer.doubts == ("", "missing samples", "")


def test_a_table_has_a_row_for_each_item(answer):
    pytest.importorskip("pandas")
    table = answer.to_frame()
    assert len(table) == answer.n_items and list(table.columns[-len(answer.classes) :]) == list(answer.classes)
    np.testing.assert_array_equal(table["sample"], answer.samples)
    np.testing.assert_array_equal(table[list(answer.classes)], answer.probabilities)


def test_without_pandas_a_table_is_refused_with_a_remedy(answer, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(LibraryMissing, match="pip install pandas"):
        answer.to_frame()


def test_an_answer_has_a_short_repr_and_safe_html(answer):
    odd = replace(answer, record=replace(answer.record, name="<b>&"), remarks=("<script>x</script>",))
    told, html = repr(odd), odd._repr_html_()
    assert type(answer).__name__ in told and answer.summary in told and 4 <= len(told.splitlines()) <= 14
    assert (
        "&lt;b&gt;&amp;" in html
        and "<script" not in html
        and dict(zip(answer.classes, answer.card.meanings, strict=True))[answer.predicted[0]] in html
    )


def test_a_declined_record_is_shown_as_such_everywhere(answer):
    declined = replace(answer, declined=Declined("unreadable", "no lead is readable"))
    plain = json.loads(as_json([declined]))["records"][0]
    assert plain["declined"] == {"code": "unreadable", "text": "no lead is readable"}
    assert plain["predicted"] == [] and set(plain["probabilities"].values()) == {None}
    assert not sum(plain["counts"].values()) and not any(item["predicted"] for item in plain["items"])
    assert {value for item in plain["items"] for value in item["probabilities"].values()} == {None}
    for told in (repr(declined), as_csv([declined]), render([declined])):
        assert "no lead is readable" in told
    page = render([declined])
    assert "not answered" in page.split("</h1>")[0] and "<h2>Probability" not in page and "<h2>Beats by" not in page


def test_unreadable_items_have_no_class_and_are_not_counted(answer):
    part = replace(answer, unreadable=np.arange(answer.n_items) == 1)
    assert part.labels[1] == () and part.doubts[1] == "unreadable" and part.n_unreadable == 1
    others = np.arange(answer.n_items) != 1
    np.testing.assert_array_equal(part.decisions[others], answer.decisions[others])
    np.testing.assert_allclose(part.record_probabilities, answer.probabilities[others].mean(axis=0), rtol=1e-6)
    assert part.to_dict()["items"][1]["predicted"] == [] and part.doubts[0] != "unreadable"
    assert sum(part.counts.values()) == answer.decisions[others].sum()


def test_paths_and_several_records_are_read(untrained, mitdb_like):
    model, file = einthoven.load(untrained), mitdb_like / "100.hea"
    one = model(einthoven.read(file))
    for again in (model(file), model(str(file)), *model([file, one.record])):
        np.testing.assert_array_equal(again.probabilities, one.probabilities)
    assert model([]) == [] and isinstance(model([file]), list)
    with pytest.raises(RecordUnreadable, match=r"none\.hea"):
        model(mitdb_like / "none.hea")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([-1, 400], "beats from -1 to 400"),
        ([400, 21_600], "beats from 400 to 21600; the record has 21,600 samples"),
        ([800, 400], "400 is not after"),
        ([400, 400], "400 is not after"),
        ([1.5, 3.0], "float64"),
        ([[1, 2], [3, 4]], r"shape \[2, 2\]"),
        (7, r"shape \[\]"),
        (["N"], "e.g. N"),
    ],
)
def test_invalid_beats_are_refused(given, found, untrained, beats):
    with pytest.raises(ConfigurationFault, match=found):
        einthoven.load(untrained)(beats.record, given)


def test_beats_at_both_ends_of_the_record_are_classified(untrained, beats):
    model = einthoven.load(untrained)
    assert model(beats.record, [0, beats.record.n_samples - 1]).n_items == 2
    assert model(beats.record, []).n_items == 0


def test_beats_are_refused_where_the_model_takes_none(whole, untrained, beats):
    with pytest.raises(ConfigurationFault, match="takes no beats"):
        einthoven.load("challenge2017-small")(Record("one", beats.record.signal_mv, 360, ("I",)), [400])
    with pytest.raises(ConfigurationFault, match="several records"):
        einthoven.load(untrained)([beats.record], [400])


@pytest.mark.parametrize("name", bundle.classifiers())
def test_every_bundled_model_counts_its_predictions(name, mitdb_like, ptbxl_like):
    model = einthoven.load(name)
    twelve = ptbxl_like / "records500" / "00000" / "00009_hr.hea"
    answer = model(twelve if model.card.preparation.is_whole else mitdb_like / "100.hea")
    assert list(answer.counts) == list(answer.classes)
    assert isinstance(answer, BeatAnswer if answer.kind == "beat" else RecordAnswer)
    assert sum(answer.counts.values()) == answer.is_answered.sum() or answer.thresholds


def test_answers_are_written_without_matplotlib_and_torch(ecg, tmp_path):
    """As a base installation does, with a bundled model."""
    np.save(tmp_path / "one.npy", ecg[0][None])
    script = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in ("torch", "matplotlib") else super().find_spec(name, path, target)

sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
from einthoven.cli.main import main

for model, lead in (("mitbih-cnn-lstm-mlii", "MLII"), ("challenge2017-small", "I")):
    for suffix in ("json", "csv", "html"):
        stated = ["--fs", "360", "--leads", lead, "--unit", "mV", "--out", f"{model}.{suffix}"]
        assert main(["predict", model, "one.npy", *stated]) == 0
assert not {"torch", "matplotlib"} & set(sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "evidence: the package torch is not installed" in ended.stderr
    assert sorted(file.suffix for file in tmp_path.glob("*-*.*")) == sorted([".csv", ".html", ".json"] * 2)
