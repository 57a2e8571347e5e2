import numpy as np
import pytest

from einthoven.errors import FileDamaged
from einthoven.signal import lead_swaps, plausible, small_network


def network(limit=0.0):
    rng = np.random.default_rng(0)
    layers = (rng.standard_normal(3), np.ones(3), rng.standard_normal((3, 4)), np.zeros(4), rng.standard_normal((4, 2)))
    return small_network.SmallNetwork(
        ("none", "fault"), *layers, np.zeros(2), np.array([0, limit]), np.array([0.5, 0.5])
    )


def test_probabilities_sum_to_one_and_are_those_of_the_formula():
    net, rows = network(), np.random.default_rng(1).standard_normal((5, 3))
    got = np.exp(net.log_probabilities(rows))
    np.testing.assert_allclose(got.sum(axis=1), 1)
    raw = np.maximum((rows - net.mean) @ net.hidden, 0) @ net.output
    np.testing.assert_allclose(got[:, 1], 1 / (1 + np.exp(raw[:, 0] - raw[:, 1])))


def test_a_class_is_named_above_its_limit_with_a_certainty_that_allows_for_how_rare_it_is():
    rows = np.random.default_rng(1).standard_normal((50, 3))
    row = rows[(network().log_probabilities(rows) @ [-1, 1]).argmax()][None]
    above = float((network().log_probabilities(row) @ [-1, 1])[0])
    name, certainty = network(above - 0.1).named(row, 0.5)
    assert name == "fault" and certainty == pytest.approx(1 / (1 + np.exp(-above)))
    assert network(above - 0.1).named(row, 0.01)[1] < certainty
    assert network(above + 0.1).named(row, 0.5) is None


def test_a_network_is_read_as_it_was_written(tmp_path):
    small_network.save(tmp_path / "a" / "net.npz", network(0.7))
    again, rows = small_network.load(tmp_path / "a" / "net.npz"), np.random.default_rng(1).standard_normal((5, 3))
    assert again.names == ("none", "fault") and again.limits[1] == pytest.approx(0.7)
    np.testing.assert_allclose(again.log_probabilities(rows), network().log_probabilities(rows), atol=0.02)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_refused(content, tmp_path):
    file = tmp_path / "net.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FileDamaged, match=r"net\.npz"):
        small_network.load(file)


def test_the_networks_of_the_package_fit_what_is_measured():
    assert small_network.bundled(lead_swaps.WEIGHTS).names == tuple(lead_swaps.FAULTS)
    for name in plausible.WEIGHTS.values():
        assert small_network.bundled(name).names == ("right", "stated too high", "stated too low")
