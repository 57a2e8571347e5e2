"""Read the card inside an exported file, and check that the file was not altered."""

import hashlib
import json
from pathlib import Path

from einthoven.bundle import Card
from einthoven.errors import EinthovenError, FileDamaged, optional_imports
from einthoven.inference import graph_content, ports

CARD_KEY = "einthoven.card"
"""Where an exported file has its card: a key of ONNX metadata, a path of OpenVINO's runtime information."""
DIGEST_KEY = "einthoven.sha256"
"""Where it has its own checksum, see :func:`digest`."""
NO_DIGEST = "the checksum of this file".ljust(64, ".")
"""What stands there while the checksum is computed."""


def card_inside(file: Path) -> Card:
    """Return the card of an exported file.

    Parameters
    ----------
    file : Path
        The file.

    Returns
    -------
    Card
        The card.

    Raises
    ------
    FileDamaged
        Where it has no card, was altered, or is no graph.
    LibraryMissing
        Where its runtime is not installed.
    """
    is_pair = file.suffix.lower() == ".xml"
    try:
        contents, text, stated = _read_pair(file) if is_pair else _read_onnx(file)
        if digest(contents, stated) != stated:
            raise ValueError("its content does not match its checksum: it was altered, or its files are of two exports")
        return Card.from_dict(json.loads(text))
    except EinthovenError:
        raise
    except Exception as error:
        raise FileDamaged(
            f"{file} is no model that einthoven exported.",
            found=ports.message(error),
            expected="a graph with its card inside" + ", and its .bin beside it" * is_pair,
            remedy=f"einthoven export MODEL --to {'openvino' if is_pair else 'onnx'} --out {file}",
        ) from error


def _read_pair(file: Path) -> tuple[list[bytes], str, str]:
    """Return the files of an OpenVINO export, and the card and the checksum in them."""
    with optional_imports():
        import openvino

    model = openvino.Core().read_model(str(file))
    paths = [key.split(".") for key in (CARD_KEY, DIGEST_KEY)]
    if not all(model.has_rt_info(path) for path in paths):
        raise ValueError("no card in its runtime information: it was not exported by einthoven")
    text, stated = (str(model.get_rt_info(path).astype(str)) for path in paths)
    return [file.read_bytes(), file.with_suffix(".bin").read_bytes()], text, stated


def _read_onnx(file: Path) -> tuple[list[bytes], str, str]:
    """Return an ONNX export, and the card and the checksum in it."""
    with optional_imports():
        import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    content = file.read_bytes()
    graph_content.require_inside(content, ())
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    text, stated = metadata.get(CARD_KEY, ""), metadata.get(DIGEST_KEY, "")
    if not (text and stated):
        raise ValueError("no card in its metadata: it was not exported by einthoven")
    return [content], text, stated


def digest(contents: list[bytes], stated: str) -> str:
    """Return the SHA-256 of an export's files, without the checksum that is inside the first.

    Parameters
    ----------
    contents : list of bytes
        The files.
    stated : str
        The checksum inside.

    Returns
    -------
    str
        What the checksum should be.
    """
    whole = contents[0].replace(stated.encode(), NO_DIGEST.encode())
    return hashlib.sha256(b"".join((whole, *contents[1:]))).hexdigest()
