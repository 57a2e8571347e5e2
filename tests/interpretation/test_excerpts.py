"""Strips are chosen to differ: one of each kind of event, extreme and shape; none twice."""

import itertools

import pytest

from einthoven.interpretation.excerpts import excerpts_of
from tests.interpretation.long import PAUSE_AT_S, RUN_AT_S, interpretation


@pytest.fixture(scope="module")
def chosen():
    return excerpts_of(interpretation(), 7.0, 20)


def test_each_kind_of_event_has_a_strip(chosen):
    assert {one.kind for one in chosen} >= {"pause", "run", "couplet", "rhythm", "rate", "shape"}
    pause, run = (next(one for one in chosen if one.kind == kind) for kind in ("pause", "run"))
    assert pause.text.startswith("longest pause, 2.5 s") and pause.at_s == pytest.approx(PAUSE_AT_S, abs=1)
    assert run.text.startswith("longest ventricular run, 3 beats") and run.at_s == pytest.approx(RUN_AT_S, abs=1)
    assert run.start_s == pytest.approx(run.at_s - 1.5)


def test_no_two_strips_show_the_same_moment(chosen):
    starts = sorted(one.start_s for one in chosen)
    assert min(after - before for before, after in itertools.pairwise(starts)) >= 7 / 3
    together = next(one for one in chosen if one.kind == "run")
    assert "fastest ventricular run" in together.text


def test_the_most_that_is_asked_for_is_kept(chosen):
    assert [one.kind for one in excerpts_of(interpretation(), 7.0, 3)] == [one.kind for one in chosen[:3]]
