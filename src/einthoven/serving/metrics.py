"""Count what a server does, in the text format of Prometheus."""

from collections import Counter

_BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_HELP = {
    "recordings": "Recordings, by whether they were interpreted.",
    "worker_restarts": "Workers that were started again.",
    "upload_bytes": "Bytes of uploads.",
    "disconnects": "Clients that left before their answer.",
    "corrections": "Annotation files that were written.",
}


class Metrics:
    """Counts of one server since its start."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._recordings: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._seconds: Counter[float] = Counter()
        self._sum_s, self._n = 0.0, 0

    def answered(self, method: str, path: str, status: int) -> None:
        """Count a request.

        Parameters
        ----------
        method : str
            Its method.
        path : str
            Its path, if the server knows it, else ``other``.
        status : int
            Status of the answer.
        """
        self._requests[method, path, status] += 1

    def interpreted(self, n_read: int, n_failed: int) -> None:
        """Count recordings.

        Parameters
        ----------
        n_read, n_failed : int
            Those that were interpreted, and those that were not.
        """
        self._recordings["interpreted"] += n_read
        self._recordings["refused"] += n_failed

    def worked(self, seconds: float) -> None:
        """Count the time of one work.

        Parameters
        ----------
        seconds : float
            How long it took.
        """
        self._seconds[next((bound for bound in _BOUNDS_S if seconds <= bound), float("inf"))] += 1
        self._sum_s += seconds
        self._n += 1

    def count(self, name: str, by: int = 1) -> None:
        """Count something else.

        Parameters
        ----------
        name : str
            ``worker_restarts``, ``upload_bytes``, ``disconnects`` or ``corrections``.
        by : int
            How many.
        """
        self._counts[name] += by

    def text(self, now: dict[str, int]) -> str:
        """Return all counts.

        Parameters
        ----------
        now : dict of str to int
            What is so at the moment, by its name.

        Returns
        -------
        str
        """
        lines = ["# HELP einthoven_requests_total Requests.", "# TYPE einthoven_requests_total counter"]
        for (method, path, status), n in sorted(self._requests.items()):
            lines.append(f'einthoven_requests_total{{method="{method}",path="{path}",status="{status}"}} {n}')
        lines += _head("recordings", "counter", _HELP["recordings"])
        lines += [f'einthoven_recordings_total{{outcome="{name}"}} {n}' for name, n in sorted(self._recordings.items())]
        for name in list(_HELP)[1:]:
            lines += [*_head(name, "counter", _HELP[name]), f"einthoven_{name}_total {self._counts[name]}"]
        for name, value in now.items():
            lines += [f"# TYPE einthoven_{name} gauge", f"einthoven_{name} {value}"]
        return "\n".join([*lines, *self._histogram()]) + "\n"

    def _histogram(self) -> list[str]:
        name = "einthoven_work_seconds"
        lines, n = [f"# HELP {name} Time of one work.", f"# TYPE {name} histogram"], 0
        for bound in _BOUNDS_S:
            n += self._seconds[bound]
            lines.append(f'{name}_bucket{{le="{bound:g}"}} {n}')
        return [
            *lines,
            f'{name}_bucket{{le="+Inf"}} {self._n}',
            f"{name}_sum {self._sum_s:.6f}",
            f"{name}_count {self._n}",
        ]


def _head(name: str, kind: str, told: str) -> list[str]:
    return [f"# HELP einthoven_{name}_total {told}", f"# TYPE einthoven_{name}_total {kind}"]
