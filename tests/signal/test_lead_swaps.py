"""Wrong leads of a made-up heart: each fault is named, and its remedy undoes it."""

import numpy as np
import pytest

from einthoven.records.record import Record
from einthoven.records.stated import leads_of as stated
from einthoven.signal import doctor, lead_swaps, limb_leads
from einthoven.signal.leads import STANDARD
from tests.signal.hearts import changed, leads_of, recording, twelve_leads


def arms_exchanged(source):
    return changed(source, lead_swaps.FAULTS["RA/LA"])


@pytest.fixture(scope="module")
def healthy():
    return twelve_leads()


def found_in(source):
    return doctor.examine(source)


FAULTS = ["RA/LA", "RA/LL", "LA/LL", "V1/V2", "V1/V3", "V1-V6 reversed", "V2 inverted", "V5 inverted", "all inverted"]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_and_its_remedy_undoes_it(fault, healthy):
    (found,) = found_in(changed(healthy, lead_swaps.FAULTS[fault]))
    assert ("reverse order" if "reversed" in fault else fault.split()[0]) in found.text
    assert 0 < found.certainty < 1
    wrong = changed(healthy, lead_swaps.FAULTS[fault])
    option, value, *_ = found.remedy.split()
    assert option == "--leads"
    mended = Record("x", wrong.signal_mv, 500.0, wrong.leads).with_leads(stated(value))
    rows = dict(zip(mended.leads, mended.signal_mv, strict=True))
    for lead, row in leads_of(healthy).items():
        np.testing.assert_allclose(rows[lead], row, atol=1e-5, err_msg=lead)


@pytest.mark.parametrize("lead", STANDARD[:6])
def test_a_limb_lead_upside_down_breaks_the_laws(lead, healthy):
    seen = leads_of(healthy)
    found = found_in(recording(seen | {lead: -seen[lead]}, 500))
    assert [(one.code, one.leads) for one in found] == [("lead_inverted", (lead,))]
    assert found[0].remedy == f"--leads {lead}=-{lead}"


def test_names_of_limb_leads_that_are_exchanged_are_told(healthy):
    seen = leads_of(healthy)
    (found,) = found_in(recording(seen | {"aVL": seen["aVF"], "aVF": seen["aVL"]}, 500))
    assert (found.code, set(found.leads)) == ("leads_exchanged", {"aVL", "aVF"})
    assert found.remedy in ("--leads aVL=aVF,aVF=aVL", "--leads aVF=aVL,aVL=aVF")


def test_a_breach_without_explanation_names_the_laws(healthy):
    seen = leads_of(healthy)
    (found,) = found_in(recording(seen | {"aVF": seen["V2"]}, 500))
    assert found.code == "limb_leads_disagree" and "aVF = (II + III) / 2" in found.text
    assert found.leads == ("II", "III", "aVF")


def test_gains_that_differ_from_lead_to_lead_are_told(healthy):
    gains = dict(zip(STANDARD, (0.6, 1.0, 1.5, 0.8, 1.3, 0.5, *[1.0] * 6), strict=True))
    seen = {lead: gains[lead] * row for lead, row in leads_of(healthy).items()}
    (found,) = found_in(recording(seen, 500))
    assert found.code == "limb_leads_disagree" and "gain" in found.text and "gain" in found.remedy
    for lead in ("I", "III", "aVR", "aVF"):
        (found,) = found_in(recording(seen | {lead: -seen[lead]}, 500))
        assert (found.code, found.leads) == ("lead_inverted", (lead,)), found.text


def test_filters_and_rounding_do_not_break_the_laws(healthy):
    seen = {lead: np.round(row / 0.005) * 0.005 for lead, row in leads_of(healthy).items()}
    seen["III"] = np.convolve(seen["III"], np.ones(5) / 5, "same")
    seen["II"] = 1.05 * seen["II"]
    assert found_in(recording(seen, 500)) == ()


@pytest.mark.parametrize("lead", ["V2", "V4"])
def test_a_lead_that_is_not_connected_is_not_taken_for_a_wrong_one(lead, healthy):
    noise = 0.003 * np.random.default_rng(0).standard_normal(5000)
    assert found_in(recording(leads_of(healthy) | {lead: noise}, 500)) == ()


def test_laws_are_checked_as_far_as_there_are_leads(healthy):
    seen = leads_of(healthy)
    rows = np.stack([seen["I"], seen["II"], seen["III"] + seen["V1"]])
    assert list(limb_leads.breach(rows, ("I", "II", "III")).laws) == ["II = I + III"]
    assert limb_leads.breach(rows[:2], ("I", "II")) is None


def test_measurements_do_not_depend_on_gain_or_offset():
    beats = np.random.default_rng(0).standard_normal((3, 8, 120))
    once = lead_swaps.measurements(beats)
    np.testing.assert_allclose(lead_swaps.measurements(7 * beats + 2), once, atol=1e-4)
    assert once.shape == (3, 628)


@pytest.mark.parametrize("fault", [name for name in lead_swaps.FAULTS if name != "none"])
def test_each_fault_is_undone_by_itself(fault):
    matrix = lead_swaps.FAULTS[fault]
    np.testing.assert_allclose(matrix @ matrix, np.eye(8), atol=1e-12)
