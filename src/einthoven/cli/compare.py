"""Compare two models from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.evaluate import corpus_of
from einthoven.errors import ConfigurationFault
from einthoven.paths import require_folder

if TYPE_CHECKING:
    from einthoven.evaluation.paired import Answered


@dataclass(frozen=True)
class Compare:
    """Compare two models on the same test set, by a paired bootstrap.

    Example: einthoven compare runs/first mitbih-cnn-lstm-mlii --from ./mitdb

    Without --from: einthoven compare scores/first scores/second, two folders that einthoven evaluate wrote.
    """

    first: Positional[str]
    """A run, a bundle or a bundled model by name; without --from, a folder that einthoven evaluate wrote."""
    second: Positional[str]
    """The model to compare the first one with, or its evaluation."""
    source: Annotated[Path | None, arg(name="from", metavar="DIR")] = None
    """Folder of the corpus as its publisher lays it out. Both models are tested on it."""
    corpus: str | None = None
    """Name of the corpus (default: the corpus that trained the first model)."""
    protocol: str | None = None
    """Protocol of the corpus (default: the protocol that trained the first model)."""
    out: Path | None = None
    """Folder for comparison.json and table.md."""

    def run(self) -> int:
        """Compare, and print both models' figures and their difference."""
        from einthoven.evaluation.paired import compare_answered, evaluated
        from einthoven.report import comparison

        if self.out is not None:
            require_folder(self.out)
        if self.source is not None:
            both = self._tested(self.source)
        elif self.corpus or self.protocol:
            raise ConfigurationFault(
                "There is no folder to test the models on.",
                found=" ".join(filter(None, (self.corpus, self.protocol))),
                expected="--from DIR with --corpus and --protocol, or two folders that einthoven evaluate wrote",
                remedy=f"einthoven compare {self.first} {self.second} --from DIR",
            )
        else:
            both = evaluated(Path(self.first)), evaluated(Path(self.second))
        found = compare_answered(*both)
        columns, rows = comparison.table(found)
        console.table(columns, rows, comparison.title(found))
        for line in comparison.in_words(found):
            console.say(line)
        if self.out is not None:
            comparison.write(found, self.out)
            console.say(f"{self.out}: comparison.json, table.md")
        return 0

    def _tested(self, source: Path) -> "tuple[Answered, Answered]":
        from einthoven.inference.comparing import predict_test_set
        from einthoven.inference.predictor import load

        first, second = load(self.first), load(self.second)
        corpus, protocol = corpus_of(first.card, self.corpus, self.protocol)
        return predict_test_set(first, corpus, protocol, source), predict_test_set(second, corpus, protocol, source)
