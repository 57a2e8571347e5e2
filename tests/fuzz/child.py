"""Read changed files in a process with limits; one line a request on standard input, one line an outcome on standard output."""

import importlib
import json
import os
import resource
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 30
MOST_S = 20
STATED: tuple[dict[str, Any], ...] = (
    {},
    {"fs_hz": 360, "leads": ["II"], "unit": "mV"},
    {"fs_hz": 360, "unit": "mV"},
    {"fs_hz": 500, "gain": 200, "zero": 1024},
    {"leads": {"II": "MLII"}, "partial": True},
)


def main(source: str) -> None:
    """Answer requests ``[name, number]`` until there are none; `source` is ``module:function`` that gives the seeds."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    from tests.fuzz.forged import changed
    from tests.fuzz.outcomes import outcome

    module, _, function = source.partition(":")
    seeds = {seed.name: seed for seed in getattr(importlib.import_module(module), function)()}
    work = Path(tempfile.mkdtemp(prefix="fuzz"))
    for seed in list(seeds.values())[:40]:  # what readers import is imported before memory is limited
        files, main_file = seed.files, seed.main
        _write(work, files)
        outcome(seed.kind, work / main_file, seed.stated)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MOST_BYTES, resource.RLIM_INFINITY))
    replies.write("ready\n")
    for line in sys.stdin:
        name, number = json.loads(line)
        seed = seeds[name]
        files, rng = changed(seed, number)
        _write(work, files)
        stated = seed.stated if seed.kind != "record" or rng.random() < 0.7 else rng.choice(STATED)
        try:
            found = outcome(seed.kind, work / seed.main, stated)
        except BaseException:
            found = traceback.format_exc(limit=-6)
        replies.write(json.dumps(found) + "\n")
    shutil.rmtree(work)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for one in folder.iterdir():
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1])
