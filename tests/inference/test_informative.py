"""A map that points to no moment is said to tell nothing; a fall of a probability has its unit and its sentence."""

import numpy as np
import pytest

from einthoven.inference.evidence import Contribution
from einthoven.inference.informative import concentration, remark


def peak(width):
    importance = np.zeros(200)
    importance[90 : 90 + width] = 1.0
    return importance


@pytest.mark.parametrize(
    ("importance", "word"),
    [(np.zeros(200), "empty"), (np.ones(200), "nearly uniform"), (peak(20), ""), (np.linspace(0, 1, 200), "")],
)
def test_maps_without_a_place_are_said_to_tell_nothing(importance, word):
    assert word in remark(importance) and bool(word) == bool(remark(importance))


def test_concentration_does_not_depend_on_scale_or_order():
    importance = np.random.default_rng(0).random(200) ** 3
    assert concentration(importance) == pytest.approx(concentration(7 * importance[::-1]))
    assert concentration(peak(20)) == 1.0


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (0.2, "falls from 0.90 to 0.20 (70 percentage points)"),
        (0.95, "rises from 0.90 to 0.95"),
        (0.893, "stays at 0.90"),
    ],
)
def test_a_contribution_says_what_changes_and_by_how_much(after, words):
    assert words in Contribution("lead V1", 0.9, after).sentence
