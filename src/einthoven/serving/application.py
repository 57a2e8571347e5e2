"""Answer requests: the web page, interpretations, annotation files, and the state of the server."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from einthoven import __version__
from einthoven.errors import EinthovenError, OutputRefused
from einthoven.interpretation.interpretation import SCHEMA
from einthoven.serving.answering import Answered, removed
from einthoven.serving.corrections import MOST_BYTES, corrections_of
from einthoven.serving.guard import Guard
from einthoven.serving.kept import keep, keep_corrections
from einthoven.serving.limits import Limits
from einthoven.serving.metrics import Metrics
from einthoven.serving.openapi import document
from einthoven.serving.pool import Pool
from einthoven.serving.recordings import SUFFIXES
from einthoven.serving.refusals import Refusal, as_dict, internal, malformed, status_of
from einthoven.serving.uploads import body_of, received
from einthoven.serving.work import ANSWER
from einthoven.serving.workplace import new_folder, workplace

_PAGE = Path(__file__).parent / "page"
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
_DRAIN_S = 10.0


class Serving:
    """The state of one server, and its answers.

    Parameters
    ----------
    limits : Limits
        What it allows.
    kept : Path, optional
        Folder in which uploads, answers and corrections are kept; by default nothing is.
    """

    def __init__(self, limits: Limits, kept: Path | None = None) -> None:
        self._limits, self._kept = limits, kept
        self._metrics = Metrics()
        self._root: Path | None = None
        self._pool: Pool | None = None
        self._n_uploads = 0
        self._paths: set[str] = set()

    def application(self, host: str, names: Sequence[str] = ()) -> ASGIApp:
        """Return the application.

        Parameters
        ----------
        host : str
            Name or address on which it listens.
        names : sequence of str
            Further names under which it is reached.

        Returns
        -------
        ASGIApp
        """
        routes = [
            Route("/", self._index),
            Route("/interpret", self._interpret, methods=["POST"]),
            Route("/review", self._review, methods=["POST"]),
            Route("/annotations", self._annotations, methods=["POST"]),
            Route("/openapi.json", self._openapi),
            Route("/health", self._health),
            Route("/version", self._version),
            Route("/metrics", self._show_metrics),
            *(Route(f"/static/{file.name}", _sender(file)) for file in _PAGE.iterdir() if file.suffix in _KINDS),
        ]
        self._paths = {route.path for route in routes}
        refusing: dict[Any, Any] = {
            EinthovenError: _refused,
            HTTPException: _not_found,
            ClientDisconnect: self._left,
            Exception: _failed,
        }
        app = Starlette(routes=routes, exception_handlers=refusing, lifespan=self._running)
        app.router.redirect_slashes = False
        return Guard(app, host, names, self._answered)

    @asynccontextmanager
    async def _running(self, _: Starlette) -> AsyncIterator[None]:
        with workplace() as self._root:
            self._pool = Pool(self._limits, self._root, self._metrics)
            async with self._pool.running():
                yield

    def _answered(self, method: str, path: str, status: int) -> None:
        known = path if path in self._paths else "other"
        self._metrics.answered(method if method in _METHODS else "other", known, status)

    async def _index(self, request: Request) -> Response:
        page = (_PAGE / "index.html").read_text(encoding="utf-8")
        kept = "Nothing is kept." if self._kept is None else "Uploads, answers and corrections are kept by this server."
        most_mb = str(self._limits.upload_mb)
        values = {"nonce": request.state.nonce, "version": __version__, "most_mb": most_mb, "kept": kept}
        values["suffixes"] = " ".join(SUFFIXES)
        for name, value in values.items():
            page = page.replace(f"%{name}%", value)
        return HTMLResponse(page)

    async def _interpret(self, request: Request) -> Response:
        return await self._worked(request, "interpret")

    async def _review(self, request: Request) -> Response:
        return await self._worked(request, "review")

    async def _worked(self, request: Request, form: str) -> Response:
        """Receive an upload, let a worker interpret it, and answer; nothing of it is left afterwards."""
        assert self._root is not None and self._pool is not None
        with self._counted(request):
            folder = new_folder(self._root)
            try:
                async with _told(request):
                    stated, is_anonymous, n_bytes = await received(request, folder / "files", self._limits.upload_bytes)
                self._metrics.count("upload_bytes", n_bytes)
                job = {"folder": str(folder), "form": form, "stated": stated, "anonymous": is_anonymous}
                reply = await _unless_left(request, self._pool.work(job))
                self._metrics.interpreted(reply["read"], reply["failed"])
                headers = {}
                if self._kept is not None and reply["read"]:
                    name = await asyncio.to_thread(keep, folder / "files", folder / ANSWER, self._kept)
                    headers["x-einthoven-kept"] = name
                return Answered(reply["status"], folder / ANSWER, folder, headers)
            except BaseException:
                removed(folder)
                raise

    @contextmanager
    def _counted(self, request: Request) -> Iterator[None]:
        """Refuse an upload before it is received where too many are there already."""
        most = self._limits.workers + self._limits.waiting
        if self._n_uploads >= most:
            raise Refusal(
                503,
                "busy",
                "The server is busy.",
                found=f"{self._n_uploads} uploads at once",
                expected=f"at most {most} uploads at once",
                remedy="try again in a few seconds",
            )
        self._n_uploads += 1
        try:
            yield
        finally:
            self._n_uploads -= 1

    async def _annotations(self, request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise Refusal(
                415,
                "no_json",
                "The request holds no corrections.",
                found=f"content type {request.headers.get('content-type', 'none')[:100]}",
                expected="application/json",
                remedy="GET /openapi.json      describes the request",
            )
        with self._counted(request):
            content = bytearray()
            async with _told(request):
                async for chunk in body_of(request, MOST_BYTES):
                    content += chunk
            found = await asyncio.to_thread(_parsed, bytes(content))
        corrections = corrections_of(found)
        written = corrections.content
        kept = found.get("kept")
        if kept and self._kept is not None:
            await asyncio.to_thread(keep_corrections, written, corrections.name, str(kept), self._kept)
        self._metrics.count("corrections")
        name = f'attachment; filename="{corrections.name}.atr"'
        return Response(written, media_type="application/octet-stream", headers={"content-disposition": name})

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(document(self._limits, str(request.base_url).rstrip("/")))

    async def _health(self, _: Request) -> Response:
        now = self._now()
        is_ready = now["workers_ready"] > 0
        return JSONResponse({"status": "ok" if is_ready else "starting", **now}, 200 if is_ready else 503)

    async def _version(self, _: Request) -> Response:
        return JSONResponse({"einthoven": __version__, "schema": SCHEMA})

    async def _show_metrics(self, _: Request) -> Response:
        return Response(self._metrics.text(self._now()), media_type="text/plain; version=0.0.4")

    async def _left(self, _: Request, __: Exception) -> Response:
        self._metrics.count("disconnects")
        return Response(status_code=499)

    def _now(self) -> dict[str, int]:
        assert self._pool is not None
        return {
            "workers": self._limits.workers,
            "workers_ready": self._pool.ready,
            "working": self._pool.working,
            "waiting": self._pool.waiting,
        }


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise malformed(
            f"no JSON: {error}"[:200], "the JSON of corrections", "GET /openapi.json      describes it"
        ) from error


async def _unless_left(request: Request, work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Return what a work gives; where the client leaves before, the work is stopped."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left_by(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left_by(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def _told(request: Request) -> AsyncIterator[None]:
    """Take the rest of an upload that is refused and throw it away: a client that still sends would not hear the reason."""
    try:
        yield
    except EinthovenError:
        if "expect" not in request.headers:
            with suppress(TimeoutError, ClientDisconnect, RuntimeError):
                async with asyncio.timeout(_DRAIN_S):
                    async for _ in request.stream():
                        pass
        raise


def _sender(file: Path) -> Any:
    content, kind = file.read_bytes(), _KINDS[file.suffix]

    async def send(_: Request) -> Response:
        return Response(content, media_type=kind)

    return send


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, EinthovenError)
    status = 507 if isinstance(error, OutputRefused) else status_of(error)
    return JSONResponse(as_dict(error), status, headers={"retry-after": "5"} if status == 503 else None)


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "refused")
    refusal = Refusal(
        error.status_code,
        code,
        "There is nothing here." if error.status_code == 404 else "The request is refused.",
        found=f"{request.method} {request.url.path}"[:200],
        expected="a path and method of /openapi.json",
        remedy="GET /openapi.json",
    )
    return JSONResponse(as_dict(refusal), error.status_code, headers=error.headers)


async def _failed(_: Request, __: Exception) -> Response:
    return JSONResponse(as_dict(internal()), 500)
