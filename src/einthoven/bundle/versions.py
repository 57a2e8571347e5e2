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
    """Bring a card of version 1 (einthoven 0.1) up to version 2: fields were renamed."""
    return {_RENAMED_IN_2.get(name, name): value for name, value in plain.items()}


_RENAMED_IN_2 = {"multi": "multilabel", "own_share": "class_prior_adaptation"}

READERS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_version_1}
"""For each older version the function that brings a card up by one."""
