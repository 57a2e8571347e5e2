"""Change what einthoven itself writes as a forger would: values of other kinds and sizes, under a right checksum."""

import hashlib
import io
import json
import random
from typing import Any

import numpy as np

from einthoven.bundle.card import _checksum
from einthoven.streaming import state
from tests.fuzz.mutation import Seed, mutated

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e-300, 1e300, 10**9, 10**12, 10**30, float("nan"), float("inf"), "", "x",
    "../../etc/passwd", "\x1b[31m", "9" * 5000, [], {}, [[]], [None], ["x"], [0.5, 0.5], [1e12] * 3, {"x": 1}, [{}], [["x", {}]],
    "challenge2017", "tiles", "beats", "forest", "cnn_lstm", "signal", "II", "I|II",
)  # fmt: skip


def changed(seed: Seed, number: int) -> tuple[dict[str, bytes], random.Random]:
    """Change a seed's files by its kind; the same seed and number give the same files."""
    files, rng = mutated(seed.files, seed.name, number)
    if seed.kind in ("record", "line", "request") or rng.random() < 0.1:
        return files, rng
    return _FORGERS[seed.kind](dict(seed.files), rng), rng


def forged(plain: Any, rng: random.Random) -> Any:
    """Replace, remove, double or move one value somewhere in plain values."""
    if isinstance(plain, dict) and plain and rng.random() < 0.9:
        key = rng.choice(sorted(plain))
        choice = rng.random()
        if choice < 0.6 or not isinstance(plain[key], dict | list):
            kept = {name: value for name, value in plain.items() if name != key}
            return kept if choice < 0.05 else plain | {key: _instead(plain[key], rng)}
        return plain | {key: forged(plain[key], rng)}
    if isinstance(plain, list) and plain and rng.random() < 0.9:
        at = rng.randrange(len(plain))
        return [*plain[:at], forged(plain[at], rng), *plain[at + 1 :]]
    return _instead(plain, rng)


def _instead(value: Any, rng: random.Random) -> Any:
    if isinstance(value, list) and rng.random() < 0.4:
        return rng.choice((value[:-1], value * 2, [*value, *value[:1]], [value], value[::-1]))
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.4:
        return rng.choice((-value, value * 1000, value * 10**7, value / 1000, value + 1, str(value)))
    return rng.choice(VALUES)


def _card(files: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    card = json.loads(files["m/card.json"])
    card.pop("card_sha256")
    for _ in range(rng.choice((1, 1, 2))):
        card = forged(card, rng)
    sealed = card | {"card_sha256": _checksum(card)} if isinstance(card, dict) else card
    return files | {"m/card.json": json.dumps(sealed).encode()}


def _graph(files: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    graph = mutated({"g": files["m/graph.onnx"]}, "graph", rng.getrandbits(30))[0]["g"]
    card = json.loads(files["m/card.json"])
    card.pop("card_sha256")
    card["graph_sha256"] = hashlib.sha256(graph + files.get("m/graph.json", b"")).hexdigest()
    return files | {"m/graph.onnx": graph, "m/card.json": json.dumps(card | {"card_sha256": _checksum(card)}).encode()}


def _state(files: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    with np.load(io.BytesIO(files["state"]), allow_pickle=False) as archive:
        arrays = dict(archive)
    arrays.pop("sha256")
    plain = json.loads(str(arrays.pop("plain")))
    if rng.random() < 0.7:
        plain = forged(plain, rng)
    else:
        arrays = _other_arrays(arrays, rng)
    kept = arrays | {"plain": np.array(json.dumps(plain))}
    content = io.BytesIO()
    np.savez(content, **{"sha256": np.array(state._digest(kept))} | kept)
    return files | {"state": content.getvalue()}


def _other_arrays(arrays: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    name = rng.choice(sorted(arrays))
    values = arrays[name]
    others = (
        values[..., :-1], np.concatenate((values, values), axis=-1) if values.ndim else values, values.T, values.ravel(),
        values.astype(str), np.zeros(values.shape, np.int8), np.full_like(values, 1, np.complex128), np.zeros((0, 3)), values[None],
        np.full(values.shape, np.nan), np.full(values.shape, 1e30), np.zeros((), np.float32),
    )  # fmt: skip
    if rng.random() < 0.1:
        return {key: value for key, value in arrays.items() if key != name}
    return arrays | {name: rng.choice(others)}


def _manifest(files: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    if rng.random() < 0.7:
        return files | {"s/manifest.json": json.dumps(forged(json.loads(files["s/manifest.json"]), rng)).encode()}
    with np.load(io.BytesIO(files["s/index.npz"]), allow_pickle=False) as archive:
        arrays = _other_arrays(dict(archive), rng)
    content = io.BytesIO()
    np.savez(content, **arrays)
    return files | {"s/index.npz": content.getvalue()}


_FORGERS = {"card": _card, "graph": _graph, "state": _state, "manifest": _manifest}
