"""Knows how a bundle gets a graph for ONNX Runtime, and refuses one that answers otherwise than the weights."""

import contextlib
import hashlib
import io
import logging
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import BundleDamaged
from einthoven.inference.backends import OnnxBackend, TorchBackend
from einthoven.paths import written_aside

TOLERANCE = 1e-4
"""Largest difference of a logit between graph and weights."""


def add_graph(folder: Path) -> Card:
    """Write ``graph.onnx`` into a bundle, checked against torch on random windows; one that is there is kept.

    Raises
    ------
    BundleDamaged
        Where a logit of the graph differs from torch's by more than 1e-4; no graph is left then.
    """
    import torch

    card = bundle.load_card(folder)
    if card.graph_sha256 and (folder / bundle.GRAPH).is_file():
        return card
    reference = TorchBackend(folder, card)
    n_leads, n_samples = card.preparation.n_rows, card.preparation.n_input
    windows = np.random.default_rng(0).standard_normal((64, n_leads, n_samples)).astype(np.float32)
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / bundle.GRAPH
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                reference.network,
                (torch.from_numpy(windows[:7]),),
                file,
                dynamo=True,
                input_names=["windows"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                external_data=False,
                verbose=False,
            )
        content = _bare(file.read_bytes())
        file.write_bytes(content)
        checked = replace(card, graph_sha256=hashlib.sha256(content).hexdigest())
        difference = float(np.abs(OnnxBackend(Path(aside), checked).logits(windows) - reference.logits(windows)).max())
    if not difference <= TOLERANCE:
        raise BundleDamaged(
            f"the graph of {card.name} does not answer as its weights do.",
            found=f"a largest difference of {difference:.2g} between logits",
            expected=f"at most {TOLERANCE:g}",
            remedy="use the bundle without a graph: torch then answers",
        )
    with written_aside(folder / bundle.GRAPH) as target:
        target.write_bytes(content)
    bundle.rewrite_card(folder, checked)
    return checked


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
