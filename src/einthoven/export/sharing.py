"""Graphs that read their numbers from the weights file of a bundle, so that no number is stored twice."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.export.compact import with_short_names

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

_LEAST_SHARED = 16
"""Numbers in a constant below which the note that says where they are takes more room than they do."""
_KINDS = (np.float32, np.int32, np.int64)

Constant = tuple[str, bytes]
"""Kind of number, and the numbers as bytes."""


def without_shared_weights(content: bytes, tensors: dict[str, NDArray[Any]]) -> tuple[bytes, dict[str, list[Any]]]:
    """Return a graph without the numbers that are among the tensors of a bundle.

    Parameters
    ----------
    content : bytes
        The graph.
    tensors : dict of array
        The bundle's weights by name.

    Returns
    -------
    content : bytes
        The graph; no constant is in it twice.
    shared : dict of list
        By the graph's name of each constant that was left out: the tensor's name, the kind of number, and the shape.
    """
    import onnx

    known: dict[Constant, str] = {}
    for name, values in tensors.items():
        for kind in _KINDS:
            known.setdefault((np.dtype(kind).name, values.astype(kind).tobytes()), name)
    model = onnx.load_from_string(with_short_names(content))
    _merge_equal_constants(model)
    shared: dict[str, list[Any]] = {}
    constants = [_shared_or_own(constant, known, shared) for constant in model.graph.initializer]
    del model.graph.initializer[:]
    model.graph.initializer.extend(constants)
    return bytes(model.SerializeToString()), shared


def _merge_equal_constants(model: "ModelProto") -> None:
    """Keep the first of the constants that are equal, and let every node read that one."""
    from onnx.numpy_helper import to_array

    first: dict[tuple[Any, ...], str] = {}
    same: dict[str, str] = {}
    for constant in model.graph.initializer:
        values = to_array(constant)
        same[constant.name] = first.setdefault((values.dtype.name, values.tobytes(), values.shape), constant.name)
    kept = [constant for constant in model.graph.initializer if same[constant.name] == constant.name]
    for node in model.graph.node:
        node.input[:] = [same.get(name, name) for name in node.input]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)


def _shared_or_own(constant: "TensorProto", known: dict[Constant, str], shared: dict[str, list[Any]]) -> "TensorProto":
    """Return a constant with its numbers, or one that names the weights file, which is then added to `shared`."""
    import onnx
    from onnx.numpy_helper import to_array

    values = to_array(constant)
    key = values.dtype.name, values.tobytes()
    if key not in known or values.size <= _LEAST_SHARED:
        return constant
    shared[constant.name] = [known[key], values.dtype.name, list(constant.dims)]
    empty = onnx.TensorProto(name=constant.name, data_type=constant.data_type, dims=constant.dims)
    empty.data_location = onnx.TensorProto.EXTERNAL
    empty.external_data.add(key="location", value=bundle.WEIGHTS)
    return empty
