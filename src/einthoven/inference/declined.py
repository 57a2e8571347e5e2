"""Say why a record is not answered."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Declined:
    """Why a record is not answered.

    Parameters
    ----------
    code : str
        A short name that does not change, for programs.
    text : str
        The reason in words.
    """

    code: str
    text: str
