"""Find what is wrong with leads, units or rate of a recording."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What is wrong."""

    code: str
    leads: tuple[str, ...]
    certainty: float
    text: str
    remedy: str


def examine(source: object) -> tuple[Finding, ...]:
    """Return nothing yet."""
    return ()
