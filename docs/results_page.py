"""Write the tables of docs/results.md and README, published figures beside ours: `python docs/results_page.py`.

Published figures are those of the studies' declarations; ours are read from docs/results and from the models' cards.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from einthoven.engine.declaration import Published
from einthoven.paths import ASSETS
from einthoven.studies import STUDIES

PAGE = Path(__file__).with_name("results.md")
README = PAGE.parents[1] / "README.md"
RESULTS = PAGE.parent / "results"
Score = Mapping[str, Any]
NAMES = {
    "accuracy": "accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro-F1",
    "macro_auprc": "macro AUPRC",
    "micro_f1": "micro-F1",
    "hamming_loss": "Hamming loss",
    "subset_accuracy": "subset accuracy",
    "kilobytes": "size, kB",
}


def kept(name: str) -> dict[str, Any]:
    """Read a file of docs/results."""
    found: dict[str, Any] = json.loads((RESULTS / name).read_text(encoding="utf-8"))
    return found


def number(found: Any) -> str:
    """Return a score with its interval, or a dash."""
    if isinstance(found, float):
        return f"{found:.0f}"
    if not found or found.get("value") is None:
        return "–"
    digits = 4 if found["value"] < 0.1 else 3
    return f"{found['value']:.{digits}f} ({found['low']:.{digits}f} to {found['high']:.{digits}f})"


def metric(score: Score | None, name: str) -> str:
    """Return one figure of a score, by its name in a declaration."""
    if score is None:
        return "–"
    if name.startswith("F1 "):
        return number(score["per_class"][name.removeprefix("F1 ")]["f1"])
    return number(score.get(name))


Pair = tuple[str, Score | None, Score | None]
"""A model, its score by the paper's protocol, and its score with patients apart."""


def _mitbih(label: str) -> Pair:
    key = "ensemble-top2_weighted" if label.endswith("Top2-Weighted") else "cnn_lstm-none"
    paper, clean = (kept(f"mitbih_study/{name}.json")["scores"][key] for name in ("paper", "clean"))
    return key, paper, clean


def _small(label: str) -> Pair:
    found = kept("mitbih_small/results.json")["scores"]
    return (
        label.removesuffix("-paper"),
        found[label],
        found.get(label.replace("-paper", "-clean")) if label.endswith("-paper") else None,
    )


def _cpsc2018(label: str) -> Pair:
    found = kept("cpsc2018/results.json")["protocols"]
    return label, found["paper"]["scores"][label], found["clean"]["scores"][label]


def _pediatric(label: str) -> Pair:
    found = kept("pediatric/results.json")["scores"]
    return label.removesuffix("-paper"), found[label], found[label.replace("-paper", "-clean")]


OURS: dict[str, tuple[str, str, Callable[[str], Pair]]] = {
    "mitbih": ("MIT-BIH beats", "mitbih_study", _mitbih),
    "mitbih-clean": (
        "MIT-BIH beats",
        "beats",
        lambda _: ("mitbih-clean-context", None, card("mitbih-clean-context")["results"][0]),
    ),
    "mitbih-small": ("MIT-BIH beats", "mitbih_small", _small),
    "ptbxl": (
        "PTB-XL at hand",
        "ptbxl",
        lambda _: ("chosen hybrid", None, kept("ptbxl/results.json")["scores"]["chosen hybrid"]),
    ),
    "ptbxl-model": (
        "PTB-XL at hand",
        "ptbxl_model",
        lambda _: ("ptbxl-typical-beat", None, kept("ptbxl_model/results.json")["scores"]["all"]),
    ),
    "pediatric": ("adults of PTB-XL (published: children)", "pediatric", _pediatric),
    "cpsc2018": ("CPSC 2018 at hand", "cpsc2018", _cpsc2018),
}
"""By study: what is predicted, the page, and where our scores are. A study that is not here has no row."""


def beside() -> Iterator[str]:
    """Give a table for each publication of a study."""
    for name, (task, page, ours) in OURS.items():
        groups: dict[str, list[Published]] = {}
        for published in STUDIES[name].published:
            groups.setdefault(published.source.split(", ")[0], []).append(published)
        for source, group in groups.items():
            yield from _compared(f"### {source}, study `{name}`", task, page, [(one, ours(one.name)) for one in group])


def _compared(title: str, task: str, page: str, rows: list[tuple[Published, Pair]]) -> Iterator[str]:
    """Give the table of one publication."""
    _, paper, clean = rows[0][1]
    n = [f"`{name}` {one['n_test']:,}" for name, one in (("paper", paper), ("clean", clean)) if one]
    leak = ", LEAKS PATIENTS" if paper and paper["leaks_patients"] else ""
    yield from ("", title, "", f"{task}. Tested: {', '.join(n)}. [Page and commands](results/{page}.md).", "")
    yield f"| model | figure | published | ours, `paper`{leak} | ours, `clean` |"
    yield "|---|---|---|---|---|"
    for published, (model, by_paper, apart) in rows:
        for name, figure in published.figures.items():
            cells = [model, NAMES.get(name, name), figure, metric(by_paper, name), metric(apart, name)]
            yield f"| {' | '.join(cells)} |"


def card(name: str) -> dict[str, Any]:
    """Read the card of a bundled model."""
    found: dict[str, Any] = json.loads((ASSETS / name / "card.json").read_text(encoding="utf-8"))
    return found


def f1(found: Score, *classes: str) -> str:
    """Return F1 of some classes in one cell."""
    per_class = found["per_class"]
    return ", ".join(f"{name} {number(per_class[name].get('f1', per_class[name]))}" for name in classes)


def travelled() -> Iterator[str]:
    """Give the rows of the table of bundled models."""
    yield "| model | tested on | result | another database |"
    yield "|---|---|---|---|"
    beats = kept("beats.json")
    elsewhere = {"mitbih-clean-one-lead": beats["one, trees"]["folds"]["weighted"]["svdb"]}
    for name in ("mitbih-cnn-lstm-mlii", "mitbih-clean-one-lead", "mitbih-clean-context"):
        found, other = card(name)["results"][0], elsewhere.get(name)
        where = f"DS2: {found['n_test']:,} beats, {found['n_patients']} patients"
        result = f"F1 {f1(found, 'S', 'V')}; with detected heartbeats {f1(found['end_to_end'], 'S', 'V')}"
        text = f"SVDB, five folds, {other['n_patients']} patients: F1 {f1(other, 'S', 'V')}" if other else OTHER[name]
        yield f"| `{name}` | {where} | {result} | {text} |"
    trees = beats["two-without-svdb"]["tests"]["svdb"]
    text = f"SVDB, which trained nothing, {trees['n_patients']} patients: F1 {f1(trees, 'S', 'V')}"
    yield f"| networks and trees without SVDB (not bundled) | – | – | {text} |"
    study = kept("challenge2017/results.json")["scores"]["nets and trees"]
    own = card("challenge2017-rhythm")["results"][0]["challenge_score"]
    text = f"official score {number(study['challenge_score'])}; its card has {own['value']:.3f}, [chosen earlier]"
    text += "(results/challenge2017.md#what-is-chosen-and-where): quote the lower one"
    where = f"Challenge 2017, five folds: {study['n_test']:,} recordings"
    yield f"| `challenge2017-rhythm` | {where} | {text} | [MIT-BIH](results/rhythm.md) |"
    found, other = card("ptbxl-diagnoses")["results"][0], kept("twelve_leads.json")["elsewhere"]["new"]
    where = f"PTB-XL at hand, nested folds: {found['n_test']:,} records, {found['n_patients']} patients"
    text = f"CPSC 2018, Georgia, Ningbo, PTB, LUDB, {other['n']} records: macro AUROC {number(other['macro_auroc'])}"
    yield f"| `ptbxl-diagnoses` | {where} | macro AUROC {number(found['macro_auroc'])} | {text} |"
    first, second = card("waves-ludb")["results"]
    where = f"LUDB, five folds: {first['n_test']:,} leads, {first['n_patients']} patients"
    text = f"QT Database, {second['n_test']} records: F1 {f1(second, 'P', 'QRS', 'T')}"
    yield f"| `waves-ludb` | {where} | F1 {f1(first, 'P', 'QRS', 'T')} | {text} |"


OTHER = {
    "mitbih-cnn-lstm-mlii": "SVDB: [calibration only](results/calibration.md)",
    "mitbih-clean-context": "SVDB: see [several databases](results/beats.md)",
}


def answers() -> Iterator[str]:
    """Give the rows of the table of README."""
    yield "| question | model | tested on patients apart | on another database |"
    yield "|---|---|---|---|"
    beats = kept("beats.json")["two-without-svdb"]["tests"]["svdb"]
    found = card("mitbih-clean-one-lead")["results"][0]["end_to_end"]
    where = f"DS2 of MIT-BIH, {found['n_beats']:,} beats, heartbeats detected: F1"
    for name, title in (("V", "ventricular beats"), ("S", "supraventricular beats")):
        other = f"SVDB, {beats['n_test']:,} beats, two-lead models trained without it: F1 {number(beats['per_class'][name])}"
        yield f"| {title} | `mitbih-clean-one-lead` | {where} {number(found['per_class'][name]['f1'])} | {other} |"
    rows = {row[0]: row for row in kept("rhythm.json")["rows"]}
    texts = []
    for name, title in (
        ("left-out records of MIT-BIH, half minutes, first lead", "MIT-BIH, 8 patients left out"),
        ("LUDB, not trained on, 10 s", "LUDB, 200 patients"),
    ):
        texts.append(f"{title}: sensitivity {rows[name][3]}, specificity {rows[name][4]}")
    yield f"| atrial fibrillation, any lead | `rhythm-any-lead` | {' | '.join(texts)} |"
    study = kept("challenge2017/results.json")["scores"]["nets and trees"]
    score = f"five folds of {study['n_test']:,} recordings: official score {number(study['challenge_score'])}"
    yield f"| rhythm of a hand-held device | `challenge2017-rhythm` | {score} | – |"
    found, other = card("ptbxl-diagnoses")["results"][0], kept("twelve_leads.json")["elsewhere"]["new"]
    score = f"PTB-XL, {found['n_test']} records: macro AUROC {number(found['macro_auroc'])}"
    text = f"five sources, {other['n']} records: macro AUROC {number(other['macro_auroc'])}"
    yield f"| 23 diagnoses of twelve leads | `ptbxl-diagnoses` | {score} | {text} |"
    first, second = card("waves-ludb")["results"]
    text = f"QT Database, {second['n_test']} records: F1 {f1(second, 'P', 'QRS', 'T')}"
    score = f"LUDB, {first['n_patients']} patients: F1 {f1(first, 'P', 'QRS', 'T')}"
    yield f"| P, QRS and T | `waves-ludb` | {score} | {text} |"


def filled(text: str, name: str, lines: Iterator[str]) -> str:
    """Return a page with the lines between the marks of this name."""
    before, rest = text.split(f"<!-- {name} -->\n")
    return f"{before}<!-- {name} -->\n" + "\n".join(lines) + f"\n<!-- end of {name} -->" + rest.split("-->", 1)[1]


if __name__ == "__main__":
    text = filled(PAGE.read_text(encoding="utf-8"), "published", beside())
    PAGE.write_text(filled(text, "models", travelled()), encoding="utf-8")
    README.write_text(filled(README.read_text(encoding="utf-8"), "answers", answers()), encoding="utf-8")
