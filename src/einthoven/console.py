"""Knows how to speak to a person in the terminal; the only module that prints. Does not know what is said.

Answers go to standard output, so that they can be piped; everything else goes to standard error.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from einthoven.errors import EinthovenError

Item = TypeVar("Item")
_speaker = ""


def say(text: str = "") -> None:
    """Print one line of an answer."""
    print(text, flush=True)


def note(text: str) -> None:
    """Print one line about the work, not part of the answer."""
    print(f"{_speaker}   {text}" if _speaker else text, file=sys.stderr, flush=True)


def speak_for(name: str) -> None:
    """From now on this process works beside others: `name` stands before its lines, and it draws no bars."""
    global _speaker
    _speaker = name


def is_one_of_many() -> bool:
    """Whether other processes speak in the same terminal, so that few words are better."""
    return bool(_speaker)


def fail(error: EinthovenError) -> None:
    """Print an error as found, expected, remedy."""
    note(str(error))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table; the first column is left-aligned, columns of numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [[str(cell) for cell in row] for row in rows]
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        numeric = position > 0 and all(row[position][:1] in "-0123456789" for row in rows)
        drawn.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    wide = Console() if sys.stdout.isatty() else Console(width=140)
    if title is not None:
        wide.print(Text(title, style="bold"), soft_wrap=True)
    wide.print(drawn, markup=False)


def progress(items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
    """Yield `items` and show how far they are: a bar in a terminal, a line every ten seconds elsewhere."""
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
        if time.monotonic() - last > 10:
            last = time.monotonic()
            note(f"{label}: {done} of {total}")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold the first Ctrl-C back until the block ends: native code swallows it, or dies of it with a core dump.

    Where it is ignored, as by a process that was started in the background, it stays so.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    asked = []

    def hold(*_) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)
        note("interrupted; it ends when this step is done")

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


@contextmanager
def live() -> Iterator[Callable[[Callable[[int], object]], None] | None]:
    """A picture on standard error that changes: gives what shows it (a renderable for a width), or None where nobody is looking."""
    if not is_terminal():
        yield None
        return
    from rich.console import Console
    from rich.live import Live

    wide = Console(stderr=True)
    with Live(console=wide, auto_refresh=False, transient=False) as screen:
        yield lambda drawn: screen.update(drawn(min(wide.width, 110)), refresh=True)


def is_terminal() -> bool:
    """Whether a person is looking at the progress."""
    return sys.stderr.isatty() and not _speaker
