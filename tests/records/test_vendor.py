"""What is read through ecgdatakit: rates, measurements, compressed samples, and what would unpack without bound."""

import sys
from base64 import b64encode

import numpy as np
import pytest

from einthoven.errors import LibraryMissing, RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.identity import Identity
from einthoven.records.scp_bimodal import expanded
from tests.records.binary_files import as_edan, mfer_bytes, scp_bimodal_bytes, scp_bytes, scp_file
from tests.records.clinical_files import as_mortara, as_sierra, sierra_text

pytest.importorskip("ecgdatakit")
SIGNAL_MV = np.round(np.sin(np.arange(1000).reshape(2, 500) / 9), 3)
WHO = Identity("Jo Doe", "P-7", "", 53.0, "female", "2024-02-29T10:11:12", "")


def read_bytes(folder, name, content, **stated):
    file = folder / name
    file.write_bytes(content)
    return read(file, **stated)


@pytest.mark.parametrize(("interval_us", "fs_hz"), [(2000, 500), (2778, 360), (3883, 1e6 / 3883), (1001, 999)])
def test_scp_states_patient_and_rate(tmp_path, interval_us, fs_hz):
    record = read_bytes(tmp_path, "a.scp", scp_bytes(SIGNAL_MV, interval_us=interval_us))
    assert record.fs_hz == pytest.approx(fs_hz, rel=1e-9) and record.leads == ("II", "V1")
    assert record.identity == WHO and not record.warnings


def test_scp_damage_is_told_or_refused(tmp_path):
    whole = bytearray(scp_bytes(SIGNAL_MV))
    whole[-5] ^= 1
    assert "CRC" in read_bytes(tmp_path, "a.scp", bytes(whole)).warnings[0]
    with pytest.raises(RecordUnreadable, match="declares"):
        read_bytes(tmp_path, "a.scp", bytes(whole[:-100]))


ZONES = ((41, 58), (203, 221), (402, 410))


@pytest.mark.parametrize("factor", [2, 4])
def test_scp_expands_what_is_stored_at_a_lower_rate(tmp_path, factor):
    signal_mv = np.sin(np.arange(1000).reshape(2, 500) / 40)
    for first, last in ZONES:
        signal_mv[:, first + 3 : last - 3] += 1.5
    content = scp_bimodal_bytes(signal_mv, ZONES, factor)
    assert len(content) < len(scp_bytes(signal_mv))
    record = read_bytes(tmp_path, "a.scp", content)
    assert record.fs_hz == 500 and record.signal_mv.shape == (2, 500)
    assert record.warnings[0].startswith(f"between QRS complexes the file holds one of {factor} samples")
    np.testing.assert_allclose(record.signal_mv, signal_mv, atol=0.06)
    for first, last in ZONES:
        inside = slice(first - 1, last)
        np.testing.assert_allclose(record.signal_mv[:, inside], signal_mv[:, inside], atol=0.0013)


def test_scp_interpolates_as_the_standard_says():
    few = np.array([0, 40, 80, 7, 9, 5])
    whole = [0, 0, 3, 10, 20, 30, 40, 50, 60, 70, 77, 80, 7, 9, 5]
    assert expanded(few, [(12, False), (3, True)], 4).tolist() == whole
    assert expanded(np.array([6, 9]), [(2, False)], 4).tolist() == [6, 9]


def test_scp_refuses_more_samples_than_there_are(tmp_path):
    content = scp_bimodal_bytes(SIGNAL_MV, ZONES)
    huge = content.replace(b"\1\0\0\0\xf4\1\0\0", b"\1\0\0\0\xff\xff\xff\x7f")
    with pytest.raises(RecordUnreadable, match="more samples than the section can hold"):
        read_bytes(tmp_path, "a.scp", huge)


def test_scp_leads_that_follow_each_other(tmp_path):
    counts = np.round(SIGNAL_MV * 400).astype("<i2")
    six = b"\xc4\x09\xd0\x07\0\0" + 2 * b"\xe8\x03" + counts.tobytes()
    record = read_bytes(tmp_path, "a.scp", scp_file(500, (2, 3), [(6, six)], starts=(1, 501)))
    assert record.signal_mv.shape == (2, 1000) and record.fs_hz == 500
    np.testing.assert_allclose(record.signal_mv[1, 500:], SIGNAL_MV[1], atol=0.003)
    assert np.isnan(record.signal_mv[0, 500:]).all() and np.isnan(record.signal_mv[1, :500]).all()


def test_mfer_keeps_a_rate_that_is_no_whole_number(tmp_path):
    assert read_bytes(tmp_path, "a.mwf", mfer_bytes(SIGNAL_MV, (0, -1, 2575))).fs_hz == pytest.approx(257.5)


def test_mfer_of_thousands_of_leads_is_refused(tmp_path):
    with pytest.raises(RecordUnreadable, match="1,000 leads"):
        read_bytes(tmp_path, "a.mwf", mfer_bytes(np.zeros((1000, 4))))


def test_sierra_and_mortara_state_the_patient(tmp_path):
    assert read(as_sierra(tmp_path, SIGNAL_MV)[0]).identity == WHO
    record = read(as_mortara(tmp_path, SIGNAL_MV)[0])
    assert (record.identity.name, record.identity.sex) == ("Jo Doe", "female")
    assert record.machine.measurements == {"heart_rate_bpm": 69}


def packed(codes):
    """Codes of 10 bits in a row, most significant bit first."""
    bits = "".join(f"{code:010b}" for code in codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def chunk(counts):
    """One lead in XLI: differences from a straight line, high bytes first, each byte as a code of LZW."""
    last = [2 * counts[at - 1] - counts[at - 2] - counts[at] for at in range(2, len(counts))]
    deltas = np.array([counts[0], counts[1], *[each + 64 for each in last[1:]], 64], np.int16).view(np.uint16)
    body = packed([*(deltas >> 8).tolist(), *(deltas & 255).tolist()])
    return len(body).to_bytes(4, "little") + b"\0\0" + int(last[0]).to_bytes(2, "little", signed=True) + body


def test_sierra_unpacks_compressed_leads(tmp_path):
    counts = np.round(SIGNAL_MV * 200).astype(int)
    content = b64encode(b"".join(chunk(row.tolist()) for row in counts)).decode()
    text = sierra_text(SIGNAL_MV, content=content, compression="XLI")
    record = read_bytes(tmp_path, "a.xml", text.encode("utf-16"))
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV, atol=0.003)


def test_sierra_refuses_what_unpacks_without_bound(tmp_path):
    body = packed([0, *range(256, 1023), *[1022] * 40_000])
    content = b64encode(len(body).to_bytes(4, "little") + bytes(4) + body).decode()
    text = sierra_text(SIGNAL_MV, content=content, compression="XLI")
    with pytest.raises(RecordUnreadable, match="unpacks to over 1,000,000 samples"):
        read_bytes(tmp_path, "a.xml", text.encode("utf-16"))


@pytest.mark.parametrize(("old", "new"), [("SierraECG", "OtherECG"), ("1.03", "9.99")])
def test_sierra_of_another_type_or_version_is_refused(tmp_path, old, new):
    with pytest.raises(RecordUnreadable) as caught:
        read_bytes(tmp_path, "a.xml", sierra_text(SIGNAL_MV).replace(old, new).encode("utf-16"))
    assert new in caught.value.found


def test_edan_asks_for_its_gain(tmp_path):
    file, _ = as_edan(tmp_path, SIGNAL_MV)
    with pytest.raises(StatementMissing, match="--gain"):
        read(file)
    np.testing.assert_allclose(read(tmp_path / "ecgraw.dat", gain=1000).signal_mv, SIGNAL_MV, atol=0.001)


def test_without_ecgdatakit_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ecgdatakit", None)
    with pytest.raises(LibraryMissing) as caught:
        read_bytes(tmp_path, "a.scp", scp_bytes(SIGNAL_MV))
    assert caught.value.remedy == "pip install 'einthoven[clinical]'"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "UTF-16"), ("utf-16", "UTF-8"), ("utf-16-le", "UTF-8"), ("latin-1", "UTF-16"), ("latin-1", "UTF-8")],
)
def test_sierra_in_another_encoding_than_it_declares(tmp_path, encoding, declared):
    text = sierra_text(SIGNAL_MV).replace("Doe", "Müller").replace('encoding="UTF-16"', f'encoding="{declared}"')
    record = read_bytes(tmp_path, "a.xml", text.encode(encoding))
    assert record.identity.name == "Jo Müller"
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV, atol=0.003)
