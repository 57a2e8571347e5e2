"""Compressed files of one recording are read; bombs, passwords and several recordings are refused."""

import bz2
import gzip
import zipfile

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read
from tests.records.files import write_wfdb

TABLE = "II (mV)\n" + "".join(f"{np.sin(at / 9):.3f}\n" for at in range(1500))


def zipped(file, **members):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name if "[" in name else name.replace("__", "/").replace("_", "."), content)
    return file


@pytest.mark.parametrize("name", ["ecg.csv.gz", "ecg.gz", "ecg.txt.GZ"])
def test_gzip(name, tmp_path):
    (tmp_path / name).write_bytes(gzip.compress(TABLE[:9000].encode()) + gzip.compress(TABLE[9000:].encode()))
    record = read(tmp_path / name, fs_hz=250)
    assert (record.leads, record.n_samples, record.source) == (("II",), 1500, tmp_path / name)


def test_a_zip_of_one_recording_in_a_folder_with_others(tmp_path):
    file = zipped(tmp_path / "a.zip", export__ecg_csv=TABLE, export__readme_md="x", export__picture_png=b"\x89PNG")
    assert read(file, fs_hz=250).n_samples == 1500


def test_a_zip_of_a_wfdb_record(tmp_path):
    header = write_wfdb(tmp_path, np.zeros((2, 500)) + np.arange(500) / 500)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in (header, header.with_suffix(".dat")):
            archive.write(file, f"record/{file.name}")
    record = read(tmp_path / "a.zip")
    assert record.fs_hz == 360 and record.leads == ("MLII", "V1")


def test_what_is_missing_is_said_of_the_packed_file(tmp_path):
    file = zipped(tmp_path / "a.zip", ecg_csv=TABLE)
    with pytest.raises(StatementMissing, match=r"a\.zip does not state") as caught:
        read(file)
    assert caught.value.remedy.startswith("--fs 360")


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"0,0\n" * 20_000_000))
    with pytest.raises(RecordUnreadable, match="that unpack to"):
        read(tmp_path / "a.csv.gz", fs_hz=250, unit="mV")


def test_a_zip_bomb_is_refused_by_what_it_states(tmp_path):
    file = zipped(tmp_path / "a.zip", ecg_csv=b"0,0\n" * 20_000_000)
    with pytest.raises(RecordUnreadable, match="80,000,000 and more"):
        read(file, fs_hz=250, unit="mV")


def test_an_encrypted_zip_is_refused(tmp_path):
    file = zipped(tmp_path / "a.zip", ecg_csv=TABLE)
    content = bytearray(file.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(bytes(content))
    with pytest.raises(RecordUnreadable, match="encrypted"):
        read(file, fs_hz=250)


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"a_csv": TABLE, "b_csv": TABLE}, "2 recordings: a.csv, b.csv"),
        ({"a_exe": "x"}, "no recording among 1 files"),
        ({"[Content_Types].xml": "x", "xl__sheet_xml": "x"}, "a document of an office program"),
    ],
)
def test_a_zip_without_one_recording(members, found, tmp_path):
    with pytest.raises(RecordUnreadable) as caught:
        read(zipped(tmp_path / "a.zip", **members), fs_hz=250)
    assert caught.value.found == found


@pytest.mark.parametrize("name", ["../../ecg_csv", "/ecg_csv", "..\\ecg_csv"])
def test_names_in_an_archive_lead_nowhere_else(name, tmp_path):
    (tmp_path / "in").mkdir()
    file = zipped(tmp_path / "in" / "a.zip", **{name: TABLE})
    assert read(file, fs_hz=250).n_samples == 1500
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "in"]


@pytest.mark.parametrize("size", [2, 20, 200])
def test_half_a_file(size, tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TABLE.encode())[:size])
    with pytest.raises(RecordUnreadable, match="damaged"):
        read(tmp_path / "a.csv.gz", fs_hz=250)


FOREIGN = {
    "a.xlsx": (b"PK\x03\x04", "a spreadsheet", "to_csv"),
    "a.pdf": (b"%PDF-1.4", "a PDF: a picture of a recording", "export"),
    "a.png": (b"\x89PNG", "a picture", "export"),
    "a.acq": (b"\0" * 40, "a recording of BIOPAC AcqKnowledge", "acq2txt -o"),
    "a.xdf": (b"XDF:", "an XDF file of Lab Streaming Layer", "pyxdf"),
    "b.csv": (b"XDF:", "an XDF file of Lab Streaming Layer", "pyxdf"),
    "c.csv": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "a pointer of Git LFS, not the file behind it",
        "git -C",
    ),
    "d.csv": (b"<!DOCTYPE html><html></html>", "a web page, not the file behind it", "download"),
    "a.bz2": (bz2.compress(b"x"), "a compressed file", "bunzip2"),
    "a.tar": (b"x" * 600, "an archive of files", "tar -xf"),
    "a.pkl": (b"\x80\x04\x95", "a Python pickle, which is never opened: opening one runs the code in it", "numpy.save"),
    "a.atr": (b"\0\0", "annotations of a WFDB record, without samples", "a.hea"),
    "a.adicht": (b"x", "a recording of LabChart", "text file"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_files_are_called_what_they_are(name, tmp_path):
    content, found, remedy = FOREIGN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordUnreadable) as caught:
        read(tmp_path / name)
    assert caught.value.found == found and remedy in caught.value.remedy
