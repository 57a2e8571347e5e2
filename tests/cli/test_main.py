"""Start-up, the manual and the log of the command line."""

import logging
import os
import shutil
import subprocess
import sys

import pytest

from einthoven import __version__, console
from einthoven.cli.main import VERBS, main, summary, verb_class
from einthoven.errors import EXTRAS


def loaded_by(code):
    """Return the names of the modules that a fresh interpreter loads by `code`."""
    script = f"import sys\n{code}\nprint()\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return set(told.splitlines()[-1].split())


def test_the_manual_names_every_verb(capsys):
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"  {verb:<10}{summary(verb)}\n" in told for verb in VERBS)
    assert main([]) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_the_manual_s_line_is_the_first_of_the_verb_s_help(verb):
    assert summary(verb) == verb_class(verb).__doc__.splitlines()[0] != ""


@pytest.mark.parametrize("module", ["einthoven", "einthoven.cli.main"])
def test_python_dash_m_runs_the_command_line(module):
    told = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, f"einthoven {__version__}\n", "")


HEAVY = {"numpy", "scipy", "torch", "matplotlib", "lightning", "wfdb", "tyro", "rich", "onnxruntime", "sleepecg"}


@pytest.mark.parametrize("code", ["import einthoven", "from einthoven.cli.main import main; main(['--help'])"])
def test_starting_up_loads_nothing_heavy(code):
    assert not HEAVY & loaded_by(code)


@pytest.mark.parametrize(("given", "threads"), [(None, "1"), ("2", "2")])
def test_numpy_has_one_thread_unless_another_number_is_given(given, threads):
    code = (
        "import os\nfrom einthoven.cli.main import main\nmain(['features'])\nprint(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    environment |= {} if given is None else {"OPENBLAS_NUM_THREADS": given}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.split()[-1] == threads


def test_a_program_that_has_loaded_numpy_keeps_its_environment(monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert "numpy" in sys.modules and main(["features"]) == 0
    assert "OPENBLAS_NUM_THREADS" not in os.environ


LOADED_BY_HELP = """
import sys
from einthoven.cli.main import VERBS, main

for verb in VERBS:
    try:
        main([verb, "--help"])
    except SystemExit:
        print("\\nloaded:", verb, *sys.modules)
"""


def test_help_of_a_verb_needs_no_optional_library():
    """One process asks for the help of all verbs, one after the other: starting one for each would take a second each."""
    told = subprocess.run([sys.executable, "-c", LOADED_BY_HELP], capture_output=True, text=True, check=True).stdout
    rows = [line.split()[1:] for line in told.splitlines() if line.startswith("loaded:")]
    assert [verb for verb, *_ in rows] == list(VERBS)
    optional = {library for libraries in EXTRAS.values() for library in libraries}
    assert {verb: found for verb, *loaded in rows if (found := optional & {*loaded})} == {}


def test_what_was_logged_is_shown_and_the_process_left_as_it_was(untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(untrained, tmp_path / "challenge2017-small")
    before = logging.getLogger("einthoven").handlers[:]
    assert main(["predict", "challenge2017-small", "none.npy"]) == 2
    assert "write ./challenge2017-small for the one in this folder" in capsys.readouterr().err
    assert logging.getLogger("einthoven").handlers == before and not console.is_shown()
