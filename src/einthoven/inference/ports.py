"""Inputs and output of a graph: which part of a window each takes, and what a runtime says of a bad one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.signal.windows import Windows


def parts_of_inputs(card: Card, takes: dict[str, list[int]], gives: list[int]) -> dict[str, str]:
    """Return which part of a window each input of a graph takes.

    Parameters
    ----------
    card : Card
        The model's card.
    takes : dict of list of int
        Shape of each input by its name, without the batch.
    gives : list of int
        Shape of the output, without the batch.

    Returns
    -------
    dict of str
        Name of the part, by the name of the input.

    Raises
    ------
    ValueError
        Where the shapes are not those of the card.
    """
    prepared = card.preparation
    stated = {
        "signal": [len(prepared.leads), prepared.n_input],
        "beat": [len(prepared.leads), prepared.beat_samples],
        "features": [prepared.n_features],
    }
    # A graph of einthoven 0.1 has one input of another name.
    names = (
        dict.fromkeys(takes, "signal")
        if len(takes) == 1 and not takes.keys() & stated.keys()
        else {n: n for n in takes}
    )
    answer = [len(card.classes), *([prepared.n_input] if card.answers_samples else [])]
    if any(stated.get(names[port]) != list(shape) for port, shape in takes.items()) or list(gives) != answer:
        raise ValueError(f"it takes {takes} and gives {list(gives)}, the card says {stated} and {answer}")
    return names


def inputs_for(takes: dict[str, str], windows: Windows) -> dict[str, NDArray[Any]]:
    """Return what a graph takes of windows.

    Parameters
    ----------
    takes : dict of str
        Part of a window by the name of the input, see :func:`parts_of_inputs`.
    windows : Windows
        The windows.

    Returns
    -------
    dict of array
        Contiguous arrays by the name of the input.
    """
    parts = windows.parts
    return {port: np.ascontiguousarray(parts[part]) for port, part in takes.items()}


def message(error: Exception) -> str:
    """Return the message of a runtime's error, without the place in its source that comes first.

    Parameters
    ----------
    error : Exception
        The error.

    Returns
    -------
    str
        Its class, and one line.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    useful = [line for line in lines if not line.startswith(("Exception from", "Check '"))] or lines or [""]
    return f"{type(error).__name__}: {useful[0][:160]}"
