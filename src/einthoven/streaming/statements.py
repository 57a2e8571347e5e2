"""Parse the statements in a live signal, such as ``# fs_hz=300 leads=I unit=mV``, and combine them with what the user stated."""

import re
from dataclasses import asdict, replace
from typing import Any

from einthoven.errors import StatementMissing
from einthoven.streaming.faults import FaultLog
from einthoven.streaming.sources import Format, StatedFormat

_WORD = re.compile(r"\b(fs_hz|leads|unit|gain|zero|columns)[ \t]*=[ \t]*([^\s=]*)(?=\s|$)")
_NAMES = {"fs_hz": "rate", "leads": "leads", "unit": "unit", "gain": "gain", "zero": "zero"}

_NO_LEADS = ("", "-", "time", "number")


class Statements:
    """Keep what the lines and the user state about the signal.

    Before the first sample the user's statements are used, and the lines add to them. After it a line may change the format.

    Parameters
    ----------
    stated : StatedFormat
        What the user states.
    faults : FaultLog
        Where statements that are invalid or differ from the user's are described.
    """

    def __init__(self, stated: StatedFormat, faults: FaultLog) -> None:
        self.stated, self.faults = stated, faults
        self.by_lines: dict[str, str] = {}
        """What the lines have stated, by keyword."""
        self.format = _complete(asdict(stated))
        """The format, once rate and leads are known."""
        self.columns = ""
        """What each value of a line is, where the lines state it."""

    def read(self, text: str, has_samples: bool) -> Format | None:
        """Read a line that may hold a statement, and update the format.

        Parameters
        ----------
        text : str
            The line.
        has_samples : bool
            Whether samples came before it.

        Returns
        -------
        Format or None
            The format after this line; None while the rate or the leads are unknown.

        Raises
        ------
        StatementMissing
            Where the statement is invalid and no format is known yet.
        """
        words = dict(_WORD.findall(text))
        if not words:
            return self.format
        self.columns = words.pop("columns", self.columns)
        named = [name.removesuffix("...") for name in self.columns.split(",")]
        leads = ",".join(name for name in named if name not in _NO_LEADS)
        if leads and "leads" not in self.by_lines and self.stated.leads is None:
            words.setdefault("leads", leads)
        try:
            self.format = self._after(words, has_samples)
        except StatementMissing:
            if self.format is None:
                raise
            self.faults.add("statement", f"invalid rate, leads or unit: {text[:60]}")
            return self.format
        except ValueError:
            if self.format is None:
                raise self.incomplete(text) from None
            self.faults.add("statement", f"invalid statement: {text[:60]}")
            return self.format
        self.by_lines |= words
        return self.format

    @property
    def states_scale(self) -> bool:
        """Whether the user or the lines state a unit or a gain."""
        by_user = self.stated.unit is not None or self.stated.gain is not None
        return by_user or "unit" in self.by_lines or "gain" in self.by_lines

    def _after(self, words: dict[str, str], has_samples: bool) -> Format | None:
        """Return the format after a statement of the lines."""
        if self.format is not None and has_samples:
            changed = {key: value for key, value in words.items() if self.by_lines.get(key) != value}
            return replace(self.format, **_parsed(changed))
        found = _parsed(self.by_lines | words)
        if self.stated.gain is not None:
            found = {key: value for key, value in found.items() if key not in ("unit", "gain", "zero")}
        by_user = {key: value for key, value in asdict(self.stated).items() if value is not None}
        whole = _complete(found | by_user)
        if whole is not None:
            self._warn_of_differences(whole, {key: found[key] for key in by_user if key in found})
        return whole

    def _warn_of_differences(self, used: Format, by_lines: dict[str, Any]) -> None:
        """Describe where the lines state another format than the user, whose statement is used."""
        differ = [_NAMES[key] for key, value in by_lines.items() if replace(used, **{key: value}) != used]
        if differ:
            self.faults.add(
                "statement", f"the lines differ from the options in {' and '.join(differ)}; the options are used"
            )

    def incomplete(self, text: str) -> StatementMissing:
        """Return the error for a line that comes before the rate and the leads are known.

        Parameters
        ----------
        text : str
            The line.

        Returns
        -------
        StatementMissing
            The error to raise.
        """
        missing = [
            _NAMES[key] for key in ("fs_hz", "leads") if getattr(self.stated, key) is None and key not in self.by_lines
        ]
        return StatementMissing(
            "The stream does not state its format.",
            found=f"{text[:60]!r} before its {' and '.join(missing) or 'statement could be read'}",
            expected="a line  # fs_hz=300 leads=I unit=mV  before the samples",
            remedy="--fs 300 --leads I --unit mV",
        )


def _complete(parts: dict[str, Any]) -> Format | None:
    """Return the format of some parts; None where the rate or the leads are missing."""
    if parts.get("fs_hz") is None or parts.get("leads") is None:
        return None
    return Format(
        parts["fs_hz"], parts["leads"], parts.get("unit") or "mV", parts.get("gain"), parts.get("zero") or 0.0
    )


def _parsed(words: dict[str, str]) -> dict[str, Any]:
    """Return the values of a statement's words."""
    values: dict[str, Any] = {key: words[key] for key in ("unit",) if key in words}
    values |= {key: float(words[key]) for key in ("fs_hz", "gain", "zero") if key in words}
    if "leads" in words:
        values["leads"] = tuple(words["leads"].split(","))
    return values
