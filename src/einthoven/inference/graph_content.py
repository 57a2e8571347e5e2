"""Look into an ONNX graph without the onnx package: which tensors lie in other files, where no checksum covers them.

Source: onnx.proto of ONNX, messages ModelProto to TensorProto; the wire format of Protocol Buffers.
"""

from collections.abc import Container, Iterator

_GRAPH, _FUNCTIONS = 7, 25
_NODES, _INITIALIZERS, _SPARSE = 1, 5, 15
_ATTRIBUTES, _FUNCTION_NODES = 5, 7
_TENSOR_FIELDS, _GRAPH_FIELDS, _SPARSE_FIELDS = (5, 10), (6, 11), (22, 23)
_VALUES, _INDICES = 1, 2
_NAME, _EXTERNAL_DATA, _LOCATION = 8, 13, 14
_DEEPEST = 50


def require_inside(content: bytes, numbers: Container[str]) -> None:
    """Refuse a graph that takes values from other files, which no checksum covers.

    Parameters
    ----------
    content : bytes
        The graph.
    numbers : container of str
        Names of the constants that are given to it.

    Raises
    ------
    ValueError
        With a tensor whose values are elsewhere.
    """
    elsewhere = sorted(name for name in outside(content) if name not in numbers)
    if elsewhere:
        raise ValueError(f"the values of {elsewhere[0][:80]!r} are in another file")


def outside(content: bytes) -> set[str]:
    """Return the names of the tensors whose values are not in the graph.

    Parameters
    ----------
    content : bytes
        The graph.

    Returns
    -------
    set of str

    Raises
    ------
    ValueError
        If it is no graph.
    """
    view = memoryview(content)
    found: set[str] = set()
    for number, part in _fields(view):
        if number == _GRAPH:
            found |= set(_of_graph(part, 0))
        if number == _FUNCTIONS:
            found |= {name for kind, node in _fields(part) if kind == _FUNCTION_NODES for name in _of_node(node, 0)}
    return found


def _of_graph(graph: memoryview, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError("graphs within graphs without end")
    for number, part in _fields(graph):
        if number == _INITIALIZERS:
            yield from _of_tensor(part)
        elif number == _SPARSE:
            yield from _of_sparse(part)
        elif number == _NODES:
            yield from _of_node(part, depth)


def _of_node(node: memoryview, depth: int) -> Iterator[str]:
    for number, attribute in _fields(node):
        if number != _ATTRIBUTES:
            continue
        for kind, part in _fields(attribute):
            if kind in _TENSOR_FIELDS:
                yield from _of_tensor(part)
            elif kind in _SPARSE_FIELDS:
                yield from _of_sparse(part)
            elif kind in _GRAPH_FIELDS:
                yield from _of_graph(part, depth + 1)


def _of_sparse(tensor: memoryview) -> Iterator[str]:
    for number, part in _fields(tensor):
        if number in (_VALUES, _INDICES):
            yield from _of_tensor(part)


def _of_tensor(tensor: memoryview) -> Iterator[str]:
    name, is_outside = "", False
    for number, part in _fields(tensor):
        if number == _NAME:
            name = bytes(part).decode("utf-8", "replace")
        is_outside |= number == _EXTERNAL_DATA or (number == _LOCATION and bytes(part) != b"\x00")
    if is_outside:
        yield name


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield number and content of the fields of a message: of a varint its bytes, of a text or a message what it holds."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 2:
            size, at = _varint(message, at)
            last = at + size
        elif wire == 0:
            _, last = _varint(message, at)
        else:
            last = at + {1: 8, 5: 4}.get(wire, end + 1)
        if last > end:
            raise ValueError("no ONNX graph: a part is longer than the file")
        yield number, message[at:last]
        at = last


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("no ONNX graph: a number without end")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
