"""Share independent pieces of work out to the cores."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from einthoven import console

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def n_cores() -> int:
    """Return the number of cores that this process may use.

    Returns
    -------
    int
        The number, at least 1.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parallel_map(work: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
    """Do tasks on all cores.

    Parameters
    ----------
    work : callable
        Gives the answer to a task.
    tasks : iterable
        The tasks.

    Returns
    -------
    iterator
        The answers, in the order of the tasks.
    """
    from joblib import Parallel, delayed

    # joblib's workers need no guard in the caller's script.
    found: Iterator[Answer] = Parallel(n_cores(), return_as="generator")(
        delayed(_one_of_many)(work, task) for task in tasks
    )
    return found


def n_threads() -> int:
    """Return how many threads arithmetic may use in this process.

    Returns
    -------
    int
        1 in a process of :func:`parallel_map`, beside which others use the other cores; else 0, for as many as there are cores.
    """
    return int(_has_siblings)


_has_siblings = False


def _one_of_many(work: Callable[[Task], Answer], task: Task) -> Answer:
    global _has_siblings
    _has_siblings = True
    return work(task)


def side_by_side(works: dict[str, Callable[[], object]]) -> None:
    """Do long works beside each other, one process with one thread of arithmetic for each core.

    Parameters
    ----------
    works : dict of str to callable
        Works by the name that stands before their lines in the terminal. Each keeps its results on disk: a process that is killed
        takes its workers with it.
    """
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", inner_max_num_threads=1):
        Parallel(min(n_cores(), len(works)), batch_size=1)(
            delayed(_beside_others)(name, work, os.getpid(), console.is_shown()) for name, work in works.items()
        )


def _beside_others(name: str, work: Callable[[], object], parent: int, is_shown: bool) -> None:
    if not any(thread.name == _WATCH for thread in threading.enumerate()):
        threading.Thread(target=_leave_with, args=(parent,), name=_WATCH, daemon=True).start()
    with console.speaking_for(name, is_shown):
        work()


_WATCH = "leave with the parent"


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
