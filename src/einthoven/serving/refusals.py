"""Refuse a request: an HTTP status beside the found, expected and remedy of every error."""

from typing import Any

from einthoven.errors import ConfigurationFault, EinthovenError

UNREADABLE = 422
"""Status of a recording that cannot be interpreted, for the reason that is given."""


class Refusal(ConfigurationFault):
    """A request that is refused before, or apart from, reading its recording.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Stable name of the reason.
    summary : str
        One sentence.
    found, expected, remedy : str
        What is there, what should be there, and what to do about it.
    """

    def __init__(self, status: int, code: str, summary: str, *, found: str, expected: str, remedy: str):
        super().__init__(summary, found=found, expected=expected, remedy=remedy)
        self.status, self.code = status, code


def status_of(error: EinthovenError) -> int:
    """Return the HTTP status of an error.

    Parameters
    ----------
    error : EinthovenError
        The error.

    Returns
    -------
    int
    """
    return error.status if isinstance(error, Refusal) else UNREADABLE


def as_dict(error: EinthovenError, **more: Any) -> dict[str, Any]:
    """Return an error as plain values for JSON.

    Parameters
    ----------
    error : EinthovenError
        The error.
    **more : object
        Further values.

    Returns
    -------
    dict
        ``code``, ``message``, ``found``, ``expected``, ``remedy``; ``text``, as the command line prints it.
    """
    name = error.code if isinstance(error, Refusal) else type(error).__name__
    return {
        "code": error.code,
        "message": error.summary,
        "found": error.found,
        "expected": error.expected,
        "remedy": error.remedy,
        "text": str(error).replace(type(error).__name__, name, 1),
        **more,
    }


def malformed(found: str, expected: str, remedy: str) -> Refusal:
    """Return the refusal of a request that cannot be understood.

    Parameters
    ----------
    found, expected, remedy : str
        What is there, what should be there, and what to do about it.

    Returns
    -------
    Refusal
    """
    return Refusal(400, "malformed", "The request cannot be understood.", found=found, expected=expected, remedy=remedy)


def internal() -> Refusal:
    """Return the refusal for a fault of einthoven itself.

    Returns
    -------
    Refusal
    """
    return Refusal(
        500,
        "internal",
        "einthoven failed; this is a bug.",
        found="an unforeseen error; its trace is in the terminal of the server",
        expected="an interpretation",
        remedy="report the trace",
    )
