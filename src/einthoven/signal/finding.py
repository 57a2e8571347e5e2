"""Hold what is unusual about a recording: what was seen, how certain it is, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was found about a recording before any model read it.

    Parameters
    ----------
    code : str
        Short and stable, for programs.
    leads : tuple of str
        The leads it is about; empty for the whole recording.
    certainty : float
        From 0 (a guess) to 1 (follows from the samples or the file by itself).
    text : str
        What was seen, in words.
    remedy : str
        What to do about it; empty if nothing has to be done.
    """

    code: str
    leads: tuple[str, ...]
    certainty: float
    text: str
    remedy: str

    @property
    def sentence(self) -> str:
        """The finding and the remedy for readers."""
        remedy = f" To do: {self.remedy}." if self.remedy else ""
        return f"{self.text[:1].upper()}{self.text[1:]}.{remedy}"
