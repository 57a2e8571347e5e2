"""CSV and NPY: nothing is guessed, no row is lost."""

import numpy as np
import pytest
from scipy.io import savemat

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read, table_numbers
from tests.records.files import N_SAMPLES, WRITERS, as_npy, write_wfdb


def test_a_rate_is_never_guessed(tmp_path, signal_mv):
    header = write_wfdb(tmp_path, signal_mv)
    header.write_text(header.read_text().replace("strip 2 360 1500", "strip 2"))
    with pytest.raises(StatementMissing, match="rate"):
        read(header)
    assert read(header, fs_hz=360).fs_hz == 360


@pytest.mark.parametrize("missing", ["fs_hz", "leads", "unit"])
def test_a_table_needs_rate_leads_and_unit(missing, tmp_path, signal_mv):
    file, stated = as_npy(tmp_path, signal_mv)
    flag = {"fs_hz": "--fs", "leads": "--leads", "unit": "--unit"}[missing]
    with pytest.raises(StatementMissing, match=f"not stated: {flag}") as caught:
        read(file, **(stated | {missing: None}))
    assert caught.value.remedy.startswith(flag) and caught.value.remedy.count("--") == 1
    if missing == "leads":
        assert caught.value.remedy.count("LEAD") == len(signal_mv)


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".hea"])
def test_microvolts_called_millivolts_are_refused(suffix, tmp_path, signal_mv):
    file, stated = (
        WRITERS[suffix](tmp_path, 800 * signal_mv)
        if suffix != ".hea"
        else (
            write_wfdb(tmp_path, 800 * signal_mv, "32"),
            {},
        )
    )
    with pytest.raises(RecordUnreadable) as caught:
        read(file, **stated)
    assert "--unit uV" in caught.value.remedy
    if suffix != ".hea":
        assert np.abs(read(file, **(stated | {"unit": "uV"})).signal_mv).max() < 5


def test_npy_either_way_round(tmp_path, signal_mv):
    np.save(tmp_path / "a.npy", signal_mv.T)
    assert read(tmp_path / "a.npy", fs_hz=360, leads=["I", "II"], unit="mV").signal_mv.shape == (2, N_SAMPLES)


def test_an_object_array_is_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RecordUnreadable, match=r"a\.npy"):
        read(tmp_path / "a.npy", fs_hz=360, leads=["I"], unit="mV")


def test_csv_with_times_gaps_and_decimal_commas(tmp_path):
    (tmp_path / "a.csv").write_text("time_s;I;II\n0,000;0,1;0,2\n0,004;;0,3\n0,008;0,2;0,4\n")
    record = read(tmp_path / "a.csv", fs_hz=250, unit="mV")
    assert record.leads == ("I", "II")
    np.testing.assert_allclose(record.signal_mv, [[0.1, np.nan, 0.2], [0.2, 0.3, 0.4]], atol=1e-6)
    assert "time_s" in record.warnings[0]


def test_csv_keeps_every_row_and_names_the_line_that_is_none(tmp_path):
    file = tmp_path / "a.csv"
    stated = {"fs_hz": 250, "unit": "mV"}
    file.write_text("MLII\n0.1\n\n\n0.2\n\n")
    np.testing.assert_array_equal(np.isnan(read(file, **stated).signal_mv), [[False, True, True, False]])
    for content in ("MLII,V1\n0.1,0.2\n,abc\n", "MLII,V1\n0.1,0.2\n0.1\n"):
        file.write_text(content)
        with pytest.raises(RecordUnreadable, match="line 3"):
            read(file, **stated)
    file.write_text("MLII,V1\n")
    with pytest.raises(RecordUnreadable, match="no row of numbers"):
        read(file, **stated)


@pytest.mark.parametrize(("name", "scale"), [("time", 1.0), ("elapsed_ms", 1000.0), ("n", 250.0)])
def test_a_column_of_times_is_left_out_and_compared_with_the_rate(name, scale, tmp_path):
    rows = "".join(f"{scale * at / 250},{0.01 * at**0.5}\n" for at in range(500))
    (tmp_path / "a.csv").write_text(f"{name},MLII\n{rows}")
    right, wrong = (read(tmp_path / "a.csv", fs_hz=fs_hz, unit="mV") for fs_hz in (250, 500))
    assert right.leads == wrong.leads == ("MLII",)
    assert right.warnings == (f"the column {name!r} looks like times and is skipped",)
    assert ("does not rise as at 500 Hz" in wrong.warnings[-1]) == (name != "n")


def test_complex_numbers_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((1, 500), complex))
    with pytest.raises(RecordUnreadable, match="complex"):
        read(tmp_path / "a.npy", fs_hz=250, leads=["II"], unit="mV")
    savemat(tmp_path / "a.mat", {"val": np.ones((1, 500), complex)})
    with pytest.raises(RecordUnreadable, match="complex"):
        read(tmp_path / "a.mat", fs_hz=250, leads=["II"], unit="mV")


@pytest.mark.parametrize("block", [64, 200, 1 << 22])
def test_missing_cells_are_the_same_however_a_block_is_read(block, tmp_path, monkeypatch):
    """Empty cells in all places, first in the middle of the table; words and blanks later; an empty row."""
    rows = [f"{at},5;-{at},25;0,{at % 10}" for at in range(40)]
    rows[11:17] = [";1,5;2,5", "1,5;;2,5", "1,5;2,5;", ";;3,5", "1,5;;", ";;"]
    rows[25:28] = ["-;1,5;n/a", " ;2,5;3,5", ""]
    (tmp_path / "gaps.csv").write_text("I;II;V1\n" + "\n".join(rows) + "\n")
    monkeypatch.setattr(table_numbers, "_BLOCK_BYTES", block)
    found = read(tmp_path / "gaps.csv", fs_hz=100, unit="mV").signal_mv
    words = [(row if row else ";;").replace(",", ".").split(";") for row in rows]
    expected = [
        [float(word) if word.strip(" -").replace(".", "").isdigit() else np.nan for word in row] for row in words
    ]
    np.testing.assert_array_equal(found, np.array(expected, np.float32).T)
    assert np.isnan(found).sum() == 16


def test_empty_cells_are_filled_without_a_pattern(tmp_path, monkeypatch):
    monkeypatch.setattr(table_numbers, "_with_nan", None)
    monkeypatch.setattr(table_numbers, "_WAYS", table_numbers._WAYS[:2])
    monkeypatch.setattr(table_numbers, "_row_by_row", None)
    (tmp_path / "gaps.csv").write_text("I;II\n" + "0,5;1,5\n" * 40 + ";1,5\n0,5;\n;\n" + "0,5;1,5\n" * 40)
    assert np.isnan(read(tmp_path / "gaps.csv", fs_hz=100, unit="mV").signal_mv).sum() == 4
