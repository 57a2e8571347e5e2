"""Send changed files to child processes, and collect what is no answer: tracebacks, crashes, hangs, memory."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.child import MOST_S

ALLOWED = (
    *("read", "record_unreadable", "statement_missing", "lead_mismatch", "library_missing", "configuration_fault"),
    *("file_damaged", "malformed", "no_upload"),
)
_START_S = 120
_PATIENCE = 8  # where other processes keep the processors busy, seconds of a process last longer


@dataclass
class Report:
    """What came of all inputs."""

    tell: Callable[[dict[str, Any]], None] = lambda failure: None
    """Gets each failure as it happens."""
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def note(self, name: str, number: int, found: str, seconds: float) -> None:
        """Count an outcome; keep a failure so that it can be replayed."""
        if found in ALLOWED:
            self.outcomes[found] += 1
            return
        self.outcomes["failed"] += 1
        self.failures.append({"seed": name, "number": number, "seconds": round(seconds, 2), "found": found})
        self.tell(self.failures[-1])


def _cpu_s(pid: int) -> float:
    """Return the seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Child:
    """A process that reads; started anew after each failure."""

    def __init__(self, source: str):
        self.source = source
        self.process: subprocess.Popen[str] | None = None

    def ask(self, name: str, number: int) -> str:
        if self.process is None:
            command = [sys.executable, "-m", "tests.fuzz.child", self.source]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self.process = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
            if self._reply(_START_S) != "ready\n":
                raise RuntimeError("the child process does not start")
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, number]) + "\n")
        self.process.stdin.flush()
        line = self._reply(MOST_S)
        if line is None:
            self.end()
            return f"no answer within {MOST_S} s"
        if not line:
            code = self.process.wait()
            self.process = None
            return f"the process ended with {code}"
        found = str(json.loads(line))
        if found not in ALLOWED:
            self.end()
        return found

    def _reply(self, seconds: float) -> str | None:
        """Return the next line; None if the process waits, or has computed, for some seconds without one."""
        assert self.process is not None and self.process.stdout is not None
        before = _cpu_s(self.process.pid)
        for _ in range(_PATIENCE):
            ready, _, _ = select.select([self.process.stdout], [], [], seconds)
            if ready:
                return self.process.stdout.readline()
            if not 0 < _cpu_s(self.process.pid) - before < seconds:
                return None
        return None

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def run(source: str, inputs: Iterator[tuple[str, int]], report: Report, n_children: int = 2) -> Report:
    """Read inputs (name of a seed, number of the change) in child processes until there are none."""
    lock, stopped = threading.Lock(), threading.Event()

    def work() -> None:
        child = _Child(source)
        try:
            while not stopped.is_set():
                with lock:
                    one = next(inputs, None)
                if one is None:
                    return
                started = time.monotonic()
                found = child.ask(*one)
                with lock:
                    report.note(*one, found, time.monotonic() - started)
        finally:
            child.end()

    threads = [threading.Thread(target=work) for _ in range(n_children)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        stopped.set()
    return report
