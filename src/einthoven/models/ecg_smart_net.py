"""ECG-SMART-NET: residual convolutions along time in each lead alone, then one convolution across all leads."""

from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, Conv1d, ResidualBlock

_FLOOR_MV = 1e-3


class ECGSmartNet(nn.Module):
    """The same residual trunk along time for each lead, a convolution over all leads at once, and the mean over time.

    Paper
        ECG-SMART-NET, arXiv 2405.09567: median beats of twelve leads, 6,991,682 parameters with two classes; "temporal", without
        the convolution across leads, 3,844,930. Occlusion, which it was made for, cannot be tested with public labels.
    Departures
        - A beat is scaled by mean and standard deviation over all its leads, which keeps their proportions; the paper does not
          state over what it z-scores.
        - No dropout: the authors' code has it on the logits.
    Receptive field
        The whole beat; the whole window where it reads the signal.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    width : int
        Channels of the first of four stages; each stage doubles them.
    across : bool
        Whether there is a convolution across leads; the paper's "temporal" net has none.
    strip : bool
        Whether it reads the whole window in place of the typical beat.
    """

    inputs: tuple[str, ...] = ("beat",)

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        width: int = 64,
        across: bool = True,
        strip: bool = False,
    ):
        super().__init__()
        self.inputs = ("signal",) if strip else ("beat",)
        self.stem = nn.Sequential(Conv1d(1, width, 7, stride=2), BatchNorm1d(width), nn.ReLU(), nn.MaxPool1d(3, 2, 1))
        blocks, n_in = [], width
        for stage in range(4):
            n_out = width * 2**stage
            blocks += [
                ResidualBlock(n_in, n_out, 3, 1 if stage == 0 else 2, 0.0),
                ResidualBlock(n_out, n_out, 3, 1, 0.0),
            ]
            n_in = n_out
        self.trunk = nn.Sequential(*blocks)
        # A kernel of 12 leads by one sample is one of one sample over 12 times the channels.
        self.across = nn.Sequential(Conv1d(n_leads * n_in, n_in, 1), BatchNorm1d(n_in), nn.ReLU()) if across else None
        self.head = nn.Linear(n_in, n_classes)

    @property
    def convolves_trace(self) -> bool:
        """Whether its last convolution is over the trace, not over the typical beat."""
        return self.inputs == ("signal",)

    def features(self, *parts: Tensor) -> Tensor:
        """Return features [batch, features] of typical beats, or windows, [batch, leads, samples]."""
        (x,) = parts
        mean, sd = x.mean(dim=(1, 2), keepdim=True), x.std(dim=(1, 2), keepdim=True)
        x = (x - mean) / (sd + _FLOOR_MV)
        batch, n_leads, n_samples = x.shape
        maps = self.trunk(self.stem(x.reshape(batch * n_leads, 1, n_samples)))
        by_lead = maps.reshape(batch, n_leads, *maps.shape[1:])
        merged: Tensor = (
            by_lead.mean(dim=(1, 3)) if self.across is None else self.across(by_lead.flatten(1, 2)).mean(dim=2)
        )
        return merged

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logits [batch, classes] of typical beats, or windows, [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(*parts))
        return logits
