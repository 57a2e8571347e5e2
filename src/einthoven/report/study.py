"""Write the results, the table and the page of a study."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from einthoven import __version__
from einthoven.paths import written_aside


def write(results: dict[str, Any], folder: Path) -> None:
    """Write results.json, table.md and report.html, with every figure of the folder.

    Parameters
    ----------
    results : dict
        Results of the study, with its table.
    folder : Path
        Folder of the study.
    """
    for name, content in (
        ("results.json", json.dumps(results, indent=1) + "\n"),
        ("table.md", markdown(results)),
        ("report.html", render(results, sorted((folder / "figures").glob("*.png")))),
    ):
        with written_aside(folder / name) as aside:
            aside.write_text(content, encoding="utf-8")


def markdown(results: dict[str, Any]) -> str:
    """Return the study's table as a page of Markdown.

    Parameters
    ----------
    results : dict
        Results of the study, with its table.
    """
    lines = [f"# {results['title']}", "", *[line + "\n" for line in results["remarks"]]]
    body = (results["columns"], ["---"] * len(results["columns"]), *results["rows"])
    lines += ["| " + " | ".join(str(value) for value in row) + " |" for row in body]
    return "\n".join([*lines, ""])


def render(results: dict[str, Any], figures: Sequence[Path]) -> str:
    """Return the study as one self-contained page.

    Parameters
    ----------
    results : dict
        Results of the study, with its table.
    figures : sequence of Path
        PNG files, shown in this order under their names.

    Returns
    -------
    str
        HTML.
    """
    loader = PackageLoader("einthoven.report")
    page = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template("study.html")
    embedded = [(file.stem, base64.b64encode(file.read_bytes()).decode()) for file in figures]
    return page.render(results=results, figures=embedded, version=__version__)
