"""Describe an architecture from its signature and its docstring: paper, receptive field, inputs, settings."""

import inspect
import re
from dataclasses import dataclass
from typing import Any

from einthoven.models.contract import inputs_of

_SECTIONS = ("Paper", "Departures", "Receptive field", "Parameters", "Raises", "Notes", "References", "Examples")
_ENTRY = re.compile(r"(?P<names>\w+(?:, \w+)*) : (?P<rest>.*)")


@dataclass(frozen=True)
class Setting:
    """One setting of an architecture.

    Parameters
    ----------
    name : str
        Its name.
    default : object
        Its default.
    meaning : str
        What the docstring says of it; empty where it says nothing.
    """

    name: str
    default: object
    meaning: str

    @property
    def shown(self) -> str:
        """``name=default``, as ``--set`` takes it."""
        if (
            isinstance(self.default, tuple)
            and self.default
            and all(isinstance(one, int | float) for one in self.default)
        ):
            return f"{self.name}={','.join(map(str, self.default))}"
        return f"{self.name}={self.default}"


@dataclass(frozen=True)
class Description:
    """What there is to say of an architecture.

    Parameters
    ----------
    summary : str
        The first line of its docstring.
    sections : dict of str
        Text of Paper, Departures and Receptive field, where the docstring has them.
    inputs : tuple of str
        What it reads.
    settings : tuple of Setting
        What can be set.
    """

    summary: str
    sections: dict[str, str]
    inputs: tuple[str, ...]
    settings: tuple[Setting, ...]


def describe(model: Any) -> Description:
    """Return what the signature and the docstring of an architecture say.

    Parameters
    ----------
    model : class
        The architecture.
    """
    own_text = inspect.cleandoc(vars(model).get("__doc__") or "")
    found = _sections(own_text)
    meanings = _meanings(found.get("Parameters", ""))
    of = inspect.signature(model).parameters.values()
    settings = (
        Setting(one.name, one.default, meanings.get(one.name, "")) for one in of if one.kind is one.KEYWORD_ONLY
    )
    told: dict[str, str] = {name: found[name] for name in ("Paper", "Departures", "Receptive field") if name in found}
    return Description(own_text.partition("\n")[0], told, inputs_of(model), tuple(settings))


def _sections(text: str) -> dict[str, str]:
    """The sections of a docstring by their headings, underlined or not, each with its text."""
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in text.splitlines():
        if line in _SECTIONS:
            here = found.setdefault(line, [])
        elif not re.fullmatch("-+", line):
            here.append(line)
    return {name: inspect.cleandoc("\n" + "\n".join(lines)) for name, lines in found.items()}


def _meanings(text: str) -> dict[str, str]:
    """What is said of each parameter: the indented lines below its name, or what stands beside it where there are none."""
    found: dict[str, str] = {}
    entries = re.split(r"\n(?=\S)", text)
    for entry in entries:
        match = _ENTRY.fullmatch(entry.partition("\n")[0])
        if match:
            below = " ".join(line.strip() for line in entry.splitlines()[1:]).strip()
            found |= dict.fromkeys(match["names"].split(", "), below or match["rest"])
    return found
