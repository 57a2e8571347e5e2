"""Tables in every layout that programs write; what stays ambiguous is refused."""

import shlex
import subprocess
import time

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from tests.records.strips import FIRST, FS_HZ, N_SAMPLES, SECOND, clock, comma, rows

BOTH = lambda at: f"{FIRST[at]:.4f},{SECOND[at]:.4f}"  # noqa: E731
TABLES = {
    "sep=": ("sep=;\nII;V1\n", lambda at: f"{comma(FIRST[at])};{comma(SECOND[at])}"),
    "tabs and decimal commas": ("II\tV1\n", lambda at: f"{comma(FIRST[at])}\t{comma(SECOND[at])}"),
    "quoted decimal commas": ('"II","V1"\n', lambda at: f'"{comma(FIRST[at])}","{comma(SECOND[at])}"'),
    "bars": ("II|V1\n", lambda at: f"{FIRST[at]:.4f}|{SECOND[at]:.4f}"),
    "blanks": ("", lambda at: f"   {FIRST[at]:8.4f}   {SECOND[at]:8.4f}"),
    "quotes everywhere": ('"II","V1"\r\n', lambda at: f'"{FIRST[at]:.4f}","{SECOND[at]:.4f}"\r'),
    "a mark behind each row": ("II,V1,\n", lambda at: BOTH(at) + ","),
    "a row of units": ("n,II,V1\n,mV,mV\n", lambda at: f"{at},{BOTH(at)}"),
    "numpy.savetxt": ("# II,V1\n", lambda at: f"{FIRST[at]:.18e},{SECOND[at]:.18e}"),
    "pandas' index": (",II,V1\n", lambda at: f"{at},{BOTH(at)}"),
    "R's row names": ('"II" "V1"\n', lambda at: f'"{at + 1}" {FIRST[at]:.4f} {SECOND[at]:.4f}'),
    "a head of statements": (
        "Patient: X\nSampling Rate: 250 Hz\nUnits: mV\n\nII,V1\n",
        BOTH,
    ),
    "aliases with units": ("ECG II [mV],ecg_v1 (uV)\n", lambda at: f"{FIRST[at]:.4f},{1000 * SECOND[at]:.2f}"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_layouts(kind, tmp_path):
    head, row = TABLES[kind]
    (tmp_path / "a.csv").write_text(head + rows(row))
    names = None if head else ("II", "V1")
    unit = None if "units" in kind or "statements" in kind else "mV"
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit=unit, leads=names)
    assert record.leads == ("II", "V1")
    np.testing.assert_allclose(record.signal_mv, [FIRST, SECOND], atol=2e-4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings(encoding, end, tmp_path):
    text = "Zeit [s],Ableitung II [µV]\n" + rows(lambda at: f"{at / FS_HZ:.3f},{1000 * FIRST[at]:.1f}")
    (tmp_path / "a.txt").write_bytes(text.replace("\n", end).encode(encoding))
    record = read(tmp_path / "a.txt")
    assert (record.leads, record.fs_hz) == (("II",), FS_HZ)
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=2e-4)


@pytest.mark.parametrize("word", ["NA", "N/A", "null", "NaN", "None", "-", "", "?"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_missing_cells(word, separator, tmp_path):
    def row(at):
        cells = [f"{FIRST[at]:.4f}", f"{SECOND[at]:.4f}"]
        return separator.join(word if (at + 3 * place) % 50 == 0 else cell for place, cell in enumerate(cells))

    (tmp_path / "a.csv").write_text(f"II{separator}V1\n" + rows(row))
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="mV")
    missing = np.isnan(record.signal_mv)
    np.testing.assert_array_equal(np.flatnonzero(missing[0]), np.arange(0, N_SAMPLES, 50))
    np.testing.assert_allclose(record.signal_mv[1, ~missing[1]], SECOND[~missing[1]], atol=1e-4)


def test_a_lead_that_is_off_at_first(tmp_path):
    (tmp_path / "a.csv").write_text("II,V1\n" + rows(lambda at: BOTH(at) if at > 900 else f"{FIRST[at]:.4f},"))
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="mV")
    assert int(np.isnan(record.signal_mv[1]).sum()) == 901


def test_columns_that_are_no_leads_are_left_out_with_a_word(tmp_path):
    (tmp_path / "a.csv").write_text(
        "t,ecg,acc_x,Resp (a.u.),label,battery\n"
        + rows(
            lambda at: f"{at / FS_HZ:.3f},{FIRST[at]:.4f},{980 + at % 7},{3000 + at % 90},{'N' if at % 9 else 'V'},99"
        )
    )
    record = read(tmp_path / "a.csv", unit="mV")
    assert (record.leads, record.fs_hz) == (("ECG",), FS_HZ)
    words = " ".join(record.warnings)
    assert all(name in words for name in ("'t'", "'acc_x'", "'Resp (a.u.)'", "'label' (holds words)", "'battery'"))


def test_only_the_wanted_columns_are_read(tmp_path):
    (tmp_path / "a.csv").write_text(
        "t,signal,x,y\n" + rows(lambda at: f"{at / FS_HZ:.3f},{FIRST[at]:.4f},{980 + at % 7},{50 + at % 3}")
    )
    record = read(tmp_path / "a.csv", unit="mV", leads={"signal": "MLII"})
    assert record.leads == ("MLII",)
    (tmp_path / "b.csv").write_text("I,II,V1\n" + rows(lambda at: f"{SECOND[at]:.4f},{FIRST[at]:.4f},0"))
    np.testing.assert_allclose(
        read(tmp_path / "b.csv", fs_hz=FS_HZ, unit="mV", leads=["II"]).signal_mv[0], FIRST, atol=1e-4
    )


@pytest.mark.parametrize("leads", [["II", "V1"], ["-", "II", "V1"], ["time", "II", "V1"]])
def test_unnamed_columns_with_times(leads, tmp_path):
    (tmp_path / "a.csv").write_text(rows(lambda at: f"{at / FS_HZ:.3f},{BOTH(at)}"))
    record = read(tmp_path / "a.csv", unit="mV", leads=leads)
    assert (record.leads, record.fs_hz) == (("II", "V1"), FS_HZ)


@pytest.mark.parametrize("separator", [",", ";", " ", "\t"])
@pytest.mark.parametrize("is_named", [True, False])
def test_one_row_a_lead(separator, is_named, tmp_path):
    lines = [
        separator.join([*([name] if is_named else []), *(f"{value:.4f}" for value in lead)])
        for name, lead in (("II", FIRST), ("V1", SECOND))
    ]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    record = read(tmp_path / "a.txt", fs_hz=FS_HZ, unit="mV", leads=None if is_named else ["II", "V1"])
    assert record.leads == ("II", "V1")
    np.testing.assert_allclose(record.signal_mv, [FIRST, SECOND], atol=1e-4)
    (tmp_path / "b.txt").write_text(lines[0])
    one = read(tmp_path / "b.txt", fs_hz=FS_HZ, unit="mV", leads=["II"])
    np.testing.assert_allclose(one.signal_mv[0], FIRST, atol=1e-4)


def test_one_column_with_decimal_commas(tmp_path):
    (tmp_path / "a.csv").write_text(rows(lambda at: f"{1000 * FIRST[at]:.3f}".replace(".", ",")))
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="uV", leads=["I"])
    np.testing.assert_allclose(record.signal_mv[0], FIRST, atol=1e-5)
    with pytest.raises(RecordUnreadable, match="2 names"):
        read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="uV", leads=["I", "II"])


def test_commas_between_and_within_numbers_are_refused_and_the_remedy_works(tmp_path):
    (tmp_path / "a b.csv").write_text(rows(lambda at: f"{comma(FIRST[at])},{comma(SECOND[at])}"))
    with pytest.raises(RecordUnreadable) as caught:
        read(tmp_path / "a b.csv", fs_hz=FS_HZ, unit="mV", leads=["II", "V1"])
    assert "4 numbers" in caught.value.found and "2 if every second comma" in caught.value.found
    command = caught.value.remedy.split("      ")[0]
    subprocess.run(command, shell=True, check=True)
    mended = shlex.split(command)[-1]
    record = read(mended, fs_hz=FS_HZ, unit="mV", leads=["II", "V1"])
    np.testing.assert_allclose(record.signal_mv, [FIRST, SECOND], atol=1e-4)


def test_whole_numbers_in_two_columns_stay_two(tmp_path):
    (tmp_path / "a.csv").write_text(rows(lambda at: f"{200 * FIRST[at] + 512:.0f},{200 * SECOND[at] + 498:.0f}"))
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, gain=200, zero=500, leads=["II", "V1"])
    assert record.leads == ("II", "V1")


def test_beats_in_rows_are_refused(tmp_path):
    table = np.resize(FIRST, (40, 188))
    np.savetxt(tmp_path / "a.csv", table, delimiter=",")
    with pytest.raises(RecordUnreadable, match="one beat or window a row"):
        read(tmp_path / "a.csv", fs_hz=125, unit="mV", leads=["II"])


def test_a_table_without_a_known_suffix(tmp_path):
    (tmp_path / "a.asc").write_text("II,V1\n" + rows(BOTH))
    record = read(tmp_path / "a.asc", fs_hz=FS_HZ, unit="mV")
    assert record.leads == ("II", "V1") and "read as a table" in record.warnings[0]


TIMES = {
    "seconds": ("time", lambda at: f"{at / FS_HZ:.4f}"),
    "milliseconds": ("elapsed (ms)", lambda at: f"{1000 * at / FS_HZ:.1f}"),
    "no unit": ("t", lambda at: f"{1000 * at / FS_HZ:g}"),
    "Unix seconds": ("timestamp", lambda at: f"{1769000000 + at / FS_HZ:.4f}"),
    "Unix milliseconds": ("unix_ms", lambda at: f"{1769000000000 + round(1000 * at / FS_HZ)}"),
    "Unix microseconds": ("stamp", lambda at: f"{1769000000000000 + 4000 * at}"),
    "packets": ("timestamp", lambda at: f"{1769000000000 + 292 * (at // 73)}"),
    "ISO": ("timestamp", lambda at: f"2026-03-01 {clock(at)}"),
    "ISO with a zone": ("timestamp", lambda at: f"2026-03-01T{clock(at)}+01:00"),
    "European date": ("Datum", lambda at: f"01.03.2026 {clock(at)}"),
    "rounded": ("time", lambda at: f"{at / FS_HZ:.2f}"),
}


@pytest.mark.parametrize("kind", TIMES)
def test_times_state_the_rate(kind, tmp_path):
    name, stamp = TIMES[kind]
    (tmp_path / "a.csv").write_text(f"{name},II\n" + rows(lambda at: f"{stamp(at)},{FIRST[at]:.4f}"))
    record = read(tmp_path / "a.csv", unit="mV")
    assert record.fs_hz == pytest.approx(FS_HZ, rel=2e-4)
    assert record.n_samples == N_SAMPLES
    assert "stated sampling rate is used" in read(tmp_path / "a.csv", unit="mV", fs_hz=500).warnings[-1]


def test_samples_that_the_times_miss_are_missing(tmp_path):
    (tmp_path / "a.csv").write_text(
        "time,II\n" + "".join(f"{at / FS_HZ:.3f},{FIRST[at]:.4f}\n" for at in range(N_SAMPLES) if not 1000 <= at < 1100)
    )
    record = read(tmp_path / "a.csv", unit="mV")
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(record.signal_mv[0])), np.arange(1000, 1100))
    np.testing.assert_allclose(record.signal_mv[0, 1100:], FIRST[1100:], atol=1e-4)
    assert "100 samples are missing" in record.warnings[-1]


def test_times_that_contradict_the_head_are_told(tmp_path):
    head = "Sample Rate: 250 Hz\ntime (s),II (mV)\n"
    (tmp_path / "a.csv").write_text(head + rows(lambda at: f"{at / 500:.3f},{FIRST[at]:.4f}"))
    record = read(tmp_path / "a.csv")
    assert record.fs_hz == 250 and "rises as at 500 Hz; the 250 Hz of the head" in record.warnings[0]


def test_times_that_go_back_say_no_rate(tmp_path):
    (tmp_path / "a.csv").write_text("time,II\n" + rows(lambda at: f"{at % 500 / FS_HZ:.3f},{FIRST[at]:.4f}"))
    record = read(tmp_path / "a.csv", unit="mV", fs_hz=FS_HZ)
    assert record.n_samples == N_SAMPLES and "does not rise throughout" in record.warnings[0]


def test_a_cell_of_blanks_takes_no_time(tmp_path):
    (tmp_path / "a.csv").write_text("0.1,0.2\n" * 200 + f"0.1,{' ' * 200_000}x\n")
    started = time.process_time()
    with pytest.raises(RecordUnreadable, match="line 201"):
        read(tmp_path / "a.csv", fs_hz=250, unit="mV")
    assert time.process_time() - started < 5


@pytest.mark.parametrize("word", ["#N/A", "#VALUE!", "<NA>", "*", "1.#QNAN", "-nan", "missing"])
def test_words_of_programs_for_missing_samples(tmp_path, word):
    (tmp_path / "a.csv").write_text("II,V1\n" + rows(lambda at: f"{word if at in (7, 8) else FIRST[at]},{SECOND[at]}"))
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="mV")
    assert np.flatnonzero(np.isnan(record.signal_mv[0])).tolist() == [7, 8]
    np.testing.assert_allclose(record.signal_mv[1], SECOND, atol=1e-5)


@pytest.mark.parametrize("end", ["\r\r\n", "\n\n", "\r\n\r\n"])
def test_an_empty_line_behind_each_row_is_none(tmp_path, end):
    text = "II,V1\n" + rows(lambda at: f"{FIRST[at]:.5f},{SECOND[at]:.5f}")
    (tmp_path / "a.csv").write_bytes(text.replace("\n", end).encode())
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="mV")
    np.testing.assert_allclose(record.signal_mv, np.stack((FIRST, SECOND)), atol=1e-5)


def test_brackets_around_a_row_and_around_rows(tmp_path):
    (tmp_path / "a.txt").write_text(str([round(float(value), 5) for value in FIRST]))
    np.testing.assert_allclose(
        read(tmp_path / "a.txt", fs_hz=FS_HZ, unit="mV", leads=["II"]).signal_mv[0], FIRST, atol=1e-5
    )
    (tmp_path / "b.txt").write_text(str(np.round([FIRST, SECOND], 5).tolist()))
    record = read(tmp_path / "b.txt", fs_hz=FS_HZ, unit="mV", leads=["II", "V1"])
    np.testing.assert_allclose(record.signal_mv, np.stack((FIRST, SECOND)), atol=1e-5)


@pytest.mark.parametrize("head", ["0,1\n", "1,2\n", ",0,1\n"])
def test_numbers_of_columns_are_no_samples(tmp_path, head):
    index = head.startswith(",")
    body = rows(lambda at: (f"{at}," if index else "") + f"{FIRST[at]:.5f},{SECOND[at]:.5f}")
    (tmp_path / "a.csv").write_text(head + body)
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="mV", leads=["II", "V1"])
    np.testing.assert_allclose(record.signal_mv, np.stack((FIRST, SECOND)), atol=1e-5)


def test_words_behind_the_rows_are_told(tmp_path):
    body = rows(lambda at: f"{FIRST[at]:.5f},{SECOND[at]:.5f}")
    (tmp_path / "a.csv").write_text(f"II,V1\n{body}\nEnd of data\nexported by a program\n")
    record = read(tmp_path / "a.csv", fs_hz=FS_HZ, unit="mV")
    assert record.n_samples == len(FIRST)
    assert record.warnings == tuple(
        f"left out, since it is no row: {text!r}" for text in ("End of data", "exported by a program")
    )
