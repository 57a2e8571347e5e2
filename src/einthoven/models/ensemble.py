"""Several networks that answer as one. A member is any architecture of MODELS; an ensemble is one too."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.inputs import InputShape, arguments, built, reads
from einthoven.signal.windows import PARTS, crop_starts


class Ensemble(nn.Module):
    """Several networks on the same windows, fused by a rule.

    Paper
        Song et al. 2026, arXiv 2602.17701 ("dynamic ensemble fusion"); its Top2-Weighted can be read in two ways, both
        are here: ``weighted`` over the two best members, and ``top2_classes``.
    Departures
        - A tied vote goes to the class of the larger mean probability.
    Receptive field
        The largest of its members.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    members : tuple
        (architecture, settings) of each member; or (architecture, settings, samples) of one that sees crops of the signal of so
        many samples.
    rule : str
        ``mean`` of the probabilities; ``vote`` of the classes; ``weighted`` mean; ``dynamic``: the mean of the two
        members that are most sure of this window; ``top2_classes``: each member's two most probable classes are summed.
    weights : tuple of float
        Of the members, for ``weighted``.
    multilabel : bool
        Whether a window can bear several classes, each with a probability of its own; ``mean`` and ``weighted`` only.
    beat_samples, r_peak, n_features : int
        Of the typical beat and the measurements, for members that read them.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        members: tuple[tuple, ...] = (("cnn", {"widths": (8, 8)}), ("cnn_lstm", {"hidden": 8})),
        rule: str = "mean",
        weights: tuple[float, ...] = (),
        multilabel: bool = False,
        beat_samples: int = 0,
        r_peak: int = 0,
        n_features: int = 0,
    ):
        super().__init__()
        if multilabel and rule not in ("mean", "weighted"):
            raise ValueError(f"rule is {rule}; expected mean or weighted, where a window can bear several classes")
        if rule not in RULES:
            raise ValueError(f"rule is {rule}; expected {', '.join(RULES)}")
        if rule == "weighted" and (len(weights) != len(members) or min(weights) < 0 or sum(weights) <= 0):
            raise ValueError(f"{len(weights)} weights for {len(members)} members; expected one each, none below zero")
        self.rule, self.n_classes, self.multilabel = rule, n_classes, multilabel
        shares = torch.tensor(weights if rule == "weighted" else [1.0] * len(members))
        self.register_buffer("shares", shares / shares.sum(), persistent=False)
        shape = InputShape(n_leads, n_samples, beat_samples, r_peak, n_features)
        self.members = nn.ModuleList(_member(shape, n_classes, *member) for member in members)
        read = {part for member in self.members for part in reads(member)}
        self.inputs = tuple(part for part in PARTS if part in read)
        self.head = _Fusion(self)

    def features(self, *parts: Tensor) -> Tensor:
        """Return the members' logits side by side [batch, members * classes]; `parts` as in :attr:`inputs`."""
        given = dict(zip(self.inputs, parts, strict=True))
        return torch.cat([member(*arguments(member, given)) for member in self.members], dim=1)

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logarithms of the fused probabilities (of their odds, where multilabel) [batch, classes]."""
        return self.head(self.features(*parts))


class OverCrops(nn.Module):
    """A network asked about crops of the signal; the mean of its answers.

    Parameters
    ----------
    network : nn.Module
        For windows of `crop` samples.
    n_samples, crop : int
        Samples of a window, and of the crops, which overlap by half.
    """

    convolves_trace = True
    """Its last convolution is one over the trace."""

    def __init__(self, network: nn.Module, n_samples: int, crop: int):
        super().__init__()
        self.network, self.crop = network, crop
        self.starts = crop_starts(n_samples, crop).tolist()

    def cut(self, signal: Tensor) -> Tensor:
        """Return crops [batch * crops, leads, crop] of windows [batch, leads, samples]."""
        return torch.stack([signal[:, :, at : at + self.crop] for at in self.starts], dim=1).flatten(0, 1)

    def forward(self, signal: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        return self.network(self.cut(signal)).unflatten(0, (-1, len(self.starts))).mean(dim=1)


class _Fusion(nn.Module):
    """The members' logits [batch, members * classes] to logarithms of the fused probabilities [batch, classes]."""

    def __init__(self, ensemble: Ensemble):
        super().__init__()
        self.rule, self.n_classes, self.multilabel = ensemble.rule, ensemble.n_classes, ensemble.multilabel
        self.register_buffer("shares", ensemble.shares, persistent=False)

    def forward(self, logits: Tensor) -> Tensor:
        """Fuse by the rule."""
        members = logits.float().unflatten(1, (len(self.shares), self.n_classes))
        if self.multilabel:
            return torch.logit(RULES[self.rule](torch.sigmoid(members), self.shares), eps=1e-7)
        each = F.softmax(members, dim=2)
        return RULES[self.rule](each, self.shares).clamp(min=1e-9).log()


def mean(each: Tensor, shares: Tensor) -> Tensor:
    """Mean probability, weighted by `shares` [members]; `each` is [batch, members, classes]."""
    return (each * shares[None, :, None]).sum(dim=1)


def vote(each: Tensor, shares: Tensor) -> Tensor:
    """Share of the votes, with a trace of the mean that breaks ties."""
    votes = F.one_hot(each.argmax(dim=2), each.shape[2]).float().mean(dim=1)
    return 0.99 * votes + 0.01 * mean(each, shares)


def dynamic(each: Tensor, shares: Tensor) -> Tensor:
    """Mean of the two members that are most sure of this window."""
    surest = each.amax(dim=2).topk(min(2, each.shape[1]), dim=1).indices
    return each.gather(1, surest[:, :, None].expand(-1, -1, each.shape[2])).mean(dim=1)


def top2_classes(each: Tensor, shares: Tensor) -> Tensor:
    """Each member's two most probable classes, summed over the members."""
    second = each.topk(min(2, each.shape[2]), dim=2).values[:, :, -1:]
    kept = torch.where(each >= second, each, torch.zeros_like(each)).sum(dim=1)
    return kept / kept.sum(dim=1, keepdim=True)


RULES = {"mean": mean, "vote": vote, "weighted": mean, "dynamic": dynamic, "top2_classes": top2_classes}


def _member(shape: InputShape, n_classes: int, name: str, settings: dict[str, Any], crop: int = 0) -> nn.Module:
    from einthoven.models import own

    if not crop:
        return built(own.named(name), shape, n_classes, settings)
    network = built(own.named(name), InputShape(shape.n_leads, crop), n_classes, settings)
    return OverCrops(network, shape.n_samples, crop)
