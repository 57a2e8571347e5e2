"""Predict on one part of a protocol with a run, and read predictions that were kept."""

from pathlib import Path

from einthoven import bundle
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.store import Store
from einthoven.errors import FileDamaged, RecordUnreadable
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for
from einthoven.inference.seen_patients import require_unseen


def predictions_for_part(
    run: Path, corpus: Corpus, protocol: Protocol, store: Store, fold: int | None, part: str
) -> Predictions:
    """Predict on one part of a protocol with a run; on a test set only if the run was not trained on its patients.

    Parameters
    ----------
    run : Path
        Folder of the run.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    store : Store
        Its windows, prepared as the model wants them.
    fold : int or None
        Fold that validates; None for the protocol's own validation part.
    part : str
        ``validation`` or ``test``.

    Returns
    -------
    Predictions
        One row for each window, or for each record where windows follow one another.

    Raises
    ------
    PatientLeak
        If the protocol keeps patients apart and the model was trained on one of the test set.
    """
    chosen = getattr(protocol.parts(store.index, 0, (), fold), part)
    predictor = load(run)
    if part == "test":
        require_unseen(predictor, corpus, protocol, store, chosen)
    return predictions_for(predictor, protocol, store, chosen)


def read_predictions(file: Path) -> Predictions:
    """Read predictions that were kept.

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
            f"The study's predictions in {file} cannot be read.",
            found=error.found,
            expected=error.expected,
            remedy=f"rm {file}      to predict again",
        ) from error


def require_trained(run: Path, step: Path) -> None:
    """Refuse a run whose training is recorded as complete, but whose bundle is missing.

    Parameters
    ----------
    run : Path
        Folder of the run.
    step : Path
        File that records that the training is complete.

    Raises
    ------
    FileDamaged
        Where the bundle is missing; the remedy names the file to remove.
    """
    if step.exists() and bundle.at(run) is None:
        raise FileDamaged(
            f"A model of the study is missing: {run}.",
            found=f"{step.name}, which records a complete training, and no bundle",
            expected="the bundle of that training",
            remedy=f"rm {step}      to train the model again",
        )
