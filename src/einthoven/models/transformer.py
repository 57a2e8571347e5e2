"""A small transformer encoder over patches of samples."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.blocks import Dropout, sinusoids


class Transformer(nn.Module):
    """Patches of three samples, two encoder layers, the mean over time, two dense layers.

    Paper
        Chen 2025, arXiv 2510.03780: the Transformer of its comparison, 279,443 parameters at 12 leads and 19 classes.
    Departures
        - Positions are sinusoids (Vaswani et al. 2017). The paper does not describe them; the number of parameters allows them.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    width : int
        Channels of a token.
    patch : int
        Samples of a token.
    n_layers : int
        Number of encoder layers.
    n_heads : int
        Attention heads of an encoder layer.
    feed_forward : int
        Units of the feed-forward part of an encoder layer.
    dropout : float
        Dropout rate of the encoder and of the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        width: int = 128,
        patch: int = 3,
        n_layers: int = 2,
        n_heads: int = 16,
        feed_forward: int = 256,
        dropout: float = 0.1,
    ):
        super().__init__()
        self.inlet = nn.Conv1d(n_leads, width, patch, stride=patch)
        layer = _EncoderLayer(width, n_heads, feed_forward, dropout)
        self.encoder = nn.TransformerEncoder(layer, n_layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.register_buffer("positions", sinusoids(n_samples // patch, width), persistent=False)
        self.head = nn.Sequential(
            nn.Linear(width, width // 2), nn.ReLU(), Dropout(dropout), nn.Linear(width // 2, n_classes)
        )

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        features: Tensor = self.encoder(self.inlet(x).transpose(1, 2) + self.positions).mean(dim=1)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class _EncoderLayer(nn.TransformerEncoderLayer):
    """An encoder layer of torch with attention written out in training: with few channels a head that is faster, mainly in bf16."""

    def __init__(self, width: int, n_heads: int, feed_forward: int, dropout: float):
        super().__init__(width, n_heads, feed_forward, dropout, batch_first=True)
        self.dropout, self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout), Dropout(dropout)

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        if not self.training:
            return super()._sa_block(x, attn_mask, key_padding_mask, is_causal)
        layer = self.self_attn
        joint = F.linear(x, layer.in_proj_weight, layer.in_proj_bias)
        joint = joint.view(*x.shape[:2], 3, layer.num_heads, layer.head_dim)
        query, key, value = joint.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (query * layer.head_dim**-0.5) @ key.transpose(-1, -2)
        attended = self.dropout(torch.softmax(scores, dim=-1, dtype=scores.dtype)) @ value
        output: Tensor = self.dropout1(layer.out_proj(attended.transpose(1, 2).flatten(2)))
        return output
