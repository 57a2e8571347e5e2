"""WFDB headers as programs write them: names, units, dates, remarks; and those that are made to do harm."""

import contextlib
import os
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import EinthovenError, RecordUnreadable
from einthoven.records import header_lines, read
from tests.records.test_wfdb_rates import sine, write_header

LINE = "rec.dat 16 200/mV 16 0 0 0 0 MLII"


@pytest.fixture
def folder(tmp_path):
    sine(720).astype("<i2").tofile(tmp_path / "rec.dat")
    return tmp_path


@pytest.mark.parametrize(
    ("gain", "factor"),
    [
        ("200/mV", 1),
        ("200/mv", 1),
        ("0.2/microV", 1),
        ("0.2/microvolts", 1),
        ("0.2/MICROVOLT", 1),
        ("0.2/uvolts", 1),
        ("200/millivolts", 1),
        ("200000/Volts", 1),
        ("0.0002/nanoV", 1),
        ("2e2(0)/mV", 1),
        ("200.(0.0)/mV", 1),
        ("+200/mV", 1),
        ("-200/mV", -1),
        ("20/dmV", 1),
    ],
)
def test_units_and_gains_are_spelled_in_many_ways(gain, factor, folder):
    record = read(write_header(folder, [f"rec.dat 16 {gain} 16 0 0 0 0 MLII"]))
    np.testing.assert_allclose(record.signal_mv[0], factor * sine(720) / 200, atol=1e-5)
    assert record.warnings == (
        ("the header states a negative gain for MLII: turned upside down",) if factor < 0 else ()
    )


@pytest.mark.parametrize("baseline", ["12", "12.0", "+12", "12."])
def test_a_baseline_may_have_a_point(baseline, folder):
    record = read(write_header(folder, [f"rec.dat 16 200({baseline})/mV 16 0 0 0 0 MLII"]))
    np.testing.assert_allclose(record.signal_mv[0], (sine(720) - 12) / 200, atol=1e-5)


@pytest.mark.parametrize(
    ("line", "lead"),
    [
        (LINE, "MLII"),
        ("rec.dat 16 200/mV 16 0 0 0 0 MLII # modified, not II", "MLII"),
        ("rec.dat 16 200/mV MLII", "MLII"),
        ("rec.dat 16 200/mV 16 0 MLII", "MLII"),
        ("rec.dat 16 200/mV 16.0 0.0 0 0 0 MLII", "MLII"),
        ("rec.dat 16 200/mV 16 0 0 0 0 my lead", "my lead"),
        ("rec.dat 16 200/mV 16 0 0 0 0", "lead1"),
        ("rec.dat 16 200/mV", "lead1"),
        ("rec.dat 16", "lead1"),
    ],
)
def test_names_of_leads(line, lead, folder):
    assert read(write_header(folder, [line])).leads == (lead,)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("9:00:00 01/02/1989", "1989-02-01T09:00:00"),
        ("2014-05-08 05:05:15", "2014-05-08T05:05:15"),
        ("05-May-2020 09:49:17", "2020-05-05T09:49:17"),
        ("    31:51.982", "T00:31:51.982"),
        ("2006", "2006"),
        ("8:26:04 26/10/1994 extra", "1994-10-26T08:26:04"),
        ("99:99:99 99/99/9999", ""),
        ("", ""),
    ],
)
def test_dates_and_times(words, at, folder):
    header = write_header(folder, [LINE], n=f"720 {words}")
    assert read(header).identity.recorded_at == at


def test_names_in_upper_case(folder):
    (folder / "rec.dat").rename(folder / "REC.DAT")
    write_header(folder, [LINE], name="REC").rename(folder / "REC.HEA")
    for name in ("REC.HEA", "REC.DAT", "REC"):
        assert read(folder / name).n_samples == 720


def test_names_with_blanks(folder):
    (folder / "rec.dat").rename(folder / "my rec.dat")
    header = write_header(folder, [LINE.replace("rec.dat", "my rec.dat")], name="my rec")
    for path in (header, header.with_suffix(".dat"), header.with_suffix("")):
        assert read(path).leads == ("MLII",)


@pytest.mark.parametrize(("named", "lies"), [("data/rec.dat", "data"), ("medians/rec.dat", "."), ("./rec.dat", ".")])
def test_a_signal_file_below_the_header_or_beside_it(named, lies, folder):
    (folder / lies).mkdir(exist_ok=True)
    (folder / "rec.dat").rename(folder / lies / "rec.dat")
    header = write_header(folder, [LINE.replace("rec.dat", named)])
    header.write_text(header.read_text().replace("rec 1 ", "medians/rec 1 "))
    record = read(header)
    assert (record.n_samples, record.name) == (720, "rec")


@pytest.mark.parametrize(
    "named", ["../rec.dat", "/etc/hostname", "a/../../rec.dat", "C:rec.dat", "..\\rec.dat", "a\\..\\rec.dat", ".."]
)
def test_a_signal_file_elsewhere_is_refused(named, folder):
    (folder / "in").mkdir()
    with pytest.raises(RecordUnreadable):
        read(write_header(folder / "in", [LINE.replace("rec.dat", named)]))


def test_a_signal_file_without_its_header(folder):
    with pytest.raises(RecordUnreadable, match="without its header") as caught:
        read(folder / "rec.dat")
    assert "rec.hea" in caught.value.found and "rec.hea" in caught.value.remedy


@pytest.mark.parametrize(
    "line",
    [
        "rec.dat 16 " + "9" * 50_000 + "/mV 16 0 0 0 0 MLII",
        "rec.dat 16 200(" + "9" * 50_000 + ")/mV 16 0 0 0 0 MLII",
        "rec.dat 16 200/mV " + "9" * 50_000 + " 0 0 0 0 MLII",
        "rec.dat 16x" + "9" * 50_000 + " 200/mV 16 0 0 0 0 MLII",
        "rec.dat 16" + "+9" * 25_000 + " 200/mV 16 0 0 0 0 MLII",
        "rec.dat 16 1e999(0)/mV 16 0 0 0 0 MLII",
        "rec.dat 16 1e99(0)/mV 16 0 0 0 0 MLII",
        "rec.dat 16 1e-99(0)/mV 16 0 0 0 0 MLII",
        "rec.dat 16x999999999 200/mV 16 0 0 0 0 MLII",
        "rec.dat 16+999999999999999999 200/mV 16 0 0 0 0 MLII",
        "rec.dat 16 200/mV 16 0 0 0 0 ML\x1b[31mII",
        "re\x1b]0;c.dat 16 200/mV 16 0 0 0 0 MLII",
        "rec.dat 16 200/mV 16 0 x 0 0 MLII",
        "~ 16 200/mV 16 0 0 0 0 MLII",
        "rec.dat 0 200/mV 16 0 0 0 0 MLII",
        "rec.dat 999 200/mV 16 0 0 0 0 MLII",
        "rec.dat 16 nan/mV 16 0 0 0 0 MLII",
    ],
)
def test_signal_lines_that_cannot_be_are_refused_at_once(line, folder):
    started = time.process_time()
    with pytest.raises(RecordUnreadable) as caught:
        read(write_header(folder, [line]))
    assert time.process_time() - started < 0.5
    assert len(str(caught.value)) < 1000 and "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("fs", "n"),
    [("360", "9" * 5000), ("9" * 50_000, "720"), ("1e999", "720"), ("nan", "720"), ("-360", "720"), ("360", "-5")],
)
def test_record_lines_that_cannot_be_are_refused(fs, n, folder):
    with pytest.raises(RecordUnreadable):
        read(write_header(folder, [LINE], fs, n))


def test_a_named_pipe_is_refused_at_once(folder):
    (folder / "rec.dat").unlink()
    os.mkfifo(folder / "rec.dat")
    header = write_header(folder, [LINE])
    with pytest.raises(RecordUnreadable) as caught:
        read(header)
    assert caught.value.found == "a named pipe"


@given(st.text("0123456789.-+/()xe:mV ~\x1b", max_size=40))
def test_no_word_breaks_the_parser(word):
    header_lines.specification(word), header_lines.gain(word), header_lines.recorded_at(word.split())
    for parse in (header_lines.whole, header_lines.rate, lambda text: header_lines.numbers_and_name(text.split())):
        with contextlib.suppress(ValueError):
            parse(word)


def test_a_lead_that_is_missing_throughout_keeps_its_name(folder):
    np.full(720, -(1 << 15), "<i2").tofile(folder / "rec.dat")
    record = read(write_header(folder, ["rec.dat 16 200/mV MLII"]))
    assert record.leads == ("MLII",) and np.isnan(record.signal_mv).all()


def test_a_missing_signal_file_is_missing_samples_if_asked_for(tmp_path):
    sine(720).astype("<i2").tofile(tmp_path / "strip.dat")
    header = write_header(tmp_path, ["strip.dat 16 200/mV 16 0 0 0 0 II", "gone.dat 16 200/mV 16 0 0 0 0 V1"])
    with pytest.raises(RecordUnreadable) as caught:
        read(header)
    assert "gone.dat" in caught.value.found and "--partial" in caught.value.remedy
    record = read(header, partial=True)
    assert np.isnan(record.signal_mv[1]).all() and np.isfinite(record.signal_mv[0]).all()
    assert record.warnings[0] == "the signal file gone.dat is missing: so are the samples of V1"
    (tmp_path / "strip.dat").unlink()
    with pytest.raises(EinthovenError, match="is missing"):
        read(header, partial=True)


@pytest.mark.parametrize(
    ("record_line", "specification"),
    [
        ("E07519.mat 1 500", "16+24 1000/mV 16 0 0 0 0 MLII"),  # Georgia: a name with suffix, no length
        ("E07519.mat 1 500 720", "16x1+24 1000/mV 16 0 0 0 0 MLII"),
        ("JS00001 1 500 720 04-Mar-2020 22:19:33 ", "16+24 1000/mV 16 0 0 0 0 MLII"),
        ("rec 1 500 720", "16+24 1000.0(0)/mV 16 0 0 0 0 MLII"),
        ("rec 1 500.0 720.0", "16+0+24 1000(0)/mV 0 0 0 0 0 MLII"),
    ],
)
def test_headers_beside_matlab_files(record_line, specification, tmp_path):
    (tmp_path / "rec.mat").write_bytes(b"\x1e" + bytes(23) + sine(720).astype("<i2").tobytes())
    (tmp_path / "rec.hea").write_text(
        f"{record_line}\nrec.mat {specification}\n#Age: 74\n# Sex: Male\n#Dx: 426783006,,1\n"
    )
    for suffix in (".hea", ".mat", ""):
        record = read(tmp_path / f"rec{suffix}")
        assert (record.fs_hz, record.leads, record.warnings) == (500.0, ("MLII",), ())
        assert record.comments == ("Age: 74", "Sex: Male", "Dx: 426783006,,1")
        np.testing.assert_allclose(record.signal_mv[0], sine(720) / 1000, atol=1e-6)
