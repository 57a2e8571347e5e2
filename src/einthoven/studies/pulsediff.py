"""Fill gaps of lead I of PTB-XL by PulseImpute's protocol: the diffusion model beside plain ways and a net that predicts once."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Entry
from einthoven.corpora.ptbxl import PTBXL
from einthoven.errors import CorpusIncomplete
from einthoven.evaluation import filling as scores
from einthoven.inference.filling import band, draws, load_net
from einthoven.paths import written_aside
from einthoven.report import filling_study
from einthoven.signal import heartbeats, hiding
from einthoven.signal.beat_prior import beat_prior
from einthoven.steps import Steps
from einthoven.training.pulsediff import FS_HZ, Recipe, train

Array = NDArray[Any]

NETS = {"pulsediff": Recipe(), "once": Recipe(steps=2500, diffusion=False)}
"""The diffusion model, and the same net that predicts once."""
CONDITIONS = (
    *((f"extended {gap_s} s", "extended", float(gap_s)) for gap_s in (1, 2, 3, 4, 5)),
    *((f"transient {percent} %", "transient", percent / 100) for percent in (10, 20, 30, 40, 50)),
)
"""Name, kind and size of each kind of gap."""
TRAIN, VALIDATION, TEST = ("1", "2", "3", "4"), ("5",), ("6", "7", "8", "9", "10")
"""The publisher's folds, as PulseImpute parts them."""
_LEADS = 12
_N_DRAWS = 10
_SINUS = ("SR", "SBRAD", "STACH", "SARRH")


class _Run:
    """A study that is running.

    Parameters
    ----------
    source : Path
        Folder of PTB-XL.
    folder : Path
        Folder of the study.
    quick : bool
        Whether this is a smoke run.
    """

    def __init__(self, source: Path, folder: Path, quick: bool):
        self.source, self.folder, self.quick = source, folder, quick

    @cached_property
    def entries(self) -> list[Entry]:
        """All records."""
        return list(PTBXL.entries(self.source, FS_HZ))

    def of_folds(self, folds: tuple[str, ...]) -> list[Entry]:
        """Return the records of some folds; a few in a smoke run."""
        found = [entry for entry in self.entries if entry.group in folds]
        if not found:
            raise CorpusIncomplete(
                f"{self.source} holds no record of the folds {', '.join(folds)}.",
                found=f"folds {', '.join(sorted({entry.group for entry in self.entries}))}",
                expected="records of folds 1 to 4 (training), 5 (validation) and 6 to 10 (test)",
                remedy="einthoven download ptb-xl --to DIR",
            )
        return found[:2] if self.quick else found

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of a net; a short one in a smoke run."""
        return replace(NETS[name], steps=2, batch=2) if self.quick else NETS[name]


def run(source: Path, folder: Path, quick: bool = False) -> dict[str, Any]:
    """Do the steps that are not done yet, and write results.json and table.md.

    Parameters
    ----------
    source : Path
        Folder of PTB-XL with the records at 100 Hz.
    folder : Path
        Folder of the study; finished steps are not repeated.
    quick : bool
        Whether this is a smoke run.

    Returns
    -------
    dict
        What results.json holds.
    """
    this = _Run(Path(source), Path(folder), quick)
    works: dict[str, tuple[Callable[[], dict[str, Any]], float]] = {}
    conditions = CONDITIONS[:: 5 if quick else 1]
    for condition in conditions:
        works[f"plain-{condition[0]}"] = partial(_score, this, condition, False), 20.0
    for name, recipe in NETS.items():
        works[f"train-{name}"] = partial(_train, this, name), float(recipe.steps)
    works["widen"] = partial(_widen, this), 300.0
    for condition in conditions:
        works[f"score-{condition[0]}"] = partial(_score, this, condition, True), 500.0
    settings: dict[str, Any] = {"study": "pulsediff", "quick": quick}
    settings |= {"recipes": {name: vars(this.recipe(name)) for name in NETS}}
    steps = Steps(this.folder, settings, {name: cost for name, (_, cost) in works.items()})
    done: dict[str, dict[str, Any]] = {}
    found: dict[str, Any] = {}
    for name, (work, _) in works.items():
        done[name] = steps.do(name, work)
        if name == f"plain-{conditions[-1][0]}" or len(done) == len(works):
            found = _written(this, done, steps.seconds)
    return found


def _written(this: _Run, done: dict[str, dict[str, Any]], seconds: dict[str, float]) -> dict[str, Any]:
    """Write results.json and table.md of the steps that are done: the plain ways first, later the networks too."""
    found: dict[str, Any] = {"study": "pulsediff", "smoke_run": this.quick, "seconds": seconds}
    found |= {"widening": done.get("widen", {}).get("widening")}
    found |= {"weights": {name: done[f"train-{name}"]["n_parameters"] for name in NETS if f"train-{name}" in done}}
    plain, scored = (
        {name.removeprefix(begin): one for name, one in done.items() if name.startswith(begin)}
        for begin in ("plain-", "score-")
    )
    found |= filling_study.table(plain, scored, this.quick)
    for name, text in (
        ("results.json", json.dumps(found, indent=1) + "\n"),
        ("table.md", filling_study.page(found)),
    ):
        with written_aside(this.folder / name) as aside:
            aside.write_text(text)
    return found


def _train(this: _Run, name: str) -> dict[str, Any]:
    """Train a net on all leads of the training folds."""
    entries = this.of_folds(TRAIN)
    leads = [lead for entry in entries for lead in _leads(entry, _LEADS)]
    n = train(
        leads, this.recipe(name), this.folder / "runs" / name, {"width": 8, "n_blocks": 2} if this.quick else None
    )
    return {"n_parameters": n, "records": len(entries), "leads": len(leads)}


def _leads(entry: Entry, n_leads: int) -> list[Array]:
    """Return the first leads of a record in mV that are whole and not flat, a multiple of four samples long."""
    record = PTBXL.read(entry)
    rows = record.signal_mv[:n_leads, : record.n_samples // 4 * 4].astype(np.float64)
    return [row for row in rows if np.isfinite(row).all() and np.ptp(row) > 0]


def _hidden(n: int, kind: str, size: float, seed: int) -> NDArray[np.bool_]:
    """Return a mask with at least one hidden sample, the same for each method."""
    rng = np.random.default_rng(seed)
    hidden = (hiding.extended if kind == "extended" else hiding.transient)(n, FS_HZ, size, rng)
    hidden[n // 2] |= not hidden.any()
    return hidden


def _widen(this: _Run) -> dict[str, Any]:
    """Measure on the validation fold by how much the band of the draws must be widened to hold 90 % of hidden samples."""
    net, _, _ = load_net(this.folder / "runs" / "pulsediff")
    ratios = []
    for at, entry in enumerate(this.of_folds(VALIDATION)[::2]):
        _, kind, size = CONDITIONS[at % len(CONDITIONS)]
        for lead in _leads(entry, 1):
            hidden = _hidden(len(lead), kind, size, at)
            drawn = draws(net, lead, hidden, _N_DRAWS, diffusion=True)[:, hidden]
            ratios.append(np.abs(lead[hidden] - drawn.mean(0)) / (1.645 * drawn.std(0, ddof=1) + 1e-9))
    widening = float(np.quantile(np.concatenate(ratios), 0.9))
    said = json.loads((this.folder / "runs" / "pulsediff" / "filler.json").read_text()) | {"widening": widening}
    with written_aside(this.folder / "runs" / "pulsediff" / "filler.json") as aside:
        aside.write_text(json.dumps(said, indent=1) + "\n")
    return {"widening": widening, "records": len(ratios)}


def _score(this: _Run, condition: tuple[str, str, float], with_nets: bool) -> dict[str, Any]:
    """Score methods on the same gaps of lead I: the plain ones on each test record, all of them on every fourth."""
    _, kind, size = condition
    nets = {name: load_net(this.folder / "runs" / name) for name in NETS} if with_nets else {}
    rows = []
    for at, entry in enumerate(this.of_folds(TEST)):
        for lead in _leads(entry, 1) if at % 4 == 0 or not with_nets else ():
            hidden = _hidden(len(lead), kind, size, 1000 + at)
            rows.append(_one(lead, hidden, nets) | {"patient": entry.patient, "rhythm": _rhythm(entry)})
    return {"records": rows}


def _rhythm(entry: Entry) -> str:
    codes = {code.split(":")[0] for code in entry.codes.split(";")}
    return "sinus" if codes & set(_SINUS) else "fibrillation" if "AFIB" in codes else "other"


def _one(lead: Array, hidden: NDArray[np.bool_], nets: dict[str, Any]) -> dict[str, Any]:
    """Return the scores of every method for one lead, in units of the largest value that is seen, as PulseImpute scales."""
    middle = hiding.level(lead, hidden)
    scale = float(np.abs(lead[~hidden] - middle).max()) + 1e-6
    truth = (lead - middle) / scale
    filled = {
        "zero": np.where(hidden, 0.0, truth),
        "linear": hiding.straight(truth, hidden),
        "template": beat_prior(truth, hidden, FS_HZ).lead,
    }
    found: dict[str, Any] = {}
    for name, (net, widening, diffusion) in nets.items():
        drawn = (draws(net, lead, hidden, _N_DRAWS if diffusion else 1, diffusion) - middle) / scale
        filled[name] = drawn.mean(0)
        if diffusion:
            low, high = band(drawn, widening)
            inside = (truth >= low) & (truth <= high)
            found["covered"] = float(inside[hidden].sum())
            found["crps"] = float(scores.crps(truth, drawn)[hidden].sum())
            found["width"] = float((high - low)[hidden].sum())
    true = heartbeats.find(truth, FS_HZ)
    for name, guess in filled.items():
        beats = scores.beats_found(true, heartbeats.find(guess, FS_HZ), hidden, FS_HZ)
        shapes = scores.correlations(truth, guess, true, hidden, FS_HZ)
        found[name] = scores.errors(truth, guess, hidden) | {
            "beats": beats,
            "shapes": [round(one, 4) for one in shapes],
        }
    return found
