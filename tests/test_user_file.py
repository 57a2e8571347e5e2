"""Files of a user: found, compiled, run; what goes wrong is told with the user's line."""

import sys

import pytest

from einthoven import user_file
from einthoven.cli.main import main
from einthoven.errors import ConfigurationFault


def written(folder, text):
    file = folder / "mine.py"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("./mynet.py", True), ("a b/n.py:Net", True), ("cnn", False), ("runs/first", False), ("n.py:Net.inner", False)],
)
def test_what_names_a_file(text, is_one):
    assert user_file.is_reference(text) is is_one


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ConfigurationFault, match="No such file") as refused:
        user_file.run(tmp_path / "none.py")
    assert refused.value.remedy == f"ls {tmp_path}"


def test_a_syntax_error_is_told_with_its_line(tmp_path):
    file = written(tmp_path, "x = 1\ndef f(:\n    pass\n")
    with pytest.raises(ConfigurationFault, match="SyntaxError: invalid syntax") as refused:
        user_file.run(file)
    assert f"{file}, line 2: def f(:" in refused.value.found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def inner():\n    return {}['x']\n\ninner()\n", "line 2, in inner: return {}['x']"),
        ("import nothing_of_this_name\n", "line 1, in <module>: import nothing_of_this_name"),
        ("import sys\nsys.exit(3)\n", "line 2, in <module>: sys.exit(3)"),
    ],
)
def test_an_error_is_told_with_the_user_s_place(text, said, tmp_path):
    before = {*sys.modules}
    with pytest.raises(ConfigurationFault, match="could not be run") as refused:
        user_file.run(written(tmp_path, text))
    assert said in refused.value.found
    assert {*sys.modules} == before, "a file that failed leaves no module"


@pytest.mark.parametrize("words", [("models", "{file}"), ("corpora", "{file}")])
def test_the_command_line_shows_no_trace_of_ours(words, tmp_path, capsys):
    file = written(tmp_path, "def f(:\n")
    assert main([word.format(file=file) for word in words]) == 2
    told = capsys.readouterr().err
    assert "line 1: def f(:" in told and "Traceback" not in told and "einthoven/user_file.py" not in told


def test_running_leaves_nothing_beside_the_file_and_the_path_alone(tmp_path):
    before = list(sys.path)
    loaded = user_file.run(
        written(tmp_path, "import dataclasses\n\n@dataclasses.dataclass\nclass Box:\n    n: int = 2\n")
    )
    assert loaded.module.Box().n == 2
    assert [file.name for file in tmp_path.iterdir()] == ["mine.py"]
    assert sys.path == before


def test_two_files_of_one_name_do_not_collide(tmp_path):
    (tmp_path / "other").mkdir()
    one = user_file.run(written(tmp_path, "class A:\n    pass\n"))
    other = user_file.run(written(tmp_path / "other", "class B:\n    pass\n"))
    assert one.module.__name__ != other.module.__name__
    assert hasattr(one.module, "A") and not hasattr(other.module, "A")
