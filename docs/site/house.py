"""Draw the packages of einthoven and who imports whom, from the import rule and the source."""

import ast
import functools
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "einthoven"
ROW_PX, WIDTH_PX, BOX_PX = 62, 760, 40
PURPOSE = {
    "cli": "one file for each verb",
    "engine": "runs a study",
    "report": "pages and figures",
    "interpretation": "one recording, all questions",
    "bundle": "weights and card",
    "corpora": "one file for each corpus",
    "records": "files in, Record out",
    "signal": "arrays in, arrays out",
    "steps": "one step after another",
    "workers": "processes",
    "errors": "what can go wrong",
}
"""A few words for rows with a single package."""


def layers() -> list[list[str]]:
    """Read the rows of the import rule from pyproject.toml, the highest first."""
    rule = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    return [[name.strip() for name in row.split("|")] for row in rule["layers"] if row != "__main__"]


def imports() -> dict[tuple[str, str], int]:
    """Count the modules of each package that import from each other package."""
    found: dict[tuple[str, str], int] = {}
    for file in SOURCE.rglob("*.py"):
        package = file.relative_to(SOURCE).parts[0].removesuffix(".py")
        names: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("einthoven"):
                inner = node.module.split(".")[1:2] or [alias.name for alias in node.names]
                names |= set(inner)
            elif isinstance(node, ast.Import):
                names |= {one.name.split(".")[1] for one in node.names if one.name.startswith("einthoven.")}
        for name in names - {package}:
            found[package, name] = found.get((package, name), 0) + 1
    return found


def direct(found: dict[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    """Leave out imports of what an imported package imports in turn, so that the map can be read."""
    below: dict[str, set[str]] = {}
    for above, name in found:
        below.setdefault(above, set()).add(name)

    @functools.cache
    def reached(name: str) -> frozenset[str]:
        return frozenset().union(*({one} | reached(one) for one in below.get(name, ())))

    return sorted(
        (above, name, n)
        for (above, name), n in found.items()
        if not any(name in reached(other) for other in below[above] - {name})
    )


def house_svg() -> str:
    """Draw the map: one row for each level, a line to each package that no other line implies.

    Returns
    -------
    str
        The picture as SVG.
    """
    rows = layers()
    place = {}
    for level, row in enumerate(rows):
        for at, name in enumerate(row):
            place[name] = (WIDTH_PX * (at + 0.5) / len(row), 16 + level * ROW_PX + BOX_PX / 2)
    height = 16 + len(rows) * ROW_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" role="img" '
        'font-family="sans-serif" font-size="14">',
        "<title>Packages of einthoven: each imports only from rows below it</title>",
        f'<rect width="{WIDTH_PX}" height="{height}" fill="#fff"/>',
    ]
    for above, below, n in direct(imports()):
        if above in place and below in place:
            (x1, y1), (x2, y2) = place[above], place[below]
            parts.append(
                f'<line x1="{x1:.0f}" y1="{y1 + BOX_PX / 2:.0f}" x2="{x2:.0f}" y2="{y2 - BOX_PX / 2:.0f}" '
                f'stroke="#0072b2" stroke-opacity="0.7" stroke-width="{min(1 + n / 5, 7):.1f}"/>'
            )
    for name, (x, y) in place.items():
        alone = f" — {PURPOSE[name]}" if name in PURPOSE else ""
        width = 300 if alone else 150
        parts.append(
            f'<rect x="{x - width / 2:.0f}" y="{y - BOX_PX / 2:.0f}" width="{width}" height="{BOX_PX}" rx="5" '
            f'fill="#f4f7fa" stroke="#33506b"/><text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" '
            f'fill="#111">{escape(name + alone)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
