"""Speak to a person in the terminal: answers on standard output, all else on standard error; the only module that prints."""

import logging
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from einthoven.errors import EinthovenError

Item = TypeVar("Item")
_log = logging.getLogger(__name__)
_ALL = logging.getLogger("einthoven")
_PAUSE_S = 10.0
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_speaker = ""
_is_shown = False


class _OnStandardError(logging.Handler):
    """Shows what einthoven logs, a line each."""

    def emit(self, record: logging.LogRecord) -> None:
        note(self.format(record))


@contextmanager
def shown() -> Iterator[None]:
    """Show on standard error what einthoven logs, and its progress, until the block ends; without it nothing is shown.

    Yields
    ------
    None
        Nothing.
    """
    global _is_shown
    if _is_shown:
        yield
        return
    handler, before = _OnStandardError(), (_ALL.level, _ALL.propagate)
    _ALL.addHandler(handler)
    _ALL.setLevel(logging.INFO)
    _ALL.propagate, _is_shown = False, True
    try:
        yield
    finally:
        _ALL.removeHandler(handler)
        _ALL.setLevel(before[0])
        _ALL.propagate, _is_shown = before[1], False


def is_shown() -> bool:
    """Return whether what is logged is shown, see :func:`shown`.

    Returns
    -------
    bool
        Whether it is.
    """
    return _is_shown


@contextmanager
def speaking_for(name: str, is_shown: bool) -> Iterator[None]:
    """Work beside other processes in this block: a name stands before each line, and no bars are drawn.

    Parameters
    ----------
    name : str
        What stands before the lines.
    is_shown : bool
        Whether what is logged is shown, as in the process that started this one.

    Yields
    ------
    None
        Nothing.
    """
    global _speaker
    before, _speaker = _speaker, name
    try:
        with shown() if is_shown else nullcontext():
            yield
    finally:
        _speaker = before


def is_one_of_many() -> bool:
    """Return whether other processes speak in the same terminal, so that few words are better.

    Returns
    -------
    bool
        Whether it is, see :func:`speaking_for`.
    """
    return bool(_speaker)


def is_terminal() -> bool:
    """Return whether a person is looking at the progress.

    Returns
    -------
    bool
        Whether it is shown, in a terminal, for this process alone.
    """
    return _is_shown and sys.stderr.isatty() and not _speaker


def printable(text: str) -> str:
    r"""Return a text that a terminal only shows: names in files may hold escape sequences that would steer it.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text with control characters, marks that turn the direction of writing, and bytes that are no text written
        as escapes; line breaks and tabs stay.

    Examples
    --------
    >>> printable("ML\x1b[31mII")
    'ML\\x1b[31mII'
    """
    return _UNSEEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def say(text: str = "") -> None:
    """Print one line of an answer.

    Parameters
    ----------
    text : str
        The line.
    """
    print(printable(text), flush=True)


def note(text: str) -> None:
    """Print one line about the work, not part of the answer.

    Parameters
    ----------
    text : str
        The line.
    """
    text = printable(text)
    print(f"{_speaker}   {text}" if _speaker else text, file=sys.stderr, flush=True)


def fail(error: EinthovenError) -> None:
    """Print an error as found, expected, remedy.

    Parameters
    ----------
    error : EinthovenError
        The error.
    """
    note(str(error))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table; the first column is left-aligned, columns of numbers to the right.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequence
        Cells, as many as there are columns.
    title : str, optional
        A line above.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[printable(str(cell)) for cell in row] for row in rows]
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        numeric = position > 0 and all(row[position][:1] in "-0123456789" for row in cells)
        drawn.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*row)
    wide = Console(emoji=False, width=None if sys.stdout.isatty() else 140)
    if title is not None:
        wide.print(Text(printable(title), style="bold"), soft_wrap=True)
    wide.print(drawn, markup=False)


def progress(items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
    """Yield items and show how many are done: a bar in a terminal, else a logged line every ten seconds.

    Parameters
    ----------
    items : iterable
        What is worked on.
    label : str
        What is done with it.
    total : int
        Number of items.

    Yields
    ------
    object
        Each item.
    """
    if is_terminal():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bars:
            yield from bars.track(items, total=total, description=label)
        return
    last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last > _PAUSE_S:
            last = time.monotonic()
            _log.info("%s: %d of %d", label, done, total)


@contextmanager
def quieted(*names: str, level: int = logging.WARNING) -> Iterator[None]:
    """Leave out what other libraries log below a level, until the block ends.

    Parameters
    ----------
    *names : str
        Names of loggers.
    level : int
        The lowest level that is kept.

    Yields
    ------
    None
        Nothing.
    """
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, kept in zip(loggers, before, strict=True):
            logger.setLevel(kept)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold the first Ctrl-C back until the block ends: native code swallows it, or dies of it with a core dump.

    Where it is ignored, as by a process that was started in the background, it stays so.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    KeyboardInterrupt
        At the end, if Ctrl-C was pressed; at once, if it was pressed again.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    asked: list[bool] = []

    def hold(*_: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)
        _log.warning("Interrupt received; stopping after this step.")

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


@contextmanager
def live() -> Iterator[Callable[[Callable[[int], Any]], None] | None]:
    """Draw a changing picture on standard error.

    Yields
    ------
    callable or None
        Draws what a function gives for a width in characters (a renderable); None if nobody is looking.
    """
    if not is_terminal():
        yield None
        return
    from rich.console import Console
    from rich.live import Live

    wide = Console(stderr=True)
    with Live(console=wide, auto_refresh=False, transient=False) as screen:
        yield lambda drawn: screen.update(drawn(min(wide.width, 110)), refresh=True)
