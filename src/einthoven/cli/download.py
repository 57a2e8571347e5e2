"""Knows the verb download."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from einthoven import console
from einthoven.errors import ConfigurationFault


@dataclass(frozen=True)
class Download:
    """Fetch a corpus from its publisher, verified by the publisher's checksums; a killed download goes on.

    Example: einthoven download mitdb --to ./mitdb
    """

    corpus: Positional[str]
    """mitdb, svdb, ptb-xl, challenge-2017, challenge-2021; of cpsc2018 and zzu-pecg it says where they are."""
    to: Path
    """Folder it goes to, laid out as the publisher has it."""
    include: tuple[str, ...] = ("*",)
    """Patterns of the files that are wanted, e.g. "*.csv" "records100/*"."""

    def run(self) -> int:
        """Fetch, and say how much."""
        from einthoven.corpora.download import ELSEWHERE, SOURCES, download

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
        console.say(f"{self.to}: {n_fetched:,} files fetched, {n_there:,} were there; all as the publisher lists them")
        return 0
