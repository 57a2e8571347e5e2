"""The verb models: list models and architectures, or describe one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from einthoven import bundle, console
from einthoven.bundle import Card
from einthoven.cli.settings import MaybeCount, MaybePath, MaybeText, optional
from einthoven.errors import ConfigurationFault, LibraryMissing, optional_imports
from einthoven.paths import ASSETS
from einthoven.user_file import is_reference

if TYPE_CHECKING:
    from einthoven.models.described import Description

_N_CLASSES, _N_SAMPLES = 5, 1000
"""Classes and samples that parameters are counted for; a user's architecture is checked with them, and with twelve leads."""


@dataclass(frozen=True)
class Models:
    """List the models that answer and the architectures that can be trained, or describe one of them.

    Example: einthoven models --leads 1

    Example, one architecture: einthoven models resnet1d

    Example, the models for a recording: einthoven models --for 100.hea
    """

    name: Annotated[Positional[MaybeText], optional("NAME")] = None
    """An architecture, a model, a run's folder, or a file of yours (./mynet.py[:CLASS]), which is checked."""
    leads: Annotated[MaybeCount, optional("N")] = None
    """List only models that need this many leads."""
    file: Annotated[MaybePath, arg(name="for", metavar="FILE", help_behavior_hint="")] = None
    """List which models can answer this recording, which of them interpret asks, and why the others cannot."""

    def run(self) -> int:
        """Print both lists, or all that is known of one name, or what fits a recording."""
        if self.file is not None:
            _for(self.file)
            return 0
        if self.name is not None:
            _one(self.name)
            return 0
        _bundled(self.leads)
        if self.leads is None:
            try:
                architectures, others = _architectures(), _others()
            except LibraryMissing as missing:
                console.note(f"architectures that can be trained: {missing.remedy}")
            else:
                title = "Architectures for einthoven train --model"
                console.table(("architecture", "what it is"), architectures, title)
                console.table(("name", "what it is"), others, "Beside them, for einthoven study: they give no class")
            console.say("einthoven models NAME      describes one and lists its settings")
        return 0


def _for(file: Path) -> None:
    from einthoven import read
    from einthoven.inference.examined import Examined
    from einthoven.inference.fitting import fitting
    from einthoven.interpretation.interpreter import chosen

    record = read(file)
    examined = Examined(record)
    cards = [bundle.load_card(ASSETS / name) for name in bundle.bundled()]
    fits = fitting(record, cards, examined.quality, examined.findings)
    questions = {name: question for question, name in chosen(record, fits).items()}
    rows = [(fit.card.name, questions.get(fit.card.name, ""), fit.reason or "fits", fit.remedy) for fit in fits]
    console.table(("model", "interpret asks it for", "fits", "remedy"), rows, f"Models for {file.name}")


def _bundled(n_leads: int | None) -> None:
    cards = [bundle.load_card(ASSETS / name) for name in bundle.bundled()]
    rows = [
        (card.name, _wished(card), _classes(card), f"{card.n_parameters:,}", "; ".join(_scores(card)) or "not tested")
        for card in cards
        if n_leads in (None, len(card.preparation.leads))
    ]
    console.table(("model", "leads", "classes", "parameters", "measured on"), rows, "Models that answer")


def _architectures() -> list[tuple[str, str]]:
    with optional_imports():
        from einthoven.models import MODELS

    return [(name, (model.__doc__ or "").splitlines()[0]) for name, model in MODELS.items()]


def _others() -> list[tuple[str, str]]:
    with optional_imports():
        from einthoven.models import FILLERS, SIMULATIONS

    return [(name, (model.__doc__ or "").splitlines()[0]) for name, model in (FILLERS | SIMULATIONS).items()]


def _one(name: str) -> None:
    if name in bundle.bundled():
        _card(bundle.load_card(bundle.find(name)))
        return
    with optional_imports():
        from einthoven.models import FILLERS, MODELS, SIMULATIONS, own
        from einthoven.models.inputs import example_shape

    if name in MODELS:
        _architecture(name, MODELS[name])
    elif name in FILLERS | SIMULATIONS:
        _described(name, (FILLERS | SIMULATIONS)[name])
        console.say(f"  einthoven study {name}{' --from DIR' if name in FILLERS else ''} --out studies/{name}")
    elif is_reference(name):
        taken = own.take(name)
        shape = example_shape(own.named(taken), 12, _N_SAMPLES)
        own.require_contract(taken, shape, _N_CLASSES, {})
        _architecture(taken, own.named(taken))
        console.say(
            f"{taken} keeps the model contract (checked with 12 leads, {_N_CLASSES} classes, {_N_SAMPLES:,} samples)"
        )
    else:
        _card(_found(name, (*MODELS,)))


def _found(name: str, architectures: tuple[str, ...]) -> Card:
    try:
        place = bundle.find(name)
    except ConfigurationFault as error:
        raise ConfigurationFault(
            "there is no such architecture or model.",
            found=name,
            expected=f"an architecture ({', '.join(architectures)}), a model ({', '.join(bundle.bundled())}), "
            "a run's folder, or a file ./mynet.py",
            remedy="einthoven models",
        ) from error
    if place.is_file():
        from einthoven.inference.exported_file import card_inside

        return card_inside(place)
    return bundle.load_card(place)


def _architecture(name: str, model: Any) -> None:
    told = _described(name, model)
    console.say(f"  reads        {', '.join(told.inputs)}")
    counts = ", ".join(f"{_n_parameters(model, n):,} with {n} lead{'s' * (n > 1)}" for n in (1, 12))
    console.say(f"  parameters   {counts} ({_N_CLASSES} classes, {_N_SAMPLES:,} samples)")
    if told.settings:
        rows = [(setting.shown, setting.meaning) for setting in told.settings]
        console.table(("--set, with the default", "meaning"), rows, "Settings")
    else:
        console.say("  no settings")


def _described(name: str, model: Any) -> "Description":
    """Print what the docstring of an architecture or a simulation says, and return its description."""
    from einthoven.models.described import describe

    told = describe(model)
    console.say(f"{name}: {told.summary}" if told.summary else name)
    for section, text in told.sections.items():
        console.say(f"  {section.lower()}")
        for line in text.splitlines():
            console.say(f"    {line}")
    return told


def _n_parameters(model: Any, n_leads: int) -> int:
    from einthoven.models import cost
    from einthoven.models.inputs import built, example_shape

    return cost.parameters(built(model, example_shape(model, n_leads, _N_SAMPLES), _N_CLASSES, {}))


def _card(card: Card) -> None:
    prepared, training = card.preparation, card.training
    signal = prepared.signal
    rows = [
        ("architecture", card.architecture_summary),
        ("parameters", f"{card.n_parameters:,}"),
        ("leads", _wished(card)),
        ("reads", ", ".join(prepared.inputs)),
        (
            "window",
            f"{prepared.window_s:g} s at {prepared.fs_hz:g} Hz{'' if prepared.is_whole else ' around each beat'}",
        ),
        ("band", f"{signal.low_hz:g} to {signal.high_hz:g} Hz, scaling {signal.scaling}"),
        ("label set", card.labels),
        ("trained on", f"{training.get('corpus', 'not stated')} {training.get('corpus_version', '')}".strip()),
        ("protocol", f"{training.get('protocol', 'not stated')}: {training.get('protocol_summary', '')}"),
        ("remark", training.get("remark", "")),
        ("patients seen", f"{len(card.patients):,}"),
        ("weights", f"SHA-256 {card.weights_sha256}"),
        *((f"file of {name}", f"SHA-256 {sha256}") for name, sha256 in training.get("architecture_files", {}).items()),
        ("attribution", card.attribution),
        ("intended use", card.intended_use),
    ]
    console.table(("", ""), [row for row in rows if row[1]], card.display_name)
    limits = card.thresholds or ("",) * len(card.classes)
    shown = [
        (name, meaning, f"{limit}") for name, meaning, limit in zip(card.classes, card.meanings, limits, strict=True)
    ]
    console.table(("class", "meaning", "threshold" if card.thresholds else ""), shown, "Classes")
    for line in _scores(card) or ["not tested"]:
        console.say(f"measured on {line}")


def _wished(card: Card) -> str:
    return ", ".join(wish.replace("|", " or ") for wish in card.preparation.leads)


def _classes(card: Card) -> str:
    return " ".join(card.classes) if len(card.classes) < 10 else f"{len(card.classes)}: {card.labels}"


def _end_to_end(row: dict[str, Any]) -> str:
    from einthoven.report.tables import cells

    found = row["end_to_end"]["per_class"] if "end_to_end" in row else {}
    listed = ", ".join(f"{name} {cells(one['f1'])[0]}" for name, one in found.items())
    return f"; with detected heartbeats F1 {listed}" if listed else ""


def _scores(card: Card) -> list[str]:
    from einthoven.report.tables import cells

    metrics = ("challenge_score", "macro_auroc" if card.multilabel else "macro_f1")
    return [
        f"{row['corpus']} {row['protocol']}{' (LEAKS PATIENTS)' if row['leaks_patients'] else ''}: "
        f"{metric.replace('_', ' ')} {' ('.join(cells(row[metric]))}){_end_to_end(row)}"
        for row in card.results
        for metric in [next(name for name in metrics if name in row)]
    ]
