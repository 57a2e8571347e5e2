"""What a killed process left beside an output is removed when the output is written again; what a living one uses stays."""

import os

from einthoven import paths


def test_files_of_killed_processes_are_removed(tmp_path):
    target, dead = tmp_path / "a-b.json", 2**22 - 1  # beyond the numbers that Linux gives
    left = tmp_path / f".{target.name}-{paths._HOST}-{dead}-0123abcd.json"
    used = tmp_path / f".{target.name}-{paths._HOST}-{os.getppid()}-0123abcd.json"
    other = tmp_path / f".b.json-{paths._HOST}-{dead}-0123abcd.json"
    for file in (left, used, other):
        file.write_text("half")
    with paths.written_aside(target) as aside:
        aside.write_text("whole")
    assert target.read_text() == "whole"
    assert sorted(tmp_path.iterdir()) == sorted([target, used, other])
