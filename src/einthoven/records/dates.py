"""Bring dates, ages and sexes as files write them into one form."""

import re
from datetime import datetime

_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,6})\d*)?(?:[+-]\d{4})?")
_DATES = ("%m-%d-%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%b-%Y", "%Y%m%d", "%Y/%m/%d")
_TIMES = ("%H:%M:%S", "%I:%M:%S %p", "%H:%M", "%H:%M:%S.%f", "%H%M%S", "%H.%M.%S")
_YEARS = {"a": 1.0, "y": 1.0, "m": 1 / 12, "w": 7 / 365.25, "d": 1 / 365.25, "h": 1 / 8766}
_SEXES = {"m": "male", "male": "male", "f": "female", "female": "female", "w": "female"}


def from_digits(text: str) -> str:
    """Return a date, with the time if it is written, from digits without separators.

    Parameters
    ----------
    text : str
        As HL7 and DICOM write it: ``20021122091000.000+0100``. A time zone is dropped.

    Returns
    -------
    str
        ISO 8601; empty if it is no date.

    Examples
    --------
    >>> from_digits("20021122091000.000+0100"), from_digits("19530508"), from_digits("0000")
    ('2002-11-22T09:10:00', '1953-05-08', '')
    """
    found = _DIGITS.fullmatch(text.strip())
    if not found:
        return ""
    year, month, day, hour, minute, second, fraction = found.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return ""
    if minute is None:
        return moment.date().isoformat()
    return moment.replace(microsecond=int((fraction or "0").ljust(6, "0"))).isoformat()


def from_words(date: str, time: str = "") -> str:
    """Return a date and a time of day written with separators; months stand before days where slashes or dashes separate them.

    Parameters
    ----------
    date, time : str
        As GE writes them: ``03-25-1996`` and ``11:18:00``.

    Returns
    -------
    str
        ISO 8601; empty if it is no date.

    Examples
    --------
    >>> from_words("03-25-1996", "11:18:00"), from_words("1953-05-08"), from_words("")
    ('1996-03-25T11:18:00', '1953-05-08', '')
    """
    day = _first(date.strip(), _DATES)
    if day is None:
        return ""
    clock = _first(time.strip(), _TIMES)
    return day.date().isoformat() if clock is None else datetime.combine(day, clock.time()).isoformat()


def sex_named(text: str) -> str:
    """Return ``male`` or ``female``; empty for anything else.

    Parameters
    ----------
    text : str
        A word or letter, in any case.

    Returns
    -------
    str
    """
    return _SEXES.get(text.strip().lower(), "")


def years(value: float | None, unit: str) -> float | None:
    """Return an age in years.

    Parameters
    ----------
    value : float, optional
        The age.
    unit : str
        Its unit; the first letter counts (``YEARS``, ``a``, ``Months``, ``wk``, ``days``, ``h``).

    Returns
    -------
    float or None
        None if there is no age, or it cannot be a person's.

    Examples
    --------
    >>> years(58, "YEARS"), years(6, "Months"), years(None, "")
    (58.0, 0.5, None)
    """
    factor = _YEARS.get((unit.strip().lower() or "a")[0])
    if value is None or factor is None or not 0 <= value * factor < 150:
        return None
    return round(value * factor, 3)


def age_between(birth: str, recorded: str) -> float | None:
    """Return the age in whole years at the recording.

    Parameters
    ----------
    birth, recorded : str
        ISO 8601 dates.

    Returns
    -------
    float or None
        None if one of them is unknown, or birth is the later one.

    Examples
    --------
    >>> age_between("1953-05-08", "2002-11-22T09:10:00"), age_between("", "2002-11-22")
    (49.0, None)
    """
    if not birth or not recorded:
        return None
    born, then = datetime.fromisoformat(birth), datetime.fromisoformat(recorded)
    age = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return float(age) if 0 <= age < 150 else None


def _first(text: str, layouts: tuple[str, ...]) -> datetime | None:
    for layout in layouts:
        try:
            return datetime.strptime(text, layout)
        except ValueError:
            continue
    return None
