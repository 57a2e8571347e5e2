"""Leads are recognised under the names that files give them, and others are left alone."""

import numpy as np
import pytest

from einthoven.errors import LeadMismatch, RecordUnreadable
from einthoven.records.record import Record
from einthoven.signal.lead_names import KNOWN, parts_of_name
from einthoven.signal.leads import canonical, select


@pytest.mark.parametrize(
    "written",
    [
        "II", "ii", "ECG II", "ecg_ii", "EKG II", "EKG-II", "D2", "DII", "II (mV)", "II [uV]", "II_mV", "MDC_ECG_LEAD_II",
        "Lead II", "Lead_II", "leadII", "Limb lead II", "ECG lead II", "Ableitung II", "Dérivation II", "Derivación DII",
        "Derivação II", "Derivazione II", "Afleiding II", "Avledning II", "导联 II", "導聯 II", "誘導 II", "отведение II", "Ⅱ",
    ],
)  # fmt: skip
def test_names_of_lead_ii(written):
    assert canonical(written) == "II"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("C1", "V1"), ("MV2", "V2"), ("VR", "aVR"), ("MLI", "MLI"), ("ML2", "MLII"), ("modified lead II", "MLII"),
        ("MDC_ECG_LEAD_AVF", "aVF"), ("v4r", "V4R"), ("chest lead V6", "V6"), ("aVR-", "-aVR"), ("EKG", "ECG"),
        ("ecg [uV]", "ECG"),
    ],
)  # fmt: skip
def test_names_of_other_leads(written, meant):
    assert canonical(written) == meant


@pytest.mark.parametrize(
    "written",
    ["ECG1", "ECG 1", "Lead 1", "LEAD1", "ch1", "resp", "V", "mV", "x", "I1", "A1", "V10", "EEG", "PLETH", "neg"],
)
def test_a_name_that_says_no_lead_is_kept(written):
    assert canonical(written) == written


def test_every_known_lead_means_itself():
    assert [canonical(name) for name in KNOWN.values()] == list(KNOWN.values())


def test_the_unit_behind_a_name():
    assert parts_of_name("ECG (µV)") == ("ECG", "μV")
    assert parts_of_name('"II [mV]"') == ("II", "mV")
    assert parts_of_name("V1") == ("V1", "") and parts_of_name("aVL") == ("aVL", "")


def test_two_leads_of_one_name_are_told_apart():
    record = Record("a", np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), 100.0, ("ECG", "ecg", "V1"))
    assert record.leads == ("ECG[1]", "ECG[2]", "V1")
    assert record.warnings == ("several leads are called ECG: they are read as ECG[1], ECG[2]; ECG means the first",)
    with pytest.raises(LeadMismatch) as caught:
        select(record.signal_mv, record.leads, ("MLII|II",))
    assert caught.value.remedy.startswith("--leads 'ECG[1]=MLII' ")
    assert record.with_leads({"ECG[2]": "MLII"}).leads == ("ECG[1]", "MLII", "V1")
    with pytest.raises(RecordUnreadable) as wrong:
        record.with_leads({"EEG": "MLII"})
    assert wrong.value.remedy == "--leads 'ECG[1]=MLII'"


def test_a_name_that_two_leads_share_means_the_first():
    record = Record("a", np.array([[1.0, 2.0], [3.0, 4.0]]), 100.0, ("ECG", "ECG"))
    assert record.with_leads({"ecg": "MLII"}).leads == ("MLII", "ECG[2]")
    chosen, used = select(record.signal_mv, record.leads, ("ECG|I",))
    assert used == ("ECG",) and chosen.tolist() == [[1.0, 2.0]]
    assert len(record.with_leads({"ECG[2]": "V1"}).warnings) == 2
