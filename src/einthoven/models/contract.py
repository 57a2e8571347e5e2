"""Check an architecture against the contract that every model keeps, clause by clause."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

INPUTS = ("signal", "beat", "features")
"""What a network can read; one without the attribute ``inputs`` reads the signal."""
CLAUSES = {
    "module": "a subclass of torch.nn.Module",
    "constructor": "Model(n_leads, n_classes, n_samples, *, settings that all have defaults)",
    "inputs": f"inputs names some of {', '.join(INPUTS)}; without it the model reads the signal",
    "parts": "a method features(x) and a layer head",
    "logits": "finite logits [batch, classes], for batches of 1 and of 7 windows",
    "deterministic": "the same answer to the same windows in eval mode",
    "forward": "forward(x) is head(features(x))",
    "rows": "each window is answered by itself in eval mode, whatever the batch holds",
    "weights": "all that was learned is in state_dict(), and a new network that loads it gives the same answer",
    "gradient": "the loss gives every trained parameter a finite gradient that is not zero",
}
"""Each clause, by its name."""
_SIZES = ("n_leads", "n_classes", "n_samples")
_N_WINDOWS, _N_BEAT, _N_FEATURES = 7, 135, 7


@dataclass(frozen=True)
class Breach:
    """The first clause that an architecture breaks.

    Parameters
    ----------
    clause : str
        Its name, a key of CLAUSES.
    found : str
        What was found in its place; empty where an error was raised.
    error : Exception, optional
        What the architecture raised.
    """

    clause: str
    found: str
    error: Exception | None = None


@dataclass
class _Trial:
    """An architecture under trial: its class, the sizes it is built for, and its network once it is built."""

    model: Any
    sizes: tuple[int, int, int]
    settings: Mapping[str, Any]
    network: nn.Module = field(default_factory=nn.Identity)

    def build(self) -> nn.Module:
        torch.manual_seed(0)
        return self.model(*self.sizes, **self.settings)  # type: ignore[no-any-return]

    def windows(self, n: int = _N_WINDOWS, seed: int = 1) -> tuple[Tensor | None, ...]:
        """Random input of `n` windows: the signal alone, or the three parts with None for those that are not read."""
        n_leads, _, n_samples = self.sizes
        given = {name: of.default for name, of in inspect.signature(self.model).parameters.items()} | {**self.settings}
        beat, features = given.get("beat_samples", _N_BEAT), given.get("n_features", _N_FEATURES)
        shapes = {"signal": (n, n_leads, n_samples), "beat": (n, n_leads, beat), "features": (n, features)}
        generator = torch.Generator().manual_seed(seed)
        drawn = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
        inputs = inputs_of(self.model)
        if inputs == ("signal",):
            return (drawn["signal"],)
        return tuple(drawn[name] if name in inputs else None for name in INPUTS)

    def logits(self, windows: tuple[Tensor | None, ...]) -> Tensor:
        with torch.no_grad():
            return self.network.eval()(*windows)  # type: ignore[no-any-return]


def inputs_of(model: Any) -> tuple[str, ...]:
    """Return what an architecture reads, of INPUTS."""
    return tuple(getattr(model, "inputs", ("signal",)))


def first_breach(
    model: Any, n_leads: int, n_classes: int, n_samples: int, settings: Mapping[str, Any] | None = None
) -> Breach | None:
    """Return the first clause that an architecture breaks, or None where it keeps all.

    The state of torch's random numbers is left as it was.

    Parameters
    ----------
    model : class
        The architecture.
    n_leads, n_classes, n_samples : int
        Sizes that it is built for.
    settings : mapping, optional
        Settings that differ from its defaults.
    """
    trial = _Trial(model, (n_leads, n_classes, n_samples), settings or {})
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
    """Return the first clause that can be seen to be broken without building a network, or None."""
    trial = _Trial(model, (1, 2, 3), {})
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
    is_kept = isinstance(stated, tuple) and 0 < len(stated) == len({*stated} & {*INPUTS})
    return "" if is_kept else f"inputs = {stated!r}"


def _built(trial: _Trial) -> str:
    trial.network = trial.build()
    return ""


def _parts(trial: _Trial) -> str:
    missing = [name for name in ("features", "head") if not callable(getattr(trial.network, name, None))]
    return f"no {' and no '.join(missing)}" if missing else ""


def _logits(trial: _Trial) -> str:
    for n in (1, _N_WINDOWS):
        logits = trial.logits(trial.windows(n))
        wanted = (n, trial.sizes[1])
        if not isinstance(logits, Tensor) or tuple(logits.shape) != wanted:
            shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            return f"{shape} for {n} windows of {trial.sizes[0]} leads x {trial.sizes[2]} samples, not {list(wanted)}"
        if not bool(torch.isfinite(logits).all()):
            return f"{int((~torch.isfinite(logits)).sum())} of {logits.numel()} logits are not finite"
    return ""


def _forward(trial: _Trial) -> str:
    windows = trial.windows()
    network: Any = trial.network.eval()
    with torch.no_grad():
        apart = network.head(network.features(*windows))
    return _difference(trial.logits(windows), apart)


def _deterministic(trial: _Trial) -> str:
    windows = trial.windows()
    return _difference(trial.logits(windows), trial.logits(windows))


def _rows(trial: _Trial) -> str:
    windows = trial.windows()
    whole = trial.logits(windows)
    alone = [
        trial.logits(tuple(None if part is None else part[at : at + 1] for part in windows)) for at in range(_N_WINDOWS)
    ]
    disturbed = tuple(None if part is None else torch.cat((100 + part[:1], part[1:])) for part in windows)
    return _difference(whole, torch.cat(alone)) or _difference(whole[1:], trial.logits(disturbed)[1:])


def _weights(trial: _Trial) -> str:
    from safetensors.torch import load, save

    state = load(save({name: tensor.contiguous() for name, tensor in trial.network.state_dict().items()}))
    wanted = trial.logits(trial.windows())
    torch.manual_seed(1)
    other = trial.model(*trial.sizes, **trial.settings)
    other.load_state_dict(state)
    with torch.no_grad():
        return _difference(wanted, other.eval()(*trial.windows()))


def _gradient(trial: _Trial) -> str:
    network = trial.build().train()
    n_classes = trial.sizes[1]
    truth = (torch.arange(_N_WINDOWS)[:, None] % max(2, n_classes) == torch.arange(n_classes)).float()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    for _ in range(2):  # a branch may begin at zero, and then pass nothing back at first
        optimiser.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(network(*trial.windows()), truth).backward()  # type: ignore[no-untyped-call]
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
    """What differs between two answers, in words; empty where they are alike."""
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
