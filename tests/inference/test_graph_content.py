"""Graphs that take values from other files, and graphs that fail when they are computed."""

from pathlib import Path

import numpy as np
import pytest

from einthoven import bundle
from einthoven.errors import FileDamaged
from einthoven.inference import backends, graph_content
from einthoven.paths import ASSETS
from einthoven.signal.windows import Windows

onnx = pytest.importorskip("onnx", reason="needs einthoven[export]")
NAME = "mitbih-cnn-lstm-mlii"


def test_values_in_another_file_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph = onnx.load(ASSETS / NAME / "graph.onnx")
    names = {one.name for one in graph.graph.initializer if len(one.raw_data) > 10}
    onnx.save(graph, "graph.onnx", save_as_external_data=True, location="values.bin", size_threshold=10)
    content = Path("graph.onnx").read_bytes()
    assert names and names <= graph_content.outside(content)
    with pytest.raises(FileDamaged, match="another file"):
        backends.OnnxBackend(content, bundle.load_card(ASSETS / NAME), Path("graph.onnx"))
    graph_content.require_inside(content, graph_content.outside(content))


@pytest.mark.parametrize("content", [b"\x3a\xff\xff\x03", b"\xff" * 20, b"\x3a\x02\x2a\x7f"])
def test_what_is_no_graph_is_told(content):
    with pytest.raises(ValueError, match="no ONNX graph"):
        graph_content.outside(content)


def test_a_graph_that_fails_when_it_is_computed_is_told(monkeypatch):
    card = bundle.load_card(ASSETS / NAME)
    backend = backends.OnnxBackend((ASSETS / NAME / "graph.onnx").read_bytes(), card, Path("here"))
    wrong = Windows(np.zeros((2, 3, 7), np.float32))
    with pytest.raises(FileDamaged, match="cannot be computed"):
        backend.logits(wrong)
