"""What only one of two heartbeat detectors sees is marked, in readable stretches."""

import json
from dataclasses import replace

import numpy as np

from einthoven.inference.predictor import load
from einthoven.inference.second_opinion import disputed
from einthoven.records.record import Record
from einthoven.report.answers import as_json
from einthoven.report.page import render
from einthoven.signal import detector, quality

FS_HZ = 360.0


def test_detectors_that_agree_dispute_nothing(ecg):
    lead = ecg[0][None, : 360 * 40]
    seen = quality.examine(lead, ("MLII",), FS_HZ)
    found = disputed(lead, seen, detector.find(lead[0], FS_HZ))
    assert not len(found.counted) and not len(found.not_counted)


def test_each_detector_alone_is_told_apart(ecg):
    lead = ecg[0][None, : 360 * 40]
    seen = quality.examine(lead, ("MLII",), FS_HZ)
    beats = detector.find(lead[0], FS_HZ)
    invented = (beats[3] + beats[4]) // 2
    ours = np.sort(np.append(np.delete(beats, 10), invented))
    found = disputed(lead, seen, ours)
    assert found.counted.tolist() == [invented] and found.not_counted.tolist() == [beats[10]]
    assert found.to_dict() == {"counted": [int(invented)], "not_counted": [int(beats[10])]}


def test_nothing_is_disputed_where_the_lead_is_not_readable(ecg):
    lead = ecg[0][None, : 360 * 40].copy()
    lead[:, 360 * 20 :] = np.random.default_rng(0).standard_normal(360 * 20)
    seen = quality.examine(lead, ("MLII",), FS_HZ)
    found = disputed(lead, seen, np.zeros(0, np.int64))
    assert len(found.not_counted) and (found.not_counted < 360 * 25).all()


def test_the_answer_and_the_page_mark_them(ecg):
    record = Record("strip", ecg[0][None, : 360 * 40].astype(np.float32), FS_HZ, ("MLII",))
    answer = load("mitbih-cnn-lstm-mlii")(record)
    one, other = int(answer.beats[2]), int(answer.beats[2] + 100)
    marked = replace(answer, disputed=replace(answer.disputed, counted=np.array([one]), not_counted=np.array([other])))
    assert json.loads(as_json([marked]))["records"][0]["disputed"] == {"counted": [one], "not_counted": [other]}
    page = render([marked])
    assert "1 beats are not seen by the second heartbeat detector" in page and "(•)" in page
    assert "second" not in render([replace(answer, disputed=type(answer.disputed)())]).split("Beats by class")[1][:900]


def test_beats_that_are_given_are_not_disputed(ecg):
    record = Record("strip", ecg[0][None, : 360 * 40].astype(np.float32), FS_HZ, ("MLII",))
    answer = load("mitbih-cnn-lstm-mlii")(record, beats=[1000, 2000, 3000])
    assert not len(answer.disputed.counted) and not len(answer.disputed.not_counted)
