"""Compare two models from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.evaluate import corpus_of
from einthoven.cli.settings import MaybePath, MaybeText, optional
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

    first: Annotated[Positional[str], arg(metavar="MODEL")]
    """Name of a bundled model, or folder of a bundle or a run; without --from, a folder that einthoven evaluate wrote."""
    second: Annotated[Positional[str], arg(metavar="MODEL")]
    """The model that the first one is compared with, or its evaluation."""
    source: Annotated[MaybePath, arg(name="from", metavar="DIR", help_behavior_hint="")] = None
    """Folder of the corpus, in the publisher's layout; both models are then tested on it."""
    corpus: Annotated[MaybeText, optional("CORPUS")] = None
    """Name of the corpus (default: the one that trained the first model)."""
    protocol: Annotated[MaybeText, optional("PROTOCOL")] = None
    """Protocol of the corpus (default: the one that trained the first model)."""
    out: Annotated[MaybePath, optional("DIR")] = None
    """Folder for comparison.json and table.md."""

    def run(self) -> int:
        """Compare, and print the metrics of both models and their difference."""
        from einthoven.evaluation.paired import compare_answered, evaluated
        from einthoven.report import comparison

        if self.out is not None:
            require_folder(self.out)
        if self.source is not None:
            first, second = self._tested(self.source)
        elif self.corpus or self.protocol:
            raise ConfigurationFault(
                "There is no folder to test the models on.",
                found=" ".join(filter(None, (self.corpus, self.protocol))),
                expected="--from DIR with --corpus and --protocol, or two folders that einthoven evaluate wrote",
                remedy=f"einthoven compare {self.first} {self.second} --from DIR",
            )
        else:
            first, second = evaluated(Path(self.first)), evaluated(Path(self.second))
        found = compare_answered(first, second)
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
