"""WFDB annotations are written so that others read them: wfdb, and our own reader."""

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import OutputRefused
from einthoven.records.annotation_file import CODES, encoded
from einthoven.records.annotations import read_annotations

MARKS = st.lists(st.tuples(st.integers(0, 2**31 - 2), st.sampled_from(sorted(CODES))), min_size=1, max_size=30)


def test_wfdb_reads_what_is_written(tmp_path):
    samples, symbols = [3, 3, 1030, 70_000, 2_000_000], ["(", "N", ")", "t", "V"]
    (tmp_path / "one.atr").write_bytes(encoded(samples, symbols))
    found = wfdb.rdann(str(tmp_path / "one"), "atr")
    assert found.sample.tolist() == samples and found.symbol == symbols


@given(MARKS)
def test_our_reader_reads_what_is_written(tmp_path_factory, marks):
    folder = tmp_path_factory.mktemp("marks")
    samples, symbols = np.array([sample for sample, _ in marks]), [symbol for _, symbol in marks]
    (folder / "one.atr").write_bytes(encoded(samples, symbols))
    found = read_annotations(folder / "one", "atr", 250.0, 250.0, 2**31, [])
    order = np.argsort(samples, kind="stable")
    assert found.samples.tolist() == samples[order].tolist()
    assert list(found.symbols) == [symbols[at] for at in order]


@pytest.mark.parametrize(("samples", "symbols"), [([1], ["x1"]), ([-1], ["N"]), ([2**31], ["N"])])
def test_what_the_format_cannot_hold_is_refused(samples, symbols):
    with pytest.raises(OutputRefused):
        encoded(samples, symbols)


def test_nothing_is_two_zero_bytes():
    assert encoded(np.zeros(0, int), []) == b"\0\0"
