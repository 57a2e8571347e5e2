"""Check the prose of README and the documentation: `python docs/prose.py`, a part of `make lint`.

Sentences have fewer than 30 words, and fewer than 17 on average. Words of docs/vocabulary.txt are not used. proselint
checks the rest. Code, addresses and tables of numbers are left out.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from einthoven.console import note

ROOT = Path(__file__).parents[1]
LONGEST, MEAN = 29, 17.0
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
VOCABULARY = Path(__file__).with_name("vocabulary.txt")
CHECKS = ("typography", "dates_times", "misc.phrasal_adjectives", "lexical_illusions", "annotations", "skunked_terms")
"""Checks of proselint that are off: its quotation marks and accents are those of books, and it repeats ours."""
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`]+`")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"<[^>\n]*>")
_END = re.compile(r"(?<=[.!?])[)\"”*]*\s+(?=[A-Z(“\"*]|einthoven)|(?<=[.!?])$|\n\n")
_WORD = re.compile(r"[A-Za-z][\w'’-]*|\d[\d,.%]*")


@dataclass(frozen=True)
class Fault:
    """Something to mend in a page."""

    page: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}: {self.text}"


def prose(text: str) -> str:
    """Return a page without code and addresses, with its lines in their places."""
    text = _FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    return _TAG.sub("", _LINK.sub(r"\1", _CODE.sub("Code", text)))


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """Give each paragraph, item, heading and cell of a page with its line."""
    start, lines = 1, []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        plain = line.strip()
        if not plain or plain.startswith(("#", "|", "- ", "* ")) or re.match(r"\d+\. ", plain):
            if lines:
                yield start, " ".join(lines)
            lines, start = [], number
            if plain.startswith("|"):
                for cell in plain.strip("|").split("|"):
                    yield from ((number, part.strip()) for part in cell.split(";"))
                continue
        if plain:
            start = start if lines else number
            lines.append(re.sub(r"^(#+|[-*]|\d+\.) ", "", plain))


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Give each sentence of a page with its line."""
    for line, block in blocks(prose(text)):
        for one in map(str.strip, _END.split(block)):
            if one and len(_WORD.findall(one)) > 2:
                yield line, one


def long_ones(page: Path, found: list[tuple[int, str]]) -> Iterator[Fault]:
    """Give the sentences that are too long; a list of figures or codes is no sentence."""
    for line, one in found:
        words = _WORD.findall(one)
        n = len(words)
        codes = sum(word[0].isdigit() or word.isupper() for word in words)
        if n > LONGEST and 3 * codes < n:
            yield Fault(page, line, f"{n} words: {one}")


def unwanted(page: Path) -> Iterator[Fault]:
    """Give the words of the vocabulary, with what to write instead."""
    rules = [line.split(" -> ") for line in VOCABULARY.read_text(encoding="utf-8").splitlines() if " -> " in line]
    for number, line in enumerate(prose(page.read_text(encoding="utf-8")).splitlines(), 1):
        for pattern, better in rules:
            if found := re.search(rf"\b({pattern})\b", line, re.IGNORECASE):
                yield Fault(page, number, f"'{found[0]}': write {better}")


def linted(pages: list[Path]) -> Iterator[Fault]:
    """Give what proselint finds."""
    with tempfile.TemporaryDirectory() as folder:
        copies = {Path(folder) / f"{at}.md": page for at, page in enumerate(pages)}
        for copy, page in copies.items():
            copy.write_text(prose(page.read_text(encoding="utf-8")), encoding="utf-8")
        words = [sys.executable, "-m", "proselint", "check", "-o", "json", *map(str, copies)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        for name, result in json.loads(done.stdout)["result"].items():
            page = copies[Path(name.removeprefix("file://"))]
            for one in result.get("diagnostics", []):
                if not one["check_path"].startswith(CHECKS):
                    yield Fault(page, one["pos"][0], f"{one['message']} ({one['check_path']})")


def main() -> int:
    """Show the faults of all pages; returns the exit status."""
    pages = [page for page in PAGES if page.exists()]
    faults, n_words = list(linted(pages)), []
    for page in pages:
        found = list(sentences(page.read_text(encoding="utf-8")))
        n_words += [len(_WORD.findall(one)) for _, one in found if one[-1] in ".!?"]
        faults += [*long_ones(page, found), *unwanted(page)]
    for fault in faults:
        note(str(fault))
    mean = sum(n_words) / len(n_words)
    note(f"{len(n_words):,} sentences, {mean:.1f} words on average, {max(n_words)} at most")
    return 1 if faults or mean >= MEAN else 0


if __name__ == "__main__":
    sys.exit(main())
