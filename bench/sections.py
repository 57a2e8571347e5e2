"""Keeps docs/results/speed.md, which several measurements write: each its own part, the others left as they are."""

from pathlib import Path

from einthoven.paths import written_aside

SPEED = Path(__file__).parents[1] / "docs" / "results" / "speed.md"


def replace(title: str, lines: list[str], page: Path = SPEED) -> None:
    """Write the part under a heading ``## title`` anew, at the end where there is none; "" is what stands ahead of the first."""
    parts = page.read_text().split("\n## ") if page.exists() else [""]
    kept = {part.splitlines()[0] if at else "": part for at, part in enumerate(parts)}
    kept[title] = "\n".join(([title] if title else []) + lines) + "\n"
    with written_aside(page) as aside:
        aside.write_text("\n## ".join(part.rstrip("\n") + "\n" for part in kept.values()))
