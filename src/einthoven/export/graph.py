"""Turn a network into an ONNX graph, and add one to a bundle."""

import contextlib
import hashlib
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle, console
from einthoven.bundle import Card
from einthoven.errors import FileDamaged
from einthoven.export.compact import without_notes
from einthoven.export.layers import with_folded_norms
from einthoven.export.shapes import lstm_by_shape
from einthoven.export.sharing import without_shared_weights
from einthoven.inference.backends import OnnxBackend, TorchBackend
from einthoven.paths import written_aside
from einthoven.signal.windows import Windows

if TYPE_CHECKING:
    from torch import nn

TOLERANCE = 1e-4
"""Largest difference between graph and weights: of a logit, for an ensemble of a probability."""
OUTPUT = "logits"
"""Name of a graph's output."""
_N_NOISE = 64


def add_graph(folder: Path) -> Card:
    """Write ``graph.onnx`` into a bundle, compared with torch on random windows; a graph that is there is kept.

    The graph of an ensemble or a delineator takes its numbers from the weights file, which would double otherwise;
    ``graph.json`` says which.

    Parameters
    ----------
    folder : Path
        Folder of the bundle.

    Returns
    -------
    Card
        The bundle's card, with the checksum of the graph.

    Raises
    ------
    FileDamaged
        Where a logit (of an ensemble, a probability) differs from torch's by more than 1e-4; no graph is written then.
    """
    card = bundle.load_card(folder)
    if card.graph_sha256 and (folder / bundle.GRAPH).is_file():
        return card
    reference, windows = TorchBackend(folder, card), noise(card)
    shared, numbers = b"", None
    if card.architecture == "ensemble" or card.answers_samples:
        tensors = bundle.load_weights(folder, card)
        content, where = without_shared_weights(to_onnx(reference.network, windows, is_whole=False), tensors)
        numbers, shared = bundle.numbers_of(where, tensors), json.dumps(where, separators=(",", ":")).encode()
    else:
        content = to_onnx(with_folded_norms(reference.network), windows)
    graph = OnnxBackend(content, card, folder, numbers=numbers)
    _require_same(card, graph.logits(windows), reference.logits(windows))
    for name, what in ((bundle.GRAPH, content), (bundle.NUMBERS, shared)):
        if what:
            with written_aside(folder / name) as target:
                target.write_bytes(what)
    checked = replace(card, graph_sha256=hashlib.sha256(content + shared).hexdigest())
    bundle.rewrite_card(folder, checked)
    return checked


def _require_same(card: Card, logits: NDArray[Any], expected: NDArray[Any]) -> None:
    """Refuse logits of a graph that are not those of the weights; for an ensemble probabilities are compared.

    The logits of an ensemble are logarithms of probabilities, which magnify differences that mean nothing.
    """
    is_ensemble = card.architecture == "ensemble"
    of: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray
    if is_ensemble:
        of = _sigmoid if card.multilabel else np.exp
    difference = float(np.abs(of(logits) - of(expected)).max())
    if not difference <= TOLERANCE:
        raise FileDamaged(
            f"The graph of {card.name} does not predict what its weights do.",
            found=f"a largest difference of {difference:.2g} between {'probabilities' if is_ensemble else 'logits'}",
            expected=f"at most {TOLERANCE:g}",
            remedy="use the bundle without a graph: torch is then the backend",
        )


def _sigmoid(logits: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(1 / (1 + np.exp(-logits)))


def noise(card: Card) -> Windows:
    """Return 64 random windows of a model's shape, always the same.

    Parameters
    ----------
    card : Card
        The model's card.

    Returns
    -------
    Windows
        Standard normal values in every part that the model's preparation makes.
    """
    rng, prepared = np.random.default_rng(0), card.preparation

    def drawn(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal((_N_NOISE, *shape)).astype(np.float32)

    n_leads = len(prepared.leads)
    signal = drawn(n_leads, prepared.n_input)
    beat = drawn(n_leads, prepared.beat_samples) if prepared.beat_samples else None
    return Windows(signal, beat, drawn(prepared.n_features) if prepared.n_features else None)


@console.uninterrupted()
def to_onnx(network: "nn.Module", windows: Windows, is_whole: bool = True) -> bytes:
    """Return the graph of a network, for batches of any size; its inputs are named as the parts of a window.

    Parameters
    ----------
    network : nn.Module
        In eval mode.
    windows : Windows
        More than one, of the shapes that the network reads.
    is_whole : bool
        Whether layers may be merged, so that numbers in the graph differ from the network's.

    Returns
    -------
    bytes
        The graph. Inputs: ``signal``, ``beat``, ``features``, as far as the network reads them; output: ``logits``.
    """
    import torch

    from einthoven.data.batches import tensors
    from einthoven.models.inputs import arguments, reads

    given = arguments(network, tensors(windows[:7]))
    batch = torch.export.Dim("batch")
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / bundle.GRAPH
        silent = console.quieted("torch.onnx", level=logging.ERROR)
        with silent, lstm_by_shape(), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                given,
                file,
                dynamo=True,
                input_names=list(reads(network)),
                output_names=[OUTPUT],
                dynamic_shapes=_any_batch(network, given, batch),
                external_data=False,
                optimize=is_whole,
                verbose=False,
            )
            return without_notes(_precomputed(file).read_bytes() if is_whole else _folded(file))


def _any_batch(network: "nn.Module", given: tuple[Any, ...], batch: Any) -> tuple[Any, ...]:
    """Return the dynamic shapes of a network's arguments; one that takes ``*parts`` wants them as one."""
    from einthoven.models.inputs import takes_any

    shapes = tuple(None if part is None else {0: batch} for part in given)
    return (shapes,) if takes_any(network) else shapes


def _precomputed(file: Path) -> Path:
    """Compute once what does not depend on the input, such as the order of an LSTM's gates; return the file of the new graph."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath, options.log_severity_level = str(file.with_name("precomputed.onnx")), 3
    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return Path(options.optimized_model_filepath)


def _folded(file: Path) -> bytes:
    """Return a graph with its shapes computed and nothing in it twice, and every number as the network has it."""
    from onnx_ir.passes import common
    from onnxscript import ir, optimizer

    model, any_size = ir.load(file), 1 << 40
    optimizer.fold_constants_ir(model, input_size_limit=any_size, output_size_limit=any_size)
    for step in (
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.DeduplicateInitializersPass(),
        common.CommonSubexpressionEliminationPass(),
        common.RemoveUnusedNodesPass(),
    ):
        step(model)
    return bytes(ir.serde.serialize_model(model).SerializeToString())
