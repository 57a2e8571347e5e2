"""A store is whole or absent, made once, and equal to what the one door gives."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from einthoven.bundle import load_card
from einthoven.corpora.mitdb import MITDB
from einthoven.corpora.ptbxl import PTBXL
from einthoven.data import augment, sources
from einthoven.data import build as building
from einthoven.data import store as stores
from einthoven.data.augment import AUGMENTATIONS, Batch
from einthoven.data.batches import Batches
from einthoven.data.build import build
from einthoven.data.sources import LAYOUT
from einthoven.errors import FileDamaged, RecordUnreadable
from einthoven.paths import ASSETS
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import prepare
from einthoven.signal.windows import Windows

WITH_TYPICAL_BEATS = MITDB.preparation.with_settings(
    scaling="millivolt", before_s=0.3, after_s=0.5, inputs=("signal", "beat", "rr", "p_waves", "similarity")
)


def same(found: Windows, wanted: Windows) -> None:
    """Whether windows have the same parts with the same numbers; where they lie is not asked."""
    assert list(found.parts) == list(wanted.parts)
    for name, values in wanted.parts.items():
        np.testing.assert_array_equal(found.parts[name], values, err_msg=name)


def test_windows_are_those_of_the_door(mitdb_like, home):
    store = build(MITDB, mitdb_like, MITDB.preparation)
    assert store.windows.signal.shape[1:] == (2, 360) and store.windows.beat is store.windows.features is None
    for name in ("100", "102", "114"):
        entry = next(entry for entry in MITDB.entries(mitdb_like, 180.0) if entry.record == name)
        record = MITDB.read(entry)
        beats, symbols = MITDB.beats(record)
        mine = store.index.record == name
        same(store.windows[mine], prepare(record, MITDB.preparation, beats))
        np.testing.assert_array_equal(store.index.symbol[mine], symbols)
        np.testing.assert_array_equal(store.index.position[mine], beats)
    assert set(store.index.patient[store.index.record == "202"]) == {"201"}


@pytest.mark.parametrize("beside_each_other", [False, True])
def test_beats_of_a_record_share_its_typical_beat(beside_each_other, mitdb_like, home, monkeypatch):
    """It is written once, by one process or by several, and read back beside each of the record's beats."""
    if beside_each_other:
        monkeypatch.setattr(building, "_WORTH_WORKERS", 0)
        monkeypatch.setattr(building.workers, "n_cores", lambda: 2)
    store = build(MITDB, mitdb_like, WITH_TYPICAL_BEATS)
    records = list(dict.fromkeys(store.index.record.tolist()))
    n, m = len(store.index.record), len(records)
    assert m == 48 < n
    assert store.windows.signal.shape == (n, 2, 144) and store.windows.features.shape == (n, 56)
    assert store.windows.beat.shape == (m, 2, 144)
    np.testing.assert_array_equal(store.windows.beat_row, [records.index(name) for name in store.index.record])
    shapes = {"signal": [n, 2, 144], "beat": [m, 2, 144], "features": [n, 56]}
    assert store.manifest["shapes"] == shapes and store.preparation == WITH_TYPICAL_BEATS
    assert store.windows.n_bytes == sum(4 * np.prod(shape) for shape in shapes.values())
    for entry in MITDB.entries(mitdb_like, 180.0):
        mine = np.flatnonzero(store.index.record == entry.record)
        record = MITDB.read(entry)
        wanted = prepare(record, WITH_TYPICAL_BEATS, MITDB.beats(record)[0])
        same(store.windows[mine], wanted)
        same(store.windows[mine[::-2]], wanted[::-2])
        same(store.windows[mine[0] : mine[0] + 3], wanted[:3])


def test_each_window_of_a_record_has_its_own_typical_beat(ptbxl_like, home):
    preparation = PTBXL.preparation.with_settings(
        scaling="millivolt", window_s=4.0, inputs=("signal", "beat", "summary", "waves")
    )
    store = build(PTBXL, ptbxl_like, preparation)
    n = len(store.index.record)
    assert n > len(set(store.index.record)) and len(store.windows.beat) == n
    assert store.windows.beat_row.tolist() == list(range(n))
    for entry in list(PTBXL.entries(ptbxl_like, preparation.fs_hz))[:3]:
        same(store.windows[store.index.record == entry.record], prepare(PTBXL.read(entry), preparation))


@pytest.mark.parametrize(
    "prepared, n_windows, n_records",
    [
        (WITH_TYPICAL_BEATS, 50_000, 22),
        ("ptbxl-diagnoses", 21_799, 21_799),
        ("challenge2017-rhythm", 8_528, 8_528),
    ],
)
def test_a_store_takes_at_most_three_fifths_of_what_one_tensor_took(prepared, n_windows, n_records):
    """Of [2 * leads + 1, samples], where each lead had its typical beat beside it, and the last row the measurements."""
    preparation = load_card(ASSETS / prepared).preparation if isinstance(prepared, str) else prepared
    shapes = stores.shapes_of(preparation)
    assert set(shapes) == {"signal", "beat", "features"}
    times = {"signal": n_windows, "beat": n_windows if preparation.is_whole else n_records, "features": n_windows}
    takes = sum(times[part] * int(np.prod(shape)) for part, shape in shapes.items())
    took = n_windows * (2 * len(preparation.leads) + 1) * preparation.n_samples
    assert takes <= 0.6 * took, f"{takes / took:.0%}"


def test_a_store_of_an_earlier_layout_is_made_again(mitdb_like, home):
    store = build(MITDB, mitdb_like, MITDB.preparation)
    manifest = store.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"layout": {LAYOUT}', '"layout": 2'))
    with pytest.raises(FileDamaged, match=f"layout 2, not {LAYOUT}"):
        stores.open_store(store.folder)
    assert build(MITDB, mitdb_like, MITDB.preparation).manifest["settings"]["layout"] == LAYOUT


def test_a_store_is_made_once_and_again_when_a_file_changes(mitdb_like, home, tmp_path):
    folder = tmp_path / "mitdb"
    shutil.copytree(mitdb_like, folder)
    first = build(MITDB, folder, MITDB.preparation)
    made = (first.folder / "manifest.json").stat().st_mtime_ns
    os.utime(folder / "100.dat")
    assert (build(MITDB, folder, MITDB.preparation).folder / "manifest.json").stat().st_mtime_ns == made
    shutil.copy(folder / "101.dat", folder / "100.dat")
    shutil.copy(folder / "101.atr", folder / "100.atr")
    (folder / "100.hea").write_text((folder / "101.hea").read_text().replace("101", "100"))
    assert build(MITDB, folder, MITDB.preparation).fingerprint != first.fingerprint


def test_a_damaged_store_is_never_taken_for_whole(mitdb_like, home):
    store = build(MITDB, mitdb_like, MITDB.preparation)
    windows = store.folder / "signal.f32"
    content = windows.read_bytes()
    windows.write_bytes(content[: len(content) // 2])
    with pytest.raises(FileDamaged, match="bytes of signal"):
        stores.open_store(store.folder)
    assert build(MITDB, mitdb_like, MITDB.preparation).windows.n_bytes == len(content)
    (store.folder / "manifest.json").unlink()
    assert build(MITDB, mitdb_like, MITDB.preparation).windows.n_bytes == len(content)


@pytest.mark.parametrize("part", ["signal", "beat", "features"])
def test_every_part_must_be_there(part, mitdb_like, home):
    store = build(MITDB, mitdb_like, WITH_TYPICAL_BEATS)
    (store.folder / f"{part}.f32").unlink()
    with pytest.raises(FileDamaged, match=part):
        stores.open_store(store.folder)


def test_nothing_half_written_stays_behind(mitdb_like, home, tmp_path):
    folder = tmp_path / "mitdb"
    shutil.copytree(mitdb_like, folder)
    (folder / "230.dat").write_bytes(b"\0" * 10)
    with pytest.raises(RecordUnreadable, match="230"):
        build(MITDB, folder, MITDB.preparation)
    assert list((home / "stores").iterdir()) == []


def numbered(n: int) -> Windows:
    """Windows whose parts all hold their number."""
    at = np.arange(n, dtype=np.float32)
    return Windows(at[:, None, None], 10 * at[:, None, None], 100 * at[:, None])


def test_batches_serve_every_window_once_with_all_its_parts():
    chosen = np.array([1, 3, 5, 7, 9])
    served = list(Batches(numbered(10), np.arange(10), chosen, 2))
    assert torch.cat([labels for _, labels in served]).tolist() == chosen.tolist()
    for inputs, labels in served:
        assert list(inputs) == ["signal", "beat", "features"]
        assert torch.equal(inputs["signal"][:, 0, 0], labels.float())
        assert torch.equal(inputs["beat"][:, 0, 0], 10 * labels.float())
        assert torch.equal(inputs["features"][:, 0], 100 * labels.float())
    assert list(next(iter(Batches(Windows(numbered(4).signal), np.arange(4), np.arange(4), 2)))[0]) == ["signal"]


def test_batches_of_a_store_are_its_windows(mitdb_like, home):
    store = build(MITDB, mitdb_like, WITH_TYPICAL_BEATS)
    labels = np.arange(len(store.windows))
    inputs, at = next(iter(Batches(store.windows, labels, labels, 64, seed=0)))
    same(Windows(*(inputs[name].numpy() for name in ("signal", "beat", "features"))), store.windows[at.numpy()])


def test_order_follows_seed_and_epoch_and_ranks_share():
    labels = np.arange(40)

    def order(epoch, rank=0, world=1):
        batches = Batches(numbered(40), labels, labels, 5, seed=3, rank=rank, world=world)
        batches.epoch = epoch
        return torch.cat([y for _, y in batches]).tolist()

    assert order(0) == order(0) != order(1)
    assert sorted(order(0)) == list(range(40))
    assert sorted(order(2, 0, 2) + order(2, 1, 2)) == list(range(40))


def test_balance_draws_classes_alike():
    labels = np.array([0] * 900 + [1] * 100)
    for balance, share in ((0.0, 0.1), (1.0, 0.5)):
        served = Batches(numbered(1000), labels, np.arange(1000), 100, seed=0, balance=balance)
        drawn = torch.cat([drawn for _, drawn in served]).float().mean().item()
        assert drawn == pytest.approx(share, abs=0.05)


def drawn(n: int, n_leads: int, n_samples: int, n_beat: int = 0, fs_hz: float = 180.0) -> Batch:
    """Random windows, and typical beats where they have any."""
    rng = torch.Generator().manual_seed(1)
    signal = torch.randn(n, n_leads, n_samples, generator=rng)
    beat = torch.randn(n, n_leads, n_beat, generator=rng) if n_beat else None
    return Batch(signal, beat, fs_hz, n_beat // 3)


def vary(name: str, batch: Batch, seed: int = 0, **settings) -> Batch:
    return AUGMENTATIONS[name](batch, torch.Generator().manual_seed(seed), **settings)


@pytest.mark.parametrize("name", ["shift", "gain", "wander", "inverted", "other_leads", "leads_off"])
def test_a_typical_beat_is_varied_as_its_window_is(name):
    """Of beats: it is as long as its window, and varied alike."""
    batch = drawn(8, 2, 360)
    varied = vary(name, Batch(batch.signal, batch.signal.clone(), 180.0, 120))
    torch.testing.assert_close(varied.signal, varied.beat)
    assert not torch.equal(varied.signal, batch.signal)


def test_a_window_is_stretched_about_its_middle_and_its_beat_about_the_r_peak():
    """What lies there stays there; what lies 30 samples off moves by the same factor in both."""
    signal, beat = torch.zeros(200, 1, 361), torch.zeros(200, 1, 121)
    signal[:, :, [180, 210]] = beat[:, :, [40, 70]] = 1.0
    varied = vary("stretch", Batch(signal, beat, 180.0, 40))
    assert (varied.signal[:, 0, 180] == 1).all() and (varied.beat[:, 0, 40] > 0.99).all()
    moved = [x[:, 0, first:].argmax(dim=1) for x, first in ((varied.signal, 190), (varied.beat, 50))]
    by = (moved[0] - 20) / 30
    assert (moved[0] - moved[1]).abs().max() <= 1
    assert by.min() < -0.1 and by.max() > 0.1 and by.abs().max() < 0.3


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("n_beat", [0, 90])
def test_an_augmentation_varies_and_repeats(name, n_beat):
    batch = drawn(8, 12 if name == "rotated" else 2, 360, n_beat)
    once, again, other = (vary(name, batch, seed) for seed in (0, 0, 1))
    assert once.signal.shape == batch.signal.shape
    assert torch.isfinite(once.signal).all()
    assert torch.equal(once.signal, again.signal)
    assert not torch.equal(once.signal, other.signal)
    assert not torch.equal(once.signal, batch.signal)
    assert (once.fs_hz, once.r_peak) == (batch.fs_hz, batch.r_peak)
    if not n_beat:
        assert once.beat is None
        return
    assert once.beat.shape == batch.beat.shape and torch.isfinite(once.beat).all()
    assert torch.equal(once.beat, again.beat)
    stays = name in ("rolled", "masked")
    assert torch.equal(once.beat, batch.beat) == stays, "only what is done to a rhythm leaves the typical beat as it is"


def test_a_turned_heart_still_obeys_einthoven():
    """I + III = II, Goldberger's leads follow, and what is the image of a vector stays one of the same length."""
    rng = torch.Generator().manual_seed(0)
    vector = torch.randn(5, 3, 200, generator=rng)
    x = torch.einsum("lv,bvs->bls", augment._DOWER, vector)
    turned = vary("rotated", Batch(x, x[:, :, :60], 100.0), most=0.0)
    torch.testing.assert_close(turned.beat, turned.signal[:, :, :60])
    one, two, three, avr, avl, avf = turned.signal[:, :6].unbind(dim=1)
    torch.testing.assert_close(one + three, two, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(avr, -(one + two) / 2, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(avl + avr + avf, torch.zeros_like(one), atol=1e-4, rtol=1e-4)
    back = torch.einsum("vl,bls->bvs", torch.linalg.pinv(augment._DOWER), turned.signal)
    torch.testing.assert_close(back.norm(dim=1), vector.norm(dim=1), atol=1e-3, rtol=1e-3)
    residual = torch.randn(5, 12, 200, generator=rng)
    residual -= torch.einsum("lv,vk,bks->bls", augment._DOWER, torch.linalg.pinv(augment._DOWER), residual)
    kept = vary("rotated", Batch(residual, None, 100.0)).signal
    torch.testing.assert_close(kept, residual, atol=1e-4, rtol=1e-4)


def test_masks_silence_and_never_everything():
    x = torch.ones(50, 3, 500)
    off = vary("leads_off", Batch(x, x[:, :, :90], 100.0), chance=0.9)
    assert set(off.signal.unique().tolist()) == {0.0, 1.0}
    assert (off.signal.amax(dim=(1, 2)) == 1).all()
    torch.testing.assert_close(off.signal[:, :, :90], off.beat)
    masked = vary("masked", Batch(x, None, 100.0)).signal
    assert torch.equal(masked[:, 0], masked[:, 2])
    assert 0 < (masked == 0).float().mean() < 0.2


def test_windows_are_turned_over_whole_and_rolled_without_their_typical_beat():
    batch = drawn(200, 2, 50, 30, 100.0)
    turned = vary("inverted", batch, 1)
    sign = torch.cat([(turned.signal / batch.signal).flatten(1), (turned.beat / batch.beat).flatten(1)], dim=1)
    assert torch.allclose(sign, sign[:, :1].expand_as(sign), atol=1e-4) and 60 < int((sign[:, 0] < 0).sum()) < 140
    rolled = vary("rolled", batch, 1)
    assert torch.equal(rolled.beat, batch.beat)
    x = batch.signal
    by = [
        int((torch.stack([x[at, 0].roll(-k) for k in range(50)]) == rolled.signal[at, 0]).all(dim=1).nonzero())
        for at in range(9)
    ]
    assert len(set(by)) > 5
    assert torch.equal(rolled.signal[0, 1], x[0, 1].roll(-by[0]))


def test_other_measurements_of_the_same_name_are_another_store(monkeypatch):
    """A store of an earlier version, whose measurements were others, is not read."""
    before = sources.settings_of(MITDB, WITH_TYPICAL_BEATS)
    changed = replace(FEATURES["similarity"], names=(*FEATURES["similarity"].names[:-1], "another"))
    monkeypatch.setitem(FEATURES, "similarity", changed)
    after = sources.settings_of(MITDB, WITH_TYPICAL_BEATS)
    assert before["measurements"]["rr"] == after["measurements"]["rr"]
    assert before["measurements"]["similarity"] != after["measurements"]["similarity"]
