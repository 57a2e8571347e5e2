"""The import rule beyond what import-linter sees: siblings that stay apart, and what a fresh interpreter loads."""

import ast
import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from einthoven.corpora import CORPORA
from einthoven.models import MODELS

DECLARING = {model.__module__ for model in MODELS.values()}
DECLARING |= {
    f"einthoven.corpora.{file.stem}"
    for file in Path(inspect.getfile(CORPORA["mitdb"].protocol)).parent.glob("*.py")
    if any(value in CORPORA.values() for value in vars(import_module(f"einthoven.corpora.{file.stem}")).values())
} - {"einthoven.corpora.__init__"}
"""Modules that declare an architecture or a corpus."""


def imported_by(module: str) -> set[str]:
    """Names of the modules that a module imports, at its top or inside its functions."""
    tree = ast.parse(Path(import_module(module).__file__).read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_every_architecture_and_corpus_is_in_a_file_that_declares_it():
    assert len(DECLARING & {model.__module__ for model in MODELS.values()}) > 10
    assert {"einthoven.corpora.mitdb", "einthoven.corpora.ptbxl"} <= DECLARING


@pytest.mark.parametrize("module", sorted(DECLARING))
def test_models_do_not_import_each_other_nor_do_corpora(module):
    assert not (imported_by(module) & DECLARING) - {module}


def loaded_by(code: str, *words: str) -> set[str]:
    """Names of the modules that a fresh interpreter loads by `code`, which finds `words` in sys.argv."""
    script = f"import sys\n{code}\nprint('loaded:', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    return set(done.stdout.split("loaded:")[1].split())


def test_starting_up_loads_nothing_heavy():
    assert not {"torch", "scipy", "matplotlib", "lightning", "wfdb", "pandas"} & loaded_by("import einthoven.cli.main")
    assert not {"numpy", "torch", "tyro"} & loaded_by("import einthoven")


ANSWER = """
from einthoven.cli.main import main
assert main(["predict", "mitbih-cnn-lstm-mlii", *sys.argv[1:]]) == 0
"""


def test_answering_with_a_graph_loads_no_torch_nor_what_takes_longer_than_the_answer(mitdb_like, strip, tmp_path):
    loaded = loaded_by(ANSWER, str(mitdb_like / "100.hea"), "--out", str(tmp_path / "answer.json"))
    assert "onnxruntime" in loaded
    assert not {"torch", "lightning", "matplotlib", "pandas", "sklearn"} & loaded
    assert not {"scipy.signal", "scipy.stats", "sleepecg", "requests"} & loaded
