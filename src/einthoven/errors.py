"""Knows everything a person can get wrong, one class each. Does not know how an error is shown.

Every error says what was found, what was expected, and a remedy that can be pasted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class EinthovenError(Exception):
    """A mistake in the input or in the use, never a bug in einthoven.

    Parameters
    ----------
    summary : str
        One sentence.
    found, expected, remedy : str
        What is there, what should be there, and what to do about it.

    Examples
    --------
    >>> print(UnknownName("no such model.", found="cn", expected="cnn, resnet1d", remedy="einthoven models"))
    UnknownName: no such model.
      found     cn
      expected  cnn, resnet1d
      remedy    einthoven models
    """

    def __init__(self, summary: str, *, found: str, expected: str, remedy: str):
        self.summary, self.found, self.expected, self.remedy = summary, found, expected, remedy
        super().__init__(summary, found, expected, remedy)

    def __str__(self) -> str:
        rows = (("found", self.found), ("expected", self.expected), ("remedy", self.remedy))
        lines = [f"{type(self).__name__}: {self.summary}"]
        for label, text in rows:
            lines.append(f"  {label:<10}" + text.replace("\n", "\n" + " " * 12))
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args)


def _rebuild(kind: type["EinthovenError"], args: tuple[str, str, str, str]) -> "EinthovenError":
    summary, found, expected, remedy = args
    return kind(summary, found=found, expected=expected, remedy=remedy)


class RecordUnreadable(EinthovenError):
    """A recording is missing, damaged, or of no known format."""


class StatementMissing(EinthovenError):
    """A file does not say its rate, leads or unit, and neither did the user."""


class LeadMismatch(EinthovenError):
    """The model and the record do not share their leads."""


class ImplausibleAmplitude(EinthovenError):
    """The amplitudes cannot be an electrocardiogram in the stated unit."""


class RecordTooShort(EinthovenError):
    """The record does not fill a single window."""


class UnknownName(EinthovenError):
    """A model, corpus, protocol or verb that does not exist."""


class BundleDamaged(EinthovenError):
    """Weights or card of a model are missing, altered, or of a kind that is never loaded."""


class CorpusIncomplete(EinthovenError):
    """Files of a corpus are missing where it was said to be."""


class DownloadFailed(EinthovenError):
    """A publisher does not answer, or what it sends is not what it lists."""


class StoreDamaged(EinthovenError):
    """A store of windows is not whole."""


class StudyDamaged(EinthovenError):
    """A finished step of a study cannot be read."""


class PatientLeak(EinthovenError):
    """A patient is on both sides of a split that claims to keep patients apart."""


class SyntheticLeak(EinthovenError):
    """A generated beat is where only real ones may be."""


class ConfigurationFault(EinthovenError):
    """Settings that contradict each other or a run that was started with others."""


class LibraryMissing(EinthovenError):
    """A library that this part of einthoven works with is not installed."""


class ExportDiffers(EinthovenError):
    """An exported model that does not answer as the model does, or a target that it cannot be exported to."""


class OutputRefused(EinthovenError):
    """An output that cannot be written, or a suffix that nobody knows."""


EXTRAS = {
    "formats": ("wfdb", "soundfile"),
    "openvino": ("openvino",),
    "pandas": ("pandas",),
    "serial": ("serial",),
    "train": (
        "torch",
        "lightning",
        "tensorboard",
        "sklearn",
        "joblib",
        "captum",
        "onnx",
        "onnx_ir",
        "onnxscript",
        "matplotlib",
    ),
}
"""Optional libraries by the extra of einthoven that installs them, under the names they are imported by."""


def library_missing(name: str) -> LibraryMissing:
    """Return the error for a library that is not installed, which names the extra that installs it.

    Parameters
    ----------
    name : str
        Name of the module that could not be imported, e.g. ``torch.nn``.

    Returns
    -------
    LibraryMissing
        The error to raise.

    Examples
    --------
    >>> print(library_missing("torch.nn"))
    LibraryMissing: the package torch is not installed.
      found     einthoven without its extra train
      expected  torch
      remedy    pip install 'einthoven[train]'
    """
    library = name.split(".")[0]
    extra = next((extra for extra, libraries in EXTRAS.items() if library in libraries), None)
    return LibraryMissing(
        f"the package {library} is not installed.",
        found=f"einthoven without its extra {extra}" if extra else "an installation without it",
        expected=library,
        remedy=f"pip install 'einthoven[{extra}]'" if extra else f"pip install {library}",
    )


@contextmanager
def optional_imports() -> Iterator[None]:
    """Import optional libraries in this block: one that is not installed is told by its extra.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    LibraryMissing
        If a library is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "einthoven":
            raise
        raise library_missing(error.name) from error
