"""What a file is, by its first bytes; names that contradict the content; files that are no recordings."""

import time

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from einthoven.records.sniff import NO_RECORDING, kind_of
from tests.records.files import KIND_WRITERS

SIGNAL_MV = np.round(np.sin(np.arange(360).reshape(2, 180) / 9), 3)


@pytest.mark.parametrize("kind", KIND_WRITERS)
@pytest.mark.parametrize("suffix", [".bin", ""])
def test_the_content_decides_whatever_the_name(tmp_path, kind, suffix):
    file, stated = KIND_WRITERS[kind](tmp_path, SIGNAL_MV)
    assert kind_of(file.read_bytes()) == kind
    renamed = file.rename(tmp_path / f"x{suffix}")
    record = read(renamed, **stated)
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV, atol=0.003)
    assert not any("although its name" in warning for warning in record.warnings)


def test_a_name_of_another_format_is_told(tmp_path):
    file, _ = KIND_WRITERS["muse"](tmp_path, SIGNAL_MV)
    record = read(file.rename(tmp_path / "x.edf"))
    assert record.warnings[0] == "the file is GE MUSE XML, although its name ends in .edf"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7", "pdf"),
        (b"XDF:\0\0", "xdf"),
        (b"ANN  1.0", "ishne_annotations"),
        (b"<!DOCTYPE html><html>", "html"),
        (b"version https://git-lfs.github.com/spec/v1\n", "lfs"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "office"),
    ],
)
def test_what_is_no_recording_is_refused_as_what_it_is(tmp_path, head, kind):
    for name in ("a.csv", "a.xyz"):
        (tmp_path / name).write_bytes(head)
        with pytest.raises(RecordUnreadable) as caught:
            read(tmp_path / name)
        assert caught.value.found == NO_RECORDING[kind][0] and "{" not in caught.value.remedy


def test_another_document_is_refused_by_its_root(tmp_path):
    (tmp_path / "a.xml").write_text("<?xml version='1.0'?><!-- <AnnotatedECG> --><ns:invoice>1</ns:invoice>")
    with pytest.raises(RecordUnreadable) as caught:
        read(tmp_path / "a.xml")
    assert caught.value.found == "XML with the root <invoice>" and "HL7 aECG, GE MUSE XML" in caught.value.expected


@pytest.mark.parametrize(
    "head", [b"", b"0       ", b"I,II,III\n0,1,2\n", b"\0" * 600, b"100 2 360 1500\n", b"@\x20MFRx"]
)
def test_what_is_nothing_special_is_left_to_its_suffix(head):
    assert kind_of(head) in ("", "edf")


@pytest.mark.parametrize(
    "part", [b"<!--", b"<!DOCTYPE [ ] ] ", b"<?a?>", b"<!---->\n", b"<", b"<a ", b"Rhythm signal: "]
)
def test_no_content_takes_long_to_recognise(part):
    start = time.process_time()
    kind_of((part * 65_536)[:65_536])
    assert time.process_time() - start < 1


def test_the_preamble_of_mfer_is_enough():
    assert kind_of(b"@\x20MFR Long term ECG") == "mfer"
