"""A store is whole or absent, made once, and equal to what the one door gives."""

import os
import shutil

import numpy as np
import pytest
import torch

from einthoven.corpora.mitdb import MITDB
from einthoven.data import augment
from einthoven.data import store as stores
from einthoven.data.augment import AUGMENTATIONS
from einthoven.data.batches import Batches
from einthoven.data.build import build
from einthoven.errors import RecordUnreadable, StoreDamaged
from einthoven.signal.preparation import beat_windows


def test_windows_are_those_of_the_door(mitdb_like, home):
    store = build(MITDB, mitdb_like, MITDB.preparation)
    assert store.windows.shape[1:] == (2, 360)
    for name in ("100", "102", "114"):
        entry = next(entry for entry in MITDB.entries(mitdb_like, 180.0) if entry.record == name)
        record = MITDB.read(entry)
        beats, symbols = MITDB.beats(record)
        mine = store.index.record == name
        want = beat_windows(record.signal_mv, record.fs_hz, record.leads, beats, MITDB.preparation)
        np.testing.assert_array_equal(store.windows[mine], want)
        np.testing.assert_array_equal(store.index.symbol[mine], symbols)
        np.testing.assert_array_equal(store.index.position[mine], beats)
    assert set(store.index.patient[store.index.record == "202"]) == {"201"}


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
    windows = store.folder / "windows.f32"
    content = windows.read_bytes()
    windows.write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreDamaged, match="bytes of windows"):
        stores.open_store(store.folder)
    assert build(MITDB, mitdb_like, MITDB.preparation).windows.nbytes == len(content)
    (store.folder / "manifest.json").unlink()
    assert build(MITDB, mitdb_like, MITDB.preparation).windows.nbytes == len(content)


def test_nothing_half_written_stays_behind(mitdb_like, home, tmp_path):
    folder = tmp_path / "mitdb"
    shutil.copytree(mitdb_like, folder)
    (folder / "230.dat").write_bytes(b"\0" * 10)
    with pytest.raises(RecordUnreadable, match="230"):
        build(MITDB, folder, MITDB.preparation)
    assert list((home / "stores").iterdir()) == []


def test_batches_serve_every_window_once():
    windows = np.arange(10, dtype=np.float32)[:, None, None]
    chosen = np.array([1, 3, 5, 7, 9])
    served = Batches(windows, np.arange(10), chosen, 2)
    assert torch.cat([labels for _, labels in served]).tolist() == chosen.tolist()
    assert all((x[:, 0, 0] == labels).all() for x, labels in served)


def test_order_follows_seed_and_epoch_and_ranks_share():
    windows, labels = np.zeros((40, 1, 1), np.float32), np.arange(40)

    def order(epoch, rank=0, world=1):
        batches = Batches(windows, labels, labels, 5, seed=3, rank=rank, world=world)
        batches.epoch = epoch
        return torch.cat([y for _, y in batches]).tolist()

    assert order(0) == order(0) != order(1)
    assert sorted(order(0)) == list(range(40))
    assert sorted(order(2, 0, 2) + order(2, 1, 2)) == list(range(40))


def test_balance_draws_classes_alike():
    labels = np.array([0] * 900 + [1] * 100)
    windows = np.arange(1000, dtype=np.float32)[:, None, None]
    for balance, share in ((0.0, 0.1), (1.0, 0.5)):
        served = Batches(windows, labels, np.arange(1000), 100, seed=0, balance=balance)
        drawn = torch.cat([drawn for _, drawn in served]).float().mean().item()
        assert drawn == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("name", ["shift", "stretch", "gain", "wander"])
def test_rows_of_a_lead_are_varied_together(name):
    one = torch.randn(8, 2, 1, 360, generator=torch.Generator().manual_seed(1))
    x = one.expand(8, 2, 2, 360)
    varied = AUGMENTATIONS[name](x, 180.0, torch.Generator().manual_seed(0))
    torch.testing.assert_close(varied[:, :, 0], varied[:, :, 1])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_varies_and_repeats(name):
    n_leads = 12 if name == "rotated" else 2
    x = torch.randn(8, n_leads, 3, 360, generator=torch.Generator().manual_seed(1))
    vary = AUGMENTATIONS[name]
    once, again, other = (vary(x, 180.0, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert once.shape == x.shape
    assert torch.isfinite(once).all()
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert not torch.equal(once, x)


def test_a_turned_heart_still_obeys_einthoven():
    """I + III = II, Goldberger's leads follow, and what is the image of a vector stays one of the same length."""
    rng = torch.Generator().manual_seed(0)
    vector = torch.randn(5, 3, 1, 200, generator=rng)
    x = torch.einsum("lv,bvrs->blrs", augment._DOWER, vector)
    turned = AUGMENTATIONS["rotated"](x, 100.0, rng, most=0.0)
    one, two, three, avr, avl, avf = turned[:, :6].unbind(dim=1)
    torch.testing.assert_close(one + three, two, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(avr, -(one + two) / 2, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(avl + avr + avf, torch.zeros_like(one), atol=1e-4, rtol=1e-4)
    back = torch.einsum("vl,blrs->bvrs", torch.linalg.pinv(augment._DOWER), turned)
    torch.testing.assert_close(back.norm(dim=1), vector.norm(dim=1), atol=1e-3, rtol=1e-3)
    residual = torch.randn(5, 12, 1, 200, generator=rng)
    residual -= torch.einsum("lv,vk,bkrs->blrs", augment._DOWER, torch.linalg.pinv(augment._DOWER), residual)
    torch.testing.assert_close(AUGMENTATIONS["rotated"](residual, 100.0, rng), residual, atol=1e-4, rtol=1e-4)


def test_masks_silence_and_never_everything():
    rng = torch.Generator().manual_seed(0)
    x = torch.ones(50, 3, 1, 500)
    off = AUGMENTATIONS["leads_off"](x, 100.0, rng, chance=0.9)
    assert set(off.unique().tolist()) == {0.0, 1.0}
    assert (off.amax(dim=(1, 2, 3)) == 1).all()
    masked = AUGMENTATIONS["masked"](x, 100.0, rng)
    assert torch.equal(masked[:, 0], masked[:, 2])
    assert 0 < (masked == 0).float().mean() < 0.2


def test_windows_are_turned_over_whole_and_rolled_without_their_typical_beat():
    x = torch.randn(200, 2, 2, 50, generator=torch.Generator().manual_seed(0))
    turned = AUGMENTATIONS["inverted"](x, 100.0, torch.Generator().manual_seed(1))
    sign = (turned / x).flatten(1)
    assert torch.allclose(sign, sign[:, :1].expand_as(sign), atol=1e-4) and 60 < int((sign[:, 0] < 0).sum()) < 140
    rolled = AUGMENTATIONS["rolled"](x, 100.0, torch.Generator().manual_seed(1))
    assert torch.equal(rolled[:, :, 1], x[:, :, 1])
    by = [
        int((torch.stack([x[at, 0, 0].roll(-k) for k in range(50)]) == rolled[at, 0, 0]).all(dim=1).nonzero())
        for at in range(9)
    ]
    assert len(set(by)) > 5
    assert torch.equal(rolled[0, 1, 0], x[0, 1, 0].roll(-by[0]))
