"""Texts of electrophysiological studies: leads of the surface ECG are read, catheters are left out, sizes must fit."""

import numpy as np
import pytest

from einthoven.errors import RecordUnreadable
from einthoven.records import read, title_of
from einthoven.serving.recordings import recordings_in
from tests.records.clinical_files import as_labsystem, as_prucka, labsystem_text

SIGNAL_MV = np.round(np.sin(np.arange(2000).reshape(4, 500) / 9), 3)
NAMES = ("III", "aVF", "CS 1-2", "ABL d")


def test_labsystem_leaves_catheters_out(tmp_path):
    (tmp_path / "a.txt").write_text(labsystem_text(SIGNAL_MV, NAMES))
    record = read(tmp_path / "a.txt")
    assert (record.leads, record.fs_hz) == (("III", "aVF"), 360)
    assert record.warnings == ("left out, because no lead by name: CS 1-2, ABL d",)
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV[:2], atol=0.0002)
    assert read(tmp_path / "a.txt", leads={"ABL d": "I"}).leads == ("III", "aVF", "I")


def test_cardiolab_takes_names_and_rate_from_the_file_beside_it(tmp_path):
    as_prucka(tmp_path, SIGNAL_MV, NAMES)
    record = read(tmp_path / "X001.txt")
    assert (record.leads, record.fs_hz, record.name) == (("III", "aVF"), 360, "X001")
    assert (record.identity.name, record.identity.recorded_at) == ("Doe, Jo", "2024-02-29T10:11:12")
    np.testing.assert_allclose(record.signal_mv, SIGNAL_MV[:2], atol=0.0006)
    rows = (tmp_path / "X001.txt").read_text().splitlines()
    (tmp_path / "X001.txt").write_text("\n".join(f"{at} {row}" for at, row in enumerate(rows)))
    np.testing.assert_array_equal(read(tmp_path / "X001.inf").signal_mv, record.signal_mv)


@pytest.mark.parametrize(
    ("write", "old", "new", "found"),
    [
        (as_labsystem, "Samples per channel: 500", "Samples per channel: 501", "500 rows where 501"),
        (as_labsystem, "Channels exported: 4", "Channels exported: 5", "4 channels where 5"),
        (as_labsystem, "Sample Rate: 360Hz", "Sample Rate: fast", "no Hz"),
        (as_labsystem, "[Data]", "[Date]", "no line [Data]"),
        (as_prucka, "Channel = 500", "Channel = 501", "500 rows of 4 numbers where 501"),
        (as_prucka, "360 points", "x points", "no Hz, 4 channels named"),
        (as_prucka, "15              CS 1-2", "15", "3 channels named and 4 channels stated"),
    ],
)
def test_sizes_that_contradict_the_samples_are_refused(tmp_path, write, old, new, found):
    if write is as_labsystem:
        (tmp_path / "a.txt").write_text(labsystem_text(SIGNAL_MV, NAMES).replace(old, new))
        file = tmp_path / "a.txt"
    else:
        file, _ = as_prucka(tmp_path, SIGNAL_MV, NAMES)
        file.write_text(file.read_text().replace(old, new))
    with pytest.raises(RecordUnreadable) as caught:
        read(file)
    assert found in caught.value.found


def test_a_folder_with_both_files_of_cardiolab_holds_one_recording(tmp_path):
    as_prucka(tmp_path, SIGNAL_MV, NAMES)
    assert recordings_in(tmp_path) == [tmp_path / "X001.txt"]
    assert title_of(tmp_path / "X001.txt") == title_of(tmp_path / "X001.inf") == "CardioLab text"


def test_cardiolab_without_its_samples_is_refused(tmp_path):
    file, _ = as_prucka(tmp_path, SIGNAL_MV, NAMES)
    (tmp_path / "X001.txt").unlink()
    with pytest.raises(RecordUnreadable) as caught:
        read(file)
    assert caught.value.found == "no .txt file with its samples"
