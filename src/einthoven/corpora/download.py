"""Knows how a corpus comes from its publisher: resumed, verified, a few files at a time. Knows no recording."""

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
from urllib.parse import quote

from einthoven import console
from einthoven.errors import CorpusIncomplete
from einthoven.paths import output_folder

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_AT_ONCE, _TRIES, _TIMEOUT_S, _PIECE = 4, 5, 60.0, 1 << 16


@dataclass(frozen=True)
class Source:
    """Where a publisher lays out a corpus, and the file there that lists every other with its SHA-256."""

    address: str
    sums: str = "SHA256SUMS.txt"


SOURCES = {
    "mitdb": Source("https://physionet.org/files/mitdb/1.0.0/"),
    "svdb": Source("https://physionet.org/files/svdb/1.0.0/"),
    "ptb-xl": Source("https://physionet.org/files/ptb-xl/1.0.3/"),
    "challenge-2017": Source("https://physionet.org/files/challenge-2017/1.0.0/"),
    "challenge-2021": Source("https://physionet.org/files/challenge-2021/1.0.3/"),
}
ELSEWHERE = {
    "cpsc2018": "CPSC 2018 is handed out by its organisers: http://2018.icbeb.org/Challenge.html. Unpack TrainingSet1.zip, "
    "TrainingSet2.zip and TrainingSet3.zip into one folder (A0001.mat … A6877.mat) and put REFERENCE.csv beside them.",
    "zzu-pecg": "ZZU-pECG is handed out with its article: https://doi.org/10.1038/s41597-025-05225-z (Scientific Data 12:867). "
    "Unpack Child_ecg (P00/P00001/P00001_E01.hea and .dat …) into one folder and put AttributesDictionary.csv beside it.",
}


def download(
    source: Source, folder: Path, include: tuple[str, ...] = ("*",), pause_s: Callable[[int], float] = lambda n: 2.0**n
) -> tuple[int, int]:
    """Fetch every file that is not there, or not as the publisher has it.

    What was fetched in part is gone on with; a file that is whole is left alone; four files are fetched at once.

    Parameters
    ----------
    folder : where it goes
    include : patterns of the names that are wanted, as in ``records100/*``
    pause_s : how long to wait before the n-th try

    Returns
    -------
    how many files were fetched, and how many were there already

    Raises
    ------
    CorpusIncomplete
        Where some files could not be had, after all others were; the same command then goes on.
    """
    folder = output_folder(folder)
    listed = _listed(source, pause_s)
    wanted = {name: sha for name, sha in listed.items() if any(fnmatch.fnmatch(name, pattern) for pattern in include)}
    if not wanted:
        raise CorpusIncomplete(
            "nothing that is wanted is there.",
            found=f"{len(listed)} files at {source.address}, none like {', '.join(include)}",
            expected=f"names such as {', '.join(list(listed)[:3])}",
            remedy="leave out --include",
        )
    failed: dict[str, str] = {}
    n_there, gone = 0, threading.Event()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        work = pool.map(lambda item: _fetched(source, folder, *item, pause_s, gone), wanted.items())
        for name, found in zip(wanted, console.progress(work, "downloading", len(wanted)), strict=True):
            if found is True:
                n_there += 1
            elif found:
                failed[name] = found
    if failed:
        name, reason = next(iter(failed.items()))
        raise CorpusIncomplete(
            f"{len(failed)} of {len(wanted)} files could not be fetched from {source.address}.",
            found=f"{name}: {reason}",
            expected="every file as the publisher's list has it",
            remedy="run the same command again: it goes on where it stopped",
        )
    return len(wanted) - n_there, n_there


def _listed(source: Source, pause_s: Callable[[int], float]) -> dict[str, str]:
    """Name to SHA-256 of every file."""
    reason = ""
    for attempt in range(_TRIES):
        time.sleep(pause_s(attempt) if attempt else 0)
        try:
            with _asked(source.address + source.sums) as answer:
                answer.raise_for_status()
                text = answer.text
            break
        except _passing() as error:
            reason = _in_short(error)
    else:
        raise CorpusIncomplete(
            f"{source.address} does not answer.",
            found=reason,
            expected=f"its list of files, {source.sums}",
            remedy="try again later, or see whether this machine may reach it",
        )
    listed = {}
    for line in text.splitlines():
        sha, _, name = line.strip().partition(" ")
        name = name.strip().lstrip("*")
        inside = PurePosixPath(name)
        if len(sha) != 64 or not name or inside.is_absolute() or ".." in inside.parts or "\\" in name:
            raise CorpusIncomplete(
                f"the list at {source.address} cannot be trusted.",
                found=line[:100],
                expected="a SHA-256 and the name of a file below it, a line each",
                remedy="tell the publisher; nothing was fetched",
            )
        listed[name] = sha.lower()
    return listed


def _fetched(
    source: Source, folder: Path, name: str, sha: str, pause_s: Callable[[int], float], gone: threading.Event
) -> bool | str:
    """True where the file was there, "" where it was fetched, else why it could not be.

    Where one file finds no connection at any of its tries, `gone` is set, and the others are not tried again.
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
        if gone.wait(pause_s(attempt) if attempt else 0):
            return reason or "not tried: the connection is gone"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _append(source.address + quote(name), part)
            if _sha256(part) == sha:
                part.replace(target)
                return ""
            reason = "its content is not what the publisher's list says"
            part.unlink()
        except _passing() as error:
            if getattr(error, "errno", None) in _NO_ROOM:
                raise
            reason = _in_short(error)
            unconnected += _found_no_connection(error)
            if _is_final(error):
                break
    if unconnected == _TRIES:
        gone.set()
    return reason


def _found_no_connection(error: Exception) -> bool:
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    inside = error.args[0] if error.args else None
    return isinstance(inside, MaxRetryError) and isinstance(inside.reason, NewConnectionError)


def _passing() -> tuple[type[Exception], ...]:
    """What another try may mend: errors of requests (which are OSErrors), and of the connection below it."""
    from urllib3.exceptions import HTTPError

    return OSError, HTTPError


def _is_final(error: Exception) -> bool:
    """Whether the server said that it will not have it otherwise."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status is not None and 400 <= status < 500 and status not in (408, 429)


def _append(address: str, part: Path) -> None:
    """Fetch what is missing of a file; all of it, where the server does not give a part."""
    there = part.stat().st_size if part.exists() else 0
    with _asked(address, {"Range": f"bytes={there}-"} if there else {}) as answer:
        if answer.status_code == 416:  # nothing is missing, or another file stood there: the checksum tells
            return
        answer.raise_for_status()
        goes_on = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {there}-")
        with part.open("ab" if goes_on else "wb") as file:
            answer.raw.enforce_content_length = (
                False  # what came before a connection broke is kept; the length is checked below
            )
            for piece in answer.raw.stream(_PIECE):
                file.write(piece)
        told = answer.headers.get("Content-Length")
        wanted = (there if goes_on else 0) + int(told) if told else None
    if wanted is not None and part.stat().st_size < wanted:
        raise ConnectionError(f"it ended after {part.stat().st_size:,} of {wanted:,} bytes")


def _asked(address: str, headers: dict[str, str] | None = None):
    import requests

    plain = {"User-Agent": "einthoven", "Accept-Encoding": "identity"}
    return contextlib.closing(requests.get(address, headers=plain | (headers or {}), stream=True, timeout=_TIMEOUT_S))


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"
