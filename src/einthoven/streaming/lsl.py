"""Read a live signal from Lab Streaming Layer."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing, optional_imports
from einthoven.records.table_words import VOLTAGE_UNITS, unit_of
from einthoven.streaming.sources import CHUNK_S, Format, Piece, StatedFormat
from einthoven.streaming.stamps import Stamps

_SOUGHT_S = 10.0
_TYPES = ("ECG", "EKG", "ExG")


def lsl_pieces(name: str, stated: StatedFormat) -> Iterator[Piece]:
    """Yield the samples of a stream in the local network, until it ends.

    Parameters
    ----------
    name : str
        Name of the stream; empty for the first of type ECG.
    stated : StatedFormat
        What the user states; it overrides the description of the stream.

    Yields
    ------
    Piece
        A quarter of a second or less.

    Raises
    ------
    LibraryMissing
        If pylsl is not installed.
    RecordUnreadable
        If no such stream is found.
    StatementMissing
        If the stream states no regular rate or no unit, and the user does not either.
    """
    with optional_imports():
        import pylsl

    found = _found(pylsl, name)
    inlet = pylsl.StreamInlet(found, max_buflen=60, recover=False)
    format_ = _format(inlet.info(), stated)
    stamps = Stamps(format_.fs_hz, unit_s=1.0)
    try:
        while True:
            values, times = inlet.pull_chunk(timeout=CHUNK_S, max_samples=max(1, round(format_.fs_hz)))
            if not values:
                continue
            samples = np.asarray(values, np.float64)
            lost = stamps.lost_before(times[0], len(values))
            if lost:
                samples = np.vstack((np.full((lost, samples.shape[1]), np.nan), samples))
            faults = (f"{lost} samples missing by the times of the stream",) if lost else ()
            yield Piece(format_, format_.to_mv(samples.T), faults)
    except _lost_error(pylsl):
        return
    finally:
        inlet.close_stream()


def _lost_error(pylsl: Any) -> type[Exception]:
    """Return the error of a stream that has ended, which has moved between versions of pylsl."""
    error: type[Exception] = getattr(pylsl, "LostError", None) or pylsl.util.LostError
    return error


def _found(pylsl: Any, name: str) -> Any:
    sought = [("name", name)] if name else [("type", kind) for kind in _TYPES]
    for at, (key, value) in enumerate(sought):
        streams = pylsl.resolve_byprop(key, value, minimum=1, timeout=_SOUGHT_S if not at else 1.0)
        if streams:
            return streams[0]
    known = ", ".join(sorted(f"{one.name()} ({one.type()})" for one in pylsl.resolve_streams(1.0)))
    raise RecordUnreadable(
        "No stream of Lab Streaming Layer was found.",
        found=known or "no stream at all",
        expected=f"a stream called {name}" if name else f"a stream of type {' or '.join(_TYPES)}",
        remedy="--from lsl:NAME      names the stream",
    )


def _format(info: Any, stated: StatedFormat) -> Format:
    labels, units = _channels(info)
    n_leads = info.channel_count()
    fs_hz = stated.fs_hz or info.nominal_srate()
    if not fs_hz:
        raise StatementMissing(
            "The stream states no sampling rate.",
            found=f"{info.name()}, an irregular stream",
            expected="the rate in Hz",
            remedy="--fs 250",
        )
    leads = stated.leads or tuple(labels[:n_leads]) or tuple(f"LEAD{at + 1}" for at in range(n_leads))
    if len(leads) != n_leads:
        raise StatementMissing(
            "The leads are not those of the stream.",
            found=f"{len(leads)} names: {', '.join(leads)}",
            expected=f"{n_leads} names",
            remedy="--leads " + ",".join(f"LEAD{at + 1}" for at in range(n_leads)),
        )
    unit = stated.unit or (units.pop() if len(units) == 1 else None)
    if unit is None and stated.gain is None:
        raise StatementMissing(
            "The stream states no unit.",
            found=f"{info.name()}, without a unit of its channels",
            expected="V, mV or uV, or the gain",
            remedy="--unit uV",
        )
    return Format(fs_hz, leads, unit or "mV", stated.gain, stated.zero or 0.0)


def _channels(info: Any) -> tuple[list[str], set[str]]:
    """Return the labels of the channels, if all have one, and the units of voltage that they state."""
    labels, units = [], set()
    channel = info.desc().child("channels").child("channel")
    for _ in range(info.channel_count()):
        if channel.empty():
            break
        labels.append(channel.child_value("label"))
        unit = VOLTAGE_UNITS.get(unit_of(channel.child_value("unit")))
        if unit is not None:
            units.add(unit)
        channel = channel.next_sibling("channel")
    return (labels if all(labels) and len(set(labels)) == len(labels) else []), units
