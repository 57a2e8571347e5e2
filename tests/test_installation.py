"""What einthoven installs and imports: a base without torch that answers, extras that are told by name, names that resolve."""

import ast
import functools
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import einthoven
from einthoven.errors import EXTRAS, LibraryMissing, library_missing, optional_imports
from einthoven.export import convert
from einthoven.inference.predictor import load

SOURCE = Path(einthoven.__file__).parent
PROJECT = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["project"]
OPTIONAL = sorted(library for libraries in EXTRAS.values() for library in libraries)


def names(requirements):
    """Names of the distributions, without bounds and without einthoven's own extras."""
    found = {re.match(r"[\w.-]+", row)[0].lower() for row in requirements}
    return found - {"einthoven"}


BASE = names(PROJECT["dependencies"])


def distribution(library):
    return distributions()[library][0].lower()


distributions = functools.cache(packages_distributions)


def test_the_table_of_extras_is_that_of_the_project():
    declared = {extra: names(PROJECT["optional-dependencies"][extra]) for extra in EXTRAS}
    assert {extra: {distribution(name) for name in libraries} for extra, libraries in EXTRAS.items()} == declared


def test_all_holds_every_extra_and_dev_holds_all():
    extras = PROJECT["optional-dependencies"]
    assert set(extras) == {*EXTRAS, "all", "dev", "docs"}
    assert extras["all"] == [f"einthoven[{','.join(sorted(EXTRAS))}]"]
    assert "einthoven[all,docs]" in extras["dev"]


@pytest.mark.parametrize("where", ["dependencies", *sorted(EXTRAS)])
def test_every_dependency_has_a_lower_bound(where):
    rows = PROJECT["dependencies"] if where == "dependencies" else PROJECT["optional-dependencies"][where]
    assert not [row for row in rows if ">=" not in row and not row.startswith("einthoven[")]


def imported(file):
    """Top-level names of all that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_every_library_that_is_imported_is_declared():
    found = {name for file in SOURCE.rglob("*.py") for name in imported(file)} - {"einthoven", *sys.stdlib_module_names}
    found -= {"mpl_toolkits"}  # of matplotlib
    assert not {name for name in found - set(OPTIONAL) if distribution(name) not in BASE}
    assert set(OPTIONAL) - found <= {"tensorboard", "pandas"}, "which Lightning imports, and who wants data frames"


@pytest.mark.parametrize(("extra", "library"), [(extra, names[0]) for extra, names in EXTRAS.items()])
def test_a_missing_library_is_told_by_its_extra(extra, library):
    shared = extra if extra == "pdf" else None
    with pytest.raises(LibraryMissing) as told, optional_imports(shared):
        raise ModuleNotFoundError(name=f"{library}.inside")
    assert told.value.remedy == f"pip install 'einthoven[{extra}]'"
    assert library in str(told.value)


def test_a_missing_library_of_no_extra_is_told_by_its_name():
    assert library_missing("numpy.linalg").remedy == "pip install numpy"


def test_a_fault_of_einthoven_is_not_told_as_a_missing_library():
    with pytest.raises(ModuleNotFoundError), optional_imports():
        import einthoven.nowhere  # noqa: F401


@pytest.mark.parametrize("name", einthoven.__all__)
def test_every_exported_name_resolves(name):
    assert getattr(einthoven, name).__name__ == name


def test_exported_names_are_those_of_the_table_and_of_the_types():
    typed = next(node for node in ast.parse((SOURCE / "__init__.py").read_text()).body if isinstance(node, ast.If))
    homes = {name.name: row.module for row in typed.body for name in row.names}
    assert homes == einthoven._HOMES
    assert sorted(einthoven.__all__) == sorted(homes) and set(homes) <= set(dir(einthoven))


def test_the_package_states_that_it_has_types():
    assert (SOURCE / "py.typed").is_file()


BASE_ONLY = """
import sys

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name in OPTIONAL:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Lacking())
from einthoven.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def base(*words):
    """Run the command line where no optional library can be imported."""
    code = BASE_ONLY.replace("OPTIONAL", repr(OPTIONAL))
    return subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False)


def answers(ended, out):
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(out.read_text())["records"][0]


def test_without_optional_libraries_a_bundled_model_answers_alike(mitdb_like, tmp_path):
    from einthoven.cli.main import main

    record, here, there = mitdb_like / "100.hea", tmp_path / "here.json", tmp_path / "there.json"
    assert main(["predict", "mitbih-cnn-lstm-mlii", str(record), "--out", str(here)]) == 0
    ended = base("predict", "mitbih-cnn-lstm-mlii", record, "--out", there)
    assert answers(ended, there) == json.loads(here.read_text())["records"][0]


@pytest.mark.usefixtures("graphs_once")
def test_without_optional_libraries_an_exported_file_answers(untrained, mitdb_like, tmp_path):
    convert.export(load(untrained), "onnx", "fp32", tmp_path / "model.onnx", None)
    out = tmp_path / "answer.json"
    ended = base("predict", tmp_path / "model.onnx", mitdb_like / "100.hea", "--out", out)
    whole = load(untrained)(einthoven.read(mitdb_like / "100.hea"))
    assert len(answers(ended, out)["beats"]) == len(whole.beats)


@pytest.mark.parametrize(
    ("model", "suffix"),
    [("mitbih-cnn-lstm-mlii", "html"), ("ptbxl-diagnoses", "html"), ("ptbxl-diagnoses", "csv")],
)
def test_without_optional_libraries_tables_and_pages_are_written(model, suffix, mitdb_like, ptbxl_like, tmp_path):
    twelve = ptbxl_like / "records500" / "00000" / "00009_hr.hea"
    record = twelve if model.startswith("ptbxl") else mitdb_like / "100.hea"
    ended = base("predict", model, record, "--out", tmp_path / f"answer.{suffix}")
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert (tmp_path / f"answer.{suffix}").stat().st_size > 800


def test_without_optional_libraries_a_recording_is_streamed(mitdb_like):
    ended = base("stream", "mitbih-cnn-lstm-mlii", "--from", mitdb_like / "100.hea", "--speed", "0")
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.count('"kind": "beat"') > 10


def test_without_optional_libraries_models_and_corpora_are_listed():
    corpora, models = base("corpora"), base("models")
    assert (corpora.returncode, models.returncode) == (0, 0), (corpora.stderr + models.stderr)[-2000:]
    assert "mitdb" in corpora.stdout and "ptbxl-diagnoses" in models.stdout
    assert "pip install 'einthoven[train]'" in models.stderr


def test_a_page_to_print_needs_a_small_extra(mitdb_like, tmp_path):
    ended = base("interpret", mitdb_like / "100.hea", "--out", tmp_path / "ecg.pdf")
    assert ended.returncode == 2 and "pip install 'einthoven[pdf]'" in ended.stderr
    assert not list(tmp_path.glob("ecg*"))


LACKING = {
    "train": ["train", "--model", "cnn", "--corpus", "mitdb", "--from", "{data}", "--out", "{out}"],
    "evaluate": ["evaluate", "mitbih-cnn-lstm-mlii", "--from", "{data}", "--out", "{out}"],
    "explain": ["explain", "mitbih-cnn-lstm-mlii", "{data}/100.hea", "--out", "{out}.html"],
    "export": ["export", "mitbih-cnn-lstm-mlii", "--to", "openvino", "--out", "{out}.xml"],
    "study": ["study", "mitbih", "--from", "{data}", "--out", "{out}"],
}


@pytest.mark.parametrize("verb", LACKING)
def test_a_verb_that_needs_an_extra_names_it(verb, mitdb_like, home, tmp_path):
    ended = base(*[word.format(data=mitdb_like, out=tmp_path / "out") for word in LACKING[verb]])
    assert ended.returncode == 2
    assert "LibraryMissing" in ended.stderr and "pip install 'einthoven[train]'" in ended.stderr
    assert "Traceback" not in ended.stderr and not list(tmp_path.glob("out*"))


def test_a_serial_port_needs_an_extra(tmp_path):
    ended = base("stream", "mitbih-cnn-lstm-mlii", "--from", "/dev/ttyUSB0", "--fs", "300", "--leads", "II")
    assert ended.returncode == 2 and "pip install 'einthoven[serial]'" in ended.stderr


def test_compressed_signal_files_need_an_extra(mitdb_like, monkeypatch, tmp_path):
    import wfdb

    signal = einthoven.read(mitdb_like / "100.hea").signal_mv
    shape = {"units": ["mV"] * 2, "sig_name": ["MLII", "V5"], "fmt": ["516"] * 2, "p_signal": signal.T.astype(float)}
    wfdb.wrsamp("flac", fs=360, write_dir=str(tmp_path), **shape)
    assert einthoven.read(tmp_path / "flac.hea").n_samples == signal.shape[1]
    monkeypatch.setitem(sys.modules, "soundfile", None)
    monkeypatch.setitem(sys.modules, "wfdb", None)
    assert einthoven.read(mitdb_like / "100.hea", annotator="atr").annotations.symbols[0] == "+"
    with pytest.raises(LibraryMissing) as told:
        einthoven.read(tmp_path / "flac.hea")
    assert told.value.remedy == "pip install 'einthoven[formats]'"
