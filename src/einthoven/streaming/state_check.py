"""Refuse the state of a stream whose values no stream can have, however it was changed."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from einthoven.signal import quality, resample
from einthoven.signal.heartbeat_evidence import NEVER
from einthoven.signal.heartbeat_network import EVIDENCE_HZ
from einthoven.signal.live_heartbeats import LiveHeartbeats
from einthoven.signal.stretches import VERDICTS
from einthoven.streaming.live_quality import LiveQuality

if TYPE_CHECKING:
    from einthoven.streaming.stream import Stream

_MOST_MV = 1000.0


def require_possible(stream: "Stream", plain: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Refuse a state that is not that of a stream.

    Parameters
    ----------
    stream : Stream
        A new stream of the same model, rate and leads.
    plain : dict
        Plain values of the state.
    arrays : dict of array
        Arrays of the state.

    Raises
    ------
    ValueError
        With the first part that is impossible. Values of other kinds raise other errors.
    """
    wrong = next((what for what, is_possible in _parts(stream, plain, arrays) if not is_possible), None)
    if wrong is not None:
        raise ValueError(f"its {wrong} cannot be those of a stream")


def _parts(stream: "Stream", plain: dict[str, Any], arrays: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each part of a state with whether it is possible; later parts rely on earlier ones."""
    buffer, n_leads, n_used = plain["buffer"], len(stream.leads), len(stream.buffer.leads)
    values, missing, pending = arrays["values"], arrays["missing"], arrays["pending"]
    yield "samples", _are_mv(values, n_used) and missing.dtype == bool and missing.shape == values.shape
    yield "last samples", _are_mv(pending, n_leads) and pending.shape[1] < max(2, stream.fs_hz)
    first, fs_hz = buffer["first"], stream.fs_hz
    yield "first sample", _is_whole(first)
    n = first + values.shape[1]
    for name, least, most in (("n_final", first, n), ("gap_since", -1, n), ("still_s", 0, n)):
        yield name, _are_whole(buffer[name], least, most) and len(buffer[name]) == n_used
    yield "loud", len(buffer["loud"]) == n_used and all(isinstance(one, bool) for one in buffer["loud"])
    certain = min(buffer["n_final"])
    for name in ("beats", "waiting", "found"):
        yield name, _are_whole(plain[name], 0, n) and plain[name] == sorted(plain[name])
    yield "waiting", all(at >= first for at in (*plain["waiting"], *plain["found"]))
    yield "quiet_until", _are_whole(plain["quiet_until"], 0) and len(plain["quiet_until"]) == n_leads
    yield (
        "answers",
        _is_whole(plain["answered"], n) and _is_whole(plain["n_answers"], n) and _is_total(arrays["total"], stream),
    )
    yield "answered", _holds_next_window(stream, plain["answered"], first)
    yield "heartbeats", _is_finder(plain["finder"], fs_hz, n_used, first, certain)
    yield "quality", _is_quality(plain["quality"], fs_hz, n_used, n) and _needed(plain["quality"], stream) >= first
    yield "examination", _is_examination(plain["examination"], arrays["examined"], n_leads, fs_hz, n)
    declined = plain["declined"]
    yield "declined", declined is None or (len(declined) == 2 and all(isinstance(text, str) for text in declined))


def _is_whole(value: Any, most: float = math.inf, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= min(most, 2**53)


def _are_whole(values: Any, least: int, most: float = math.inf) -> bool:
    return isinstance(values, list) and all(_is_whole(value, most, least) for value in values)


def _are_mv(values: Any, n_leads: int) -> bool:
    """Return whether an array holds samples [leads, samples] in mV, or none."""
    if values.dtype.kind != "f" or values.ndim != 2 or len(values) != n_leads:
        return False
    return not bool((np.abs(values) > _MOST_MV).any())


def _is_total(total: Any, stream: "Stream") -> bool:
    return total.dtype.kind == "f" and total.shape == stream.total.shape and bool(np.isfinite(total).all())


def _holds_next_window(stream: "Stream", answered: int, first: int) -> bool:
    """Return whether the samples of the next window are there, for a model of windows."""
    wanted, fs_hz = stream.model.card.preparation, stream.fs_hz
    if not wanted.is_whole:
        return True
    margin = round(wanted.reach_s(fs_hz) * fs_hz) + 1
    factor = float(resample.ratio(fs_hz, wanted.fs_hz))
    return first <= resample.aligned(int(answered * wanted.n_samples / factor) - margin, fs_hz, wanted.fs_hz)


def _is_finder(finder: dict[str, Any], fs_hz: float, n_used: int, first: int, certain: int) -> bool:
    raw, done, clear = np.array(finder["raw"], np.float64), finder["done"], finder["clear"]
    begin = finder["first"]
    if raw.size == 0:
        raw = raw.reshape(len(finder["raw"]), 0)
    if finder["fs_hz"] != fs_hz or not _are_mv(raw, n_used) or not np.isfinite(raw).all() or not _is_whole(begin):
        return False
    end = begin + raw.shape[1]
    if not first <= end <= certain or not _is_whole(done, EVIDENCE_HZ * end / fs_hz + 1):
        return False
    live = LiveHeartbeats(fs_hz, n_used)
    live.done = done
    return begin <= live.needed_from() and _is_whole(clear, done, NEVER)


def _is_quality(plain: dict[str, Any], fs_hz: float, n_used: int, n: int) -> bool:
    bounds, verdicts, scores, n_judged = (plain[name] for name in ("bounds", "verdicts", "scores", "n_judged"))
    if not (_are_whole(bounds, 0, n) and bounds == sorted(set(bounds)) and _is_whole(n_judged, n)):
        return False
    if len(bounds) != len(verdicts) + 1 or bounds[-1] != round(n_judged * quality.STRETCH_S * fs_hz):
        return False
    if not all(_are_whole(row, 0, len(VERDICTS) - 1) and len(row) == n_used for row in verdicts):
        return False
    return len(scores) in ({n_used} if n_judged else {0}) and all(math.isfinite(score) for score in scores)


def _needed(plain: dict[str, Any], stream: "Stream") -> int:
    live = LiveQuality(stream.quality.leads, stream.fs_hz)
    live.bounds = plain["bounds"]
    return live.needed_from()


def _is_examination(plain: dict[str, Any], signal: Any, n_leads: int, fs_hz: float, n: int) -> bool:
    told = plain["told"]
    if not _are_mv(signal, n_leads) or plain["n_samples"] != n or not _is_whole(plain["n_examined"], n):
        return False
    if signal.shape[1] != min(n, round(60.0 * fs_hz)):
        return False
    return isinstance(told, list) and all(
        isinstance(code, str) and isinstance(names, list) and all(isinstance(name, str) for name in names)
        for code, names in told
    )
