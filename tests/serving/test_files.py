"""Which files of an upload are recordings, and what their names may be."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.serving.names import safe_path
from einthoven.serving.recordings import recordings_in


@given(
    st.text(max_size=300) | st.lists(st.sampled_from(["..", "a", "/", "\\", ".", "\0", "~", "C:", " "])).map("".join)
)
def test_no_name_leaves_its_folder(name):
    found = safe_path(name)
    if found is None:
        return
    assert not found.is_absolute() and ".." not in found.parts and len(found.parts) <= 12
    assert all(0 < len(part.encode()) <= 255 and "\0" not in part and not part.startswith(".") for part in found.parts)


def test_plain_names_stay():
    for name in ("100.hea", "a/b c/Ärzte_1 (2).csv", "s0010_re.xyz"):
        assert safe_path(name) == PurePosixPath(name)


CASES = {
    "a header and its files": (
        {"100.hea": "100 1 360 10\n100.dat 16 200\n", "100.dat": "", "100.atr": ""},
        ["100.hea"],
    ),
    "a signal without header": ({"100.dat": "x"}, ["100.dat"]),
    "segments": (
        {
            "s.hea": "s/2 1 360 20\ns_1 10\ns_2 10\n",
            "s_1.hea": "s_1 1 360 10\ns_1.dat 16\n",
            "s_1.dat": "",
            "s_2.hea": "",
        },
        ["s.hea"],
    ),
    "a header that mentions another": ({"a.hea": "a 1 360 10\n# b\n", "b.hea": "b 1 360 10\n"}, ["a.hea", "b.hea"]),
    "files of other names": ({"a.hea": "a 1 360 10\nsignal.bin 16\n", "signal.bin": ""}, ["a.hea"]),
    "notes beside": ({"a.edf": "x", "notes.pdf": "x"}, ["a.edf"]),
    "notes alone": ({"notes.pdf": "x"}, ["notes.pdf"]),
    "a name without suffix": ({"strip": "x"}, ["strip"]),
    "two folders": ({"x/a.hea": "a 1\n", "y/a.hea": "a 1\n", "x/a.dat": ""}, ["x/a.hea", "y/a.hea"]),
}


@pytest.mark.parametrize("case", CASES)
def test_recordings_among_files(case, tmp_path):
    files, wanted = CASES[case]
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert [str(file.relative_to(tmp_path)) for file in recordings_in(tmp_path)] == wanted
