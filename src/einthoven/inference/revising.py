"""Load the trees that read beats a second time, with all of a recording at hand."""

from pathlib import Path

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import FileDamaged
from einthoven.evaluation.revision import BoostedTrees
from einthoven.signal import answers_around


def revision_of(folder: Path, card: Card) -> BoostedTrees | None:
    """Return the second reading of a model.

    Parameters
    ----------
    folder : Path
        Folder of its bundle.
    card : Card
        Its card.

    Returns
    -------
    BoostedTrees or None
        None for a model that reads each beat once.

    Raises
    ------
    FileDamaged
        Where the file is missing or altered, or its trees do not fit the model.
    """
    tensors = bundle.load_revision(folder, card)
    if tensors is None:
        return None
    try:
        return BoostedTrees.of_tensors(tensors, len(answers_around.names(card.classes)), len(card.classes))
    except ValueError as error:
        raise FileDamaged(
            f"The revision in {folder} does not fit the model.",
            found=str(error),
            expected=f"trees over the first answers of {', '.join(card.classes)}",
            remedy="copy the bundle again, or use the version of einthoven that it was made with",
        ) from error
