"""What is chosen on validation data serves what it is chosen for."""

import numpy as np

from einthoven.evaluation.choosing import adapted, best_for_s_and_v, best_share_for_challenge, operating_point
from einthoven.evaluation.evaluate import evaluate
from einthoven.evaluation.official import CHALLENGE2017
from einthoven.evaluation.predictions import Predictions


def test_the_operating_point_turns_rare_classes_down():
    rng = np.random.default_rng(0)
    truth = np.repeat((0, 1), (900, 100))
    sure = np.where(truth == 1, 0.75, 0.3) + 0.15 * rng.standard_normal(1000)
    probability = np.stack((1 - sure, sure), axis=1).clip(0.01, 0.99)
    one = np.char.mod("%d", np.arange(1000))
    answers = Predictions(("N", "S"), truth, probability, one, one, np.arange(1000))
    point = operating_point(answers, 0.988)
    assert point["weights"][0] == 1.0
    assert point["weights"][1] < 1.0
    assert point["validation_macro_precision"] > 0.95


def test_an_operating_point_that_cannot_be_reached_is_the_most_precise():
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 900, p=(0.8, 0.1, 0.1))
    probability = 0.6 * np.eye(3)[truth] + rng.dirichlet((1, 1, 1), 900)
    rows = np.arange(900).astype(str)
    answers = Predictions(
        tuple("NSV"), truth, probability / probability.sum(axis=1, keepdims=True), rows, rows, np.arange(900)
    )
    point = operating_point(answers, 0.988)
    tried = []
    for factor in np.geomspace(1.0, 0.02, 25):
        got = evaluate(answers.weighted((1.0, round(float(factor), 4), round(float(factor), 4))), "beat", 1)
        tried.append(got["macro_precision"]["value"])
    assert point["validation_macro_precision"] == max(tried) > tried[-1]


def test_what_is_chosen_serves_people_who_differ():
    """Answers that do not know that half of the people have no beat of class S and the others mostly such."""
    rng = np.random.default_rng(0)
    truth, person = np.zeros(4000, int), np.repeat(np.arange(8), 500)
    truth[(person % 2 == 1) & (rng.random(4000) < 0.8)] = 1
    truth[rng.random(4000) < 0.1] = 2
    evidence = 1.6 * (truth == 1) + rng.standard_normal(4000)
    share = (truth == 1).sum() / (truth < 2).sum()
    s = 1 / (1 + np.exp(-1.6 * (evidence - 0.8)) * (1 - share) / share)
    v = np.where(truth == 2, 0.9, 0.02)
    probability = np.stack(((1 - s) * (1 - v), s * (1 - v), v, np.zeros(4000)), axis=1)
    record = person.astype(str)
    answers = Predictions(tuple("NSVF"), truth, probability, record, record, np.arange(4000))
    alone, shared = (best_for_s_and_v(answers, counts) for counts in ((0.0,), (0.0, 10.0, 100.0)))
    assert alone[1] == {} and shared[1]["counts"] in (10.0, 100.0) and shared[1]["of"] == "S"
    f1 = []
    for weights, own in (alone, shared):
        said = adapted(answers.weighted(weights), own)
        f1.append(evaluate(said, "patient", 1)["per_class"]["S"]["f1"]["value"])
    assert f1[1] > f1[0] + 0.05


def test_the_share_of_a_mixture_is_that_of_the_best_score():
    truth, rows = np.arange(200) % 4, np.arange(200).astype(str)
    right, wrong = 0.7 * np.eye(4)[truth] + 0.075, 0.7 * np.eye(4)[(truth + 1) % 4] + 0.075
    by_share = {
        share: Predictions(CHALLENGE2017, truth, share * right + (1 - share) * wrong, rows, rows, np.arange(200))
        for share in (0.0, 0.3, 0.8)
    }
    found = best_share_for_challenge(by_share)
    assert found["share"] == 0.8 and list(found["scores"]) == ["0", "0.3", "0.8"]
    assert found["scores"]["0"] < found["scores"]["0.8"] == 1.0
