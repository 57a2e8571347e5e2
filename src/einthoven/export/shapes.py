"""Let torch's exporter find the shapes of an LSTM without following its steps, which takes most of the time of an export."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

_FOLLOWS = "one_layer_lstm"


@contextmanager
def lstm_by_shape() -> Iterator[None]:
    """Give the exporter the shapes of an LSTM's output in this block; the graph has the layer as one node all the same.

    Yields
    ------
    None
        Nothing. A version of torch that keeps its decompositions elsewhere follows the steps.
    """
    from torch._decomp import decompositions

    follows = getattr(decompositions, _FOLLOWS, None)
    if follows is None:
        yield
        return
    setattr(decompositions, _FOLLOWS, _by_shape)
    try:
        yield
    finally:
        setattr(decompositions, _FOLLOWS, follows)


def _by_shape(
    steps: "Tensor", hidden: "Sequence[Tensor]", params: Any, has_biases: bool, reverse: bool = False
) -> "tuple[Tensor, tuple[Tensor, Tensor]]":
    """Return tensors of the shapes of the output [steps, batch, size] and of the last state; an export knows no numbers."""
    output, cell = hidden
    return output.expand(len(steps), *output.shape).clone(), (output.clone(), cell.clone())
