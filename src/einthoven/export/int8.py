"""Knows how a graph is made to reckon with integers of eight bits (ONNX Runtime's quantizer). Does not judge what comes of it."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from einthoven import console
from einthoven.export.graph import with_short_names
from einthoven.signal.windows import Windows

WAYS = {
    "extremes": ("MinMax", False),
    "percentile": ("Percentile", False),
    "extremes, first convolution fp32": ("MinMax", True),
    "percentile, first convolution fp32": ("Percentile", True),
}
"""How the range of each activation is found on calibration windows, and whether the first convolution is left as it is."""
_RECURRENT = ("LSTM",)
_STATIC = ("Conv", "Gemm", "MatMul")
_BATCH = 16


@console.uninterrupted()
def quantized(content: bytes, windows: Windows, way: str) -> bytes:
    """A graph whose convolutions and dense layers reckon with int8 weights (a scale for each channel) and uint8 activations.

    LSTMs get int8 weights and find the range of their activations as they go: a fixed range would have to hold for hundreds of
    steps.

    Parameters
    ----------
    content : of an ONNX graph; windows : of training data [n, rows, samples]; way : of :data:`WAYS`
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static

    method, spares_first = WAYS[way]
    graph = onnx.load_from_string(content).graph
    convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
    with tempfile.TemporaryDirectory() as aside, _quiet():
        whole, static, done = (Path(aside) / f"{name}.onnx" for name in ("whole", "static", "done"))
        whole.write_bytes(content)
        quantize_static(
            whole,
            static,
            _Batches(windows, [port.name for port in graph.input]),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_STATIC),
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
            calibrate_method=getattr(CalibrationMethod, method),
            nodes_to_exclude=convolutions[:1] if spares_first else [],
        )
        if not any(node.op_type in _RECURRENT for node in onnx.load(static).graph.node):
            return with_short_names(static.read_bytes())
        quantize_dynamic(static, done, op_types_to_quantize=list(_RECURRENT), weight_type=QuantType.QInt8)
        return with_short_names(done.read_bytes())


class _Batches:
    """Calibration windows as ONNX Runtime asks for them; in batches of one size, for its percentiles, the rest left out."""

    def __init__(self, windows: Windows, ports: list[str]):
        size = min(_BATCH, len(windows))
        self.ports = ports
        self.left = (piece for piece in windows.pieces(size) if len(piece) == size)

    def get_next(self) -> dict | None:
        piece = next(self.left, None)
        return None if piece is None else {port: np.ascontiguousarray(piece.parts[port]) for port in self.ports}

    def __iter__(self) -> Iterator[dict]:
        return self

    def __next__(self) -> dict:
        piece = self.get_next()
        if piece is None:
            raise StopIteration
        return piece


@contextlib.contextmanager
def _quiet():
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
