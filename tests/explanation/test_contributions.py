"""What decides is found and named: a lead, or the RR intervals, which are drawn where no map tells anything."""

from types import SimpleNamespace

import numpy as np
import pytest

import einthoven
from einthoven.explanation.beat_evidence import explain
from einthoven.explanation.contributions import contributions
from einthoven.records.record import Record
from einthoven.report import explanation
from einthoven.signal.windows import Windows
from tests.conftest import beats_and_symbols, synthetic_ecg


class Known:
    """Predict class 1 from the first measurement and the size of the second lead."""

    card = SimpleNamespace(
        feature_medians=(0.0, 0.0, 0.0),
        preparation=SimpleNamespace(columns={"rr": slice(0, 2), "p_waves": slice(2, 3)}),
    )

    def probabilities(self, windows):
        p = 0.1 + 0.6 * (windows.features[:, 0] > 0) + 0.2 * (np.abs(windows.signal[:, 1]).max(axis=1) > 0)
        return np.stack((1 - p, p), axis=1)


def test_leads_and_groups_of_measurements_are_taken_away_one_by_one():
    windows = Windows(np.ones((4, 2, 10), np.float32), None, np.ones((4, 3), np.float32))
    found = contributions(Known(), windows, 1, ("MLII", "V1"))
    assert [one.name for one in found[:2]] == ["the RR intervals", "lead V1"]
    assert [one.points for one in found] == pytest.approx([-60, -20, 0, 0])
    assert all(one.before == pytest.approx(0.9) for one in found)
    assert windows.features.all() and windows.signal.all(), "the windows themselves are not changed"


def test_beats_that_timing_decides_show_their_intervals(tmp_path):
    rng = np.random.default_rng(3)
    beats, symbols = beats_and_symbols(360 * 30, 360, rng, "NNNNNNA")
    first, second = synthetic_ecg(beats, symbols, 360 * 30, 360, rng)
    model = einthoven.load("mitbih-clean-context")
    answer = model(Record("made", np.stack((first, second)), 360, ("MLII", "V1")))
    found = explain(model, answer)
    normal = next(row for row in found if row.name == "N")
    assert normal.remark and {"the RR intervals", "lead MLII"} <= {one.name for one in normal.contributions}
    assert normal.rr_ms is not None and normal.rr_ms[1] == pytest.approx(np.median(1000 * np.diff(answer.times_s)))
    explanation.write(answer, found, tmp_path / "why.html")
    page = (tmp_path / "why.html").read_text()
    assert normal.contributions[0].sentence in page and normal.remark in page and "0 %, QRS 0 %" not in page
