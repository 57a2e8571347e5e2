"""Knows how a network becomes an ONNX graph, and how a bundle gets one; refuses one that answers otherwise than the weights."""

import contextlib
import copy
import hashlib
import io
import json
import logging
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from einthoven import bundle, console
from einthoven.bundle import Card
from einthoven.errors import FileDamaged
from einthoven.inference.backends import OnnxBackend, TorchBackend
from einthoven.paths import written_aside
from einthoven.signal.windows import Windows

TOLERANCE = 1e-4
"""Largest difference of a logit between graph and weights."""
OUTPUT = "logits"
_LEAST_TAKEN = 16
"""Values that are worth the words which say where they are."""


def add_graph(folder: Path) -> Card:
    """Write ``graph.onnx`` into a bundle, checked against torch on random windows; one that is there is kept.

    An ensemble's takes its numbers from the weights file, which would double otherwise; ``graph.json`` says which are which.

    Raises
    ------
    FileDamaged
        Where a logit of the graph (a probability of an ensemble's) differs from torch's by more than 1e-4; no graph is left then.
    """
    card = bundle.load_card(folder)
    if card.graph_sha256 and (folder / bundle.GRAPH).is_file():
        return card
    reference = TorchBackend(folder, card)
    windows, is_ensemble = noise(card), card.architecture == "ensemble"
    if is_ensemble:
        tensors = bundle.load_weights(folder, card)
        content, taken = without_shared_weights(to_onnx(reference.network, windows, is_whole=False), tensors)
        numbers, told = bundle.numbers_of(taken, tensors), json.dumps(taken, separators=(",", ":")).encode()
    else:
        content, numbers, told = to_onnx(with_folded_norms(reference.network), windows), None, b""
    both = [answers.logits(windows) for answers in (OnnxBackend(content, card, folder, numbers=numbers), reference)]
    if is_ensemble:  # its logits are logarithms of probabilities: far out they magnify what is nothing
        both = [1 / (1 + np.exp(-logits)) if card.multilabel else np.exp(logits) for logits in both]
    difference = float(np.abs(both[0] - both[1]).max())
    if not difference <= TOLERANCE:
        raise FileDamaged(
            f"the graph of {card.name} does not answer as its weights do.",
            found=f"a largest difference of {difference:.2g} between {'probabilities' if is_ensemble else 'logits'}",
            expected=f"at most {TOLERANCE:g}",
            remedy="use the bundle without a graph: torch then answers",
        )
    checked = replace(card, graph_sha256=hashlib.sha256(content + told).hexdigest())
    for name, what in ((bundle.GRAPH, content), (bundle.NUMBERS, told)):
        if what:
            with written_aside(folder / name) as target:
                target.write_bytes(what)
    bundle.rewrite_card(folder, checked)
    return checked


def without_shared_weights(content: bytes, tensors: dict[str, np.ndarray]) -> tuple[bytes, dict[str, list]]:
    """A graph without the numbers that are among the tensors of a bundle.

    Returns
    -------
    (content, taken) : of the graph, no number in it twice; for each of its names that is left out the tensor's name, the kind
    of number, and the shape
    """
    import onnx
    from onnx.numpy_helper import to_array

    known = {}
    for name, values in tensors.items():
        for kind in (np.float32, np.int32, np.int64):
            known.setdefault((np.dtype(kind).name, values.astype(kind).tobytes()), name)
    model = onnx.load_from_string(with_short_names(content))
    graph, taken, first, same, kept = model.graph, {}, {}, {}, []
    for stored in graph.initializer:
        values = to_array(stored)
        key = values.dtype.name, values.tobytes()
        same[stored.name] = first.setdefault((*key, values.shape), stored.name)
        if same[stored.name] != stored.name:
            continue
        kept.append(onnx.TensorProto(name=stored.name, data_type=stored.data_type, dims=stored.dims))
        if key in known and values.size > _LEAST_TAKEN:
            taken[stored.name] = [known[key], values.dtype.name, list(stored.dims)]
            kept[-1].data_location = onnx.TensorProto.EXTERNAL
            kept[-1].external_data.add(key="location", value=bundle.WEIGHTS)
        else:
            kept[-1].CopyFrom(stored)
    for node in graph.node:
        node.input[:] = [same.get(name, name) for name in node.input]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return model.SerializeToString(), taken


def noise(card: Card) -> Windows:
    """Return 64 random windows of a model's shape, always the same."""
    rng, prepared = np.random.default_rng(0), card.preparation

    def drawn(*shape: int) -> np.ndarray | None:
        return rng.standard_normal((64, *shape)).astype(np.float32) if all(shape) else None

    n_leads = len(prepared.leads)
    signal = drawn(n_leads, prepared.n_input)
    return Windows(signal, drawn(n_leads, prepared.beat_samples), drawn(prepared.n_features))


def with_folded_norms(network):
    """A copy in which each batch normalisation behind a convolution is part of it."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    network = copy.deepcopy(network).eval()
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for at in range(len(layers) - 1):
            conv, norm = layers[at], layers[at + 1]
            if isinstance(conv, nn.Conv1d) and isinstance(norm, nn.BatchNorm1d):
                moments = norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
                conv.weight, conv.bias = fuse_conv_bn_weights(conv.weight, conv.bias, *moments)
                layers[at + 1] = nn.Identity()
    return network


def with_torch_layers(network):
    """A folded copy whose layers are torch's own: integers and OpenVINO are fastest so, ONNX Runtime's fp32 is not."""
    network = with_folded_norms(network)
    for module in list(network.modules()):
        for name, layer in module.named_children():
            if hasattr(layer, "as_torch"):
                setattr(module, name, layer.as_torch())
    return network.eval()


@console.uninterrupted()
def to_onnx(network, windows: Windows, is_whole: bool = True) -> bytes:
    """Return the graph of a network, for batches of any size; its inputs are named as the parts of a window.

    Parameters
    ----------
    network : nn.Module
        In eval mode.
    windows : Windows
        More than one, of its input.
    is_whole : bool
        Whether layers may be joined, so that numbers in the graph are others than the network's.
    """
    import torch

    from einthoven.data.batches import tensors
    from einthoven.models.inputs import arguments, reads

    given = arguments(network, tensors(windows[:7]))
    batch = torch.export.Dim("batch")
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / bundle.GRAPH
        silent = console.quieted("torch.onnx", level=logging.ERROR)
        with silent, warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
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
            return _bare(_precomputed(file).read_bytes() if is_whole else _fold(file))


def _any_batch(network, given: tuple, batch) -> tuple:
    """Return the dynamic shapes of a network's arguments; one that takes ``*parts`` wants them as one."""
    from einthoven.models.inputs import takes_any

    shapes = tuple(None if part is None else {0: batch} for part in given)
    return (shapes,) if takes_any(network) else shapes


def _precomputed(file: Path) -> Path:
    """The same graph with all that does not depend on the input worked out once (the gates of an LSTM, put in another order)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath, options.log_severity_level = str(file.with_name("precomputed.onnx")), 3
    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return Path(options.optimized_model_filepath)


def _fold(file: Path) -> bytes:
    """The same graph with its shapes worked out and nothing in it twice, and every number as the network has it."""
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
    return ir.serde.serialize_model(model).SerializeToString()


def _bare(content: bytes) -> bytes:
    """A graph without the exporter's notes, which name the files of the machine it was made on."""
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    for part in (
        graph,
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.value_info,
        *graph.initializer,
        *model.functions,
    ):
        part.doc_string = ""
        del part.metadata_props[:]
    for function in model.functions:
        for node in function.node:
            node.doc_string = ""
            del node.metadata_props[:]
    return model.SerializeToString()


def _without_zeros(graph) -> None:
    from onnx.numpy_helper import to_array

    zeros = {tensor.name for tensor in graph.initializer if not to_array(tensor).any()}
    convolved = {name for node in graph.node if node.op_type == "Conv" for name in node.input[1:]}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.output[0] in convolved and zeros.issuperset(node.input[2:]):
            del node.input[2:]
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def with_short_names(content: bytes) -> bytes:
    """A graph in which whatever is neither input nor output has a name of a letter or three, and no shapes are noted between nodes.

    In a net of 30 KB the names of its parts take as much again. A convolution's weights and biases are stored without the
    zeros that they are counted from, one a channel, which is what is taken where none are stated.
    """
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    del graph.value_info[:]
    _without_zeros(graph)
    kept = {port.name for port in (*graph.input, *graph.output)} | {""}
    names: dict[str, str] = {}

    def renamed(name: str) -> str:
        return name if name in kept else names.setdefault(name, f"v{len(names):x}")

    for tensor in graph.initializer:
        tensor.name = renamed(tensor.name)
    for node in graph.node:
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            return content  # a graph within asks for names outside it
        node.name = ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    return model.SerializeToString()
