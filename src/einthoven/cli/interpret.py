"""Run the verb interpret."""

import math
import re
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from einthoven import console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import MaybePath, Recordings, optional
from einthoven.errors import EinthovenError, StatementMissing

if TYPE_CHECKING:
    from einthoven.interpretation.interpretation import Interpretation
    from einthoven.interpretation.interpreter import Interpreter

_PATTERN = re.compile(r"[*?\[]")
_SHOWN, _TOLD = 20, 5
"""Interpretations that are shown in the terminal, and errors that are told in full where many files fail."""
_WORTH_WORKERS_S = 4.0
"""Work that is left from which other processes are worth their start."""


@dataclass(frozen=True)
class Interpret(ReadOptions):
    """Interpret recordings: rhythm, rate, intervals, ectopic beats, diagnoses, and how far they can be believed.

    Example: einthoven interpret 100.hea --out report.html
    """

    files: Recordings
    """Recordings; all recordings of a folder; or a pattern in quotes, e.g. 'ecg/*.hea'."""
    out: Annotated[MaybePath, optional("FILE|DIR")] = None
    """File to write: .json, .csv (a row a file), .long.csv (a row a number), .html, .pdf (a page for each recording), .png (one
    recording) or .atr (WFDB annotations); or a folder: it gets an answer a file, tables and a page of all, and goes on where it
    was interrupted."""
    models: Annotated[tuple[str, ...], optional("MODEL ...")] = ()
    """Models to ask instead of those that are chosen for the recording."""
    anonymous: bool = False
    """Leave name, identifier, birth date and recording date out."""
    layout: Literal["3x4+1", "6x2", "12x1", "cabrera"] = "3x4+1"
    """Where twelve leads are drawn: rows x columns, with lead II below, or the limb leads in the order of Cabrera."""
    paper: Literal["a4", "letter"] = "a4"
    """Paper of the printed page, landscape."""

    def run(self) -> int:
        """Interpret each file; one that cannot be read does not stop the others."""
        from einthoven.report import interpretations
        from einthoven.report.sheet import Sheet

        files = list(dict.fromkeys(found for file in self.files for found in _recordings(file)))
        if not files:
            raise StatementMissing(
                "No recording was given.",
                found=" ".join(map(str, self.files)) or "no file",
                expected="at least one recording, or a folder that holds some",
                remedy="einthoven interpret 100.hea --out report.html",
            )
        if self.out is not None and (self.out.is_dir() or not self.out.suffix):
            return self._into_folder(files, self.out)
        if self.out is not None:
            interpretations.require_writable(self.out, files)
        found: list[Interpretation] = []
        failed: dict[Path, EinthovenError] = {}
        for _, one in self._each(files, failed):
            found.append(one)
            if len(found) <= _SHOWN:
                show(one)
        if found and self.out is not None:
            interpretations.write(found, self._written(files, failed), self.out, Sheet(self.paper, self.layout))
        if len(found) > _SHOWN:
            self._sum_up([one.to_dict() for one in found])
        return self._end(len(found), failed, self.out if found else None)

    def _into_folder(self, files: list[Path], folder: Path) -> int:
        """Write one answer a file; those that are there already stay."""
        from einthoven.report.answers_folder import AnswersFolder
        from einthoven.report.sheet import Sheet

        answers = AnswersFolder(folder, files, self._options(), self.anonymous, Sheet(self.paper, self.layout))
        there = {file: plain for file in files if (plain := answers.kept(file)) is not None}
        if there:
            console.note(f"{len(there)} of {len(files)} answers are in {folder} already")
        failed: dict[Path, EinthovenError] = {}
        made = {
            file: answers.write(file, one) for file, one in self._each([f for f in files if f not in there], failed)
        }
        plains = {file: plain for file in files if (plain := there.get(file, made.get(file))) is not None}
        page = answers.finish(plains, self._written(files, failed))
        self._sum_up(list(plains.values()))
        return self._end(len(plains), failed, page)

    def _sum_up(self, plains: "list[dict[str, Any]]") -> None:
        from einthoven.report.interpretations_index import counted

        console.say(f"{len(plains)} recordings")
        for words, n in counted(plains).items():
            console.say(f"  {n} with {words}")

    def _end(self, n_found: int, failed: "dict[Path, EinthovenError]", out: Path | None) -> int:
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.report.interpretations_index import reasons

        if out is not None:
            console.say(str(out))
        console.say(DISCLAIMER)
        if failed:
            told = ", ".join(f"{n} {code}" for code, n in reasons(failed).items())
            console.note(f"{len(failed)} of {n_found + len(failed)} files could not be interpreted: {told}")
        return (1 if n_found else 2) if failed else 0

    def _written(self, files: list[Path], failed: "dict[Path, EinthovenError]") -> "dict[Path, EinthovenError]":
        """Return failures as they are written: names of files, and words out of files, may tell whose they are."""
        if not self.anonymous:
            return failed
        return {
            Path(name): type(error)(
                f"{name} could not be interpreted.",
                found="not told: --anonymous",
                expected="a recording",
                remedy="the terminal tells the reason",
            )
            for file, error in failed.items()
            for name in (f"file {files.index(file) + 1} of {len(files)}",)
        }

    def _options(self) -> list[str]:
        """Return the options that change an answer."""
        return [*self.words(), *(["--models", *self.models] if self.models else []), *["--anonymous"] * self.anonymous]

    def _each(self, files: list[Path], failed: "dict[Path, EinthovenError]") -> "Iterator[tuple[Path, Interpretation]]":
        """Yield each file with its interpretation; a file that fails is added to `failed`."""
        _interpreter(self.models)  # a mistake in the models is told before a file is read
        found = console.progress(self._answers(files), "interpreting", len(files))
        for file, one in zip(files, found, strict=True):
            if isinstance(one, EinthovenError):
                failed[file] = one
                if len(failed) <= _TOLD or len(files) <= _SHOWN:
                    console.fail(one)
            else:
                yield file, one

    def _answers(self, files: list[Path]) -> "Iterator[Interpretation | EinthovenError]":
        """Yield the interpretation of each file, or its error; on all cores, once that is sure to be faster."""
        from einthoven import workers

        answer = partial(_answer, self, console.is_shown())
        began = math.inf
        for at, file in enumerate(files):
            left_s = (time.monotonic() - began) / max(1, at - 1) * (len(files) - at)
            if left_s > _WORTH_WORKERS_S and len(files) - at > 1 and workers.n_cores() > 1:
                yield from workers.parallel_map(answer, files[at:])
                return
            yield answer(file)
            began = min(began, time.monotonic())  # the first one loads the models, too


@lru_cache(maxsize=1)
def _interpreter(models: tuple[str, ...]) -> "Interpreter":
    """Return what interprets recordings; each process loads the models once."""
    from einthoven.interpretation.interpreter import Interpreter

    return Interpreter(models)


def _answer(options: Interpret, is_shown: bool, file: Path) -> "Interpretation | EinthovenError":
    """Return the interpretation of a file, or why there is none."""
    from einthoven.records.anonymous import anonymous

    try:
        with console.shown() if is_shown else nullcontext():
            record = options.read(file)
            return _interpreter(options.models)(anonymous(record) if options.anonymous else record)
    except EinthovenError as error:
        return error


def show(found: "Interpretation") -> None:
    """Print an interpretation.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    """
    console.say(found.record.name)
    for statement in found.statements:
        console.say(f"  {statement.text}")
    for finding in found.findings:
        console.say(f"  {finding.sentence}")


def _recordings(file: Path) -> list[Path]:
    """Return the file, the recordings of a folder, or the files that a pattern means, each once."""
    from einthoven.records import READERS

    if not file.is_dir():
        if file.exists() or not _PATTERN.search(str(file)):
            return [file]
        inside = sorted(Path(file.anchor or ".").glob(str(file.relative_to(file.anchor))))
    else:
        inside = sorted(file.iterdir())
    inside = [one for one in inside if one.is_file() and one.suffix.lower() in READERS]
    headers = {one.with_suffix("") for one in inside if one.suffix.lower() == ".hea"}
    return [one for one in inside if one.suffix.lower() == ".hea" or one.with_suffix("") not in headers]
