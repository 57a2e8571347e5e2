"""Append the answers of a stream to a file."""

from contextlib import suppress
from io import SEEK_END, FileIO
from pathlib import Path

from einthoven.errors import OutputRefused
from einthoven.paths import refused

_FIRST_BYTES = b'{"'


class AppendedFile:
    """A file of JSON lines that answers are appended to; it is created with the first line.

    Parameters
    ----------
    file : Path
        The file.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._opened: FileIO | None = None
        self._waiting: list[str] = []

    def __enter__(self) -> "AppendedFile":
        if self.file.exists():
            self._open()
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            self._opened.close()

    def write(self, text: str) -> None:
        """Append a text with the next :meth:`flush`.

        Parameters
        ----------
        text : str
            One or more lines.

        Raises
        ------
        OutputRefused
            Where the file cannot be written, or holds something else.
        """
        self._open()
        self._waiting.append(text)

    def flush(self) -> None:
        """Write what waits to the file: all of it, or nothing.

        Raises
        ------
        OutputRefused
            Where the file cannot be written.
        """
        if self._opened is None or not self._waiting:
            return
        content, self._waiting = "".join(self._waiting).encode(), []
        before = self._opened.seek(0, SEEK_END) if self._opened.seekable() else 0
        try:
            while content:
                content = content[self._opened.write(content) :]
        except OSError as error:
            with suppress(OSError):  # a pipe has no length
                self._opened.truncate(before)
            raise refused(self.file, error) from error

    def _open(self) -> FileIO:
        """Open the file, and end its last line if that is torn."""
        if self._opened is None:
            try:
                is_torn = self.file.is_file() and not _ends_with_line(self.file)
                self._opened = self.file.open("ab", buffering=0)
                self._waiting = ["\n"] * is_torn
            except OSError as error:
                raise refused(self.file, error) from error
        return self._opened


def _ends_with_line(file: Path) -> bool:
    """Return whether a file of JSON lines ends with a whole line; refuse a file of something else, such as a recording."""
    with file.open("rb") as source:
        begins = source.read(len(_FIRST_BYTES))
        source.seek(max(0, file.stat().st_size - 1))
        last = source.read()
    if not _FIRST_BYTES.startswith(begins):
        raise OutputRefused(
            f"{file} is not appended to.",
            found="a file that holds no answers of a stream",
            expected="a new file, or one of JSON lines",
            remedy=f"--out {file.with_name(file.stem + '-answers.jsonl')}",
        )
    return last in (b"", b"\n")
