"""Windows of one rhythm are joined; what was not assessed is in no share."""

import numpy as np
import pytest

from einthoven.interpretation.episodes import episodes_of

BOUNDS = np.array([[0, 30], [30, 60], [60, 90], [90, 120], [110, 140]], float)


def found(rhythms, answered=(True,) * 5):
    return episodes_of(BOUNDS, list(rhythms), np.array([0.9, 0.7, 0.8, 0.6, 1.0]), np.array(answered))


def test_windows_of_one_rhythm_are_joined():
    episodes = found("NNANN").episodes
    assert [(one.rhythm, one.start_s, one.end_s) for one in episodes] == [("N", 0, 60), ("A", 60, 90), ("N", 90, 140)]
    assert episodes[0].probability == pytest.approx(0.8)
    assert episodes[2].probability == pytest.approx((30 * 0.6 + 20 * 1.0) / 50)


def test_shares_are_of_the_time_that_was_assessed():
    episodes = found("NNANN", (True, False, True, True, True))
    assert episodes.assessed_s == 110 and episodes.share("A") == pytest.approx(30 / 110)
    assert [one.rhythm for one in episodes.episodes] == ["N", "A", "N"] and episodes.rhythms == ("N", "A")
    assert sum(episodes.share(name) for name in episodes.rhythms) == pytest.approx(1)


def test_nothing_assessed_is_no_share():
    episodes = found("NNANN", (False,) * 5)
    assert episodes.episodes == () and episodes.share("A") == 0.0 and episodes.assessed_s == 0.0
