"""Settings that contradict themselves are refused; physics by invariance: lead order, gain, offset, rate, place in the record."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.errors import ConfigurationFault, LeadMismatch
from einthoven.signal.features import FEATURES
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import INPUTS, Beats, Preparation, SignalSpec, Span, Tiles, prepare, prepared_signal

TWO = Preparation(SignalSpec(("MLII", "V1"), 180), Beats(1.2, 0.8))
MV = TWO.with_settings(scaling="millivolt")
TWELVE = Preparation(
    SignalSpec(STANDARD, 100, scaling="millivolt"), Tiles(10.0), ("signal", "beat", "summary", "waves")
)
OF_BEATS = ("rr", "p_waves", "similarity")
OF_WINDOWS = ("summary", "rhythm")


@pytest.fixture(scope="module")
def signal(ecg):
    lead, _ = ecg
    return np.stack((lead, -0.5 * lead[::-1])).astype(np.float32)


def prepared(signal, preparation, fs_hz=360.0, leads=("MLII", "V1")):
    return prepared_signal(Span(signal, fs_hz, leads, "strip.csv"), preparation)


def test_order_of_leads_in_the_file_does_not_matter(signal):
    straight = prepared(signal, TWO)
    np.testing.assert_array_equal(straight, prepared(signal[::-1], TWO, leads=("V1", "MLII")))


def test_an_offset_does_not_matter(signal):
    np.testing.assert_allclose(prepared(signal, MV), prepared(signal + 3, MV), atol=1e-4)


def test_local_scaling_takes_the_gain_out(signal):
    once, thrice = (prepared(factor * signal, TWO) for factor in (1, 3))
    assert np.abs(once - thrice).max() < 0.25 * np.abs(once).max()


def test_millivolts_stay_millivolts(signal):
    assert prepared(signal, MV)[0].max() == pytest.approx(1.2, abs=0.4)


def test_means_and_deviations_of_each_lead_are_taken_out(signal):
    stated = MV.with_settings(mean_mv=(0.1, -0.2), sd_mv=(2.0, 0.5))
    wanted = (prepared(signal, MV) - np.array([[0.1], [-0.2]])) / np.array([[2.0], [0.5]])
    np.testing.assert_allclose(prepared(signal, stated), wanted, atol=1e-6)


def test_another_rate_gives_the_same_input(signal):
    from scipy.signal import resample_poly

    faster = resample_poly(signal, 25, 18, axis=1, padtype="edge")
    a, b = (prepared(x, MV, fs) for x, fs in ((signal, 360), (faster, 500)))
    n = min(a.shape[1], b.shape[1])
    np.testing.assert_allclose(a[:, 200 : n - 200], b[:, 200 : n - 200], atol=0.03)


def test_a_slice_with_a_margin_gives_what_the_whole_gives(signal):
    """The filters are finite: this is what lets a stream equal the record."""
    whole = prepared(signal, TWO)
    start, stop, margin = 7200, 14400, 3600
    part = prepared(signal[:, start - margin : stop + margin], TWO)
    np.testing.assert_allclose(part[:, margin // 2 : -margin // 2], whole[:, start // 2 : stop // 2], atol=2e-4)


def test_missing_samples_leave_no_nan(signal):
    holed = signal.copy()
    holed[0, 5000:5400] = np.nan
    assert np.isfinite(prepared(holed, TWO)).all()


def test_windows_are_centred_on_their_beats(ecg):
    lead, beats = ecg
    wanted = MV.with_settings(leads=("MLII",))
    windows = prepare(Span(lead[None].astype(np.float32), 360.0, ("MLII",), "strip"), wanted, beats)
    assert windows.signal.shape == (len(beats), 1, 360)
    assert windows.beat is None and windows.features is None and list(windows.parts) == ["signal"]
    np.testing.assert_array_equal(windows.position, beats)
    peak = np.abs(windows.signal[3:-3, 0, 196:236]).argmax(axis=1) + 196
    assert np.abs(peak - TWO.before).max() <= 2


@pytest.mark.parametrize("inputs", [("signal",), ("signal", "beat"), ("signal", "beat", *OF_BEATS), ("signal", "rr")])
def test_beats_have_the_parts_that_are_asked_for(signal, ecg, inputs):
    """The signal is scaled by the typical beat where one is found, and then whatever else is asked for."""
    wanted = MV.with_settings(inputs=inputs)
    windows = prepare(Span(signal, 360.0, ("MLII", "V1"), "strip"), wanted, ecg[1])
    n = len(ecg[1])
    assert {name: part.shape for name, part in windows.parts.items()} == {
        "signal": (n, 2, 360),
        **({"beat": (n, 2, wanted.beat_samples)} if "beat" in inputs else {}),
        **({"features": (n, wanted.n_features)} if wanted.n_features else {}),
    }
    assert all(part.dtype == np.float32 for part in windows.parts.values())
    whole = prepare(Span(signal, 360.0, ("MLII", "V1"), "strip"), MV.with_settings(inputs=("signal", "beat")), ecg[1])
    assert np.array_equal(windows.signal, whole.signal) == wanted.reads_beats
    if windows.beat is not None:
        assert (windows.beat == windows.beat[:1]).all(), "a record has one typical beat"


def test_no_beats_give_no_windows(signal):
    for inputs in (("signal",), ("signal", "beat", *OF_BEATS)):
        windows = prepare(
            Span(signal, 360.0, ("MLII", "V1"), "strip"), MV.with_settings(inputs=inputs), np.zeros(0, int)
        )
        assert len(windows) == 0 and windows.signal.shape == (0, 2, 360)


@pytest.mark.parametrize("n, starts", [(800, [0]), (1000, [0]), (1499, [0]), (1500, [0, 500]), (3100, [0, 1000, 2000])])
def test_tiles_cover_the_source(n, starts):
    """What is short is filled with zeros; half a window or more that is left over is one, moved back."""
    wanted = Preparation(SignalSpec(("II",), 100.0, scaling="millivolt"), Tiles(10.0))
    source = Span(np.random.default_rng(0).standard_normal((1, n)).astype(np.float32), 100.0, ("II",), "strip")
    windows, whole = prepare(source, wanted), prepared_signal(source, wanted)
    assert windows.position.tolist() == starts and windows.signal.shape == (len(starts), 1, 1000)
    for window, start in zip(windows.signal, starts, strict=True):
        there = whole[:, start : start + 1000]
        np.testing.assert_array_equal(window[:, : there.shape[1]], there)
        assert not window[:, there.shape[1] :].any()


def test_a_missing_lead_is_named(signal):
    with pytest.raises(LeadMismatch, match="V1") as caught:
        prepared(signal[:1], TWO, leads=("MLII",))
    assert "strip.csv" in str(caught.value)


def test_all_faults_are_named_at_once():
    with pytest.raises(ConfigurationFault) as caught:
        Preparation(SignalSpec((), 0, scaling="x", mean_mv=(1.0,)), Beats(-1, 0))
    for fault in ("no leads", "fs_hz is 0", "scaling is x", "1 means and 0 deviations for 0 leads"):
        assert fault in caught.value.found
    with pytest.raises(ConfigurationFault) as caught:
        Preparation(SignalSpec(("II",), 100), Beats(-1, 0), ("signal", "beat", "summary"))
    for fault in ("from 1 s to 0 s", "inputs summary, which are not measured for each beat", "with scaling local"):
        assert fault in caught.value.found
    assert "inputs among signal, beat, aligned_beat, rr" in caught.value.expected


@pytest.mark.parametrize(
    "preparation, wrong, fault",
    [
        (MV, {"inputs": ("signal", "beat", "summary")}, "summary, which are not measured for each beat"),
        (MV, {"inputs": ("signal", "waves", "rhythm")}, "waves, rhythm, which are not measured for each beat"),
        (TWELVE, {"inputs": ("signal", "beat", "rr")}, "rr, which are not measured for each window"),
        (TWELVE, {"inputs": ("beat", "signal")}, "signal must come first"),
        (TWELVE, {"inputs": ()}, "signal must come first"),
        (TWELVE, {"inputs": ("signal", "beat", "beat")}, "each once"),
        (TWELVE, {"inputs": ("signal", "pulse")}, "inputs signal, pulse"),
        (TWELVE, {"window_s": 1.0}, "typical beats of windows of 1 s"),
        (TWELVE, {"crop_s": 2.5}, "with crops of 2.5 s"),
        (TWELVE, {"window_s": 0.01}, "windows of 0.01 s"),
        (TWELVE, {"inputs": ("signal",), "crop_s": 20.0}, "crops of 20 s of windows of 10 s"),
        (TWELVE, {"context_s": 10.0}, "a context of 10 s for inputs other than"),
        (TWELVE, {"inputs": ("signal",), "context_s": 10.0}, "a context of 10 s without measurements"),
        (TWELVE, {"inputs": ("signal", "intervals"), "context_s": -1.0}, "measured with -1 s around them"),
        (TWO, {"inputs": ("signal", "beat")}, "scaling local"),
        (TWO, {"before_s": 0.01, "after_s": 0.0}, "from -0.01 s to 0 s"),
        (TWO, {"low_hz": 60.0}, "a band of 60 to 40 Hz"),
        (TWO, {"sd_mv": (1.0, 1.0)}, "0 means and 2 deviations"),
    ],
)
def test_what_contradicts_itself_is_refused(preparation, wrong, fault):
    with pytest.raises(ConfigurationFault, match="Invalid preparation") as caught:
        preparation.with_settings(**wrong)
    assert fault in caught.value.found


@pytest.mark.parametrize(
    "wrong", [{"leads": ("I", "II")}, {"scaling": "local"}, {"mean_mv": (0.0,) * 12, "sd_mv": (1.0,) * 12}]
)
def test_waves_are_measured_on_twelve_leads_in_millivolts(wrong):
    assert "waves" in TWELVE.inputs
    with pytest.raises(ConfigurationFault) as caught:
        TWELVE.with_settings(**wrong)
    assert caught.value.found.startswith("waves of ")


def test_a_stated_length_turns_beats_into_tiles_and_back():
    tiles = MV.with_settings(window_s=10.0)
    assert tiles.cut == Tiles(10.0) and tiles.is_whole and (tiles.before, tiles.n_samples) == (0, 1800)
    assert MV.with_settings(crop_s=1.0).cut == Tiles(2.0, 1.0), "as long as the beat's window was"
    assert tiles.with_settings(crop_s=2.5).cut == Tiles(10.0, 2.5)
    beats = tiles.with_settings(before_s=0.3)
    assert beats.cut == Beats(0.3, 0.5) and not beats.is_whole
    assert beats.with_settings(after_s=0.7).cut == Beats(0.3, 0.7)
    assert tiles.signal == beats.signal == MV.signal
    assert MV.with_settings() == MV
    assert MV.with_settings(inputs=["signal", "beat"]).inputs == ("signal", "beat")
    assert MV.with_settings(fs_hz=90.0).n_samples == 180


@pytest.mark.parametrize(
    "stated, found",
    [
        ({"patient": True, "waves": True}, "patient, waves"),
        ({"before_s": 0.1, "window_s": 10.0}, "before_s, window_s"),
        ({"after_s": 0.1, "crop_s": 1.0}, "after_s, crop_s"),
        ({"cut": "tiles"}, "cut"),
    ],
)
def test_settings_that_are_unknown_or_of_both_kinds_are_refused(stated, found):
    with pytest.raises(ConfigurationFault, match="Unknown or contradictory settings") as caught:
        MV.with_settings(**stated)
    assert caught.value.found == found
    assert "before_s and after_s" in caught.value.expected and "window_s" in caught.value.expected


_SECONDS = st.floats(0.0, 3.0).map(lambda seconds: round(seconds, 3))


@st.composite
def preparations(draw) -> Preparation:
    """Any preparation that does not contradict itself."""
    is_whole = draw(st.booleans())
    fs_hz = draw(st.sampled_from([100, 150.0, 180, 360.0]))
    cut = Tiles(draw(st.floats(2.0, 30.0))) if is_whole else Beats(draw(_SECONDS) + 0.05, draw(_SECONDS) + 0.05)
    sets = draw(st.lists(st.sampled_from(["beat", *(OF_WINDOWS if is_whole else OF_BEATS)]), unique=True))
    leads = tuple(draw(st.lists(st.sampled_from(["I", "II|MLII", "V1", "ECG"]), min_size=1, unique=True)))
    if is_whole and draw(st.booleans()):
        leads, sets = STANDARD, [*sets, "waves"]
    if is_whole and not sets:
        cut = Tiles(cut.window_s, draw(st.sampled_from([0.0, 1.0, cut.window_s])))
    scaling = "millivolt" if sets else draw(st.sampled_from(["millivolt", "local"]))
    norm = {}
    if "waves" not in sets and draw(st.booleans()):
        norm = {"mean_mv": (0.25,) * len(leads), "sd_mv": (1.5,) * len(leads)}
    low, high = draw(st.sampled_from([(0.5, 40.0), (0.05, 25), (1, 45.0)]))
    return Preparation(SignalSpec(leads, fs_hz, low, high, scaling, **norm), cut, ("signal", *sets))


@given(preparations())
@settings(deadline=None)
def test_round_trip(preparation):
    plain = json.loads(json.dumps(preparation.as_dict()))
    again = Preparation.from_dict(plain)
    assert again == preparation and hash(again) == hash(preparation)
    assert again.as_dict() == preparation.as_dict() == plain
    assert preparation.with_settings() == preparation


@given(preparations())
@settings(deadline=None)
def test_sizes_are_those_of_the_inputs(preparation):
    assert preparation.n_features == sum(len(FEATURES[name]) for name in preparation.inputs if name in FEATURES)
    assert bool(preparation.beat_samples) == ("beat" in preparation.inputs)
    if preparation.beat_samples:
        assert 0 <= preparation.r_peak < preparation.beat_samples
    assert preparation.n_samples == pytest.approx(preparation.window_s * preparation.fs_hz, abs=1.01)
    assert preparation.n_input <= preparation.n_samples
    assert set(preparation.inputs) <= set(INPUTS)


@pytest.mark.parametrize(("fs_hz", "low_hz", "high_hz"), [(100.0, 0.5, 40.0), (360.0, 0.5, 40.0), (128.0, 1.0, 200.0)])
def test_the_band_pass_is_scipy_s(fs_hz, low_hz, high_hz):
    from scipy.signal import firwin, oaconvolve

    from einthoven.signal import filters

    n_taps = 2 * int(fs_hz / low_hz) + 1
    theirs = firwin(n_taps, (low_hz, min(high_hz, 0.49 * fs_hz)), pass_zero=False, fs=fs_hz)
    window = np.hamming(n_taps)
    theirs -= window * theirs.sum() / window.sum()
    ours = filters.band_pass_taps(fs_hz, low_hz, high_hz)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    rng = np.random.default_rng(0)
    for n, precision, atol in (
        (300, np.float32, 2e-5),
        (300, float, 1e-9),
        (30_000, np.float32, 2e-5),
        (30_000, float, 1e-9),
    ):
        signal = rng.standard_normal((2, n)).astype(precision)
        held = np.pad(signal - np.median(signal, axis=1, keepdims=True), ((0, 0), (n_taps // 2,) * 2), mode="edge")
        wanted = oaconvolve(held.astype(float), theirs[None], mode="valid", axes=-1)
        got = filters.band_pass(signal, fs_hz, low_hz, high_hz)
        np.testing.assert_allclose(got, wanted, atol=atol)
        assert got.dtype == precision
