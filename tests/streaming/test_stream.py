"""A live signal gets the answers of the whole record, however it is cut; oddities are marked."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import einthoven
from einthoven import bundle
from einthoven.errors import ConfigurationFault, FileDamaged, LeadMismatch, RecordUnreadable
from einthoven.models import MODELS
from einthoven.records.record import Record
from einthoven.signal.preparation import Preparation, SignalSpec, Span, Tiles, prepared_signal
from einthoven.streaming.answer import StreamAnswer
from einthoven.streaming.buffer import Buffer, Mark
from einthoven.streaming.stream import Stream

FS_HZ = 360.0
_TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def tiled(tmp_path_factory):
    """A model of ten-second windows of one lead at 150 Hz, untrained."""
    torch.manual_seed(1)
    wanted = Preparation(SignalSpec(("I|II|MLII",), 150, scaling="local"), Tiles(10))
    network = MODELS["cnn"](1, 3, wanted.n_input, widths=(8, 8))
    card = bundle.Card(
        name="tiled",
        architecture="cnn",
        settings={"widths": [8, 8]},
        classes=tuple("NAO"),
        labels="three",
        meanings=("normal", "fibrillation", "other"),
        preparation=wanted,
        training={"corpus": "challenge-2017", "protocol": "clean", "patients": []},
    )
    folder = tmp_path_factory.mktemp("tiled") / "tiled"
    bundle.save(folder, card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})
    return einthoven.load(folder)


@pytest.fixture(scope="module")
def beats_model(untrained):
    return einthoven.load(untrained)


@pytest.fixture
def record(ecg):
    return Record("strip", ecg[0][None].astype(np.float32), FS_HZ, ("MLII",))


def replay(stream, signal_mv, chunk: int):
    """Feed a whole signal [leads, samples] in pieces, and end it."""
    for at in range(0, signal_mv.shape[1], chunk):
        yield stream.feed(signal_mv[:, at : at + chunk])
    yield stream.end()


def answers_in(events) -> list[StreamAnswer]:
    return [one for one in events if isinstance(one, StreamAnswer)]


def marks(events) -> list[Mark]:
    return [one for one in events if isinstance(one, Mark)]


def followed(model, record, chunk: int) -> list:
    stream = Stream(model, record.fs_hz, record.leads)
    return [one for told in replay(stream, record.signal_mv, chunk) for one in told]


def same_as_whole(model, record, told) -> None:
    """Whether a stream's answers are those to the whole record."""
    whole = model(record)
    got = answers_in(told)
    assert [one.sample for one in got] == [round(one.start_s * record.fs_hz) for one in got] == whole.samples.tolist()
    assert [one.kind for one in got] == [whole.kind] * whole.n_items
    values = [list(one.probabilities.values()) for one in got]
    np.testing.assert_allclose(values, whole.probabilities, atol=_TOLERANCE)


_CUTS = st.tuples(st.integers(20, 30_000), st.integers(1500, 21_600)) | st.tuples(
    st.integers(1, 20), st.integers(1500, 6000)
)


@given(cuts=_CUTS, scale=st.sampled_from([1, 2]))
@settings(deadline=None, max_examples=20)
def test_any_chunks_give_the_answers_of_the_whole_record(beats_model, tiled, ecg, cuts, scale):
    chunk, cut = cuts
    signal = ecg[0][None, :cut:scale].astype(np.float32)
    record = Record("strip", signal, FS_HZ / scale, ("MLII",))
    for model, least_s in ((beats_model, 3.0), (tiled, 5.0)):
        if record.duration_s >= least_s:
            same_as_whole(model, record, followed(model, record, chunk))


def test_gaps_are_filled_as_in_the_whole_record(beats_model, tiled, record):
    signal = record.signal_mv.copy()
    signal[0, :200] = signal[0, 4000:4300] = signal[0, 9000:10500] = signal[0, -50:] = np.nan
    gaps = replace(record, signal_mv=signal)
    for model in (beats_model, tiled):
        told = followed(model, gaps, 333)
        same_as_whole(model, gaps, told)
        assert [
            (round(mark.start_s * FS_HZ), round(mark.end_s * FS_HZ)) for mark in marks(told) if mark.kind == "gap"
        ] == [
            (0, 200),
            (4000, 4300),
            (9000, 10500),
            (len(signal[0]) - 50, len(signal[0])),
        ]
    doubts = {one.doubt for one in answers_in(told) if one.start_s < 4000 / FS_HZ < one.end_s}
    assert doubts == {"missing samples"}


def test_a_long_gap_does_not_delay_the_stream(beats_model, ecg):
    stream = Stream(beats_model, FS_HZ, ("MLII",))
    stream.feed(ecg[0][None, :3600])
    for _ in range(60):
        stream.feed(np.full((1, 360), np.nan))
        assert stream.buffer.values.shape[1] < 30 * FS_HZ
    assert stream.buffer.off(0)
    told = answers_in(stream.feed(ecg[0][None]))
    assert len(told) > 20


def test_memory_is_bounded(beats_model, tiled, ecg):
    for model in (beats_model, tiled):
        stream = Stream(model, FS_HZ, ("MLII",))
        sizes = []
        for _ in range(4):
            stream.feed(ecg[0][None])
            finder = stream.finder
            sizes.append(stream.buffer.values.shape[1] + finder.raw.shape[1] + len(stream.waiting))
        assert max(sizes) < 60 * FS_HZ
        assert sizes[-1] < 1.2 * max(sizes[:2])


def test_a_lead_that_falls_off_is_marked_and_comes_back(beats_model, ecg):
    signal = ecg[0].copy()
    signal[3600:7920] = 0.0
    record = Record("strip", signal[None].astype(np.float32), FS_HZ, ("MLII",))
    told = marks(followed(beats_model, record, 500))
    assert [(mark.kind, mark.start_s, mark.end_s) for mark in told] == [
        ("lead_off", 10.0, 13.0),
        ("lead_on", 10.0, 22.0),
    ]


def test_a_jump_as_a_lead_comes_back_does_not_leave_it_off(beats_model, ecg):
    signal = ecg[0].copy()
    signal[3600:7920] = 0.0
    signal[7930] = 45.0
    record = Record("strip", signal[None].astype(np.float32), FS_HZ, ("MLII",))
    told = followed(beats_model, record, 500)
    assert [mark.kind for mark in marks(told)] == ["lead_off", "lead_on", "implausible"]
    assert not [one for one in answers_in(told) if one.start_s > 25 and one.doubt == "unreadable"]


def test_beats_and_windows_in_a_lead_off_are_unreadable(beats_model, tiled, ecg):
    """Those inside and no others, whenever they are classified."""
    signal = ecg[0].copy()
    signal[3600:7920] = 0.004 * np.random.default_rng(0).standard_normal(4320)
    record = Record("strip", signal[None].astype(np.float32), FS_HZ, ("MLII",))
    beats = answers_in(followed(beats_model, record, 500))
    for one in beats:
        assert (one.doubt == "unreadable") == (10 <= one.start_s < 20) and (not one.predicted) == (
            one.doubt == "unreadable"
        )
    windows = answers_in(followed(tiled, record, 500))
    assert [one.doubt == "unreadable" for one in windows] == [False, True, False, False, False, False]


@pytest.mark.parametrize("value", [1500.0, -5e4, 1e300])
def test_an_impossible_value_counts_as_missing_and_is_marked(beats_model, record, value):
    """As in the whole record; the detector's thresholds do not learn from it."""
    signal = record.signal_mv.astype(float)
    signal[0, 9000] = value
    told = followed_raw(beats_model, signal)
    assert [(mark.kind, mark.lead, mark.start_s) for mark in marks(told)] == [("impossible", "MLII", 25.0)]
    same_as_whole(beats_model, Record("strip", signal, FS_HZ, ("MLII",)), told)


@pytest.mark.parametrize("seconds", [0.5, 4.9])
def test_a_signal_too_short_for_the_model_is_too_short_for_a_stream(tiled, record, seconds):
    short = replace(record, signal_mv=record.signal_mv[:, : round(seconds * FS_HZ)])
    with pytest.raises(RecordUnreadable):
        tiled(short)
    assert [one.kind for one in followed(tiled, short, 100)] == ["too_short"]


def test_amplitudes_that_cannot_be_millivolts_are_marked(beats_model, record):
    loud = [mark.kind for mark in marks(followed_raw(beats_model, 1000 * record.signal_mv))]
    assert loud.count("implausible") == 1 and set(loud) == {"implausible", "impossible"} and len(loud) <= 7


def followed_raw(model, signal):
    stream = Stream(model, FS_HZ, ("MLII",))
    return [one for told in replay(stream, signal, 777) for one in told]


@pytest.mark.parametrize("at", [1, 359, 5000, 12_345])
def test_a_saved_stream_continues_as_if_it_had_not_stopped(beats_model, tiled, record, tmp_path, at):
    for model in (beats_model, tiled):
        first = Stream(model, FS_HZ, record.leads)
        told = first.feed(record.signal_mv[:, :at])
        first.save(tmp_path / "state")
        again = Stream.restored(model, tmp_path / "state")
        told += [one for more in replay(again, record.signal_mv[:, at:], 999) for one in more]
        same_as_whole(model, record, told)
        assert again.n_answers == len(answers_in(told))


def test_a_state_of_another_model_or_a_broken_one_is_refused(beats_model, tiled, record, tmp_path):
    Stream(beats_model, FS_HZ, record.leads).save(tmp_path / "state")
    with pytest.raises(FileDamaged, match="other weights"):
        Stream.restored(tiled, tmp_path / "state")
    (tmp_path / "state").write_bytes(b"PK nothing")
    with pytest.raises(FileDamaged):
        Stream.restored(tiled, tmp_path / "state")


def test_a_changed_state_is_refused(beats_model, record, tmp_path):
    stream = Stream(beats_model, FS_HZ, record.leads)
    stream.feed(record.signal_mv[:, :9000])
    stream.save(tmp_path / "state")
    kept = (tmp_path / "state").read_bytes()
    rng, n_refused = np.random.default_rng(0), 0
    for at in rng.integers(0, len(kept), 150):
        changed = bytearray(kept)
        changed[at] ^= 1 << rng.integers(8)
        (tmp_path / "changed").write_bytes(changed)
        try:
            again = Stream.restored(beats_model, tmp_path / "changed")
        except FileDamaged:
            n_refused += 1
        else:
            again.save(tmp_path / "same")
            assert (tmp_path / "same").read_bytes() == kept, "a bit without a meaning"
    assert n_refused > 100
    with np.load(tmp_path / "state") as whole:
        arrays = dict(whole)
    arrays["plain"] = np.array(str(arrays["plain"]).replace('"n_answers": ', '"n_answers": 1'))
    np.savez(tmp_path / "edited.npz", **arrays)
    with pytest.raises(FileDamaged, match="not as it was saved"):
        Stream.restored(beats_model, tmp_path / "edited.npz")


def test_masked_samples_are_missing(beats_model, record):
    masked = np.ma.masked_array(np.round(100 * record.signal_mv).astype(int), np.zeros_like(record.signal_mv, bool))
    masked[0, 4000:4300] = np.ma.masked
    told = Stream(beats_model, FS_HZ, record.leads).feed(masked)
    assert [(round(mark.start_s * FS_HZ), round(mark.end_s * FS_HZ)) for mark in marks(told) if mark.kind == "gap"] == [
        (4000, 4300)
    ]


def test_an_ended_stream_is_closed(beats_model, record, tmp_path):
    stream = Stream(beats_model, FS_HZ, record.leads)
    stream.feed(record.signal_mv)
    stream.end()
    for late in (lambda: stream.feed(record.signal_mv), stream.end, lambda: stream.save(tmp_path / "state")):
        with pytest.raises(RecordUnreadable, match="has ended"):
            late()
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    "fs_hz, leads", [("360", ("MLII",)), (None, ("MLII",)), (360, None), (360, ()), (360, "MLII"), (360, (1,))]
)
def test_a_stream_without_rate_or_leads_is_refused(beats_model, fs_hz, leads):
    with pytest.raises(RecordUnreadable, match="a rate and leads"):
        Stream(beats_model, fs_hz, leads)


def test_a_chunk_that_does_not_fit_is_refused_and_the_stream_continues(beats_model, record):
    stream = Stream(beats_model, FS_HZ, ("MLII",))
    for wrong in (np.zeros((2, 10)), np.zeros(10), np.array([["a"]]), [[1], [2, 3]], [], None):
        with pytest.raises(RecordUnreadable):
            stream.feed(wrong)
    told = stream.feed(record.signal_mv) + stream.end()
    same_as_whole(beats_model, record, told)
    with pytest.raises(LeadMismatch):
        Stream(beats_model, FS_HZ, ("V1",))
    with pytest.raises(ConfigurationFault, match="loaded"):
        Stream(str(beats_model.folder), FS_HZ, ("MLII",))
    with pytest.raises(RecordUnreadable):
        Stream(beats_model, float("nan"), ("MLII",))


def test_a_model_that_compares_all_beats_is_refused():
    with pytest.raises(ConfigurationFault, match="live signal"):
        Stream(einthoven.load("mitbih-clean-context"), FS_HZ, ("MLII", "V1"))


def test_the_mean_over_windows_is_the_probability_for_the_record(tiled, record):
    stream = Stream(tiled, FS_HZ, record.leads)
    for _ in replay(stream, record.signal_mv, 1000):
        pass
    np.testing.assert_allclose(list(stream.mean.values()), tiled(record).record_probabilities, atol=_TOLERANCE)


def test_a_buffer_keeps_what_is_not_certain():
    buffer = Buffer(("I",), 100.0)
    piece = np.ones((1, 100), np.float32)
    piece[0, 50:] = np.nan
    buffer.feed(piece)
    assert (buffer.certain, buffer.n_samples) == (50, 100)
    buffer.feed(np.full((1, 100), 2.0, np.float32))
    assert buffer.certain == 200
    np.testing.assert_allclose(buffer.span(49, 101)[0], np.linspace(1, 2, 52), atol=1e-6)


@pytest.mark.parametrize("scaling", ["local", "millivolt"])
def test_a_slice_with_its_reach_is_prepared_as_in_the_whole(ecg, scaling):
    wanted = Preparation(SignalSpec(("II",), 150, scaling=scaling), Tiles(2))
    whole = prepared_signal(Span(ecg[0][None], FS_HZ, ("II",), "whole"), wanted)[0]
    reach = round(wanted.reach_s(FS_HZ) * FS_HZ) + 1
    begin, inside, until = 2400, 2400 + 12 * -(-reach // 12), 9600
    piece = prepared_signal(Span(ecg[0][None, begin : until + reach], FS_HZ, ("II",), "piece"), wanted)[0]
    first, n = (inside - begin) * 150 // 360, (until - inside) * 150 // 360
    start = inside * 150 // 360
    np.testing.assert_allclose(piece[first : first + n], whole[start : start + n], atol=1e-5)


def test_a_model_that_measures_what_follows_a_window_is_refused():
    with pytest.raises(ConfigurationFault, match="rhythm-any-lead cannot predict on a live signal") as caught:
        Stream(einthoven.load("rhythm-any-lead"), fs_hz=250, leads=("II",))
    assert "10 s around each window" in caught.value.found and "challenge2017-rhythm" in caught.value.remedy
