"""Use changed files until interrupted, or for a time; failures are listed so that each can be replayed.

python -m tests.fuzz                          until Ctrl-C
python -m tests.fuzz --seconds 600 --first 0
python -m tests.fuzz --only .csv              seeds whose name contains a word: card, graph, state, manifest, line, request
python -m tests.fuzz --replay written.csv 17  writes the changed files to ./replay, and reads them here
"""

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fuzz import own_seeds, seeds
from tests.fuzz.child import STATED
from tests.fuzz.forged import changed
from tests.fuzz.harness import Report, run
from tests.fuzz.mutation import Seed
from tests.fuzz.outcomes import outcome


def everything() -> list[Seed]:
    """Return the seeds that tests write, real ones, and what einthoven itself writes or is sent."""
    return [*seeds.written(), *seeds.real(), *own_seeds.written()]


def main() -> int:
    """Run, and return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--first", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--only", default="")
    parser.add_argument("--report", type=Path, default=Path("fuzz-report.jsonl"))
    parser.add_argument("--replay", nargs=2, metavar=("SEED", "NUMBER"))
    chosen = parser.parse_args()
    found = {seed.name: seed for seed in everything()}
    if chosen.replay:
        return replay(found[chosen.replay[0]], int(chosen.replay[1]))
    names = [name for name in found if chosen.only in name]
    ends, asked = time.monotonic() + chosen.seconds, 0

    def inputs() -> Iterator[tuple[str, int]]:
        nonlocal asked
        for number in itertools.count(chosen.first):
            for name in names:
                if time.monotonic() > ends:
                    return
                asked += 1
                yield name, number

    def tell(failure: dict[str, Any]) -> None:
        with chosen.report.open("a") as file:
            file.write(json.dumps(failure) + "\n")
        last = failure["found"].strip().splitlines()[-1][:160]
        print(f"--replay {failure['seed']!r} {failure['number']}: {last}", flush=True)

    report = run("tests.fuzz.__main__:everything", inputs(), Report(tell))
    print(f"{asked:,} inputs from {len(names)} seeds, from number {chosen.first}: {dict(report.outcomes)}")
    return 1 if report.failures else 0


def replay(seed: Seed, number: int) -> int:
    """Write the changed files to ``replay/`` and read them in this process."""
    files, rng = changed(seed, number)
    stated = seed.stated if seed.kind != "record" or rng.random() < 0.7 else rng.choice(STATED)
    for name, content in files.items():
        target = Path("replay") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    print(f"{seed.kind} 'replay/{seed.main}', {stated}")
    print(outcome(seed.kind, Path("replay") / seed.main, stated))
    return 0


if __name__ == "__main__":
    sys.exit(main())
