"""The exporter gets the shapes of an LSTM without its steps; the graph is the same."""

from contextlib import nullcontext

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from einthoven.export import graph
from einthoven.signal.windows import Windows


class Recurrent(nn.Module):
    """An LSTM over the twelve samples of a window, and a layer that reads all of its output, so that its shape matters."""

    inputs = ("signal",)

    def __init__(self, **settings):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True, **settings)
        self.head = nn.Linear(12 * 3 * (1 + settings.get("bidirectional", False)), 2)

    def forward(self, signal):
        return self.head(self.lstm(signal.transpose(1, 2))[0].flatten(1))


def told(content, windows):
    """The kinds of the nodes of a graph, and its answers as bytes; its names differ from export to export."""
    kinds = [node.op_type for node in onnx.load_from_string(content).graph.node]
    return kinds, onnxruntime.InferenceSession(content).run(None, {"signal": windows.signal})[0].tobytes()


@pytest.mark.parametrize("settings", [{}, {"bidirectional": True, "num_layers": 2}])
def test_a_graph_is_that_of_an_export_that_follows_the_steps(settings, monkeypatch):
    torch.manual_seed(0)
    network = Recurrent(**settings).eval()
    windows = Windows(np.random.default_rng(0).standard_normal((7, 2, 12)).astype(np.float32))
    by_shape = told(graph.to_onnx(network, windows), windows)
    from torch._decomp import decompositions

    follows, asked = decompositions.one_layer_lstm, []

    def counted(*given, **named):
        asked.append(1)
        return follows(*given, **named)

    monkeypatch.setattr(decompositions, "one_layer_lstm", counted)
    assert told(graph.to_onnx(network, windows), windows) == by_shape and not asked
    assert decompositions.one_layer_lstm is counted, "it is taken back"
    monkeypatch.setattr(graph, "lstm_by_shape", nullcontext)
    assert told(graph.to_onnx(network, windows), windows) == by_shape and asked
    assert by_shape[0].count("LSTM") == settings.get("num_layers", 1)
    with torch.no_grad():
        wanted = network(torch.from_numpy(windows.signal)).numpy()
    np.testing.assert_allclose(np.frombuffer(by_shape[1], np.float32).reshape(7, -1), wanted, atol=1e-6)
