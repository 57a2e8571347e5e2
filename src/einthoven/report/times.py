"""Write times as people read them."""

from datetime import datetime, timedelta


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds, with hours where there are any.

    Parameters
    ----------
    seconds : float
        The seconds.

    >>> clock(65.9), clock(3600)
    ('1:05', '1:00:00')
    """
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def of_day(recorded_at: str, seconds: float) -> str:
    """Return the time of day at a moment of a recording; an empty text where the file does not say when it began.

    Parameters
    ----------
    recorded_at : str
        ISO 8601 date and time of the first sample, or a part of it.
    seconds : float
        Time since then.

    >>> of_day("2002-11-22T09:10:00", 3000), of_day("2002-11-22", 3000), of_day("", 3000)
    ('10:00', '', '')
    """
    if "T" not in recorded_at:
        return ""
    try:
        return (datetime.fromisoformat(recorded_at) + timedelta(seconds=seconds)).strftime("%H:%M")
    except (ValueError, OverflowError):
        return ""
