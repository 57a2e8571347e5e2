"""The bundled delineator on made and disturbed signals: waves where they are, none where there is none, leads, rates, pieces."""

import json
from dataclasses import replace

import numpy as np
import pytest
import wfdb

import einthoven
from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault, FileDamaged, RecordUnreadable
from einthoven.evaluation.delineation import nearest_pairs
from einthoven.inference import delineator as of
from einthoven.inference.examined import Examined
from einthoven.inference.wave_scoring import from_table
from einthoven.records.record import Record
from einthoven.signal.boundaries import QRS, P, T
from einthoven.signal.resample import resample
from tests.conftest import beats_and_symbols, synthetic_ecg

FS_HZ = 500.0


@pytest.fixture(scope="module")
def made():
    """Twenty seconds of two leads in sinus rhythm, and the times of the R peaks."""
    rng = np.random.default_rng(2)
    beats, symbols = beats_and_symbols(10_000, FS_HZ, rng, "N")
    return Record("made", synthetic_ecg(beats, symbols, 10_000, FS_HZ, rng), FS_HZ, ("II", "V5")), beats / FS_HZ


@pytest.fixture(scope="module")
def found(made):
    return einthoven.delineate(made[0])


def test_every_beat_has_its_waves(made, found):
    inner_s = made[1][1:-1]
    for kind, offset_s in ((P, -0.16), (QRS, 0.0), (T, 0.28)):
        waves = found.all_leads.of(kind)
        pairs = nearest_pairs(inner_s + offset_s, waves.peak_s, 0.04)
        assert len(pairs) >= len(inner_s) - 1
        assert (waves.onset_s < waves.peak_s).all() and (waves.peak_s < waves.offset_s).all()
    assert set(found.by_lead) == {"II", "V5"}
    assert len(nearest_pairs(made[1], found.beats / FS_HZ, 0.02)) >= len(made[1]) - 1


def test_intervals_are_those_of_the_signal(made, found):
    measured = found.intervals
    assert measured["heart rate"].value == pytest.approx(60 / np.diff(made[1]).mean(), rel=0.02)
    assert 130 < measured["PR"].value < 230 and 40 < measured["QRS"].value < 110 and 330 < measured["QT"].value < 460
    qt, rr_s = measured["QT"].value, 0.06 / measured["heart rate"].value * 1000
    assert measured["QTc Bazett"].value == pytest.approx(qt / rr_s**0.5, rel=0.01)
    assert "limb leads" in measured["QRS axis"].reason
    with pytest.raises(StopIteration):
        measured["mood"]


@pytest.mark.parametrize("to_hz", [100.0, 250.0, 2000.0])
def test_the_rate_of_the_file_does_not_matter(made, found, to_hz):
    record = made[0]
    other = Record("made", resample(record.signal_mv, FS_HZ, to_hz), to_hz, record.leads)
    waves = einthoven.delineate(other).all_leads
    for kind in (P, QRS, T):
        pairs = nearest_pairs(found.all_leads.of(kind).onset_s, waves.of(kind).onset_s, 0.02)
        assert len(pairs) >= len(found.all_leads.of(kind)) - 1


def test_the_order_of_leads_does_not_matter(made, found):
    record = made[0]
    turned = einthoven.delineate(Record("made", record.signal_mv[::-1], FS_HZ, record.leads[::-1]))
    np.testing.assert_allclose(turned.all_leads.onset_s, found.all_leads.onset_s, atol=1e-4)


def test_an_unreadable_lead_gets_no_waves_and_no_say(made, found):
    record = made[0]
    flat = np.concatenate((record.signal_mv, np.zeros((1, record.n_samples), np.float32)))
    three = einthoven.delineate(Record("made", flat, FS_HZ, (*record.leads, "V1")))
    assert "V1" not in three.by_lead and any("V1" in remark for remark in three.remarks)
    np.testing.assert_allclose(three.all_leads.onset_s, found.all_leads.onset_s, atol=1e-4)


@pytest.mark.parametrize("kind", ["flat", "missing"])
def test_nothing_that_can_be_read_gives_no_waves(kind):
    values = np.full((2, 5000), np.nan if kind == "missing" else 0.0, np.float32)
    told = einthoven.delineate(Record("none", values, FS_HZ, ("I", "II")))
    assert len(told.all_leads) == 0 and not told.by_lead
    assert all(one.value is None and one.reason for one in told.intervals.measurements)


def test_pieces_give_what_the_whole_gives(made, monkeypatch):
    record = made[0]
    longer = Record("long", np.tile(record.signal_mv, (1, 5)), FS_HZ, record.leads)
    whole = einthoven.delineate(longer)
    monkeypatch.setattr(of, "_CHUNK", 2)
    pieces = einthoven.delineate(longer)
    assert pieces.all_leads.kind.tolist() == whole.all_leads.kind.tolist()
    np.testing.assert_allclose(pieces.all_leads.onset_s, whole.all_leads.onset_s, atol=0.005)


def test_of_a_long_recording_windows_at_equal_distances_are_read(made, found):
    """A minute, of which every third window is read: its waves are those of the whole, a third of them, as are the medians."""
    minute = Record("minute", np.tile(made[0].signal_mv, 3), FS_HZ, made[0].leads)
    delineator = of.Delineator(of.load(of.DEFAULT))
    whole, sampled = delineator(minute), delineator.delineated(Examined(minute), 20.0)
    assert (whole.every, sampled.every) == (1, 3)
    assert 0.2 < len(sampled.beats) / len(whole.beats) < 0.5
    peaks_s = whole.all_leads.of(QRS).peak_s
    assert np.abs(sampled.all_leads.of(QRS).peak_s[:, None] - peaks_s).min(axis=1).max() < 0.02
    assert np.ptp(sampled.beats) / FS_HZ > 25, "they are not from one stretch"
    for name in ("heart rate", "PR", "QRS", "QT"):
        assert sampled.intervals[name].value == pytest.approx(whole.intervals[name].value, rel=0.05)


def test_what_cannot_be_delineated_is_refused(made):
    record = made[0]
    with pytest.raises(RecordUnreadable, match="too short"):
        einthoven.delineate(Record("short", record.signal_mv[:, :900], FS_HZ, record.leads))
    with pytest.raises(ConfigurationFault, match="finds no waves"):
        einthoven.delineate(record, "mitbih-cnn-lstm-mlii")
    with pytest.raises(ConfigurationFault, match="einthoven delineate"):
        try:
            einthoven.load(of.DEFAULT)(record)
        except ConfigurationFault as error:
            raise ConfigurationFault(f"{error} {error.remedy}", found="", expected="", remedy="") from error


@pytest.mark.parametrize("suffix", [".csv", ".json", ".html", ".atr"])
def test_files_are_written(suffix, ludb_like, tmp_path, capsys):
    out = tmp_path / f"waves{suffix}"
    assert main(["delineate", str(ludb_like / "data" / "5.hea"), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "PR" in told and "not a medical device" in told
    if suffix == ".json":
        record = json.loads(out.read_text())["records"][0]
        assert len(record["leads"]) == 12 and record["all_leads"][0].keys() >= {"wave", "onset_s", "offset_s"}
        assert {row["name"] for row in record["measurements"]} >= {"PR", "QTc Hodges", "T axis", "Cornell voltage"}
    elif suffix == ".atr":
        marks = wfdb.rdann(str(out.with_suffix("")), "atr")
        assert set(marks.symbol) == set("(pNt)") and (np.diff(marks.sample) >= 0).all()
        assert marks.symbol.count("(") == marks.symbol.count(")")
    elif suffix == ".html":
        page = out.read_text()
        assert page.count('class="bound"') > 100 and "http:" not in page.replace("http://www.w3.org", "")
    else:
        assert out.read_text().startswith("record,lead,wave,onset_s,peak_s,offset_s\n5,,")


def test_evaluate_scores_the_model_and_a_table_by_the_same_code(qtdb_like, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["--corpus", "qtdb", "--from", str(qtdb_like)]
    assert main(["evaluate", "waves-ludb", *words, "--out", "scores/waves"]) == 0
    mine = json.loads((tmp_path / "scores" / "waves" / "metrics.json").read_text())
    assert (
        {"value", "low", "high"} == set(mine["p_f1"]) == set(mine["qrs_f1"]) == set(mine["t_f1"]) == set(mine["sd_ms"])
    )
    assert mine["qrs_f1"]["value"] > 0.9 and mine["n_patients"] == 6 and mine["left_out"] == 0
    files = [str(file) for file in sorted(qtdb_like.glob("*.hea"))]
    assert main(["delineate", *files, "--out", "waves.csv"]) == 0
    assert main(["evaluate", "waves.csv", *words, "--out", "scores/table"]) == 0
    table = json.loads((tmp_path / "scores" / "table" / "metrics.json").read_text())
    assert table["qrs_f1"] == mine["qrs_f1"] and table["p_f1"] == mine["p_f1"]
    assert "| P onset (150 ms) |" in (tmp_path / "scores" / "table" / "table.md").read_text()
    capsys.readouterr()


def test_records_that_trained_the_model_are_not_tested(ludb_like, tmp_path, capsys):
    assert main(["evaluate", "waves-ludb", "--from", str(ludb_like), "--out", str(tmp_path / "scores")]) == 2
    assert "was trained on all of these patients" in capsys.readouterr().err
    assert not (tmp_path / "scores" / "metrics.json").exists()


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "record,lead,wave,onset_s,offset_s\n1,,U,0.1,0.2\n"])
def test_a_table_that_is_none_is_refused(content, tmp_path):
    (tmp_path / "waves.csv").write_text(content)
    with pytest.raises(FileDamaged, match="table of waves"):
        from_table(tmp_path / "waves.csv")


def test_spikes_of_a_pacemaker_are_no_complexes(made, found):
    record, beats_s = made
    spiked = record.signal_mv.copy()
    for beat_s in beats_s:
        spiked[:, round((beat_s - 0.06) * FS_HZ)] += 3.0
    told = einthoven.delineate(replace(record, signal_mv=spiked))
    assert abs(len(told.all_leads.of(QRS)) - len(beats_s)) <= 1
    assert "paced" in told.intervals["QRS"].reason
