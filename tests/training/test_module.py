"""A training step hands each part of a window to the network: varied together, mixed together, cropped where it sees crops."""

import numpy as np
import pytest
import torch
from torch import nn

from einthoven.corpora.mitdb import MITDB
from einthoven.errors import ConfigurationFault
from einthoven.models.inputs import InputShape
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Tiles
from einthoven.training import module
from einthoven.training.losses import loss_for
from einthoven.training.module import Training
from einthoven.training.recipe import Recipe
from einthoven.training.requirements import require_inputs

WHOLE = Preparation(
    SignalSpec(STANDARD, 100.0, scaling="millivolt"), Tiles(2.0), ("signal", "beat", "summary", "waves")
)


class _Sum(nn.Module):
    """Two classes, told apart by the sum of the signal."""

    def forward(self, signal):
        total = signal.sum(dim=(1, 2))
        return torch.stack((total, -total), dim=1)


def training(preparation: Preparation, **recipe) -> Training:
    chosen = Recipe(**({"augment": ()} | recipe))
    made = Training(_Sum(), loss_for(chosen, torch.ones(2)), chosen, preparation, 1)
    made._rng = torch.Generator().manual_seed(0)
    return made


def drawn(preparation: Preparation, n: int = 64) -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    return InputShape.of(preparation).sample(n, lambda size: torch.randn(size, generator=rng))


def test_measurements_get_a_little_noise_those_on_waves_in_proportion():
    """A wave that is not there stays away; the signal and its beat are left alone where nothing varies them."""
    inputs = drawn(WHOLE)
    inputs["features"][:, WHOLE.columns["waves"]] *= 100
    inputs["features"][:, -1] = 0
    varied = training(WHOLE)._augmented(inputs)
    assert torch.equal(varied["signal"], inputs["signal"]) and torch.equal(varied["beat"], inputs["beat"])
    noise = varied["features"] - inputs["features"]
    summary, waves = (noise[:, WHOLE.columns[name]] for name in ("summary", "waves"))
    assert summary.std().item() == pytest.approx(module._FEATURE_NOISE, rel=0.1)
    size = inputs["features"][:, WHOLE.columns["waves"]].abs()
    assert (waves[:, :-1] / size[:, :-1]).std().item() == pytest.approx(module._FEATURE_NOISE, rel=0.1)
    assert not waves[:, -1].any()


def test_a_window_and_its_typical_beat_are_varied_together():
    inputs = drawn(WHOLE)
    varied = training(WHOLE, augment=("gain", "inverted"))._augmented(inputs)
    factor = varied["signal"] / inputs["signal"]
    assert factor.std(dim=2).max() < 1e-3 < factor.std()
    torch.testing.assert_close(varied["beat"], inputs["beat"] * factor[:, :, :1], atol=1e-4, rtol=1e-3)
    bare = WHOLE.with_settings(inputs=("signal",))
    assert list(training(bare, augment=("gain",))._augmented(drawn(bare))) == ["signal"]


def test_pairs_are_mixed_in_all_their_parts_by_the_same_share():
    inputs = {name: x.abs() for name, x in drawn(WHOLE).items()}
    at = torch.arange(64.0)
    numbered = {name: at.reshape(-1, *[1] * (x.ndim - 1)).expand_as(x) for name, x in inputs.items()}
    mixed, truth = training(WHOLE, mixup=0.4)._mixed(numbered, torch.eye(64))
    wanted = (truth * at).sum(dim=1)
    for name, x in mixed.items():
        torch.testing.assert_close(x.flatten(1)[:, 0], wanted, msg=name)
        assert (x.flatten(1) == x.flatten(1)[:, :1]).all()
    assert (wanted - at).abs().max() > 1


def test_a_network_of_crops_sees_the_signal_where_a_crop_falls():
    """In training one of each window; when it is judged all of them, and their mean."""
    cropped = WHOLE.with_settings(inputs=("signal",), crop_s=0.5)
    made, signal = training(cropped), torch.arange(200.0).expand(8, 12, 200)
    cut = made._cropped(signal)
    assert cut.shape == (8, 12, 50) and (cut == cut[:, :1]).all()
    assert torch.equal(cut - cut[:, :, :1], torch.arange(50.0).expand(8, 12, 50))
    assert len(set(cut[:, 0, 0].tolist())) > 3
    answer = made._logits_of({"signal": signal})
    starts = np.arange(0, 151, 25)
    total = 12 * np.mean([signal[0, 0, at : at + 50].sum() for at in starts])
    np.testing.assert_allclose(answer[:, 0].numpy(), total, rtol=1e-5)


@pytest.mark.parametrize(
    "architecture, preparation",
    [
        ("typical_beat", WHOLE.with_settings(inputs=("signal",))),
        ("rhythm", WHOLE.with_settings(inputs=("signal",), scaling="local")),
        ("forest", WHOLE.with_settings(inputs=("signal",), crop_s=0.5)),
        ("patient_context", WHOLE.with_settings(inputs=("signal",), before_s=0.3)),
        ("patient_context", MITDB.preparation),
    ],
)
def test_windows_that_lack_what_a_network_reads_are_refused_with_settings_that_do(architecture, preparation):
    with pytest.raises(ConfigurationFault, match="reads parts that these windows do not have") as caught:
        require_inputs(architecture, preparation)
    assert "no beat" in caught.value.found and "no features" in caught.value.found
    words = caught.value.remedy.split("   ")[0].removeprefix("--prepare.").split(" --prepare.")
    stated = {name.replace("-", "_"): values for name, *values in (option.split() for option in words)}
    stated = {name: tuple(values) if name == "inputs" else values[0] for name, values in stated.items()}
    crop = {"crop_s": float(stated["crop_s"])} if "crop_s" in stated else {}
    require_inputs(architecture, preparation.with_settings(**(stated | crop)))
    require_inputs("cnn", preparation)
