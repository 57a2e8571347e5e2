"""Write interpretations as JSON, CSV, HTML or WFDB annotations; OUTPUTS maps the suffix of the file to its writer."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from einthoven import __version__
from einthoven.errors import EinthovenError, OutputRefused
from einthoven.inference.answer import DISCLAIMER
from einthoven.interpretation.annotated import AUTHOR, annotations_of
from einthoven.interpretation.interpretation import SCHEMA, Interpretation
from einthoven.paths import require_folder, written_aside
from einthoven.report import interpretation_tables

Failed = Mapping[Path, EinthovenError]


def as_json(found: Sequence[Interpretation], failed: Failed) -> str:
    """Return interpretations as JSON.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
        An object with ``schema``, ``einthoven`` (version), ``notice``, ``records`` (each as of
        :meth:`einthoven.interpretation.interpretation.Interpretation.to_dict`) and ``failed``.
    """
    content = {
        "schema": SCHEMA,
        "einthoven": __version__,
        "notice": DISCLAIMER,
        "records": [one.to_dict() for one in found],
        "failed": [
            {"file": str(file), "code": error.code, "text": interpretation_tables.why(error)}
            for file, error in failed.items()
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def as_csv(found: Sequence[Interpretation], failed: Failed) -> str:
    """Return interpretations as CSV, one row a file.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
        See :func:`einthoven.report.interpretation_tables.wide`.
    """
    return interpretation_tables.wide([one.to_dict() for one in found], failed)


def as_long_csv(found: Sequence[Interpretation], failed: Failed) -> str:
    """Return interpretations as CSV, one row a number.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
        See :func:`einthoven.report.interpretation_tables.long`.
    """
    return interpretation_tables.long([one.to_dict() for one in found], failed)


def as_annotations(found: Sequence[Interpretation], failed: Failed) -> bytes:
    """Return the interpretation of one record as WFDB annotations.

    Parameters
    ----------
    found : sequence of Interpretation
        One.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted; an annotation file has no room for it.

    Returns
    -------
    bytes
        See :func:`einthoven.interpretation.annotated.annotations_of`.
    """
    return annotations_of(found[0])


def as_html(found: Sequence[Interpretation], failed: Failed) -> str:
    """Return interpretations as a page that works offline.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
    """
    from einthoven.report.interpretation_page import render

    return render(found, failed)


OUTPUTS: dict[str, Callable[[Sequence[Interpretation], Failed], str | bytes]] = {
    ".json": as_json,
    ".csv": as_csv,
    ".long.csv": as_long_csv,
    ".html": as_html,
    ".atr": as_annotations,
}


def kind_of(path: Path) -> str:
    """Return the suffix that decides how a file is written.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        In lower case: ``.long.csv``, else the last suffix.

    Examples
    --------
    >>> kind_of(Path("all.LONG.csv")), kind_of(Path("ecg.1.html"))
    ('.long.csv', '.html')
    """
    return ".long.csv" if path.name.lower().endswith(".long.csv") else path.suffix.lower()


def require_writable(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output of an unknown suffix, in a place that cannot be written, or on top of an input, before any work.

    Parameters
    ----------
    path : Path
        The output.
    inputs : sequence of Path
        Files that are read.

    Raises
    ------
    OutputRefused
        With the suffixes that are known, or the reason that the system gives.
    """
    if path.is_dir() or kind_of(path) not in OUTPUTS:
        raise OutputRefused(
            f"{path} cannot be written.",
            found="a folder" if path.is_dir() else f"suffix {path.suffix or 'none'}",
            expected=", ".join(OUTPUTS),
            remedy=f"--out {path / 'report.html' if path.is_dir() else path.with_suffix('.html')}",
        )
    if any(file.exists() and path.exists() and path.samefile(file) for file in inputs):
        raise OutputRefused(
            f"{path} cannot be written.",
            found="one of the recordings that are to be read",
            expected="the path of a file that is not read",
            remedy=f"--out {path.with_name(path.stem + '-interpretation' + path.suffix)}",
        )
    if kind_of(path) == ".atr":
        _require_annotations(path, inputs)
    require_folder(path.parent)


def _require_annotations(path: Path, inputs: Sequence[Path]) -> None:
    """Refuse annotations of several recordings, and in the place of annotations that are not ours: they may be a reference."""
    if len(inputs) > 1:
        raise OutputRefused(
            "Annotations are those of one recording.",
            found=f"{len(inputs)} recordings",
            expected="one recording, or a folder, which gets one file a recording",
            remedy="--out answers",
        )
    if path.exists() and not _is_ours(path):
        raise OutputRefused(
            f"{path} is not overwritten.",
            found="annotations that einthoven interpret did not write",
            expected="the path of a new file: these may be a reference",
            remedy=f"--out {path.with_name(path.stem + '-interpretation.atr')}",
        )


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return AUTHOR in file.read(16)


def write(found: Sequence[Interpretation], failed: Failed, path: Path) -> None:
    """Write interpretations in the format of the suffix, whole or not at all.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.
    path : Path
        The file; its suffix is a key of OUTPUTS.
    """
    content = OUTPUTS[kind_of(path)](found, failed)
    with written_aside(path) as aside:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
