"""The verb prepare, and the options that training and evaluation share with it."""

from dataclasses import dataclass, field, fields
from typing import Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.settings import CorpusName, MaybeNumber, MaybeText, Source, Strict, drawn_from, value
from einthoven.corpora import CORPORA
from einthoven.corpora.corpus import Corpus
from einthoven.errors import ConfigurationFault
from einthoven.signal.preparation import SCALINGS, Beats, Preparation, SignalSpec, Tiles
from einthoven.user_file import is_reference


@dataclass(frozen=True)
class Windows:
    """How records become windows; defaults are the corpus's own (einthoven corpora NAME)."""

    leads: Annotated[tuple[str, ...] | None, drawn_from(SignalSpec, "leads", "LEAD ...")] = None
    fs_hz: Annotated[MaybeNumber, drawn_from(SignalSpec, "fs_hz", "HZ")] = None
    low_hz: Annotated[MaybeNumber, drawn_from(SignalSpec, "low_hz", "HZ")] = None
    high_hz: Annotated[MaybeNumber, drawn_from(SignalSpec, "high_hz", "HZ")] = None
    scaling: Annotated[MaybeText, drawn_from(SignalSpec, "scaling", "|".join(SCALINGS))] = None
    before_s: Annotated[MaybeNumber, drawn_from(Beats, "before_s", "S")] = None
    after_s: Annotated[MaybeNumber, drawn_from(Beats, "after_s", "S")] = None
    window_s: Annotated[MaybeNumber, drawn_from(Tiles, "window_s", "S")] = None
    crop_s: Annotated[MaybeNumber, drawn_from(Tiles, "crop_s", "S")] = None
    inputs: Annotated[tuple[str, ...] | None, drawn_from(Preparation, "inputs", "INPUT ...")] = None

    def over(self, preparation: Preparation) -> Preparation:
        """Return the preparation with what was stated here.

        Parameters
        ----------
        preparation : Preparation
            Preparation whose other settings are kept.
        """
        stated = {item.name: getattr(self, item.name) for item in fields(self)}
        return preparation.with_settings(**{name: value for name, value in stated.items() if value is not None})


def corpus_named(name: str) -> Corpus:
    """Return a corpus of CORPORA, or one that a user's file declares, ``./mine.py[:NAME]``, which is run.

    Parameters
    ----------
    name : str
        Name of the corpus, or the file.

    Raises
    ------
    ConfigurationFault, ConfigurationFault
        If there is none, or a user's corpus breaks a clause of the contract.
    """
    if is_reference(name):
        from einthoven.corpora.own import corpus_in

        return corpus_in(name)
    if name not in CORPORA:
        raise ConfigurationFault(
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

    corpus: Positional[CorpusName]
    source: Source
    protocol: Annotated[str, value("PROTOCOL")] = "clean"
    """Protocol whose records are prepared."""
    strict: Strict = False
    windows: Annotated[Windows, arg(name="prepare")] = field(default_factory=Windows)
    """How records become windows."""

    def run(self) -> int:
        """Build the store and print its folder."""
        from einthoven.data.build import build, left_out_lines
        from einthoven.data.store import shapes_of

        corpus = corpus_named(self.corpus)
        protocol = corpus.protocol(self.protocol)
        store = build(corpus, self.source, self.windows.over(corpus.preparation), protocol.without, self.strict)
        parts = ", ".join(
            f"{name} {' x '.join(map(str, shape))}" for name, shape in shapes_of(store.preparation).items()
        )
        console.say(f"{corpus.title}: {len(store.windows):,} windows ({parts}) in {store.folder}")
        for line in left_out_lines(store):
            console.say(f"  {line}")
        console.say(f"fingerprint {store.fingerprint[:16]}")
        return 0
