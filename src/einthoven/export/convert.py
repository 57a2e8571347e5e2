"""Convert a bundle into one file for a device, and refuse it where it predicts otherwise than the model."""

import logging
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import console
from einthoven.bundle import Card, packed
from einthoven.errors import OutputRefused
from einthoven.evaluation.predictions import Predictions
from einthoven.export import files, graph, int8
from einthoven.export.files import TARGETS
from einthoven.export.layers import with_folded_norms, with_torch_layers
from einthoven.export.parity import Parity, compare, compare_samples, require_kept
from einthoven.export.training_windows import MOST_CALIBRATION, RealWindows, evenly
from einthoven.inference.backends import Backend, OnnxBackend, OpenVinoBackend, TorchBackend
from einthoven.inference.predictor import Predictor, load
from einthoven.inference.scoring import predictions_for
from einthoven.signal.preparation import crops
from einthoven.signal.windows import Windows

_log = logging.getLogger(__name__)

PRECISIONS = ("fp32", "bf16", "int8")
"""Numeric precisions of an export."""
_LARGEST_DIFFERENCE = {"fp32": 1e-3, "bf16": 0.1}
"""Largest difference of a probability that a precision may cause."""

Details = dict[str, Any]
"""What a card says of an export."""


@dataclass(frozen=True)
class _Request:
    """What is exported: the model, its card as it is written, and where to."""

    model: Predictor
    card: Card
    target: str
    precision: str
    out: Path


def export(
    model: Predictor, target: str, precision: str, out: Path, real: RealWindows | None, even_if_worse: bool = False
) -> Card:
    """Write an export with its card inside, unless it loses more than half a point.

    Parameters
    ----------
    model : Predictor
        A bundle's model.
    target : str
        ``onnx`` or ``openvino``.
    precision : str
        Of :data:`PRECISIONS`.
    out : Path
        The file.
    real : RealWindows or None
        Windows of the training corpus; None compares an fp32 export on noise alone.
    even_if_worse : bool
        Whether an export that loses more is written all the same.

    Returns
    -------
    Card
        The card inside the file.

    Raises
    ------
    OutputRefused
        Where the export predicts otherwise than the model, or the file cannot be written.
    """
    # The patients of the training stay on the card, in little room; its records would be most of a small file.
    training = {name: value for name, value in model.card.training.items() if name != "records"}
    card = replace(model.card, training=training | {"patients": packed(sorted(model.card.patients))}, graph_sha256="")
    request = _Request(model, card, target, precision, Path(out))
    reference = TorchBackend(model.folder, card)
    windows = _inputs(card, real.store.windows[real.train]) if real else graph.noise(card)
    details: Details = {"target": target, "precision": precision, "weights_sha256": card.weights_sha256}
    _log.info("writing the graph: %s", card.architecture_summary)
    content, calibration = _converted(request, reference, windows)
    details |= calibration
    with tempfile.TemporaryDirectory() as aside:
        draft = Path(aside) / f"draft{TARGETS[target]}"
        files.write(content, replace(card, export=details), target, precision, draft)
        details |= _compared(request, reference, load(draft).backend, windows, real, even_if_worse)
        card = replace(card, export=details)
        files.write(content, card, target, precision, draft)
        files.put_in_place(draft, request.out)
    return card


def _converted(request: _Request, reference: TorchBackend, windows: Windows) -> tuple[bytes, Details]:
    """Return the graph of an export, and how its int8 ranges were computed."""
    noise = graph.noise(request.card)
    if request.precision == "int8":
        whole = graph.to_onnx(with_torch_layers(reference.network), noise)
        return _best_int8(whole, windows, reference, request)
    is_fp32_onnx = request.target == "onnx"
    network = with_folded_norms(reference.network) if is_fp32_onnx else with_torch_layers(reference.network)
    return graph.to_onnx(network, noise), {}


def _best_int8(whole: bytes, windows: Windows, reference: TorchBackend, request: _Request) -> tuple[bytes, Details]:
    """Return, of the ways to calibrate, the graph whose probabilities are closest to the model's on training windows."""
    expected = _probabilities(reference.logits(windows), request.card)
    kind = OnnxBackend if request.target == "onnx" else OpenVinoBackend
    graphs: dict[str, bytes] = {}
    differences: dict[str, float] = {}
    for way in console.progress(int8.WAYS, "ways to calibrate", len(int8.WAYS)):
        graphs[way] = int8.quantized(whole, windows, way)
        logits = kind(graphs[way], request.card, request.out).logits(windows)
        differences[way] = float(np.abs(_probabilities(logits, request.card) - expected).mean())
    best = min(differences, key=lambda way: differences[way])
    return graphs[best], {
        "calibration": best,
        "calibration_windows": len(windows),
        "mean_difference_by_calibration": {way: float(f"{value:.3g}") for way, value in differences.items()},
    }


def _compared(
    request: _Request,
    reference: Backend,
    backend: Backend,
    windows: Windows,
    real: RealWindows | None,
    even_if_worse: bool,
) -> Details:
    """Compare an export with the model, refuse it where it lost too much, and return what the card says of it."""
    difference = float(np.abs(backend.logits(windows) - reference.logits(windows)).max())
    name = f"largest_logit_difference_on_{'training_windows' if real else 'noise'}"
    details: Details = {name: float(f"{difference:.3g}")}
    if real is None:
        _require_close(difference, request.precision, request.out)
        return details
    if request.card.answers_samples:
        validation = real.store.windows[real.validation]
        before, after = (_probabilities(one.logits(validation), request.card) for one in (reference, backend))
        parity = compare_samples(before, after, request.card.classes)
    else:
        parity = parity_on_validation(request.model, reference, backend, real)
    if not even_if_worse:
        require_kept(parity, request.out.name)
        if request.precision in _LARGEST_DIFFERENCE:
            _require_close(parity.probability[0], request.precision, request.out)
    return details | {"compared": parity.as_dict()}


def parity_on_validation(model: Predictor, reference: Backend, backend: Backend, real: RealWindows) -> Parity:
    """Compare the predictions of two backends on the validation windows.

    Parameters
    ----------
    model : Predictor
        The model.
    reference : Backend
        What computes the model.
    backend : Backend
        What computes the export.
    real : RealWindows
        The windows.

    Returns
    -------
    Parity
        How far they differ.
    """
    _log.info("comparing on %s validation windows", f"{len(real.validation):,}")

    def predictions(by: Backend) -> Predictions:
        return predictions_for(Predictor(model.folder, model.card, by), real.protocol, real.store, real.validation)

    return compare(predictions(reference), predictions(backend))


def _require_close(difference: float, precision: str, out: Path) -> None:
    if not difference <= _LARGEST_DIFFERENCE[precision]:
        raise OutputRefused(
            f"{out.name} does not predict what the model does.",
            found=f"a largest difference of {difference:.2g}",
            expected=f"at most {_LARGEST_DIFFERENCE[precision]:g} in {precision}",
            remedy="export to the other format: --to openvino, or --to onnx",
        )


def _inputs(card: Card, windows: Windows) -> Windows:
    """Return what the network sees of windows: the windows, or some of their crops."""
    if not card.preparation.is_cropped:
        return windows
    cut, _ = crops(windows, card.preparation)
    return cut[evenly(np.arange(len(cut)), MOST_CALIBRATION)]


def _probabilities(logits: NDArray[Any], card: Card) -> NDArray[Any]:
    if card.multilabel:
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
