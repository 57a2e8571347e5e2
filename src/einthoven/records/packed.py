"""Unpack compressed files of one recording, with bounds on what is unpacked."""

import shlex
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from einthoven.errors import RecordUnreadable

_MOST_BYTES = 4 << 30
_UNSUSPECTED_BYTES, _MOST_RATIO = 64 << 20, 100
_MOST_MEMBERS = 10_000
_CHUNK = 1 << 20
_BESIDE = (".dat", ".atr", ".qrs", ".ecg", ".info", ".txt", ".md", ".pdf", ".xml", ".png", ".jpg")
"""Suffixes of files that may lie beside one recording."""


def unpack(path: Path, folder: Path, suffixes: Collection[str]) -> Path:
    """Unpack a ``.gz`` or a ``.zip`` file, and return the recording in it.

    Parameters
    ----------
    path : Path
        The packed file.
    folder : Path
        An empty folder for what is in it.
    suffixes : collection of str
        Suffixes of recordings.

    Returns
    -------
    Path
        The recording in `folder`.

    Raises
    ------
    RecordUnreadable
        If the file is damaged, encrypted, unpacks to far more than it is, or does not hold one recording.
    """
    with path.open("rb") as file:
        first = file.read(4)
    try:
        if first[:2] == b"\x1f\x8b":
            return _gunzipped(path, folder)
        if first[:2] == b"PK":
            return _unzipped(path, folder, suffixes)
    except (zlib.error, zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, RuntimeError, KeyError) as error:
        raise _refusal(path, f"a damaged file: {error}", "copy the file again") from error
    raise _refusal(path, "neither gzip nor zip", f"file {shlex.quote(str(path))}      shows what it is")


def _gunzipped(path: Path, folder: Path) -> Path:
    name = path.name[: -len(path.suffix)] if path.suffix.lower() == ".gz" else path.name
    if PurePosixPath(name).suffix.lower() == ".tar" or path.suffix.lower() == ".tgz":
        raise _refusal(path, "an archive of files (tar)", f"tar -xf {shlex.quote(str(path))}")
    target = folder / (name or "recording")
    unpacker = zlib.decompressobj(wbits=31)
    n_packed = n_unpacked = 0
    with path.open("rb") as source, target.open("wb") as out:
        held = b""
        while True:
            held = held or source.read(_CHUNK)
            if not held:
                break
            n_before = len(held)
            part = unpacker.decompress(held, _CHUNK)
            held = unpacker.unconsumed_tail or unpacker.unused_data
            n_packed += n_before - len(held)
            n_unpacked += len(part)
            _require_bounds(path, n_unpacked, n_packed)
            out.write(part)
            if unpacker.eof:
                if not held.startswith(b"\x1f\x8b"):
                    break
                unpacker = zlib.decompressobj(wbits=31)
    if not unpacker.eof:
        raise EOFError("it ends within the compressed data")
    return target


def _unzipped(path: Path, folder: Path, suffixes: Collection[str]) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if _is_kept(one)]
        names = {one.filename for one in archive.infolist()}
        if "[Content_Types].xml" in names:
            raise _refusal(path, "a document of an office program", "save it as CSV with one column a lead")
        recordings = _recordings(members, suffixes)
        if len(members) > _MOST_MEMBERS or len(recordings) != 1:
            shown = ", ".join(one.filename for one in recordings[:6])
            found = (
                f"{len(recordings)} recordings: {shown}" if recordings else f"no recording among {len(members)} files"
            )
            raise _refusal(path, found, f"unzip {shlex.quote(str(path))}")
        chosen = recordings[0]
        if chosen.flag_bits & 1:
            raise _refusal(path, "an encrypted archive", f"unzip {shlex.quote(str(path))}      asks for its password")
        beside = [one for one in members if _stem(one) == _stem(chosen) or one.filename == chosen.filename]
        if PurePosixPath(chosen.filename).suffix.lower() == ".hea":
            beside = members
        for one in beside:
            _require_bounds(path, one.file_size, max(1, one.compress_size))
            with archive.open(one) as source, (folder / _name(one)).open("wb") as out:
                n_unpacked = 0
                while part := source.read(_CHUNK):
                    n_unpacked += len(part)
                    _require_bounds(path, n_unpacked, max(1, one.compress_size))
                    out.write(part)
        return folder / _name(chosen)


def _is_kept(member: zipfile.ZipInfo) -> bool:
    name = _name(member)
    return (
        bool(name) and not member.is_dir() and name[0] != "." and "__MACOSX" not in PurePosixPath(member.filename).parts
    )


def _recordings(members: list[zipfile.ZipInfo], suffixes: Collection[str]) -> list[zipfile.ZipInfo]:
    found = [one for one in members if _suffix(one) in suffixes and _suffix(one)]
    headed = [one for one in found if _suffix(one) == ".hea"]
    if headed:
        return headed
    surely = [one for one in found if _suffix(one) not in _BESIDE]
    return surely or found


def _suffix(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()


def _stem(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).stem


def _name(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename.replace("\\", "/")).name


def _require_bounds(path: Path, n_unpacked: int, n_packed: int) -> None:
    if n_unpacked > _MOST_BYTES or (n_unpacked > _UNSUSPECTED_BYTES and n_unpacked > _MOST_RATIO * n_packed):
        raise _refusal(
            path,
            f"{n_packed:,} bytes that unpack to {n_unpacked:,} and more",
            "unpack it yourself if you trust it, and give the recording",
        )


def _refusal(path: Path, found: str, remedy: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected=f"a compressed file of one recording, at most {_MOST_RATIO} times as large when unpacked",
        remedy=remedy,
    )
