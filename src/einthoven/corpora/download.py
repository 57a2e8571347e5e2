"""Download a corpus from its publisher: resumed, verified, a few files at a time."""

import contextlib
import errno
import fnmatch
import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from einthoven import console
from einthoven.corpora import CORPORA
from einthoven.errors import CorpusIncomplete
from einthoven.paths import output_folder

if TYPE_CHECKING:
    import requests

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_AT_ONCE, _TRIES, _TIMEOUT_S, _PIECE = 4, 5, 60.0, 1 << 16


@dataclass(frozen=True)
class Source:
    """Where a publisher keeps the files of a corpus.

    Parameters
    ----------
    address : str
        Address of the folder, with a slash at the end.
    sums : str
        File in it that lists every other file with its SHA-256.
    """

    address: str
    sums: str = "SHA256SUMS.txt"


SOURCES = {name: Source(corpus.files) for name, corpus in CORPORA.items() if corpus.files}
"""Corpora that can be downloaded."""
ELSEWHERE = {name: corpus.obtained for name, corpus in CORPORA.items() if corpus.obtained}
"""Where to get the others."""


def download(
    source: Source, folder: Path, include: tuple[str, ...] = ("*",), pause_s: Callable[[int], float] = lambda n: 2.0**n
) -> tuple[int, int]:
    """Download every file that is missing or differs from the publisher's.

    Partial files are resumed, complete files are kept, and four files are downloaded at once.

    Parameters
    ----------
    source : Source
        Where the files are.
    folder : Path
        Where they go.
    include : tuple of str
        Patterns of the wanted files, as in ``records100/*``.
    pause_s : callable
        Takes the number of a retry, and returns how long to wait before it, s.

    Returns
    -------
    n_fetched : int
        Number of files that were downloaded.
    n_there : int
        Number of files that were complete already.

    Raises
    ------
    CorpusIncomplete
        If the publisher's list is unavailable or invalid, no file matches, or some files could not be downloaded; all others were,
        and the same command continues.
    OutputRefused
        If the folder cannot be written to.
    """
    folder = output_folder(folder)
    listed = _listed(source, pause_s)
    wanted = {name: sha for name, sha in listed.items() if any(fnmatch.fnmatch(name, pattern) for pattern in include)}
    if not wanted:
        raise CorpusIncomplete(
            "No file matches.",
            found=f"{len(listed)} files at {source.address}, none like {', '.join(include)}",
            expected=f"names such as {', '.join(list(listed)[:3])}",
            remedy="leave out --include",
        )
    failed: dict[str, str] = {}
    n_there, offline = 0, threading.Event()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        work = pool.map(lambda item: _fetched(source, folder, item[0], item[1], pause_s, offline), wanted.items())
        for name, found in zip(wanted, console.progress(work, "downloading", len(wanted)), strict=True):
            if found is True:
                n_there += 1
            elif found:
                failed[name] = str(found)
    if failed:
        name, reason = next(iter(failed.items()))
        raise CorpusIncomplete(
            f"{len(failed)} of {len(wanted)} files could not be downloaded from {source.address}.",
            found=f"{name}: {reason}",
            expected="every file as in the publisher's list",
            remedy="run the same command again: it resumes where it stopped",
        )
    return len(wanted) - n_there, n_there


def _listed(source: Source, pause_s: Callable[[int], float]) -> dict[str, str]:
    """Return the SHA-256 of every file by its name."""
    listed = {}
    for line in _list_text(source, pause_s).splitlines():
        sha, _, name = line.strip().partition(" ")
        name = name.strip().lstrip("*")
        inside = PurePosixPath(name)
        if len(sha) != 64 or not name or inside.is_absolute() or ".." in inside.parts or "\\" in name:
            raise CorpusIncomplete(
                f"The list of files at {source.address} is invalid; nothing was downloaded.",
                found=line[:100],
                expected="a SHA-256 and the name of a file below it, a line each",
                remedy="report it to the publisher",
            )
        listed[name] = sha.lower()
    return listed


def _list_text(source: Source, pause_s: Callable[[int], float]) -> str:
    reason = ""
    for attempt in range(_TRIES):
        time.sleep(pause_s(attempt) if attempt else 0)
        try:
            with _response(source.address + source.sums) as response:
                response.raise_for_status()
                return str(response.text)
        except _transient() as error:
            reason = _in_short(error)
    raise CorpusIncomplete(
        f"{source.address} does not answer.",
        found=reason,
        expected=f"its list of files, {source.sums}",
        remedy="try again later, or check the connection of this machine",
    )


def _fetched(
    source: Source, folder: Path, name: str, sha: str, pause_s: Callable[[int], float], offline: threading.Event
) -> bool | str:
    """Return True if the file was there, "" if it was downloaded, else why it could not be.

    If no attempt for a file finds a connection, `offline` is set, and the other files are not tried again.
    """
    target = folder.joinpath(*PurePosixPath(name).parts)
    part = target.with_name(target.name + ".part")
    reason = ""
    try:
        if target.is_file() and _sha256(target) == sha:
            return True
    except OSError as error:
        return _in_short(error)
    unconnected = 0
    for attempt in range(_TRIES):
        if offline.wait(pause_s(attempt) if attempt else 0):
            return reason or "not tried: no connection"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _append(source.address + quote(name), part)
            if _sha256(part) == sha:
                part.replace(target)
                return ""
            reason = "its content differs from the publisher's checksum"
            part.unlink()
        except _transient() as error:
            if getattr(error, "errno", None) in _NO_ROOM:
                raise
            reason = _in_short(error)
            unconnected += _found_no_connection(error)
            if _is_final(error):
                break
    if unconnected == _TRIES:
        offline.set()
    return reason


def _found_no_connection(error: Exception) -> bool:
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    inside = error.args[0] if error.args else None
    return isinstance(inside, MaxRetryError) and isinstance(inside.reason, NewConnectionError)


def _transient() -> tuple[type[Exception], ...]:
    """Return the errors after which to try again: those of requests (which are OSErrors), and of the connection below it."""
    from urllib3.exceptions import HTTPError

    return OSError, HTTPError


def _is_final(error: Exception) -> bool:
    """Return whether the server will refuse every further attempt."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status is not None and 400 <= status < 500 and status not in (408, 429)


def _append(address: str, part: Path) -> None:
    """Download the rest of a file; all of it if the server does not support ranges."""
    there = part.stat().st_size if part.exists() else 0
    with _response(address, {"Range": f"bytes={there}-"} if there else {}) as response:
        if response.status_code == 416:  # complete, or another file with this name: the checksum decides
            return
        response.raise_for_status()
        content_range = response.headers.get("Content-Range", "")
        resumes = response.status_code == 206 and content_range.startswith(f"bytes {there}-")
        with part.open("ab" if resumes else "wb") as file:
            response.raw.enforce_content_length = False  # keep what came before a break; the length is checked below
            for piece in response.raw.stream(_PIECE):
                file.write(piece)
        length = response.headers.get("Content-Length")
        wanted = (there if resumes else 0) + int(length) if length else None
    if wanted is not None and part.stat().st_size < wanted:
        raise ConnectionError(f"it ended after {part.stat().st_size:,} of {wanted:,} bytes")


def _response(address: str, headers: dict[str, str] | None = None) -> "contextlib.closing[requests.Response]":
    import requests

    plain = {"User-Agent": "einthoven", "Accept-Encoding": "identity"}
    return contextlib.closing(requests.get(address, headers=plain | (headers or {}), stream=True, timeout=_TIMEOUT_S))


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"
