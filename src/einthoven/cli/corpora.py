"""The verb corpora: list the corpora, or describe one and count its records in a folder."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.prepare import corpus_named
from einthoven.cli.settings import MaybePath, MaybeText, optional
from einthoven.corpora.corpus import Corpus, Listing, Protocol
from einthoven.errors import StatementMissing
from einthoven.signal.preparation import Beats, Preparation


@dataclass(frozen=True)
class Corpora:
    """List the corpora, or describe one: what it holds, its licence, its protocols, and what leaks.

    Example: einthoven corpora mitdb
    """

    name: Annotated[Positional[MaybeText], optional("NAME")] = None
    """A corpus, or a file of yours that declares one (./mine.py[:NAME]), which is checked."""
    source: Annotated[MaybePath, arg(name="from", metavar="DIR")] = None
    """Folder of the named corpus: its records, patients and classes are counted, in each part of each protocol."""

    def run(self) -> int:
        """Print a table of all corpora, or all that is known of one."""
        if self.name is not None:
            corpus = corpus_named(self.name)
            listing = None if self.source is None else corpus.entries(self.source, corpus.preparation.fs_hz)
            _describe(corpus, self.name)
            if listing is not None:
                _count(corpus, listing)
            return 0
        if self.source is not None:
            raise StatementMissing(
                "no corpus was named.",
                found="--from alone",
                expected="a corpus",
                remedy="einthoven corpora mitdb --from DIR",
            )
        _list()
        return 0


def _list() -> None:
    from einthoven.corpora import CORPORA

    rows = [
        (c.name, f"{c.title} {c.version}", f"{c.n_records}", _patients(c), _beats(c), f"{c.fs_hz:g}", c.licence)
        for c in CORPORA.values()
    ]
    console.table(("corpus", "title", "records", "patients", "beats", "Hz", "licence"), rows)
    for corpus in CORPORA.values():
        console.say(f"{corpus.name}: protocols {', '.join(_marked(one) for one in corpus.protocols.values())}")
    console.say("einthoven corpora NAME      describes one")


def _describe(corpus: Corpus, named: str) -> None:
    rows = [
        ("title", f"{corpus.title} {corpus.version}"),
        ("records", f"{corpus.n_records:,}" if corpus.n_records else ""),
        ("patients", _patients(corpus)),
        ("beats", _beats(corpus) if corpus.n_beats else ""),
        ("recorded at", f"{corpus.fs_hz:g} Hz"),
        ("leads", corpus.leads),
        ("windows", _windows(corpus.preparation)),
        ("licence", corpus.licence),
        ("citation", corpus.citation),
        ("contains", ", ".join(corpus.contains)),
        ("address", corpus.address),
        ("download", _download(corpus.name)),
    ]
    console.table(("", ""), [row for row in rows if row[1]], named)
    for protocol in corpus.protocols.values():
        _protocol(protocol)
    for name, labels in corpus.label_sets.items():
        console.say(f"--labels {name}: {labels.name} ({len(labels.classes)} classes)")


def _protocol(protocol: Protocol) -> None:
    console.say(f"--protocol {_marked(protocol)}: {protocol.summary}")
    console.say(f"  {protocol.remark}")
    if protocol.declared_shared:
        console.say(f"  patients in two parts by declaration: {', '.join(protocol.declared_shared)}")
    if protocol.without:
        console.say(f"  records in no part: {', '.join(protocol.without)}")
    if protocol.n_folds:
        console.say(f"  --fold 0 to {protocol.n_folds - 1}")
    console.say(f"  intervals resample: {protocol.unit}; label set: {protocol.labels.name}")
    pairs = zip(protocol.labels.classes, protocol.labels.meanings, strict=True)
    if len(protocol.labels.classes) <= 30:
        console.table(("class", "meaning"), list(pairs))


def _count(corpus: Corpus, listing: Listing) -> None:
    """Print how many records, patients and classes each part of each protocol has, and what was left out."""
    from einthoven.corpora.contract import index_of
    from einthoven.corpora.split import PARTS

    index = index_of(listing)
    console.say(f"{len(listing):,} records of {len(np.unique(index.patient)):,} patients")
    for kind, found in (("left out", listing.dropped), ("kept", listing.odd)):
        for reason, names in found.items():
            console.say(f"{kind}, {reason}: {len(names)} ({', '.join(names[:3])}{', …' * (len(names) > 3)})")
    if corpus.beats is not None:
        return
    for protocol in corpus.protocols.values():
        split, targets = protocol.parts(index, 0), protocol.labels.targets(index.symbol)
        classes = protocol.labels.classes
        rows = []
        for part in PARTS:
            at = getattr(split, part)
            counts = (
                targets[at].sum(axis=0)
                if protocol.labels.multilabel
                else np.bincount(targets[at], minlength=len(classes))
            )
            rows.append((part, len(at), len(np.unique(index.patient[at])), *counts.astype(int).tolist()))
        console.table(("part", "records", "patients", *classes), rows, f"protocol {_marked(protocol)}, seed 0")


def _marked(protocol: Protocol) -> str:
    return f"{protocol.name} (LEAKS PATIENTS)" if protocol.leaks else protocol.name


def _patients(corpus: Corpus) -> str:
    if corpus.n_patients is None:
        return "not identified"
    return f"{corpus.n_patients:,}" if corpus.n_patients else ""


def _beats(corpus: Corpus) -> str:
    return "–" if corpus.n_beats is None else f"{corpus.n_beats:,}"


def _windows(prepared: Preparation) -> str:
    cut = prepared.cut
    what = f"{cut.before_s:g} s before each beat to {cut.after_s:g} s after it" if isinstance(cut, Beats) else ""
    what = what or f"{prepared.window_s:g} s each"
    return f"{', '.join(prepared.leads)} at {prepared.fs_hz:g} Hz, {what}, scaling {prepared.signal.scaling}"


def _download(name: str) -> str:
    from einthoven.corpora.download import ELSEWHERE, SOURCES

    return f"einthoven download {name} --to DIR" if name in SOURCES else ELSEWHERE.get(name, "")
