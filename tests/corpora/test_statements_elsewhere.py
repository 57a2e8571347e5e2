"""What the statements of other corpora mean in PTB-XL's classes: present, absent, unknown."""

import numpy as np
import pytest

from einthoven.corpora.scp import LABEL_SETS
from einthoven.corpora.statements_elsewhere import CLASSES, SOURCES, statements_in, targets_of_ptbxl

SINUS, PAC, LVH, RBBB, AF = "426783006", "284470004", "164873001", "59118001", "164889003"


def of(source: str, *statements: str) -> dict[str, float]:
    """The known classes of a record."""
    found = SOURCES[source].targets(statements)
    return {name: float(value) for name, value in zip(CLASSES, found, strict=True) if np.isfinite(value)}


def test_a_normal_record_has_no_other_diagnosis():
    found = of("cpsc", SINUS)
    assert found["NORM"] == 1 and {found[name] for name in LABEL_SETS["subclasses"].classes[1:]} == {0}
    assert found["SR"] == 1 and found["AFIB"] == 0 and "AFLT" not in found


def test_a_source_says_nothing_of_classes_that_it_does_not_name():
    found = of("cpsc", RBBB)
    assert found["CRBBB"] == 1 and found["_AVB"] == 0 and found["NORM"] == 0
    assert not {"IRBBB", "LVH", "AMI"} & set(found)
    assert of("georgia", LVH)["CRBBB"] == 0


def test_a_beat_alone_does_not_tell_whether_the_rest_is_normal():
    assert "NORM" not in of("cpsc", PAC) and of("cpsc", PAC, SINUS)["NORM"] == 1
    assert of("georgia", AF)["NORM"] == 0 and of("georgia") == dict.fromkeys(SOURCES["georgia"].knows, 0.0)


@pytest.mark.parametrize("source", SOURCES)
def test_every_class_is_one_of_ptbxl(source):
    told = SOURCES[source]
    named = {name for table in (told.says, told.unclear) for names in table.values() for name in names}
    assert named | set(told.knows) <= set(CLASSES) and told.says_normal <= told.normal


def test_ludb_s_hypertrophy_is_another_one():
    comments = (
        "<age>: 51",
        "<diagnoses>:",
        "Rhythm: Sinus bradycardia.",
        "Left ventricular hypertrophy. ",
        "STEMI: septal. ",
    )
    said = statements_in(comments)
    assert said == ["Rhythm: Sinus bradycardia", "Left ventricular hypertrophy", "STEMI: septal"]
    found = of("ludb", *said)
    assert found["SBRAD"] == 1 and found["AMI"] == 1 and found["NORM"] == 0 and "LVH" not in found


def test_extrasystoles_of_ludb_are_told_by_their_kind():
    assert statements_in(("Ventricular extrasystole, type: single PVC.",)) == ["Ventricular extrasystole"]
    assert of("ludb", "Atrial extrasystole")["PAC"] == 1


def test_ptbxl_is_its_own_label_sets():
    found = dict(zip(CLASSES, targets_of_ptbxl({"ASMI": 0.0, "AFIB": 0.0, "PVC": 0.0}), strict=True))
    assert [name for name, value in found.items() if value == 1] == ["AMI", "AFIB", "PVC"]
    alone = dict(zip(CLASSES, targets_of_ptbxl({"PVC": 0.0}), strict=True))
    assert np.isnan([alone["NORM"], alone["AFIB"]]).all() and alone["PVC"] == 1 and alone["PAC"] == 0
    assert (*LABEL_SETS["subclasses"].classes, *LABEL_SETS["rhythms"].classes) == CLASSES
