"""ISHNE, ATC, RDT and WAV: scale, leads, checksums, annotations, and sizes that cannot be."""

import struct

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.identity import Identity
from tests.records.binary_files import as_rdt, as_wav, atc_bytes, ishne_bytes

SIGNAL_MV = np.round(np.sin(np.arange(1000).reshape(2, 500) / 9), 3)


def read_bytes(folder, name, content, **stated):
    file = folder / name
    file.write_bytes(content)
    return read(file, **stated)


def test_ishne_states_patient_leads_and_scale(tmp_path):
    record = read_bytes(tmp_path, "a.ecg", ishne_bytes(SIGNAL_MV, codes=(6, 11)))
    assert record.leads == ("II", "V1") and not record.warnings
    assert record.identity == Identity("Jo Doe", "P-7", "1970-03-01", 53.0, "female", "2024-02-29T10:11:12", "recorder")


def test_ishne_annotations_stand_beside_the_recording(tmp_path):
    entries = b"".join(struct.pack("<ccH", label, b"#", since) for label, since in ((b"N", 40), (b"V", 30), (b"N", 50)))
    content = ishne_bytes(SIGNAL_MV, magic=b"ANN  1.0", content=struct.pack("<i", 5) + entries)
    (tmp_path / "a.ann").write_bytes(content)
    found = read_bytes(tmp_path, "a.ecg", ishne_bytes(SIGNAL_MV), annotator="ann").annotations
    assert found.samples.tolist() == [45, 75, 125] and found.symbols == ("N", "V", "N")
    (tmp_path / "a.ann").write_bytes(content[:-1])
    with pytest.raises(RecordUnreadable, match="a last entry that is not whole"):
        read(tmp_path / "a.ecg", annotator="ann")
    with pytest.raises(RecordUnreadable, match="No such file"):
        read(tmp_path / "a.ecg", annotator="atr")


def test_ishne_doubts_are_told(tmp_path):
    content = bytearray(ishne_bytes(SIGNAL_MV))
    content[14] ^= 1  # samples
    warnings = read_bytes(tmp_path, "a.ecg", bytes(content)).warnings
    assert "samples, the file holds 500" in warnings[0] and "checksum" in warnings[1]


@pytest.mark.parametrize(
    ("at", "content", "found"),
    [
        (156, b"\x0d\x00", "13 leads"),
        (272, b"\x00\x00", "at 0 Hz"),
        (22, b"\xff\xff\xff\x7f", "samples that begin at byte 2,147,483,647"),
    ],
)
def test_ishne_headers_that_cannot_be_are_refused(tmp_path, at, content, found):
    whole = ishne_bytes(SIGNAL_MV)
    with pytest.raises(RecordUnreadable, match=found):
        read_bytes(tmp_path, "a.ecg", whole[:at] + content + whole[at + len(content) :])


def test_ishne_without_resolution_asks_for_the_gain(tmp_path):
    whole = ishne_bytes(SIGNAL_MV)
    content = whole[:206] + b"\0\0\0\0" + whole[210:]
    with pytest.raises(StatementMissing, match="--gain"):
        read_bytes(tmp_path, "a.ecg", content)
    np.testing.assert_allclose(read(tmp_path / "a.ecg", gain=400).signal_mv, SIGNAL_MV, atol=0.002)


def test_atc_states_date_leads_and_beats(tmp_path):
    beats = struct.pack("<I", 720) + struct.pack("<IHIH", 144, 1, 300, 7)
    record = read_bytes(tmp_path, "a.atc", atc_bytes(SIGNAL_MV, more=[(b"ann ", beats)]))
    assert record.leads == ("I", "II")
    assert record.identity == Identity(recorded_at="2024-02-29T10:11:12", device="AliveCor Kardia")
    assert record.annotations.samples.tolist() == [72, 150] and record.annotations.symbols == ("N", "Q")


def test_atc_damage(tmp_path):
    whole = bytearray(atc_bytes(SIGNAL_MV))
    whole[-10] ^= 4
    assert read_bytes(tmp_path, "a.atc", bytes(whole)).warnings == (
        "the sum of the block ecg2 is not that of its bytes",
    )
    with pytest.raises(RecordUnreadable, match="ends behind the file"):
        read_bytes(tmp_path, "a.atc", bytes(whole[:-100]))
    with pytest.raises(RecordUnreadable, match="blocks: none"):
        read_bytes(tmp_path, "a.atc", b"ALIVE\0\0\0" + bytes(100))


@pytest.mark.parametrize("write", [as_rdt, as_wav])
def test_what_states_no_scale_is_read_with_a_gain(tmp_path, write):
    file, _ = write(tmp_path, SIGNAL_MV)
    with pytest.raises(StatementMissing) as caught:
        read(file)
    assert caught.value.remedy == "--leads LEAD1,LEAD2 --gain 200"
    record = read(file, leads=["LEAD1", "LEAD2"], gain=1000)
    assert record.fs_hz == 360
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV, atol=0.001)


def test_rdt_of_another_size_is_refused(tmp_path):
    file, _ = as_rdt(tmp_path, SIGNAL_MV)
    with pytest.raises(RecordUnreadable, match="1,999 bytes of samples for 2 leads"):
        read_bytes(tmp_path, "a.rdt", file.read_bytes()[:-1])


def test_wav_of_more_leads_than_a_recorder_has_is_refused(tmp_path):
    file, _ = as_wav(tmp_path, np.zeros((65, 10)))
    with pytest.raises(RecordUnreadable, match="65 leads in samples of 2 bytes"):
        read(file)
