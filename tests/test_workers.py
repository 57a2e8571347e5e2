"""Steps of a study side by side: in processes of their own, kept one by one, gone with their parent."""

import logging
import os
import signal
import subprocess
import sys

import pytest

from einthoven import console, workers
from einthoven.errors import ConfigurationFault
from einthoven.steps import Steps

COSTS = {"first": 1.0, "second": 1.0, "third": 1.0}


@pytest.fixture
def steps(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "n_cores", lambda: 2)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    return Steps(tmp_path, {"quick": False}, COSTS)


def told(value):
    return lambda: {"value": value, "process": os.getpid()}


def test_steps_are_done_in_other_processes_and_only_once(steps):
    first = steps.do("first", told(1))
    found = steps.side_by_side({name: told(at) for at, name in enumerate(COSTS, start=1)})
    assert [row["value"] for row in found] == [1, 2, 3]
    assert found[0] == first
    assert all(row["process"] != os.getpid() for row in found[1:])
    assert steps.side_by_side({name: told(0) for name in COSTS}) == found


def test_a_step_that_fails_says_why_and_loses_nothing_that_is_finished(steps):
    def refused():
        raise ConfigurationFault("no.", found="a", expected="b", remedy="c")

    steps.do("first", told(1))
    with pytest.raises(ConfigurationFault, match="expected  b"):
        steps.side_by_side({"first": told(0), "second": refused, "third": refused})
    assert sorted(steps.seconds) == ["first"]
    assert [row["value"] for row in steps.side_by_side({"first": told(0), "second": told(2)})] == [1, 2]


def test_a_smoke_run_stays_in_its_process(tmp_path):
    found = Steps(tmp_path, {"quick": True}, COSTS).side_by_side({name: told(1) for name in COSTS})
    assert {row["process"] for row in found} == {os.getpid()}


def spoken():
    logging.getLogger("einthoven.training.fit").info("epoch 3")
    return {"bars": console.is_terminal(), "few": console.is_one_of_many()}


def test_a_process_beside_others_says_for_whom_it_speaks_and_draws_no_bars(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with console.speaking_for("cnn-f1", True):
        assert spoken() == {"bars": False, "few": True}
    assert capsys.readouterr().err == "cnn-f1   epoch 3\n"
    with console.shown():
        assert spoken() == {"bars": True, "few": False}


def test_processes_are_as_silent_as_the_one_that_started_them(capfd, monkeypatch):
    monkeypatch.setattr(workers, "n_cores", lambda: 2)
    workers.side_by_side({"a": spoken, "b": spoken})
    assert capfd.readouterr().err == ""
    with console.shown():
        workers.side_by_side({"a": spoken, "b": spoken})
    assert sorted(capfd.readouterr().err.splitlines()) == ["a   epoch 3", "b   epoch 3"]


ORPHAN = """
import sys, threading
from einthoven import workers

def work():
    held = open(sys.argv[1], "w")
    held.write("begun\\n"); held.flush()
    threading.Event().wait()

workers.n_cores = lambda: 2
workers.side_by_side({"a": work, "b": work})
"""


def test_workers_leave_when_their_parent_is_killed(tmp_path):
    pipe = tmp_path / "held"
    os.mkfifo(pipe)
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN.replace("sys.argv[1]", repr(str(pipe)))])
    with pipe.open() as held:
        assert held.readline() == "begun\n"
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        # The end of the pipe comes when nobody holds it any longer.
        assert set(held.read().split()) <= {"begun"}
