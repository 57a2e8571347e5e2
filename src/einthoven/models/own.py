"""Load architectures from files that a user named, and give architectures by name: these and those of MODELS.

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
from einthoven.paths import written_aside

FILES_KEY = "architecture_files"
"""Where a card's ``training`` states the SHA-256 of the file of each user's architecture, by the architecture's name."""


@dataclass(frozen=True)
class _Own:
    path: Path
    content: bytes
    sha256: str
    model: Any


_given: dict[tuple[str, str], _Own] = {}
"""Architectures whose files were named in this process, by name and checksum; the last named stands last."""


def take(reference: str | Path) -> str:
    """Run a file that the user named and return the name of its architecture, ``mynet.py:Class``.

    Parameters
    ----------
    reference : str or Path
        ``./mynet.py``, or ``./mynet.py:Class`` where the file has several classes.

    Raises
    ------
    ConfigurationFault, ConfigurationFault
        If the file or the class is missing, the file fails, or the class breaks a clause that shows before it is built.
    """
    loaded = user_file.run(reference)
    label, model = loaded.select(_candidates(vars(loaded.module), loaded.module.__name__), "a torch.nn.Module")
    name = f"{loaded.path.name}:{label}"
    breach = static_breach(model)
    if breach is not None:
        raise _broken(name, loaded.path, breach)
    _given.pop((name, loaded.sha256), None)
    _given[name, loaded.sha256] = _Own(loaded.path, loaded.content, loaded.sha256, model)
    return name


def take_for(training: Mapping[str, Any], reference: str | Path) -> None:
    """Run a file that the user named to load a trained model of its architecture.

    Parameters
    ----------
    training : mapping
        What the model's card says of its training.
    reference : str or Path
        The file.

    Raises
    ------
    ConfigurationFault, ConfigurationFault
        If the model needs no file, or the file is another than the one it was trained with.
    """
    stated: Mapping[str, str] = training.get(FILES_KEY, {})
    if not stated:
        raise ConfigurationFault(
            "this model is of an architecture of einthoven.",
            found=f"--model-file {reference}",
            expected="no file: none is needed",
            remedy="leave out --model-file",
        )
    loaded = user_file.run(reference)
    fitting = [name for name, sha256 in stated.items() if sha256 == loaded.sha256]
    for name in fitting:
        model = getattr(loaded.module, name.rpartition(":")[2])
        _given[name, loaded.sha256] = _Own(loaded.path, loaded.content, loaded.sha256, model)
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
        What a card says of its training: the file must then have the checksum that it states.

    Raises
    ------
    ConfigurationFault, ConfigurationFault
        If there is none of that name, or its file was not named.
    """
    if name in MODELS:
        return MODELS[name]
    sha256 = (training or {}).get(FILES_KEY, {}).get(name)
    known = [own.model for (key, of), own in _given.items() if key == name and sha256 in (None, of)]
    if known:
        return known[-1]
    file = name.partition(":")[0]
    if not user_file.is_reference(name):
        raise ConfigurationFault(
            "there is no such architecture.",
            found=name,
            expected=f"{', '.join(MODELS)}, or a file of yours, ./mynet.py:Class",
            remedy=f"--model {next(iter(MODELS))}",
        )
    raise ConfigurationFault(
        f"the architecture {name} is in a user's file, which a model does not bring along.",
        found="no file: code runs only where you name it",
        expected=f"{file}" + (f" with SHA-256 {sha256[:16]}…" if sha256 else ""),
        remedy=f"--model-file ./{file}",
    )


def resolved(text: str) -> str:
    """Return the name of an architecture that the user means: of MODELS, or of a file, which is then run.

    Raises
    ------
    ConfigurationFault, ConfigurationFault
        As :func:`take` and :func:`named`.
    """
    if user_file.is_reference(text) and not any(name == text for name, _ in _given):
        return take(text)
    named(text)
    return text


def provenance(name: str) -> dict[str, dict[str, str]]:
    """Return what a card must state of a user's architecture: the checksum of its file; nothing for one of MODELS."""
    own = _own(name)
    return {} if own is None else {FILES_KEY: {name: own.sha256}}


def keep_copy(name: str, folder: Path) -> None:
    """Copy the file of a user's architecture into the folder of a run, so that it can be named when the original changed."""
    own = _own(name)
    if own is not None and not (folder / own.path.name).exists():
        with written_aside(folder / own.path.name) as aside:
            aside.write_bytes(own.content)


def require_contract(name: str, n_leads: int, n_classes: int, n_samples: int, settings: Mapping[str, Any]) -> None:
    """Refuse a user's architecture that breaks a clause of the contract; those of MODELS are held to it by the tests.

    Parameters
    ----------
    name : str
        The architecture.
    n_leads, n_classes, n_samples : int
        Sizes that it will be trained for.
    settings : mapping
        Settings that differ from its defaults.

    Raises
    ------
    ConfigurationFault
        If a clause is broken; the message names it.
    """
    own = _own(name)
    if own is None:
        return
    parameters = list(inspect.signature(own.model).parameters)[3:]
    unknown = [setting for setting in settings if setting not in parameters]
    if unknown:
        raise ConfigurationFault(
            f"{name} has no such setting.",
            found=", ".join(unknown),
            expected=", ".join(parameters) or "no settings",
            remedy=f"einthoven models {own.path}:{name.rpartition(':')[2]}",
        )
    breach = first_breach(own.model, n_leads, n_classes, n_samples, settings)
    if breach is not None:
        raise _broken(name, own.path, breach)


def as_arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as an architecture takes them: what a card keeps as a list is a tuple."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def _own(name: str) -> _Own | None:
    return next((own for (key, _), own in reversed(_given.items()) if key == name), None)


def _candidates(names: Mapping[str, Any], module: str) -> dict[str, Any]:
    """Networks that a file defines: those with a method ``features`` where there are any, else every module."""
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
            f"{type(raised).__name__}: {(str(raised).splitlines() or [''])[0][:200]}\n{user_file.line_of(raised, path)}"
        )
    return ConfigurationFault(
        f"{name} breaks the clause '{breach.clause}' of the model contract.",
        found=found,
        expected=CLAUSES[breach.clause],
        remedy=f"correct {path}, then      einthoven models {path}:{name.rpartition(':')[2]}",
    )
