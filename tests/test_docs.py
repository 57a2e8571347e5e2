"""Every command that stands in README, docs/ and CONTRIBUTING is understood; those of pages on use run on small corpora."""

import logging
import re
import shlex
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tyro

import einthoven
from einthoven.cli.main import VERBS, main, verb_class
from einthoven.signal.leads import STANDARD
from tests.contracts.test_corpora import LAYOUTS
from tests.records.clinical_files import aecg_text
from tests.workshop import REPOSITORY, copied, run

PAGES = [file for file in (REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md") if file.exists()]
PAGES += sorted((REPOSITORY / "docs").rglob("*.md"))
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(einthoven [a-z][^`]*)`")
_LONG = {"download", "study", "serve"}
"""Verbs that are understood and not run here: one needs the network, the others are run by tests/studies and tests/serving."""
_SHORTER = {
    "train": ("--train.epochs", "1"),
    "stream": ("--speed", "0"),
    "export": ("--even-if-worse",),
    "stress": ("--records", "1"),
}
"""What is added so that a command ends in a few seconds, and an export of a net that learned nothing is written."""
_DEVICES = {"-", "lsl", "polar-h10", "movesense"}
"""Sources of a live signal that no test has."""
_ELSEWHERE = {"docs/your_own.md"}
"""Pages that a test of their own runs."""
_REPEATED = {"README.md", "docs/start.md", "docs/machines.md"}
"""Pages with commands that other pages run too, on other files or folds."""
_PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NO_FILE = "edge.md"
"""The page whose Python needs an exported file and a device."""


@dataclass(frozen=True)
class Command:
    """A line of a page that can be pasted."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def commands_of(page: Path) -> list[Command]:
    """The lines of a page's fenced blocks that begin with a program we bring, without their comments."""
    name = str(page.relative_to(REPOSITORY))
    lines = [line for block in _BLOCK.findall(page.read_text()) for line in block.splitlines()]
    lines = [
        line.split("|", 1)[-1].strip() if re.match(r"[\w-]+ \| einthoven", line) else line.strip() for line in lines
    ]
    begins = re.compile(r"(\$ )?(einthoven|make|pip install|python bench/|python -m einthoven)(?![\w.])")
    return [
        Command(name, tuple(shlex.split(line.removeprefix("$ "), comments=True)))
        for line in lines
        if begins.match(line)
    ]


COMMANDS = list(dict.fromkeys(command for page in PAGES for command in commands_of(page)))
OURS = [command for command in COMMANDS if command.words[0] == "einthoven"]


def test_the_pages_have_commands():
    assert len(OURS) > 40 and {command.words[1] for command in OURS} >= {"train", "evaluate", "predict", "export"}


@pytest.mark.parametrize("command", OURS, ids=str)
def test_a_command_is_understood(command):
    verb, *words = command.words[1:]
    if verb.startswith("--"):
        return
    assert verb in VERBS
    if words != ["--help"]:
        assert isinstance(tyro.cli(verb_class(verb), args=words), verb_class(verb))


INLINE = sorted({(page.name, told) for page in PAGES for told in _INLINE.findall(_BLOCK.sub("", page.read_text()))})


@pytest.mark.parametrize(("page", "told"), INLINE)
def test_verbs_and_options_in_a_sentence_exist(page, told, capsys):
    verb, *words = told.split()[1:]
    assert verb in VERBS, page
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    known = capsys.readouterr().out
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert re.search(rf"(^|\s|\|){re.escape(option)}\b", known), f"{option} is no option of {verb}"


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.words[0] != "einthoven"], ids=str)
def test_what_another_program_is_asked_for_exists(command):
    program, *words = command.words
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
        assert set(words) <= set(targets)
    elif program == "pip":
        extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        asked = [extra for word in words for found in re.findall(r"\[([\w,-]+)\]", word) for extra in found.split(",")]
        assert set(asked) <= set(extras)
    elif words[0] != "-m":
        assert (REPOSITORY / words[0]).is_file()


@pytest.fixture
def place(mitdb_like, svdb_like, tmp_path, monkeypatch):
    """A folder with the recordings that the pages name; stores are kept beside it."""
    monkeypatch.setenv("EINTHOVEN_HOME", str(tmp_path / "home"))
    folder = tmp_path / "here"
    folder.mkdir()
    for source, name in ((mitdb_like, "100"), (mitdb_like, "208"), (svdb_like, "800")):
        for file in source.glob(f"{name}.*"):
            shutil.copy(file, folder)
    record = einthoven.read(folder / "100.hea")
    np.savetxt(folder / "ecg.csv", record.signal_mv[0, : 20 * 250], header="MLII", comments="", fmt="%.4f")
    twelve_mv = np.outer([0.6, 1, 0.4, -0.8, 0.1, 0.7, -0.5, 0.4, 0.8, 1, 0.9, 0.7], record.signal_mv[0, :3600])
    (folder / "hospital.xml").write_text(aecg_text(twelve_mv, STANDARD, record.fs_hz))
    monkeypatch.chdir(folder)
    return folder


def shown_as(command: Command, untrained: Path, request) -> list[str] | None:
    """The words of a command with a corpus for DIR and a model for MODEL; None where it is not run here."""
    verb, *words = command.words[1:]
    if verb in _LONG or words == ["--help"] or any(word.startswith("/dev/") or word in _DEVICES for word in words):
        return None
    corpus = next((word for at, word in enumerate(words) if words[at - 1] == "--corpus"), "mitdb")
    if corpus.startswith("./"):
        return None
    if verb == "prepare":
        corpus = words[0]
    for name, value in zip(_SHORTER.get(verb, ())[::2], _SHORTER.get(verb, ())[1::2], strict=False):
        if name in words:
            del words[words.index(name) : words.index(name) + 2]
        words += [name, value]
    words += [word for word in _SHORTER.get(verb, ()) if len(_SHORTER[verb]) == 1]
    filled = {
        "DIR": request.getfixturevalue(LAYOUTS[corpus]) if "DIR" in words else "",
        "NSTDB": request.getfixturevalue("nstdb_like") if "NSTDB" in words else "",
        "MODEL": untrained,
        "FILE": "100.hea",
    }
    return [verb, *(str(filled.get(word, word)) for word in words)]


def runnable(page: Path) -> list[Command]:
    name = str(page.relative_to(REPOSITORY))
    if name.startswith("docs/results/") or name in _ELSEWHERE | _REPEATED:
        return []
    return [command for command in commands_of(page) if command.words[0] == "einthoven"]


@pytest.mark.usefixtures("graphs_once")
@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_run_in_its_order(page, place, untrained_copy, request, monkeypatch, capsys):
    ran = []
    for command in runnable(page):
        words = shown_as(command, untrained_copy, request)
        if words is None:
            continue
        assert main(words) == 0, f"{command}\n{capsys.readouterr().err}"
        ran.append(words)
    for words in ran:
        out = next((Path(word) for at, word in enumerate(words) if words[at - 1] == "--out"), None)
        assert out is None or out.exists()
    if list(place.glob("runs/*/test")):
        workshop = copied(place / "repository", monkeypatch)
        assert run(workshop, monkeypatch, "mitbih_table", place / "runs") == 0
        assert "| first | 2 |" in (workshop / "docs" / "results" / "mitbih.md").read_text()


def test_what_is_not_run_on_its_page_is_run_on_another():
    ran = {command.words[1] for page in PAGES for command in runnable(page)}
    repeated = {command.words[1] for command in OURS if command.page in _REPEATED}
    assert repeated <= ran | {"demo"}, "the tests of the command line run demo"


def python_of(page: Path) -> str:
    """The Python of a page, its blocks one after the other; empty where they make files and are run elsewhere."""
    is_run = str(page.relative_to(REPOSITORY)) not in _ELSEWHERE | {"docs/start.md"} and page.name != _NO_FILE
    return "\n".join(_PYTHON.findall(page.read_text())) if is_run else ""


@pytest.fixture
def demo(place) -> Path:
    """The folder of the pages, with what `make demo` leaves."""
    (place / "demo").mkdir()
    for file in place.glob("208.*"):
        content = file.read_bytes()
        target = place / "demo" / f"mitdb{file.name}"
        target.write_bytes(content.replace(b"208", b"mitdb208") if file.suffix == ".hea" else content)
    return place


@pytest.fixture
def kept_logging():
    """Take back what a page does to the loggers of this process."""
    loggers = [logging.getLogger(name) for name in (None, "einthoven")]
    before = [(logger.level, logger.handlers.copy()) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


_PRINTED = {
    "python.md": {
        "10.0",
        "('N', 'S', 'V', 'F')",
        "True",
        "['100', '208']",
        "statement_missing",
        "missing.hea skipped: record_unreadable",
    },
}
"""Lines that the Python of a page promises to print."""


@pytest.mark.parametrize("page", [page for page in PAGES if python_of(page)], ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, demo, kept_logging, capsys):
    exec(compile(python_of(page), str(page), "exec"), {"__name__": "page"})
    assert _PRINTED.get(page.name, set()) <= set(capsys.readouterr().out.splitlines())


def test_the_page_on_python_has_every_error_and_every_public_name():
    page = (REPOSITORY / "docs" / "python.md").read_text()
    for kind in einthoven.EinthovenError.__subclasses__():
        assert f"| `{kind.code}` | `{kind.__name__}` |" in page
    for name in set(einthoven.__all__) - {"Annotations", "Card", "Predictor"}:
        assert re.search(rf"\b{name}\b", page), name
    assert all(
        hasattr(einthoven.Answer, name) or name in einthoven.Answer.__dataclass_fields__ for name in _named(page)
    )


def _named(page: str) -> list[str]:
    """The names in the first column of the table on answers."""
    table = page.split("| name | content |\n", 1)[1].split("\n\n", 1)[0]
    return [name for row in table.splitlines()[1:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
