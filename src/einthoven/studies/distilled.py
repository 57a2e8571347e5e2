"""Train one network that the networks and trees of a study taught, for each fold and on all recordings."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.split import Split
from einthoven.engine.declaration import Results
from einthoven.engine.members import Member
from einthoven.inference.predictor import load
from einthoven.training.distil import network_answers, taught, tree_answers
from einthoven.training.task import Task

Array = NDArray[Any]


def distil(member: Member, teachers: tuple[str, ...]) -> Results:
    """Train the network of a fold, taught by networks of its fold, and by trees that did not see the recording.

    Parameters
    ----------
    member : Member
        The training.
    teachers : tuple of str
        The study's names of the networks that teach.

    Returns
    -------
    dict
        What the study reports of the training.
    """
    task = member.task
    networks = np.mean([_answers(member, name, member.fold, task) for name in teachers], axis=0)
    return member.train(taught(task, networks, tree_answers(task), teachers))


def distil_all(member: Member, teachers: tuple[str, ...], folds: range) -> Results:
    """Train the network that is published, on all recordings but those that validate the member's fold.

    A recording is taught by the networks that it trained, as in a fold; so the scores of the folds hold for it.

    Parameters
    ----------
    member : Member
        The training.
    teachers : tuple of str
        The study's names of the networks that teach.
    folds : range
        Folds whose networks teach.

    Returns
    -------
    dict
        What the study reports of the training.
    """
    split = member.protocol.parts(member.store.index, 0, (), member.fold)
    task = _with_training(member, split)
    total, count = np.zeros((len(task.labels), len(task.classes))), np.zeros((len(task.labels), 1))
    for fold in folds:
        trained = np.zeros((len(task.labels), 1))
        trained[member.protocol.parts(member.store.index, 0, (), fold).train] = 1
        for name in teachers:
            total += trained * _answers(member, name, fold, task)
            count += trained
    # What validated in some folds and tested in the others trained none of the networks.
    task = replace(task, train=task.train[count[task.train, 0] > 0])
    return member.train(taught(task, total / np.maximum(count, 1), tree_answers(task), teachers))


def _answers(member: Member, name: str, fold: int | None, task: Task) -> Array:
    """Return what a teacher answers for all windows, those that trained it included."""
    folder = next(one.folder for one in member.run.members.values() if (one.model, one.fold) == (name, fold))
    return network_answers(load(folder).network, task)


def _with_training(member: Member, split: Split) -> Task:
    """Return the member's task with the test part of its fold among the training, and the recordings and people of both parts."""
    task, index = member.task, member.store.index
    trained = np.concatenate((split.train, split.test))
    seen = np.concatenate((trained, split.validation))
    persons = {
        name for patient in np.unique(index.patient[seen]).tolist() for name in member.run.corpus.persons(patient)
    }
    records = {"train": trained, "validation": split.validation}
    told: Results = {"fold": None, "patients": sorted(persons)}
    told |= {"records": {part: np.unique(index.record[rows]).tolist() for part, rows in records.items()}}
    train = np.sort(np.concatenate((task.train, split.test)))
    return replace(task, train=train, provenance=task.provenance | told)
