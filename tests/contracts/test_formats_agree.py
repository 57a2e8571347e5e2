"""The same recording in every format that is written gives the same answers: quality, findings and predictions."""

import numpy as np
import pytest

import einthoven
from einthoven.records.record import Record
from einthoven.records.writing import TARGETS
from einthoven.signal import doctor, quality
from einthoven.signal.leads import STANDARD
from tests.layouts import twelve_leads


@pytest.fixture(scope="module")
def record():
    signal = np.round(1000 * twelve_leads(10, 500, np.random.default_rng(7))) / 1000
    signal[[0, 1]] = signal[[1, 0]]  # a finding: exchanged electrodes
    return Record("strip", signal, 500, STANDARD)


@pytest.fixture(scope="module")
def models():
    return [einthoven.load(name) for name in ("ptbxl-diagnoses", "mitbih-cnn-lstm-mlii")]


def judged(record, models):
    seen = quality.examine(record.signal_mv, record.leads, record.fs_hz)
    found = [(finding.code, finding.leads, round(finding.certainty, 3)) for finding in doctor.examine(record)]
    return seen, found, [model(record) for model in models]


@pytest.fixture(scope="module")
def expected(record, models):
    return judged(record, models)


@pytest.mark.parametrize("name", TARGETS)
def test_every_format_gives_the_same_answers(name, record, models, expected, tmp_path):
    read = einthoven.read(einthoven.write(record, tmp_path / f"strip{TARGETS[name].suffix}"))
    seen, found, answers = judged(read, models)
    assert (read.leads, read.fs_hz, read.n_samples) == (record.leads, 500, 5000)
    np.testing.assert_array_equal(seen.verdicts, expected[0].verdicts)
    np.testing.assert_allclose(seen.index, expected[0].index, atol=1e-3)
    assert found == expected[1] and found
    for answer, as_expected in zip(answers, expected[2], strict=True):
        assert answer.declined == as_expected.declined
        np.testing.assert_array_equal(answer.beats, as_expected.beats)
        np.testing.assert_allclose(answer.probabilities, as_expected.probabilities, atol=1e-3)
