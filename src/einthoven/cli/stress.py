"""Stress a model from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from einthoven import console
from einthoven.cli.evaluate import corpus_of
from einthoven.cli.settings import MaybePath, MaybeText, Model, ModelFile, Source, optional, value
from einthoven.errors import ConfigurationFault
from einthoven.paths import require_folder


@dataclass(frozen=True)
class Stress:
    """Disturb real records (noise, wrong leads, gain, rate, leads off, no ECG), and count what is marked, declined and warned.

    Example: einthoven stress mitbih-cnn-lstm-mlii --corpus mitdb --from ./mitdb --noise ./nstdb
    """

    model: Model
    source: Source
    noise: Annotated[Path, value("DIR")]
    """Folder with the records bw, em and ma of the MIT-BIH Noise Stress Test Database."""
    corpus: Annotated[MaybeText, optional("CORPUS")] = None
    """Name of the corpus, or a Python file that declares one, ./mine.py[:NAME] (default: the one that trained the model). Its
    classes need not be the model's."""
    protocol: Annotated[MaybeText, optional("PROTOCOL")] = None
    """Protocol whose test records are used (default: the one that trained the model, else the first)."""
    records: Annotated[int, value("N")] = 20
    """Number of test records, drawn at random; of each the first 15 minutes are used with noise, and 5 minutes otherwise."""
    seed: Annotated[int, value("N")] = 0
    """Seed of all draws: the same seed gives the same table."""
    seen: Annotated[bool, arg()] = False
    """Use records that trained the model if there are no others; the results say so."""
    out: Annotated[MaybePath, optional("DIR")] = None
    """Folder for stress.json, table.md and stress.png (default: stress/MODEL-CORPUS)."""
    model_file: ModelFile = None

    def run(self) -> int:
        """Disturb the records, answer them, and write the table and the figure."""
        self._require_counts()
        from einthoven.cli.prepare import corpus_named
        from einthoven.inference.predictor import load
        from einthoven.inference.stressing import read_noise, stress
        from einthoven.report import stress as report

        predictor = load(self.model, self.model_file)
        trained = predictor.card.training.get("corpus")
        protocol = self.protocol
        if protocol is None and self.corpus not in (None, trained):
            protocol = next(iter(corpus_named(self.corpus).protocols))
        corpus, chosen = corpus_of(predictor.card, self.corpus, protocol)
        noise = read_noise(self.noise)
        out = self.out or Path("stress") / f"{Path(self.model).absolute().name}-{corpus.name}"
        require_folder(out)
        found = stress(predictor, corpus, chosen, self.source, noise, self.records, self.seed, self.seen)
        report.write(found, out)
        console.table(*report.table(found), report.title(found))
        for line in (*report.legend(found), found["remark"]):
            console.say(line)
        console.say(f"{out}: stress.json, table.md, stress.png")
        return 0

    def _require_counts(self) -> None:
        if self.records < 1 or self.seed < 0:
            raise ConfigurationFault(
                "There is nothing to draw.",
                found=f"--records {self.records} --seed {self.seed}",
                expected="at least one record, and a seed that is not negative",
                remedy="--records 20 --seed 0",
            )
