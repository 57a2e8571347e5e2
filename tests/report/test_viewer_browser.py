"""The viewer in a browser: keys, buttons, links and the time box move it; nothing is asked of a network; axe finds nothing."""

import re
import shutil

import pytest

from einthoven.report import interpretations
from tests.interpretation.long import RUN_AT_S, interpretation

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a recording of twenty minutes, opened; what it logs or asks for is kept."""
    file = tmp_path_factory.mktemp("pages") / "long.html"
    file.write_text(interpretations.as_html([interpretation()], {}))
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1000, "height": 800})
        shown.logged, shown.asked = [], []
        shown.on("console", lambda message: shown.logged.append(message.text))
        shown.on("pageerror", lambda error: shown.logged.append(str(error)))
        shown.on("request", lambda request: shown.asked.append(request.url))
        shown.goto(file.as_uri())
        shown.wait_for_selector('[data-ready="yes"]')
        shown.wait_for_selector('[data-part="next"]:not([disabled])')
        yield shown
        browser.close()


def window(page):
    """Beginning and end of what is shown, s, once it is drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    words = page.inner_text('[data-part="where"]')
    begin, end = re.match(r"([\d:]+) to ([\d:]+)", words).groups()
    return tuple(sum(60**power * int(n) for power, n in enumerate(reversed(at.split(":")))) for at in (begin, end))


def test_keys_scroll_and_zoom(page):
    page.focus("canvas")
    page.keyboard.press("Home")
    begin, end = window(page)
    assert begin == 0 and 5 <= end <= 12
    page.keyboard.press("PageDown")
    assert window(page)[0] == pytest.approx(end, abs=1)
    page.keyboard.press("End")
    assert window(page)[1] == 1200
    page.keyboard.press("-")
    assert window(page)[1] - window(page)[0] == pytest.approx(2 * end, abs=2)
    page.keyboard.press("+")


def test_an_event_a_link_and_the_time_box_move_the_viewer(page):
    page.select_option('[data-part="kind"]', "runs of V")
    assert window(page)[0] <= RUN_AT_S <= window(page)[1]
    assert page.inner_text('[data-part="event"]').startswith("1 of 1: 3 beats")
    page.select_option('[data-part="kind"]', "beats of class V")
    page.click('[data-part="next"]')
    assert page.inner_text('[data-part="event"]').startswith("2 of ")
    page.fill('[data-part="time"]', "16:40")
    page.keyboard.press("Enter")
    assert window(page)[0] == 1000
    page.fill('[data-part="time"]', "99:99:99")
    page.keyboard.press("Enter")
    assert page.get_attribute('[data-part="time"]', "aria-invalid") == "true" and window(page)[0] == 1000
    page.click("figure a >> nth=0")
    assert window(page)[0] <= 301 <= window(page)[1]


def test_the_number_of_beats_shown_is_that_of_the_interpretation(page):
    page.fill('[data-part="time"]', "0:10")
    page.keyboard.press("Enter")
    found = interpretation()
    viewer = page.evaluate("""() => new Promise(done => {
        const root = document.querySelector("[data-viewer]");
        root.addEventListener("shown", event => done(event.detail), { once: true });
        root.querySelector('[data-part="gain"]').dispatchEvent(new Event("change"));
    })""")
    inside = ((found.ectopy.times_s >= viewer["start"]) & (found.ectopy.times_s < viewer["end"])).sum()
    assert f", {inside} beats (" in page.inner_text('[data-part="where"]')


def test_nothing_is_logged_or_asked_for_and_axe_finds_nothing(page):
    assert page.logged == [] and len(page.asked) == 1
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for width in (1000, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(200)
        found = axe.Axe().run(page)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
