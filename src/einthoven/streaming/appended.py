"""Knows a file that a stream's answers are appended to. Does not know what they say."""

from pathlib import Path

from einthoven.errors import OutputRefused
from einthoven.paths import refused

_BEGINS = b'{"'


class Appended:
    """A file that lines are appended to; made with the first one."""

    def __init__(self, file: Path):
        self.file, self.open_file = file, None

    def __enter__(self) -> "Appended":
        if self.file.exists():
            self._open()
        return self

    def __exit__(self, *_) -> None:
        if self.open_file is not None:
            self.open_file.close()

    def write(self, text: str) -> None:
        self._open()
        try:
            self.open_file.write(text)
        except OSError as error:
            raise refused(self.file, error) from error

    def flush(self) -> None:
        try:
            self.open_file.flush()
        except OSError as error:
            raise refused(self.file, error) from error

    def _open(self) -> None:
        if self.open_file is not None:
            return
        try:
            torn = self.file.is_file() and not _ends_a_line(self.file)
            self.open_file = self.file.open("a", encoding="utf-8")
            self.open_file.write("\n" if torn else "")
        except OSError as error:
            raise refused(self.file, error) from error


def _ends_a_line(file: Path) -> bool:
    """Whether answers that are in a file end with a whole line.

    Raises
    ------
    OutputRefused
        Where it holds something else, as a recording.
    """
    with file.open("rb") as there:
        begins = there.read(len(_BEGINS))
        there.seek(max(0, file.stat().st_size - 1))
        ends = there.read()
    if not _BEGINS.startswith(begins):
        raise OutputRefused(
            f"nothing is appended to {file}.",
            found="a file that holds no answers of a stream",
            expected="a new file, or one of JSON lines",
            remedy=f"--out {file.with_name(file.stem + '-answers.jsonl')}",
        )
    return ends in (b"", b"\n")
