"""Options that several verbs share, and options drawn from the settings they set, so that each fact is written once."""

import ast
import inspect
import textwrap
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Optional

from tyro.conf import Positional, arg
from tyro.constructors import PrimitiveConstructorSpec

_ANY_MODEL = "Name of a bundled model, folder of a bundle or a run, or exported file."
_WITH_WEIGHTS = "Name of a bundled model, or folder of a bundle or a run."
_CORPUS = "Name of a corpus (einthoven corpora lists them), or a Python file that declares one, ./mine.py[:NAME]."
_STRICT = "Stop at the first missing or unreadable record. By default such records are skipped and counted."
_LEADS = "Names of all leads in the file's order (I,II,V1), or new names for some (ECG1=MLII)."
_MODEL_FILE = "Python file of the model's architecture, if it is your own: it is run. A model contains no code."

# tyro checks defaults of these types itself. For "str | None" and "tuple[Path, ...]" it imports typeguard, which takes 0.06 s.
MaybeText = Optional[str]  # noqa: UP045
MaybePath = Optional[Path]  # noqa: UP045
MaybeNumber = Optional[float]  # noqa: UP045
MaybeCount = Optional[int]  # noqa: UP045


class Files(tuple[Path, ...]):
    """Paths of a command line.

    Parameters
    ----------
    iterable : iterable of Path
        The paths, in order.
    """


_FILES = PrimitiveConstructorSpec[Files](
    nargs="*",
    metavar="FILE ...",
    instance_from_str=lambda words: Files(Path(word) for word in words),
    is_instance=lambda given: isinstance(given, Files),
    str_from_instance=lambda files: [str(file) for file in files],
)
Recordings = Annotated[Positional[Files], _FILES, arg(metavar="FILE ...")]
Model = Annotated[Positional[str], arg(metavar="MODEL", help=_ANY_MODEL)]
ModelWithWeights = Annotated[Positional[str], arg(metavar="MODEL", help=_WITH_WEIGHTS)]
ModelFile = Annotated[MaybeText, arg(metavar="FILE.py", help=_MODEL_FILE, help_behavior_hint="")]
Rate = Annotated[
    MaybeNumber, arg(metavar="HZ", help="Sampling rate, if the file does not state it.", help_behavior_hint="")
]
Leads = Annotated[MaybeText, arg(metavar="A,B|FILE=LEAD", help=_LEADS, help_behavior_hint="")]
Unit = Annotated[MaybeText, arg(metavar="V|mV|uV", help="Unit, if the file does not state it.", help_behavior_hint="")]
Source = Annotated[Path, arg(name="from", metavar="DIR", help="Folder of the corpus, in the publisher's layout.")]
CorpusName = Annotated[str, arg(metavar="CORPUS", help=_CORPUS)]
Strict = Annotated[bool, arg(help=_STRICT)]


def optional(metavar: str) -> Any:
    """Return the option of a value that may be left out; its help is the docstring under the field.

    Parameters
    ----------
    metavar : str
        Placeholder of the value in the help.
    """
    return arg(metavar=metavar, help_behavior_hint="")


def value(metavar: str) -> Any:
    """Return the option of a value under a name that says what it is.

    Parameters
    ----------
    metavar : str
        Placeholder of the value in the help.
    """
    return arg(metavar=metavar)


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
    """Return the option for a field of a settings class: its help is the field's docstring.

    Parameters
    ----------
    kind : type
        The settings class, a dataclass.
    name : str
        Name of the field.
    metavar : str
        Placeholder of the value in the help.
    """
    return arg(help=field_docs(kind)[name].replace("``", ""), metavar=metavar, help_behavior_hint="")
