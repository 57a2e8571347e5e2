"""Errors of input and use: one class for each thing that a caller can do about them, each with a stable code.

Every error says what was found, what was expected, and a remedy that can be pasted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LONGEST = 4000  # characters of one part of an error


class EinthovenError(Exception):
    """A mistake in the input or in the use, never a bug in einthoven.

    Parameters
    ----------
    summary : str
        One sentence.
    found, expected, remedy : str
        What is there, what should be there, and what to do about it.

    Attributes
    ----------
    code : str
        Stable name of the kind of error, for programs; each subclass has its own.

    Examples
    --------
    >>> error = ConfigurationFault("Unknown model.", found="cn", expected="cnn, resnet1d", remedy="einthoven models")
    >>> print(error)
    ConfigurationFault: Unknown model.
      found     cn
      expected  cnn, resnet1d
      remedy    einthoven models
    >>> error.code
    'configuration_fault'
    """

    code = "einthoven"

    def __init__(self, summary: str, *, found: str, expected: str, remedy: str):
        texts = tuple(_in_short(_without_controls(text)) for text in (summary, found, expected, remedy))
        self.summary, self.found, self.expected, self.remedy = texts
        super().__init__(*texts)

    def __str__(self) -> str:
        rows = (("found", self.found), ("expected", self.expected), ("remedy", self.remedy))
        lines = [f"{type(self).__name__}: {self.summary}"]
        for label, text in rows:
            lines.append(f"  {label:<10}" + text.replace("\n", "\n" + " " * 12))
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args)


def _without_controls(text: str) -> str:
    """Return a text without control characters, which could come from a file or its name and act on a terminal."""
    return text if text.isprintable() else "".join(mark if mark == "\n" or mark.isprintable() else " " for mark in text)


def _in_short(text: str) -> str:
    """Return a text with its middle left out where a damaged file made it longer than anyone reads."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


def _rebuild(kind: type["EinthovenError"], args: tuple[str, str, str, str]) -> "EinthovenError":
    summary, found, expected, remedy = args
    return kind(summary, found=found, expected=expected, remedy=remedy)


class RecordUnreadable(EinthovenError):
    """A recording is missing, damaged, of no known format, too short, or no electrocardiogram. Skip it or correct it."""

    code = "record_unreadable"


class StatementMissing(EinthovenError):
    """An input does not state its rate, leads or unit, or a needed option is missing. State it and call again."""

    code = "statement_missing"


class LeadMismatch(EinthovenError):
    """The model and the record do not share their leads. Name the leads or choose another model."""

    code = "lead_mismatch"


class ConfigurationFault(EinthovenError):
    """A name does not exist, or settings contradict each other. Correct the call."""

    code = "configuration_fault"


class FileDamaged(EinthovenError):
    """A file that einthoven wrote is missing, altered, or never loaded: a model, a store, a step. Copy or make it again."""

    code = "file_damaged"


class CorpusIncomplete(EinthovenError):
    """Files of a corpus are missing, or cannot be downloaded. Fetch them."""

    code = "corpus_incomplete"


class PatientLeak(EinthovenError):
    """A patient, or a generated beat, is in two parts of a split that claims to keep them apart. Split anew."""

    code = "patient_leak"


class LibraryMissing(EinthovenError):
    """An optional library, or a newer einthoven, is not installed. Install it."""

    code = "library_missing"


class OutputRefused(EinthovenError):
    """An output cannot be written, or would not be what it claims to be. Choose another place or form."""

    code = "output_refused"


EXTRAS = {
    "clinical": ("ecgdatakit", "edfio", "pydicom"),
    "formats": ("soundfile",),
    "openvino": ("openvino",),
    "meshes": ("meshio",),
    "pandas": ("pandas",),
    "bluetooth": ("bleak",),
    "lsl": ("pylsl",),
    "serial": ("serial",),
    "serve": ("starlette", "uvicorn", "python_multipart"),
    "tables": ("pyarrow", "h5py"),
    "train": (
        "torch",
        "lightning",
        "tensorboard",
        "sklearn",
        "captum",
        "onnx",
        "onnx_ir",
        "onnxscript",
        "matplotlib",
    ),
    "pdf": ("matplotlib",),
}
"""Optional libraries by the extra of einthoven that installs them, under the names they are imported by. A library of several
extras is told by the first, unless the caller knows better."""


def library_missing(name: str, extra: str | None = None) -> LibraryMissing:
    """Return the error for a library that is not installed, which names the extra that installs it.

    Parameters
    ----------
    name : str
        Name of the module that could not be imported, e.g. ``torch.nn``.
    extra : str, optional
        The extra to install (default: the first one that installs the library).

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
    extra = extra or next((extra for extra, libraries in EXTRAS.items() if library in libraries), None)
    return LibraryMissing(
        f"the package {library} is not installed.",
        found=f"einthoven without its extra {extra}" if extra else "an installation without it",
        expected=library,
        remedy=f"pip install 'einthoven[{extra}]'" if extra else f"pip install {library}",
    )


@contextmanager
def optional_imports(extra: str | None = None) -> Iterator[None]:
    """Import optional libraries in this block: one that is not installed is told by its extra.

    Parameters
    ----------
    extra : str, optional
        The extra that installs them (default: the first one that installs the missing one).

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
        raise library_missing(error.name, extra) from error
