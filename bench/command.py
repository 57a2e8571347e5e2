"""Run a measurement from its command line: usage where words are missing, one clear error where the input is wrong."""

import sys
from collections.abc import Callable
from pathlib import Path

from einthoven import console
from einthoven.errors import EinthovenError, RecordUnreadable


def run(main: Callable[[list[str]], None], usage: str, at_least: int) -> None:
    """Run `main` on the words of the command line; end with 2 where there are too few or they lead nowhere.

    Parameters
    ----------
    main : callable
        What takes the words.
    usage : str
        What is printed where there are fewer words than needed.
    at_least : int
        Number of words without which there is nothing to do.
    """
    words = sys.argv[1:]
    if len(words) < at_least:
        console.note(usage)
        sys.exit(2)
    try:
        main(words)
    except EinthovenError as error:
        console.fail(error)
        sys.exit(2)
    except FileNotFoundError as error:
        missing = Path(error.filename)
        console.fail(
            RecordUnreadable(
                f"{missing} cannot be read.",
                found="nothing there",
                expected=usage.strip().splitlines()[-1],
                remedy=f"ls {missing.parent}",
            )
        )
        sys.exit(2)
