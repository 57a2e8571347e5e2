"""The verb features."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional

from einthoven import console
from einthoven.cli.settings import MaybeText, optional
from einthoven.errors import ConfigurationFault


@dataclass(frozen=True)
class Features:
    """List the measurements that a model can read beside the signal, with their units.

    Example: einthoven features waves
    """

    name: Annotated[Positional[MaybeText], optional("SET")] = None
    """One set of measurements; all sets where not stated."""

    def run(self) -> int:
        """Print the sets, or the measurements of one."""
        from einthoven.signal.features import FEATURES

        if self.name is None:
            rows = [(name, len(known), f"a {known.per}", known.title) for name, known in FEATURES.items()]
            console.table(
                ("set", "measurements", "for each", "what"), rows, "Inputs for --prepare.inputs, beside signal and beat"
            )
            console.say("einthoven features NAME lists the measurements of a set.")
            return 0
        if self.name not in FEATURES:
            raise ConfigurationFault(
                "Unknown set of measurements.",
                found=self.name,
                expected=", ".join(FEATURES),
                remedy="einthoven features",
            )
        known = FEATURES[self.name]
        named = enumerate(zip(known.names, known.units, strict=True), start=1)
        numbered = [(at, name, unit) for at, (name, unit) in named]
        console.table(("", "measurement", "unit"), numbered, f"{self.name}: {known.title}, for each {known.per}")
        return 0
