"""The network in NumPy is that of torch, and the pieces of a signal give the values of the whole."""

import numpy as np
import pytest

from einthoven.errors import FileDamaged
from einthoven.signal import heartbeat_network
from einthoven.signal.heartbeat_network import REACH_S, STEP, evidence


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(0).standard_normal((2, 2, 128 * 90)).astype(np.float32)


def test_the_network_is_that_of_torch(inputs):
    from torch import from_numpy, no_grad, sigmoid
    from torch.nn.functional import conv1d, relu

    layers = {
        name: (from_numpy(w).transpose(1, 2).contiguous(), from_numpy(b[:, 0].copy()))
        for name, (w, b) in (
            (name, (weight.reshape(len(weight), size, -1), bias))
            for name, (weight, bias, size) in heartbeat_network._weights().items()
        )
    }

    def layer(name, x, step=1, apart=1):
        weight, bias = layers[name]
        return relu(conv1d(x, weight, bias, step, apart * (weight.shape[2] // 2), apart))

    def twice(name, x):
        return conv1d(x, *layers[name]).repeat_interleave(2, 2)

    with no_grad():
        at_64 = layer("keep0", layer("stem", from_numpy(inputs), 2))
        at_32 = layer("keep1", layer("down1", at_64, 2))
        at_16 = layer("keep2", layer("down2", at_32, 2))
        at_8 = layer("down3", at_16, 2)
        for name, apart in (("wide1", 1), ("wide2", 2), ("wide3", 1)):
            at_8 = at_8 + layer(name, at_8, 1, apart)
        y = layer("join2", at_16 + twice("up2", at_8))
        y = layer("join1", at_32 + twice("up1", y))
        y = layer("join0", at_64 + twice("up0", y))
        wanted = sigmoid(conv1d(y, *layers["out"]))[:, 0].numpy()
    np.testing.assert_allclose(evidence(inputs), wanted, atol=1e-5)


@pytest.mark.parametrize("piece", [512, 4096])
def test_pieces_give_the_values_of_the_whole(inputs, piece, monkeypatch):
    wanted = evidence(inputs)
    monkeypatch.setattr(heartbeat_network, "_PIECE", piece)
    np.testing.assert_allclose(evidence(inputs), wanted, atol=1e-6)


def test_a_value_depends_on_its_reach_only(inputs):
    at, reach = 128 * 40, round(REACH_S * 128)
    changed = inputs.copy()
    changed[:, :, : at - reach] = 5
    changed[:, :, at + reach :] = -5
    np.testing.assert_array_equal(evidence(changed)[:, at // STEP], evidence(inputs)[:, at // STEP])


@pytest.mark.parametrize("n", [0, 1, 15, 33])
def test_any_length_has_its_values(inputs, n):
    found = evidence(inputs[:, :, :n])
    assert found.shape == (2, -(-n // STEP)) and ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive"])
def test_damaged_weights_are_named(tmp_path, monkeypatch, content):
    file = tmp_path / "network.npz"
    file.write_bytes(content)
    monkeypatch.setattr(heartbeat_network, "WEIGHTS", file)
    heartbeat_network._weights.cache_clear()
    try:
        with pytest.raises(FileDamaged, match="cannot be read"):
            evidence(np.zeros((1, 2, 64), np.float32))
    finally:
        heartbeat_network._weights.cache_clear()


@pytest.mark.parametrize("n", [1, 42, 43, 546, 1000])
def test_a_product_in_parts_is_the_product(n):
    rng = np.random.default_rng(n)
    weight, columns = (rng.standard_normal(shape).astype(np.float32) for shape in ((96, 64), (64, n)))
    np.testing.assert_allclose(heartbeat_network._product(weight, columns), weight @ columns, atol=1e-4)
