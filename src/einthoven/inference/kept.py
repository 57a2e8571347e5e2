"""Predict one part of a protocol with a run, and read predictions that are kept on disk."""

from pathlib import Path

from einthoven import bundle
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.store import Store
from einthoven.errors import FileDamaged, RecordUnreadable
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for, require_unseen


def predictions_for_part(
    run: Path, corpus: Corpus, protocol: Protocol, store: Store, fold: int | None, part: str
) -> Predictions:
    """Predict one part of a protocol with a run; a test set only if the run has not seen its patients.

    Parameters
    ----------
    run : Path
        Folder of the run.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        The protocol that splits it.
    store : Store
        Its windows, prepared as the model reads them.
    fold : int or None
        Fold that validates; None for the protocol's own validation set.
    part : str
        ``validation`` or ``test``.

    Returns
    -------
    Predictions
        One row for each window; one for each record if windows follow one another.

    Raises
    ------
    PatientLeak
        If the protocol keeps patients apart and the model has seen one of the test set.
    """
    chosen = getattr(protocol.parts(store.index, 0, (), fold), part)
    predictor = load(run)
    if part == "test":
        require_unseen(predictor, corpus, protocol, store, chosen)
    return predictions_for(predictor, protocol, store, chosen)


def read_predictions(file: Path) -> Predictions:
    """Read predictions that are kept.

    Parameters
    ----------
    file : Path
        The CSV.

    Returns
    -------
    Predictions
        As they were written.

    Raises
    ------
    FileDamaged
        If the file cannot be read.
    """
    try:
        return Predictions.read(file)
    except RecordUnreadable as error:
        raise FileDamaged(
            f"Predictions of the study cannot be read: {file}.",
            found=error.found,
            expected=error.expected,
            remedy=f"rm {file}      they are then computed again",
        ) from error


def require_trained(run: Path, step: Path) -> None:
    """Refuse a run whose training is recorded as done, but whose bundle is missing.

    Parameters
    ----------
    run : Path
        Folder of the run.
    step : Path
        File that records the training as done.

    Raises
    ------
    FileDamaged
        If the bundle is missing; the remedy trains the model again.
    """
    if step.exists() and bundle.at(run) is None:
        raise FileDamaged(
            f"A model of the study is missing: {run}.",
            found=f"{step.name}, which records the training as done, and no bundle",
            expected="the bundle that the training wrote",
            remedy=f"rm {step}      the model is then trained again",
        )
