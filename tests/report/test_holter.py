"""The Holter report shows the numbers of the interpretation, and says truly what it does not draw."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from einthoven.interpretation.ectopy import ECTOPIC
from einthoven.records.identity import Identity
from einthoven.report import holter_figures, interpretations
from einthoven.report.holter import MOST_STRIPS, holter, not_drawn
from einthoven.report.strips import STRIP_S
from tests.interpretation.long import interpretation


@pytest.fixture(scope="module")
def found():
    return interpretation("a<b>", identity=Identity(name="Doe <i>", recorded_at="2002-11-22T09:10:00"))


@pytest.fixture(scope="module")
def page(found):
    return interpretations.as_html([found], {})


def test_the_page_has_every_part(page):
    parts = (
        "Heart rate and rhythm over time",
        "Scroll through the recording",
        "By ten minutes",
        "Ectopic beats",
        "Rhythm",
    )
    for words in (*parts, "RR intervals and heart rate variability", "Strips", "Lorenz plot of", "histogram of"):
        assert words in page
    assert "Heart rate variability is not stated: fibrillation in part of the recording." in page
    assert "Atrial fibrillation in 25.6 % of 19:30 assessed" in page
    assert "(09:20)" in page and "30 s of 20:00 are not readable in any lead" in page
    assert "a&lt;b&gt;" in page and "<i>" not in page


def test_the_page_asks_nothing_of_a_network(page):
    assert not re.search(r"(src|href)=\"(?!#)|@import|url\((?!#)|https?://(?!www.w3.org)", page)


def test_a_strip_for_each_excerpt_and_the_rest_is_counted(found):
    shown = holter(found)
    assert 5 < len(shown["strips"]) <= MOST_STRIPS
    starts = [one.start_s for one, _ in shown["strips"]]
    times_s = found.ectopy.times_s[found.ectopy.classes == "V"]
    left = sum(not any(start <= at < start + STRIP_S for start in starts) for at in times_s)
    assert f"Not on a strip: {left} of {len(times_s)} V beats." in shown["not_drawn"]
    assert not_drawn(found, ()).startswith("0 strips of 7 s: 0 s of 20:00.")


def test_counts_in_the_table_of_beats_are_those_of_the_ectopy(found, page):
    row = re.search(r"<tr><td>V</td>(.*?)</tr>", page, re.DOTALL)[1]
    cells = [unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", row)]
    ectopy = found.ectopy
    assert cells[0] == str(ectopy.counts["V"]) and cells[2] == str(ectopy.couplets["V"]) == "1"
    assert cells[3:5] == ["1", "1"] and cells[5] == "3 beats"


def bars(svg, fill):
    return [float(one.get("height")) for one in ET.fromstring(svg).iter("rect") if one.get("fill") == fill]


def test_bars_of_the_hours_are_as_tall_as_their_counts(found):
    hours = [replace(hour, ectopic={"S": 2, "V": n}) for hour, n in zip(found.hours(400.0), (100, 50, 1), strict=True)]
    svg = holter_figures.ectopy_by_hour(hours, ECTOPIC)
    tall = bars(svg, "#c2410c")
    assert np.allclose(np.array(tall) / tall[0], [1, 0.5, 0.01], atol=0.002)
    assert "151 V" in svg and "6 S" in svg


def test_the_histogram_holds_every_interval():
    rr_ms = np.array([500.0, 505.0, 801.0, 5000.0, 10.0])
    svg = holter_figures.rr_histogram(rr_ms, rr_ms[:2])
    every, normal = bars(svg, "#b9c2d2"), bars(svg, "#4a5568")
    assert len(every) == 4 and max(every) == 2 * min(every) == max(normal) and len(normal) == 1


def test_the_lorenz_plot_is_darker_where_there_are_more_pairs():
    first = np.concatenate((np.full(100, 800.0), [1200.0]))
    svg = holter_figures.lorenz(first, first[::-1])
    cells = [one for one in ET.fromstring(svg).iter("path") if one.get("fill")]
    assert len(cells) == 3 and {one.get("fill") for one in cells} == {"#1a202c", "#b9c2d2"}


def test_several_long_recordings_share_the_room_of_a_page(found):
    page = interpretations.as_html([found] * 6, {})
    assert page.count("<figure>") == 6 * 4
    assert 'id="viewer-1"' in page and 'id="viewer-2"' in page and page.count('"use strict"') == 1
