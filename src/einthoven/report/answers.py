"""Knows how predictions are written: JSON, CSV, HTML, by the suffix of the file. OUTPUTS maps a suffix to its writer."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from einthoven import __version__
from einthoven.errors import OutputRefused
from einthoven.inference.prediction import DISCLAIMER, Prediction
from einthoven.paths import written_aside


def as_json(predictions: Sequence[Prediction]) -> str:
    """All records with all beats."""
    card = predictions[0].card
    model = {
        "name": card.name,
        "architecture": card.architecture,
        "weights_sha256": card.weights_sha256,
        "classes": dict(zip(card.classes, card.meanings, strict=True)),
        "results": list(card.results),
        "attribution": card.attribution,
    }
    content = {"einthoven": __version__, "notice": DISCLAIMER, "model": model}
    records = [prediction.as_dict() for prediction in predictions]
    told = json.dumps(content | {"records": [record | {"beats": []} for record in records]}, indent=1)
    # One line a beat: easier to read, and json indents a thousand times slower than it writes plainly.
    for record in records:
        lines = ",\n".join(f"    {json.dumps(beat)}" for beat in record["beats"])
        told = told.replace('"beats": []', f'"beats": [\n{lines}\n   ]' if lines else '"beats":[]', 1)
    return told + "\n"


def as_csv(predictions: Sequence[Prediction]) -> str:
    """One row a beat: record, sample, time, class, doubt, and a column of probabilities a class."""
    sink = io.StringIO()
    sheet = csv.writer(sink)
    classes = predictions[0].card.classes
    sheet.writerow(["record", "sample", "time_s", "class", "doubt", *classes])
    for prediction in predictions:
        for beat in prediction.as_dict()["beats"]:
            sheet.writerow(
                [
                    prediction.record.name,
                    beat["sample"],
                    beat["time_s"],
                    beat["class"],
                    beat["doubt"],
                    *list(beat["probability"].values()),
                ]
            )
    return sink.getvalue()


def as_html(predictions: Sequence[Prediction]) -> str:
    """The report."""
    from einthoven.report.page import render

    return render(predictions)


OUTPUTS: dict[str, Callable[[Sequence[Prediction]], str]] = {".json": as_json, ".csv": as_csv, ".html": as_html}


def require_writable(path: Path) -> None:
    """Refuse an output of an unknown suffix, or in a place that cannot be written, before any work is done.

    Raises
    ------
    OutputRefused
        With the suffixes that are known, or what the system said.
    """
    if path.suffix.lower() not in OUTPUTS:
        raise OutputRefused(
            f"{path} cannot be written.",
            found=f"suffix {path.suffix or 'none'}",
            expected=", ".join(OUTPUTS),
            remedy=f"--out {path.with_suffix('.html')}",
        )
    probe = path.with_name(path.name + ".probe")
    with written_aside(probe):
        pass
    probe.unlink()
    if path.is_dir():
        with written_aside(path):
            pass


def write(predictions: Sequence[Prediction], path: Path) -> None:
    """Write predictions in the format of the suffix, whole or not at all."""
    content = OUTPUTS[path.suffix.lower()](predictions)
    with written_aside(path) as aside:
        aside.write_text(content, encoding="utf-8")
