"""Knows the verb evaluate."""

import json
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.prepare import From, corpus_named
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.errors import ConfigurationFault, OutputRefused
from einthoven.paths import require_folder, written_aside


@dataclass(frozen=True)
class Evaluate:
    """Score a model on the test part of a corpus, with intervals.

    Example: einthoven evaluate mitbih-cnn-lstm-mlii --corpus mitdb --from ./mitdb
    """

    model: Positional[str]
    """A run's folder, a bundle's folder, or the name of a bundled model."""
    source: From
    """Folder of the corpus as its publisher lays it out."""
    out: Path | None = None
    """Folder for metrics.json, table.md, predictions.csv, roc.png and confusion.png (classes.png for several classes at once);
    scores/MODEL-CORPUS here, where not stated (a number is put behind it where that holds another evaluation)."""
    corpus: str | None = None
    """Name of the corpus, or a file of yours that declares one (./mine.py[:NAME]); the one the model was trained on by default."""
    protocol: str | None = None
    """How the corpus is parted; the one the model was trained by, where not stated."""
    labels: str | None = None
    """Which question is put to it, where a corpus knows several; the one the model was trained on, where not stated."""
    folds: tuple[str, ...] = ()
    """Folds that are tested, where the publisher made some; those of the protocol, where not stated."""
    strict: bool = False
    """End at a record that is declared and not there, or cannot be read; else such are counted and left out."""
    model_file: Annotated[str | None, arg(metavar="FILE.py")] = None
    """Python file of the model's architecture, if that is your own: it is run. A model brings along no code."""

    def run(self) -> int:
        """Open the test part, score, write tables and figures."""
        from einthoven.data.build import build, left_out_lines
        from einthoven.evaluation.evaluate import evaluate, headline
        from einthoven.inference.predictor import load
        from einthoven.inference.scoring import require_classes, score_test_part
        from einthoven.report import plots, tables

        predictor = load(self.model, self.model_file)
        card = predictor.card
        corpus, protocol = corpus_of(card, self.corpus, self.protocol, self.labels)
        require_classes(card, corpus, protocol)
        require_folder(self.out or Path("scores"))
        store = build(corpus, self.source, card.preparation, protocol.without, self.strict)
        own = (card.training.get("corpus"), card.training.get("protocol")) == (corpus.name, protocol.name)
        known = own and any(f"{corpus.name}/{patient}" in card.patients for patient in set(store.index.patient))
        fold = card.training.get("fold") if known else None
        predictions, found = score_test_part(predictor, corpus, protocol, store, folds=self.folds, fold=fold)
        metrics = {
            "model": card.display_name,
            "weights_sha256": card.weights_sha256,
            **found,
            **evaluate(predictions, protocol.unit, official_score=protocol.official_score),
            "store_remarks": left_out_lines(store),
            "store_fingerprint": store.fingerprint,
        }
        if self.out is not None and _is_another(self.out, metrics):
            console.note(f"{self.out} held another evaluation, which is replaced")
        out = self.out or _own_folder(f"{Path(self.model).absolute().name}-{corpus.name}", metrics)
        with written_aside(out / "metrics.json") as aside:
            aside.write_text(json.dumps(metrics, indent=1) + "\n")
        with written_aside(out / "table.md") as aside:
            aside.write_text(tables.markdown(metrics))
        predictions.write(out / "predictions.csv")
        if predictions.multilabel:
            plots.classes(metrics, out / "classes.png")
        else:
            plots.confusion(metrics, out / "confusion.png")
        plots.roc(predictions, metrics, out / "roc.png")
        if not self.folds:
            self._keep(predictor, metrics)
        console.say(tables.title(metrics))
        console.table(
            ("metric", "value", "95 % interval"), [(name, *tables.cells(metrics[name])) for name in headline(metrics)]
        )
        console.table(*tables.per_class(metrics))
        for line in left_out_lines(store):
            console.say(line)
        figure = "classes.png" if predictions.multilabel else "confusion.png"
        console.say(f"{metrics['remark']}\n{out}: metrics.json, table.md, {figure}, roc.png, predictions.csv")
        return 0

    def _keep(self, predictor, metrics: dict) -> None:
        from einthoven.inference.scoring import keep_result

        try:
            larger = keep_result(predictor, metrics)
        except OutputRefused as error:
            console.note(f"the card of {predictor.card.name} stays as it is: {error.found}")
            return
        if larger:
            console.note(f"the card keeps its result on {larger['n_test']:,} {larger['rows']}, a larger test than this")


def corpus_of(
    card, corpus_name: str | None = None, protocol_name: str | None = None, labels: str | None = None
) -> tuple[Corpus, Protocol]:
    """The corpus and the protocol that a model was trained by, or others that are stated."""
    corpus = corpus_named(corpus_name or _stated(card.training, "corpus", card.name))
    protocol = corpus.protocol(protocol_name or _stated(card.training, "protocol", card.name))
    asked = next((name for name, known in corpus.label_sets.items() if known.name == card.labels), None)
    return corpus, corpus.with_labels(protocol, labels or asked)


_OF_ONE_EVALUATION = ("model", "weights_sha256", "corpus", "protocol", "labels", "folds", "fold", "left_out")
_OF_ONE_EVALUATION += ("store_fingerprint",)


def _own_folder(name: str, metrics: dict) -> Path:
    """scores/NAME, or with the first number behind it that holds no other evaluation."""
    folders = (Path("scores") / f"{name}-{number}" for number in count(2))
    return next(folder for folder in chain([Path("scores") / name], folders) if not _is_another(folder, metrics))


def _is_another(folder: Path, metrics: dict) -> bool:
    try:
        known = json.loads((folder / "metrics.json").read_text())
        return any(known.get(key) != metrics[key] for key in _OF_ONE_EVALUATION)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return True


def _stated(training: dict, key: str, name: str) -> str:
    if key not in training:
        raise ConfigurationFault(
            f"the card of {name} does not say its {key}.",
            found="nothing",
            expected=f"a {key}",
            remedy=f"--{key} {'mitdb' if key == 'corpus' else 'clean'}",
        )
    return training[key]
