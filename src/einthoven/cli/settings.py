"""Options of the command line that are drawn from the settings they set, so that each fact is written once."""

import ast
import inspect
import textwrap
from functools import cache
from typing import Any

from tyro.conf import arg


@cache
def field_docs(kind: type) -> dict[str, str]:
    """Return the docstring under each field of a dataclass, in one line."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for item, following in zip(body.body, body.body[1:], strict=False):
        is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and is_text:
            found[item.target.id] = " ".join(str(following.value.value).split())  # type: ignore[attr-defined]
    return found


def drawn_from(kind: type, name: str, metavar: str) -> Any:
    """Return the option for a field of a settings class: its help is the field's docstring."""
    return arg(help=field_docs(kind)[name].replace("``", ""), metavar=metavar)
