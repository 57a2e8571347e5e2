"""Put a server under load: ``python -m tests.serving.load`` uploads good and bad files at once, then sends changed requests.

Every answer is compared with that of the command line for the same files; the memory of all processes is measured all along.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import wfdb

from einthoven.errors import EinthovenError
from einthoven.interpretation.interpreter import Interpreter
from einthoven.records import read
from einthoven.report import interpretations
from tests.conftest import beats_and_symbols, synthetic_ecg
from tests.serving import mutated
from tests.serving.running import Server, running


@dataclass(frozen=True)
class Case:
    """An upload, and what a server must answer."""

    files: tuple[tuple[str, bytes], ...]
    status: int
    answer: object


def good(folder: Path, name: str, seed: int) -> list[str]:
    """Write a recording of 20 s in two leads; returns the names of its files."""
    rng = np.random.default_rng(seed)
    beats, symbols = beats_and_symbols(7200, 360, rng)
    signal = synthetic_ecg(beats, symbols, 7200, 360, rng)
    layout = {"units": ["mV"] * 2, "sig_name": ["MLII", "V1"], "fmt": ["212"] * 2, "adc_gain": [200] * 2}
    wfdb.wrsamp(name, fs=360, p_signal=signal.T, baseline=[1024] * 2, write_dir=str(folder), **layout)
    return [f"{name}.hea", f"{name}.dat"]


def twelve(folder: Path, name: str, seed: int) -> list[str]:
    """Write ten seconds of twelve leads at 500 Hz; returns the names of its files."""
    rng = np.random.default_rng(seed)
    beats, symbols = beats_and_symbols(5000, 500, rng, "N")
    one = synthetic_ecg(beats, symbols, 5000, 500, rng)[0]
    weights = np.array([0.6, 1, 0.4, -0.8, 0.1, 0.7, -0.5, 0.4, 0.8, 1, 0.9, 0.7])
    names = ["I", "II", "III", "aVR", "aVL", "aVF", *(f"V{at}" for at in range(1, 7))]
    layout = {"units": ["mV"] * 12, "sig_name": names, "fmt": ["16"] * 12, "adc_gain": [1000] * 12}
    wfdb.wrsamp(name, fs=500, p_signal=np.outer(one, weights), baseline=[0] * 12, write_dir=str(folder), **layout)
    return [f"{name}.hea", f"{name}.dat"]


def without_signal(folder: Path, name: str, seed: int) -> list[str]:
    """Write a header alone."""
    (folder / good(folder, name, seed)[1]).unlink()
    return [f"{name}.hea"]


def cut_off(folder: Path, name: str, seed: int) -> list[str]:
    """Write a recording whose signal file ends early."""
    names = good(folder, name, seed)
    signal = folder / names[1]
    signal.write_bytes(signal.read_bytes()[:5000])
    return names


def unstated(folder: Path, name: str, seed: int) -> list[str]:
    """Write a table that states nothing."""
    values = np.random.default_rng(seed).standard_normal(2000)
    (folder / f"{name}.csv").write_text("MLII\n" + "\n".join(f"{value:.3f}" for value in values))
    return [f"{name}.csv"]


def random_bytes(folder: Path, name: str, seed: int) -> list[str]:
    """Write bytes that mean nothing, under the name of a format."""
    suffix = (".edf", ".dcm", ".mat", ".zip", ".xml", ".scp")[seed % 6]
    (folder / f"{name}{suffix}").write_bytes(np.random.default_rng(seed).bytes(5000))
    return [f"{name}{suffix}"]


KINDS: tuple[Callable[[Path, str, int], list[str]], ...] = (
    good,
    twelve,
    good,
    without_signal,
    cut_off,
    unstated,
    random_bytes,
)


def cases(n: int) -> list[Case]:
    """Make uploads of all kinds, and interpret each as the command line does."""
    interpret, found = Interpreter(), []
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        for at in range(n):
            names = KINDS[at % len(KINDS)](Path(), f"r{at}", at)
            files = tuple((name, Path(name).read_bytes()) for name in names)
            try:
                answer = json.loads(interpretations.as_json([interpret(read(Path(names[0])))], {}))
                found.append(Case(files, 200, answer))
            except EinthovenError as error:
                found.append(Case(files, 422, str(error)))
    return found


def upload(port: int, case: Case) -> str:
    """Upload a case; returns ``right``, or what is wrong with the answer."""
    boundary = uuid.uuid4().hex.encode()
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n%b\r\n'
        % (boundary, name.encode(), body)
        for name, body in case.files
    ]
    kind = f"multipart/form-data; boundary={boundary.decode()}"
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        client.request("POST", "/interpret", b"".join(parts) + b"--%b--\r\n" % boundary, {"Content-Type": kind})
        answer = client.getresponse()
        plain = json.loads(answer.read())
    except OSError as error:
        return f"lost: {type(error).__name__}"
    finally:
        client.close()
    if answer.status != case.status:
        return f"status {answer.status} in place of {case.status}"
    told = plain if case.status == 200 else plain["text"]
    return "right" if told == case.answer else "another answer"


def uploads(server: Server, n: int, at_once: int) -> tuple[Counter[str], list[float]]:
    """Upload `n` cases, `at_once` at a time; returns the outcomes, and the memory of all processes in MB after each tenth."""
    made = cases(min(n, 42))
    order = [made[at % len(made)] for at in range(n)]
    random.Random(0).shuffle(order)
    outcomes: Counter[str] = Counter()
    memory = []
    with ThreadPoolExecutor(at_once) as threads:
        for at, outcome in enumerate(threads.map(lambda case: upload(server.port, case), order), start=1):
            outcomes[outcome] += 1
            if at % max(1, n // 10) == 0:
                memory.append(sum(server.memory_mb().values()))
    return outcomes, memory


def most(n: int) -> float:
    """Upper bound of a share of which none was seen in `n`, one-sided, 95 %."""
    return 1 - 0.05 ** (1 / n)


def report(options: argparse.Namespace, server: Server) -> tuple[str, bool]:
    """Run uploads and changed requests; returns a page, and whether something went wrong."""
    began = time.monotonic()
    outcomes, memory = uploads(server, options.uploads, options.at_once)
    seconds = time.monotonic() - began
    small = [(b"a.csv", b"MLII\n0.1\n0.2\n"), (b"100.hea", b"100 1 360 10\n100.dat 16 200 0 0 0 0 0 MLII\n")]
    seeds = mutated.seeds(f"127.0.0.1:{server.port}".encode(), small)
    counts, faults = mutated.statuses(server.port, seeds, options.seed, options.requests)
    after, left = sum(server.memory_mb().values()), len(server.left())
    right, n = outcomes["right"], options.uploads
    listed = ", ".join(f"{status}: {count:,}" for status, count in sorted(counts.items()) if status)
    lines = [
        "# The server under load",
        "",
        f"`python -m tests.serving.load --uploads {n} --requests {options.requests} --seed {options.seed}`; two workers, two cores "
        "that other programs used as well.",
        "",
        "Each upload is one of 42 made-up ones: 20 s of two leads, 10 s of twelve leads, missing and cut signal files, tables that "
        "state nothing, random bytes. Each answer, or refusal, is compared with that of the command line for the same files. "
        "Requests are changed at random in their head or body. Shares have a one-sided upper bound of 95 %.",
        "",
        "| measured | result |",
        "|---|---|",
        f"| uploads, {options.at_once} at a time | {n:,} in {seconds:.0f} s |",
        f"| answered as the command line answers | {right:,} of {n:,} (wrong or lost: at most {100 * most(n):.2g} %) |"
        if right == n
        else f"| answered as the command line answers | {right:,} of {n:,}: {dict(outcomes)} |",
        f"| memory of server and workers after each tenth, MB | {', '.join(f'{mb:.0f}' for mb in memory)} |",
        f"| changed requests that ended with 500 | {len(faults)} of {options.requests:,}"
        + (f" (at most {100 * most(options.requests):.2g} %) |" if not faults else " |"),
        f"| their statuses | {listed}; without an answer, because not whole: {counts[0]:,} |",
        f"| memory after them, MB | {after:.0f} |",
        f"| files left of uploads | {left} |",
    ]
    for fault in faults[:3]:
        print(fault[:2000])
    return "\n".join(lines) + "\n", right != n or bool(faults) or bool(left)


def main() -> int:
    """Print a page of what came out; 1 where an answer was lost or wrong, a request ended with 500, or something is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="file of the page")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="einthoven-load-"))
    try:
        with running(place) as server:
            page, is_bad = report(options, server)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(page)
    if options.out is not None:
        options.out.write_text(page, encoding="utf-8")
    return int(is_bad)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
