"""A printed page is true to scale, on one sheet, and says whose it is, what was found, and what was declined."""

import shutil
import subprocess
import warnings
from dataclasses import replace

import numpy as np
import pytest

import einthoven
from einthoven.errors import ConfigurationFault, OutputRefused
from einthoven.inference.answer import DISCLAIMER
from einthoven.interpretation.asked import Asked
from einthoven.interpretation.interpretation import Interpretation
from einthoven.records.anonymous import anonymous
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.report import interpretations, paper, twelve
from einthoven.report.paper_plan import clearest_start, plan_of
from einthoven.report.sheet import PAPERS, Sheet
from einthoven.signal import quality
from einthoven.signal.leads import STANDARD
from tests.interpretation import long
from tests.report.pdf_paths import lines_mm, pages, size_mm
from tests.signal.hearts import twelve_leads

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FS_HZ = 500
JANE = Identity(
    name="Doe, Jane $x^2$", patient_id="4711", age_years=54, sex="female", device="Cardio 1", birth_date="1970-01-02"
)


def interpretation(signal_mv, leads=STANDARD, findings=(), **of_record):
    """Return an interpretation that nothing was asked for."""
    record = Record("rec", np.asarray(signal_mv, np.float32), FS_HZ, leads, **of_record)
    asked = (Asked("rhythm", "", "needs lead I or II", "no_model"),)
    return Interpretation(record, quality.examine(record.signal_mv, record.leads, FS_HZ), findings, asked)


def spikes(n_leads=12, length_s=10):
    """Return leads with 1 mV up at 0.5 s and 1 mV down at 2 s of every 2.5 s, one sample wide; at 8.5 s lead II alone has 1 mV."""
    signal_mv = np.zeros((n_leads, length_s * FS_HZ), np.float32)
    for column in range(length_s * 2 // 5):
        begin = round(2.5 * column * FS_HZ)
        signal_mv[:, begin + 250], signal_mv[:, begin + 1000] = 1.0, -1.0
    return signal_mv


def require_true(page, n_pulses):
    """Check pulses of 10 mm, and spikes of lead II 225 mm apart: 0.5 to 9.5 s; all within 1 %."""
    lines = lines_mm(page)
    sizes = [np.ptp(line, axis=0) for line in lines if len(line) == 6]
    assert len(sizes) == n_pulses
    np.testing.assert_allclose(sizes, [[5.0, 10.0]] * n_pulses, rtol=0.01)
    rhythm = max(lines, key=lambda line: np.ptp(line[:, 0]) if len(line) > 6 else 0)
    middle = np.median(rhythm[:, 1])
    up, down = (rhythm[sign * (rhythm[:, 1] - middle) > 9.0] for sign in (1, -1))
    assert (len(up), len(down)) == (4, 4)
    assert np.ptp(up[:, 0]) == pytest.approx(7.5 * 25, rel=0.01)
    assert np.diff(np.sort(up[:, 0])) == pytest.approx(62.5, rel=0.01)
    assert up[:, 1].mean() - down[:, 1].mean() == pytest.approx(20.0, rel=0.01)


@pytest.mark.parametrize("size", PAPERS)
def test_the_pdf_is_true_to_scale_on_one_page(size, tmp_path):
    interpretations.write([interpretation(spikes())], {}, tmp_path / "ecg.pdf", Sheet(size))
    (page,) = pages(tmp_path / "ecg.pdf")
    assert size_mm(page) == pytest.approx(PAPERS[size], abs=0.1)
    require_true(page, n_pulses=4)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.parametrize("size", PAPERS)
def test_the_page_is_true_to_scale_when_a_browser_prints_it(size, tmp_path):
    found = interpretation(spikes(), identity=JANE, machine=MachineReading(("Machine says a lot. " * 20,) * 2))
    interpretations.write([found, found], {}, tmp_path / "ecg.html", Sheet(size))
    printed = tmp_path / "printed.pdf"
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--print-to-pdf={printed}",
    ]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    subprocess.run([*command, profile, str(tmp_path / "ecg.html")], check=True, capture_output=True, timeout=120)
    found_pages = pages(printed)
    assert len(found_pages) == 3, "one of the list of recordings, and one of each"
    for page in found_pages[1:]:
        assert size_mm(page) == pytest.approx(PAPERS[size], abs=0.5)
        require_true(page, n_pulses=4)


@pytest.mark.parametrize(("name", "n_rows"), [("3x4+1", 4), ("6x2", 6), ("12x1", 12), ("cabrera", 6)])
def test_each_layout_shows_twelve_leads_for_the_same_time(name, n_rows, tmp_path):
    layout = twelve.LAYOUTS[name]
    assert layout.n_rows == n_rows
    assert {piece.lead.removeprefix("-") for piece in layout.pieces} == set(STANDARD)
    for row in range(n_rows):
        assert sum(piece.length_s for piece in layout.pieces if piece.row == row) == pytest.approx(twelve.PAGE_S)
    interpretations.write([interpretation(spikes())], {}, tmp_path / "ecg.pdf", Sheet("letter", name))
    (page,) = pages(tmp_path / "ecg.pdf")
    assert sum(len(line) == 6 for line in lines_mm(page)) == n_rows
    words = page.extract_text().split()
    assert {lead.replace("-", "−") for lead in {piece.lead for piece in layout.pieces}} <= set(words)


def test_cabrera_turns_avr_upside_down():
    (piece,) = [piece for piece in twelve.LAYOUTS["cabrera"].pieces if piece.lead == "-aVR"]
    signal_mv = np.arange(12)[:, None] + np.zeros((12, 5000))
    assert (twelve.row_of(piece, signal_mv, FS_HZ, 0.0) == -3).all()
    order = [piece.lead for piece in twelve.LAYOUTS["cabrera"].pieces[:6]]
    assert order == ["aVL", "I", "-aVR", "II", "aVF", "III"]


def test_a_peak_of_one_sample_is_drawn_whole_at_every_rate():
    for fs_hz in (128, 500, 1000, 2000):
        lead_mv = np.zeros(2 * fs_hz)
        lead_mv[fs_hz + 1] = 1.0
        drawn = paper.trace(lead_mv, fs_hz, 20.0, (-4.0, 4.0))
        assert f"L{paper.LEFT_MM + 25 * (fs_hz + 1) / fs_hz:.2f} 10.00" in drawn


def test_a_gap_inside_the_samples_that_are_thinned_is_not_drawn():
    lead_mv = np.zeros(4000)
    lead_mv[2001:2003] = np.nan
    assert paper.trace(lead_mv, 1000, 20.0, (-4.0, 4.0)).split('d="')[1].count("M") == 2


def test_the_head_says_whose_it_is_as_the_file_does_and_formulas_stay_words(tmp_path):
    device = MachineReading(measurements={"heart_rate_bpm": 71.0})
    found = interpretation(spikes(), identity=JANE, machine=device)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interpretations.write([found], {}, tmp_path / "ecg.pdf")
    words = " ".join(pages(tmp_path / "ecg.pdf")[0].extract_text().split())
    for text in (
        "Doe, Jane $x^2$",
        "ID 4711",
        "age 54",
        "sex female",
        "born 1970-01-02",
        "device Cardio 1",
        DISCLAIMER,
    ):
        assert text in words
    assert "Not assessed: rhythm (needs lead I or II)." in words
    assert "25 mm/s" in words and "10 mm/mV" in words


def test_anonymous_leaves_out_whose_it_is(tmp_path):
    found = interpretation(spikes(), identity=JANE)
    hidden = replace(found, record=anonymous(found.record))
    for name in ("ecg.pdf", "ecg.html"):
        interpretations.write([hidden], {}, tmp_path / name)
    words = pages(tmp_path / "ecg.pdf")[0].extract_text() + (tmp_path / "ecg.html").read_text()
    told = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "recording-" in words
    assert not [text for text in ("Doe", "4711", "1970", "Cardio 1") if text in words or text.encode() in told]


def test_a_long_name_and_many_findings_stay_on_the_page(tmp_path):
    long = Identity(name="A" * 900, device="B C " * 400)
    machine = MachineReading(tuple(f"statement {n} of the device" for n in range(80)))
    interpretations.write([interpretation(spikes(), identity=long, machine=machine)], {}, tmp_path / "ecg.pdf")
    (page,) = pages(tmp_path / "ecg.pdf")
    require_true(page, n_pulses=4)


def test_a_few_leads_are_drawn_in_rows_of_ten_seconds():
    plan = plan_of(interpretation(spikes(1, 30), ("II",)))
    assert [trace.name for trace in plan.traces] == ["II  0:00", "II  0:10", "II  0:20"]
    assert plan.shown == "the whole recording, 30 s"
    plan = plan_of(interpretation(spikes(3, 60), ("I", "II", "III")))
    assert plan.n_rows == 12 and plan.shown == "0:00 to 0:40 of 1:00"


def test_a_long_recording_is_summed_up_by_its_trend_and_strips_that_differ(tmp_path):
    found = long.interpretation()
    plan = plan_of(found)
    assert [trace.row for trace in plan.traces] == [0, 1, 2, 3, 4] and plan.shown == "5 strips of lead MLII of 20:00"
    begins = [trace.name.split("  ")[0] for trace in plan.traces]
    assert begins == sorted(begins, key=lambda text: [int(part) for part in text.split(":")])
    pause = next(trace for trace in plan.traces if "longest pause, 2.5 s" in trace.name)
    np.testing.assert_array_equal(pause.samples_mv, excerpt_at(found, long.PAUSE_AT_S - 1.5))
    interpretations.write([found], {}, tmp_path / "long.pdf", Sheet("letter"))
    (page,) = pages(tmp_path / "long.pdf")
    pulses = [np.ptp(line, axis=0) for line in lines_mm(page) if len(line) == 6]
    np.testing.assert_allclose(pulses, [[5.0, 10.0]] * 5, rtol=0.01)
    text = page.extract_text()
    assert "heart rate, beats/min" in text and "longest pause, 2.5 s" in text and "15:00" in text


def excerpt_at(found, start_s):
    """Ten seconds of the first lead that begin at the longest pause, as it was found."""
    pause = max(found.ectopy.pauses, key=lambda one: one.length_s)
    assert abs(pause.start_s - 1.5 - start_s) < 2
    begin = round((pause.start_s - 1.5) * found.record.fs_hz)
    return found.record.signal_mv[0, begin : begin + 2000]


def test_the_ten_seconds_with_the_least_poor_signal_are_drawn():
    source = twelve_leads(500.0, 30.0, rr_s=0.85)
    signal_mv = np.array(source.signal_mv[:2])
    signal_mv[:, : 15 * FS_HZ] = np.nan
    assert 15 <= clearest_start(quality.examine(signal_mv, ("I", "II"), FS_HZ), 30.0) <= 20
    assert clearest_start(quality.examine(np.zeros((1, 100), np.float32), ("I",), FS_HZ), 0.2) == 0.0


def test_a_missing_lead_leaves_its_place_empty(tmp_path):
    signal_mv = spikes()
    signal_mv[4] = np.nan
    interpretations.write([interpretation(signal_mv)], {}, tmp_path / "ecg.pdf")
    assert len(pages(tmp_path / "ecg.pdf")) == 1


def test_a_lead_that_leaves_the_page_is_said_to_be_cut_off(tmp_path):
    signal_mv = spikes()
    signal_mv[1, 2600] = 6.0
    interpretations.write([interpretation(signal_mv)], {}, tmp_path / "ecg.pdf")
    assert "II (cut off)" in pages(tmp_path / "ecg.pdf")[0].extract_text()


def test_a_picture_shows_one_recording(tmp_path):
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    with pytest.raises(OutputRefused, match=r"--out .*ecg\.pdf"):
        interpretations.require_writable(tmp_path / "ecg.png", files)
    interpretations.require_writable(tmp_path / "ecg.pdf", files)
    interpretations.write([interpretation(spikes())], {}, tmp_path / "ecg.png")
    assert (tmp_path / "ecg.png").read_bytes().startswith(b"\x89PNG")


def test_a_record_is_plotted_without_asking_a_model(tmp_path):
    record = interpretation(spikes(), identity=JANE).record
    figure = einthoven.plot(record, "6x2", "letter")
    assert figure.get_size_inches() * 25.4 == pytest.approx(PAPERS["letter"])
    figure.savefig(tmp_path / "ecg.pdf")
    (page,) = pages(tmp_path / "ecg.pdf")
    assert sum(len(line) == 6 for line in lines_mm(page)) == 6
    assert "assessed" not in page.extract_text() and "Doe, Jane" in page.extract_text()
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_an_interpretation_is_plotted_and_shown_in_notebooks():
    found = interpretation(spikes(), identity=Identity(name="<b>"))
    assert any("Not assessed" in text.get_text() for text in found.plot().axes[0].texts)
    assert "<b>rec</b>" in found._repr_html_() and "Not assessed: rhythm" in found._repr_html_()


@pytest.mark.parametrize("wrong", [{"layout": "5x5"}, {"paper": "a5"}])
def test_an_unknown_layout_or_paper_is_refused(wrong):
    with pytest.raises(ConfigurationFault, match=r"einthoven.plot\(record, "):
        einthoven.plot(interpretation(spikes()), **wrong)
