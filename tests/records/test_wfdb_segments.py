"""WFDB records of several segments: layouts, gaps, leads in any order, segments that are missing."""

import shlex
import subprocess

import numpy as np
import pytest
import wfdb

from einthoven.errors import RecordUnreadable
from einthoven.records import read
from tests.records.test_wfdb_rates import sine

N = 500
GAIN = {"II": 200, "V1": 100, "V2": 400}


def segment(folder, name, leads, shift=0, frame=1, fs=250):
    """Write a segment with leads in an order, each of its own shape."""
    values = {lead: sine(N * frame, 80, 90 + 10 * list(GAIN).index(lead)) + shift for lead in leads}
    rows = [values[lead].reshape(N, frame) for lead in leads]
    np.concatenate(rows, axis=1).astype("<i2").tofile(folder / f"{name}.dat")
    spec = "16" if frame == 1 else f"16x{frame}"
    lines = [f"{name}.dat {spec} {GAIN[lead]}/mV 16 0 {values[lead][0]} 0 0 {lead}" for lead in leads]
    (folder / f"{name}.hea").write_text("\n".join([f"{name} {len(leads)} {fs} {N}", *lines]) + "\n")
    return {lead: values[lead] / GAIN[lead] for lead in leads}


def layout(folder, leads, frame=1):
    spec = "0" if frame == 1 else f"0x{frame}"
    lines = [f"~ {spec} {GAIN.get(lead, 1)}/{'mV' if lead in GAIN else 'mmHg'} 16 0 0 0 0 {lead}" for lead in leads]
    (folder / "lay.hea").write_text("\n".join([f"lay {len(leads)} 250 0", *lines]) + "\n")


def master(folder, segments, n_leads=2, total=None, n_stated=None):
    total = sum(n for _, n in segments) if total is None else total
    rows = [f"{name} {n}" for name, n in segments]
    (folder / "rec.hea").write_text("\n".join([f"rec/{n_stated or len(rows)} {n_leads} 250 {total}", *rows]) + "\n")
    return folder / "rec.hea"


def test_a_fixed_layout_is_that_of_wfdb(tmp_path):
    parts = [segment(tmp_path, f"s{at}", ["II", "V1"], shift=at) for at in range(3)]
    record = read(master(tmp_path, [(f"s{at}", N) for at in range(3)]))
    theirs = wfdb.rdrecord(str(tmp_path / "rec")).p_signal.T
    np.testing.assert_allclose(record.signal_mv, theirs, atol=1e-6)
    np.testing.assert_allclose(record.signal_mv[1], np.concatenate([part["V1"] for part in parts]), atol=1e-6)
    assert not record.warnings


def test_a_single_segment(tmp_path):
    part = segment(tmp_path, "s0", ["II", "V1"])
    np.testing.assert_allclose(read(master(tmp_path, [("s0", N)])).signal_mv[0], part["II"], atol=1e-6)


@pytest.mark.parametrize("with_layout", [False, True])
def test_gaps_are_missing_and_leads_stand_in_any_order(with_layout, tmp_path):
    first = segment(tmp_path, "s0", ["II", "V1"])
    last = segment(tmp_path, "s2", ["V1", "II"])
    layout(tmp_path, ["II", "V1"])
    record = read(master(tmp_path, [("lay", 0)] * with_layout + [("s0", N), ("~", 300), ("s2", N)]))
    assert record.leads == ("II", "V1") and record.n_samples == 2 * N + 300
    for row, lead in enumerate(record.leads):
        np.testing.assert_allclose(record.signal_mv[row, :N], first[lead], atol=1e-6)
        np.testing.assert_allclose(record.signal_mv[row, -N:], last[lead], atol=1e-6)
    assert np.isnan(record.signal_mv[:, N:-N]).all()
    assert record.warnings == ("23.1% of the record were not recorded: gaps between its segments",)


def test_a_gap_may_come_first(tmp_path):
    segment(tmp_path, "s0", ["II", "V1"])
    record = read(master(tmp_path, [("~", 100), ("s0", N)]))
    assert np.isnan(record.signal_mv[:, :100]).all() and np.isfinite(record.signal_mv[:, 100:]).all()


def test_a_segment_may_lack_leads_of_the_layout(tmp_path):
    segment(tmp_path, "s0", ["V2", "II"])
    segment(tmp_path, "s1", ["V1"])
    layout(tmp_path, ["II", "V1", "V2", "ABP"])
    record = read(master(tmp_path, [("lay", 0), ("s0", N), ("s1", N)], 4))
    theirs = wfdb.rdrecord(str(tmp_path / "rec")).p_signal.T[:3]
    assert record.leads == ("II", "V1", "V2")
    np.testing.assert_allclose(record.signal_mv, theirs, atol=1e-6)
    assert record.warnings == ("skipped, because not in volts: ABP",)


def test_segments_of_frames(tmp_path):
    part = segment(tmp_path, "s0", ["II", "V1"], frame=4, fs="62.5")
    layout(tmp_path, ["II", "V1"], 4)
    (tmp_path / "lay.hea").write_text((tmp_path / "lay.hea").read_text().replace(" 250 ", " 62.5 "))
    header = master(tmp_path, [("lay", 0), ("s0", N), ("~", 10)])
    header.write_text(header.read_text().replace(" 250 ", " 62.5 "))
    record = read(header)
    assert record.fs_hz == 250 and record.n_samples == 4 * (N + 10)
    np.testing.assert_allclose(record.signal_mv[0, : 4 * N], part["II"], atol=1e-6)


@pytest.mark.parametrize("suffix", ["hea", "dat"])
def test_a_missing_segment_is_named_and_left_out_on_request(suffix, tmp_path):
    for at in range(3):
        segment(tmp_path, f"s{at}", ["II", "V1"])
    header = master(tmp_path, [(f"s{at}", N) for at in range(3)])
    (tmp_path / f"s1.{suffix}").unlink()
    with pytest.raises(RecordUnreadable) as caught:
        read(header)
    assert f"s1.{suffix}" in caught.value.found and "--partial" in caught.value.remedy
    record = read(header, partial=True)
    missing = np.isnan(record.signal_mv)
    assert missing[:, N : 2 * N].all() and not missing[:, :N].any() and not missing[:, 2 * N :].any()
    assert f"s1.{suffix}" in record.warnings[0]


@pytest.mark.parametrize(
    ("segments", "more", "found"),
    [
        ([("s0", N), ("s1", N)], {"n_stated": 3}, "3 segments stated, 2 listed"),
        ([("s0", N), ("s1", N)], {"n_stated": 1}, "1 segments stated, 2 listed"),
        ([("s0", N), ("s1", N)], {"total": 900}, "segments of 1,000 frames together, 900 stated"),
        ([("s0", N + 1), ("s1", N)], {}, "500 frames in the segment s0, 501 stated"),
        ([("~", N)], {}, "500 frames, none of them recorded"),
        ([("lay", 0), ("~", N)], {}, "500 frames, none of them recorded"),
        ([("s0", N), ("~", 10**9)], {}, "1,000,000,000 frames in gaps"),
        ([("s0", N)] * 400_000, {}, "400,000 segments"),
        ([("s0", N)] * 300 + [("~", 10**8)], {}, "frames in gaps"),
        ([("../s0", N)], {}, "segment '../s0 500'"),
        ([("s0", N), ("lay", 0)], {}, "a layout among the segments"),
        ([("s0", 0), ("s1", N)], {}, "is no layout"),
        ([("rec", N)], {}, "which has segments itself"),
        ([("other", 0), ("s0", N)], {}, "no segment with samples of X, Y"),
        ([("s0", -5)], {"total": 0}, "segment 's0 -5'"),
        ([("s0", N), ("slow", N)], {}, "segments of 250 and of 125 Hz"),
    ],
)
def test_segments_that_do_not_fit_are_refused(segments, more, found, tmp_path):
    for name in ("s0", "s1"):
        segment(tmp_path, name, ["II", "V1"])
    segment(tmp_path, "slow", ["II", "V1"], fs=125)
    layout(tmp_path, ["II", "V1"])
    (tmp_path / "other.hea").write_text("other 2 250 0\n~ 0 200/mV 16 0 0 0 0 X\n~ 0 200/mV 16 0 0 0 0 Y\n")
    with pytest.raises(RecordUnreadable) as caught:
        read(master(tmp_path, segments, **more))
    assert found in caught.value.found


def test_a_layout_alone_names_the_header_of_the_record(tmp_path):
    segment(tmp_path, "s0", ["II", "V1"])
    layout(tmp_path, ["II", "V1"])
    master(tmp_path, [("lay", 0), ("s0", N)])
    with pytest.raises(RecordUnreadable, match="a layout") as caught:
        read(tmp_path / "lay.hea")
    command = caught.value.remedy.split("      ")[0]
    named = subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout
    assert shlex.quote(str(tmp_path / "rec.hea")) in named


def test_a_stated_gain_holds_for_every_segment(tmp_path):
    for at in range(2):
        segment(tmp_path, f"s{at}", ["II", "V1"])
    header = master(tmp_path, [("s0", N), ("s1", N)])
    np.testing.assert_allclose(read(header, gain=400).signal_mv[0], read(header).signal_mv[0] / 2, atol=1e-6)


def test_a_segment_without_a_gain_is_told(tmp_path):
    for at in range(2):
        segment(tmp_path, f"s{at}", ["II", "V1"])
    file = tmp_path / "s1.hea"
    file.write_text(file.read_text().replace("200/mV", "0"))
    record = read(master(tmp_path, [("s0", N), ("s1", N)]))
    assert [(found.code, found.leads) for found in record.findings] == [("gain_unstated", ("II",))]
