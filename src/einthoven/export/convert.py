"""Knows how a bundle becomes one file for a device, and lets none go that was not compared with it on real windows."""

import json
import logging
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from einthoven import console
from einthoven.bundle import Card, packed
from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.errors import CorpusIncomplete, OutputRefused, optional_imports
from einthoven.evaluation.predictions import Predictions
from einthoven.export import graph, int8
from einthoven.export.parity import Parity, compare, require_kept
from einthoven.inference.backends import (
    CARD_KEY,
    DIGEST_KEY,
    NO_DIGEST,
    OnnxBackend,
    OpenVinoBackend,
    TorchBackend,
    digest,
)
from einthoven.inference.predictor import Predictor, load
from einthoven.inference.scoring import predictions_for
from einthoven.paths import written_aside
from einthoven.signal.preparation import crops
from einthoven.signal.windows import Windows

_log = logging.getLogger(__name__)

TARGETS = {"onnx": ".onnx", "openvino": ".xml"}
PRECISIONS = ("fp32", "bf16", "int8")
_MOST_CALIBRATION, _MOST_COMPARED = 256, 5000
_CLOSE = {"fp32": 1e-3, "bf16": 0.1}
"""Largest difference of a probability that reckoning in that precision may make."""


@dataclass(frozen=True)
class Real:
    """Real windows of the corpus that trained a model.

    store, protocol : whose they are; train, validation : window numbers
    """

    store: Store
    protocol: Protocol
    train: np.ndarray
    validation: np.ndarray


def real_windows(card: Card, protocol: Protocol, store: Store) -> Real:
    """Windows that trained a model, to find ranges by, and others that chose its epoch, to compare answers on.

    Raises
    ------
    CorpusIncomplete
        Where the corpus holds none of them.
    """
    training = card.training
    fold = training.get("fold")
    if fold is None and training.get("members"):
        fold = training["members"][0].get("fold")
    split = protocol.parts(store.index, training.get("split_seed", 0), tuple(training.get("left_out", ())), fold)
    train, validation = split.train, split.validation
    if training.get("records") and not protocol.leaks:
        # A folder with other recordings than the training one is parted otherwise: the card says who was where.
        rows = np.sort(np.concatenate((split.train, split.validation, split.test)))
        train, validation = (
            rows[np.isin(store.index.record[rows], list(training["records"][part]))] for part in ("train", "validation")
        )
    if not len(train) or not len(validation):
        raise CorpusIncomplete(
            f"the corpus does not hold what {card.name} was trained on.",
            found=f"{len(train)} windows to train on, {len(validation)} to validate by",
            expected=f"those of protocol {protocol.name} of {training.get('corpus')}",
            remedy="--from the folder that holds the whole corpus",
        )
    return Real(store, protocol, _some(train, _MOST_CALIBRATION), _some(validation, _MOST_COMPARED))


def export(
    model: Predictor, target: str, precision: str, out: Path, real: Real | None, even_if_worse: bool = False
) -> Card:
    """Write an export, its card inside it; none that loses more than half a point, unless told otherwise.

    Parameters
    ----------
    model : a bundle's; target : of TARGETS; precision : of PRECISIONS; out : the file
    real : windows of the training corpus; None compares an fp32 export on noise alone

    Raises
    ------
    OutputRefused
        Where it answers otherwise than the model, or the target cannot have that precision.
    """
    card, where = model.card, Path(out)
    # Who was seen stays on the card, in little room; in which recordings would be most of a small file.
    told = {name: value for name, value in card.training.items() if name != "records"}
    card = replace(card, training=told | {"patients": packed(sorted(card.patients))}, graph_sha256="")
    reference = TorchBackend(model.folder, card)
    seen = _inputs(card, real.store.windows[real.train]) if real else graph.noise(card)
    kind = OnnxBackend if target == "onnx" else OpenVinoBackend
    found: dict = {"target": target, "precision": precision, "weights_sha256": card.weights_sha256}
    _log.info("writing the graph: %s", card.architecture_summary)
    if precision == "int8":
        whole = graph.to_onnx(graph.with_torch_layers(reference.network), graph.noise(card))
        content, told = _best_int8(whole, seen, reference, card, where, kind)
        found |= told
    else:
        is_fp32_onnx = target == "onnx"
        network = (
            graph.with_folded_norms(reference.network) if is_fp32_onnx else graph.with_torch_layers(reference.network)
        )
        content = graph.to_onnx(network, graph.noise(card))
    found_on = "training_windows" if real else "noise"
    with tempfile.TemporaryDirectory() as aside:
        draft = Path(aside) / f"draft{TARGETS[target]}"
        _write(content, replace(card, export=found), target, precision, draft)
        backend = load(draft).backend
        difference = float(np.abs(backend.logits(seen) - reference.logits(seen)).max())
        found[f"largest_logit_difference_on_{found_on}"] = float(f"{difference:.3g}")
        if real is None:
            _require_close(difference, precision, where)
        else:
            parity = _compared(model, reference, backend, real)
            found |= {"compared": parity.as_dict()}
            if not even_if_worse:
                require_kept(parity, where.name)
                if precision in _CLOSE:
                    _require_close(parity.probability[0], precision, where)
        done = replace(card, export=found)
        _write(content, done, target, precision, draft)
        _placed(draft, where)
    return done


@console.uninterrupted()
def _placed(draft: Path, out: Path) -> None:
    """Put an export where it belongs, once all of its files are written; the graph first, which is refused without its weights."""
    with ExitStack() as stack:
        for made in reversed(files_of(draft)):
            aside = stack.enter_context(written_aside(out.with_suffix(made.suffix)))
            aside.write_bytes(made.read_bytes())


def _best_int8(
    whole: bytes, seen: Windows, reference: TorchBackend, card: Card, where: Path, kind
) -> tuple[bytes, dict]:
    """Of the ways to find the ranges, the one whose probabilities are nearest on the training windows."""
    wanted = _probabilities(reference.logits(seen), card)
    made, told = {}, {}
    for way in console.progress(int8.WAYS, "ways to find the ranges", len(int8.WAYS)):
        made[way] = int8.quantized(whole, seen, way)
        answers = kind(made[way], card, where).logits(seen)
        told[way] = float(np.abs(_probabilities(answers, card) - wanted).mean())
    best = min(told, key=lambda key: told[key])
    rounded = {key: float(f"{value:.3g}") for key, value in told.items()}
    return made[best], {
        "calibration": best,
        "calibration_windows": len(seen),
        "mean_difference_by_calibration": rounded,
    }


def _compared(model: Predictor, reference, backend, real: Real) -> Parity:
    _log.info("comparing on %s validation windows", f"{len(real.validation):,}")

    def answers(by) -> Predictions:
        return predictions_for(Predictor(model.folder, model.card, by), real.protocol, real.store, real.validation)

    return compare(answers(reference), answers(backend))


def _require_close(difference: float, precision: str, where: Path) -> None:
    if not difference <= _CLOSE[precision]:
        raise OutputRefused(
            f"{where.name} does not answer as the model does.",
            found=f"a largest difference of {difference:.2g}",
            expected=f"at most {_CLOSE[precision]:g} in {precision}",
            remedy="--to openvino, or --to onnx, whichever this was not",
        )


def _inputs(card: Card, windows: Windows) -> Windows:
    """Return what the network sees of windows: themselves, or some of their crops."""
    if not card.preparation.is_cropped:
        return windows
    cut, _ = crops(windows, card.preparation)
    return cut[_some(np.arange(len(cut)), _MOST_CALIBRATION)]


def _probabilities(logits: np.ndarray, card: Card) -> np.ndarray:
    if card.multilabel:
        return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _some(numbers: np.ndarray, most: int) -> np.ndarray:
    """At most so many of some numbers, evenly spread."""
    return numbers[np.unique(np.linspace(0, len(numbers) - 1, min(most, len(numbers))).astype(np.int64))]


@console.uninterrupted()
def _write(content: bytes, card: Card, target: str, precision: str, out: Path) -> None:
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
    contents = [made.read_bytes() for made in files_of(out)]
    out.write_bytes(contents[0].replace(NO_DIGEST.encode(), digest(contents, NO_DIGEST).encode()))


def files_of(out: Path) -> tuple[Path, ...]:
    """The files of an export: one, or OpenVINO's two."""
    return (out, out.with_suffix(".bin")) if out.suffix == TARGETS["openvino"] else (out,)
