"""Describe an architecture from its signature and its docstring: paper, receptive field, inputs, settings."""

import inspect
import re
from dataclasses import dataclass
from typing import Any

from einthoven.models.inputs import reads

SECTIONS = ("Paper", "Departures", "Receptive field")
"""What the docstring of an architecture states beside its parameters."""
_HEADINGS = (*SECTIONS, "Parameters", "Raises", "Notes", "References", "Examples")
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
        Its description in the docstring; empty where there is none.
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
    """Description of an architecture.

    Parameters
    ----------
    summary : str
        The first line of its docstring.
    sections : dict of str
        Text of Paper, Departures and Receptive field, where the docstring has them.
    inputs : tuple of str
        Parts of a window that it reads.
    settings : tuple of Setting
        Its settings.
    """

    summary: str
    sections: dict[str, str]
    inputs: tuple[str, ...]
    settings: tuple[Setting, ...]


def describe(model: Any) -> Description:
    """Read the description of an architecture from its signature and its docstring.

    Parameters
    ----------
    model : type
        The architecture.

    Returns
    -------
    Description
    """
    text = inspect.cleandoc(vars(model).get("__doc__") or "")
    found = _sections(text)
    meanings = _meanings(found.get("Parameters", ""))
    settings = tuple(
        Setting(one.name, one.default, meanings.get(one.name, ""))
        for one in inspect.signature(model).parameters.values()
        if one.kind is one.KEYWORD_ONLY
    )
    sections = {name: found[name] for name in SECTIONS if name in found}
    return Description(text.partition("\n")[0], sections, reads(model), settings)


def _sections(text: str) -> dict[str, str]:
    """Return the sections of a docstring by their headings, underlined or not."""
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in text.splitlines():
        if line in _HEADINGS:
            here = found.setdefault(line, [])
        elif not re.fullmatch("-+", line):
            here.append(line)
    return {name: inspect.cleandoc("\n" + "\n".join(lines)) for name, lines in found.items()}


def _meanings(text: str) -> dict[str, str]:
    """Return the description of each parameter: the indented lines below its name, or the text beside it if there are none."""
    found: dict[str, str] = {}
    entries = re.split(r"\n(?=\S)", text)
    for entry in entries:
        match = _ENTRY.fullmatch(entry.partition("\n")[0])
        if match:
            below = " ".join(line.strip() for line in entry.splitlines()[1:]).strip()
            found |= dict.fromkeys(match["names"].split(", "), below or match["rest"])
    return found
