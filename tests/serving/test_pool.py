"""Workers are stopped when their time is over, and started again; so many may wait and no more."""

import sys
import time

import pytest

from einthoven.serving import pool
from tests.serving.conftest import left, started, uploaded

WORKERS = {
    "sleeps": "import time; time.sleep(1000)",
    "ends": "import os; os._exit(1)",
    "is killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
}
_BEGIN = "import sys\nprint('{\"ready\": true}', flush=True)\nfor line in sys.stdin:\n    "


@pytest.fixture
def worker(request, monkeypatch):
    """Workers that do one thing in place of interpreting."""
    monkeypatch.setattr(pool, "COMMAND", (sys.executable, "-c", _BEGIN + WORKERS[request.param]))


@pytest.mark.parametrize(
    ("worker", "code"),
    [("sleeps", "time_limit"), ("ends", "work_ended"), ("is killed", "work_ended")],
    indirect=["worker"],
)
def test_work_that_does_not_end_well_is_told(worker, code, record, tmp_path, monkeypatch):
    with started(tmp_path, monkeypatch, time_s=1) as client:
        for _ in range(2):  # the worker is there again
            began = time.monotonic()
            answer = client.post("/interpret", files=uploaded(*record))
            assert (answer.status_code, answer.json()["code"]) == (422, code)
            assert time.monotonic() - began < 20
        assert not left(tmp_path)
        assert "einthoven_worker_restarts_total 2" in client.get("/metrics").text


def test_workers_leave_with_the_server(record, tmp_path, monkeypatch):
    others = _children()  # of tests before this one
    with started(tmp_path, monkeypatch) as client:
        client.post("/interpret", files=uploaded(record[0]))
        children = _children() - others
        assert children
    deadline = time.monotonic() + 10
    while _children() & children and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _children() & children


def _children() -> set[int]:
    import os
    from pathlib import Path

    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[1] == str(os.getpid()) and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found
