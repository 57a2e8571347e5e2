"""The page is whole by itself, true to scale, and safe with names from files."""

import re
from dataclasses import replace

import numpy as np
import pytest
import wfdb

import einthoven
from einthoven.errors import OutputRefused
from einthoven.inference.answer import DISCLAIMER
from einthoven.records.record import Record
from einthoven.report import strips
from einthoven.report.answers import OUTPUTS, as_csv, as_html, as_json
from einthoven.report.page import render
from einthoven.report.times import clock
from einthoven.signal.quality import VERDICTS


@pytest.fixture(scope="module")
def prediction(untrained, ecg):
    lead, beats = ecg
    record = Record("a<b>", lead[None], 360, ("MLII",), comments=("<script>alert(1)</script>",))
    return einthoven.load(untrained)(record, beats)


def test_the_page_works_offline_and_escapes(prediction):
    page = as_html([prediction])
    assert not re.search(r"(src|href)\s*=|@import|url\((?!#)", page)
    assert "<script" not in page
    assert "a&lt;b&gt;" in page
    assert DISCLAIMER in page
    assert "has no test result" in page


def test_one_second_is_25_mm_and_one_millivolt_10_mm():
    fs_hz = 250
    lead = np.zeros(10 * fs_hz)
    lead[2 * fs_hz], lead[3 * fs_hz] = 1.0, -0.5
    drawing = strips.strip(lead[None], fs_hz, ("II",), 0.0, (), "x")
    points = np.array(
        [[float(v) for v in pair.split()] for pair in re.findall(r"[ML](\S+ [\d.]+)", drawing.split('d="')[-1])]
    )
    up, down = points[points[:, 1].argmin()], points[points[:, 1].argmax()]
    assert down[0] - up[0] == pytest.approx(25.0, abs=0.01)
    assert down[1] - up[1] == pytest.approx(15.0, abs=0.01)
    width, height = (float(found) for found in re.search(r'width="([\d.]+)mm" height="([\d.]+)mm"', drawing).groups())
    assert f'viewBox="0 0 {width:g} {height:g}"' in drawing


def test_every_abnormal_beat_is_on_a_strip():
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 600, 700))
    loud = rng.random(700) < 0.2
    found = strips.stretches(times, loud, 600.0)
    assert sum(shown for _, shown in found) == loud.sum()
    for time_s in times[loud]:
        assert any(start <= time_s < start + strips.STRIP_S for start, _ in found)
    assert all(0 <= start <= 600 - strips.STRIP_S for start, _ in found)


def test_a_gap_is_not_drawn():
    lead = np.zeros(2500)
    lead[500:600] = np.nan
    drawing = strips.strip(lead[None], 250, ("II",), 0.0, (), "x")
    assert drawing.split('d="')[-1].count("M") == 2


def test_json_and_csv_say_the_same(prediction):
    import csv
    import io
    import json

    told = json.loads(as_json([prediction]))
    assert told["notice"] == DISCLAIMER
    rows = list(csv.DictReader(io.StringIO(as_csv([prediction]))))
    items = told["records"][0]["items"]
    assert [row["kind"] for row in rows] == ["record", *["beat"] * len(items)]
    assert [row["predicted"] for row in rows[1:]] == [name for item in items for name in item["predicted"]]
    assert [float(row["N"]) for row in rows[1:]] == [item["probabilities"]["N"] for item in items]
    assert float(rows[0]["N"]) == told["records"][0]["probabilities"]["N"]


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_no_beats_make_an_answer_too(suffix, prediction):
    empty = replace(
        prediction,
        beats=np.zeros(0, np.int64),
        probabilities=np.zeros((0, 4), np.float32),
        scores=None,
        missing=np.zeros(0, bool),
        unreadable=np.zeros(0, bool),
        record=Record("flat", np.full((1, 4000), np.nan), 360, ("MLII",)),
    )
    told = OUTPUTS[suffix]([empty])
    assert told == b"\0\0" if suffix == ".atr" else "flat" in told


def test_beats_are_written_as_annotations(prediction, tmp_path):
    (tmp_path / "beats.atr").write_bytes(OUTPUTS[".atr"]([prediction]))
    found = wfdb.rdann(str(tmp_path / "beats"), "atr")
    assert found.sample.tolist() == prediction.beats.tolist()
    names = [prediction.classes[label] for label in prediction.most_probable]
    assert found.symbol == [name if yes else "Q" for name, yes in zip(names, prediction.is_answered, strict=True)]
    with pytest.raises(OutputRefused, match="one record"):
        OUTPUTS[".atr"]([prediction, prediction])


def test_a_beat_on_a_lead_that_cannot_be_read_is_doubtful(prediction):
    seen = prediction.quality
    noisy = replace(prediction, quality=replace(seen, verdicts=np.full_like(seen.verdicts, VERDICTS.index("noisy"))))
    assert set(noisy.doubts) == {"noisy lead MLII"}
    page = render([noisy])
    assert "Lead MLII: noisy" in page
    assert page.count("?</text>") > 3


def test_every_class_is_on_a_strip_and_every_stretch_on_the_page(prediction):
    n = 600
    beats = np.arange(1, n + 1) * 360
    decided = np.zeros(n, int)
    decided[::10] = 1
    decided[301] = 2
    probability = np.full((n, 4), 0.01)
    probability[np.arange(n), decided] = 0.97
    record = Record("long", np.random.default_rng(0).standard_normal((1, 360 * (n + 2))), 360, ("MLII",))
    no = np.zeros(n, bool)
    long = replace(prediction, record=record, beats=beats, probabilities=probability, missing=no, unreadable=no)
    page = render([long])
    shown, folded = page.split("<details>")
    assert ">V</text>" in shown
    assert shown.count('class="strip"') == 24
    assert shown.count('class="strip"') + folded.count('class="strip"') == 60


def test_a_tall_beat_stays_on_the_paper():
    lead = np.zeros((1, 2500))
    lead[0, 700:720] = 4.4
    drawing = strips.strip(lead, 250, ("II",), 0.0, (), "x")
    ys = [
        float(pair.split()[1]) for pair in drawing.split('class="trace"')[1].split('d="M')[1].split('"')[0].split("L")
    ]
    height = float(drawing.split('height="')[1].split("mm")[0])
    assert min(ys) >= 5
    assert max(ys) <= height
    assert "cut off" not in drawing
    lead[0, 700:720] = 9.0
    assert "II is cut off" in strips.strip(lead, 250, ("II",), 0.0, (), "x")


def test_clock():
    assert [clock(s) for s in (0, 65.9, 3600)] == ["0:00", "1:05", "1:00:00"]
