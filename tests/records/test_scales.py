"""Scales that cannot be are refused, and every remedy works when it is pasted."""

import re
import shlex

import numpy as np
import pytest

from einthoven.cli.read_options import ReadOptions
from einthoven.errors import EinthovenError, LeadMismatch, RecordUnreadable, StatementMissing
from einthoven.records import read
from einthoven.records.scale import suggested
from einthoven.signal.leads import select
from tests.records.strips import FIRST, FS_HZ, SECOND, rows

COUNTS = np.rint(200 * np.stack((FIRST, SECOND))).astype(int)


def table(tmp_path, values, name="a.csv", head="II,V1"):
    lines = [",".join(f"{value:.7g}" if isinstance(value, float) else str(value) for value in row) for row in values.T]
    (tmp_path / name).write_text(f"{head}\n" + "\n".join(lines) + "\n")
    return tmp_path / name


def options_of(line):
    words = shlex.split(re.split(r"\s{2,}", line, maxsplit=1)[0])
    return dict(zip(words[::2], words[1::2], strict=True))


def pasted(file, options, line):
    """Read again with the options of a remedy in place of what they replace."""
    new = options_of(line)
    if "--gain" in new:
        options = {name: value for name, value in options.items() if name != "--unit"}
    if "--unit" in new:
        options = {name: value for name, value in options.items() if name not in ("--gain", "--zero")}
    options = options | new
    numbers = {name.strip("-"): float(options[name]) for name in ("--fs", "--gain", "--zero") if name in options}
    return ReadOptions(leads=options.get("--leads"), unit=options.get("--unit"), **numbers).read(file)


def follow(file, options):
    """Paste the first line of each remedy until the file is read; return the record and how often."""
    for n in range(6):
        try:
            return pasted(file, options, ""), n
        except EinthovenError as error:
            new = options_of(error.remedy.split("\n")[0])
            replaced = {"--unit"} if "--gain" in new else {"--gain", "--zero"} if "--unit" in new else set()
            options = {name: value for name, value in options.items() if name not in replaced} | new
    raise AssertionError(f"six remedies and no record: {options}")


WRONG = {
    "microvolts as millivolts": (1000 * np.stack((FIRST, SECOND)), "mV", "--unit uV"),
    "millivolts as microvolts": (np.stack((FIRST, SECOND)), "uV", "--unit mV"),
    "volts as millivolts": (np.stack((FIRST, SECOND)) / 1000, "mV", "--unit V"),
    "millivolts as volts": (np.stack((FIRST, SECOND)), "V", "--unit mV"),
    "counts as millivolts": (COUNTS, "mV", "--gain 100 --zero 0"),
    "counts as microvolts": (COUNTS, "uV", "--gain 100 --zero 0"),
    "counts as volts": (COUNTS, "V", "--gain 100 --zero 0"),
    "counts with an offset as millivolts": (COUNTS + 1024, "mV", "--gain 100 --zero 10"),
    "counts with an offset as microvolts": (COUNTS + 1024, "uV", "--gain 100 --zero 10"),
    "an offset of 2.5 V": (np.stack((FIRST, SECOND)) + 2500, "mV", "--gain 1 --zero 250"),
    "counts of 24 bits": (20_000 * COUNTS, "uV", "--gain 2000000 --zero 0"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_scale_is_refused_and_each_remedy_works(kind, tmp_path):
    values, unit, remedy = WRONG[kind]
    file = table(tmp_path, values)
    with pytest.raises(RecordUnreadable, match="cannot be") as caught:
        read(file, fs_hz=FS_HZ, unit=unit)
    assert caught.value.remedy.startswith(remedy) and "--gain" in caught.value.remedy
    for line in caught.value.remedy.split("\n"):
        record = pasted(file, {"--fs": "250", "--unit": unit}, line)
        assert 0.02 < np.ptp(record.signal_mv[0]) < 40


@pytest.mark.parametrize("scale", [1.0, 1000.0, 0.001])
@pytest.mark.parametrize("names", ["II,V1", ""])
def test_what_is_missing_is_stated_by_pasting(scale, names, tmp_path):
    file = table(tmp_path, scale * np.stack((FIRST, SECOND)), head=names or "#")
    with pytest.raises(StatementMissing):
        read(file)
    record, n = follow(file, {})
    assert n == 1 and record.fs_hz == 360
    np.testing.assert_allclose(record.signal_mv, [FIRST, SECOND], atol=2e-3)


def test_counts_are_called_counts(tmp_path):
    file = table(tmp_path, COUNTS + 512)
    with pytest.raises(StatementMissing, match="counts of a converter") as caught:
        read(file)
    assert "--gain 100 --zero 51" in caught.value.remedy
    assert follow(file, {})[1] == 1
    record = read(file, fs_hz=FS_HZ, gain=200, zero=512)
    np.testing.assert_allclose(record.signal_mv, [FIRST, SECOND], atol=0.003)


def test_no_rate_is_offered_beside_times(tmp_path):
    (tmp_path / "a.csv").write_text("time,II\n" + rows(lambda at: f"{at / 500:.3f},{FIRST[at]:.4f}"))
    with pytest.raises(StatementMissing) as caught:
        read(tmp_path / "a.csv")
    assert "--fs" not in caught.value.remedy and caught.value.remedy.startswith("--unit mV")
    assert read(tmp_path / "a.csv", unit="mV").fs_hz == 500


def test_whole_microvolts_that_are_low_are_read_with_a_warning(tmp_path):
    values = np.rint(1000 * 0.45 * np.stack((FIRST, SECOND))).astype(int)
    record = read(table(tmp_path, values), fs_hz=FS_HZ, unit="uV")
    assert "state --gain" in record.warnings[-1]
    normal = read(table(tmp_path, np.rint(1000 * np.stack((FIRST, SECOND))).astype(int)), fs_hz=FS_HZ, unit="uV")
    assert not any("--gain" in text for text in normal.warnings)


@pytest.mark.parametrize("noise_mv", [0.0, 0.002, 0.01])
def test_silence_is_no_wrong_unit(noise_mv, tmp_path):
    silent = noise_mv * np.random.default_rng(0).standard_normal((2, 2500))
    assert read(table(tmp_path, silent), fs_hz=FS_HZ, unit="mV").n_samples == 2500


def test_columns_of_other_sensors_are_left_out_of_the_judgement(tmp_path):
    values = np.stack((FIRST, 2980 + np.arange(2500) % 7.0, np.arange(2500) % 90 * 300.0))
    record = read(table(tmp_path, values, head="II,x,thing"), fs_hz=FS_HZ, unit="mV")
    assert record.leads == ("II",) and "x, thing" in record.warnings[0]


def test_more_leads_than_columns(tmp_path):
    file = table(tmp_path, np.stack((FIRST, SECOND)), head="#")
    for stated in ("I", "I,II,III"):
        with pytest.raises(RecordUnreadable, match="not those of the file") as caught:
            read(file, fs_hz=FS_HZ, unit="mV", leads=stated.split(","))
        assert len(pasted(file, {"--fs": "250", "--unit": "mV"}, caught.value.remedy).leads) == 2


def test_the_names_that_a_remedy_gives_to_columns_can_be_used(tmp_path):
    file = table(tmp_path, np.stack((FIRST, SECOND)), head="#")
    record, _ = follow(file, {})
    with pytest.raises(LeadMismatch) as caught:
        select(record.signal_mv, record.leads, ("MLII|II",))
    again = pasted(file, {"--fs": "250", "--unit": "mV", "--leads": "LEAD1,LEAD2"}, caught.value.remedy.split("\n")[0])
    assert again.leads == ("MLII", "LEAD2")


def test_a_device_that_states_its_gain_contradicts_a_stated_unit(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"val": COUNTS.astype("i2")})
    (tmp_path / "a.info").write_text("Sampling frequency: 250 Hz\n1\tII\t200\t0\tmV\n2\tV1\t200\t0\tmV\n")
    with pytest.raises(RecordUnreadable, match="as the file says") as caught:
        read(tmp_path / "a.mat", unit="mV")
    np.testing.assert_allclose(pasted(tmp_path / "a.mat", {}, caught.value.remedy).signal_mv[0], FIRST, atol=0.003)


@pytest.mark.parametrize("factor", 10.0 ** np.arange(-4, 7))
@pytest.mark.parametrize("offset", [0.0, 3.0, 5000.0])
@pytest.mark.parametrize("is_whole", [True, False])
def test_the_suggested_scale_gives_an_ecg(factor, offset, is_whole):
    values = factor * (np.stack((FIRST, SECOND)) + offset)
    values = np.rint(values) if is_whole else values
    if np.ptp(values) < 20:
        return
    words = suggested(values).split()
    if "--gain" in words:
        zero = float(words[3]) if "--zero" in words else 0.0
        scaled = (values - zero) / float(words[1])
    else:
        scaled = values * {"mV": 1.0, "uV": 0.001, "V": 1000.0}[words[1]]
    assert 0.1 < np.ptp(scaled[0]) < 40 and abs(np.median(scaled)) < 1000


def test_low_amplitudes_without_peaks_are_told_or_refused(tmp_path):
    wave = np.sin(np.arange(5000).reshape(2, 2500) / 40)  # spans two and has no peaks
    stated = {"fs_hz": 250, "leads": ["I", "II"]}
    np.save(tmp_path / "a.npy", wave / 1000)
    with pytest.raises(RecordUnreadable, match="spans 2e-06 mV") as caught:
        read(tmp_path / "a.npy", **stated, unit="uV")
    assert "--unit" in caught.value.remedy
    np.save(tmp_path / "a.npy", wave / 200)
    assert "spans only 0.01 mV" in read(tmp_path / "a.npy", **stated, unit="mV").warnings[0]
    np.save(tmp_path / "a.npy", np.round(100 * wave).astype(np.int16))
    assert "state --gain" in read(tmp_path / "a.npy", **stated, unit="uV").warnings[0]
