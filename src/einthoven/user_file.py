"""Run Python files of a user, and report the line of an error in them."""

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
    """A Python file of a user that was run.

    Parameters
    ----------
    path : Path
        Absolute path.
    name : str
        The name that the user gave after the colon; empty for none.
    content : bytes
        Content of the file.
    sha256 : str
        Its checksum.
    module : ModuleType
        The module that it defines.
    """

    path: Path
    name: str
    content: bytes
    sha256: str
    module: ModuleType

    def select(self, candidates: Mapping[str, Item], what: str) -> tuple[str, Item]:
        """Return the object that the user named, or the only candidate, with its name.

        Parameters
        ----------
        candidates : mapping of str
            Objects of the file among which the only one is taken if none is named.
        what : str
            What they are, for the error: ``a torch.nn.Module``.

        Returns
        -------
        name : str
            Its name.
        found : object
            The object.

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
            f"{self.path.name} does not say which object to use.",
            found=found,
            expected=f"one of {', '.join(candidates)}" if candidates else f"{what} at the top level of the file",
            remedy=f"{self.path}:{example}",
        )


def is_reference(text: str) -> bool:
    """Return whether a text names a Python file, ``./mynet.py`` or ``./mynet.py:Class``.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bool
    """
    return _REFERENCE.fullmatch(text) is not None


def run(reference: str | Path) -> UserFile:
    """Run a Python file and return what it defines.

    The file must stand alone: ``sys.path`` stays as it is, and no compiled copy is written beside it.

    Parameters
    ----------
    reference : str or Path
        ``./mynet.py``, or ``./mynet.py:Class`` to name one object of it.

    Returns
    -------
    UserFile

    Raises
    ------
    ConfigurationFault
        If the file does not exist, cannot be compiled or raises an error; the message names the line.
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
    sys.modules[module.__name__] = module  # where dataclasses and pickle look up the module of a class
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise error_inside(error, path, "could not be run") from error
    return UserFile(path, (match["name"] or "") if match else "", content, sha256, module)


def error_inside(error: BaseException, path: Path, what: str) -> EinthovenError:
    """Return the error to raise for one inside a user's file, with the line in that file.

    Parameters
    ----------
    error : BaseException
        What was raised; an EinthovenError is returned unchanged.
    path : Path
        The user's file.
    what : str
        What happened, for the summary.

    Returns
    -------
    EinthovenError
    """
    if isinstance(error, EinthovenError):
        return error
    return ConfigurationFault(
        f"{path.name} {what}.",
        found=f"{type(error).__name__}: {_first_line(error)}\n{line_of(error, path)}",
        expected="a file that runs on its own with the installed libraries",
        remedy=f"correct {path}",
    )


def line_of(error: BaseException, path: Path) -> str:
    """Return the last line of a user's file that an error passed: file, line, function and text.

    Parameters
    ----------
    error : BaseException
        What was raised.
    path : Path
        The user's file.

    Returns
    -------
    str
    """
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}: {(error.text or '').strip()}"
    frames = _frames(error, path)
    if not frames:
        return f"{path}, raised outside the file"
    last = frames[-1]
    return f"{path}, line {last.lineno}, in {last.name}: {last.line}"


def is_inside(error: BaseException, path: Path) -> bool:
    """Return whether an error passed a line of a user's file.

    Parameters
    ----------
    error : BaseException
        What was raised.
    path : Path
        The user's file.

    Returns
    -------
    bool
    """
    return bool(_frames(error, path))


def _frames(error: BaseException, path: Path) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]


def _first_line(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg
    return (str(error).splitlines() or [""])[0][:200]
