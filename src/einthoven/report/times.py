"""Write times as people read them."""


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
