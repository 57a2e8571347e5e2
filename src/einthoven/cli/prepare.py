"""Knows the verb prepare, and the options that training and evaluation share with it."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.corpora import CORPORA
from einthoven.corpora.corpus import Corpus
from einthoven.errors import UnknownName
from einthoven.signal.preparation import Preparation
from einthoven.user_file import is_reference

From = Annotated[Path, arg(name="from", metavar="DIR")]


@dataclass(frozen=True)
class Windows:
    """How records become windows; what is not stated is the corpus's own (einthoven corpora)."""

    leads: tuple[str, ...] | None = None
    """Leads by name, each with alternatives in order of preference, e.g. "MLII|II"."""
    fs_hz: float | None = None
    """Sampling rate of the model's input, Hz."""
    before_s: float | None = None
    """Seconds of the window ahead of the heartbeat."""
    after_s: float | None = None
    """Seconds of the window behind the heartbeat."""
    low_hz: float | None = None
    """Lower edge of the band-pass, Hz."""
    high_hz: float | None = None
    """Upper edge of the band-pass, Hz."""
    scaling: str | None = None
    """millivolt or local (each lead over its root mean square of ten seconds)."""
    patient: bool | None = None
    """Put the patient's typical beat and numbers on the rhythm beside each window (wants scaling millivolt)."""
    rhythm: bool | None = None
    """Of tiles with patient: measurements of the rhythm are among the numbers."""
    waves: bool | None = None
    """Of tiles of the twelve standard leads with patient: what an electrocardiograph measures is among the numbers."""
    cut: str | None = None
    """beats (a window around each heartbeat) or tiles (windows that follow each other)."""
    crop_s: float | None = None
    """Of tiles: the network sees crops of this length, s, and its answers to them are averaged."""

    def over(self, preparation: Preparation) -> Preparation:
        """The preparation with what was stated here."""
        stated = {item.name: getattr(self, item.name) for item in fields(self)}
        return replace(preparation, **{name: value for name, value in stated.items() if value is not None})


def corpus_named(name: str) -> Corpus:
    """A corpus of CORPORA, or one that a user's file declares, ``./mine.py[:NAME]``, which is run.

    Raises
    ------
    UnknownName, ConfigurationFault
        If there is none, or a user's corpus breaks a clause of the contract.
    """
    if is_reference(name):
        from einthoven.corpora.own import corpus_in

        return corpus_in(name)
    if name not in CORPORA:
        raise UnknownName(
            "there is no such corpus.",
            found=name,
            expected=f"{', '.join(CORPORA)}, or a file of yours that declares one",
            remedy="einthoven corpora      lists them; --corpus ./mine.py names a file of yours",
        )
    return CORPORA[name]


@dataclass(frozen=True)
class Prepare:
    """Cut a corpus into windows, once; training and evaluation reuse them.

    Example: einthoven prepare mitdb --from ./mitdb
    """

    corpus: Positional[str]
    """Name of the corpus (einthoven corpora lists them), or a file of yours that declares one, ./mine.py[:NAME]."""
    source: From
    """Folder of the corpus as its publisher lays it out."""
    protocol: str = "clean"
    """The protocol whose records are prepared; training and evaluation by it find them."""
    strict: bool = False
    """End at a record that is declared and not there, or cannot be read; else such are counted and left out."""
    windows: Annotated[Windows, arg(name="prepare")] = field(default_factory=Windows)

    def run(self) -> int:
        """Build the store and say where it is."""
        from einthoven.data.build import build, told

        corpus = corpus_named(self.corpus)
        protocol = corpus.protocol(self.protocol)
        store = build(corpus, self.source, self.windows.over(corpus.preparation), protocol.without, self.strict)
        shape = " x ".join(f"{size:,}" for size in store.windows.shape)
        console.say(f"{corpus.title}: {shape} (windows x leads x samples) in {store.folder}")
        for line in told(store):
            console.say(f"  {line}")
        console.say(f"fingerprint {store.fingerprint[:16]}")
        return 0
