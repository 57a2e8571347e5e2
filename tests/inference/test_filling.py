"""Filled gaps: the typical beat, masks, marks in files and on pages, what is refused, and metrics beside formulas."""

import shutil

import numpy as np
import pytest

import einthoven
from einthoven.cli.main import main
from einthoven.errors import FileDamaged, OutputRefused, RecordUnreadable
from einthoven.evaluation import filling as scores
from einthoven.inference.filling import KEEPS, band, draws, load_net
from einthoven.records.record import Record
from einthoven.records.writing import TARGETS
from einthoven.signal import heartbeats, hiding
from einthoven.signal.beat_prior import beat_prior
from einthoven.training import pulsediff
from tests.signal.hearts import twelve_leads

FS_HZ = 250.0
_HEART = twelve_leads(FS_HZ, 14.0, rr_s=0.9)
CLEAN = Record("made", _HEART.signal_mv, FS_HZ, _HEART.leads)


def with_gap(first_s=6.0, end_s=8.0, leads=("I", "II"), record=CLEAN):
    rows = [record.leads.index(lead) for lead in leads]
    signal = np.array(record.signal_mv[rows])
    signal[:, round(first_s * record.fs_hz) : round(end_s * record.fs_hz)] = np.nan
    return Record("made", signal, record.fs_hz, leads)


def test_gaps_have_their_length_and_rate():
    rng = np.random.default_rng(0)
    hidden = hiding.extended(1000, 100.0, 3.0, rng)
    assert hiding.runs(hidden)[0][1] - hiding.runs(hidden)[0][0] == 300 == hidden.sum()
    lost = np.concatenate([hiding.transient(1000, 100.0, 0.3, rng) for _ in range(50)])
    assert lost.mean() == pytest.approx(0.3, abs=0.02)
    assert all((end - first) % 5 == 0 for first, end in hiding.runs(lost))


def test_a_straight_line_is_that_of_numpy():
    lead = np.array([1.0, 9.0, 9.0, 4.0, 9.0])
    np.testing.assert_allclose(hiding.straight(lead, np.array([0, 1, 1, 0, 1], bool)), [1, 2, 3, 4, 4])


def test_the_level_is_the_fullest_bin():
    lead = np.concatenate((np.full(90, 0.31), np.linspace(-1, 1, 20)))
    assert hiding.level(lead, np.zeros(110, bool)) == pytest.approx(0.31, abs=0.02)


def test_the_typical_beat_fills_a_steady_rhythm_at_the_right_place():
    filled = einthoven.impute(with_gap())
    inside = filled.filled[1]
    truth = CLEAN.signal_mv[CLEAN.leads.index("II")]
    assert np.corrcoef(truth[inside], filled.signal_mv[1][inside])[0, 1] > 0.4
    assert inside.sum() == 2 * FS_HZ and filled.low_mv is None
    true, found = (heartbeats.find(row.astype(float), FS_HZ) for row in (truth, filled.signal_mv[1]))
    n, near, _ = scores.beats_found(true, found, inside, FS_HZ)
    assert n >= 2 and near == n


def test_what_was_seen_is_not_changed_and_scale_does_not_matter():
    record = with_gap()
    filled = einthoven.impute(record)
    seen = ~filled.filled
    np.testing.assert_array_equal(filled.signal_mv[seen], record.signal_mv[seen])
    twice = einthoven.impute(Record("made", 2 * record.signal_mv, FS_HZ, record.leads))
    np.testing.assert_allclose(twice.signal_mv, 2 * filled.signal_mv, atol=1e-5)


def test_confidence_falls_with_the_rhythm():
    rng = np.random.default_rng(1)
    lead, hidden = np.zeros(1000), hiding.extended(1000, 100.0, 1.0, rng)
    steady = np.arange(20, 1000, 80)
    uneven = np.cumsum(rng.uniform(50, 110, 12)).astype(int)
    one, other = (beat_prior(lead, hidden, 100.0, peaks).confidence for peaks in (steady, uneven))
    assert one > 0.99 and other < 0.5
    assert beat_prior(lead, hidden, 100.0, steady[:2]).confidence == 0.0


@pytest.mark.parametrize("suffix", [target.suffix for target in TARGETS.values()])
def test_filled_samples_are_missing_again_when_a_file_is_read(suffix, tmp_path):
    filled = einthoven.impute(with_gap())
    if suffix not in KEEPS:
        with pytest.raises(OutputRefused, match="which samples were filled"):
            filled.write(tmp_path / f"filled{suffix}")
        return
    file = filled.write(tmp_path / f"filled{suffix}")
    again = einthoven.read(file)
    np.testing.assert_array_equal(np.isnan(again.signal_mv[:, : filled.filled.shape[1]]), filled.filled)
    assert any("1,000 samples are marked as filled" in text for text in again.warnings)


def test_filled_samples_are_never_counted(tmp_path):
    filled = einthoven.impute(with_gap())
    plain, again = (
        einthoven.interpret(one) for one in (filled.record, einthoven.read(filled.write(tmp_path / "f.csv")))
    )
    np.testing.assert_array_equal(again.beats, plain.beats)
    assert again.rate == plain.rate and not (filled.filled.all(0)[again.beats]).any()


def test_many_gaps_are_all_marked(tmp_path):
    rng = np.random.default_rng(3)
    signal = np.array(CLEAN.signal_mv[:2])
    signal[:, hiding.transient(signal.shape[1], FS_HZ, 0.2, rng)] = np.nan
    filled = einthoven.impute(Record("made", signal, FS_HZ, ("I", "II")))
    np.testing.assert_array_equal(filled.filled, np.isnan(signal))
    again = einthoven.read(filled.write(tmp_path / "filled.hea"))
    np.testing.assert_array_equal(np.isnan(again.signal_mv), filled.filled)


def test_a_mark_beyond_the_record_or_of_another_lead_is_harmless():
    from einthoven.records.filled import measured

    lines = (
        "einthoven filled, not measured: lead I, samples 3490-999999999999",
        "einthoven filled, not measured: lead V9, samples 1-2",
        "einthoven filled, not measured: lead I, samples -5",
    )
    found = measured(Record("made", CLEAN.signal_mv[:1], FS_HZ, ("I",), comments=lines))
    assert np.isnan(found.signal_mv).sum() == 10


def test_the_verb_writes_files_and_pages_that_say_what_was_filled(tmp_path, capsys):
    file = einthoven.write(with_gap(), tmp_path / "made.csv")
    for out in ("filled.hea", "filled.html", "filled.png"):
        assert main(["impute", str(file), "--out", str(tmp_path / out)]) == 0
        told = capsys.readouterr().out
        assert "6.000 to 8.000" in told and "not measurements" in told
    assert "guesses, not measurements" in (tmp_path / "filled.html").read_text()


BAD = {
    "no gap": (lambda: CLEAN, "no missing sample"),
    "all missing": (lambda: with_gap(0.0, 14.0), "0 s are seen"),
    "a gap as long as the record": (lambda: with_gap(1.0, 14.0), "fewer than 3 s"),
    "a long gap": (lambda: with_gap(4.0, 10.0), "longest filled is 5 s"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_filled_is_said_and_nothing_is_written(name, tmp_path, capsys):
    make, told = BAD[name]
    with pytest.raises(RecordUnreadable) as found:
        einthoven.impute(make())
    assert told in str(found.value)
    file = einthoven.write(make(), tmp_path / "made.csv")
    assert main(["impute", str(file), "--out", str(tmp_path / "filled.csv")]) == 2
    assert not (tmp_path / "filled.csv").exists()


def test_one_lead_without_signal_does_not_stop_the_others():
    record = with_gap()
    signal = np.array(record.signal_mv)
    signal[0] = np.nan
    filled = einthoven.impute(Record("made", signal, FS_HZ, ("I", "II")))
    assert not filled.filled[0].any() and filled.filled[1].any() and filled.remarks[0].startswith("I: 0 s")


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    folder = tmp_path_factory.mktemp("net") / "small"
    leads = [row[: 10 * 250 : 2][:1000].astype(float) for row in CLEAN.signal_mv[:3]]
    recipe = pulsediff.Recipe(steps=2, batch=2)
    pulsediff.train(leads, recipe, folder, {"width": 8, "n_blocks": 2})
    return folder


def test_a_net_fills_with_a_band(net):
    filled = einthoven.impute(with_gap(), net)
    assert filled.method == "PulseDiff" and filled.low_mv is not None and filled.high_mv is not None
    inside = filled.filled
    assert np.isfinite(filled.signal_mv[inside]).all()
    assert (filled.low_mv[inside] <= filled.signal_mv[inside] + 1e-5).all()
    np.testing.assert_array_equal(filled.signal_mv, einthoven.impute(with_gap(), net).signal_mv)


def test_a_net_leaves_what_is_seen(net):
    lead, hidden = CLEAN.signal_mv[1][:1000].astype(float), np.zeros(1000, bool)
    hidden[400:500] = True
    drawn = draws(load_net(net)[0], lead, hidden, 3, diffusion=True)
    np.testing.assert_array_equal(drawn[:, ~hidden], np.tile(lead[~hidden], (3, 1)))
    assert drawn[:, hidden].std(0).min() > 0


@pytest.mark.parametrize(
    "content", ["{}", "[]", '{"settings": {"width": 100000}, "recipe": {"diffusion": true}}', "\x00", None]
)
def test_a_damaged_network_is_refused(content, net, tmp_path):
    shutil.copy(net / "weights.safetensors", tmp_path)
    if content is not None:
        (tmp_path / "filler.json").write_text(content)
    with pytest.raises(FileDamaged, match="no network"):
        load_net(tmp_path)


def test_errors_and_bands_beside_formulas():
    rng = np.random.default_rng(0)
    truth, drawn = rng.normal(size=5), rng.normal(size=(7, 5))
    pairs = np.abs(drawn[:, None] - drawn[None]).sum((0, 1)) / (7 * 6)
    np.testing.assert_allclose(scores.crps(truth, drawn), np.abs(drawn - truth).mean(0) - pairs / 2)
    found = scores.errors(truth, truth + 2, np.array([1, 0, 1, 0, 0], bool))
    assert found == {"squared": 8.0, "absolute": 4.0, "n": 2.0}
    low, high = band(rng.normal(3, 2, (4000, 1)), 1.0)
    assert low == pytest.approx(3 - 1.645 * 2, abs=0.2) and high == pytest.approx(3 + 1.645 * 2, abs=0.2)


def test_beats_are_found_within_their_tolerance():
    hidden = np.zeros(1000, bool)
    hidden[300:700] = True
    true, found = np.array([100, 400, 500, 600]), np.array([100, 405, 510, 640])
    assert scores.beats_found(true, found, hidden, 100.0) == [3, 1, 2]
    lead = np.sin(np.arange(1000) / 9)
    np.testing.assert_allclose(scores.correlations(lead, -lead, true, hidden, 100.0), [-1, -1, -1])
    assert scores.correlations(lead, 0 * lead, true, hidden, 100.0) == [0, 0, 0]


def test_a_gap_without_heartbeats_around_it_is_left_and_it_is_said():
    """Noise has no typical beat: a straight line under that name would be wrong."""
    rng = np.random.default_rng(0)
    noise = 0.001 * rng.standard_normal((1, 5000))
    noise[0, 2000:2100] = np.nan
    with pytest.raises(RecordUnreadable, match="can be filled") as caught:
        einthoven.impute(Record("noise", noise, 250, ("II",)))
    assert "1 gap is left; too little signal or too few heartbeats" in caught.value.found
