"""Knows what computes a network: ONNX Runtime where the bundle brings a graph, torch otherwise. Loads what it needs late."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import BundleDamaged

_BATCH = 128  # larger batches fall out of the cache: 2,624 beats took 0.39 s by 128 and 0.60 s at once


class TorchBackend:
    """The architecture of MODELS with the bundle's weights.

    Parameters
    ----------
    folder : of the bundle; card : its card
    """

    name = "torch"

    def __init__(self, folder: Path, card: Card):
        import torch

        from einthoven.models import MODELS

        tensors = bundle.load_weights(folder, card)
        settings = {name: tuple(value) if isinstance(value, list) else value for name, value in card.settings.items()}
        try:
            shape = (card.preparation.n_rows, len(card.classes), card.preparation.n_input)
            network = MODELS[card.architecture](*shape, **settings)
            network.load_state_dict({name: torch.from_numpy(values) for name, values in tensors.items()})
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise BundleDamaged(
                f"the weights in {folder} do not fit the architecture on the card.",
                found=f"{card.architecture}: {str(error).splitlines()[0]}",
                expected=f"one of {', '.join(MODELS)} with the card's settings",
                remedy="copy the bundle again, or use the version of einthoven it was made with",
            ) from error
        self.network = network.eval()

    def logits(self, windows: np.ndarray) -> np.ndarray:
        """[n, leads, samples] to [n, classes]."""
        import torch

        with torch.inference_mode():
            pieces = [self.network(torch.from_numpy(np.ascontiguousarray(piece))) for piece in _pieces(windows)]
        return torch.cat(pieces).numpy()


class OnnxBackend:
    """The bundle's graph in ONNX Runtime; needs no torch.

    Parameters
    ----------
    folder : of the bundle; card : its card
    """

    name = "onnxruntime"

    def __init__(self, folder: Path, card: Card):
        import onnxruntime

        content = (folder / bundle.GRAPH).read_bytes()
        if hashlib.sha256(content).hexdigest() != card.graph_sha256:
            raise _not_the_card_s(folder, "its checksum is not the card's")
        try:
            self.session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
            takes, gives = self.session.get_inputs()[0].shape[1:], self.session.get_outputs()[0].shape[1:]
            stated = [card.preparation.n_rows, card.preparation.n_input], [len(card.classes)]
            if (takes, gives) != stated:
                raise ValueError(f"it takes {takes} and gives {gives}, the card says {stated[0]} and {stated[1]}")
        except Exception as error:
            raise _not_the_card_s(folder, str(error).splitlines()[0][:160]) from error

    def logits(self, windows: np.ndarray) -> np.ndarray:
        """[n, leads, samples] to [n, classes]."""
        pieces = [self.session.run(None, {"windows": np.ascontiguousarray(piece)})[0] for piece in _pieces(windows)]
        return np.concatenate(pieces)


def fastest(folder: Path, card: Card) -> TorchBackend | OnnxBackend:
    """The faster of the backends that can answer here."""
    if card.graph_sha256 and (folder / bundle.GRAPH).is_file() and find_spec("onnxruntime"):
        return OnnxBackend(folder, card)
    return TorchBackend(folder, card)


def _not_the_card_s(folder: Path, found: str) -> BundleDamaged:
    return BundleDamaged(
        f"the model in {folder} cannot be loaded.",
        found=f"{bundle.GRAPH}: {found}",
        expected="the graph it was saved with",
        remedy=f"copy the bundle again, or remove {bundle.GRAPH}: torch then answers",
    )


def _pieces(windows: np.ndarray):
    return (windows[at : at + _BATCH] for at in range(0, len(windows), _BATCH))
