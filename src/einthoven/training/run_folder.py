"""Read and write the folder of a run: its settings, its checkpoint, and whether it is finished."""

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


def enter(folder: Path, settings: Mapping[str, Any]) -> Card | None:
    """Start a run in a folder, or make sure that the run in it has the same settings.

    Parameters
    ----------
    folder : Path
        Created if there is none.
    settings : mapping
        Plain values that decide the weights.

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
    wanted = json.loads(json.dumps(settings))
    if not file.exists():
        with written_aside(file) as aside:
            aside.write_text(json.dumps(wanted, indent=1))
        return None
    try:
        before = json.loads(file.read_text())
    except ValueError:
        before = {}
    if before != wanted:
        different = [name for name in wanted if before.get(name) != wanted[name]]
        raise ConfigurationFault(
            f"{folder} holds a run with other settings.",
            found=f"another {', '.join(different)}",
            expected="the settings it was started with, so that it can resume",
            remedy="name a new folder with --out, or remove this one",
        )
    return bundle.load_card(folder / "bundle") if (folder / "bundle").exists() else None


def has_stopped(last: Path, keeper: KeepBest, patience: int) -> bool:
    """Return whether a killed run had already stopped early; the state of the keeper is restored then.

    Parameters
    ----------
    last : Path
        The checkpoint.
    keeper : KeepBest
        Its best score and epoch are restored.
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
            f"The checkpoint {last} cannot be read.",
            found=f"{type(error).__name__}: {str(error).splitlines()[0][:120]}",
            expected="the state of a killed run",
            remedy=f"rm {last}      the training then starts again from its first epoch",
        ) from error
    return bool(waited >= patience)
