"""Share uploads out to worker processes: so many at once, so many waiting, each stopped when its time is over."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from einthoven.serving.limits import Limits
from einthoven.serving.metrics import Metrics
from einthoven.serving.refusals import UNREADABLE, Refusal

# -P: what is uploaded is never on the path of imports.
COMMAND = (sys.executable, "-P", "-m", "einthoven.serving.worker")
"""What a worker process runs."""
_LONGEST_LINE = 1 << 20
_START_S = 120.0


class Worker:
    """One worker process.

    Parameters
    ----------
    root : Path
        The server's temporary folder, in which the process runs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process and wait until its models are loaded."""
        paths = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            cwd=self._root,
            env=os.environ | one_thread | {"PYTHONPATH": paths, "TMPDIR": str(self._root)},
            start_new_session=True,  # Ctrl-C is for the server, which then stops its workers
        )
        await asyncio.wait_for(self._line(), _START_S)

    async def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Let the process do a job.

        Parameters
        ----------
        job : dict
            See :func:`einthoven.serving.work.worked`.

        Returns
        -------
        dict
            What it replies.

        Raises
        ------
        EOFError
            If the process ended.
        """
        if self._process is None or self._process.stdin is None:
            raise EOFError
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            await self._process.stdin.drain()
        except OSError as error:
            raise EOFError from error
        return await self._line()

    async def stop(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def _line(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise EOFError
        found: dict[str, Any] = json.loads(line)
        return found


class Pool:
    """The workers of a server.

    Parameters
    ----------
    limits : Limits
        What the server allows.
    root : Path
        Its temporary folder.
    metrics : Metrics
        Counts of the server.
    """

    def __init__(self, limits: Limits, root: Path, metrics: Metrics) -> None:
        self._limits, self._root, self._metrics = limits, root, metrics
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._starting: set[asyncio.Task[None]] = set()
        self._workers: list[Worker] = []
        self.waiting = 0
        self.working = 0

    @property
    def ready(self) -> int:
        """Workers whose models are loaded."""
        return self._free.qsize() + self.working

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the workers, and end them with the block.

        Yields
        ------
        None
            Nothing.
        """
        self._workers = [Worker(self._root) for _ in range(self._limits.workers)]
        for worker in self._workers:
            self._start(worker)
        try:
            yield
        finally:
            for task in self._starting:
                task.cancel()
            await asyncio.gather(*self._starting, return_exceptions=True)
            await asyncio.gather(*(worker.stop() for worker in self._workers))

    async def work(self, job: dict[str, Any]) -> dict[str, Any]:
        """Let a worker do a job; where the caller is cancelled, its work ends too.

        Parameters
        ----------
        job : dict
            See :func:`einthoven.serving.work.worked`.

        Returns
        -------
        dict
            What the worker replies.

        Raises
        ------
        Refusal
            If the time is over, or the worker ended.
        """
        self.waiting += 1
        try:
            worker = await self._free.get()
        finally:
            self.waiting -= 1
        return await self._asked(worker, job)

    async def _asked(self, worker: Worker, job: dict[str, Any]) -> dict[str, Any]:
        self.working += 1
        began = time.monotonic()
        is_whole = False
        try:
            async with asyncio.timeout(self._limits.time_s):
                reply = await worker.ask(job)
            is_whole = True
            return reply
        except TimeoutError:
            raise self._too_long() from None
        except EOFError:
            raise _ended() from None
        finally:
            self.working -= 1
            self._metrics.worked(time.monotonic() - began)
            if is_whole:
                self._free.put_nowait(worker)
            else:
                self._metrics.count("worker_restarts")
                self._start(worker)

    def _start(self, worker: Worker) -> None:
        """Start a worker beside all else, in place of what it does."""
        task = asyncio.create_task(self._started(worker))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _started(self, worker: Worker) -> None:
        while True:
            await worker.stop()
            try:
                await worker.start()
            except (EOFError, TimeoutError, OSError):
                await asyncio.sleep(1.0)
                continue
            self._free.put_nowait(worker)
            return

    def _too_long(self) -> Refusal:
        return Refusal(
            UNREADABLE,
            "time_limit",
            "The interpretation took too long and was stopped.",
            found=f"more than {self._limits.time_s:g} s of work",
            expected=f"at most {self._limits.time_s:g} s for one upload",
            remedy=f"einthoven serve --limits.time-s {2 * self._limits.time_s:g}",
        )


def _ended() -> Refusal:
    return Refusal(
        UNREADABLE,
        "work_ended",
        "The interpretation ended before its time.",
        found="a worker process that ended, for example for lack of memory",
        expected="a recording that can be interpreted",
        remedy="einthoven interpret FILE      shows more",
    )
