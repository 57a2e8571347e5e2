"""The summary says what the numbers allow, and no more."""

import string
from types import SimpleNamespace

import numpy as np
import pytest

from einthoven.interpretation.ectopy import ectopy_of
from einthoven.interpretation.episodes import Episode, Episodes
from einthoven.interpretation.rate import Rate
from einthoven.interpretation.sentences import ENGLISH
from einthoven.interpretation.statements import statements_of
from einthoven.records.identity import Identity

CLASSES = ("N", "A", "AFL", "O", "~")
MEANINGS = ("sinus rhythm", "atrial fibrillation", "atrial flutter", "other rhythm", "noise")


class Intervals(dict):
    """Measurements by name; those that are not given are refused."""

    p_share, is_irregular_without_p = 1.0, False

    def __missing__(self, name):
        return SimpleNamespace(value=None, n=0, reason="no P wave")


def measured(**values):
    names = {"qtc": "QTc Fridericia", "axis": "QRS axis"}
    rows = {names.get(name, name.upper()): value for name, value in values.items()}
    return SimpleNamespace(
        intervals=Intervals(
            {
                name: SimpleNamespace(value=value, low=value - 5, high=value + 5, n=12, reason="")
                for name, value in rows.items()
            }
        )
    )


def rhythm(*parts, doubt="", chance=0.9):
    episodes = tuple(Episode(name, start, end, 0.9) for name, start, end in parts)
    answer = SimpleNamespace(
        classes=CLASSES,
        card=SimpleNamespace(meanings=MEANINGS),
        doubt=doubt,
        record_probabilities=np.array([chance] * 5),
    )
    return {"rhythm_answer": answer, "rhythm": Episodes(episodes, sum(one.length_s for one in episodes))}


def said(
    rate=64.0, beats=None, missing=None, sex="", findings=(), diagnoses=None, delineation=None, duration_s=10.0, **parts
):
    found = {"rhythm_answer": None, "rhythm": None, "ectopy": beats, "diagnosis_answer": diagnoses} | parts
    stub = SimpleNamespace(
        rate=None if rate is None else Rate(rate, rate - 5, rate + 5, 100),
        delineation=delineation,
        findings=findings,
        record=SimpleNamespace(identity=Identity(sex=sex), duration_s=duration_s),
        not_assessed=lambda: missing or {},
        **found,
    )
    return {statement.code: statement.text for statement in statements_of(stub)}


SINUS = rhythm(("N", 0, 10))


@pytest.mark.parametrize(
    ("rate", "code"), [(64, "sinus"), (59, "sinus_bradycardia"), (101, "sinus_tachycardia"), (100, "sinus")]
)
def test_sinus_rhythm_is_named_by_its_rate(rate, code):
    assert f"{rate}/min" in said(rate, delineation=measured(pr=160, qrs=90), **SINUS)[code]


def test_without_p_waves_there_is_no_sinus_rhythm():
    found = said(delineation=measured(qrs=90), **SINUS)
    assert "no_p_waves" in found and "sinus" not in found


def steady(pr=160, axis=50, n=11, spread=10):
    """Waves of sinus rhythm: a P wave ahead of nearly each of 12 beats."""
    rows = {
        "PR": SimpleNamespace(value=pr, low=pr - spread, high=pr + spread, n=n, reason=""),
        "QRS": SimpleNamespace(value=90, low=88, high=92, n=12, reason=""),
        "P axis": SimpleNamespace(value=axis, n=12, reason=""),
    }
    return SimpleNamespace(intervals=Intervals(rows))


@pytest.mark.parametrize(
    ("waves", "is_sinus"), [({}, True), ({"n": 8}, False), ({"spread": 30}, False), ({"axis": -60}, False)]
)
def test_steady_p_waves_make_another_rhythm_sinus(waves, is_sinus):
    found = said(50, delineation=steady(**waves), **rhythm(("O", 0, 10), doubt="few"))
    assert ("sinus_bradycardia" in found) == is_sinus and ("rhythm_uncertain" in found) != is_sinus
    fibrillation = said(50, delineation=steady(), **rhythm(("A", 0, 10)))
    assert "rhythm_throughout" in fibrillation and "sinus_bradycardia" not in fibrillation


def without_p(irregular):
    """Waves of a rhythm without P waves."""
    waves = measured(qrs=90)
    waves.intervals.p_share, waves.intervals.is_irregular_without_p = 0.0, irregular
    return waves


@pytest.mark.parametrize(
    ("rhythm_model", "irregular", "code"),
    [
        ("A", True, "fibrillation"),
        ("A", False, "flutter_or_fibrillation"),
        ("O", True, "irregular_without_p"),
        ("O", False, "no_p_waves"),
        ("N", True, "irregular_without_p"),
        ("N", False, "no_p_waves"),
    ],
)
def test_without_p_waves_intervals_and_model_say_the_rhythm_together(rhythm_model, irregular, code):
    for doubt in ("", "few"):
        parts = rhythm((rhythm_model, 0, 10), doubt=doubt, chance=0.61)
        found = said(delineation=without_p(irregular), **parts)
        assert code in found and not {"sinus", "rhythm_throughout", "rhythm_uncertain"} & set(found)
        assert ("0.61" in found[code]) == (code == "fibrillation")
    long = said(delineation=without_p(irregular), duration_s=600.0, **rhythm((rhythm_model, 0, 600)))
    assert code not in long or code == "no_p_waves", "waves of ten minutes are not taken together"


@pytest.mark.parametrize("irregular", [True, False])
def test_flutter_is_named_whether_its_beats_are_regular_or_not(irregular):
    found = said(150, delineation=without_p(irregular), **rhythm(("AFL", 0, 10)))
    assert found["rhythm_throughout"] == "Atrial flutter throughout, 150/min."
    parts = rhythm(("N", 0, 300), ("AFL", 300, 600), ("A", 600, 1200))
    text = statements_text(parts)
    assert (
        text.index("Atrial fibrillation in 50%")
        < text.index("Atrial flutter in 25%")
        < text.index("Sinus rhythm in 25%")
    )


def test_many_ventricular_beats_are_no_fibrillation():
    ectopy = beats("NVNVNNVNVNNV")
    found = said(delineation=without_p(True), beats=ectopy, **rhythm(("O", 0, 10)))
    assert "irregular_without_p" not in found and "rhythm_throughout" in found


def test_a_rhythm_that_is_too_noisy_for_the_model_is_said_to_be_so():
    parts = rhythm() | {"rhythm": Episodes((), 0.0)}
    assert "rhythm_noisy" in said(**parts)
    assert "irregular_without_p" in said(delineation=without_p(True), **parts)


def test_a_doubtful_rhythm_is_uncertain():
    found = said(**rhythm(("A", 0, 10), doubt="few", chance=0.55))
    assert "atrial fibrillation" in found["rhythm_uncertain"] and "0.55" in found["rhythm_uncertain"]
    assert "rhythm_throughout" not in found


def test_rhythms_in_part_are_told_with_their_share():
    found = statements_text(rhythm(("N", 0, 600), ("A", 600, 1200), ("N", 1200, 1800)))
    assert "Atrial fibrillation in 33% of the assessed time: 1 episode, the longest 10 min." in found
    assert "Sinus rhythm in 67% of the assessed time: 2 episodes" in found


def statements_text(parts):
    stub = SimpleNamespace(
        rate=Rate(70, 60, 80, 9), delineation=None, findings=(), ectopy=None, diagnosis_answer=None,
        not_assessed=dict, **parts,
    )  # fmt: skip
    return " ".join(statement.text for statement in statements_of(stub))


@pytest.mark.parametrize(
    ("values", "sex", "code", "is_said"),
    [
        ({"pr": 201}, "", "pr_long", True),
        ({"pr": 200}, "", "pr_long", False),
        ({"qrs": 120}, "", "qrs_long", True),
        ({"qrs": 119}, "", "qrs_long", False),
        ({"qtc": 452}, "male", "qtc_long", True),
        ({"qtc": 452}, "female", "qtc_long", False),
        ({"qtc": 452}, "", "qtc_long", False),
        ({"qtc": 360}, "", "qtc_short", True),
    ],
)
def test_limits_are_those_of_the_recommendations(values, sex, code, is_said):
    assert (code in said(sex=sex, delineation=measured(**values))) == is_said


@pytest.mark.parametrize(
    ("axis", "code"),
    [(45, "axis_normal"), (-30, "axis_normal"), (-31, "axis_left"), (91, "axis_right"), (-120, "axis_extreme")],
)
def test_axes_have_classes(axis, code):
    assert f"({axis}°)".replace("-", "−") in said(delineation=measured(axis=axis))[code]


def beats(classes):
    follows = np.ones(len(classes), bool)
    follows[0] = False
    return ectopy_of(np.arange(len(classes)) * 0.8, list(classes), follows, ("N", "S", "V", "F"))


def test_ectopic_beats_runs_and_pauses_are_told():
    assert said(beats=beats("N" * 13))["no_ectopy"] == "No ectopic beats in 10 s."
    found = said(beats=beats("NNVNNVVVVN"))
    assert found["ectopic_beats"] == "5 ventricular beats."
    assert "longest 4 beats, the fastest 75/min" in found["runs"] and "no_ectopy" not in found


def diagnosis(*codes, chance=0.8):
    classes, meanings = ("NORM", "AMI"), ("normal ECG", "anterior infarction")
    return SimpleNamespace(
        classes=classes,
        card=SimpleNamespace(meanings=meanings),
        predicted=codes,
        record_probabilities=np.full(2, chance),
    )


def test_normal_is_not_said_of_fibrillation():
    found = said(diagnoses=diagnosis("NORM"), **rhythm(("A", 0, 10)))
    assert "not_normal" in found and "diagnosis" not in found
    assert "Normal ECG" in said(diagnoses=diagnosis("NORM"), delineation=measured(pr=160, qrs=90), **SINUS)["diagnosis"]
    assert "not_normal" in said(diagnoses=diagnosis("NORM"))


def test_an_improbable_diagnosis_is_possible():
    assert said(diagnoses=diagnosis("AMI", chance=0.3))["doubtful_diagnosis"].startswith("Possibly anterior infarction")


def test_what_was_not_assessed_is_said_with_its_reason():
    found = said(rate=None, missing={"rhythm": "needs lead II."})
    assert found == {"not_assessed": "Not assessed: rhythm (needs lead II)."}


def test_sentences_have_only_named_fields():
    for code, sentence in ENGLISH.items():
        assert sentence and all(name != "" for _, name, _, _ in string.Formatter().parse(sentence)), code
