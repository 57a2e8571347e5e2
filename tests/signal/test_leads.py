import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import LeadMismatch
from einthoven.signal import leads

TWELVE = leads.STANDARD


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("avr", "aVR"),
        ("AVF", "aVF"),
        ("ML II", "MLII"),
        ("lead i", "I"),
        ("v5", "V5"),
        ("ECG1", "ECG1"),
        ("- AVR", "-aVR"),
    ],
)
def test_spelling(written, meant):
    assert leads.canonical(written) == meant


@given(st.permutations(TWELVE))
def test_order_in_the_file_does_not_matter(names):
    rows = {name: float(at) for at, name in enumerate(TWELVE)}
    signal = np.array([[rows[name]] * 3 for name in names], np.float32)
    assert leads.select(signal, names, TWELVE)[0][:, 0].tolist() == list(range(12))


def test_a_lead_serves_one_wish_only():
    signal = np.array([[1.0], [2.0]], np.float32)
    chosen, used = leads.select(signal, ("V5", "V2"), ("MLII|II|V5", "V1|V5|V2|V4"))
    assert used == ("V5", "V2")
    assert chosen[:, 0].tolist() == [1.0, 2.0]


def test_limb_leads_follow_from_two_others():
    first, second = np.array([0.3, 0.1], np.float32), np.array([1.0, -0.5], np.float32)
    signal = np.stack((second, first))
    got, used = leads.select(signal, ("II", "I"), ("MLIII|III", "aVR", "aVL", "aVF"))
    want = [second - first, -(first + second) / 2, first - second / 2, second - first / 2]
    np.testing.assert_allclose(got, want, atol=1e-6)
    assert used == ("III", "aVR", "aVL", "aVF")


def test_a_lead_stated_as_minus_itself_is_turned():
    signal = np.array([[1.0, -2.0], [0.5, 0.25]], np.float32)
    got, used = leads.select(signal, ("-aVR", "II"), ("II", "aVR"))
    assert used == ("II", "aVR")
    np.testing.assert_array_equal(got, [[0.5, 0.25], [-1.0, 2.0]])
    np.testing.assert_array_equal(signal[0], [1.0, -2.0])
    assert leads.turned(signal, ("ECG-1", "ML-II"))[2] == ()


def test_a_precordial_lead_is_never_invented():
    with pytest.raises(LeadMismatch) as caught:
        leads.select(np.zeros((2, 4)), ("I", "II"), ("V1",), "x.hea")
    assert caught.value.found == "I, II  (x.hea)"
    assert "--leads" not in caught.value.remedy
    with pytest.raises(LeadMismatch, match="--leads ECG1=V1"):
        leads.select(np.zeros((2, 4)), ("I", "ECG1"), ("V1",))


def test_a_remedy_that_cannot_help_is_not_given():
    two = ("MLII|II", "V1")
    with pytest.raises(LeadMismatch) as caught:
        leads.select(np.zeros((1, 4)), ("ECG",), two)
    assert "--leads" not in caught.value.remedy and "2 leads" in caught.value.expected
    with pytest.raises(LeadMismatch, match="--leads A=MLII,B=V1"):
        leads.select(np.zeros((2, 4)), ("A", "B"), two)
    with pytest.raises(LeadMismatch, match="--leads MLII,V1 "):
        leads.select(np.zeros((2, 4)), ("ECG", "ECG"), two)
    with pytest.raises(LeadMismatch, match="--leads 'ECG lead 1=MLII,B=V1'"):
        leads.select(np.zeros((2, 4)), ("ECG lead 1", "B"), two)
    with pytest.raises(LeadMismatch) as caught:
        leads.select(np.zeros((3, 4)), ("a=b", "B", "V5"), two)
    assert "--leads" not in caught.value.remedy
