"""Start ``einthoven serve`` as a process of its own, on a free port."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    process: subprocess.Popen
    port: int
    place: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.address + path, timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def left(self) -> list[Path]:
        """What is left of uploads."""
        roots = self.place.glob("einthoven-serve-*")
        return [file for root in roots for file in root.iterdir() if file.name not in ("lock", ".ses")]

    def memory_mb(self) -> dict[int, float]:
        """Resident memory of the server and its workers, by process."""
        found = {}
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                rows = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            except OSError:
                continue
            if str(self.process.pid) in (rows["Pid"], rows["PPid"]) and "VmRSS" in rows:
                found[int(rows["Pid"])] = int(rows["VmRSS"].split()[0]) / 1024
        return found


@contextmanager
def running(place: Path, *options: str) -> Iterator[Server]:
    """Run a server whose temporary folder is in `place` until the block ends, then end it as Ctrl-C does."""
    words = [sys.executable, "-m", "einthoven", "serve", "--port", "0", *options]
    told = place / "stderr"  # a file: a pipe that nobody reads would hold the server up once it is full
    with told.open("w") as errors:
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | {"TMPDIR": str(place)}
        )
    try:
        line = process.stdout.readline()
        port = int(re.search(r":(\d+)/", line)[1])
        server = Server(process, port, place)
        _wait(server)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    assert "Traceback" not in told.read_text(), told.read_text()
    assert process.returncode == 0, told.read_text()
    assert not list(place.glob("einthoven-serve-*"))


def _wait(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if json.loads(server.get("/health"))["status"] == "ok":
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the server is not ready")
