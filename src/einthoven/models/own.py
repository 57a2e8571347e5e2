"""Load architectures from files that a user named, and look architectures up by name: these and those of MODELS.

A bundle that was trained with a user's architecture names it and states the checksum of its file; it holds no code. Only a
file that the user names in this process is run.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from einthoven import user_file
from einthoven.errors import ConfigurationFault
from einthoven.models import MODELS
from einthoven.models.contract import CLAUSES, Breach, first_breach, static_breach
from einthoven.models.inputs import InputShape
from einthoven.paths import written_aside

FILES_KEY = "architecture_files"
"""Where a card's ``training`` states the SHA-256 of the file of each user's architecture, by the architecture's name."""


@dataclass(frozen=True)
class _UserModel:
    """An architecture of a user's file, with the text that was run and its checksum."""

    path: Path
    content: bytes
    sha256: str
    model: Any


_loaded: dict[tuple[str, str], _UserModel] = {}
"""Architectures whose files were named in this process, by name and checksum; the last named stands last."""


def take(reference: str | Path) -> str:
    """Run a file that the user named and return the name of its architecture, ``mynet.py:Class``.

    Parameters
    ----------
    reference : str or Path
        ``./mynet.py``, or ``./mynet.py:Class`` where the file has more than one class.

    Returns
    -------
    str
        The name.

    Raises
    ------
    ConfigurationFault
        If the file or the class is missing, the file fails, or the class breaks a clause that shows before it is built.
    """
    loaded = user_file.run(reference)
    label, model = loaded.chosen(_candidates(vars(loaded.module), loaded.module.__name__), "a torch.nn.Module")
    name = f"{loaded.path.name}:{label}"
    breach = static_breach(model)
    if breach is not None:
        raise _broken(name, loaded.path, breach)
    _loaded.pop((name, loaded.sha256), None)
    _loaded[name, loaded.sha256] = _UserModel(loaded.path, loaded.content, loaded.sha256, model)
    return name


def take_for(training: Mapping[str, Any], reference: str | Path) -> None:
    """Run a file that the user named to load a trained model of its architecture.

    Parameters
    ----------
    training : mapping
        The part ``training`` of the model's card.
    reference : str or Path
        The file.

    Raises
    ------
    ConfigurationFault
        If the model needs no file, or was trained with another file.
    """
    stated: Mapping[str, str] = training.get(FILES_KEY, {})
    if not stated:
        raise ConfigurationFault(
            "This model has an architecture of einthoven.",
            found=f"--model-file {reference}",
            expected="no file: none is needed",
            remedy="leave out --model-file",
        )
    loaded = user_file.run(reference)
    fitting = [name for name, sha256 in stated.items() if sha256 == loaded.sha256]
    for name in fitting:
        model = getattr(loaded.module, name.rpartition(":")[2])
        _loaded[name, loaded.sha256] = _UserModel(loaded.path, loaded.content, loaded.sha256, model)
    if not fitting:
        name, sha256 = next(iter(stated.items()))
        raise ConfigurationFault(
            f"{loaded.path.name} changed since the model was trained, or is another file.",
            found=f"SHA-256 {loaded.sha256[:16]}…  ({loaded.path})",
            expected=f"SHA-256 {sha256[:16]}…  ({name}, as the model's card states)",
            remedy=f"--model-file RUN/{name.partition(':')[0]}      the copy that the training left in its run's folder",
        )


def named(name: str, training: Mapping[str, Any] | None = None) -> Any:
    """Return an architecture: a class of MODELS, or one whose file was named in this process.

    Parameters
    ----------
    name : str
        Key of MODELS, or ``mynet.py:Class``.
    training : mapping, optional
        The part ``training`` of a card: the file must then have the checksum that it states.

    Returns
    -------
    type
        The class.

    Raises
    ------
    ConfigurationFault
        If there is none of that name, or its file was not named.
    """
    if name in MODELS:
        return MODELS[name]
    sha256 = (training or {}).get(FILES_KEY, {}).get(name)
    fitting = [one.model for (key, checksum), one in _loaded.items() if key == name and sha256 in (None, checksum)]
    if fitting:
        return fitting[-1]
    file = name.partition(":")[0]
    if not user_file.is_reference(name):
        raise ConfigurationFault(
            "Unknown architecture.",
            found=name,
            expected=f"{', '.join(MODELS)}, or a file of yours, ./mynet.py:Class",
            remedy=f"--model {next(iter(MODELS))}",
        )
    raise ConfigurationFault(
        f"The architecture {name} is in a user's file, which a bundle does not contain.",
        found="no file: code runs only if you name its file",
        expected=f"{file}" + (f" with SHA-256 {sha256[:16]}…" if sha256 else ""),
        remedy=f"--model-file ./{file}",
    )


def resolved(text: str) -> str:
    """Return the name of an architecture of MODELS, or of one in a user's file, which is then run.

    Parameters
    ----------
    text : str
        What the user wrote: a key of MODELS, or ``./mynet.py[:Class]``.

    Returns
    -------
    str
        A key of MODELS, or ``mynet.py:Class``.

    Raises
    ------
    ConfigurationFault
        As :func:`take` and :func:`named`.
    """
    if user_file.is_reference(text) and not any(name == text for name, _ in _loaded):
        return take(text)
    named(text)
    return text


def provenance(name: str) -> dict[str, dict[str, str]]:
    """Return what a card states about a user's architecture: the checksum of its file; nothing for one of MODELS.

    Parameters
    ----------
    name : str
        The architecture.
    """
    mine = _user_model(name)
    return {} if mine is None else {FILES_KEY: {name: mine.sha256}}


def keep_copy(name: str, folder: Path) -> None:
    """Copy the file of a user's architecture into the folder of a run, so that it can be named when the original changed.

    Parameters
    ----------
    name : str
        The architecture; for one of MODELS nothing is copied.
    folder : Path
        The run's folder.
    """
    mine = _user_model(name)
    if mine is not None and not (folder / mine.path.name).exists():
        with written_aside(folder / mine.path.name) as aside:
            aside.write_bytes(mine.content)


def require_contract(name: str, shape: InputShape, n_classes: int, settings: Mapping[str, Any]) -> None:
    """Refuse a user's architecture that breaks a clause of the contract; the tests hold those of MODELS to it.

    Parameters
    ----------
    name : str
        The architecture.
    shape : InputShape
        Shapes of the windows that it will read.
    n_classes : int
        Number of classes.
    settings : mapping
        Settings that differ from its defaults.

    Raises
    ------
    ConfigurationFault
        If a clause is broken; the message names it.
    """
    mine = _user_model(name)
    if mine is None:
        return
    parameters = list(inspect.signature(mine.model).parameters)[3:]
    unknown = [setting for setting in settings if setting not in parameters]
    if unknown:
        raise ConfigurationFault(
            f"{name} has no such setting.",
            found=", ".join(unknown),
            expected=", ".join(parameters) or "no settings",
            remedy=f"einthoven models {mine.path}:{name.rpartition(':')[2]}",
        )
    breach = first_breach(mine.model, shape, n_classes, settings)
    if breach is not None:
        raise _broken(name, mine.path, breach)


def _user_model(name: str) -> _UserModel | None:
    return next((one for (key, _), one in reversed(_loaded.items()) if key == name), None)


def _candidates(names: Mapping[str, Any], module: str) -> dict[str, Any]:
    """Return the networks that a file defines: those with a method ``features`` if there are any, else every module."""
    defined = {
        name: value
        for name, value in names.items()
        if inspect.isclass(value) and value.__module__ == module and not name.startswith("_")
    }
    modules = {name: value for name, value in defined.items() if issubclass(value, nn.Module)}
    whole = {name: value for name, value in modules.items() if hasattr(value, "features")}
    return whole or modules or defined


def _broken(name: str, path: Path, breach: Breach) -> ConfigurationFault:
    raised = breach.error
    found = breach.found
    if raised is not None:
        found = (
            f"{type(raised).__name__}: {(str(raised).splitlines() or [''])[0][:200]}\n{user_file.place(raised, path)}"
        )
    return ConfigurationFault(
        f"{name} breaks the clause '{breach.clause}' of the model contract.",
        found=found,
        expected=CLAUSES[breach.clause],
        remedy=f"correct {path}, then      einthoven models {path}:{name.rpartition(':')[2]}",
    )
