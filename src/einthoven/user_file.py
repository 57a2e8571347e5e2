"""Run Python files that a user named on the command line or in a call, and say where they fail."""

import hashlib
import re
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from einthoven.errors import ConfigurationFault, EinthovenError

_REFERENCE = re.compile(r"(?P<file>.+\.py)(?::(?P<name>\w*))?", re.DOTALL)
Item = TypeVar("Item")


@dataclass(frozen=True)
class UserFile:
    """A Python file that was run because a user named it.

    Parameters
    ----------
    path : Path
        Its absolute path.
    name : str
        What the user named behind the colon; empty where nothing was named.
    content : bytes
        The text that was run.
    sha256 : str
        Its checksum.
    module : ModuleType
        What it defines.
    """

    path: Path
    name: str
    content: bytes
    sha256: str
    module: ModuleType

    def chosen(self, candidates: Mapping[str, Item], what: str) -> tuple[str, Item]:
        """Return the object that the user means, with its name.

        Parameters
        ----------
        candidates : mapping of str
            Objects of the file that can be meant where none is named.
        what : str
            What they are, for the error: ``a torch.nn.Module``.

        Raises
        ------
        ConfigurationFault
            If the named object is missing, or none is named and there is not exactly one candidate.
        """
        if self.name and hasattr(self.module, self.name):
            return self.name, getattr(self.module, self.name)
        if len(candidates) == 1 and not self.name:
            return next(iter(candidates.items()))
        found = f"no {self.name}" if self.name else ", ".join(candidates) or "none"
        example = next(iter(candidates), "Name")
        raise ConfigurationFault(
            f"{self.path.name} does not say which object is meant.",
            found=found,
            expected=f"one of {', '.join(candidates)}" if candidates else f"{what} at the top level of the file",
            remedy=f"{self.path}:{example}",
        )


def is_reference(text: str) -> bool:
    """Return whether a text names a Python file, ``./mynet.py`` or ``./mynet.py:Class``."""
    return _REFERENCE.fullmatch(text) is not None


def run(reference: str | Path) -> UserFile:
    """Run a Python file and return what it defines.

    The file must stand alone: ``sys.path`` stays as it is, and no compiled copy is written beside it.

    Parameters
    ----------
    reference : str or Path
        ``./mynet.py``, or ``./mynet.py:Class`` to mean one object of it.

    Raises
    ------
    ConfigurationFault
        If there is no such file.
    ConfigurationFault
        If the file cannot be compiled or raises an error; the message names the line.
    """
    match = _REFERENCE.fullmatch(str(reference))
    path = Path(match["file"] if match else reference).expanduser().absolute()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationFault(
            f"{path} cannot be read.",
            found=error.strerror or type(error).__name__,
            expected="a Python file, e.g. ./mynet.py or ./mynet.py:Class",
            remedy=f"ls {path.parent}",
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    module = ModuleType(f"einthoven_user_{path.stem}_{hashlib.sha256(bytes(path) + content).hexdigest()[:16]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and pickle look a class's module up there
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise blamed(error, path, "could not be run") from error
    return UserFile(path, (match["name"] or "") if match else "", content, sha256, module)


def blamed(error: BaseException, path: Path, what: str) -> EinthovenError:
    """Return what to raise for an error inside a user's file: the line of that file, and no trace of ours.

    Parameters
    ----------
    error : BaseException
        What was raised; an error of ours is returned unchanged.
    path : Path
        The user's file.
    what : str
        What could not be done, for the summary.
    """
    if isinstance(error, EinthovenError):
        return error
    return ConfigurationFault(
        f"{path.name} {what}.",
        found=f"{type(error).__name__}: {_first_line(error)}\n{place(error, path)}",
        expected="a file that runs by itself, with the libraries that are installed",
        remedy=f"correct {path}",
    )


def place(error: BaseException, path: Path) -> str:
    """Return the last line of a user's file that an error went through: file, line, function and text."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}: {(error.text or '').strip()}"
    frames = _frames(error, path)
    if not frames:
        return f"{path}, raised outside the file"
    last = frames[-1]
    return f"{path}, line {last.lineno}, in {last.name}: {last.line}"


def is_inside(error: BaseException, path: Path) -> bool:
    """Return whether an error went through a line of a user's file."""
    return bool(_frames(error, path))


def _frames(error: BaseException, path: Path) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]


def _first_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg
    return (str(error).splitlines() or [""])[0][:200]
