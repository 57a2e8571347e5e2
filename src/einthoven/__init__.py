"""Read electrocardiograms with deep learning, from the file to the answer; importing this loads nothing heavy.

>>> import einthoven
>>> record = einthoven.read("100.hea")               # doctest: +SKIP
>>> model = einthoven.load("mitbih-cnn-lstm-mlii")   # doctest: +SKIP
>>> model(record).counts                             # doctest: +SKIP
"""

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from einthoven.bundle import Card
    from einthoven.errors import EinthovenError
    from einthoven.inference.answer import Answer, BeatAnswer, RecordAnswer
    from einthoven.inference.delineator import Delineation, delineate
    from einthoven.inference.filling import Filled, impute
    from einthoven.inference.predictor import Predictor, load
    from einthoven.interpretation.interpretation import Interpretation
    from einthoven.interpretation.interpreter import interpret
    from einthoven.records import read
    from einthoven.records.record import Annotations, Record
    from einthoven.records.writing import write
    from einthoven.report.paper_figure import plot
    from einthoven.streaming.answer import StreamAnswer
    from einthoven.streaming.buffer import Mark
    from einthoven.streaming.stream import Stream

__version__ = "0.6.0"
__all__ = [
    "Annotations",
    "Answer",
    "BeatAnswer",
    "Card",
    "Delineation",
    "EinthovenError",
    "Filled",
    "Interpretation",
    "Mark",
    "Predictor",
    "Record",
    "RecordAnswer",
    "Stream",
    "StreamAnswer",
    "delineate",
    "impute",
    "interpret",
    "load",
    "plot",
    "read",
    "write",
]
_HOMES = {
    "Annotations": "einthoven.records.record",
    "Answer": "einthoven.inference.answer",
    "BeatAnswer": "einthoven.inference.answer",
    "Card": "einthoven.bundle",
    "Delineation": "einthoven.inference.delineator",
    "EinthovenError": "einthoven.errors",
    "Filled": "einthoven.inference.filling",
    "Interpretation": "einthoven.interpretation.interpretation",
    "Mark": "einthoven.streaming.buffer",
    "Predictor": "einthoven.inference.predictor",
    "Record": "einthoven.records.record",
    "RecordAnswer": "einthoven.inference.answer",
    "Stream": "einthoven.streaming.stream",
    "StreamAnswer": "einthoven.streaming.answer",
    "delineate": "einthoven.inference.delineator",
    "impute": "einthoven.inference.filling",
    "interpret": "einthoven.interpretation.interpreter",
    "load": "einthoven.inference.predictor",
    "plot": "einthoven.report.paper_figure",
    "read": "einthoven.records",
    "write": "einthoven.records.writing",
}

# A library is silent unless the program that uses it asks for its log.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'einthoven' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
