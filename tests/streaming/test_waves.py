"""Waves of a live signal: as in the record, whatever the pieces, with the delay that is stated."""

import json

import numpy as np
import pytest

import einthoven
from einthoven.cli.main import main
from einthoven.evaluation.delineation import nearest_pairs
from einthoven.records.record import Record
from einthoven.signal.boundaries import WAVES
from einthoven.streaming.waves import DELAY_S, STEP_S, WaveStream
from tests.conftest import beats_and_symbols, synthetic_ecg


@pytest.fixture(scope="module")
def record():
    rng = np.random.default_rng(2)
    beats, symbols = beats_and_symbols(7500, 250.0, rng, "N")
    return Record("live", synthetic_ecg(beats, symbols, 7500, 250.0, rng), 250.0, ("II", "V5"))


def told(record, sizes):
    live, at, found = WaveStream(einthoven.load("waves-ludb"), record.fs_hz, record.leads), 0, []
    for size in sizes:
        found += live.feed(record.signal_mv[:, at : at + size])
        at += size
    return found, live.end()


def test_the_waves_of_the_record_come_with_the_stated_delay(record):
    found, last = told(record, [100] * 75)
    assert all(DELAY_S <= row["delay_s"] <= DELAY_S + STEP_S + 0.5 for row in found)
    whole = einthoven.delineate(record).all_leads
    for kind, name in enumerate(WAVES):
        peaks = np.array([row["peak_s"] for row in [*found, *last] if row["wave"] == name])
        pairs = nearest_pairs(whole.of(kind).peak_s, peaks, 0.03)
        assert len(pairs) >= 0.93 * len(whole.of(kind)) and len(peaks) <= len(whole.of(kind)) + 2


def test_the_verb_writes_lines(mitdb_like, tmp_path, capsys):
    out = tmp_path / "waves.jsonl"
    assert main(["stream", "waves-ludb", "--from", str(mitdb_like / "100.hea"), "--speed", "0", "--out", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["wave"] for row in rows} == set(WAVES) and all(row["kind"] == "wave" for row in rows)
    assert "after their peak" in capsys.readouterr().err


def test_a_state_is_refused(mitdb_like, tmp_path, capsys):
    words = ["stream", "waves-ludb", "--from", str(mitdb_like / "100.hea"), "--state", str(tmp_path / "state")]
    assert main(words) == 2
    assert "keeps no state" in capsys.readouterr().err
