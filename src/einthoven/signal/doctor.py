"""Examine a recording before any model reads it: wrong leads, units and rates, mains hum, pacing.

Each finding says what was seen, how certain it is and what to do about it. Nothing is changed here.
"""

from collections.abc import Iterator

import numpy as np

from einthoven.signal import detector, pacing, plausible
from einthoven.signal.excerpt import Excerpt, Source, excerpts
from einthoven.signal.finding import Finding
from einthoven.signal.hum import hum
from einthoven.signal.lead_findings import lead_findings
from einthoven.signal.pacing import pacing_can_be_seen
from einthoven.signal.quality import looks_inverted
from einthoven.signal.small_network import bundled

__all__ = ["Finding", "Source", "examine", "pacing_can_be_seen", "pacing_unknown"]

_USUAL_SHARE = 0.01
"""Share of recordings whose sampling rate is stated wrongly; nobody has counted them."""
UPRIGHT = ("I", "II", "MLII", "V5", "V6", "ECG")
"""Leads in which most QRS complexes point up; ``ECG`` is the one lead of a hand-held device."""


def examine(source: Source) -> tuple[Finding, ...]:
    """Examine a recording.

    Parameters
    ----------
    source : Source
        The recording: `signal_mv` [leads, samples] in mV, NaN where samples are missing, `fs_hz` and `leads`. Of a recording
        over 15 seconds three pieces of ten seconds are looked at; spikes of a pacemaker are sought in up to half an hour.

    Returns
    -------
    tuple of Finding
        None for a recording without anything unusual, or under three seconds.
    """
    pieces = list(excerpts(source))
    found = list(getattr(source, "findings", ()))
    if not pieces:
        return tuple(found)
    found += _hum(pieces)
    found += _paced(source)
    found += _amplitude(pieces)
    rates = list(_rate(pieces))
    found += rates
    readable = [piece for piece in pieces if piece.has_beats]
    if readable:
        wrong_leads = lead_findings(readable)
        found += wrong_leads
        if len(source.leads) < plausible.MANY_LEADS and not wrong_leads:
            found += _inverted(readable)
    return tuple(found)


def pacing_unknown(source: Source) -> Finding | None:
    """Return that a paced rhythm cannot be ruled out, for models to which it matters.

    Parameters
    ----------
    source : Source
        The recording.

    Returns
    -------
    Finding or None
        None where the sampling rate shows spikes.
    """
    if pacing_can_be_seen(source.fs_hz):
        return None
    text = f"a paced rhythm cannot be ruled out at {source.fs_hz:g} Hz"
    remedy = f"give the recording at {pacing.LEAST_HZ:g} Hz or more"
    return Finding("pacing_unknown", (), 1.0, text, remedy)


def _hum(pieces: list[Excerpt]) -> Iterator[Finding]:
    heard = [one for one in (hum(piece.signal_mv, piece.fs_hz) for piece in pieces) if one is not None]
    if 2 * len(heard) <= len(pieces):
        return
    loudest = max(heard, key=lambda one: float(one.amplitudes_mv.max()))
    leads = tuple(lead for lead, size in zip(pieces[0].leads, loudest.amplitudes_mv, strict=True) if size > 0)
    overtones = f", with harmonics at {_listed([n * loudest.frequency_hz for n in loudest.harmonics])} Hz"
    yield Finding(
        "mains_hum",
        leads,
        0.95,
        f"mains hum of {loudest.frequency_hz:g} Hz, {loudest.amplitudes_mv.max():.2f} mV in {', '.join(leads)}"
        + (overtones if loudest.harmonics else ""),
        "keep cables away from mains and check the contact of the electrodes",
    )


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _paced(source: Source) -> Iterator[Finding]:
    spikes = pacing.spikes(source.signal_mv, source.fs_hz)
    if spikes is None:
        return
    whole = f"in {spikes.share:.0%} of the recording" if spikes.share < 0.95 else "throughout"
    yield Finding(
        "paced",
        (),
        0.9 if spikes.share > 0.5 else 0.7,
        f"spikes of a pacemaker {whole}, {spikes.per_minute:.0f} a minute",
        "have the rhythm read by a person: models here were not made for paced beats",
    )


def _amplitude(pieces: list[Excerpt]) -> Iterator[Finding]:
    heights = [plausible.height_mv(piece) for piece in pieces if piece.has_beats]
    if not heights:
        return
    many = len(pieces[0].leads) >= plausible.MANY_LEADS
    height = float(np.median(heights))
    small, large = plausible.SMALL_MV[many], plausible.LARGE_MV[many]
    seen = f"a QRS complex of {height:.2g} mV"
    if height < small:
        unit = "--unit mV      if the values are millivolts, not microvolts; otherwise " if height < small / 20 else ""
        text = f"amplitudes are small: {seen}; the unit or the gain may be wrong (low voltage looks the same)"
        yield Finding("amplitude_small", (), _certainty(small / height), text, f"{unit}{_GAIN}")
    elif height > large:
        unit = "--unit uV      if the values are microvolts; otherwise " if height > large * 5 else ""
        text = f"amplitudes are large: {seen}; the unit or the gain may be wrong"
        yield Finding("amplitude_large", (), _certainty(height / large), text, f"{unit}{_GAIN}")


_GAIN = "compare with the calibration pulse, and correct the gain where the file states it"


def _certainty(times: float) -> float:
    """Return how certain a wrong gain is, by how many times an amplitude is beyond its limit."""
    return float(np.clip(0.5 + 0.4 * np.log(times), 0.5, 0.95))


def _rate(pieces: list[Excerpt]) -> Iterator[Finding]:
    known = [piece for piece in pieces if piece.has_rhythm and piece.alike > plausible.LEAST_ALIKE]
    if not known:
        return
    network = bundled(plausible.WEIGHTS[len(pieces[0].leads) >= plausible.MANY_LEADS])
    told = network.named(np.stack([plausible.tempo(piece) for piece in known]), _USUAL_SHARE)
    if told is None:
        return
    name, certainty = told
    pulse, fs_hz = 60 / float(np.median([piece.rr_s for piece in known])), pieces[0].fs_hz
    times, often, pace = (0.5, "half", "faster") if name == "stated too high" else (2.0, "twice", "slower")
    yield Finding(
        "rate_implausible",
        (),
        certainty,
        f"at {fs_hz:g} Hz the heart beats {pulse:.0f} times a minute and its waves pass {pace} than in a heart: the true "
        f"sampling rate may be {often} of that (children, bundle branch block and long QT look similar)",
        f"--fs {fs_hz * times:g}      if that is the true sampling rate",
    )


def _inverted(pieces: list[Excerpt]) -> Iterator[Finding]:
    for at, lead in enumerate(pieces[0].leads):
        if lead in UPRIGHT:
            rows = [piece.signal_mv[at] for piece in pieces]
            down = [looks_inverted(row, detector.find(row, pieces[0].fs_hz), pieces[0].fs_hz) for row in rows]
            if 2 * sum(down) > len(down):
                yield Finding(
                    "lead_inverted",
                    (lead,),
                    0.6,
                    f"most QRS complexes of {lead} point down: reversed electrodes, or an axis or bundle branch block that "
                    "looks the same",
                    f"--leads {lead}=-{lead}      if the electrodes were reversed",
                )
