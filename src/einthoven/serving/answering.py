"""Send the file of an answer, and remove the upload whatever becomes of the client."""

import asyncio
import shutil
from pathlib import Path

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from einthoven.serving.limits import IDLE_S

_CHUNK = 1 << 18


class Answered(Response):
    """The answer to one upload.

    Parameters
    ----------
    status : int
        HTTP status.
    answer : Path
        File of the answer.
    folder : Path
        Folder of the upload, which is removed at the end.
    headers : dict of str to str
        Further headers.
    """

    media_type = "application/json"

    def __init__(self, status: int, answer: Path, folder: Path, headers: dict[str, str]) -> None:
        super().__init__(status_code=status, headers=headers)
        self._answer, self._folder = answer, folder
        self.headers["content-length"] = str(answer.stat().st_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; a client that takes nothing for too long gets no more."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            with self._answer.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    message = {"type": "http.response.body", "body": chunk, "more_body": True}
                    await asyncio.wait_for(send(message), IDLE_S)
            await send({"type": "http.response.body", "body": b""})
        except (OSError, TimeoutError) as error:
            raise ClientDisconnect from error
        finally:
            removed(self._folder)


def removed(folder: Path) -> None:
    """Remove the folder of an upload.

    Parameters
    ----------
    folder : Path
        The folder.
    """
    shutil.rmtree(folder, ignore_errors=True)
