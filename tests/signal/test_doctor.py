"""The doctor's findings on made-up recordings: each seen where it is, and not where it is not; physics by invariance."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.records import read
from einthoven.records.record import Record
from einthoven.signal import doctor
from einthoven.signal.pacing import pacing_can_be_seen
from tests.conftest import real
from tests.signal.hearts import leads_of, recording, twelve_leads


@pytest.fixture(scope="module")
def healthy():
    return twelve_leads()


def codes(source):
    return [found.code for found in doctor.examine(source)]


def record_of(source):
    return Record("made-up", source.signal_mv, source.fs_hz, source.leads)


@pytest.mark.parametrize(("fs_hz", "seconds"), [(100, 10), (257, 8), (500, 10), (1000, 45)])
def test_nothing_is_found_in_a_healthy_recording(fs_hz, seconds):
    assert codes(twelve_leads(fs_hz, seconds)) == []


def test_a_record_is_examined_as_it_is(healthy):
    assert doctor.examine(record_of(healthy)) == ()


def test_what_the_reader_found_comes_first(healthy):
    seen = leads_of(healthy)
    cabrera = {"-aVR" if lead == "aVR" else lead: -row if lead == "aVR" else row for lead, row in seen.items()}
    found = doctor.examine(record_of(recording(cabrera, 500)))
    assert [(one.code, one.leads) for one in found] == [("lead_turned", ("aVR",))]


@pytest.mark.parametrize("seconds", [0.5, 2.9])
def test_a_recording_that_is_too_short_has_no_finding(healthy, seconds):
    assert codes(recording({k: v[: round(500 * seconds)] for k, v in leads_of(healthy).items()}, 500)) == []


def test_missing_samples_and_leads_do_not_disturb(healthy):
    seen = {lead: row.copy() for lead, row in leads_of(healthy).items()}
    seen["V4"][:] = np.nan
    seen["II"][1000:1050] = np.nan
    assert "electrodes_swapped" not in codes(recording(seen, 500))
    assert codes(recording({lead: np.full(5000, np.nan) for lead in seen}, 500)) == []
    assert codes(recording({lead: np.zeros(5000) for lead in seen}, 500)) == []


@pytest.mark.parametrize(("times", "code"), [(0.1, "amplitude_small"), (10.0, "amplitude_large")])
@pytest.mark.parametrize("few", [False, True])
def test_a_gain_wrong_by_ten_is_warned_of(healthy, times, code, few):
    seen = leads_of(healthy)
    found = doctor.examine(
        recording({"II": times * seen["II"]} if few else {k: times * v for k, v in seen.items()}, 500)
    )
    assert [one.code for one in found] == [code]
    assert "gain" in found[0].remedy and 0.5 <= found[0].certainty < 1


@pytest.mark.parametrize(("times", "remedy"), [(0.001, "--unit mV"), (20.0, "--unit uV")])
def test_a_unit_wrong_by_far_is_named_with_its_option(healthy, times, remedy):
    found = doctor.examine(recording({k: times * v for k, v in leads_of(healthy).items()}, 500))
    assert remedy in found[0].remedy


@pytest.mark.parametrize(("factor", "remedy"), [(2.0, "--fs 500 "), (0.5, "--fs 500 ")])
@pytest.mark.parametrize("lead", ["", "II"])
def test_a_rate_wrong_by_two_is_warned_of(healthy, factor, remedy, lead):
    seen = leads_of(healthy)
    wrong = recording({lead: seen[lead]} if lead else seen, 500 * factor)
    found = doctor.examine(wrong)
    assert [one.code for one in found] == ["rate_implausible"]
    assert found[0].remedy.startswith(remedy)


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_mains_hum_is_named_with_its_frequency(healthy, mains_hz):
    t = np.arange(5000) / 500
    line = 0.2 * np.sin(2 * np.pi * mains_hz * t) + 0.06 * np.sin(2 * np.pi * 3 * mains_hz * t + 1)
    seen = {lead: row + (line if lead in ("II", "V3") else 0.0) for lead, row in leads_of(healthy).items()}
    (found,) = (one for one in doctor.examine(recording(seen, 500)) if one.code == "mains_hum")
    assert found.leads == ("II", "V3") and f"{mains_hz:g} Hz" in found.text and f"{3 * mains_hz:g} Hz" in found.text
    assert "0.21 mV" in found.text


def test_hum_alone_is_named():
    t = np.arange(3600) / 360
    found = doctor.examine(recording({"MLII": 0.5 * np.sin(2 * np.pi * 50 * t)}, 360))
    assert "mains_hum" in [one.code for one in found] and "0.50 mV" in found[0].text


def test_noise_is_no_hum():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert "mains_hum" not in codes(recording({"MLII": 0.3 * rng.standard_normal(3600)}, 360))


def with_spikes(source, before_s=0.05, width=1, height_mv=2.0, every=1):
    """Spikes ahead of the QRS complexes, which stand 0.85 s apart."""
    seen = {lead: row.copy() for lead, row in leads_of(source).items()}
    peaks = _r_peaks(seen["II"], source.fs_hz)
    for lead in seen:
        for peak in peaks[::every]:
            at = round(peak - before_s * source.fs_hz)
            seen[lead][max(0, at) : at + width] += height_mv * (0.5 if lead.startswith("V") else 1.0)
    return recording(seen, source.fs_hz)


def _r_peaks(row, fs_hz):
    from einthoven.signal import heartbeats

    return heartbeats.find(row, fs_hz)


@pytest.mark.parametrize(("fs_hz", "width"), [(360, 1), (500, 1), (500, 2), (1000, 3)])
def test_spikes_of_a_pacemaker_are_found(fs_hz, width):
    source = twelve_leads(fs_hz, 20)
    assert "paced" in codes(with_spikes(source, width=width))
    assert "paced" not in codes(source)


def test_the_paced_share_of_a_recording_is_told():
    source = twelve_leads(360, 60)
    paced, seen = leads_of(with_spikes(source)), leads_of(source)
    half = {lead: np.concatenate((paced[lead][:10800], seen[lead][10800:])) for lead in seen}
    (found,) = (one for one in doctor.examine(recording(half, 360)) if one.code == "paced")
    assert "50% of the recording" in found.text


def test_where_a_rate_hides_spikes_it_is_said():
    assert pacing_can_be_seen(250) and not pacing_can_be_seen(128)
    assert doctor.pacing_unknown(twelve_leads(500)) is None
    found = doctor.pacing_unknown(twelve_leads(100))
    assert found.code == "pacing_unknown" and "100 Hz" in found.text


def test_a_single_lead_upside_down_is_told(healthy):
    seen = leads_of(healthy)
    found = doctor.examine(recording({"II": -seen["II"], "V1": seen["V1"]}, 500))
    assert [(one.code, one.leads) for one in found] == [("lead_inverted", ("II",))]
    assert found[0].remedy.startswith("--leads II=-II")


@pytest.mark.parametrize("change", ["order", "offset", "scale"])
def test_order_offset_and_scale_do_not_matter(healthy, change):
    from tests.signal.test_lead_swaps import arms_exchanged

    wrong = leads_of(arms_exchanged(healthy))
    same = {
        "order": lambda: dict(reversed(wrong.items())),
        "offset": lambda: {lead: row + 3.0 for lead, row in wrong.items()},
        "scale": lambda: {lead: 1.5 * row for lead, row in wrong.items()},
    }[change]()
    before, after = (doctor.examine(recording(one, 500)) for one in (wrong, same))
    assert [one.code for one in after] == [one.code for one in before] == ["electrodes_swapped"]
    assert set(after[0].leads) == set(before[0].leads)
    assert after[0].certainty == pytest.approx(before[0].certainty, abs=0.05)


def test_a_finding_is_plain_data(healthy):
    found = doctor.examine(recording({k: 10 * v for k, v in leads_of(healthy).items()}, 500))[0]
    assert replace(found, text="x").text == "x" and 0 <= found.certainty <= 1


def test_real_paced_records_of_mit_bih():
    folder = real("mitdb")
    paced = {file.stem for file in folder.glob("*.hea") if "paced" in codes(read(file))}
    assert paced >= {"102", "104", "107", "217"} and len(paced) <= 5
