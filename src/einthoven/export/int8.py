"""Quantize a graph to 8-bit integers with ONNX Runtime's quantizer."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import console
from einthoven.export.compact import with_short_names
from einthoven.signal.windows import Windows

WAYS = {
    "extremes": ("MinMax", False),
    "percentile": ("Percentile", False),
    "extremes, first convolution fp32": ("MinMax", True),
    "percentile, first convolution fp32": ("Percentile", True),
}
"""How the range of each activation is computed on calibration windows, and whether the first convolution stays in fp32."""
_RECURRENT = ("LSTM",)
_STATIC = ("Conv", "Gemm", "MatMul")
_BATCH = 16


@console.uninterrupted()
def quantized(content: bytes, windows: Windows, way: str) -> bytes:
    """Return a graph whose convolutions and dense layers have int8 weights (a scale for each channel) and uint8 activations.

    LSTMs have int8 weights, and compute the range of their activations at run time: a fixed range would have to hold for
    hundreds of steps.

    Parameters
    ----------
    content : bytes
        The ONNX graph.
    windows : Windows
        Training windows; the ranges are computed on them.
    way : str
        Key of :data:`WAYS`.

    Returns
    -------
    bytes
        The quantized graph.
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
    """Give calibration windows as ONNX Runtime asks for them: in batches of one size, for its percentiles; the rest is skipped."""

    def __init__(self, windows: Windows, ports: list[str]) -> None:
        size = min(_BATCH, len(windows))
        self.ports = ports
        self.left = (piece for piece in windows.pieces(size) if len(piece) == size)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        piece = next(self.left, None)
        return None if piece is None else {port: np.ascontiguousarray(piece.parts[port]) for port in self.ports}

    def __iter__(self) -> Iterator[dict[str, NDArray[Any]]]:
        return self

    def __next__(self) -> dict[str, NDArray[Any]]:
        piece = self.get_next()
        if piece is None:
            raise StopIteration
        return piece


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Show nothing of what the quantizer prints and logs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
