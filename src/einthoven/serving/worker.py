"""Run one worker of a server: ``python -m einthoven.serving.worker`` takes a job a line and answers with a line."""

import json
import os
import sys
import threading
import time
from typing import Any, TextIO

from einthoven.serving.limits import MOST_MEMORY


def main() -> int:
    """Load the models, then do jobs until the input ends.

    Returns
    -------
    int
        The exit code.
    """
    jobs, answers = sys.stdin, _own_output()
    _bound_memory()
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    from einthoven.interpretation.interpreter import Interpreter
    from einthoven.serving.work import worked

    interpret = Interpreter()
    _say(answers, {"ready": True})
    for line in jobs:
        _say(answers, worked(interpret, json.loads(line)))
    return 0


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    """Write an answer as one line."""
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _own_output() -> TextIO:
    """Return standard output for answers alone: what a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _bound_memory() -> None:
    """Let a recording that takes too much memory fail by itself, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


def _leave_with(parent: int) -> None:
    """End when the server has gone, so that no work outlives it."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
