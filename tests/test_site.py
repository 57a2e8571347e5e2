"""The documentation site: links are rewritten and checked, tables come from the results, and prose is checked."""

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

import einthoven
from einthoven.paths import ASSETS
from tests.workshop import REPOSITORY

DOCS = REPOSITORY / "docs"


@pytest.fixture
def script(monkeypatch):
    """Import a script of docs/ or docs/site."""
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.syspath_prepend(str(DOCS / "site"))
    yield importlib.import_module
    for name in ("build", "api", "cards", "house", "prose", "results_page"):
        sys.modules.pop(name, None)


def test_tables_of_results_are_those_of_the_files(script):
    page = script("results_page")
    text = page.PAGE.read_text(encoding="utf-8")
    for name, lines in (("published", page.beside()), ("models", page.travelled())):
        assert page.filled(text, name, lines) == text, "run python docs/results_page.py"
    readme = page.README.read_text(encoding="utf-8")
    assert page.filled(readme, "answers", page.answers()) == readme, "run python docs/results_page.py"


def test_every_bundled_model_has_a_page_with_its_figures(script):
    pages = script("cards").card_pages()
    names = {file.parent.name for file in ASSETS.glob("*/card.json")}
    assert set(pages) == names | {"index"}
    for name in names:
        card = json.loads((ASSETS / name / "card.json").read_text())
        assert f"{card['results'][0]['n_test']:,}" in pages[name] and card["attribution"] in pages[name]
        assert f"[{name}]({name}.md)" in pages["index"]
    assert "LEAKS PATIENTS" in pages["mitbih-paper-vote"]


def test_the_map_has_every_package_in_its_row(script):
    house = script("house")
    contract = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    boxes = re.findall(r'<text x="\d+" y="(\d+)"[^>]*>([a-z_]+)', house.house_svg())
    rows = dict.fromkeys(y for y, _ in boxes)
    drawn = [{name for at, name in boxes if at == y} for y in rows]
    assert drawn == [{one.strip() for one in row.split("|")} for row in contract["layers"][1:]]


def test_a_line_that_others_imply_is_left_out(script):
    found = {("a", "b"): 1, ("b", "c"): 2, ("a", "c"): 3}
    assert script("house").direct(found) == [("a", "b", 1), ("b", "c", 2)]


def test_the_index_of_the_api_names_what_exists(script):
    names = re.findall(r"^   (einthoven\.[\w.]+)$", script("api").api_page(), re.MULTILINE)
    assert {f"einthoven.{name}" for name in einthoven.__all__} < set(names)
    for name in names:
        module, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(module), last), name


def test_links_are_those_of_the_site_and_missing_files_are_named(script):
    build = script("build")
    staged, broken = build.places(), []
    text = "[a](docs/edge.md#x) [b](src/einthoven/paths.py) [c](docs/none.md) [d](https://physionet.org) `[e](f)`"
    found = build.relinked(text, REPOSITORY / "CONTRIBUTING.md", staged, broken)
    assert "(edge.md#x)" in found and f"({build.SOURCE}src/einthoven/paths.py)" in found
    assert "(https://physionet.org)" in found
    assert "CONTRIBUTING.md: docs/none.md" in broken


def test_broken_links_and_files_from_elsewhere_are_found(script, tmp_path):
    page = (
        '<a href="b.html#here">b</a><a href="b.html#there">b</a><a href="c.html">c</a><img src="https://x.org/a.png">'
    )
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.html").write_text('<p id="here">b</p>')
    faults = script("build").faults_of(tmp_path)
    assert len(faults) == 3
    assert [fault for fault in faults if "b.html#there" in fault] and [fault for fault in faults if "x.org" in fault]
    assert "a.html links to c.html, which does not exist" in faults


def test_every_page_is_in_the_menu(script):
    listed = "".join((DOCS / name).read_text() for name in ("index.md", "use.md", "train.md", "reference.md"))
    listed += (DOCS / "trust_pages.md").read_text()
    menus = re.findall(r"```{toctree}\n(.*?)```", listed, re.DOTALL)
    named = {line.split("<")[-1].rstrip(">") for menu in menus for line in menu.splitlines()}
    staged = {name.removesuffix(".md") for name in script("build").places().values() if name.endswith(".md")}
    assert {name for name in staged if "/" not in name} - {"index"} <= named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two three. Four five six.", [3, 3]),
        ("One two three: `a. B` and [four](x.md)\ngo on.", [8]),
        ("| one two three | four; five six seven |", [3, 3]),
        ("```\nnot a sentence of prose\n```\n\n- One two three.\n- Four five six.", [3, 3]),
        ("**One two three.** einthoven reads it.", [3, 3]),
    ],
)
def test_sentences_are_counted_without_code(script, text, expected):
    prose = script("prose")
    assert [len(prose._WORD.findall(one)) for _, one in prose.sentences(text)] == expected


def test_long_sentences_and_unwanted_words_are_found_with_their_lines(script, tmp_path, monkeypatch):
    prose = script("prose")
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\nIt is reckoned here.\n\n{'word ' * 30}ends.\n\n{'1.5, AF ' * 20}are figures.\n")
    found = list(prose.sentences(page.read_text()))
    assert [fault.line for fault in prose.long_ones(page, found)] == [5]
    assert [str(fault) for fault in prose.unwanted(page)] == ["page.md:3: 'reckoned': write compute, predict"]


def test_the_citation_states_this_version():
    text = (REPOSITORY / "CITATION.cff").read_text()
    assert f"version: {einthoven.__version__}\n" in text


def test_the_way_to_report_a_weakness_is_linked():
    assert "](SECURITY.md)" in (REPOSITORY / "README.md").read_text()
    assert Path(REPOSITORY / "docs" / "security.md").is_file()
