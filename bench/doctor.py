"""Trains the networks of the doctor and tests them by cross-validation; writes them, and docs/results/doctor.md.

python bench/doctor.py DIR      DIR: ptb-xl, challenge-2021, cpsc2018, ludb, challenge-2011, … as their publishers lay them out
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from doctor_data import Measured, measured, named
from doctor_fit import fit, folds, limits
from doctor_fit import named as told
from doctor_pacing import pacing
from einthoven.paths import written_aside
from einthoven.signal import plausible, small_network
from einthoven.signal.lead_swaps import FAULTS, WEIGHTS, measurements
from shares import share

N_FOLDS = 5
FAULT_NAMES = list(FAULTS)
_FALSE = {"RA/LA": 0.003, "RA/LL": 0.001, "LA/LL": 0.007, "V1/V3": 0.001, "V1/V2": 0.0015}
_FALSE_OTHERS = 0.0004
"""Share of correct recordings in which each fault may be named."""
_PHONE = "Challenge 2011"
"""Recorded by people with little training: limits are chosen without them, because several have the arms exchanged."""
_SUSPECT = 3.0
"""A recording trains nothing where the first round gives a fault so much larger a logarithm of its probability than none."""
_FALSE_RATE = {True: 0.006, False: 0.009}
_EPOCHS, _UNITS = 16, 64
_EPOCHS_TEMPO, _UNITS_TEMPO = 40, 24
_ALIKE = 2
"""Column of the measurements that holds how alike the beats are."""
TEMPO_NAMES = ("right", "stated too high", "stated too low")
_LEAST_LEFT_OUT = 150
"""Sources with so many recordings are also left out of the training in turn."""


def swapped(beats: np.ndarray) -> np.ndarray:
    """Measurements [faults, n, measurements] of beats [n, 8, samples] with each fault done to them."""
    return np.stack([measurements((matrix @ beats).astype(np.float32)) for matrix in FAULTS.values()])


def fit_swaps(rows: np.ndarray, seed: int) -> small_network.SmallNetwork:
    """Fit the network of the leads to measurements [faults, n, measurements]."""
    weights = [6.0 if name == "none" else 2.0 if name == "LA/LL" else 1.0 for name in FAULT_NAMES]
    classes = np.repeat(np.arange(len(rows)), rows.shape[1])
    return fit(rows.reshape(len(classes), -1), classes, FAULT_NAMES, weights, seed, _EPOCHS, _UNITS)


def leads(data: Measured) -> tuple[dict, small_network.SmallNetwork]:
    """Cross-validate the network of the leads, also by source; and fit it to all."""
    rows = swapped(data.beats)
    persons = np.array([data.records[at].person for at in data.beat_of])
    sources = np.array([data.records[at].source for at in data.beat_of])
    shares = [_FALSE.get(name, _FALSE_OTHERS) for name in FAULT_NAMES[1:]]
    tests = list(folds(persons, N_FOLDS))
    first = out_of_fold(rows, tests, np.ones(len(persons), bool))[0]
    trains = (first[:, 1:] - first[:, :1]).max(axis=1) < _SUSPECT
    scores = out_of_fold(rows, tests, trains)
    counted = sources != _PHONE
    answers = np.zeros(scores.shape[:2], int)
    for test in tests:  # limits come from the other folds
        answers[:, test] = told(scores[:, test], limits(scores[0, ~test & counted], shares))
    found = {"all": lead_rates(answers, persons), "by source": {}, "source left out": {}}
    found["suspected in the first round"] = {name: int((~trains & (sources == name)).sum()) for name in set(sources)}
    found["all but Challenge 2011"] = lead_rates(answers[:, counted], persons[counted])
    for source in np.unique(sources):
        inside = sources == source
        found["by source"][source] = lead_rates(answers[:, inside], persons[inside])
        if inside.sum() >= _LEAST_LEFT_OUT:
            network = fit_swaps(rows[:, ~inside & trains], 0)
            apart = told(network.log_probabilities(rows[:, inside]), limits(scores[0, ~inside & counted], shares))
            found["source left out"][source] = lead_rates(apart, persons[inside])
    return found, replace(fit_swaps(rows[:, trains], 0), limits=limits(scores[0, counted], shares))


def out_of_fold(rows: np.ndarray, tests: list[np.ndarray], trains: np.ndarray) -> np.ndarray:
    """Log-probabilities [faults, n, classes], each by a network that did not see its person."""
    scores = np.zeros((len(rows), rows.shape[1], len(rows)), np.float32)
    for at, test in enumerate(tests):
        scores[:, test] = fit_swaps(rows[:, ~test & trains], at).log_probabilities(rows[:, test])
        print(f"leads: fold {at + 1} of {len(tests)}", flush=True)
    return scores


def lead_rates(answers: np.ndarray, persons: np.ndarray) -> dict:
    """Of answers [faults, n]: how often each fault is named as what it is, and anything where there is none."""
    found = {name: share(answers[at] == at, persons) for at, name in enumerate(FAULT_NAMES) if at}
    return {"false alarms": share(answers[0] > 0, persons), **found}


def tempos(data: Measured, many: bool) -> tuple[dict, small_network.SmallNetwork]:
    """Cross-validate the network of sampling rates for twelve leads, or for one and two; and fit it to all."""
    inside = (data.n_leads >= plausible.MANY_LEADS) == many
    rows, of = data.tempos[inside], data.tempo_of[inside]
    classes = np.select([data.factor[inside] > 1, data.factor[inside] < 1], [1, 2], 0)
    persons = np.array([data.records[at].person for at in of])
    sources = np.array([data.records[at].source for at in of])
    scores = np.zeros((len(rows), len(TEMPO_NAMES)), np.float32)
    tests = list(folds(persons, N_FOLDS))
    settings = (TEMPO_NAMES, (2.0, 1.0, 1.0))
    for at, test in enumerate(tests):
        network = fit(rows[~test], classes[~test], *settings, at, _EPOCHS_TEMPO, _UNITS_TEMPO)
        scores[test] = network.log_probabilities(rows[test])
    shares = [_FALSE_RATE[many]] * 2
    answers = np.zeros(len(rows), int)
    for test in tests:
        right = classes == 0
        answers[test] = told(scores[test], limits(scores[right & ~test], shares))
    answers[rows[:, _ALIKE] <= plausible.LEAST_ALIKE] = 0
    found = {"all": tempo_rates(answers, classes, persons), "by source": {}}
    for source in np.unique(sources):
        at = sources == source
        found["by source"][source] = tempo_rates(answers[at], classes[at], persons[at])
    network = fit(rows, classes, *settings, 0, _EPOCHS_TEMPO, _UNITS_TEMPO)
    return found, replace(network, limits=limits(scores[classes == 0], shares))


def tempo_rates(answers: np.ndarray, classes: np.ndarray, persons: np.ndarray) -> dict:
    """How often a rate is called wrong where it is right, and where it is stated twice or half as high."""
    names = ("false alarms", "rate x 2 warned", "rate / 2 warned")
    return {name: share(answers[classes == at] > 0, persons[classes == at]) for at, name in enumerate(names)}


def amplitudes(data: Measured, many: bool) -> dict:
    """How often an amplitude is called small or large, as it is and with a gain wrong by ten."""
    is_right = (data.factor == 1.0) & np.isfinite(data.height_mv)
    inside = is_right & ((data.n_leads >= plausible.MANY_LEADS) == many)
    heights, of = data.height_mv[inside], data.tempo_of[inside]
    sources = np.array([data.records[at].source for at in of])
    persons = np.array([data.records[at].person for at in of])
    calibrated = sources != "Challenge 2011"  # its headers state a gain that no phone has: QRS complexes of 0.2 mV
    found = {"by source": {}}
    for name, at in [("all but Challenge 2011", calibrated), *((one, sources == one) for one in np.unique(sources))]:
        h, who = heights[at], persons[at]
        small, large = plausible.SMALL_MV[many], plausible.LARGE_MV[many]
        rates = {
            "false alarms": share((h < small) | (h > large), who),
            "gain / 10 warned": share(h / 10 < small, who),
            "gain x 10 warned": share(h * 10 > large, who),
        }
        if name.startswith("all"):
            found["all"] = rates
        else:
            found["by source"][name] = rates
    return found


def table(found: dict, what: list[str]) -> list[str]:
    """One row for each source; percentages with their intervals for all."""
    lines = [f"| | n | {' | '.join(what)} |", "|---" * (len(what) + 2) + "|"]
    without = [(name, found[name]) for name in ("all but Challenge 2011",) if name in found]
    for source, rates in [("all", found["all"]), *without, *found["by source"].items()]:
        cells = [_shown(rates[name], source.startswith("all")) for name in what]
        lines.append(f"| {source} | {max(rates[name]['n'] for name in what):,} | {' | '.join(cells)} |")
    for source, rates in found.get("source left out", {}).items():
        cells = [_shown(rates[name], False) for name in what]
        lines.append(f"| {source}, left out of training | {rates[what[0]]['n']:,} | {' | '.join(cells)} |")
    return [*lines, ""]


def _shown(one: dict, whole: bool) -> str:
    if not one["n"]:
        return "–"
    return f"{one['value']:.3f}" + (f" ({one['low']:.3f} to {one['high']:.3f})" if whole else "")


def page(results: dict) -> str:
    """The page of results."""
    lead, other = results["leads"], [name for name in FAULT_NAMES[1:] if name not in _SHOWN]
    lines = [
        "# The lead and unit doctor",
        "",
        "`python bench/doctor.py DIR` · recordings of PTB-XL (folds 1 to 9), the Challenges 2021, 2017 and 2011 (acceptable "
        "ones), CPSC 2018, LUDB, ZZU-pECG, MIT-BIH DS1 and SVDB. What is not in DIR is left out. Exchanged electrodes and wrong "
        "rates are simulated on each. Five folds by patient, or by recording where patients are not known; limits of a fold "
        "come from the other four. In brackets: 95 % intervals, 1,000 draws of patients.",
        "",
        "## Exchanged electrodes and inverted leads, twelve leads",
        "",
        "False alarms: anything named in a recording as it is. All others: named as what it is. Recordings with at least three "
        "beats that resemble each other. Limits are chosen without Challenge 2011, recorded with phones by people with little "
        "training: several of its recordings have the arms truly exchanged, and count as false alarms here. Recordings that a "
        f"first round of cross-validation suspects ({sum(lead['suspected in the first round'].values())}) train nothing in the "
        "second, and are tested like all others.",
        "",
        *table(lead, ["false alarms", *_SHOWN]),
        "| fault | named |",
        "|---|---|",
        *(f"| {name} | {_shown(lead['all'][name], True)} |" for name in other),
        "",
        "Limb leads that are inverted or named wrongly by themselves break the laws of Einthoven and Goldberger and are found "
        "by them. The gains of LUDB differ from lead to lead, so its limb leads contradict each other.",
        "",
    ]
    titles = {
        "rates, twelve leads": "Sampling rate stated twice or half as high, twelve leads",
        "rates, one or two leads": "The same, one or two leads",
        "gains, twelve leads": "Gain wrong by ten, twelve leads",
        "gains, one or two leads": "The same, one or two leads",
    }
    for name, title in titles.items():
        lines += [f"## {title}", "", *table(results[name], list(results[name]["all"]))]
    lines += [
        "All but Challenge 2011 in the rows `all` of gains: its QRS complexes are about 0.2 mV high. The scale of its "
        "text files is not that of its headers.",
        "",
        "## Spikes of a pacemaker",
        "",
        "Nothing is trained. The limits of height, width and level were settled with MIT-BIH and unpaced recordings in sight.",
        "",
        "| | paced, told as paced | others, told as paced |",
        "|---|---|---|",
    ]
    for source, counts in results["pacing"].items():
        if sum(n for _, n in counts.values()):
            (hits, n_paced), (wrong, n_others) = counts["paced"], counts["others"]
            lines.append(f"| {source} | {hits} of {n_paced} | {wrong} of {n_others} |")
    lines.append("")
    return "\n".join(lines)


_SHOWN = ["RA/LA", "RA/LL", "LA/LL", "V1/V3", "V2 inverted", "V5 inverted"]


def write(data: Measured, paced: dict, repository: Path) -> None:
    """Fit, test, and write networks and page."""
    results, networks = {"pacing": paced}, {}
    results["leads"], networks[WEIGHTS] = leads(data)
    for many, name in ((True, "twelve leads"), (False, "one or two leads")):
        results[f"rates, {name}"], networks[plausible.WEIGHTS[many]] = tempos(data, many)
        results[f"gains, {name}"] = amplitudes(data, many)
    for name, network in networks.items():
        small_network.save(repository / "src" / "einthoven" / "assets" / "doctor" / name, network)
    place = repository / "docs" / "results"
    with written_aside(place / "doctor.md") as aside:
        aside.write_text(page(results))
    (place / "doctor").mkdir(exist_ok=True)
    with written_aside(place / "doctor" / "results.json") as aside:
        aside.write_text(json.dumps(results, indent=1) + "\n")
    print(page(results))


if __name__ == "__main__":
    from command import run

    def main(words: list[str]) -> None:
        folder = Path(words[0])
        write(measured(named(folder)), pacing(folder), Path(__file__).parents[1])

    run(main, __doc__, 1)
