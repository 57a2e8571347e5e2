"""Check a refusal of the command line: exit status 2, which error, and what it says."""

import re
import shlex
from dataclasses import dataclass

from einthoven.cli.main import main
from einthoven.errors import EinthovenError

_SHAPE = re.compile(
    r"^(?P<kind>\w+): (?P<summary>.+)\n  found     (?P<found>.*)\n  expected  (?P<expected>.*)\n  remedy    (?P<remedy>.*)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Refusal:
    """The parts of an error as a person reads them."""

    kind: str
    summary: str
    found: str
    expected: str
    remedy: str


def refusal_in(text: str) -> Refusal:
    """Return the only error that stands in what was written to standard error."""
    assert "Traceback" not in text, text
    shapes = list(_SHAPE.finditer(text))
    assert len(shapes) == 1, f"{len(shapes)} errors in:\n{text}"
    refusal = Refusal(**shapes[0].groupdict())
    assert refusal.found.strip() and refusal.expected.strip() and refusal.remedy.strip(), text
    return refusal


def refused(capsys, words, kind: type[EinthovenError], *telling: str) -> Refusal:
    """Run the command line on `words`; it ends with 2 and one error of `kind` that says each of `telling`."""
    capsys.readouterr()
    status = main([str(word) for word in words])
    text = capsys.readouterr().err
    assert status == 2, text
    refusal = refusal_in(text)
    assert refusal.kind == kind.__name__, text
    for part in telling:
        assert part in text, f"{part!r} is not in:\n{text}"
    return refusal


def pasted(refusal: Refusal) -> int:
    """Run the command that a remedy begins with, as a person would paste it; returns its exit status."""
    command = re.split(r"\s{2,}|,? or |; ", refusal.remedy, maxsplit=1)[0]
    words = shlex.split(command)
    assert words[0] == "einthoven", refusal.remedy
    return main(words[1:])


def followed(words, refusal: Refusal) -> int:
    """Run the command again with the options of its remedy in place of those it was given; returns its exit status."""
    options: dict[str, list[str]] = {}
    for word in shlex.split(re.split(r"\s{2,}", refusal.remedy, maxsplit=1)[0]):
        if word.startswith("--"):
            options[word] = []
        else:
            options[next(reversed(options))].append(word)
    words, kept, skipping = [str(word) for word in words], [], False
    for word in words:
        skipping = word in options or (skipping and not word.startswith("--"))
        if not skipping:
            kept.append(word)
    return main([*kept, *(part for name, values in options.items() for part in (name, *values))])
