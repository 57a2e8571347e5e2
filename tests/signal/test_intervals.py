"""Measurements on waves that are known: intervals, corrections, axes, voltages, and why one is refused."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.records.record import Record
from einthoven.signal import quality
from einthoven.signal.boundaries import QRS, P, T, waves_from
from einthoven.signal.intervals import QTC, measured, of_beats
from einthoven.signal.leads import STANDARD

FS_HZ = 500.0
RR_S = (0.8, 0.9, 0.85, 0.8, 0.9, 0.85, 0.8, 0.9, 0.85, 0.8)
ECTOPIC_RR_S = (0.5, 1.1, 0.7, 1.3, 0.6, 0.9, 1.2, 0.55, 0.8, 1.0)


def beats_at(rr_s) -> np.ndarray:
    return 1.0 + np.concatenate(([0.0], np.cumsum(rr_s)))


def waves(rr_s=RR_S, p: bool = True, t: bool = True):
    """P from -200 to -100 ms, QRS from -40 to 50, T from 180 to 360 ms of each R peak."""
    rows = []
    for beat in beats_at(rr_s):
        rows += [(P, beat - 0.2, beat - 0.15, beat - 0.1)] * p
        rows += [(QRS, beat - 0.04, beat, beat + 0.05)] + [(T, beat + 0.18, beat + 0.28, beat + 0.36)] * t
    return waves_from(rows)


def record(rr_s=RR_S, degrees: float = 40.0, fs_hz: float = FS_HZ, scale: float = 1.0) -> Record:
    """Twelve leads of one dipole whose waves all point the same way; R of 1 mV along it; ST raised by 0.1 mV in V2."""
    at_s = np.arange(round(11 * fs_hz)) / fs_hz
    wave = np.zeros(len(at_s))
    raised = np.zeros(len(at_s))
    for beat in beats_at(rr_s):
        for middle, sigma, height in ((-0.15, 0.018, 0.15), (0.0, 0.012, 1.0), (0.28, 0.03, 0.3)):
            wave += height * np.exp(-0.5 * ((at_s - beat - middle) / sigma) ** 2)
        raised += 0.1 * ((at_s > beat + 0.045) & (at_s < beat + 0.2))
    angle = np.radians(degrees)
    one, foot = np.cos(angle) * wave, np.sin(angle) * wave * np.sqrt(3) / 2
    two = foot + one / 2
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, foot]
    chest = [-0.6 * wave, 0.2 * wave + raised, -0.5 * wave, 0.8 * wave, 1.2 * wave, 0.9 * wave]
    noise = 0.004 * np.random.default_rng(0).standard_normal((12, len(at_s)))
    return Record("made", scale * (np.stack([*limb, *chest]) + noise), fs_hz, STANDARD)


def told(rr_s=RR_S, is_paced: bool = False, source: Record | None = None, **shown):
    source = source or record(rr_s)
    seen = quality.examine(source.signal_mv, source.leads, source.fs_hz)
    return measured(source, waves(rr_s, **shown), seen, is_paced)


def test_intervals_are_paired_by_beat():
    beats = of_beats(waves())
    for name, expected in (("p", 100), ("pr", 160), ("qrs", 90), ("qt", 400)):
        np.testing.assert_allclose(beats[name], expected, atol=1e-6)
    np.testing.assert_allclose(beats["rr"][1:], 1000 * np.array(RR_S))
    assert np.isnan(beats["rr"][0])


def test_medians_quartiles_and_corrections():
    found = told()
    rr_s = np.mean(RR_S)
    assert found["heart rate"].value == pytest.approx(60 / rr_s)
    assert (found["QT"].value, found["QT"].n) == (pytest.approx(400), 11)
    assert found["RR"].low <= found["RR"].value <= found["RR"].high
    by_hand = {
        "Fridericia": 0.4 / rr_s ** (1 / 3),
        "Bazett": 0.4 / np.sqrt(rr_s),
        "Framingham": 0.4 + 0.154 * (1 - rr_s),
        "Hodges": 0.4 + 0.00175 * (60 / rr_s - 60),
    }
    assert set(by_hand) == set(QTC)
    for name, expected_s in by_hand.items():
        assert found[f"QTc {name}"].value == pytest.approx(1000 * expected_s)


@pytest.mark.parametrize("degrees", [-60.0, 0.0, 40.0, 110.0, 170.0])
def test_axes_are_those_of_the_dipole(degrees):
    found = told(source=record(degrees=degrees))
    for name in ("P axis", "QRS axis", "T axis"):
        off = (found[name].value - degrees + 180) % 360 - 180
        assert abs(off) < 4, name


def test_voltages_and_st_levels():
    found = told()
    assert found["Sokolow-Lyon voltage"].value == pytest.approx(0.6 + 1.2, abs=0.05)
    assert found["Cornell voltage"].value == pytest.approx(0.5 + found.by_lead["aVL"]["R"].value, abs=0.05)
    assert found.by_lead["V2"]["ST J+60"].value == pytest.approx(0.1, abs=0.02)
    assert abs(found.by_lead["V5"]["ST J+60"].value) < 0.02
    assert found.by_lead["V5"]["R"].value == pytest.approx(1.2, abs=0.05)


def test_voltages_scale_and_intervals_do_not():
    once, twice = told(), told(source=record(scale=2.0))
    assert twice["Cornell voltage"].value == pytest.approx(2 * once["Cornell voltage"].value, rel=0.02)
    assert twice["QT"].value == once["QT"].value and twice["QRS axis"].value == pytest.approx(
        once["QRS axis"].value, abs=1
    )


def test_no_p_wave_no_pr_interval():
    found = told((0.8,) * 10, p=False)
    assert found["PR"].value is None and found["PR"].reason == "no P wave" and found["P axis"].value is None
    assert found["QT"].value == pytest.approx(400) and found["QT"].reason == ""


def test_fibrillation_is_said_beside_qt():
    found = told(ECTOPIC_RR_S, p=False)
    assert "fibrillation" in found["PR"].reason and "irregular rhythm without P waves" in found["QT"].text


def test_no_t_wave_no_qt_and_no_correction():
    found = told(t=False)
    assert found["QT"].value is None and found["QTc Bazett"].value is None
    assert found["QTc Bazett"].text.startswith("– (no T wave")


def test_a_paced_rhythm_is_said():
    assert all("paced rhythm" in told(is_paced=True)[name].reason for name in ("QRS", "QT", "PR"))


def test_missing_leads_are_named():
    whole = record()
    few = Record("few", whole.signal_mv[[1, 6]], FS_HZ, ("II", "V1"))
    found = told(source=few)
    assert found["QRS axis"].reason == "needs two of the limb leads"
    assert found["Sokolow-Lyon voltage"].reason == "needs lead V5 and V6"


def test_an_unreadable_lead_is_not_measured():
    whole = record()
    signal = whole.signal_mv.copy()
    signal[STANDARD.index("V2")] = 0.0
    found = told(source=Record("one", signal, FS_HZ, STANDARD))
    assert "V2" not in found.by_lead and "V3" in found.by_lead


def test_no_beat_no_measurement():
    source = record()
    seen = quality.examine(source.signal_mv, source.leads, source.fs_hz)
    found = measured(source, waves_from(()), seen)
    assert all(one.value is None and one.reason == "no heartbeat was found" for one in found.measurements)
    assert {one.name for one in found.measurements} == {one.name for one in told().measurements}


def with_a_loop(degrees: float) -> Record:
    """Return a record whose dipole also moves to the side within each wave, so that no two limb leads have one shape."""
    straight, aside = record(degrees=degrees), record(degrees=degrees + 90)
    moved = 0.5 * np.roll(aside.signal_mv[:6], 8, axis=1) - 0.5 * np.roll(aside.signal_mv[:6], -8, axis=1)
    return replace(straight, signal_mv=np.concatenate((straight.signal_mv[:6] + moved, straight.signal_mv[6:])))


@pytest.mark.parametrize("degrees", [-60.0, 40.0, 110.0])
def test_axes_do_not_depend_on_the_gains_of_the_leads(degrees):
    source = with_a_loop(degrees)
    gains = np.array([{"I": 1.9, "III": 0.6, "aVF": 2.2, "aVR": 0.7}.get(lead, 1.0) for lead in source.leads])
    once, found = told(source=source), told(source=replace(source, signal_mv=source.signal_mv * gains[:, None]))
    off = (found["QRS axis"].value - once["QRS axis"].value + 180) % 360 - 180
    assert abs(off) < 3 and "made to agree" in found["QRS axis"].reason
    assert once["QRS axis"].reason == "" and abs((once["QRS axis"].value - degrees + 180) % 360 - 180) < 6


def test_limb_leads_of_one_shape_and_other_gains_have_no_axis():
    source = record()
    gains = np.array([1.9 if lead == "I" else 1.0 for lead in source.leads])
    found = told(source=replace(source, signal_mv=source.signal_mv * gains[:, None]))
    assert found["QRS axis"].value is None and "contradict" in found["QRS axis"].reason


def test_limb_leads_that_contradict_each_other_have_no_axis():
    source = record()
    mixed = np.array(source.signal_mv)
    mixed[source.leads.index("I")] = np.roll(mixed[source.leads.index("V3")], 60)
    found = told(source=replace(source, signal_mv=mixed))
    assert found["QRS axis"].value is None and "contradict" in found["QRS axis"].reason
