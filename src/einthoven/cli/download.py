"""Download a corpus from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.corpora.download import ELSEWHERE, SOURCES, download
from einthoven.errors import ConfigurationFault

_CORPUS = f"Name of the corpus: {', '.join(SOURCES)}. For {' and '.join(ELSEWHERE)}, where to get it is shown."


@dataclass(frozen=True)
class Download:
    """Download a corpus from its publisher, verified by the publisher's checksums; interrupted downloads are resumed.

    Example: einthoven download mitdb --to ./mitdb
    """

    corpus: Annotated[Positional[str], arg(help=_CORPUS)]
    to: Path
    """Folder for the files, laid out as the publisher has them."""
    include: tuple[str, ...] = ("*",)
    """Patterns of the wanted files, e.g. "*.csv" "records100/*"."""

    def run(self) -> int:
        """Download, and print how many files."""
        if self.corpus in ELSEWHERE:
            console.say(ELSEWHERE[self.corpus])
            return 0
        if self.corpus not in SOURCES:
            raise ConfigurationFault(
                "Unknown corpus.",
                found=self.corpus,
                expected=", ".join((*SOURCES, *ELSEWHERE)),
                remedy="einthoven corpora",
            )
        n_fetched, n_there = download(SOURCES[self.corpus], self.to, self.include)
        console.say(
            f"{self.to}: {n_fetched:,} files downloaded, {n_there:,} were complete; all match the publisher's checksums"
        )
        return 0
