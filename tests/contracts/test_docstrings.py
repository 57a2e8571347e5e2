"""Every parameter of every public function, class and method has a description that numpydoc can read."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import get_args

import pytest

import einthoven

docscrape = pytest.importorskip("numpydoc.docscrape", reason="needs numpydoc")

MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(einthoven.__path__, "einthoven.")
    if not any(part.startswith("_") for part in found.name.split("."))
)


def public(module) -> Iterator[tuple[str, object]]:
    """Yield the functions, classes and methods that a module defines, by their qualified names."""
    for name, found in vars(module).items():
        if name.startswith("_") or getattr(found, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(found):
            yield name, found
        elif inspect.isclass(found):
            yield name, found
            for inner, method in vars(found).items():
                method = getattr(method, "__func__", method)
                if not inner.startswith("_") and inspect.isfunction(method) and not is_of_library(found, inner):
                    yield f"{name}.{inner}", method


def is_of_library(kind: type, method: str) -> bool:
    """Return whether a library fixes the parameters of a method, or (``features``) the contract of models does."""
    foreign = [base for base in kind.__mro__[1:-1] if not base.__module__.startswith("einthoven")]
    names = {"features": "forward"}
    return any(hasattr(base, names.get(method, method)) for base in foreign)


def parameters(found: object) -> list[str]:
    """Return the names of the parameters that a caller gives, unless a library's constructor takes them."""
    if inspect.isclass(found):
        maker = next(kind for kind in found.__mro__ if "__init__" in vars(kind))
        if not maker.__module__.startswith("einthoven") and maker is not object:
            return []
    try:
        names = list(inspect.signature(found).parameters.values())
    except (TypeError, ValueError):
        return []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one.name for one in names if one.kind in plain and one.name not in ("self", "cls") and one.name[0] != "_"]


def described(found: object) -> set[str]:
    """Return the parameters that a docstring describes, and the fields of a dataclass with a docstring or a help of their own."""
    maker = next((kind for kind in getattr(found, "__mro__", ()) if "__init__" in vars(kind)), None)
    inherited = (
        described(maker) if maker not in (None, object, found) and not dataclasses.is_dataclass(found) else set()
    )
    return inherited | described_here(found)


def described_here(found: object) -> set[str]:
    """Return what :func:`described` does, without what a base class describes of a constructor that is inherited from it."""
    read = docscrape.NumpyDocString(inspect.getdoc(found) or "")
    names = {
        name.strip().lstrip("*")
        for section in ("Parameters", "Other Parameters", "Attributes")
        for one in read[section]
        if "".join(one.desc).strip()
        for name in one.name.split(",")
    }
    if dataclasses.is_dataclass(found):
        for kind in found.__mro__[:-1]:
            (tree,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(kind))).body
            for field, below in zip(tree.body, tree.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
                    names.add(field.target.id)
            hints = inspect.get_annotations(kind)
            names |= {name for name, hint in hints.items() if any(getattr(one, "help", None) for one in get_args(hint))}
    return names


def undescribed(module) -> dict[str, list[str]]:
    """Return, by qualified name, the parameters without a description."""
    found = {name: [p for p in parameters(one) if p not in described(one)] for name, one in public(module)}
    return {name: missing for name, missing in found.items() if missing}


@pytest.mark.parametrize("name", MODULES)
def test_every_parameter_has_a_description(name):
    assert undescribed(importlib.import_module(name)) == {}


def test_a_parameter_without_a_description_is_found():
    def half(rate: float, leads: tuple[str, ...]) -> None:
        """Do half.

        Parameters
        ----------
        rate : float
            Samples a second.
        leads : tuple
        """

    assert set(parameters(half)) - described(half) == {"leads"}
