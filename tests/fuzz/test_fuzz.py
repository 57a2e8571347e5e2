"""No changed file breaks a reader: a small part of ``make fuzz``, and what the harness itself must see."""

import random

import pytest

from tests.fuzz import faults, harness, own_seeds, seeds
from tests.fuzz.mutation import CHANGES, mutated

N_CHANGES = 30
"""Changes of each recording in ``make test``."""
N_FORGED = 6
"""Forgeries of each of einthoven's own files there."""


def test_no_changed_file_breaks_a_reader():
    names = [seed.name for seed in seeds.written()]
    inputs = ((name, number) for number in range(N_CHANGES) for name in names)
    report = harness.run("tests.fuzz.seeds:written", inputs, harness.Report())
    assert not report.failures
    assert sum(report.outcomes.values()) == N_CHANGES * len(names)
    assert min(report.outcomes["read"], report.outcomes["record_unreadable"]) > len(names)


def test_nothing_forged_breaks_what_reads_it():
    names = [seed.name for seed in own_seeds.quick()]
    inputs = ((name, number) for number in range(N_FORGED) for name in names)
    report = harness.run("tests.fuzz.own_seeds:quick", inputs, harness.Report(), 1)
    assert not report.failures
    assert sum(report.outcomes.values()) == N_FORGED * len(names)
    assert min(report.outcomes["read"], report.outcomes["file_damaged"]) > 5


def test_the_harness_sees_each_failure(monkeypatch):
    monkeypatch.setattr(harness, "MOST_S", 1)
    kinds = [*faults.KINDS, "good"]
    report = harness.run("tests.fuzz.faults:seeds", iter([(kind, 0) for kind in kinds]), harness.Report(), 1)
    told = {failure["seed"]: failure["found"] for failure in report.failures}
    assert set(told) == set(faults.KINDS) and report.outcomes["read"] == 1
    assert "IndexError: out of range" in told["traceback"] and told["hang"] == "no answer within 1 s"
    assert "MemoryError" in told["memory"] and told["crash"] == "the process ended with -6"
    assert "infinite" in told["infinite"]


def test_changes_can_be_replayed():
    files = {"a.hea": b"a 1 360 100\na.dat 16 200/mV\n", "a.dat": bytes(200)}
    first = [mutated(files, "wfdb", number)[0] for number in range(200)]
    assert first == [mutated(files, "wfdb", number)[0] for number in range(200)]
    assert sum(changed != files for changed in first) > 190
    assert any("a.dat" not in changed for changed in first)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changes_take_any_content(change):
    for content in (b"", b"x", b"1\n", bytes(300)):
        assert all(isinstance(change(content, random.Random(seed)), bytes) for seed in range(50))
