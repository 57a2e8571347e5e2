"""Check an architecture against the model contract, clause by clause."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from einthoven.models.inputs import InputShape, answers_samples, arguments, built, call, missing_parts
from einthoven.signal.windows import PARTS

CLAUSES = {
    "module": "a subclass of torch.nn.Module",
    "constructor": "Model(n_leads, n_classes, n_samples, *, settings that all have defaults)",
    "inputs": f"inputs names some of {', '.join(PARTS)}, which forward takes in this order; without it the model reads the signal",
    "parts": "a method features(x) and a layer head",
    "logits": "finite logits [batch, classes], for batches of 1 and of 7 windows; with answers_samples = True "
    "[batch, classes, samples]",
    "deterministic": "the same logits for the same windows in eval mode",
    "forward": "forward(x) is head(features(x))",
    "rows": "the logits of a window do not depend on the other windows of its batch in eval mode",
    "weights": "all that was learned is in state_dict(), and a new network that loads it gives the same logits",
    "gradient": "the loss gives every trained parameter a finite gradient that is not zero",
}
"""Each clause, by its name."""
_SIZES = ("n_leads", "n_classes", "n_samples")
_N_WINDOWS = 7
_WHOLE = InputShape(1, 3, 3, 1, 1)
"""Windows that have every part."""


@dataclass(frozen=True)
class Breach:
    """The first clause that an architecture breaks.

    Parameters
    ----------
    clause : str
        Its name, a key of CLAUSES.
    found : str
        What was found instead; empty where an error was raised.
    error : Exception, optional
        What the architecture raised.
    """

    clause: str
    found: str
    error: Exception | None = None


@dataclass
class _Trial:
    """An architecture under test: its class, the shapes it is built for, and its network once it is built."""

    model: Any
    shape: InputShape
    n_classes: int
    settings: Mapping[str, Any]
    network: nn.Module = field(default_factory=nn.Identity)

    def build(self, seed: int = 0) -> nn.Module:
        torch.manual_seed(seed)
        return built(self.model, self.shape, self.n_classes, self.settings)

    def windows(self, n: int = _N_WINDOWS) -> dict[str, Tensor]:
        """Return `n` random windows, always the same."""
        generator = torch.Generator().manual_seed(1)
        return self.shape.sample(n, lambda size: torch.randn(size, generator=generator))

    def logits(self, windows: Mapping[str, Tensor]) -> Tensor:
        with torch.no_grad():
            return call(self.network.eval(), windows)


def first_breach(
    model: Any, shape: InputShape, n_classes: int, settings: Mapping[str, Any] | None = None
) -> Breach | None:
    """Return the first clause that an architecture breaks, or None where it keeps all.

    The state of torch's random numbers is left as it was.

    Parameters
    ----------
    model : type
        The architecture.
    shape : InputShape
        Shapes of the windows that it is built for and called with.
    n_classes : int
        Number of classes.
    settings : mapping, optional
        Settings that differ from its defaults.
    """
    trial = _Trial(model, shape, n_classes, settings or {})
    with torch.random.fork_rng(devices=[]):
        for clause, check in _CHECKS.items():
            try:
                found = check(trial)
            except Exception as error:
                return Breach(clause, "", error)
            if found:
                return Breach(clause, found)
    return None


def static_breach(model: Any) -> Breach | None:
    """Return the first clause whose breach shows without building a network, or None.

    Parameters
    ----------
    model : type
        The architecture.
    """
    trial = _Trial(model, _WHOLE, 2, {})
    for clause in ("module", "constructor", "inputs"):
        found = _STATIC[clause](trial)
        if found:
            return Breach(clause, found)
    return None


def _module(trial: _Trial) -> str:
    is_module = inspect.isclass(trial.model) and issubclass(trial.model, nn.Module)
    return "" if is_module else f"{getattr(trial.model, '__name__', trial.model)}, a {type(trial.model).__name__}"


def _constructor(trial: _Trial) -> str:
    parameters = list(inspect.signature(trial.model).parameters.values())
    first, rest = parameters[:3], parameters[3:]
    is_kept = tuple(of.name for of in first) == _SIZES and all(
        of.kind is of.KEYWORD_ONLY and of.default is not of.empty for of in rest
    )
    return "" if is_kept else f"{trial.model.__name__}{inspect.signature(trial.model)}"


def _inputs(trial: _Trial) -> str:
    stated = getattr(trial.model, "inputs", ("signal",))
    if not (isinstance(stated, tuple) and 0 < len(stated) == len({*stated} & {*PARTS})):
        return f"inputs = {stated!r}"
    missing = missing_parts(trial.model, trial.shape)
    return f"inputs = {stated!r}, but the windows have no {' and no '.join(missing)}" if missing else ""


def _built(trial: _Trial) -> str:
    trial.network = trial.build()
    return ""


def _parts(trial: _Trial) -> str:
    missing = [name for name in ("features", "head") if not callable(getattr(trial.network, name, None))]
    return f"no {' and no '.join(missing)}" if missing else ""


def _logits(trial: _Trial) -> str:
    for n in (1, _N_WINDOWS):
        logits = trial.logits(trial.windows(n))
        wanted = (n, trial.n_classes, *((trial.shape.n_samples,) if answers_samples(trial.model) else ()))
        if not isinstance(logits, Tensor) or tuple(logits.shape) != wanted:
            shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            leads_and_samples = f"{trial.shape.n_leads} leads x {trial.shape.n_samples} samples"
            return f"{shape} for {n} windows of {leads_and_samples}, not {list(wanted)}"
        if not bool(torch.isfinite(logits).all()):
            return f"{int((~torch.isfinite(logits)).sum())} of {logits.numel()} logits are not finite"
    return ""


def _forward(trial: _Trial) -> str:
    windows = trial.windows()
    network: Any = trial.network.eval()
    with torch.no_grad():
        apart = network.head(network.features(*arguments(network, windows)))
    return _difference(trial.logits(windows), apart)


def _deterministic(trial: _Trial) -> str:
    windows = trial.windows()
    return _difference(trial.logits(windows), trial.logits(windows))


def _rows(trial: _Trial) -> str:
    windows = trial.windows()
    whole = trial.logits(windows)
    alone = [trial.logits({name: part[at : at + 1] for name, part in windows.items()}) for at in range(_N_WINDOWS)]
    disturbed = {name: torch.cat((100 + part[:1], part[1:])) for name, part in windows.items()}
    return _difference(whole, torch.cat(alone)) or _difference(whole[1:], trial.logits(disturbed)[1:])


def _weights(trial: _Trial) -> str:
    from safetensors.torch import load, save

    state = load(save({name: tensor.contiguous() for name, tensor in trial.network.state_dict().items()}))
    wanted = trial.logits(trial.windows())
    other = trial.build(seed=1)
    other.load_state_dict(state)
    with torch.no_grad():
        return _difference(wanted, call(other.eval(), trial.windows()))


def _gradient(trial: _Trial) -> str:
    network = trial.build().train()
    n_classes = trial.n_classes
    truth = (torch.arange(_N_WINDOWS)[:, None] % max(2, n_classes) == torch.arange(n_classes)).float()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    for _ in range(2):  # a branch may begin at zero, and then pass nothing back at first
        optimiser.zero_grad()
        logits = call(network, trial.windows())
        wanted = truth[..., None].expand(logits.shape) if answers_samples(trial.model) else truth
        loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        optimiser.step()
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.grad is None or not bool(parameter.grad.any()):
            return f"{name} gets no gradient"
        if not bool(torch.isfinite(parameter.grad).all()):
            return f"{name} gets a gradient that is not finite"
    return ""


def _difference(one: Tensor, other: Tensor) -> str:
    """Describe how two sets of logits differ; empty where they are equal within rounding."""
    if one.shape != other.shape:
        return f"{list(one.shape)} and {list(other.shape)}"
    if torch.allclose(one, other, rtol=1e-3, atol=1e-4):
        return ""
    return f"logits that differ by up to {float((one - other).abs().max()):.2g}"


def _whole_constructor(trial: _Trial) -> str:
    return _constructor(trial) or _built(trial)


_Check = Callable[[_Trial], str]
_STATIC: dict[str, _Check] = {"module": _module, "constructor": _constructor, "inputs": _inputs}
_CHECKS: dict[str, _Check] = {
    **_STATIC,
    "constructor": _whole_constructor,
    "parts": _parts,
    "logits": _logits,
    "deterministic": _deterministic,
    "forward": _forward,
    "rows": _rows,
    "weights": _weights,
    "gradient": _gradient,
}
