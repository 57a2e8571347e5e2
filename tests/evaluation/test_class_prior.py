"""A person's own share of a class: found where it can be known, and nothing else is moved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.evaluation.class_prior import by_person, with_adapted_priors

SHARE = 0.02


def answered(own: float, n: int, seed: int = 0, apart: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and what somebody says who knows each window's evidence and the share of all people [n, 4]: N, S, V, F."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < own
    evidence = apart * (rng.standard_normal(n) + apart * (truth - 0.5))
    odds = np.exp(evidence) * SHARE / (1 - SHARE)
    p = 0.9 * odds / (1 + odds)
    return truth, np.stack((0.9 - p, p, np.full(n, 0.06), np.full(n, 0.04)), axis=1)


@pytest.mark.parametrize("own", [0.005, 0.1, 0.8])
def test_the_answers_are_those_of_somebody_who_knew_the_share(own):
    truth, said = answered(own, 4000)
    found = by_person(said, np.zeros(4000), 1, 0, SHARE, 50.0)
    known = said[:, 1] / 0.9
    known = known * own / SHARE / (known * own / SHARE + (1 - known) * (1 - own) / (1 - SHARE))
    np.testing.assert_allclose(found[:, 1], 0.9 * known, atol=0.03)
    wrong, less = ((answers[:, 1] > answers[:, 0]) != truth for answers in (said, found))
    assert less.sum() <= wrong.sum() and (own < 0.5 or less.sum() < 0.8 * wrong.sum())


@given(st.lists(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), min_size=1, max_size=30), st.floats(1, 1e5))
@settings(max_examples=40, deadline=None)
def test_nothing_else_is_moved(rows, counts):
    said = np.array(rows)
    said /= said.sum(axis=1, keepdims=True)
    found = by_person(said, np.arange(len(said)) % 3, 1, 0, SHARE, counts)
    np.testing.assert_array_equal(found[:, 2:], said[:, 2:])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-9)
    assert (found >= 0).all()
    for one in range(3):
        odds = found[one::3, 1] / np.maximum(found[one::3, 0], 1e-300) / (said[one::3, 1] / said[one::3, 0])
        np.testing.assert_allclose(
            odds, odds[0] if len(odds) else 1, rtol=1e-4, err_msg="one factor for all of a person's windows"
        )


def test_each_person_stands_alone_and_a_heavy_prior_leaves_all_as_it_was():
    _, many = answered(0.7, 500)
    _, few = answered(0.01, 500, seed=1)
    both = by_person(np.concatenate((many, few)), np.repeat([3, 1], 500), 1, 0, SHARE, 200.0)
    np.testing.assert_array_equal(both[:500], by_person(many, np.zeros(500), 1, 0, SHARE, 200.0))
    np.testing.assert_array_equal(both[500:], by_person(few, np.zeros(500), 1, 0, SHARE, 200.0))
    np.testing.assert_allclose(by_person(many, np.zeros(500), 1, 0, SHARE, 1e12), many, atol=1e-6)
    assert by_person(many.astype(np.float32), np.zeros(500), 1, 0, SHARE, 200.0).dtype == np.float32
    assert by_person(many[:0], np.zeros(0), 1, 0, SHARE, 200.0).shape == (0, 4)


def test_certain_answers_stay():
    sure = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0]])
    np.testing.assert_allclose(by_person(sure, np.zeros(3), 1, 0, SHARE, 1000.0), sure, atol=1e-9)


def test_by_name_it_is_the_same_and_without_a_word_nothing_happens():
    _, said = answered(0.5, 100)
    own = {"of": "S", "beside": "N", "share": SHARE, "counts": 50.0}
    person = np.zeros(100)
    np.testing.assert_array_equal(
        with_adapted_priors(said, person, "NSVF", own), by_person(said, person, 1, 0, SHARE, 50.0)
    )
    assert with_adapted_priors(said, person, "NSVF", {}) is said
