"""Read exported files; altered, foreign and incomplete ones are refused."""

import contextlib
import hashlib
import json
import re
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from einthoven import console
from einthoven.cli.main import main
from einthoven.errors import EinthovenError, FileDamaged, OutputRefused
from einthoven.export import convert, files, graph
from einthoven.inference import exported_file
from einthoven.inference.exported_file import card_inside
from einthoven.inference.predictor import load
from einthoven.signal.windows import Windows
from tests.export.untrained import untrained_of
from tests.workshop import REPOSITORY


@pytest.mark.usefixtures("graphs_once")
def test_a_graph_without_a_card_or_not_ours_is_refused(untrained, tmp_path):
    file = tmp_path / "ours.onnx"
    convert.export(load(untrained), "onnx", "fp32", file, None)
    model = onnx.load(file)
    text = model.metadata_props[0].value
    for name, value in (
        ("none", None),
        ("edited", text.replace('"N"', '"X"')),
        ("text", "hello"),
        ("list", "[1]"),
    ):
        del model.metadata_props[:]
        if value is not None:
            onnx.helper.set_model_props(model, {"einthoven.card": value})
        onnx.save(model, tmp_path / f"{name}.onnx")
        with pytest.raises(FileDamaged, match="no model that einthoven exported"):
            load(tmp_path / f"{name}.onnx")
    (tmp_path / "noise.onnx").write_bytes(b"\0" * 50)
    (tmp_path / "noise.xml").write_text("<net/>")
    for name in ("noise.onnx", "noise.xml"):
        with pytest.raises(EinthovenError):
            load(tmp_path / name)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.usefixtures("graphs_once")
@pytest.mark.parametrize("target", ["onnx", "openvino"])
def test_weights_that_were_changed_after_the_export_are_refused(untrained, target, tmp_path):
    file = tmp_path / f"ours{convert.TARGETS[target]}"
    convert.export(load(untrained), target, "fp32", file, None)
    load(file)
    holder = files.files_of(file)[-1]
    content = bytearray(holder.read_bytes())
    at = next(at for at in range(len(content) // 2, len(content)) if content[at] == 0x3D)
    content[at] ^= 0x80
    holder.write_bytes(content)
    with pytest.raises(FileDamaged, match="checksum"):
        load(file)
    if target == "openvino":
        holder.unlink()
        with pytest.raises(FileDamaged, match=r"\.bin"):
            load(file)


@pytest.mark.usefixtures("graphs_once")
def test_a_graph_of_another_shape_than_its_card_is_refused(untrained, tmp_path):
    file = tmp_path / "ours.onnx"
    convert.export(load(untrained), "onnx", "fp32", file, None)
    model = onnx.load(file)
    card = card_inside(file)
    other = replace(card, preparation=card.preparation.with_settings(after_s=1.0))
    keys = {"einthoven.card": json.dumps(other.as_dict()), exported_file.DIGEST_KEY: exported_file.NO_DIGEST}
    onnx.helper.set_model_props(model, keys)
    content = model.SerializeToString()
    file.write_bytes(content.replace(*(text.encode() for text in (exported_file.NO_DIGEST, digest_of(content)))))
    with pytest.raises(FileDamaged, match="the card says"):
        load(file).backend  # noqa: B018


@pytest.mark.usefixtures("graphs_once")
def test_openvino_answers_a_bundle_where_onnxruntime_is_not(untrained_copy, monkeypatch):
    graph.add_graph(untrained_copy)
    first = load(untrained_copy)
    windows = graph.noise(first.card)
    assert first.backend.name == "onnxruntime"
    monkeypatch.setattr("einthoven.inference.backends.find_spec", lambda name: None if name == "onnxruntime" else True)
    second = load(untrained_copy)
    assert second.backend.name == "openvino"
    np.testing.assert_allclose(second.probabilities(windows), first.probabilities(windows), atol=1e-5)


def test_an_export_does_not_go_into_its_bundle(untrained_copy, capsys):
    before = {file.name: file.read_bytes() for file in untrained_copy.iterdir()}
    assert main(["export", str(untrained_copy), "--out", str(untrained_copy / "graph.onnx")]) == 2
    assert "another folder" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in untrained_copy.iterdir()} == before


@pytest.mark.usefixtures("graphs_once")
def test_a_disk_that_fills_up_leaves_the_earlier_export(untrained, tmp_path, monkeypatch):
    file = tmp_path / "ours.xml"
    convert.export(load(untrained), "openvino", "fp32", file, None)
    before = {made.name: made.read_bytes() for made in tmp_path.iterdir()}
    write = Path.write_bytes

    def fills_up(path, content):
        if path.parent == tmp_path and path.suffix == ".xml":
            raise OSError(28, "No space left on device")
        return write(path, content)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", fills_up)
        with pytest.raises(OutputRefused, match="No space left"):
            convert.export(load(untrained), "openvino", "bf16", file, None)
    assert {made.name: made.read_bytes() for made in tmp_path.iterdir()} == before
    assert card_inside(file).export["precision"] == "fp32"


@pytest.fixture
def interruptible():
    """As in a terminal, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_native_code_swallows_still_ends_the_export(
    untrained, tmp_path, monkeypatch, interruptible, caplog
):
    convert_ = torch.onnx.export

    def swallows(*arguments, **named):
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        return convert_(*arguments, **named)

    monkeypatch.setattr("torch.onnx.export", swallows)
    file = tmp_path / "ours.onnx"
    with pytest.raises(KeyboardInterrupt):
        convert.export(load(untrained), "onnx", "fp32", file, None)
    assert "Interrupt received; stopping after this step." in caplog.text and not list(tmp_path.glob("*.onnx"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_is_ignored_stays_so(interruptible):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with console.uninterrupted():
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_second_interrupt_does_not_wait(interruptible, caplog):
    with pytest.raises(KeyboardInterrupt), console.uninterrupted():
        signal.raise_signal(signal.SIGINT)
        assert "Interrupt received; stopping after this step." in caplog.text
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it waited")


@pytest.mark.parametrize("architecture", ["cnn", "forest"])
def test_the_documented_code_reads_an_export_with_onnxruntime_alone(architecture, tmp_path, monkeypatch, capsys):
    """Its inputs have the names of the parts of a window; the probabilities are those of einthoven."""
    settings = {"cnn": {"widths": (4, 4)}, "forest": {"n_trees": 4}}[architecture]
    model = untrained_of(architecture, tmp_path / "model", settings)
    convert.export(model, "onnx", "fp32", tmp_path / "model.onnx", None)
    blocks = re.findall(
        r"^```python\n(.*?)^```", (REPOSITORY / "docs" / "edge.md").read_text(), re.MULTILINE | re.DOTALL
    )
    (code,) = (block for block in blocks if "import onnxruntime" in block)
    assert "einthoven" not in code.replace("einthoven.card", "")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code, names)
    assert "signal" in capsys.readouterr().out
    windows = names["windows"]
    assert list(windows) == (["signal"] if architecture == "cnn" else ["beat", "features"])
    shapes = {name: values.shape for name, values in graph.noise(model.card)[:1].parts.items()}
    assert {name: values.shape for name, values in windows.items()} == {name: shapes[name] for name in windows}
    zeros = Windows(**{name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    np.testing.assert_allclose(names["probabilities"], model.probabilities(zeros), atol=1e-5)
