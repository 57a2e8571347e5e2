"""Show the interpretations of a folder on one page: counts, a sortable table, and what failed and why."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from einthoven import __version__
from einthoven.errors import EinthovenError
from einthoven.inference.answer import DISCLAIMER
from einthoven.report.interpretation_tables import Plain, summary_of, why

_COUNTED: dict[str, Callable[[Plain], bool]] = {
    "sinus rhythm": lambda plain: any(one["code"].startswith("sinus") for one in plain["statements"]),
    "atrial fibrillation in a part or throughout": lambda plain: bool((plain["rhythm"] or {}).get("af_burden")),
    "ventricular ectopic beats": lambda plain: bool(_beats(plain, "V")),
    "ventricular runs": lambda plain: any(run["beat"] == "V" for run in (plain["beats"] or {}).get("runs", ())),
    "pauses over 2 s": lambda plain: bool((plain["beats"] or {}).get("pauses")),
    "QTc prolonged": lambda plain: any(one["code"] == "qtc_long" for one in plain["statements"]),
    "findings about leads, units or rate": lambda plain: bool(plain["findings"]),
    "rhythm not assessed": lambda plain: "rhythm" in plain["not_assessed"],
}
"""What is counted over the recordings of a folder."""


def counted(plains: Sequence[Plain]) -> dict[str, int]:
    """Count over recordings what a person would ask first.

    Parameters
    ----------
    plains : sequence of dict
        Interpretations as plain values.

    Returns
    -------
    dict of str to int
        Number of recordings by words; what none has is left out.
    """
    found = {words: sum(map(holds, plains)) for words, holds in _COUNTED.items()}
    return {words: n for words, n in found.items() if n}


def reasons(failed: Mapping[Path, EinthovenError]) -> dict[str, int]:
    """Count why files were not interpreted, by code of the error, the most frequent first.

    Parameters
    ----------
    failed : mapping of Path to EinthovenError
        Errors by file.

    Returns
    -------
    dict of str to int
    """
    return dict(Counter(error.code for error in failed.values()).most_common())


def render(pages: Sequence[tuple[str, Plain]], failed: Mapping[Path, EinthovenError]) -> str:
    """Return the page of all.

    Parameters
    ----------
    pages : sequence of (str, dict)
        Page of each recording, and its plain values.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
    """
    templates = Environment(
        loader=PackageLoader("einthoven.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return templates.get_template("index.html").render(
        sections=[],
        version=__version__,
        disclaimer=DISCLAIMER,
        rows=[_row(page, plain) for page, plain in pages],
        counted=counted([plain for _, plain in pages]),
        failed=[(str(file), error.code, why(error), error.remedy) for file, error in failed.items()],
        reasons=reasons(failed),
    )


def _row(page: str, plain: Plain) -> dict[str, Any]:
    rate, rhythm = plain["rate_bpm"] or {}, plain["rhythm"] or {}
    burden, qtc = rhythm.get("af_burden"), plain["intervals"]["qtc_fridericia_ms"]["value"]
    return {
        "page": page,
        "record": plain["record"],
        "duration_s": plain["duration_s"],
        "rate": rate.get("mean"),
        "af": None if burden is None else 100 * burden,
        "V": _beats(plain, "V"),
        "S": _beats(plain, "S"),
        "pauses": None if plain["beats"] is None else len(plain["beats"]["pauses"]),
        "qtc": qtc,
        "findings": len(plain["findings"]),
        "summary": summary_of(plain),
    }


def _beats(plain: Plain, name: str) -> int | None:
    found: int | None = (plain["beats"] or {}).get("counts", {}).get(name)
    return found
