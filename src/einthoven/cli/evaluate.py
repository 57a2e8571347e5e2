"""Evaluate a model from the command line."""

import json
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from einthoven import console
from einthoven.bundle import Card
from einthoven.cli.prepare import corpus_named
from einthoven.cli.settings import MaybePath, MaybeText, ModelFile, ModelWithWeights, Source, Strict, optional
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.errors import ConfigurationFault, OutputRefused
from einthoven.paths import require_folder, written_aside

if TYPE_CHECKING:
    from einthoven.evaluation.predictions import Predictions
    from einthoven.inference.predictor import Predictor


@dataclass(frozen=True)
class Evaluate:
    """Evaluate a model on the test set of a corpus, with confidence intervals.

    Example: einthoven evaluate mitbih-cnn-lstm-mlii --corpus mitdb --from ./mitdb

    Example, a delineator, whose boundaries are scored: einthoven evaluate waves-ludb --corpus qtdb --from ./qtdb

    Example, waves that another program found: einthoven evaluate waves.csv --corpus qtdb --from ./qtdb
    """

    model: ModelWithWeights
    source: Source
    out: Annotated[MaybePath, optional("DIR")] = None
    """Folder for metrics.json, table.md, predictions.csv and figures (default: scores/MODEL-CORPUS, with a number added if that
    holds another evaluation)."""
    corpus: Annotated[MaybeText, optional("CORPUS")] = None
    """Name of the corpus, or a Python file that declares one, ./mine.py[:NAME] (default: the one that trained the model)."""
    protocol: Annotated[MaybeText, optional("PROTOCOL")] = None
    """Protocol that splits the corpus (default: the one that trained the model)."""
    labels: Annotated[MaybeText, optional("LABELS")] = None
    """Label set, if the corpus offers several (default: the one that trained the model)."""
    folds: Annotated[tuple[str, ...], optional("FOLD ...")] = ()
    """Folds to test, if the publisher defines folds (default: the test set of the protocol)."""
    strict: Strict = False
    model_file: ModelFile = None

    def run(self) -> int:
        """Predict the test set, compute the metrics, and write tables and figures."""
        from einthoven.inference.predictor import load

        if self.model.lower().endswith(".csv") and self.corpus is not None:
            return self._waves(Path(self.model), Path(self.model).stem)
        predictor = load(self.model, self.model_file)
        card = predictor.card
        if card.answers_samples:
            return self._waves(predictor, Path(self.model).absolute().name)
        from einthoven.data.build import build, left_out_lines
        from einthoven.evaluation.evaluate import evaluate, headline
        from einthoven.inference.scoring import require_classes, score_test_part
        from einthoven.inference.seen_patients import fold_of
        from einthoven.report import plots, tables

        corpus, protocol = corpus_of(card, self.corpus, self.protocol, self.labels)
        require_classes(card, corpus, protocol)
        require_folder(self.out or Path("scores"))
        store = build(corpus, self.source, card.preparation, protocol.without, self.strict)
        fold = fold_of(card, corpus, protocol, store)
        predictions, found = score_test_part(predictor, corpus, protocol, store, folds=self.folds, fold=fold)
        metrics = {
            "model": card.display_name,
            "weights_sha256": card.weights_sha256,
            **found,
            **evaluate(predictions, protocol.unit, official_score=protocol.official_score),
            **self._end_to_end(predictor, corpus, protocol, predictions),
            "store_remarks": left_out_lines(store),
            "store_fingerprint": store.fingerprint,
        }
        if self.out is not None and _is_another(self.out, metrics):
            console.note(f"{self.out} contained another evaluation, which is replaced")
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
        plots.reliability(predictions, metrics, out / "reliability.png")
        plots.risk(predictions, metrics, out / "risk.png")
        if not self.folds:
            self._keep(predictor, metrics)
        console.say(tables.title(metrics))
        rows = [(tables.metric_name(name), *tables.cells(metrics[name])) for name in headline(metrics)]
        console.table(("metric", "value", "95 % interval"), rows)
        console.table(*tables.per_class(metrics))
        if "end_to_end" in metrics:
            console.say(tables.end_to_end_title(metrics["end_to_end"]))
            console.table(*tables.end_to_end(metrics["end_to_end"]))
        kind = "calibrated" if metrics["calibrated"] else "not calibrated"
        console.table((f"{kind} probabilities", "value", "95 % interval"), tables.of_reliability(metrics))
        for line in left_out_lines(store):
            console.say(line)
        figure = "classes.png" if predictions.multilabel else "confusion.png"
        figures = f"{figure}, roc.png, reliability.png, risk.png"
        console.say(f"{metrics['remark']}\n{out}: metrics.json, table.md, {figures}, predictions.csv")
        return 0

    def _end_to_end(
        self, predictor: "Predictor", corpus: Corpus, protocol: Protocol, predictions: "Predictions"
    ) -> dict[str, Any]:
        """Return the scores of beats on whole records, where beats are annotated and no record is in two parts."""
        from einthoven.inference.end_to_end import scored_end_to_end

        if corpus.beats is None or predictor.card.preparation.is_whole or protocol.leaks:
            return {}
        tested = set(predictions.record.tolist())
        listing = corpus.entries(Path(self.source), predictor.card.preparation.fs_hz)
        return {
            "end_to_end": scored_end_to_end(
                predictor, corpus, protocol, [entry for entry in listing if entry.record in tested]
            )
        }

    def _waves(self, tested: "Predictor | Path", name: str) -> int:
        """Score a delineator, or the waves of a table."""
        from einthoven.cli.evaluate_waves import evaluate_waves

        stated = "ludb" if isinstance(tested, Path) else _stated(tested.card.training, "corpus", name)
        corpus = corpus_named(self.corpus or stated)
        protocol = corpus.protocol(self.protocol or "clean")
        return evaluate_waves(
            self.source, corpus, protocol, tested, self.out or Path("scores") / f"{name}-{corpus.name}"
        )

    def _keep(self, predictor: "Predictor", metrics: dict[str, Any]) -> None:
        from einthoven.inference.scoring import keep_result

        try:
            larger = keep_result(predictor, metrics)
        except OutputRefused as error:
            console.note(f"the card of {predictor.card.name} is not changed: {error.found}")
            return
        if larger:
            console.note(
                f"the card keeps its result on {larger['n_test']:,} {larger['rows']}, a larger test set than this one"
            )


def corpus_of(
    card: Card, corpus_name: str | None = None, protocol_name: str | None = None, labels: str | None = None
) -> tuple[Corpus, Protocol]:
    """Return the corpus and the protocol that trained a model, or others that are stated.

    Parameters
    ----------
    card : Card
        Card of the model.
    corpus_name : str, optional
        Name of another corpus.
    protocol_name : str, optional
        Name of another protocol.
    labels : str, optional
        Name of another label set.
    """
    corpus = corpus_named(corpus_name or _stated(card.training, "corpus", card.name))
    protocol = corpus.protocol(protocol_name or _stated(card.training, "protocol", card.name))
    asked = next((name for name, known in corpus.label_sets.items() if known.name == card.labels), None)
    return corpus, corpus.with_labels(protocol, labels or asked)


_IDENTITY = (
    "model",
    "weights_sha256",
    "corpus",
    "protocol",
    "labels",
    "folds",
    "fold",
    "left_out",
    "store_fingerprint",
)


def _own_folder(name: str, metrics: dict[str, Any]) -> Path:
    """Return scores/NAME, or scores/NAME-2 and so on: the first that holds no other evaluation."""
    folders = (Path("scores") / f"{name}-{number}" for number in count(2))
    return next(folder for folder in chain([Path("scores") / name], folders) if not _is_another(folder, metrics))


def _is_another(folder: Path, metrics: dict[str, Any]) -> bool:
    try:
        known = json.loads((folder / "metrics.json").read_text())
        return any(known.get(key) != metrics[key] for key in _IDENTITY)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return True


def _stated(training: dict[str, Any], key: str, name: str) -> str:
    if key not in training:
        raise ConfigurationFault(
            f"the card of {name} does not state its {key}.",
            found="nothing",
            expected=f"a {key}",
            remedy=f"--{key} {'mitdb' if key == 'corpus' else 'clean'}",
        )
    return str(training[key])
