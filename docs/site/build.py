"""Build the documentation site, without network: `python docs/site/build.py`, or `make docs`.

The pages of docs/ and of the repository's root are copied to build/site, with the pages that are made from the package:
model cards, the map of the packages, and the index of the API. Sphinx then builds build/site/html, and every link and
every file that a page loads is checked. A warning or a broken link ends the build with exit status 1.
"""

import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from api import api_page
from cards import card_pages
from house import house_svg

from einthoven.console import note

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
STAGE = ROOT / "build" / "site"
PAGES, HTML = STAGE / "pages", STAGE / "html"
SOURCE = "https://github.com/einthoven-ecg/einthoven/blob/main/"
FROM_ROOT = {
    "CONTRIBUTING.md": "contribute.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "README.md": "index.md",
}
"""Pages of the repository's root, and what they are called on the site."""
MADE = {DOCS / "api.md", *(DOCS / "models" / f"{name}.md" for name in card_pages())}
"""Pages that exist on the site alone."""
SHORT = {
    "mitbih": "MIT-BIH: four models",
    "mitbih_clean": "MIT-BIH: patients apart",
    "mitbih_small": "MIT-BIH: smallest networks",
    "mitbih_study": "MIT-BIH: whole study",
    "twelve_leads": "PTB-XL: bundled models",
    "ptbxl": "PTB-XL: temporal modelling",
    "ptbxl_model": "PTB-XL: networks",
    "pediatric": "Pediatric study, on adults",
    "cpsc2018": "CPSC 2018",
    "waves": "PR, QRS and QT",
    "trust": "Stress tests",
}
"""What menus call pages of results, where it is not the title as far as its colon."""
WIDE = "---\nhtml_theme.sidebar_secondary.remove: true\n---\n\n"
"""What a page with wide tables begins with."""
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def places() -> dict[Path, str]:
    """List what is copied: each file of the repository, and its path on the site."""
    found = {ROOT / name: target for name, target in FROM_ROOT.items() if (ROOT / name).exists()}
    for file in sorted(DOCS.rglob("*")):
        inside = file.relative_to(DOCS)
        if file.suffix in {".md", ".png", ".svg", ".json"} and inside.parts[0] != "site":
            found[file] = str(inside)
    return found


def relinked(text: str, page: Path, staged: dict[Path, str], broken: list[str]) -> str:
    """Return a page with its links to files of the repository rewritten for the site."""
    here = Path(staged[page]).parent

    def target(match: re.Match[str]) -> str:
        address, _, anchor = match[1].partition("#")
        if not address or urlsplit(address).scheme:
            return match[1].replace(f"{SOURCE.replace('/blob/', '/raw/')}", "")
        file = (page.parent / unquote(address)).resolve()
        if file in staged:
            climb = Path(*[".."] * len(here.parts)) / staged[file]
            return str(climb) + (f"#{anchor}" if anchor else "")
        if not file.is_relative_to(ROOT) or not (file.exists() or file in MADE):
            broken.append(f"{page.relative_to(ROOT)}: {match[1]}")
        return SOURCE + str(file.relative_to(ROOT)) if file.exists() and file.is_relative_to(ROOT) else match[1]

    parts = _FENCE.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(target, part) for part in parts)


def titled(page: Path) -> str:
    """Return the title of a page as far as its first colon, with which menus do."""
    title = page.read_text(encoding="utf-8").removeprefix(WIDE).split("\n", 1)[0].removeprefix("# ")
    return SHORT.get(page.stem, title.split(":")[0])


def stage() -> list[str]:
    """Copy and make all pages; returns the links to files that do not exist."""
    shutil.rmtree(STAGE, ignore_errors=True)
    broken: list[str] = []
    (DOCS / "house.svg").write_text(house_svg(), encoding="utf-8")
    staged = places()
    for file, name in staged.items():
        target = PAGES / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if file == ROOT / "README.md":
            continue
        if file.suffix == ".md":
            head = WIDE if name.startswith("results") else ""
            text = head + relinked(file.read_text(encoding="utf-8"), file, staged, broken)
            target.write_text(text, encoding="utf-8")
        else:
            shutil.copy(file, target)
    listed = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    pages = sorted(page.relative_to(PAGES).with_suffix("") for page in (PAGES / "results").glob("*.md"))
    others = [
        f"{titled(PAGES / f'{page}.md')} <{page}>"
        for page in pages
        if f"<{page}>" not in listed and not page.name.endswith("_notes")
    ]
    with (PAGES / "results.md").open("a", encoding="utf-8") as page:
        page.write("\n".join(["", "```{toctree}", ":hidden:", "", *others, "```", ""]))
    (PAGES / "models").mkdir()
    for name, text in card_pages().items():
        (PAGES / "models" / f"{name}.md").write_text(text, encoding="utf-8")
    (PAGES / "api.md").write_text(api_page(), encoding="utf-8")
    shutil.copy(DOCS / "site" / "conf.py", PAGES)
    shutil.copytree(DOCS / "site" / "static", PAGES / "static")
    return broken


class _Page(HTMLParser):
    """Collect the anchors of a page, what it links to, and what it loads."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found[name] for name in ("id", "name") if name in found}
        if "href" in found and tag == "a":
            self.links.append(found["href"])
        self.loads += [found[name] for name in ("src", "href") if name in found and tag != "a"]


def faults_of(html: Path) -> list[str]:
    """Return links to pages or places that do not exist, and files loaded from elsewhere."""
    pages = {file: _Page(file) for file in html.rglob("*.html") if "_static" not in file.parts}
    faults = []
    for file, page in pages.items():
        here = file.relative_to(html)
        faults += [f"{here} loads {one}" for one in page.loads if urlsplit(one).netloc]
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not target.exists():
                faults.append(f"{here} links to {link}, which does not exist")
            elif target in pages and parts.fragment and unquote(parts.fragment) not in pages[target].ids:
                faults.append(f"{here} links to {link}, which has no such place")
    return sorted(set(faults))


def main() -> int:
    """Build the site; returns the exit status."""
    from sphinx.cmd.build import build_main

    faults = [f"{one}: no such file" for one in stage()]
    status = build_main(["-q", "-W", "--keep-going", "-b", "html", str(PAGES), str(HTML)])
    faults += faults_of(HTML)
    for fault in faults:
        note(fault)
    if status or faults:
        return 1
    note(f"{len(list(HTML.rglob('*.html')))} pages in {HTML.relative_to(ROOT)}; open {HTML / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
