"""The folder of a run: its settings, its checkpoint, and whether it is finished."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.paths import output_folder, written_aside
from einthoven.training.callbacks import KeepBest

RUN, BEST, LAST = "run.json", "best.safetensors", "last.ckpt"


def enter(folder: Path, stated: Mapping[str, Any]) -> Card | None:
    """Start a run in a folder, or make sure that the run in it has the same settings.

    Parameters
    ----------
    folder : Path
        Made where there is none.
    stated : mapping
        All that decides the weights, as plain values.

    Returns
    -------
    Card or None
        The card of a finished run.

    Raises
    ------
    ConfigurationFault
        If the folder holds a run with other settings.
    """
    file = output_folder(folder) / RUN
    plain = json.loads(json.dumps(stated))
    if not file.exists():
        with written_aside(file) as aside:
            aside.write_text(json.dumps(plain, indent=1))
        return None
    try:
        known = json.loads(file.read_text())
    except ValueError:
        known = {}
    if known != plain:
        other = [name for name in plain if known.get(name) != plain[name]]
        raise ConfigurationFault(
            f"{folder} holds a run with other settings.",
            found=f"another {', '.join(other)}",
            expected="the settings it was started with, so that it can resume",
            remedy="name a new folder with --out, or remove this one",
        )
    return bundle.load_card(folder / "bundle") if (folder / "bundle").exists() else None


def has_stopped(last: Path, keeper: KeepBest, patience: int) -> bool:
    """Return whether a killed run had already stopped early; the keeper then knows its best epoch again.

    Parameters
    ----------
    last : Path
        The checkpoint.
    keeper : KeepBest
        Gets back what it had kept.
    patience : int
        Epochs without a better score before a run stops.

    Returns
    -------
    bool

    Raises
    ------
    FileDamaged
        If the checkpoint cannot be read.
    """
    if not last.exists():
        return False
    try:
        state = torch.load(last, map_location="cpu", weights_only=True)["callbacks"]
        waited = next(kept["wait_count"] for name, kept in state.items() if name.startswith("EarlyStopping"))
        keeper.load_state_dict(state[keeper.state_key])
    except Exception as error:
        raise FileDamaged(
            f"the checkpoint {last} cannot be read.",
            found=f"{type(error).__name__}: {str(error).splitlines()[0][:120]}",
            expected="what the killed run had written",
            remedy=f"rm {last}      the training then starts again from its first epoch",
        ) from error
    return bool(waited >= patience)
