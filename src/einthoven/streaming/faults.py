"""Describe what is wrong with the lines of a live signal; lines with the same fault in a row are counted, not repeated."""

_FREQUENT = frozenset(("words", "again"))
"""Faults that count as the same within a second of lines, not only in consecutive lines."""


class FaultLog:
    """Collect descriptions of faults, each with the number of its line."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        """Descriptions that were not taken yet."""
        self.line = 0
        """Number of the current line, from 1."""
        self.lines_per_s = 1
        """Lines in a second of signal."""
        self._last_kind, self._last_line, self._n_more = "", 0, 0

    def add(self, kind: str, text: str) -> None:
        """Describe a fault of the current line, unless the lines before have the same.

        Parameters
        ----------
        kind : str
            Kind of fault; faults of one kind in a row are counted.
        text : str
            Description.
        """
        near = self.lines_per_s if kind in _FREQUENT else 1
        is_same = kind == self._last_kind and self.line <= self._last_line + near
        if is_same:
            self._n_more += 1
        else:
            self.close()
            self.texts.append(f"line {self.line}: {text}")
        self._last_kind, self._last_line = kind, self.line

    def close(self) -> None:
        """Describe how many lines had the same fault as the last one that was described."""
        if self._n_more:
            more = counted(self._n_more, "more line")
            self.texts.append(f"line {self._last_line}: {more} with the same fault, up to this one")
        self._last_kind, self._n_more = "", 0

    def take(self) -> tuple[str, ...]:
        """Return the descriptions that were not taken yet.

        Returns
        -------
        tuple of str
            One for each fault.
        """
        texts, self.texts = tuple(self.texts), []
        return texts


def counted(n: int, noun: str) -> str:
    """Return a number and a noun, in the plural where it needs one.

    Parameters
    ----------
    n : int
        The number.
    noun : str
        The noun.

    Returns
    -------
    str
        Such as ``2 samples``.
    """
    return f"{n} {noun}{'s' * (n != 1)}"
