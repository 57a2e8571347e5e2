"""Answers of a stream on a disk that fills up: whole lines only, and the message names the file."""

import errno
import json

import pytest

from einthoven.errors import OutputRefused
from einthoven.streaming.appended import AppendedFile


def test_a_full_disk_leaves_whole_lines(tmp_path):
    file = tmp_path / "a.jsonl"
    with AppendedFile(file) as lines:
        lines.write('{"n": 1}\n')
        lines.flush()
        opened = lines._open()

        class Full:
            """Takes a few bytes and is full then."""

            seek, seekable, truncate, close = opened.seek, opened.seekable, opened.truncate, opened.close
            taken = 0

            def write(self, content: bytes) -> int:
                if Full.taken:
                    raise OSError(errno.ENOSPC, "No space left on device")
                Full.taken = opened.write(content[:4])
                return Full.taken

        lines._opened = Full()
        lines.write('{"n": 2}\n')
        with pytest.raises(OutputRefused, match=r"a\.jsonl"):
            lines.flush()
    assert [json.loads(line) for line in file.read_text().splitlines()] == [{"n": 1}]


def test_a_torn_line_is_ended_before_the_next(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text('{"n": 1}\n{"n":')
    with AppendedFile(file) as lines:
        lines.write('{"n": 3}\n')
        lines.flush()
    assert file.read_text() == '{"n": 1}\n{"n":\n{"n": 3}\n'
