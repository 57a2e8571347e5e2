"""A long record is read, judged, prepared and answered piece by piece, with the answers of the whole."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven import on_disk
from einthoven.errors import RecordUnreadable
from einthoven.inference.examined import Examined
from einthoven.records import Record, read
from einthoven.signal import preparation
from einthoven.signal.cuts import Beats, Tiles
from einthoven.signal.settings import Preparation, SignalSpec

FS_HZ, LEADS = 250.0, ("MLII", "V1", "V5")


@pytest.fixture(scope="module")
def record() -> Record:
    """Four minutes of three leads, with gaps."""
    rng = np.random.default_rng(0)
    n = round(240 * FS_HZ)
    at_s = np.arange(n) / FS_HZ
    phase = np.mod(at_s, 0.8 + 0.01 * np.sin(at_s / 7)) - 0.4
    beat = np.exp(-((phase / 0.012) ** 2)) + 0.25 * np.exp(-(((phase - 0.25) / 0.05) ** 2))
    signal = np.outer((1.0, -0.6, 0.8), beat) + 0.2 * np.sin(at_s) + 0.03 * rng.standard_normal((3, n))
    signal[0, 20_000:21_000] = np.nan
    signal[:, 45_000:45_050] = np.nan
    return Record("day", signal.astype(np.float32), FS_HZ, LEADS)


@pytest.fixture
def pieces(monkeypatch):
    """Take every record for a long one."""
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1000)
    monkeypatch.setattr(on_disk, "_AT_ONCE", 0)
    monkeypatch.setattr("einthoven.signal.preparation.MANY", 100)


def in_file(record: Record) -> Record:
    kept = on_disk.built(record.signal_mv.shape, lambda first, end: record.signal_mv[:, first:end], 20_000)
    found = replace(record, signal_mv=kept)
    assert on_disk.is_kept(found.signal_mv) and found.warnings == record.warnings
    return found


def wanted(cut, inputs=("signal",), scaling="local"):
    return Preparation(SignalSpec(("MLII", "V1"), 180.0, scaling=scaling), cut, inputs)


@pytest.mark.parametrize("stored", ["16", "212", "310", "24"])
def test_a_long_record_is_read_as_a_short_one(record, stored, tmp_path, monkeypatch):
    counts = np.nan_to_num(np.rint(record.signal_mv[:, :30_001] * 200), nan=0).astype(int)
    _write(tmp_path, counts, stored)
    whole = read(tmp_path / "a.hea")
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1000)
    monkeypatch.setattr(on_disk, "_AT_ONCE", 0)
    monkeypatch.setattr(on_disk.built, "__defaults__", (6 * 1001,))
    long = read(tmp_path / "a.hea")
    assert on_disk.is_kept(long.signal_mv) and long.leads == whole.leads and long.warnings == whole.warnings
    np.testing.assert_array_equal(long.signal_mv, whole.signal_mv)
    header = (tmp_path / "a.hea").read_text()
    (tmp_path / "a.hea").write_text(header.replace(" 30001", " 40001"))
    with pytest.raises(RecordUnreadable, match="truncated"):
        read(tmp_path / "a.hea")


def _write(folder, counts, stored):
    flat = counts.T.ravel()
    if stored == "212":
        pairs = np.append(flat, np.zeros(len(flat) % 2, int)).reshape(-1, 2) & 0xFFF
        packed = np.stack((pairs[:, 0] & 255, pairs[:, 0] >> 8 | pairs[:, 1] >> 8 << 4, pairs[:, 1] & 255), axis=1)
        content = packed.astype(np.uint8).tobytes()
    elif stored == "310":
        three = np.append(flat, np.zeros(-len(flat) % 3, int)).reshape(-1, 3) & 0x3FF
        word = three[:, 0] << 1 | three[:, 1] << 17 | (three[:, 2] & 0x1F) << 11 | three[:, 2] >> 5 << 27
        content = word.astype("<u4").tobytes()
    else:
        wide = flat.astype("<i4").view(np.uint8).reshape(-1, 4)
        content = wide[:, : int(stored) // 8].tobytes()
    (folder / "a.dat").write_bytes(content)
    lines = [f"a 3 250 {counts.shape[1]}"]
    for lead, row in zip(LEADS, counts, strict=True):
        checksum = (int(row.sum()) + 32768) % 65536 - 32768
        lines.append(f"a.dat {stored} 200/mV 12 0 {row[0]} {checksum} 0 {lead}")
    (folder / "a.hea").write_text("\n".join(lines) + "\n")


def test_quality_and_heartbeats_are_those_of_the_whole(record, monkeypatch):
    whole = Examined(record)
    want = whole.used(("V1",)).beats
    monkeypatch.setattr("einthoven.signal.quality._AT_ONCE", 13)
    monkeypatch.setattr("einthoven.signal.heartbeats.PIECE_S", 50.0)
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1000)
    monkeypatch.setattr(on_disk, "_AT_ONCE", 0)
    found = Examined(in_file(record))
    np.testing.assert_array_equal(found.quality.bounds, whole.quality.bounds)
    np.testing.assert_array_equal(found.quality.verdicts, whole.quality.verdicts)
    np.testing.assert_array_equal(found.used(("V1",)).beats, want)
    assert found.used(("MLII", "V5")).names == ("MLII", "V5")
    np.testing.assert_array_equal(found.used(("MLII", "V5")).signal_mv, record.signal_mv[[0, 2]])


@pytest.mark.parametrize(
    "settings",
    [
        wanted(Beats(0.3, 0.5)),
        wanted(Tiles(10.0)),
        wanted(
            Beats(0.34, 0.54),
            ("signal", "beat", "rr", "p_waves", "similarity", "patterns", "shapes", "second_shapes", "likeness"),
            "millivolt",
        ),
        wanted(Beats(0.3, 0.5), ("signal", "beat"), "millivolt"),
    ],
    ids=["beats", "tiles", "measured", "typical"],
)
def test_windows_are_those_of_the_whole(record, settings, request, monkeypatch):
    beats = np.arange(200, record.n_samples - 100, 199)
    monkeypatch.setattr("einthoven.signal.beat_likeness._PART", 120)
    whole = preparation.prepare(record, settings, beats)
    request.getfixturevalue("pieces")
    monkeypatch.setattr(on_disk.built, "__defaults__", (20_000,))
    monkeypatch.setattr("einthoven.signal.preparation._WINDOWS_AT_ONCE", 7)
    monkeypatch.setattr("einthoven.signal.preparation._BEATS_AT_ONCE", 100)
    found = list(preparation.prepared_in_pieces(in_file(record), settings, beats))
    assert len(found) > 1
    for name, values in whole.parts.items():
        atol = 1e-3 if name == "features" else 1e-5  # measurements divide by what may be nearly nothing
        np.testing.assert_allclose(np.concatenate([one.parts[name] for one in found]), values, atol=atol)
    np.testing.assert_array_equal(np.concatenate([one.position for one in found]), whole.position)
