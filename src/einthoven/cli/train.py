"""The verb train."""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from einthoven import console
from einthoven.bundle import Card
from einthoven.cli.prepare import Windows, corpus_named
from einthoven.cli.settings import CorpusName, MaybeCount, MaybeText, Source, Strict, optional, value
from einthoven.errors import ConfigurationFault, EinthovenError
from einthoven.paths import require_folder
from einthoven.training.recipe import Recipe
from einthoven.user_file import is_reference


@dataclass(frozen=True)
class Train:
    """Train a model on a corpus; a killed training goes on with the same command.

    Example: einthoven train --model cnn_lstm --corpus mitdb --from ./mitdb --protocol clean --out runs/first --train.lr 3e-4
    """

    model: Annotated[str, value("ARCHITECTURE")]
    """Architecture (einthoven models lists them), or a file of yours that holds one, ./mynet.py[:CLASS]."""
    corpus: CorpusName
    source: Source
    out: Annotated[Path, value("DIR")]
    """Folder of the run: settings, logs, checkpoints, and the bundle at the end."""
    protocol: Annotated[str, value("PROTOCOL")] = "clean"
    """Protocol that splits the corpus; clean keeps patients apart."""
    labels: Annotated[MaybeText, optional("LABELS")] = None
    """Label set, if the corpus offers several (einthoven corpora NAME lists them; default: the protocol's)."""
    strict: Strict = False
    leave_out: Annotated[tuple[str, ...], optional("RECORD ...")] = ()
    """Records that are used neither for training nor for validation."""
    fold: Annotated[MaybeCount, optional("K")] = None
    """Fold used for validation, if the protocol is cross-validated (default: the protocol's validation set)."""
    start: Annotated[MaybeText, optional("MODEL")] = None
    """Model of the same architecture whose weights the training starts from: a bundled model, or folder of a bundle or a run."""
    settings: Annotated[tuple[str, ...], arg(name="set", metavar="NAME=VALUE")] = ()
    """Settings of the architecture, e.g. hidden=128 widths=32,64,128."""
    windows: Annotated[Windows, arg(name="prepare")] = field(default_factory=Windows)
    """How records become windows."""
    recipe: Annotated[Recipe, arg(name="train")] = field(default_factory=Recipe)
    """How the model is trained."""

    def run(self) -> int:
        """Prepare the corpus, train, and print the validation score."""
        from einthoven.data.build import build, left_out_lines
        from einthoven.inference.calibrated import calibrate
        from einthoven.models.inputs import InputShape
        from einthoven.models.own import require_contract
        from einthoven.training.fit import fit
        from einthoven.training.module import SCORE
        from einthoven.training.requirements import require_inputs, require_model
        from einthoven.training.task import task_of

        architecture = require_model(self.model)
        require_folder(self.out)
        corpus = corpus_named(self.corpus)
        protocol = corpus.with_labels(corpus.protocol(self.protocol), self.labels)
        settings = dict(_setting(text) for text in self.settings)
        preparation = self.windows.over(corpus.preparation)
        require_inputs(architecture, preparation)
        require_contract(architecture, InputShape.of(preparation), len(protocol.labels.classes), settings)
        store = build(corpus, self.source, preparation, protocol.without, self.strict)
        for line in left_out_lines(store):
            console.note(line)
        task = task_of(corpus, protocol, store, self.recipe.seed, self.leave_out, self.fold)
        console.note(f"{architecture} on {corpus.name}, protocol {protocol.name}: {protocol.summary}")
        if protocol.leaks:
            console.note(protocol.remark)
        if fit(task, architecture, settings, self.recipe, self.out, start=self.start) is None:
            return 0
        if calibrate(self.out, corpus, protocol, store, task.validation).calibration is None:
            console.note("the validation part is too small to calibrate probabilities on")
        card = _with_graph(self.out / "bundle", is_own=is_reference(architecture))
        score = SCORE[card.multilabel]
        stated = f" --corpus {self.corpus}" if is_reference(self.corpus) else ""
        console.say(
            f"{self.out}: validation {score.replace('_', ' ')} {card.training[f'validation_{score}']:.4f} "
            f"in epoch {card.training['best_epoch'] + 1}, {card.n_parameters:,} parameters"
        )
        console.say(
            f"einthoven evaluate {self.out}{stated} --from {self.source} --out {self.out}/test      evaluates it on the test set"
        )
        return 0


def _with_graph(folder: Path, is_own: bool) -> Card:
    """Add the graph to a bundle; a user's architecture that cannot be traced goes without, and a line says so."""
    from einthoven import bundle
    from einthoven.export.graph import add_graph

    try:
        return add_graph(folder)
    except Exception as error:
        if not is_own:
            raise
        reason = error.found if isinstance(error, EinthovenError) else (str(error).splitlines() or [""])[0]
        console.note(f"{folder} has no ONNX graph: {type(error).__name__}: {reason[:200]}")
        console.note("it answers with torch, and --model-file must name its architecture's file")
        return bundle.load_card(folder)


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ConfigurationFault(
            "a setting of the architecture cannot be read.",
            found=text,
            expected="NAME=VALUE",
            remedy="--set hidden=128 widths=32,64,128",
        )
    try:
        parsed = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value
    return name, list(parsed) if isinstance(parsed, tuple) else parsed
