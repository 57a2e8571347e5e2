"""The web page in Debian's Chromium: drop, read, correct, save; with keys alone; on a phone; contrast and names by axe."""

import os
from pathlib import Path

import numpy as np
import pytest
import wfdb

import einthoven
from einthoven.records import Record
from tests.serving.running import running
from tests.serving.test_files import CASES

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")
CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.exists():
    pytest.skip(f"needs {CHROMIUM}", allow_module_level=True)

DROP = """async ([zone, files]) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name));
  document.querySelector(zone).dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that this module shares, which keeps what is uploaded."""
    place = tmp_path_factory.mktemp("place")
    with running(place, "--limits.workers", "1", "--limits.upload-mb", "3", "--keep", str(place / "kept")) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    """Chromium, without its own sandbox where the tests run as root."""
    words = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=words)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    """The page at desktop width; no script may fail, and nothing may break its policy."""
    faults = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
    page.set_default_timeout(30_000)
    page.goto(server.address)
    yield page
    page.close()
    assert not faults


@pytest.fixture
def record(mitdb_like):
    """The files of a recording of 20 s."""
    return [mitdb_like / "100.hea", mitdb_like / "100.dat"]


def drop(page, *files):
    import base64

    page.evaluate(DROP, ["#drop", [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]])


def beat(page) -> str:
    """What is said of the beat that is chosen."""
    return page.locator("article p[role=status]").inner_text()


def saved(page, press) -> bytes:
    """The file that is downloaded by `press`."""
    with page.expect_download() as waited:
        press()
    return Path(waited.value.path()).read_bytes()


def annotations(content: bytes, tmp_path: Path):
    (tmp_path / "saved.atr").write_bytes(content)
    return wfdb.rdann(str(tmp_path / "saved"), "atr")


def test_drop_read_correct_and_save(page, record, server, tmp_path):
    drop(page, *record)
    page.wait_for_selector(".said li")
    assert "/min" in page.locator(".said").inner_text()
    report = page.frame_locator("iframe")
    assert report.locator("h1").first.inner_text() == "Recording 100"
    assert report.locator("main").evaluate("(one) => getComputedStyle(one).maxWidth") != "none", "its style is allowed"
    page.locator(".paper text[data-beat='3']").scroll_into_view_if_needed()
    page.locator(".paper text[data-beat='3']").click()
    assert beat(page).startswith("Beat 4 of")
    page.get_by_role("button", name="F fusion of ventricular and normal").click()
    assert beat(page).endswith("F, fusion of ventricular and normal")
    page.get_by_label("Rhythm from the cursor on").select_option("(AFIB")
    page.get_by_role("button", name="Set the rhythm").click()
    assert "2 changes, not saved" in page.locator("article").inner_text()
    content = saved(page, page.get_by_role("button", name="Save annotations").click)
    page.get_by_text("saved", exact=True).wait_for()
    read = annotations(content, tmp_path)
    found = dict(zip(read.sample.tolist(), read.symbol, strict=True))
    at = next(sample for sample, symbol in found.items() if symbol == "F")
    rhythms = {int(sample): note for sample, note in zip(read.sample, read.aux_note, strict=True) if note}
    assert rhythms[at + 1].strip("\0") == "(AFIB"
    kept = list((server.place / "kept").rglob("100.atr"))
    assert [file.read_bytes() for file in kept] == [content]


def test_a_refused_file_shows_the_words_where_it_was_dropped(page, record, mitdb_like):
    drop(page, *record)
    page.wait_for_selector(".said li")
    drop(page, record[0])
    told = page.locator("article.refused")
    told.wait_for()
    assert "The signal file of 100.hea is missing." in told.inner_text() and "no 100.dat" in told.inner_text()
    box, zone = told.bounding_box(), page.locator("#drop").bounding_box()
    assert 0 <= box["y"] - zone["y"] - zone["height"] < 40


def test_a_file_that_states_nothing_is_answered_once_it_is_stated(page, strip):
    drop(page, strip)
    page.locator("article.refused").wait_for()
    page.get_by_role("button", name="State it").click()
    page.get_by_label("Sampling rate, Hz").fill("360")
    page.get_by_label("Leads, in order").fill("MLII")
    page.get_by_label("Unit").select_option("mV")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".said li")
    assert page.locator("article.refused").count() == 0


def test_a_file_that_is_too_large_is_refused_in_the_words_of_the_server(page, tmp_path):
    large = tmp_path / "large.csv"
    large.write_bytes(b"1\n" * 2_000_000)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("#files", large)
    told = page.locator("article.refused")
    told.wait_for()
    assert "The upload is too large." in told.inner_text() and "at most 3,000,000 bytes" in told.inner_text()
    assert "POST" not in sent


def test_several_recordings_are_told_apart(page, mitdb_like, record):
    drop(page, *record, mitdb_like / "101.hea", mitdb_like / "101.dat", mitdb_like / "102.hea")
    page.get_by_text("All recordings are done: 3.").wait_for()
    heads = [one.inner_text() for one in page.locator("article h2").all()]
    assert heads == ["100", "101", "102.hea: not interpreted"]


def test_the_viewer_of_a_long_recording_runs_in_its_frame(page, ecg, tmp_path):
    record = Record("long", np.tile(ecg[0], 3)[None], 360, ("MLII",))
    drop(page, einthoven.write(record, tmp_path / "long.csv"))
    page.wait_for_selector("iframe")
    # A frame out of sight is not drawn, so that a check for a still element would wait for ever.
    page.frame_locator("iframe").locator(".viewer").evaluate("viewer => viewer.scrollIntoView()")
    page.frame_locator("iframe").locator('[data-ready="yes"]').wait_for()


def test_a_folder_is_taken_apart(page, mitdb_like, tmp_path):
    folder = tmp_path / "ward"
    for place, name in (("a", "100"), ("b", "100")):
        (folder / place).mkdir(parents=True)
        for suffix in (".hea", ".dat", ".atr"):
            (folder / place / f"{name}{suffix}").write_bytes((mitdb_like / f"{name}{suffix}").read_bytes())
    (folder / ".DS_Store").write_bytes(b"hidden")
    page.set_input_files("#folder", folder)
    page.get_by_text("All recordings are done: 2.").wait_for()
    assert page.locator(".said").count() == 2 and page.locator("article.refused").count() == 0


@pytest.mark.parametrize("case", CASES)
def test_the_page_finds_the_recordings_that_the_server_finds(case, page):
    files, wanted = CASES[case]
    found = page.evaluate(
        """async (files) => {
          const { groups } = await import("/static/groups.js");
          const given = Object.entries(files).map(([path, text]) => ({ path, file: new File([text], path) }));
          return (await groups(given, document.body.dataset.suffixes.split(" "))).map(({ name }) => name);
        }""",
        files,
    )
    assert found == wanted


def test_keys_alone_are_enough(page, record, tmp_path):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "choose-files"
    with page.expect_file_chooser() as chosen:
        page.wait_for_timeout(500)  # until the browser hands the dialog over
        page.keyboard.press("Enter")
    chosen.value.set_files(record)
    page.wait_for_selector(".paper svg")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "paper":
            break
    first = beat(page)
    n = int(first.split(" of ")[1].split(",")[0])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert beat(page).startswith(f"Beat 3 of {n}")
    page.keyboard.press("v")
    assert beat(page).endswith("V, ventricular ectopic")
    page.keyboard.press("Delete")
    assert f"of {n - 1}," in beat(page)
    page.keyboard.press("Control+z")
    assert f"of {n}," in beat(page)
    page.keyboard.press("Shift+ArrowRight")
    assert beat(page).startswith("Cursor at")
    page.keyboard.press("Enter")
    assert f"of {n + 1}," in beat(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if "Save annotations" in page.evaluate("document.activeElement.textContent"):
            break
    read = annotations(saved(page, lambda: page.keyboard.press("Enter")), tmp_path)
    beats = [symbol for symbol in read.symbol if symbol not in '+"']
    assert len(beats) == n + 1 and beats[2] == "V"


def test_a_page_that_is_left_with_changes_asks(page, record):
    drop(page, *record)
    page.wait_for_selector(".paper svg")
    page.locator(".paper").press("v")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]


def test_a_name_that_is_html_is_text(page, tmp_path):
    file = tmp_path / "<img src=x onerror=alert(1)>.csv"
    np.savetxt(file, np.zeros(10))
    drop(page, file)
    page.locator("article.refused").wait_for()
    assert page.locator("article img").count() == 0 and "<img" in page.locator("article h2").inner_text()


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_page_fits_and_can_be_read(page, width, record):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page.set_viewport_size({"width": width, "height": 844})
    drop(page, *record, record[0].with_name("101.hea"))
    page.locator("article.refused").wait_for()
    page.locator("summary", has_text="Correct").click()
    page.wait_for_selector(".paper svg")
    page.locator("summary", has_text="State what").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert not found.response["violations"], found.generate_report()
