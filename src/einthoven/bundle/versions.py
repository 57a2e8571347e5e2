"""Read cards of every version: bring the plain values of an older card up to the current version."""

from collections.abc import Callable
from typing import Any

from einthoven import __version__
from einthoven.errors import LibraryMissing

CARD_VERSION = 2
"""Version of the cards that are written now; a card without a version is of version 1."""


def upgraded(plain: dict[str, Any]) -> dict[str, Any]:
    """Bring plain values of a card up to :data:`CARD_VERSION`, one version after another.

    Parameters
    ----------
    plain : dict
        Content of a card, as its version has it.

    Returns
    -------
    dict
        Content in the current version, without ``card_version``.

    Raises
    ------
    ValueError
        If the version is not a number from 1.
    """
    plain = dict(plain)
    version = version_of(plain)
    plain.pop("card_version", None)
    for at in range(version, CARD_VERSION):
        plain = READERS[at](plain)
    return plain


def version_of(plain: dict[str, Any]) -> int:
    """Return the version of a card.

    Parameters
    ----------
    plain : dict
        Content of a card.

    Returns
    -------
    int
        Its version, 1 if it does not state one.

    Raises
    ------
    ValueError
        If the version is not a number from 1.
    """
    version = plain.get("card_version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"card_version is {version!r}")
    return version


def require_known(plain: dict[str, Any]) -> None:
    """Refuse a card that a newer einthoven wrote.

    Parameters
    ----------
    plain : dict
        Content of a card.

    Raises
    ------
    LibraryMissing
        If its version is newer than :data:`CARD_VERSION`.
    ValueError
        If the version is not a number from 1.
    """
    version = version_of(plain)
    if version > CARD_VERSION:
        raise LibraryMissing(
            f"the model {plain.get('name', '')!s} was saved by a newer einthoven.",
            found=f"a card of version {version}",
            expected=f"a card of version 1 to {CARD_VERSION}, which einthoven {__version__} reads",
            remedy="pip install --upgrade einthoven",
        )


def _from_version_1(plain: dict[str, Any]) -> dict[str, Any]:
    """Bring a card of version 1 (einthoven 0.1) up to version 2: renamed fields, windows with named parts."""
    renamed = {_RENAMED_IN_2.get(name, name): value for name, value in plain.items()}
    renamed["preparation"] = preparation_from_version_1(plain["preparation"])
    renamed["settings"] = settings_from_version_1(plain["architecture"], plain["settings"])
    return renamed


def preparation_from_version_1(flat: dict[str, Any]) -> dict[str, Any]:
    """Bring a preparation of version 1, which was flat, up to version 2.

    Parameters
    ----------
    flat : dict
        ``leads``, ``fs_hz``, ``before_s``, ``after_s``, ``cut``, ``patient``, ``rhythm``, ``waves`` and more.

    Returns
    -------
    dict
        ``signal``, ``cut`` and ``inputs``, as :meth:`einthoven.signal.preparation.Preparation.from_dict` takes them.
    """
    is_whole = flat.get("cut", "beats") == "tiles"
    inputs = ["signal"]
    if flat.get("patient"):
        inputs += ["beat", *(["summary"] if is_whole else ["rr", "p_waves", "similarity"])]
        inputs += [name for name in ("rhythm", "waves") if flat.get(name)]
    cut = {"kind": "beats", "before_s": flat["before_s"], "after_s": flat["after_s"]}
    if is_whole:
        cut = {"kind": "tiles", "window_s": flat["after_s"], "crop_s": flat.get("crop_s", 0.0)}
    return {"signal": {name: flat[name] for name in _OF_SIGNAL if name in flat}, "cut": cut, "inputs": inputs}


def settings_from_version_1(architecture: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Bring the settings of an architecture up to version 2; those of an ensemble's members too.

    Parameters
    ----------
    architecture : str
        Its name in MODELS.
    settings : dict
        As the card has them.

    Returns
    -------
    dict
        The settings under their present names.
    """
    found = {_SETTINGS_IN_2.get(name, name): value for name, value in settings.items() if name != "n_alike"}
    if architecture == "rhythm":  # it reads all measurements there are
        found.pop("n_read", None)
    if "members" in found:
        found["members"] = [[name, settings_from_version_1(name, own), *crop] for name, own, *crop in found["members"]]
    return found


_OF_SIGNAL = ("leads", "fs_hz", "low_hz", "high_hz", "scaling", "mean_mv", "sd_mv")
_SETTINGS_IN_2 = {"several": "multilabel", "beat": "beat_span", "n_numbers": "n_read", "n_rhythm": "n_timing"}
_RENAMED_IN_2 = {"multi": "multilabel", "own_share": "class_prior_adaptation"}

READERS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_version_1}
"""For each older version the function that brings a card up by one."""
