"""What came of changed input, by its kind: ``read``, the code of an error, or what is no answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.errors import EinthovenError
from tests.fuzz.own_seeds import STREAMED, strip

CODES = (
    "read",
    "refused",
    "record_unreadable",
    "statement_missing",
    "lead_mismatch",
    "library_missing",
    "file_damaged",
)
_kept: dict[str, Any] = {}


def _once(name: str, made: Callable[[], Any]) -> Any:
    if name not in _kept:
        _kept[name] = made()
    return _kept[name]


def record(path: Path, stated: dict[str, Any]) -> str:
    """Read a recording."""
    from einthoven.records import read

    found = read(path, **stated)
    signal = found.signal_mv
    if signal.dtype != np.float32 or signal.ndim != 2 or len(found.leads) != len(signal) or not signal.size:
        return f"a record of {signal.dtype} {signal.shape} for {found.leads}"
    if np.isinf(signal).any() or not 0 < found.fs_hz < 1e6:
        return f"a record with infinite samples, or of {found.fs_hz} Hz"
    return "read"


def model(path: Path, stated: dict[str, Any]) -> str:
    """Load a model, answer a record, and show its card."""
    from einthoven.cli.models import _card, _classes
    from einthoven.inference.delineator import Delineator
    from einthoven.inference.predictor import load
    from einthoven.records import Record
    from einthoven.report import answers
    from einthoven.report.page import render

    loaded = load(path)
    _card(loaded.card)
    _classes(loaded.card)
    one = strip(12.0, 300.0)
    leads = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    asked = _once("record", lambda: Record("a", np.stack([one * (1 + at / 10) for at in range(12)]), 300.0, leads))
    if loaded.card.answers_samples:
        Delineator(loaded)(asked)
        return "read"
    answer = loaded(asked)
    if not np.isfinite(answer.probabilities).all():
        return "a probability that is no number"
    answers.as_json([answer])
    answers.as_csv([answer])
    render([answer])
    repr(answer)
    return "read"


def state(path: Path, stated: dict[str, Any]) -> str:
    """Continue a stream from its state."""
    from einthoven.inference.predictor import load
    from einthoven.streaming.stream import Stream

    live = Stream.restored(_once("streamed", lambda: load(STREAMED)), path)
    answers = live.feed(strip(12.0, live.fs_hz)[None].repeat(len(live.leads), 0))
    live.save(path.with_name("again"))
    json.dumps([one.to_dict() for one in [*answers, *live.end()]])
    assert live.rate_bpm is None or live.rate_bpm >= 0
    return "read"


def manifest(path: Path, stated: dict[str, Any]) -> str:
    """Open a store, and read its windows."""
    from einthoven.data import store
    from einthoven.data.build import left_out_lines

    found = store.open_store(path)
    for chosen in (slice(0, 4), np.array([0, len(found.windows) - 1])):
        assert found.windows[chosen].signal.ndim == 3
    assert found.preparation.n_samples and found.fingerprint is not None
    left_out_lines(found)
    found.typical.of(found.index.record)
    return "read"


def line(path: Path, stated: dict[str, Any]) -> str:
    """Read the lines of a live signal."""
    from einthoven.streaming.lines import Lines
    from einthoven.streaming.sources import StatedFormat

    text = path.read_bytes().decode("utf-8", "replace")
    for piece in Lines(StatedFormat()).pieces(text.splitlines(keepends=True)):
        if piece.signal_mv.shape[0] != len(piece.format.leads):
            return f"a piece {piece.signal_mv.shape} of {piece.format}"
    return "read"


def request(path: Path, stated: dict[str, Any]) -> str:
    """Take a request apart, as the server does."""
    from einthoven.serving.application import _parsed
    from einthoven.serving.corrections import corrections_of
    from einthoven.serving.multipart import Parts

    kind, body = (one.read_bytes() if one.is_file() else b"" for one in (path.with_name("type"), path))
    if b"json" in kind:
        return "read" if corrections_of(_parsed(body)).content else "no annotations"
    folder = path.with_name("kept")
    folder.mkdir()
    parts = Parts(kind.decode("latin-1"), folder)
    try:
        for at in range(0, len(body), 1000):
            parts.feed(body[at : at + 1000])
        parts.end()
    finally:
        parts.close()
    outside = [one for one in path.parent.rglob("*") if one.is_file() and folder not in one.parents]
    return "read" if len(outside) <= 2 else f"files beside the folder: {outside}"


OUTCOMES = {
    "record": record,
    "card": model,
    "graph": model,
    "state": state,
    "manifest": manifest,
    "line": line,
    "request": request,
}


def outcome(kind: str, path: Path, stated: dict[str, Any]) -> str:
    """Use changed input: ``read``, the code of the error, or what is wrong with the error or the answer."""
    try:
        return OUTCOMES[kind](path, stated)
    except EinthovenError as error:
        if not all((error.summary, error.found, error.expected, error.remedy)) or len(str(error)) > 20_000:
            return f"an error that does not say what is wrong: {error!r:.500}"
        return error.code
