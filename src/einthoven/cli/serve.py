"""Run the verb serve."""

from dataclasses import dataclass, field
from typing import Annotated

from einthoven import console
from einthoven.cli.settings import MaybePath, optional, value
from einthoven.serving.limits import Limits


@dataclass(frozen=True)
class Serve:
    """Serve interpretations to a browser and to other programs: a web page and an HTTP API on this machine.

    Example: einthoven serve --port 8080
    """

    host: Annotated[str, value("HOST")] = "127.0.0.1"
    """Name or address to listen on; by default only this machine can reach it."""
    port: Annotated[int, value("PORT")] = 8080
    """Port to listen on; 0 takes any free one."""
    names: Annotated[tuple[str, ...], optional("NAME ...")] = ()
    """Further names under which it is reached, as behind a proxy."""
    keep: Annotated[MaybePath, optional("DIR")] = None
    """Folder in which uploads, answers and corrections are kept. By default nothing is kept."""
    limits: Limits = field(default_factory=Limits)
    """Limits on size, time and work at once."""

    def run(self) -> int:
        """Serve until Ctrl-C."""
        from einthoven.serving.server import is_loopback, serve

        if not is_loopback(self.host):
            console.note("Others on the network can reach this server: it asks for no password and encrypts nothing.")
        try:
            serve(self.host, self.port, self.limits, self.keep, self._say, self.names)
        except KeyboardInterrupt:
            console.note("stopped")
        return 0

    def _say(self, address: str) -> None:
        kept = f"kept in {self.keep}" if self.keep else "not kept"
        console.say(f"{address}      open it in a browser; uploads are {kept}; Ctrl-C stops")
