"""Backends, which compute a network: ONNX Runtime, OpenVINO and torch."""

import hashlib
import json
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle, workers
from einthoven.bundle import Card
from einthoven.errors import FileDamaged, optional_imports
from einthoven.inference import graph_content, ports
from einthoven.signal.windows import Windows

_RANGES_OF_ALL = b"DynamicQuantizeLSTM"
"""ONNX Runtime's int8 LSTM, which computes the range of its activations over a whole batch."""
_BATCH = 128  # larger batches fall out of the cache: 2,624 beats took 0.39 s by 128 and 0.60 s at once


class Backend(Protocol):
    """What computes a network."""

    name: str
    """Name of the backend."""

    def logits(self, windows: Windows) -> NDArray[Any]:
        """Return logits [n, classes].

        Parameters
        ----------
        windows : Windows
            The windows, as the network reads them.

        Returns
        -------
        array [n, classes]
            The logits.
        """


class TorchBackend:
    """A network of MODELS with the weights of a bundle.

    Parameters
    ----------
    folder : Path
        Folder of the bundle.
    card : Card
        Its card.

    Raises
    ------
    FileDamaged
        Where the weights do not fit the architecture.
    LibraryMissing
        Where torch is not installed.
    """

    name = "torch"

    def __init__(self, folder: Path, card: Card) -> None:
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
                f"The weights in {folder} do not fit the architecture on the card.",
                found=f"{card.architecture}: {str(error).splitlines()[0]}",
                expected="weights of that architecture with the card's settings",
                remedy="copy the bundle again, or use the version of einthoven that it was made with",
            ) from error
        self.network = network.eval()

    def logits(self, windows: Windows) -> NDArray[Any]:
        """Return logits [n, classes].

        Parameters
        ----------
        windows : Windows
            The windows, as the network reads them.

        Returns
        -------
        array [n, classes]
            The logits.
        """
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
    content : bytes
        The graph.
    card : Card
        The model's card.
    where : Path
        Where the graph comes from, for errors.
    threads : int
        Threads that compute; 0 takes all cores, or one where other processes compute beside this one.
    numbers : dict of array, optional
        Constants that are not in the graph, by their names in it.

    Raises
    ------
    FileDamaged
        Where the graph cannot be loaded, or has other shapes than the card says.
    LibraryMissing
        Where ONNX Runtime is not installed.
    """

    name = "onnxruntime"

    def __init__(
        self, content: bytes, card: Card, where: Path, threads: int = 0, numbers: dict[str, NDArray[Any]] | None = None
    ) -> None:
        with optional_imports():
            import onnxruntime

        try:
            graph_content.require_inside(content, numbers or {})
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.log_severity_level = threads or workers.n_threads(), 4
            # Threads that spin while they wait would cost a stream more than its predictions do.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            if numbers:
                self.numbers = [onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in numbers.values()]
                options.add_external_initializers(list(numbers), self.numbers)
            self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            self.takes = ports.parts_of_inputs(
                card,
                {port.name: port.shape[1:] for port in self.session.get_inputs()},
                self.session.get_outputs()[0].shape[1:],
            )
            self.batch, self.where = largest_batch(content), where
        except Exception as error:
            raise _not_the_card_s(where, ports.message(error)) from error

    def logits(self, windows: Windows) -> NDArray[Any]:
        """Return logits [n, classes].

        Parameters
        ----------
        windows : Windows
            The windows, as the network reads them.

        Returns
        -------
        array [n, classes]
            The logits.
        """
        pieces = (ports.inputs_for(self.takes, piece) for piece in windows.pieces(self.batch))
        return _computed(self.where, lambda: [self.session.run(None, piece)[0] for piece in pieces])


class OpenVinoBackend:
    """A graph in OpenVINO; needs no torch.

    Parameters
    ----------
    model : bytes or Path
        An ONNX graph, or the path of a file in OpenVINO's own format.
    card : Card
        The model's card.
    where : Path
        Where the graph comes from, for errors.
    threads : int
        Threads that compute; 0 takes all cores, or one where other processes compute beside this one.

    Raises
    ------
    FileDamaged
        Where the graph cannot be loaded, or has other shapes than the card says.
    LibraryMissing
        Where OpenVINO is not installed.
    """

    name = "openvino"

    def __init__(self, model: bytes | Path, card: Card, where: Path, threads: int = 0) -> None:
        with optional_imports():
            import openvino

        # 16 bits only if that is the precision of the export.
        precision = "bf16" if card.export.get("precision") == "bf16" else "f32"
        options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        if threads := threads or workers.n_threads():
            options["INFERENCE_NUM_THREADS"] = str(threads)
        try:
            if isinstance(model, bytes):
                graph_content.require_inside(model, {})
            core = openvino.Core()
            read = core.read_model(model if isinstance(model, bytes) else str(model))
            shapes = {port.get_any_name(): _sizes(port) for port in read.inputs}
            self.takes = ports.parts_of_inputs(card, shapes, _sizes(read.outputs[0]))
            self.compiled, self.where = core.compile_model(read, "CPU", options), where
            self.requests = threading.local()
        except Exception as error:
            raise _not_the_card_s(where, ports.message(error)) from error

    def logits(self, windows: Windows) -> NDArray[Any]:
        """Return logits [n, classes].

        Parameters
        ----------
        windows : Windows
            The windows, as the network reads them.

        Returns
        -------
        array [n, classes]
            The logits.
        """
        if not hasattr(self.requests, "own"):  # two threads may not share one
            self.requests.own = self.compiled.create_infer_request()
        pieces = (ports.inputs_for(self.takes, piece) for piece in windows.pieces(_BATCH))
        return _computed(self.where, lambda: [np.array(self.requests.own.infer(piece)[0]) for piece in pieces])


def _computed(where: Path, run: Callable[[], list[Any]]) -> NDArray[Any]:
    """Return the outputs of a runtime, one below the other."""
    try:
        return np.concatenate(run())
    except Exception as error:
        raise FileDamaged(
            f"The model in {where} cannot be computed.",
            found=f"its graph: {ports.message(error)}",
            expected="a graph that takes the windows of its card",
            remedy=f"copy or export it again; in a bundle remove {bundle.GRAPH}: torch is then the backend",
        ) from error


def largest_batch(content: bytes) -> int:
    """Return how many windows ONNX Runtime computes together.

    Parameters
    ----------
    content : bytes
        The graph.

    Returns
    -------
    int
        One, if int8 LSTMs would make each window depend on the others of its batch.
    """
    return 1 if _RANGES_OF_ALL in content else _BATCH


def fastest(place: Path, card: Card) -> Backend:
    """Return the fastest backend that is installed; bench/backends.py measures them.

    Parameters
    ----------
    place : Path
        Folder of a bundle, or an exported file.
    card : Card
        Its card.

    Returns
    -------
    Backend
        What computes the network.

    Raises
    ------
    FileDamaged
        Where the graph is not the one that the card names, or cannot be loaded.
    LibraryMissing
        Where no backend for it is installed.
    """
    suffix = place.suffix.lower()
    if suffix == ".xml":
        return OpenVinoBackend(place, card, place)
    if suffix == ".onnx" and place.is_file():
        return _of_graph(place.read_bytes(), card, place) or TorchBackend(place, card)
    if card.graph_sha256 and (place / bundle.GRAPH).is_file():
        return _of_bundle(place, card) or TorchBackend(place, card)
    return TorchBackend(place, card)


def _of_graph(content: bytes, card: Card, where: Path) -> Backend | None:
    """Return a backend for a graph, if one is installed."""
    if find_spec("onnxruntime"):
        return OnnxBackend(content, card, where)
    return OpenVinoBackend(content, card, where) if find_spec("openvino") else None


def _of_bundle(folder: Path, card: Card) -> Backend | None:
    """Return a backend for the graph of a bundle, if one is installed; numbers that the graph lacks are in the weights file."""
    content, table = (folder / bundle.GRAPH).read_bytes(), folder / bundle.NUMBERS
    shared = table.read_bytes() if table.is_file() else b""
    if hashlib.sha256(content + shared).hexdigest() != card.graph_sha256:
        raise _not_the_card_s(folder, f"{bundle.GRAPH}: its checksum is not the card's")
    if not shared:
        return _of_graph(content, card, folder)
    if not find_spec("onnxruntime"):
        return None
    numbers = bundle.numbers_of(json.loads(shared), bundle.load_weights(folder, card))
    return OnnxBackend(content, card, folder, numbers=numbers)


def _not_the_card_s(where: Path, found: str) -> FileDamaged:
    return FileDamaged(
        f"The model in {where} cannot be loaded.",
        found=f"its graph: {found}",
        expected="the graph it was saved with",
        remedy=f"copy or export it again; in a bundle remove {bundle.GRAPH}: torch is then the backend",
    )


def _sizes(port: Any) -> list[int]:
    """Return the shape of an OpenVINO port without the batch."""
    return [size.get_length() for size in list(port.get_partial_shape())[1:]]
