"""Pages that a reader follows step by step are run: each block in its order, in an empty folder."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from einthoven.cli.main import main

DOCS = Path(__file__).parent.parent / "docs"
_BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run_page(page: Path) -> list[str]:
    """Save blocks that begin with a file's name, run the others; gives the commands that were run."""
    ran = []
    for language, code in _BLOCK.findall(page.read_text(encoding="utf-8")):
        named = re.match(r"# (\w+\.py)\n", code)
        if named:
            Path(named[1]).write_text(code, encoding="utf-8")
        elif language == "python":
            exec(compile(code, str(page), "exec"), {})
        for line in code.splitlines() if language == "bash" else ():
            program, *words = shlex.split(line)
            if program == "einthoven":
                assert main(words) == 0, line
            else:
                assert program == "python"
                subprocess.run([sys.executable, *words], check=True)
            ran.append(line)
    return ran


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder in which the page was followed, the commands, and what they printed is of no matter."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EINTHOVEN_HOME", str(folder / "home"))
        patch.chdir(folder)
        return folder, run_page(DOCS / "your_own.md")


def test_the_page_on_your_own_runs_each_verb_it_speaks_of(followed):
    _, ran = followed
    verbs = {line.split()[1] for line in ran if line.startswith("einthoven ")}
    assert verbs == {"corpora", "models", "train", "evaluate", "explain", "export", "predict"}


def test_the_page_leaves_what_it_says(followed):
    folder, _ = followed
    for name in (
        "runs/first/bundle/graph.onnx",
        "runs/first/test/metrics.json",
        "why.html",
        "mynet.onnx",
        "answer.json",
    ):
        assert (folder / name).stat().st_size > 500, name


def test_a_bundle_carries_no_code_and_the_run_a_copy(followed):
    folder, _ = followed
    assert not list((folder / "runs/first/bundle").glob("**/*.py"))
    assert (folder / "runs/first/mynet.py").read_bytes() == (folder / "mynet.py").read_bytes()


def test_the_page_s_net_has_learned(followed):
    import json

    folder, _ = followed
    metrics = json.loads((folder / "runs/first/test/metrics.json").read_text())
    assert metrics["accuracy"]["value"] > 0.75
    assert metrics["leaks_patients"] is False


def test_the_page_has_every_clause_of_the_model_contract():
    from einthoven.models.contract import CLAUSES

    page = (DOCS / "your_own.md").read_text(encoding="utf-8")
    assert all(f"| {clause} |" in page for clause in CLAUSES)
