"""Keep a run's answers for one part of its protocol on disk, so that it is asked once."""

from pathlib import Path

from einthoven import bundle
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.data.store import Store
from einthoven.errors import FileDamaged, RecordUnreadable
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.predictor import load
from einthoven.inference.scoring import predictions_for, require_unseen


def answers_for_part(
    run: Path, corpus: Corpus, protocol: Protocol, store: Store, fold: int | None, part: str
) -> Predictions:
    """Answer one part of a protocol by a run; a test part only if the run has not seen its patients.

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
        If the protocol keeps patients apart and the model has seen one of the test part.
    """
    chosen = getattr(protocol.parts(store.index, 0, (), fold), part)
    predictor = load(run)
    if part == "test":
        require_unseen(predictor, corpus, protocol, store, chosen)
    return predictions_for(predictor, protocol, store, chosen)


def read_kept(file: Path) -> Predictions:
    """Read answers that were kept.

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
            f"answers of the study cannot be read: {file}.",
            found=error.found,
            expected=error.expected,
            remedy=f"rm {file}      the answers are then asked again",
        ) from error


def require_trained(run: Path, step: Path) -> None:
    """Refuse a run whose training is recorded as done, but whose bundle is gone.

    Parameters
    ----------
    run : Path
        Folder of the run.
    step : Path
        File that says that the training is done.

    Raises
    ------
    FileDamaged
        Naming the file to remove, so that the model is trained again.
    """
    if step.exists() and bundle.at(run) is None:
        raise FileDamaged(
            f"a model of the study is gone: {run}.",
            found=f"a training that is done by {step.name}, and no bundle",
            expected="the bundle that the training had written",
            remedy=f"rm {step}      the model is then trained again",
        )
