"""A prediction does each piece of work on a record once."""

import sys
from collections import Counter

import numpy as np
import pytest

import einthoven
from einthoven.inference import reading
from einthoven.inference.examined import Examined
from einthoven.interpretation.interpreter import Interpreter
from einthoven.records.record import Record
from einthoven.records.wfdb import read_wfdb
from einthoven.signal import doctor, heartbeat_network, preparation, quality, windows
from tests.signal.hearts import twelve_leads


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
    predictor = einthoven.load("ptbxl-diagnoses")
    once = (read_wfdb, preparation.prepared_signal, quality.examine)
    record = ptbxl_like / "records500" / "00000" / "00009_hr.hea"
    counted = calls_of(once, lambda: predictor(record))
    assert counted == {function.__name__: 1 for function in once}


def test_models_share_what_is_found_in_a_record():
    source = twelve_leads(500.0, 10.0, rr_s=0.85)
    interpreter, record = Interpreter(), Record("twelve", source.signal_mv, 500, source.leads)
    interpreter(record)

    counted = calls_of((quality.examine, doctor.examine, reading.find_heartbeats), lambda: interpreter(record))
    assert counted == {"examine": 2, "find_heartbeats": 3}  # of the rhythm lead, of two leads, of twelve


def test_models_of_the_same_leads_share_their_heartbeats():
    source = twelve_leads(360.0, 30.0, rr_s=0.8)
    examined = Examined(Record("one", source.signal_mv[1:2], 360, ("MLII",)))
    models = [einthoven.load(name) for name in ("mitbih-cnn-lstm-mlii", "challenge2017-small")]
    counted = calls_of((reading.find_heartbeats, quality.examine), lambda: [one.answer(examined) for one in models])
    assert counted == {"find_heartbeats": 1, "examine": 1}
    assert examined.used(("MLII|II",)) is examined.used(("ECG|I|II|MLII",))


def test_leads_have_the_same_quality_looked_up_as_examined():
    source = twelve_leads(500.0, 10.0, rr_s=0.85)
    record = Record("twelve", source.signal_mv, 500, source.leads)
    whole = Examined(record)
    for wishes in (("V1",), ("II", "V5"), source.leads[::-1]):
        looked_up = (whole.quality, whole.used(wishes).quality)[1]
        alone = Examined(record).used(wishes).quality
        assert looked_up.leads == alone.leads == wishes
        np.testing.assert_array_equal(looked_up.verdicts, alone.verdicts)
        np.testing.assert_allclose(looked_up.features, alone.features, atol=1e-9)


def test_the_heartbeat_network_reads_a_lead_once_whatever_is_read_beside_it(mitdb_like):
    record = read_wfdb(mitdb_like / "100.hea")
    alone = {names: Examined(record).used(names).beats for names in (("MLII",), ("MLII", "V5"), ("V5",))}
    both = Examined(record)
    counted = calls_of((heartbeat_network.evidence,), lambda: [both.used(names).beats for names in alone])
    assert counted == {"evidence": 2}, "two leads in one piece"
    for names, beats in alone.items():
        np.testing.assert_array_equal(both.used(names).beats, beats)
