"""Load corpora from a user's Python files, and check them against the contract."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

from einthoven import user_file
from einthoven.corpora import CORPORA
from einthoven.corpora.contract import CLAUSES, Breach, declaration_breach, listing_breach, unknown_labels
from einthoven.corpora.corpus import Corpus, Listing
from einthoven.errors import ConfigurationFault


@dataclass(frozen=True)
class OwnCorpus(Corpus):
    """A corpus of a user's file; worker processes load it from the file again."""

    path: Path = Path()
    """The Python file."""
    label: str = ""
    """Name of the corpus in the file."""
    sha256: str = ""
    """Checksum of the file."""

    def __reduce__(self) -> tuple[Callable[[str, str], "OwnCorpus"], tuple[str, str]]:
        return _loaded_again, (f"{self.path}:{self.label}", self.sha256)


@dataclass(frozen=True)
class _Guarded:
    """A function of a user's file; an error inside that file is reported with its line."""

    function: Callable[..., Any]
    path: Path

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self.function(*arguments)
        except Exception as error:
            if not user_file.is_inside(error, self.path):
                raise
            raise user_file.error_inside(error, self.path, "raised an error") from error


@dataclass(frozen=True)
class _Checked:
    """Lists the records of a user's corpus, and checks them against the contract."""

    corpus: OwnCorpus
    function: _Guarded

    def __call__(self, folder: Path, fs_hz: float) -> Listing:
        listing = self.function(folder, fs_hz)
        breach = listing_breach(self.corpus, listing)
        if breach is not None:
            raise _broken(self.corpus.path, self.corpus.label, breach)
        unknown = unknown_labels(self.corpus, listing)
        if not unknown:
            return cast(Listing, listing)
        left = {name for names in unknown.values() for name in names}
        return Listing((entry for entry in listing if entry.record not in left), listing.dropped | unknown, listing.odd)


def corpus_in(reference: str | Path) -> OwnCorpus:
    """Run a user's Python file and return the corpus that it declares.

    Parameters
    ----------
    reference : str or Path
        ``./mine.py``, or ``./mine.py:NAME`` where the file declares several.

    Returns
    -------
    OwnCorpus

    Raises
    ------
    ConfigurationFault
        If the file or the corpus is missing, the file fails, or the corpus breaks a clause of the contract.
    """
    loaded = user_file.run(reference)
    ours = tuple(CORPORA.values())
    candidates = {
        name: value
        for name, value in vars(loaded.module).items()
        if isinstance(value, Corpus) and not any(value is one for one in ours)
    }
    label, corpus = loaded.select(candidates, "a Corpus, e.g. of corpus_from_csv,")
    path = loaded.path
    if not isinstance(corpus, Corpus):
        raise ConfigurationFault(
            f"{path.name}:{label} is not a corpus.",
            found=f"a {type(corpus).__name__}",
            expected="a Corpus, e.g. what corpus_from_csv returns",
            remedy=f"{path}:{next(iter(candidates), 'CORPUS')}",
        )
    breach = declaration_breach(corpus, CORPORA)
    if breach is not None:
        raise _broken(path, label, breach)
    stated = {item.name: getattr(corpus, item.name) for item in fields(Corpus)}
    stated["version"] = f"{corpus.version} ({path.name}:{label}, SHA-256 {loaded.sha256[:12]})"
    stated["read"] = _Guarded(corpus.read, path)
    stated["beats"] = corpus.beats and _Guarded(corpus.beats, path)
    stated["protocols"] = {
        key: replace(protocol, split=_Guarded(protocol.split, path)) for key, protocol in corpus.protocols.items()
    }
    own = OwnCorpus(**stated, path=path, label=label, sha256=loaded.sha256)
    return replace(own, entries=_Checked(own, _Guarded(corpus.entries, path)))


def _loaded_again(reference: str, sha256: str) -> OwnCorpus:
    """Return the same corpus in a worker process."""
    corpus = corpus_in(reference)
    if corpus.sha256 != sha256:
        raise ConfigurationFault(
            f"{corpus.path.name} changed while its corpus was prepared.",
            found=f"SHA-256 {corpus.sha256[:16]}…",
            expected=f"SHA-256 {sha256[:16]}…",
            remedy="run the command again",
        )
    return corpus


def _broken(path: Path, label: str, breach: Breach) -> ConfigurationFault:
    return ConfigurationFault(
        f"{path.name}:{label} breaks the clause '{breach.clause}' of the corpus contract.",
        found=breach.found,
        expected=CLAUSES[breach.clause],
        remedy=f"correct {path}, then      einthoven corpora {path}:{label}",
    )
