"""List what an interpretation holds: one row for each number, episode, event, stretch and statement."""

from collections.abc import Iterator, Sequence
from typing import Any

Plain = dict[str, Any]

COLUMNS = ("file", "record", "kind", "name", "start_s", "end_s", "value", "unit", "n", "text")
"""What a row may hold."""
_UNITS = {"sdnn_ms": "ms", "sdann_ms": "ms", "rmssd_ms": "ms", "pnn50": "share"}


def rows_of(plain: Plain) -> list[Plain]:
    """List an interpretation.

    Parameters
    ----------
    plain : dict
        As of :meth:`einthoven.interpretation.interpretation.Interpretation.to_dict`.

    Returns
    -------
    list of dict
        Their keys are some of COLUMNS: ``kind`` says what the row is (``statement``, ``rate``, ``interval``, ``axis``, ``rhythm``,
        ``episode``, ``beats``, ``couplet``, ``run``, ``bigeminy``, ``trigeminy``, ``pause``, ``hour``, ``diagnosis``,
        ``variability``, ``quality``, ``finding``, ``not_assessed``).
    """
    own = {"file": plain["file"] or "", "record": plain["record"]}
    return [own | row for row in _all(plain)]


def _all(plain: Plain) -> Iterator[Plain]:
    yield {"kind": "recording", "name": "duration", "start_s": 0.0, "end_s": plain["duration_s"]}
    for one in plain["statements"]:
        yield {"kind": "statement", "name": one["code"], "text": one["text"]}
    for name, value in (plain["rate_bpm"] or {}).items():
        if name != "n":
            yield {"kind": "rate", "name": name, "value": value, "unit": "1/min", "n": plain["rate_bpm"]["n"]}
    yield from _measured(plain)
    yield from _rhythm(plain["rhythm"])
    yield from _beats(plain["beats"])
    yield from _hours(plain["hours"])
    for row in plain["diagnoses"] or ():
        told = "predicted" if row["predicted"] else ""
        yield {
            "kind": "diagnosis",
            "name": row["code"],
            "value": row["probability"],
            "unit": "probability",
            "text": told,
        }
    for name, unit in _UNITS.items():
        found = plain["variability"]
        if found is not None:
            yield {
                "kind": "variability",
                "name": name,
                "value": found[name],
                "unit": unit,
                "n": found["n"],
                "text": found["reason"],
            }
    for row in plain["quality"]:
        yield _span("quality", row["verdict"], row, text=row["lead"])
    for row in plain["findings"]:
        yield {
            "kind": "finding",
            "name": row["code"],
            "value": row["certainty"],
            "unit": "certainty",
            "text": row["text"],
        }
    for name, text in plain["not_assessed"].items():
        yield {"kind": "not_assessed", "name": name, "text": text}


def _span(kind: str, name: str, row: Plain, **more: Any) -> Plain:
    return {"kind": kind, "name": name, "start_s": row["start_s"], "end_s": row["end_s"], **more}


def _measured(plain: Plain) -> Iterator[Plain]:
    units = [("interval", plain["intervals"], "ms"), ("axis", plain["axis_deg"], "degrees")]
    for kind, rows, unit in units:
        for name, one in rows.items():
            text = one.get("reason", "")
            yield {"kind": kind, "name": name, "value": one["value"], "unit": unit, "n": one.get("n", ""), "text": text}


def _rhythm(rhythm: Plain | None) -> Iterator[Plain]:
    if rhythm is None:
        return
    yield {"kind": "rhythm", "name": "af_burden", "value": rhythm["af_burden"], "unit": "share"}
    for one in rhythm["episodes"]:
        yield _span("episode", one["rhythm"], one, value=one["probability"], unit="probability", text=one["meaning"])


def _beats(beats: Plain | None) -> Iterator[Plain]:
    if beats is None:
        return
    for name, n in beats["counts"].items():
        yield {"kind": "beats", "name": name, "value": n, "unit": "beats"}
    for name, n in beats["per_hour"].items():
        yield {"kind": "beats_per_hour", "name": name, "value": n, "unit": "1/h"}
    for kind, rows in (("couplet", beats["pairs"]), ("run", beats["runs"])):
        for one in rows:
            yield _span(kind, one["beat"], one, value=one["rate_bpm"], unit="1/min", n=one["n"])
    for one in beats["patterns"]:
        yield _span(one["kind"], one["beat"], one, n=one["n"])
    for one in beats["pauses"]:
        yield _span("pause", "", one, value=one["length_s"], unit="s")


def _hours(hours: Sequence[Plain]) -> Iterator[Plain]:
    units = {
        "mean_bpm": "1/min",
        "min_bpm": "1/min",
        "max_bpm": "1/min",
        "pauses": "pauses",
        "af_s": "s",
        "unreadable_s": "s",
    }
    for hour in hours:
        for name, unit in units.items():
            yield _span("hour", name, hour, value=hour[name], unit=unit, n=hour["n_beats"])
        for name, n in hour["ectopic"].items():
            yield _span("hour", f"{name}_beats", hour, value=n, unit="beats", n=hour["n_beats"])
