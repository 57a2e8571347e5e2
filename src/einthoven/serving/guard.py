"""Guard every request: which host it is for, which page it comes from, and what a browser may do with the answer."""

import ipaddress
import secrets
import socket
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from einthoven.serving.refusals import Refusal, as_dict

_READING = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-src 'none'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), usb=()",
    "cache-control": "no-store",
}


class Guard:
    """Middleware around the whole application.

    Parameters
    ----------
    app : ASGIApp
        The application.
    host : str
        Name or address on which the server listens.
    names : sequence of str
        Further names under which it is reached.
    answered : callable
        Gets method, path and status of each answer.
    """

    def __init__(
        self, app: ASGIApp, host: str, names: Sequence[str], answered: Callable[[str, str, int], None]
    ) -> None:
        self._app, self._answered = app, answered
        own = ("localhost", host, socket.gethostname(), socket.getfqdn())
        self._names = {name.lower() for name in (*own, *names)}
        self._proxied = {f"{scheme}://{name.lower()}" for name in names for scheme in ("http", "https")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, nonce)
                self._answered(scope["method"], scope["path"], message["status"])
            await send(message)

        refusal = self._refusal(scope)
        app = self._app if refusal is None else JSONResponse(as_dict(refusal), refusal.status)
        await app(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return Refusal(
                421,
                "wrong_host",
                "The request is for another host.",
                found=f"Host: {', '.join(hosts)[:100] or 'none'}",
                expected="an address of this machine, its name, or localhost",
                remedy="einthoven serve --names NAME      allows NAME",
            )
        if scope["method"] not in _READING and not self._is_own_page(headers, hosts[0]):
            came = headers.get("origin", headers.get("sec-fetch-site", ""))
            return Refusal(
                403,
                "wrong_origin",
                "The request comes from a page of another site.",
                found=f"Origin: {came[:100]}",
                expected=f"the page of this server, http://{hosts[0][:100]}, or a program that is no browser",
                remedy=f"open http://{hosts[0][:100]}/",
            )
        return None

    def _is_ours(self, host: str) -> bool:
        """Return whether a host is an address, which no other site can own, or a name of this machine."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            _ = urlsplit(f"//{host}").port
        except ValueError:
            return False
        if "@" in host or "/" in host:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.lower().rstrip(".") in self._names
        return True

    def _is_own_page(self, headers: Headers, host: str) -> bool:
        """Return whether a request that acts comes from this server's page, or from no page."""
        origins = headers.getlist("origin")
        if origins:
            return origins in ([f"http://{host}"], [f"https://{host}"]) or (
                len(origins) == 1 and origins[0].lower() in self._proxied
            )
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _add_headers(message: MutableMapping[str, Any], nonce: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _items(nonce):
        headers[name] = value


def _items(nonce: str) -> Iterable[tuple[str, str]]:
    yield from _HEADERS.items()
    yield "content-security-policy", _POLICY.format(nonce=nonce)
