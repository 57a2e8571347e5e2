"""Receive an upload, within its limits of size and time, and what the user states about it."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request

from einthoven.records.stated import leads_of
from einthoven.serving.limits import IDLE_S
from einthoven.serving.multipart import Parts
from einthoven.serving.refusals import Refusal, malformed

STATEMENTS = ("fs", "leads", "unit", "gain", "zero", "partial")
"""Fields by which a user states what a file does not; they are the options of the command line."""
_TRUE, _FALSE = ("true", "1", "on"), ("false", "0", "off", "")


async def body_of(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body of a request.

    Parameters
    ----------
    request : Request
        The request.
    most_bytes : int
        Its largest size.

    Yields
    ------
    bytes
        A part of it.

    Raises
    ------
    Refusal
        If it is too large, or nothing comes for too long.
    ClientDisconnect
        If the client left.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most_bytes:
        raise _too_large(int(stated), most_bytes)
    n_bytes = 0
    chunks = request.stream()
    while True:
        try:
            chunk = await asyncio.wait_for(anext(chunks, b""), IDLE_S)
        except TimeoutError:
            raise Refusal(
                408,
                "too_slow",
                "The upload stopped.",
                found=f"nothing for {IDLE_S:g} s",
                expected="all of the upload",
                remedy="send it again",
            ) from None
        if not chunk:
            return
        n_bytes += len(chunk)
        if n_bytes > most_bytes:
            raise _too_large(n_bytes, most_bytes)
        yield chunk


async def received(request: Request, folder: Path, most_bytes: int) -> tuple[dict[str, Any], bool, int]:
    """Write the files of an upload into a folder.

    Parameters
    ----------
    request : Request
        The request.
    folder : Path
        An empty folder.
    most_bytes : int
        Largest size of the upload.

    Returns
    -------
    stated : dict
        What the user states, as parameters of :func:`einthoven.records.read`.
    is_anonymous : bool
        Whether names and dates are left out.
    n_bytes : int
        Size of the upload.

    Raises
    ------
    Refusal
        If it is no upload, too large, too slow, or states what cannot be.
    ClientDisconnect
        If the client left.
    """
    parts = Parts(request.headers.get("content-type", ""), folder)
    n_bytes = 0
    try:
        async for chunk in body_of(request, most_bytes):
            parts.feed(chunk)
            n_bytes += len(chunk)
        parts.end()
    finally:
        parts.close()
    fields = parts.fields
    unknown = sorted(set(fields) - {*STATEMENTS, "anonymous"})
    if unknown:
        raise malformed(f"the field {unknown[0]}", f"files, {', '.join(STATEMENTS)}, anonymous", "leave it out")
    return _stated(fields), _is_true(fields, "anonymous"), n_bytes


def _stated(fields: dict[str, str]) -> dict[str, Any]:
    stated: dict[str, Any] = {
        name: _number(option, fields[option])
        for name, option in (("fs_hz", "fs"), ("gain", "gain"), ("zero", "zero"))
        if fields.get(option, "").strip()
    }
    if fields.get("leads", "").strip():
        stated["leads"] = leads_of(fields["leads"])
    if fields.get("unit", "").strip():
        stated["unit"] = fields["unit"].strip()
    return stated | {"partial": _is_true(fields, "partial")}


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise malformed(f"{name}={text[:40]}", "a number", f"{name}=360" if name == "fs" else f"{name}=200")
    return value


def _is_true(fields: dict[str, str], name: str) -> bool:
    text = fields.get(name, "").strip().lower()
    if text not in (*_TRUE, *_FALSE):
        raise malformed(f"{name}={text[:40]}", "true or false", f"{name}=true")
    return text in _TRUE


def _too_large(n_bytes: int, most_bytes: int) -> Refusal:
    return Refusal(
        413,
        "too_large",
        "The upload is too large.",
        found=f"{n_bytes:,} bytes",
        expected=f"at most {most_bytes:,} bytes in one upload",
        remedy=f"einthoven serve --limits.upload-mb {math.ceil(n_bytes / 1e6)}",
    )


__all__ = ["STATEMENTS", "ClientDisconnect", "body_of", "received"]
