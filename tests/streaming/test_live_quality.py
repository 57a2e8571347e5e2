"""A stream gives the answers of the whole record, also where stretches of it cannot be read."""

import numpy as np
import pytest

import einthoven
from einthoven.records.record import Record
from einthoven.streaming.answer import StreamAnswer
from einthoven.streaming.stream import Stream


def spoilt(lead: np.ndarray) -> np.ndarray:
    """Two leads of 58 s: the first with noise, a gap and a rest that is off, the second off for a while."""
    rng = np.random.default_rng(0)
    both = np.stack((lead, -0.6 * lead))[:, : 360 * 58 + 100].astype(np.float32)
    both[0, 360 * 11 : 360 * 22] += 0.8 * rng.standard_normal(360 * 11)
    both[0, 360 * 34 : 360 * 36] = np.nan
    both[:, 360 * 42 : 360 * 48] = 0.0
    both[1, 360 * 5 : 360 * 18] = 0.0
    return both


@pytest.mark.parametrize("chunk", [61, 360, 5000])
@pytest.mark.parametrize("name", ["mitbih-cnn-lstm-mlii", "challenge2017-small"])
def test_a_stream_agrees_with_the_record(name, chunk, ecg):
    model, signal, leads = einthoven.load(name), spoilt(ecg[0]), ("MLII", "V1")
    whole = model(Record("spoilt", signal, 360, leads))
    live, events = Stream(model, 360, leads), []
    for start in range(0, signal.shape[1], chunk):
        events += live.feed(signal[:, start : start + chunk])
    found = [one for one in [*events, *live.end()] if isinstance(one, StreamAnswer)]
    expected = whole.to_dict()["items"]
    assert [(one.sample, list(one.predicted), one.doubt) for one in found] == [
        (item["sample"], item["predicted"], item["doubt"]) for item in expected
    ]
    for one, item in zip(found, expected, strict=True):
        shown = one.to_dict()["probabilities"]
        assert shown == pytest.approx(item["probabilities"], abs=2e-3, nan_ok=True) or not one.predicted
    np.testing.assert_array_equal(live.quality.now().verdicts, whole.quality.verdicts)
