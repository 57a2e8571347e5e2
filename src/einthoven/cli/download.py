"""The verb download."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.settings import value
from einthoven.corpora.download import ELSEWHERE, SOURCES, download
from einthoven.errors import ConfigurationFault

_CORPORA = f"Name of the corpus. For {' and '.join(ELSEWHERE)} the command prints where to get it."


@dataclass(frozen=True)
class Download:
    """Fetch a corpus from its publisher, verified by the publisher's checksums; a killed download goes on.

    Example: einthoven download mitdb --to ./mitdb
    """

    corpus: Annotated[Positional[str], arg(help=_CORPORA, metavar="|".join(SOURCES))]
    to: Annotated[Path, value("DIR")]
    """Folder to write to, in the publisher's layout."""
    include: Annotated[tuple[str, ...], arg(metavar="PATTERN ...")] = ("*",)
    """Patterns of the files to fetch, e.g. "*.csv" "records100/*"."""

    def run(self) -> int:
        """Fetch, and print how many files."""
        if self.corpus in ELSEWHERE:
            console.say(ELSEWHERE[self.corpus])
            return 0
        if self.corpus not in SOURCES:
            raise ConfigurationFault(
                "there is no such corpus to download.",
                found=self.corpus,
                expected=", ".join((*SOURCES, *ELSEWHERE)),
                remedy="einthoven corpora",
            )
        n_fetched, n_there = download(SOURCES[self.corpus], self.to, self.include)
        console.say(
            f"{self.to}: {n_fetched:,} files downloaded, {n_there:,} were complete; all match the publisher's checksums"
        )
        return 0
