"""Several networks whose probabilities are fused by a rule; an ensemble is an architecture like any other."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.inputs import InputShape, arguments, built, reads
from einthoven.signal.windows import PARTS, crop_starts


class Ensemble(nn.Module):
    """Several networks on the same windows, fused by a rule.

    Paper
        Song et al. 2026, arXiv 2602.17701 ("dynamic ensemble fusion"); its Top2-Weighted is ambiguous. Both
        readings are here: ``weighted`` over the two best members, and ``top2_classes``.
    Departures
        - A tied vote goes to the class with the larger mean probability.
    Receptive field
        The largest of its members.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    members : tuple
        (architecture, settings) of each member; (architecture, settings, samples) of a member that reads crops of the signal, with
        their length.
    rule : str
        ``mean`` of the probabilities; ``vote`` of the classes; ``weighted`` mean; ``dynamic``: the mean of the two members with
        the highest probability for this window; ``top2_classes``: the sum over each member's two most probable classes.
    weights : tuple of float
        Weight of each member, for ``weighted``.
    multilabel : bool
        Whether a window can have more than one class, each with its own probability; for ``mean`` and ``weighted`` only.
    excluded_by : tuple
        (architecture, settings, number of its classes, those of them that the first class never occurs with), for multilabel
        windows only; empty for none. With the probability q that none of these is there, that of the first class is multiplied by
        ``q² / (q² + (1 - q)²)``.
    beat_samples : int
        Samples of the typical beat, for members that read it.
    r_peak : int
        Samples of the typical beat ahead of its R peak.
    n_features : int
        Number of measurements, for members that read them.

    Raises
    ------
    ValueError
        If there is no such rule, or rule, weights and `multilabel` contradict each other.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        members: tuple[tuple[Any, ...], ...] = (("cnn", {"widths": (8, 8)}), ("cnn_lstm", {"hidden": 8})),
        rule: str = "mean",
        weights: tuple[float, ...] = (),
        multilabel: bool = False,
        excluded_by: tuple[Any, ...] = (),
        beat_samples: int = 0,
        r_peak: int = 0,
        n_features: int = 0,
    ):
        super().__init__()
        if multilabel and rule not in ("mean", "weighted"):
            raise ValueError(f"rule is {rule}; expected mean or weighted for multilabel")
        if rule not in RULES:
            raise ValueError(f"rule is {rule}; expected {', '.join(RULES)}")
        if rule == "weighted" and (len(weights) != len(members) or min(weights) < 0 or sum(weights) <= 0):
            raise ValueError(f"{len(weights)} weights for {len(members)} members; expected one each, none below zero")
        if excluded_by and not multilabel:
            raise ValueError("excluded_by is set; expected multilabel")
        self.rule, self.n_classes, self.multilabel = rule, n_classes, multilabel
        shares = torch.tensor(weights if rule == "weighted" else [1.0] * len(members))
        self.shares: Tensor
        self.register_buffer("shares", shares / shares.sum(), persistent=False)
        shape = InputShape(n_leads, n_samples, beat_samples, r_peak, n_features)
        self.members = nn.ModuleList(_member(shape, n_classes, *member) for member in members)
        self.excluding: nn.Module | None = None
        self.never_with: tuple[int, ...] = ()
        if excluded_by:
            name, settings, n_others, never_with = excluded_by
            self.excluding, self.never_with = _member(shape, n_others, name, settings), tuple(never_with)
        read = {part for member in self._networks for part in reads(member)}
        self.inputs = tuple(part for part in PARTS if part in read)
        self.head = _Fusion(self)

    @property
    def _networks(self) -> list[nn.Module]:
        return [*self.members, *([] if self.excluding is None else [self.excluding])]

    def features(self, *parts: Tensor) -> Tensor:
        """Return the logits of all members [batch, members * classes] for the parts in :attr:`inputs`.

        Those of the network that excludes the first class follow them.
        """
        given = dict(zip(self.inputs, parts, strict=True))
        return torch.cat([member(*arguments(member, given)) for member in self._networks], dim=1)

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logarithms of the fused probabilities (of their odds, where multilabel) [batch, classes]."""
        logits: Tensor = self.head(self.features(*parts))
        return logits


class OverCrops(nn.Module):
    """A network over crops of the signal, and the mean of its logits.

    Parameters
    ----------
    network : nn.Module
        A network for windows of `crop` samples.
    n_samples : int
        Samples of a window.
    crop : int
        Samples of a crop; crops overlap by half.
    """

    convolves_trace = True
    """Whether its last convolution is over the trace."""

    def __init__(self, network: nn.Module, n_samples: int, crop: int):
        super().__init__()
        self.network, self.crop = network, crop
        self.starts = crop_starts(n_samples, crop).tolist()

    def cut(self, signal: Tensor) -> Tensor:
        """Return crops of windows.

        Parameters
        ----------
        signal : Tensor [batch, leads, samples]
            The windows.

        Returns
        -------
        Tensor [batch * crops, leads, crop]
        """
        return torch.stack([signal[:, :, at : at + self.crop] for at in self.starts], dim=1).flatten(0, 1)

    def forward(self, signal: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.network(self.cut(signal))
        return logits.view(-1, len(self.starts), logits.shape[1]).mean(dim=1)


class _Fusion(nn.Module):
    """The members' logits [batch, members * classes] to logarithms of the fused probabilities [batch, classes]."""

    def __init__(self, ensemble: Ensemble):
        super().__init__()
        self.rule, self.n_classes, self.multilabel = ensemble.rule, ensemble.n_classes, ensemble.multilabel
        self.never_with = list(ensemble.never_with)
        self.shares: Tensor
        self.register_buffer("shares", ensemble.shares, persistent=False)

    def forward(self, logits: Tensor) -> Tensor:
        """Fuse by the rule."""
        n = len(self.shares) * self.n_classes
        members = logits[:, :n].float().reshape(-1, len(self.shares), self.n_classes)
        if self.multilabel:
            found = RULES[self.rule](torch.sigmoid(members), self.shares)
            if self.never_with:
                absent = torch.sigmoid(-logits[:, n:][:, self.never_with].float()).prod(dim=1, keepdim=True)
                allowed = absent.square() / (absent.square() + (1 - absent).square())
                found = torch.cat((found[:, :1] * allowed, found[:, 1:]), dim=1)
            return torch.logit(found, eps=1e-7)
        return RULES[self.rule](F.softmax(members, dim=2), self.shares).clamp(min=1e-9).log()


def _mean(members: Tensor, shares: Tensor) -> Tensor:
    """Return the mean probability, weighted by the shares of the members."""
    return (members * shares[None, :, None]).sum(dim=1)


def _vote(members: Tensor, shares: Tensor) -> Tensor:
    """Return the share of the votes; a hundredth of the mean probability breaks ties."""
    votes = F.one_hot(members.argmax(dim=2), members.shape[2]).float().mean(dim=1)
    return 0.99 * votes + 0.01 * _mean(members, shares)


def _dynamic(members: Tensor, shares: Tensor) -> Tensor:
    """Return the mean of the two members with the highest probability for this window."""
    surest = members.amax(dim=2).topk(min(2, members.shape[1]), dim=1).indices
    return members.gather(1, surest[:, :, None].expand(-1, -1, members.shape[2])).mean(dim=1)


def _top2_classes(members: Tensor, shares: Tensor) -> Tensor:
    """Return the sum over each member's two most probable classes."""
    second = members.topk(min(2, members.shape[2]), dim=2).values[:, :, -1:]
    kept = torch.where(members >= second, members, torch.zeros_like(members)).sum(dim=1)
    return kept / kept.sum(dim=1, keepdim=True)


RULES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": _mean,
    "vote": _vote,
    "weighted": _mean,
    "dynamic": _dynamic,
    "top2_classes": _top2_classes,
}
"""Rules by name: from probabilities [batch, members, classes] and shares [members] to probabilities [batch, classes]."""


def _member(shape: InputShape, n_classes: int, name: str, settings: dict[str, Any], crop: int = 0) -> nn.Module:
    from einthoven.models import own

    if not crop:
        return built(own.named(name), shape, n_classes, settings)
    network = built(own.named(name), InputShape(shape.n_leads, crop), n_classes, settings)
    return OverCrops(network, shape.n_samples, crop)
