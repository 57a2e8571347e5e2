"""Take an upload (multipart/form-data) apart while it comes in, and write its files into a folder."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from einthoven.serving.limits import MOST_FIELD_BYTES, MOST_FIELDS, MOST_FILES
from einthoven.serving.names import safe_path
from einthoven.serving.refusals import Refusal, malformed

_MOST_HEAD_BYTES = 8192
_REMEDY = "curl -F files=@100.hea -F files=@100.dat http://127.0.0.1:8080/interpret"


class Parts:
    """The parts of one upload.

    Parameters
    ----------
    content_type : str
        Header of the request, which holds the boundary.
    folder : Path
        An empty folder for the files.

    Raises
    ------
    Refusal
        If it is no upload of files.
    """

    def __init__(self, content_type: str, folder: Path) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 200:
            raise Refusal(
                415,
                "no_upload",
                "The request holds no files.",
                found=f"content type {content_type[:100] or 'none'}",
                expected="multipart/form-data with a boundary",
                remedy=_REMEDY,
            )
        self.fields: dict[str, str] = {}
        self.n_files = 0
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._name = ""
        self._is_wanted = self._is_over = False
        self._head = [bytearray(), bytearray()]
        self._headers: dict[bytes, bytes] = {}
        self._value = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._collect(0),
                "on_header_value": self._collect(1),
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._write,
                "on_part_end": self.close,
                "on_end": self._finish,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Parameters
        ----------
        chunk : bytes
            Bytes of the request's body.

        Raises
        ------
        Refusal
            If they cannot be understood, or kept.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise malformed(f"damaged parts: {error}"[:200], "multipart/form-data", _REMEDY) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Refusal(
                    507,
                    "no_room",
                    "The upload cannot be kept while it is read.",
                    found="no room on the disk of the server",
                    expected="room for the upload in its temporary folder",
                    remedy="TMPDIR=/somewhere/else einthoven serve",
                ) from error
            found = f"{error.strerror}: {self._name}"[:200]
            raise malformed(found, "files with names of their own", _REMEDY) from error

    def end(self) -> None:
        """Require that all parts are whole, and that there is a file.

        Raises
        ------
        Refusal
            If it ends within a part, or holds no file.
        """
        if not self._is_over:
            raise malformed("a request that ends within a file", "all of the upload", _REMEDY)
        if not self.n_files:
            raise malformed("no file", "one recording at least, in parts named files", _REMEDY)

    def close(self) -> None:
        """Close the file that is written, or keep the field that was read."""
        if self._file is not None:
            self._file.close()
            self._file = None
        elif self._is_wanted:
            self.fields[self._name] = self._value.decode("utf-8", "replace")
        self._is_wanted = False

    def _begin(self) -> None:
        self._headers = {}
        self._head = [bytearray(), bytearray()]

    def _collect(self, which: int) -> Callable[[bytes, int, int], None]:
        def collect(data: bytes, start: int, end: int) -> None:
            self._head[which] += data[start:end]
            if len(self._head[which]) > _MOST_HEAD_BYTES:
                raise malformed("a part with a long head", f"at most {_MOST_HEAD_BYTES} bytes", _REMEDY)

        return collect

    def _end_header(self) -> None:
        self._headers[bytes(self._head[0]).lower()] = bytes(self._head[1])
        self._head = [bytearray(), bytearray()]

    def _open(self) -> None:
        """Open the file of a part, or begin a field."""
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise malformed("a part without a name", "parts named files, and fields", _REMEDY)
        if b"filename" not in options:
            self._name, self._value, self._is_wanted = _text(options[b"name"])[:100], bytearray(), True
            if len(self.fields) >= MOST_FIELDS:
                raise malformed("too many fields", f"at most {MOST_FIELDS} fields", _REMEDY)
            return
        self._name = _text(options[b"filename"])
        if not self._name:
            return  # a form in which no file was chosen
        self.n_files += 1
        if self.n_files > MOST_FILES:
            raise Refusal(
                413,
                "too_many_files",
                "The upload holds too many files.",
                found=f"more than {MOST_FILES:,} files",
                expected=f"at most {MOST_FILES:,} files",
                remedy="upload fewer at once",
            )
        inside = safe_path(self._name)
        if inside is None:  # hidden: read, and not kept
            self.n_files -= 1
            return
        target = self._folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        self._file = target.open("xb")

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
        elif self._is_wanted:
            self._value += data[start:end]
            if len(self._value) > MOST_FIELD_BYTES:
                raise malformed(
                    f"a long field {self._name}", f"at most {MOST_FIELD_BYTES:,} bytes, files apart", _REMEDY
                )

    def _finish(self) -> None:
        self._is_over = True


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
