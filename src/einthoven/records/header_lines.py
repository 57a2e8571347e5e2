"""Parse the words of a WFDB header: numbers of limited length, names that stay in the folder, times and dates.

Source: header(5) of the WFDB Applications Guide, G. Moody.
"""

import re
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath

_LONGEST_WORD = 64
_SPECIFICATION = re.compile(
    r"(?P<format>\d{1,5})(x(?P<frame>\d{1,9}))?(:(?P<skew>\d{1,9}))?(?P<rest>(\+\d{1,18})*)", re.ASCII
)
_GAIN = re.compile(
    r"(?P<gain>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:\((?P<baseline>[-+]?\d+(?:\.\d*)?)\))?(?:/(?P<unit>\S+))?",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"[-+]?\d{1,18}(?:\.0*)?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PLAIN = re.compile(r"\w[\w.-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def whole(word: str) -> int:
    """Return a whole number.

    Parameters
    ----------
    word : str
        Digits with or without a sign, and perhaps ``.0``.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is not a number of at most 18 digits.

    Examples
    --------
    >>> whole("1024"), whole("-5.0")
    (1024, -5)
    """
    if not _NUMBER.fullmatch(word):
        raise ValueError(f"{word[:40]} is not a whole number")
    return int(word.partition(".")[0])


def rate(word: str) -> float | None:
    """Return the sampling rate of a record line, without counter frequency and base counter.

    Parameters
    ----------
    word : str
        For example ``360/360(0)``.

    Returns
    -------
    float or None, Hz
        None for 0, which states nothing.

    Raises
    ------
    ValueError
        If it is not a finite positive number.
    """
    text = re.split(r"[/(]", word[:_LONGEST_WORD], maxsplit=1)[0]
    hz = float(text)
    if not 0 <= hz < float("inf"):
        raise ValueError(f"{text} is no sampling rate")
    return hz or None


def specification(word: str) -> tuple[str, int, int, int] | None:
    """Return format, samples in a frame, skew and byte offset of a signal.

    Parameters
    ----------
    word : str
        For example ``16x4:3+24``.

    Returns
    -------
    tuple or None
        None if it is none.

    Examples
    --------
    >>> specification("16x4:3+24"), specification("200/mV")
    (('16', 4, 3, 24), None)
    """
    return _specification(word) if len(word) <= _LONGEST_WORD else None


@lru_cache(256)
def _specification(word: str) -> tuple[str, int, int, int] | None:
    match = _SPECIFICATION.fullmatch(word)
    if match is None:
        return None
    offset = match["rest"].rpartition("+")[2]
    return match["format"], int(match["frame"] or 1), int(match["skew"] or 0), int(offset or 0)


def gain(word: str) -> tuple[float, float | None, str | None] | None:
    """Return gain, baseline and unit of a signal.

    Parameters
    ----------
    word : str
        For example ``200(1024)/mV``.

    Returns
    -------
    tuple or None
        Baseline and unit are None where they are not stated; None if it is no such word.

    Examples
    --------
    >>> gain("200(0.0)/mV"), gain("2e2"), gain("MLII")
    ((200.0, 0.0, 'mV'), (200.0, None, None), None)
    """
    return _gain(word) if len(word) <= _LONGEST_WORD else None


@lru_cache(256)
def _gain(word: str) -> tuple[float, float | None, str | None] | None:
    match = _GAIN.fullmatch(word)
    if match is None:
        return None
    baseline = match["baseline"]
    return float(match["gain"]), None if baseline is None else float(baseline), match["unit"]


def numbers_and_name(words: list[str]) -> tuple[list[int | None], str]:
    """Return the five numbers behind a gain, and the name behind them.

    Parameters
    ----------
    words : list of str
        ADC resolution, ADC zero, first value, checksum, block size, and the words of the name. Numbers may be missing:
        some programs write the name behind the gain.

    Returns
    -------
    numbers : list of int or None
        Five; None where one is missing.
    name : str
        Without a remark behind ``#``; empty if there is none.

    Raises
    ------
    ValueError
        If a number is none.

    Examples
    --------
    >>> numbers_and_name("16 0 995 -22131 0 ECG lead II".split())
    ([16, 0, 995, -22131, 0], 'ECG lead II')
    >>> numbers_and_name(["MLII"])
    ([None, None, None, None, None], 'MLII')
    """
    found: list[int | None] = []
    for word in words[:5]:
        try:
            found.append(whole(word))
        except ValueError:
            rest = words[len(found) :]
            if not word[0].isalpha() or sum(_NUMBER.fullmatch(each) is not None for each in rest) > 1:
                raise
            break
    name = re.split(r"\s+#", " ".join(words[len(found) :]), maxsplit=1)[0].strip()
    return found + [None] * (5 - len(found)), name


def inside(name: str) -> bool:
    """Return whether a name in a header is that of a file beside or below the header.

    Parameters
    ----------
    name : str
        Name of a signal file or a segment.

    Returns
    -------
    bool

    Examples
    --------
    >>> inside("100.dat"), inside("data/100.dat"), inside("../100.dat"), inside("/etc/passwd"), inside("C:100.dat")
    (True, True, False, False, False)
    """
    if _PLAIN.fullmatch(name):
        return True
    path = PurePosixPath(name)
    is_relative = not path.is_absolute() and bool(path.parts) and ".." not in path.parts
    return is_relative and "\\" not in name and not re.match(r"[A-Za-z]:", name) and not _CONTROL.search(name)


def has_control(text: str) -> bool:
    """Return whether a text holds control characters, as of an escape sequence, other than blanks.

    Parameters
    ----------
    text : str
        A line of a header.

    Returns
    -------
    bool
    """
    return _CONTROL.search(text) is not None


def recorded_at(words: list[str]) -> str:
    """Return the date and time of a record line in ISO 8601.

    Parameters
    ----------
    words : list of str
        Time and date in either order, as ``9:00:00 01/02/1989``, ``2014-05-08 05:05:15``, ``05-May-2020`` or ``2006``.

    Returns
    -------
    str
        The date, or the date and the time; a time alone with a leading ``T``; empty if there is neither.

    Examples
    --------
    >>> recorded_at(["9:00:00.5", "01/02/1989"]), recorded_at(["05-May-2020"]), recorded_at(["2006"])
    ('1989-02-01T09:00:00.5', '2020-05-05', '2006')
    """
    day = next((found for found in map(_day, words[:3]) if found), "")
    time = next((found for found in map(_time, words[:3]) if found), "")
    return f"{day}T{time}" if time else day


def _day(word: str) -> str:
    parts = re.split(r"[-/.]", word[:_LONGEST_WORD])
    if len(parts) == 1:
        return word if re.fullmatch(r"(1[89]|[2-9]\d)\d\d", word, re.ASCII) else ""
    if len(parts) != 3:
        return ""
    months = [part.lower()[:3] for part in parts]
    parts = [
        str(_MONTHS.index(month) + 1) if month in _MONTHS else part for part, month in zip(parts, months, strict=True)
    ]
    if len(parts[0]) == 4:
        parts.reverse()
    try:
        found = date(*(int(part) for part in reversed(parts)))
    except (ValueError, OverflowError):
        return ""
    return found.isoformat() if found.year > 1800 else ""


def _time(word: str) -> str:
    match = re.fullmatch(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2})(\.\d{1,9})?", word, re.ASCII)
    if match is None:
        return ""
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    return f"{hour:02}:{minute:02}:{second:02}{match[4] or ''}" if max(minute, second) < 60 and hour < 24 else ""
