"""A transformer encoder over patches of each lead, with attention within a lead and across leads in turn."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.blocks import Dropout, sinusoids


class BiosignalEncoder(nn.Module):
    """Patches of each lead by itself, six encoder blocks, the mean over all patches.

    Paper
        CEReBrO, arXiv 2501.10885, smallest size, as arXiv 2502.17460 fine-tunes it for blood pressure: width 180, six blocks,
        five heads, feed-forward 720, attention within a channel and across channels in turn; 2,346,840 parameters in the blocks.
    Departures
        - Positions are sinusoids (Vaswani et al. 2017), and each lead has a learned vector; the papers' are not known.
        - The length of a patch, 40 samples, is ours.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    patch : int
        Samples of a patch; zeros behind the window fill its last one.
    width : int
        Channels of a patch.
    n_blocks : int
        Number of encoder blocks; the second, fourth and so on attend across leads.
    n_heads : int
        Attention heads of a block.
    feed_forward : int
        Units of the feed-forward part of a block.
    dropout : float
        Dropout rate in the blocks and before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        patch: int = 40,
        width: int = 180,
        n_blocks: int = 6,
        n_heads: int = 5,
        feed_forward: int = 720,
        dropout: float = 0.1,
    ):
        super().__init__()
        self.patch = patch
        n_patches = -(-n_samples // patch)
        self.inlet = nn.Linear(patch, width)
        self.lead = nn.Parameter(0.02 * torch.randn(n_leads, 1, width))
        self.positions: Tensor
        self.register_buffer("positions", sinusoids(n_patches, width), persistent=False)
        self.blocks = nn.ModuleList(_Block(width, n_heads, feed_forward, dropout) for _ in range(n_blocks))
        self.norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(width, n_classes)

    def encoded(self, x: Tensor) -> Tensor:
        """Return encoded patches [batch, leads, patches, width] of windows [batch, leads, samples].

        Parameters
        ----------
        x : Tensor [batch, leads, samples]
            Windows.
        """
        x = F.pad(x, (0, -x.shape[2] % self.patch))
        batch, n_leads, n_samples = x.shape
        patches = self.inlet(x.reshape(batch, n_leads, n_samples // self.patch, self.patch))
        patches = patches + self.lead + self.positions
        for at, block in enumerate(self.blocks):
            across = at % 2 == 1
            tokens = patches.transpose(1, 2) if across else patches
            tokens = block(tokens.flatten(0, 1)).reshape(tokens.shape)
            patches = tokens.transpose(1, 2) if across else tokens
        encoded: Tensor = self.norm(patches)
        return encoded

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        features: Tensor = self.dropout(self.encoded(x).mean(dim=(1, 2)))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class _Block(nn.Module):
    """Attention and a feed-forward part, each after a normalisation and beside a shortcut."""

    def __init__(self, width: int, n_heads: int, feed_forward: int, dropout: float):
        super().__init__()
        self.n_heads = n_heads
        self.before_attention, self.before_dense = nn.LayerNorm(width), nn.LayerNorm(width)
        self.joint, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dense = nn.Sequential(
            nn.Linear(width, feed_forward), nn.GELU(), Dropout(dropout), nn.Linear(feed_forward, width)
        )
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens [batch, tokens, width] of the same shape."""
        batch, n, width = x.shape
        joint = self.joint(self.before_attention(x)).reshape(batch, n, 3, self.n_heads, width // self.n_heads)
        query, key, value = joint.permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(batch, n, width)
        x = x + self.dropout(self.out(attended))
        tokens: Tensor = x + self.dropout(self.dense(self.before_dense(x)))
        return tokens

    def multiply_accumulates(self, given: Tensor) -> int:
        """Return the multiply-accumulates of attention itself for tokens [batch, tokens, width]; layers count their own."""
        batch, n, width = given.shape
        return 2 * batch * n * n * width
