"""Write answers as JSON, CSV, HTML or WFDB annotations; OUTPUTS maps the suffix of the file to its writer."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from einthoven import __version__
from einthoven.errors import OutputRefused
from einthoven.inference.answer import DISCLAIMER, Answer, BeatAnswer
from einthoven.paths import require_folder, written_aside
from einthoven.records.annotation_file import CODES, encoded


def as_json(answers: Sequence[Answer]) -> str:
    """Return answers of one model as JSON.

    Parameters
    ----------
    answers : sequence of Answer
        One for each record.

    Returns
    -------
    str
        An object with ``einthoven`` (version), ``notice``, ``model``, ``scope`` and ``records``; a record is as of
        :meth:`einthoven.inference.answer.Answer.to_dict`, with one item a line.
    """
    records = [answer.to_dict() for answer in answers]
    content = {
        "einthoven": __version__,
        "notice": DISCLAIMER,
        "model": _model(answers[0]),
        "scope": answers[0].scope,
        "records": [record | {"beats": [], "items": []} for record in records],
    }
    text = json.dumps(content, indent=1)
    # One line an item: easier to read, and json indents a thousand times slower than it writes plainly.
    for record in records:
        lines = ",\n".join(f"    {json.dumps(item)}" for item in record["items"])
        text = text.replace('"beats": []', f'"beats":{json.dumps(record["beats"])}', 1)
        text = text.replace('"items": []', f'"items":[\n{lines}\n   ]' if lines else '"items":[]', 1)
    return text + "\n"


def _model(answer: Answer) -> dict[str, Any]:
    card = answer.card
    model: dict[str, Any] = {
        "name": card.display_name,
        "architecture": card.architecture,
        "weights_sha256": card.weights_sha256,
        "classes": dict(zip(card.classes, card.meanings, strict=True)),
        "results": [] if card.export else list(card.results),
        "attribution": card.attribution,
    }
    if card.export:
        model |= {"export": card.export, "exported_from": {"name": card.name, "results": list(card.results)}}
    return model


def as_csv(answers: Sequence[Answer]) -> str:
    """Return answers of one model as CSV: for each record a row of kind ``record``, then a row for each beat or window.

    The row of a record has the mean probabilities, the borderline classes, the stretches that are not good, the findings,
    the remarks, and the reason where it is declined.

    Parameters
    ----------
    answers : sequence of Answer
        The answers.
    """
    sink = io.StringIO()
    sheet = csv.writer(sink)
    classes = answers[0].classes
    last = ["borderline", "quality", "findings", "remarks", "declined"]
    sheet.writerow(["file", "record", "kind", "sample", "start_s", "end_s", "predicted", "doubt", *classes, *last])
    for answer in answers:
        plain = answer.to_dict()
        names = [plain["file"], plain["record"]]
        sheet.writerow([*names, *_record_row(answer, plain)])
        for item in plain["items"]:
            place = [item[name] for name in ("kind", "sample", "start_s", "end_s")]
            found = ["; ".join(item["predicted"]), item["doubt"], *item["probabilities"].values()]
            sheet.writerow([*names, *place, *found, *[""] * len(last)])
    return sink.getvalue()


def _record_row(answer: Answer, plain: dict[str, Any]) -> list[Any]:
    place = ["record", 0, 0.0, plain["duration_s"], "; ".join(plain["predicted"]), ""]
    quality = "; ".join(
        f"{row.lead} {row.start_s:.0f}-{row.end_s:.0f} s {row.verdict}"
        for row in answer.quality.stretches
        if row.verdict != "good"
    )
    findings = "; ".join(f"{finding.code}: {finding.text}" for finding in answer.findings)
    declined = "" if answer.declined is None else f"{answer.declined.code}: {answer.declined.text}"
    last = ["; ".join(plain["borderline"]), quality, findings, " ".join(plain["remarks"]), declined]
    return [*place, *plain["probabilities"].values(), *last]


def as_html(answers: Sequence[Answer]) -> str:
    """Return answers of one model as a page that works offline.

    Parameters
    ----------
    answers : sequence of Answer
        The answers.
    """
    from einthoven.report.page import render

    return render(answers)


def as_annotations(answers: Sequence[Answer]) -> bytes:
    """Return the beats of one record as WFDB annotations; beats that were not answered are ``Q``.

    Parameters
    ----------
    answers : sequence of Answer
        One, of a model of beats whose classes are codes of WFDB.

    Raises
    ------
    OutputRefused
        If there are several records, or the model answers whole records or other classes.
    """
    answer = answers[0]
    other = [name for name in answer.classes if name not in CODES]
    if len(answers) > 1 or not isinstance(answer, BeatAnswer) or other:
        found = f"{len(answers)} records" if len(answers) > 1 else f"classes {', '.join(answer.classes)[:80]}"
        raise OutputRefused(
            "WFDB annotations hold the beats of one record.",
            found=found if isinstance(answer, BeatAnswer) else "a model of whole records",
            expected="one record, and a model of beats whose classes are codes of WFDB",
            remedy="--out answers.json",
        )
    classes = zip(answer.most_probable, answer.is_answered, strict=True)
    return encoded(answer.beats, [answer.classes[label] if is_answered else "Q" for label, is_answered in classes])


OUTPUTS: dict[str, Callable[[Sequence[Answer]], str | bytes]] = {
    ".json": as_json,
    ".csv": as_csv,
    ".html": as_html,
    ".atr": as_annotations,
}


def require_writable(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output of an unknown suffix, in a place that cannot be written, or on top of an input, before any work.

    Parameters
    ----------
    path : Path
        The output.
    inputs : sequence of Path
        Files that are read.

    Raises
    ------
    OutputRefused
        With the suffixes that are known, or the reason that the system gives.
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
            expected="the path of a file that is not read",
            remedy=f"--out {path.with_name(path.stem + '-answer' + path.suffix)}",
        )
    require_folder(path.parent)


def write(answers: Sequence[Answer], path: Path) -> None:
    """Write answers of one model in the format of the suffix, whole or not at all.

    Parameters
    ----------
    answers : sequence of Answer
        The answers.
    path : Path
        The file; its suffix is one of OUTPUTS.
    """
    content = OUTPUTS[path.suffix.lower()](answers)
    with written_aside(path) as aside:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
