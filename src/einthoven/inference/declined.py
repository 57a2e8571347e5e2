"""Hold why a model declines a record."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Declined:
    """Why a record is declined.

    Parameters
    ----------
    code : str
        Short and stable, for programs.
    text : str
        The reason in words.
    """

    code: str
    text: str
