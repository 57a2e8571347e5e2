"""Make a graph small: without notes of the exporter, zero points that are zero, and long names."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto


def without_notes(content: bytes) -> bytes:
    """Return a graph without the exporter's notes, which name files of the machine that it was made on.

    Parameters
    ----------
    content : bytes
        The graph.

    Returns
    -------
    bytes
        The same graph.
    """
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
        *(node for function in model.functions for node in function.node),
    ):
        part.doc_string = ""
        del part.metadata_props[:]
    return bytes(model.SerializeToString())


def with_short_names(content: bytes) -> bytes:
    """Return a graph in which all but inputs and outputs has a name of two or three characters, and shapes are not stored.

    In a network of 30 KB the names take as much room again. Zero points that are zero are left out of a convolution's weights
    and biases (one for each channel): zero is the default.

    Parameters
    ----------
    content : bytes
        The graph.

    Returns
    -------
    bytes
        The same graph; its long names stay if a node holds a graph of its own, which may refer to them.
    """
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    del graph.value_info[:]
    _remove_zero_points(graph)
    if any(attribute.HasField("g") or attribute.graphs for node in graph.node for attribute in node.attribute):
        return content
    kept = {port.name for port in (*graph.input, *graph.output)} | {""}
    names: dict[str, str] = {}

    def renamed(name: str) -> str:
        return name if name in kept else names.setdefault(name, f"v{len(names):x}")

    for tensor in graph.initializer:
        tensor.name = renamed(tensor.name)
    for node in graph.node:
        node.name = ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    return bytes(model.SerializeToString())


def _remove_zero_points(graph: "GraphProto") -> None:
    """Remove zero points that are zero from the weights and biases of convolutions, and constants that no node reads."""
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
