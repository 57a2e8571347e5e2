"""Write docs/results/twelve_leads.md."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from einthoven.corpora.statements_elsewhere import SOURCES
from einthoven.evaluation.multilabel import HEADLINE

_SHOWN = ("macro_auroc", "macro_auprc", "micro_f1", "hamming_loss")
_NAMES = {
    "macro_auroc": "macro AUROC",
    "macro_auprc": "macro AUPRC",
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "hamming_loss": "Hamming loss",
    "subset_accuracy": "subset accuracy",
    "label_ranking": "label ranking",
}
_MODELS = {"new": "ptbxl-diagnoses", "earlier": "ptbxl-typical-beat"}


def page(found: dict[str, Any]) -> str:
    """Return the page of the results."""
    scores = found["scores"]
    n, people = scores["new"]["n_test"], scores["new"]["n_patients"]
    lines = [
        f"# ptbxl-diagnoses and ptbxl-rhythm: {n} records of {people} patients of PTB-XL, and records of other sources; "
        "95 % intervals over patients, 1,000 draws",
        "",
        "```",
        "einthoven study ptbxl-model --from DIR/ptb-xl --out NETS      # makes NETS/ptbxl-typical-beat",
        "python docs/twelve_leads.py DIR NETS/ptbxl-typical-beat OUT   # DIR: ptb-xl, challenge-2021, cpsc2018, ludb",
        "```",
        "",
        "## PTB-XL, three groups of folds",
        "",
        *_table(
            ["", *(_NAMES[name] for name in HEADLINE)],
            [[_MODELS[one], *(_cell(scores[one][name]) for name in HEADLINE)] for one in _MODELS]
            + [
                [f"{family} alone", *(_cell(row[name]) for name in HEADLINE)]
                for family, row in found["families"].items()
            ],
        ),
        "",
        "Difference, new less earlier: "
        + _differences({k: v["difference"] for k, v in found["difference"].items()})
        + ".",
        "",
        *_normal(found["normal"]),
        "",
        "Shares of nets, trees and regression, and threshold: "
        + "; ".join(
            f"{name}: {', '.join(f'{share:.2f}' for share in one['shares'])}, {one['threshold']:g}"
            for name, one in found["choices"].items()
        )
        + ".",
        "",
        *_by_class(scores),
        "",
        *_elsewhere(found["elsewhere"]),
        "",
        *_rhythm(scores["rhythm"]),
        "",
        *_trust(found),
        "",
        *_mapping(),
    ]
    notes = Path(__file__).parent / "results" / "twelve_leads_notes.md"
    return "\n".join(lines) + "\n\n" + notes.read_text()


def _normal(counts: dict[str, int]) -> list[str]:
    return [
        f"Of {counts['n']} records coded AFIB, AFLT or PACE a normal electrocardiogram is named in {counts['new']} "
        f"({_MODELS['earlier']}: {counts['earlier']}). Of these, {counts['annotated']} are annotated as normal, too. Of the others "
        f"{counts['new, not annotated']} {'is' if counts['new, not annotated'] == 1 else 'are'} called normal.",
    ]


def _by_class(scores: dict[str, Any]) -> list[str]:
    rows = []
    for name, row in scores["new"]["per_class"].items():
        before = scores["earlier"]["per_class"][name]
        rows.append([name, str(row["n"]), *(_cell(one[key], 3) for key in ("auroc", "f1") for one in (row, before))])
    head = ["class", "records", "AUROC", "AUROC, earlier", "F1", "F1, earlier"]
    never = [name for name, row in scores["new"]["per_class"].items() if row["n"] and not row["f1"]["value"]]
    absent = [name for name, row in scores["new"]["per_class"].items() if not row["n"]]
    told = f"Never found: {', '.join(never) or 'none'}; without a record: {', '.join(absent) or 'none'}. The answer says so."
    return ["## By class", "", *_table(head, rows), "", told]


def _elsewhere(found: dict[str, Any]) -> list[str]:
    rows = [[_MODELS[one], *(_cell(found[one][name]) for name in _SHOWN)] for one in _MODELS]
    of_class = [
        [
            source,
            name,
            str(row["n"]),
            _cell(row["auroc"], 3),
            _cell(found["earlier"]["by_source"][source][name]["auroc"], 3),
        ]
        for source, classes in found["new"]["by_source"].items()
        for name, row in classes.items()
    ]
    return [
        "## Sources left out",
        "",
        f"{found['new']['n']} records of {found['new']['n_patients']} people. Each source is answered by trees and regressions "
        "that never saw it, with shares and threshold chosen without it. The nets and the earlier model saw PTB-XL alone. "
        "Only classes that the source names count; a class is ranked within a source, where at least three records have it.",
        "",
        *_table(["", *(_NAMES[name] for name in _SHOWN)], rows),
        "",
        "Difference, new less earlier: " + _differences(found["difference"]) + ".",
        "",
        *_table(["source", "class", "records", "AUROC", "AUROC, earlier"], of_class),
    ]


def _rhythm(scores: dict[str, Any]) -> list[str]:
    rows = [
        [name, str(row["n"]), _cell(row["auroc"], 3), _cell(row["f1"], 3)] for name, row in scores["per_class"].items()
    ]
    return [
        "## ptbxl-rhythm",
        "",
        f"{scores['n_test']} records of {scores['n_patients']} patients of PTB-XL, three groups of folds; half trees, half "
        "regression, threshold 0.5.",
        "",
        *_table(["class", "records", "AUROC", "F1"], rows),
    ]


def _trust(found: dict[str, Any]) -> list[str]:
    rows = [
        [name, when, *(_cell(one[key]) for key in ("ece", "brier", "nll"))]
        for name, both in found["calibration"].items()
        for when, one in both.items()
    ]
    sets = [
        f"{name}, sets of {one['coverage']:.0%}, on records that made no quantile: "
        + ", ".join(f"{key} {share:.3f}" for key, share in one["by_class"].items() if share is not None)
        + f"; mean size {one['mean_size']:.2f}."
        for name, one in found["sets"].items()
    ]
    return [
        "## Calibration and sets",
        "",
        "Slope and offset of each class, fitted to answers of members that did not see the record; the figures are of "
        "calibrations that were fitted to other patients. What decides is not calibrated.",
        "",
        *_table(["", "", "calibration error", "Brier score", "negative log-likelihood"], rows),
        "",
        *"\n\n".join(sets).split("\n"),
    ]


def _mapping() -> list[str]:
    lines = [
        "## What the statements of other sources mean",
        "",
        "A class that a source does not name is unknown where it is not stated. Codes are those of SNOMED CT; statements of LUDB "
        "are in its own words. A statement that may mean several classes leaves them unknown (in brackets). A record without any "
        "other statement than those of a normal one is normal, and has no other diagnosis; one with another statement is not "
        "normal.",
    ]
    for name, source in SOURCES.items():
        said = {one: list(classes) for one, classes in source.says.items()}
        for one, classes in source.unclear.items():
            said.setdefault(one, []).append(f"({', '.join(classes)})")
        rows: dict[str, list[str]] = {}
        for one, classes in said.items():
            rows.setdefault(", ".join(classes), []).append(one)
        lines += [
            "",
            f"**{name}**: {source.title}. Absence counts for {', '.join(source.knows) or 'no class'}.",
        ]
        if name not in ("cpsc-extra", "georgia", "ningbo", "ptb"):
            lines += ["", *_table(["class", "statements"], [[key, "; ".join(values)] for key, values in rows.items()])]
    return [*lines, "", "Sources of the Challenge 2021 share the codes of the first table."]


def _differences(found: dict[str, Any]) -> str:
    return ", ".join(f"{_NAMES[name]} {_cell(row)}" for name, row in found.items())


def _cell(found: dict[str, Any], digits: int = 4) -> str:
    if found["value"] is None:
        return "–"
    if found.get("low") is None:
        return f"{found['value']:.{digits}f}"
    return f"{found['value']:.{digits}f} ({found['low']:.{digits}f} to {found['high']:.{digits}f})"


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
