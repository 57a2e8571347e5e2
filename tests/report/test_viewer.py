"""What the page holds of a signal is the signal, to its step; what does not fit is not in it, and is not said to be."""

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from einthoven.records.identity import Identity
from einthoven.records.record import Record
from einthoven.report import viewer
from einthoven.signal.resample import resample
from tests.interpretation.long import FS_HZ, RUN_AT_S, SECONDS, interpretation


@pytest.fixture(scope="module")
def found():
    return interpretation("<b>", identity=Identity(name="</script><script>"))


def unpacked(line: str) -> np.ndarray:
    """The samples of a line, in steps: written out from the description in the module."""
    raw = np.frombuffer(zlib.decompress(base64.b64decode(line)), np.uint8).astype(int)
    low, high = raw.reshape(2, -1)
    zigzag = low + 256 * high
    return np.cumsum(np.where(zigzag % 2, -(zigzag + 1) // 2, zigzag // 2))


def test_every_piece_is_the_signal_to_half_a_step(found):
    packed = viewer.packed(found)
    form, lines = packed.form, packed.lines.split("\n")
    assert (form.n_leads, form.fs_hz, form.step_uv) == (2, FS_HZ, 5.0) and len(lines) == 2 * 2 + 1
    for lead in range(2):
        shown = np.concatenate([unpacked(lines[piece * 2 + lead]) for piece in range(2)]) * form.step_uv / 1000
        there = np.isfinite(found.record.signal_mv[lead])
        assert len(shown) == SECONDS * FS_HZ
        assert np.abs(shown - found.record.signal_mv[lead])[there].max() <= form.step_uv / 2000 + 1e-6


def test_a_slower_form_has_the_resampled_signal_without_steps_between_pieces(found):
    form = viewer.Form(1, 128.0, 10.0)
    signal = np.nan_to_num(found.record.signal_mv[:1])
    pieces = [viewer._line(viewer._piece(found, 0, at, form)) for at in range(2)]
    shown = np.concatenate([unpacked(line) for line in pieces]) / 100
    expected = resample(signal, FS_HZ, 128.0)[0]
    near = slice(595 * 128, 605 * 128)
    assert len(shown) == SECONDS * 128 and np.abs(shown - expected)[near].max() < 0.02


def test_the_finest_form_that_fits_is_chosen_and_none_where_none_fits(found):
    whole = sum(len(line) for line in viewer.packed(found).lines.split("\n"))
    smaller = viewer.packed(found, whole // 2)
    assert smaller.form.fs_hz < FS_HZ or smaller.form.step_uv > 5 or smaller.form.n_leads < 2
    assert len(smaller.lines) <= whole // 2 + 60_000
    assert viewer.packed(found, 1000) is None


def test_the_largest_steps_are_packed(found):
    square = np.where(np.arange(1000) // 100 % 2, 20.0, -20.0).astype(np.float32)
    record = Record("square", square[None], FS_HZ, ("II",))
    line = viewer._line(viewer._piece(replace(found, record=record), 0, 0, viewer.Form(1, FS_HZ, 1.5)))
    assert np.allclose(unpacked(line) * 0.0015, square, atol=0.001)


def test_beats_gaps_rhythms_and_events_are_told_without_a_tag(found):
    packed = viewer.packed(replace(found, record=replace(found.record, leads=("</script>", "V1"))))
    about = json.loads(packed.about)
    assert "<" not in packed.about + packed.lines
    raw = zlib.decompress(base64.b64decode(packed.lines.split("\n")[-1]))
    times_s = np.frombuffer(raw[: 4 * about["n_beats"]], "<u4") / 1000
    classes = [about["classes"][at] for at in raw[4 * about["n_beats"] :]]
    assert np.allclose(times_s, found.ectopy.times_s, atol=0.001) and classes == list(found.ectopy.classes)
    assert about["gaps"][0] == [[900.0, 930.0]] and about["unreadable"] == [[900.0, 930.0]]
    assert [row[2] for row in about["rhythms"]] == ["N", "A", "N"]
    run = about["events"]["runs of V"][0]
    assert run[0] == pytest.approx(RUN_AT_S, abs=1) and run[2].startswith("3 beats")
    assert about["events"]["episodes of atrial fibrillation (A)"] == [[600.0, 900.0, "atrial fibrillation, 5:00"]]


def test_the_sentence_names_the_leads_that_are_not_in_the_page():
    words = viewer.words_of(viewer.Form(1, 128.0, 10.0), ("MLII", "V1"))
    assert words == "The page holds MLII at 128 samples a second in steps of 10 µV. Not in this page: V1."
