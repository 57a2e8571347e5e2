"""Write the file or files of an export: the graph, with card and checksum inside."""

import json
from contextlib import ExitStack
from pathlib import Path

from einthoven import console
from einthoven.bundle import Card
from einthoven.errors import optional_imports
from einthoven.inference.exported_file import CARD_KEY, DIGEST_KEY, NO_DIGEST, digest
from einthoven.paths import written_aside

TARGETS = {"onnx": ".onnx", "openvino": ".xml"}
"""Formats of an export, and the suffix of each."""


def files_of(out: Path) -> tuple[Path, ...]:
    """Return the files of an export: one, or OpenVINO's two.

    Parameters
    ----------
    out : Path
        The file that is loaded.

    Returns
    -------
    tuple of Path
        This file, and for OpenVINO the ``.bin`` beside it.
    """
    return (out, out.with_suffix(".bin")) if out.suffix == TARGETS["openvino"] else (out,)


@console.uninterrupted()
def write(content: bytes, card: Card, target: str, precision: str, out: Path) -> None:
    """Write a graph with its card and a checksum inside.

    Parameters
    ----------
    content : bytes
        The ONNX graph.
    card : Card
        Card of the model.
    target : str
        Key of :data:`TARGETS`.
    precision : str
        ``fp32``, ``bf16`` or ``int8``.
    out : Path
        The file; OpenVINO's weights are written beside it.

    Raises
    ------
    LibraryMissing
        Where onnx or OpenVINO is not installed.
    """
    text = json.dumps(card.as_dict())
    if target == "onnx":
        with optional_imports():
            import onnx

        model = onnx.load_from_string(content)
        onnx.helper.set_model_props(model, {CARD_KEY: text, DIGEST_KEY: NO_DIGEST})
        out.write_bytes(model.SerializeToString())
    else:
        with optional_imports():
            import openvino

        model = openvino.Core().read_model(content)
        model.set_rt_info(text, CARD_KEY.split("."))
        model.set_rt_info(NO_DIGEST, DIGEST_KEY.split("."))
        openvino.save_model(model, out, compress_to_fp16=precision == "bf16")
    contents = [file.read_bytes() for file in files_of(out)]
    out.write_bytes(contents[0].replace(NO_DIGEST.encode(), digest(contents, NO_DIGEST).encode()))


@console.uninterrupted()
def put_in_place(draft: Path, out: Path) -> None:
    """Copy an export to its place once all of its files are written; a graph without its weights is refused when loaded.

    Parameters
    ----------
    draft : Path
        The export as it was written.
    out : Path
        Where it belongs.

    Raises
    ------
    OutputRefused
        Where a file cannot be written.
    """
    with ExitStack() as stack:
        for file in reversed(files_of(draft)):
            aside = stack.enter_context(written_aside(out.with_suffix(file.suffix)))
            aside.write_bytes(file.read_bytes())
