"""Interpret the recordings of one upload, and write the answer beside them: what a worker does."""

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from einthoven.errors import EinthovenError
from einthoven.interpretation.interpretation import Interpretation
from einthoven.interpretation.interpreter import Interpreter
from einthoven.records import read
from einthoven.records.anonymous import anonymous
from einthoven.report import interpretation_page, interpretations
from einthoven.serving.recordings import recordings_in
from einthoven.serving.refusals import as_dict, internal, malformed, status_of
from einthoven.serving.trace import trace_of

_log = logging.getLogger(__name__)

ANSWER = "answer.json"
"""File of the answer, in the folder of the upload."""


def worked(interpret: Interpreter, job: dict[str, Any]) -> dict[str, Any]:
    """Answer one upload.

    Parameters
    ----------
    interpret : Interpreter
        Interprets recordings.
    job : dict
        ``folder`` of the upload; ``form``: ``interpret`` for the JSON of the command line, ``review`` for what the web page
        shows; ``stated``, what the user states, as parameters of :func:`einthoven.records.read`; ``anonymous``.

    Returns
    -------
    dict
        ``status`` of HTTP, ``read`` and ``failed``: numbers of recordings. The answer is in the folder.
    """
    folder = Path(job["folder"])
    with _inside(folder):
        try:
            status, answer, n_read, n_failed = _answer(interpret, job)
        except Exception:
            _log.exception("an upload failed")
            status, answer, n_read, n_failed = 500, json.dumps(as_dict(internal())), 0, 1
        (folder / ANSWER).write_text(answer, encoding="utf-8")
    return {"status": status, "read": n_read, "failed": n_failed}


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in the folder of the files, so that errors name them as the user did, and unpack beside it."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder / "scratch")
    os.chdir(folder / "files")
    try:
        yield
    finally:
        os.chdir(folder.parent)
        tempfile.tempdir = before


def _answer(interpret: Interpreter, job: dict[str, Any]) -> tuple[int, str, int, int]:
    found: list[Interpretation] = []
    failed: dict[Path, EinthovenError] = {}
    files = [file.relative_to(Path.cwd()) for file in recordings_in(Path.cwd())]
    for file in files:
        try:
            record = read(file, **job["stated"])
            found.append(interpret(anonymous(record) if job["anonymous"] else record))
        except EinthovenError as error:
            failed[file] = error
        except MemoryError:
            failed[file] = malformed("more memory than one recording may take", "a smaller recording", "cut it")
    if not found:
        first = next(iter(failed.values()))
        more = [{"file": str(file), **as_dict(error)} for file, error in failed.items()]
        return status_of(first), json.dumps(as_dict(first, failed=more)), 0, len(failed)
    answer = interpretations.as_json(found, failed)
    if job["form"] == "review":
        answer = _review(found, failed, answer)
    return 200, answer, len(found), len(failed)


def _review(found: list[Interpretation], failed: dict[Path, EinthovenError], answer: str) -> str:
    """Return what the web page shows: for each recording its interpretation, its page and its trace."""
    rows = [
        {"interpretation": plain, "page": interpretation_page.render([one], {}), "trace": trace_of(one)}
        for one, plain in zip(found, json.loads(answer)["records"], strict=True)
    ]
    refused = [{"file": str(file), **as_dict(error)} for file, error in failed.items()]
    return json.dumps({"records": rows, "failed": refused}, separators=(",", ":"))
