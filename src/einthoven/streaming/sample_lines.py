"""Parse one line of samples: a value for each lead, and maybe the sample's number before them."""

import math

from einthoven.errors import RecordUnreadable
from einthoven.streaming.faults import counted
from einthoven.streaming.sources import LONGEST_LINE, Format

_LEADS_OFF = "!"  # what sketches for the AD8232 print while an electrode is off


def parse(text: str, n_leads: int) -> tuple[int | None, list[float]]:
    """Return the number and the values of a sample.

    Parameters
    ----------
    text : str
        The line.
    n_leads : int
        Leads of the signal.

    Returns
    -------
    number : int or None
        The sample's number, if the line begins with one.
    values : list of float [n_leads]
        NaN where a value is missing.

    Raises
    ------
    ValueError
        Where the line is not a sample of so many leads.
    """
    if text == _LEADS_OFF:
        return None, [math.nan] * n_leads
    if len(text) > LONGEST_LINE:
        raise ValueError("too long")
    values = [float(word) if word.strip() else math.nan for word in text.split(",")]
    if len(values) not in (n_leads, n_leads + 1):
        raise ValueError("another number of values")
    number = int(text.split(",", 1)[0]) if len(values) > n_leads else None
    if number is not None and number < 0:
        raise ValueError("a negative number")
    return number, values[-n_leads:]


def is_numeric(text: str) -> bool:
    """Return whether a line holds numbers, and nothing else.

    Parameters
    ----------
    text : str
        The line.

    Returns
    -------
    bool
        Whether it does.
    """
    try:
        return bool([float(word) for word in text.split(",") if word.strip()])
    except ValueError:
        return False


def expected(format_: Format) -> str:
    """Describe the lines of a signal.

    Parameters
    ----------
    format_ : Format
        What the signal is.

    Returns
    -------
    str
        Such as ``2 numbers, or a sample number before them``.
    """
    n_leads = len(format_.leads)
    return f"{counted(n_leads, 'number')}, or a sample number before {'them' if n_leads > 1 else 'it'}"


def another_signal(n_lines: int, found: str, format_: Format) -> RecordUnreadable:
    """Return the error for lines that are not of the stated format.

    Parameters
    ----------
    n_lines : int
        Lines that were read.
    found : str
        What is wrong with them.
    format_ : Format
        The stated format.

    Returns
    -------
    RecordUnreadable
        The error to raise.
    """
    return RecordUnreadable(
        "The lines do not have the stated format.",
        found=f"{n_lines} lines, {found}",
        expected=f"{expected(format_)} ({', '.join(format_.leads)})",
        remedy="--leads A,B      the leads in the order of the values; a line # columns=time,A,B names what else there is",
    )
