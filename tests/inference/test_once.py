"""A prediction does each piece of work on a record once."""

import sys
from collections import Counter

import pytest

import einthoven
from einthoven.inference import reading
from einthoven.records.wfdb import read_wfdb
from einthoven.signal import preparation, quality, windows


def calls_of(functions, run):
    """How often each function is called while `run` runs."""
    counted, known = Counter(), {function.__code__: function.__name__ for function in functions}

    def count(frame, event, argument):
        if event == "call" and frame.f_code in known:
            counted[known[frame.f_code]] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return dict(counted)


@pytest.mark.parametrize("model", ["mitbih-cnn-lstm-mlii", "mitbih-clean-context"])
def test_beats_come_of_one_pass_over_the_record(model, mitdb_like):
    predictor = einthoven.load(model)
    once = (read_wfdb, preparation.prepared_signal, windows.around_beats, reading.find_heartbeats)
    counted = calls_of((*once, quality.examine), lambda: predictor(mitdb_like / "100.hea"))
    assert counted == {function.__name__: 1 for function in (*once, quality.examine)}


def test_diagnoses_come_of_one_pass_over_the_record(ptbxl_like):
    predictor = einthoven.load("ptbxl-typical-beat")
    once = (read_wfdb, preparation.prepared_signal, quality.examine)
    record = ptbxl_like / "records500" / "00000" / "00009_hr.hea"
    counted = calls_of(once, lambda: predictor(record))
    assert counted == {function.__name__: 1 for function in once}
