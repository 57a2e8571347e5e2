"""No room takes windows apart by the number of a row: their parts have names."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import einthoven

ROOMS = ("data", "models", "training", "explanation", "export", "streaming", "inference")
SOURCE = Path(einthoven.__file__).parent
OF_WINDOWS = ("windows", "window", "signal", "x", "rows", "inputs")
"""What windows are called where their last row once was not a lead."""


def row_slices(text: str) -> Iterator[str]:
    """Yield the subscripts that take every second row of what has samples, or the last row of windows."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Subscript):
            axes = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if any(_is_stepping(axis) for axis in axes) or (_is_of_windows(node.value) and _is_last_row(axes)):
                yield f"line {node.lineno}: {ast.unparse(node)}"


def _is_stepping(axis: ast.expr) -> bool:
    return isinstance(axis, ast.Slice) and axis.step is not None and ast.unparse(axis.step) == "2"


def _is_of_windows(value: ast.expr) -> bool:
    name = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return name in OF_WINDOWS


def _is_last_row(axes: list[ast.expr]) -> bool:
    """[:, -1], [:, -1, :n], [chosen, :-1] and [-1, :n]; a last sample, [:, :, -1], is none."""
    first_two = [ast.unparse(axis) for axis in axes[:2]]
    return len(axes) > 1 and (first_two[1] in ("-1", ":-1") or first_two[0] == "-1")


@pytest.mark.parametrize("room", ROOMS)
def test_windows_are_read_by_the_names_of_their_parts(room):
    files = sorted((SOURCE / room).rglob("*.py"))
    assert files
    found = [f"{room}/{file.name}, {row}" for file in files for row in row_slices(file.read_text())]
    assert not found, "a part of windows has a name"


@pytest.mark.parametrize(
    "text",
    [
        "x[:, :-1:2]",
        "beats[1:-1:2]",
        "x[:, 0:-1:2]",
        "windows[:, -1, :7]",
        "x[:, -1]",
        "window[-1, :n]",
        "self.rows[a, :-1]",
    ],
)
def test_what_it_looks_for_is_found(text):
    assert list(row_slices(f"found = {text}"))


@pytest.mark.parametrize(
    "text", ["x[:, :, -1]", "edges[1:-1]", "x[::3]", "logits[:, -1]", "features[:, :7]", "starts[:-1]", "windows[-1]"]
)
def test_what_is_no_row_of_windows_is_left_alone(text):
    assert not list(row_slices(f"found = {text}"))
