"""Run scripts of bench/ in a copy of it, so that a run changes no page of the repository."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / "docs" / "results"


def copied(place: Path, patch: pytest.MonkeyPatch) -> Path:
    """Copy bench/ and the results beside it to `place`; measurements there take a hundredth of their time."""
    shutil.copytree(REPOSITORY / "bench", place / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(RESULTS, place / "docs" / "results", ignore=shutil.ignore_patterns("*.png"))
    patch.setenv("BENCH_PATIENCE", "0.01")
    patch.syspath_prepend(place / "bench")
    return place


def run(place: Path, patch: pytest.MonkeyPatch, script: str, *words: object) -> int:
    """Run a script as its command line does, in this process; returns its exit status."""
    get_reusable_executor().shutdown(wait=True)  # processes that began for another script do not know this folder
    patch.setattr(sys, "argv", [f"bench/{script}.py", *map(str, words)])
    for name in {file.stem for file in (place / "bench").glob("*.py")} & set(sys.modules):
        patch.delitem(sys.modules, name)
    try:
        runpy.run_path(str(place / "bench" / f"{script}.py"), run_name="__main__")
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        for name in {file.stem for file in (place / "bench").glob("*.py")} & set(sys.modules):
            del sys.modules[name]
    return 0
