"""Scale the signals of a WFDB header: what the user states, and what is said where the header states no gain."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from einthoven.records.header import UNSTATED_GAIN, Header, Signal
from einthoven.records.stated import UNITS_MV, Stated
from einthoven.signal.finding import Finding

EIGHT_BITS = ("8", "80", "508")


def with_stated_scale(header: Header, stated: Stated, warnings: list[str]) -> Header:
    """Return a header with a stated unit or gain instead of its own.

    Parameters
    ----------
    header : Header
        The header.
    stated : Stated
        What the user states.
    warnings : list of str
        Gets a warning if the header states another unit or gain.

    Returns
    -------
    Header
        Only signals in volts get the unit and the gain; all signals if none is in volts.
    """
    if not stated.states_scale:
        return header
    unit = stated.unit or "mV"
    volts = [signal.unit in UNITS_MV for signal in header.signals]
    taken = [is_volt or not any(volts) for is_volt in volts]
    scale: dict[str, Any] = {"unit": unit}
    if stated.gain is not None:
        scale |= {"gain": stated.gain, "baseline": stated.zero or 0.0, "has_gain": True}
        warnings.append(f"the stated gain of {stated.gain:g} per mV is used instead of the header's")
    taken_signals = [signal for signal, is_taken in zip(header.signals, taken, strict=True) if is_taken]
    others = sorted({signal.unit for signal in taken_signals} - {unit})
    if others:
        warnings.append(f"the header states {', '.join(others)}; the stated unit {unit} is used")
    signals = (
        replace(signal, **scale) if is_taken else signal for signal, is_taken in zip(header.signals, taken, strict=True)
    )
    return replace(header, signals=tuple(signals))


def uncalibrated(signals: Iterable[Signal]) -> tuple[Finding, ...]:
    """Return the findings that signals have no gain, or one that stands for none, so that their millivolts are nominal.

    Parameters
    ----------
    signals : iterable of Signal
        Signals of a header.

    Returns
    -------
    tuple of Finding
        They name these signals; none if all have a gain.
    """
    signals = list(signals)
    remedy = "write the true gain (units per mV) into the third field of the header's signal lines, if it is known"
    unstated = tuple(dict.fromkeys(signal.lead for signal in signals if not signal.has_gain))
    of_one = tuple(dict.fromkeys(signal.lead for signal in signals if _is_placeholder(signal)))
    found = []
    if unstated:
        text = (
            f"the header states no gain for {', '.join(unstated)}: {UNSTATED_GAIN:g} units per mV are used, so "
            "amplitudes in mV are not calibrated"
        )
        found.append(Finding("gain_unstated", unstated, 1.0, text, remedy))
    if of_one:
        text = (
            f"the header states 1 unit per mV for {', '.join(of_one)}, which stands for an unknown gain: amplitudes in "
            "mV are not calibrated"
        )
        found.append(Finding("gain_of_one", of_one, 0.9, text, remedy))
    return tuple(found)


def _is_placeholder(signal: Signal) -> bool:
    """Return whether a gain cannot be one: with 8 bits and 1 unit per mV a QRS complex has a step or two."""
    return signal.has_gain and signal.gain == 1 and signal.unit == "mV" and signal.format in EIGHT_BITS
