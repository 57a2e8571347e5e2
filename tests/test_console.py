"""As a library einthoven is silent; the command line shows its log and progress on standard error, and leaves no trace."""

import ast
import logging
from pathlib import Path

import pytest

import einthoven
from einthoven import console
from einthoven.errors import EinthovenError

SOURCE = Path(einthoven.__file__).parent
LOG = logging.getLogger("einthoven.somewhere")


def settings():
    log = logging.getLogger("einthoven")
    return log.level, log.propagate, tuple(log.handlers), console.is_shown()


def test_a_library_is_silent(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(console, "_PAUSE_S", -1.0)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    LOG.warning("something")
    assert list(console.progress("abc", "reading", 3)) == list("abc")
    with console.live() as show:
        assert show is None
    assert capsys.readouterr() == ("", "")


def test_what_is_logged_is_shown_on_standard_error_while_it_is_asked_for(capsys):
    before = settings()
    with console.shown(), console.shown():
        LOG.info("a remark of %d words", 4)
        LOG.debug("no remark")
        logging.getLogger("another.library").info("not ours")
        assert console.is_shown()
    assert settings() == before
    LOG.info("too late")
    assert capsys.readouterr() == ("", "a remark of 4 words\n")


def test_nothing_stays_shown_after_an_error():
    before = settings()
    with pytest.raises(KeyError), console.shown():
        raise KeyError
    assert settings() == before


def test_progress_is_a_line_now_and_then_where_no_bar_can_be_drawn(capsys, monkeypatch):
    monkeypatch.setattr(console, "_PAUSE_S", -1.0)
    with console.shown():
        assert list(console.progress("ab", "reading", 2)) == ["a", "b"]
    assert capsys.readouterr().err == "reading: 1 of 2\nreading: 2 of 2\n"


def test_progress_is_a_bar_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with console.shown():
        assert list(console.progress("ab", "reading", 2)) == ["a", "b"]
    told = capsys.readouterr()
    assert "2/2" in told.err and told.out == ""


def test_other_libraries_are_quiet_for_a_while_only():
    log = logging.getLogger("another.library")
    log.setLevel(logging.INFO)
    with console.quieted("another.library"):
        assert log.level == logging.WARNING
    assert log.level == logging.INFO


HARM = "a\x1b[31mb\x07c\x9bd\u202ee\udcfff\r"
SHOWN = "a\\x1b[31mb\\x07c\\x9bd\\u202ee\\udcfff\\r"


def test_nothing_from_a_file_steers_the_terminal(capsys):
    console.say(f"{HARM}\n\tindented µV")
    console.note(HARM)
    console.fail(EinthovenError(HARM, found=HARM, expected="", remedy=""))
    console.table(["lead"], [[HARM]], title=HARM)
    told = capsys.readouterr()
    assert told.out.startswith(f"{SHOWN}\n\tindented µV\n") and told.out.count(SHOWN) == 3
    assert told.err.startswith(SHOWN)
    assert not any(mark in told.out + told.err for mark in "\x1b\x07\x9b\u202e\udcff\r")


SPOKEN = {"say", "note", "fail", "table"}
LIBRARY = [file for file in sorted(SOURCE.rglob("*.py")) if file.parent.name != "cli" and file.name != "console.py"]


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: str(file.relative_to(SOURCE)))
def test_only_the_command_line_prints(file):
    """Elsewhere remarks are logged, and nothing is set for the whole process."""
    called = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    names = [
        f"{func.value.id}.{func.attr}"
        for func in called
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name)
    ]
    assert not {f"console.{name}" for name in SPOKEN} & set(names)
    assert not any(isinstance(func, ast.Name) and func.id == "print" for func in called)
    assert not any(isinstance(func, ast.Attribute) and func.attr in ("setLevel", "basicConfig") for func in called)


def test_a_table_prints_words_between_colons_as_they_are(capsys):
    console.table(("", ""), [("comment", "10:00 :heart: [bold]")])
    assert "10:00 :heart: [bold]" in capsys.readouterr().out
