"""Knows how predictions are written: JSON, CSV, HTML, by the suffix of the file. OUTPUTS maps a suffix to its writer."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from einthoven import __version__
from einthoven.errors import OutputRefused
from einthoven.inference.findings import Findings
from einthoven.inference.prediction import DISCLAIMER, SCOPE, Prediction
from einthoven.paths import require_folder, written_aside


def as_json(predictions: Sequence[Prediction | Findings]) -> str:
    """All records with all beats."""
    card = predictions[0].card
    model = {
        "name": card.known_as,
        "architecture": card.architecture,
        "weights_sha256": card.weights_sha256,
        "classes": dict(zip(card.classes, card.meanings, strict=True)),
        "results": [] if card.export else list(card.results),
        "attribution": card.attribution,
    }
    if card.export:
        model |= {"export": card.export, "exported_from": {"name": card.name, "results": list(card.results)}}
    content = {"einthoven": __version__, "notice": DISCLAIMER, "model": model}
    records = [prediction.as_dict() for prediction in predictions]
    if isinstance(predictions[0], Findings):
        return json.dumps(content | {"records": records}, indent=1) + "\n"
    content["scope"] = SCOPE
    told = json.dumps(content | {"records": [record | {"beats": []} for record in records]}, indent=1)
    # One line a beat: easier to read, and json indents a thousand times slower than it writes plainly.
    for record in records:
        lines = ",\n".join(f"    {json.dumps(beat)}" for beat in record["beats"])
        told = told.replace('"beats": []', f'"beats": [\n{lines}\n   ]' if lines else '"beats":[]', 1)
    return told + "\n"


def as_csv(predictions: Sequence[Prediction | Findings]) -> str:
    """One row a beat: file, record, sample, time, class, doubt, a column of probabilities a class, the leads' quality
    and remarks; a record without beats has one row without them. Of findings one row a class."""
    sink = io.StringIO()
    sheet = csv.writer(sink)
    if isinstance(predictions[0], Findings):
        sheet.writerow(["file", "record", "class", "probability", "threshold", "said", "quality", "remarks"])
        for found in predictions:
            told, quality = found.as_dict(), _quality(found)
            for row in told["classes"]:
                figures = [row["class"], row["probability"], row["threshold"], int(row["said"])]
                sheet.writerow([told["file"], told["record"], *figures, quality, "; ".join(found.remarks)])
        return sink.getvalue()
    classes = predictions[0].card.classes
    sheet.writerow(["file", "record", "sample", "time_s", "class", "doubt", *classes, "quality", "remarks"])
    for prediction in predictions:
        told = prediction.as_dict()
        last = [_quality(prediction), "; ".join(prediction.remarks)]
        for beat in told["beats"]:
            figures = [beat["sample"], beat["time_s"], beat["class"], beat["doubt"], *beat["probability"].values()]
            sheet.writerow([told["file"], told["record"], *figures, *last])
        if not told["beats"]:
            sheet.writerow([told["file"], told["record"], *[""] * (4 + len(classes)), *last])
    return sink.getvalue()


def _quality(answer: Prediction | Findings) -> str:
    return "; ".join(f"{verdict.lead} {verdict.verdict}" for verdict in answer.quality)


def as_html(predictions: Sequence[Prediction | Findings]) -> str:
    """The report."""
    from einthoven.report.page import render

    return render(predictions)


OUTPUTS: dict[str, Callable[[Sequence[Prediction | Findings]], str]] = {
    ".json": as_json,
    ".csv": as_csv,
    ".html": as_html,
}


def require_writable(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output of an unknown suffix, in a place that cannot be written, or on top of an input, before any work.

    Raises
    ------
    OutputRefused
        With the suffixes that are known, or what the system said.
    """
    if path.is_dir():
        raise OutputRefused(
            f"{path} cannot be written.",
            found="a folder",
            expected="the path of a file",
            remedy=f"--out {path / 'report.html'}",
        )
    if path.suffix.lower() not in OUTPUTS:
        raise OutputRefused(
            f"{path} cannot be written.",
            found=f"suffix {path.suffix or 'none'}",
            expected=", ".join(OUTPUTS),
            remedy=f"--out {path.with_suffix('.html')}",
        )
    if any(file.exists() and path.exists() and path.samefile(file) for file in inputs):
        raise OutputRefused(
            f"{path} cannot be written.",
            found="one of the recordings that are to be read",
            expected="the path of a file that holds no recording",
            remedy=f"--out {path.with_name(path.stem + '-beats' + path.suffix)}",
        )
    require_folder(path.parent)


def write(predictions: Sequence[Prediction | Findings], path: Path) -> None:
    """Write predictions in the format of the suffix, whole or not at all."""
    content = OUTPUTS[path.suffix.lower()](predictions)
    with written_aside(path) as aside:
        aside.write_text(content, encoding="utf-8")
