"""What computes a network: ONNX Runtime, OpenVINO or torch, the fastest that can."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import EinthovenError, FileDamaged, optional_imports
from einthoven.signal.windows import Windows

CARD_KEY = "einthoven.card"
"""Where an exported file keeps the card: a key of ONNX metadata, a path of OpenVINO's runtime information."""
DIGEST_KEY = "einthoven.sha256"
"""Where it keeps the checksum of itself, see :func:`digest`."""
NO_DIGEST = "the checksum of this file".ljust(64, ".")
_RANGES_OF_ALL = b"DynamicQuantizeLSTM"
"""ONNX Runtime's int8 LSTM, which finds the range of its activations over a whole batch."""
_BATCH = 128  # larger batches fall out of the cache: 2,624 beats took 0.39 s by 128 and 0.60 s at once


class Backend(Protocol):
    """What computes a network."""

    name: str

    def logits(self, windows: Windows) -> np.ndarray:
        """Return logits [n, classes]."""


class TorchBackend:
    """The architecture of MODELS with the bundle's weights.

    Parameters
    ----------
    folder : of the bundle; card : its card
    """

    name = "torch"

    def __init__(self, folder: Path, card: Card):
        with optional_imports():
            import torch

            from einthoven.models import own
            from einthoven.models.inputs import InputShape, built

        tensors = bundle.load_weights(folder, card)
        model = own.named(card.architecture, card.training)
        try:
            shape = InputShape.of(card.preparation)
            network = built(model, shape, len(card.classes), card.settings)
            network.load_state_dict({name: torch.from_numpy(values) for name, values in tensors.items()})
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise FileDamaged(
                f"the weights in {folder} do not fit the architecture on the card.",
                found=f"{card.architecture}: {str(error).splitlines()[0]}",
                expected="weights of that architecture with the card's settings",
                remedy="copy the bundle again, or use the version of einthoven it was made with",
            ) from error
        self.network = network.eval()

    def logits(self, windows: Windows) -> np.ndarray:
        """Return logits [n, classes]."""
        import torch

        from einthoven.data.batches import tensors
        from einthoven.models.inputs import call

        with torch.inference_mode():
            pieces = [call(self.network, tensors(piece)) for piece in windows.pieces(_BATCH)]
        return torch.cat(pieces).numpy()


class OnnxBackend:
    """A graph in ONNX Runtime; needs no torch.

    Parameters
    ----------
    content : of the graph; card : its card; where : it comes from, for errors; threads : 0 takes all cores
    numbers : that the graph takes from elsewhere, by its names
    """

    name = "onnxruntime"

    def __init__(
        self, content: bytes, card: Card, where: Path, threads: int = 0, numbers: dict[str, np.ndarray] | None = None
    ):
        with optional_imports():
            import onnxruntime

        try:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.log_severity_level = threads, 3
            # Threads that wait by running in circles cost a stream more than its answers do.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            if numbers:
                self.numbers = [onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in numbers.values()]
                options.add_external_initializers(list(numbers), self.numbers)
            self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            self.takes = _require_shapes(
                card,
                {port.name: port.shape[1:] for port in self.session.get_inputs()},
                self.session.get_outputs()[0].shape[1:],
            )
            self.batch = largest_batch(content)
        except Exception as error:
            raise _not_the_card_s(where, _said(error)) from error

    def logits(self, windows: Windows) -> np.ndarray:
        """Return logits [n, classes]."""
        pieces = (_fed(self.takes, piece) for piece in windows.pieces(self.batch))
        return np.concatenate([self.session.run(None, piece)[0] for piece in pieces])


class OpenVinoBackend:
    """A graph in OpenVINO; needs no torch.

    Parameters
    ----------
    model : content of an ONNX graph, or the path of OpenVINO's own format; card, where, threads : as of OnnxBackend
    """

    name = "openvino"

    def __init__(self, model: bytes | Path, card: Card, where: Path, threads: int = 0):
        with optional_imports():
            import openvino

        # Reckoning in 16 bits is for those who asked for it when they exported.
        precision = "bf16" if card.export.get("precision") == "bf16" else "f32"
        options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        try:
            core = openvino.Core()
            read = core.read_model(model if isinstance(model, bytes) else str(model))
            ports = {port.get_any_name(): _sizes(port) for port in read.inputs}
            self.takes = _require_shapes(card, ports, _sizes(read.outputs[0]))
            compiled = core.compile_model(
                read, "CPU", options | ({"INFERENCE_NUM_THREADS": threads} if threads else {})
            )
            self.request = compiled.create_infer_request()
        except Exception as error:
            raise _not_the_card_s(where, _said(error)) from error

    def logits(self, windows: Windows) -> np.ndarray:
        """Return logits [n, classes]."""
        pieces = (_fed(self.takes, piece) for piece in windows.pieces(_BATCH))
        return np.concatenate([self.request.infer(piece)[0] for piece in pieces])


def largest_batch(content: bytes) -> int:
    """How many windows ONNX Runtime answers together: one, where a graph's int8 LSTMs would make each depend on its neighbours."""
    return 1 if _RANGES_OF_ALL in content else _BATCH


def fastest(place: Path, card: Card) -> Backend:
    """The fastest of the backends that can answer here; bench/backends.py measures them.

    Parameters
    ----------
    place : folder of a bundle, or an exported file
    """
    if place.suffix.lower() == ".xml":
        return OpenVinoBackend(place, card, place)
    graph = place if place.suffix.lower() == ".onnx" else place / bundle.GRAPH
    exported = graph is place
    if (exported or card.graph_sha256) and graph.is_file():
        content, told = graph.read_bytes(), place / bundle.NUMBERS
        taken = told.read_bytes() if told.is_file() and not exported else b""
        if not exported and hashlib.sha256(content + taken).hexdigest() != card.graph_sha256:
            raise _not_the_card_s(place, f"{bundle.GRAPH}: its checksum is not the card's")
        if find_spec("onnxruntime"):
            numbers = bundle.numbers_of(json.loads(taken), bundle.load_weights(place, card)) if taken else None
            return OnnxBackend(content, card, place, numbers=numbers)
        if find_spec("openvino") and not taken:
            return OpenVinoBackend(content, card, place)
    return TorchBackend(place, card)


def card_inside(file: Path) -> Card:
    """The card of an exported file.

    Raises
    ------
    FileDamaged
        Where it has none, or is no graph at all.
    """
    is_pair = file.suffix.lower() == ".xml"
    try:
        if is_pair:
            with optional_imports():
                import openvino

            read = openvino.Core().read_model(str(file))
            paths = [key.split(".") for key in (CARD_KEY, DIGEST_KEY)]
            if not all(read.has_rt_info(path) for path in paths):
                raise ValueError("no card in its runtime information: it was not exported by einthoven")
            text, stated = (str(read.get_rt_info(path).astype(str)) for path in paths)
            contents = [file.read_bytes(), file.with_suffix(".bin").read_bytes()]
        else:
            with optional_imports():
                import onnxruntime

            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4
            contents = [file.read_bytes()]
            session = onnxruntime.InferenceSession(contents[0], options, providers=["CPUExecutionProvider"])
            known = session.get_modelmeta().custom_metadata_map
            text, stated = known.get(CARD_KEY, ""), known.get(DIGEST_KEY, "")
            if not (text and stated):
                raise ValueError("no card in its metadata: it was not exported by einthoven")
        if digest(contents, stated) != stated:
            raise ValueError(
                "its content is not what its checksum says: it was changed, or its files are of two exports"
            )
        return Card.from_dict(json.loads(text))
    except EinthovenError:
        raise
    except Exception as error:
        raise FileDamaged(
            f"{file} is no model that einthoven exported.",
            found=_said(error),
            expected="a graph with its card inside" + ", and its .bin beside it" * is_pair,
            remedy=f"einthoven export MODEL --to {'openvino' if is_pair else 'onnx'} --out {file}",
        ) from error


def digest(contents: list[bytes], stated: str) -> str:
    """SHA-256 of an export's files as they are without the checksum that they state, which lies inside the first."""
    whole = contents[0].replace(stated.encode(), NO_DIGEST.encode())
    return hashlib.sha256(b"".join((whole, *contents[1:]))).hexdigest()


def _said(error: Exception) -> str:
    """What an error says, without the place in the runtime's source that comes first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Exception from", "Check '"))] or lines or [""]
    return f"{type(error).__name__}: {telling[0][:160]}"


def _require_shapes(card: Card, takes: dict[str, list], gives: list) -> dict[str, str]:
    """Return which part of a window each input of a graph takes; refuse shapes that are not the card's."""
    prepared = card.preparation
    stated = {
        "signal": [len(prepared.leads), prepared.n_input],
        "beat": [len(prepared.leads), prepared.beat_samples],
        "features": [prepared.n_features],
    }
    # A graph of einthoven 0.1 has one input of another name.
    names = (
        dict.fromkeys(takes, "signal")
        if len(takes) == 1 and not takes.keys() & stated.keys()
        else {n: n for n in takes}
    )
    if any(stated.get(names[port]) != list(shape) for port, shape in takes.items()) or list(gives) != [
        len(card.classes)
    ]:
        raise ValueError(f"it takes {takes} and gives {list(gives)}, the card says {stated} and {[len(card.classes)]}")
    return names


def _not_the_card_s(where: Path, found: str) -> FileDamaged:
    return FileDamaged(
        f"the model in {where} cannot be loaded.",
        found=f"its graph: {found}",
        expected="the graph it was saved with",
        remedy=f"copy or export it again; in a bundle remove {bundle.GRAPH}, and torch answers",
    )


def _fed(takes: dict[str, str], windows: Windows) -> dict[str, np.ndarray]:
    parts = windows.parts
    return {port: np.ascontiguousarray(parts[part]) for port, part in takes.items()}


def _sizes(port) -> list[int]:
    return [size.get_length() for size in list(port.get_partial_shape())[1:]]
