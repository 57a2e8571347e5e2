"""Reads electrocardiograms with deep learning, from the file to the answer. Importing it loads nothing heavy.

>>> import einthoven
>>> record = einthoven.read("100.hea")               # doctest: +SKIP
>>> model = einthoven.load("mitbih-cnn-lstm-mlii")   # doctest: +SKIP
>>> model(record).counts                             # doctest: +SKIP
"""

__version__ = "0.1.0"

_HOMES = {
    "read": "einthoven.records",
    "Record": "einthoven.records.record",
    "load": "einthoven.inference.predictor",
    "Prediction": "einthoven.inference.prediction",
    "Stream": "einthoven.streaming.stream",
    "EinthovenError": "einthoven.errors",
}
__all__ = ["EinthovenError", "Prediction", "Record", "Stream", "load", "read"]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'einthoven' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return sorted([*globals(), *_HOMES])
