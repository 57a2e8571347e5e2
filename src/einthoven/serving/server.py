"""Listen on a port and serve until Ctrl-C."""

import errno
import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from einthoven import console
from einthoven.errors import ConfigurationFault, optional_imports
from einthoven.paths import output_folder
from einthoven.serving.limits import Limits

_MOST_CONNECTIONS = 1000
_BACKLOG = 2048
_LAST_PORT = 65535


def serve(
    host: str,
    port: int,
    limits: Limits,
    kept: Path | None,
    listening: Callable[[str], None],
    names: Sequence[str] = (),
) -> None:
    """Serve until the process is told to end.

    Parameters
    ----------
    host : str
        Name or address to listen on.
    port : int
        Port; 0 for any free one.
    limits : Limits
        What is allowed.
    kept : Path, optional
        Folder in which uploads, answers and corrections are kept; by default nothing is.
    listening : callable
        Gets the address of the web page, once it can be opened.
    names : sequence of str
        Further names under which the server is reached.

    Raises
    ------
    ConfigurationFault
        If the port is in use, or the host is none of this machine.
    OutputRefused
        If the folder cannot be written to.
    LibraryMissing
        If the extra ``serve`` is not installed.
    """
    with optional_imports():
        import python_multipart  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn

    from einthoven.serving.application import Serving

    if kept is not None:
        kept = output_folder(kept).absolute()
    with _bound(host, port) as bound:
        config = uvicorn.Config(
            Serving(limits, kept).application(host, names),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=5,
        )
        shown = f"[{host}]" if ":" in host else host
        listening(f"http://{shown}:{bound.getsockname()[1]}/")
        # Of every request that is no HTTP, uvicorn would write a line.
        with console.quieted("uvicorn.error", level=logging.ERROR):
            uvicorn.Server(config).run(sockets=[bound])


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine can reach a host.

    Parameters
    ----------
    host : str
        A name or an address.

    Returns
    -------
    bool
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that a port in use is refused before anything is loaded."""
    if not 0 <= port <= _LAST_PORT:
        raise _no_host(host, port, "no such port")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise _no_host(host, port, str(error)) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno != errno.EADDRINUSE:
            raise _no_host(host, port, str(error)) from error
        raise ConfigurationFault(
            "The port is in use.",
            found=f"another program listens on {host}, port {port}",
            expected="a free port",
            remedy="einthoven serve --port 0      takes any free port",
        ) from error
    return bound


def _no_host(host: str, port: int, why: str) -> ConfigurationFault:
    return ConfigurationFault(
        "The server cannot listen there.",
        found=f"{host or 'no host'}, port {port}: {why}",
        expected="an address of this machine, and a port from 1024 to 65535",
        remedy="einthoven serve --host 127.0.0.1 --port 8080",
    )
