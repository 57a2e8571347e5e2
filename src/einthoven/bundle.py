"""Knows a bundle: weights (safetensors) and card.json, saved whole, refused where damaged. Knows labels as names and no corpus."""

import base64
import hashlib
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from einthoven.errors import BundleDamaged, UnknownName, library_missing
from einthoven.paths import ASSETS, folder_aside, written_aside
from einthoven.signal.preparation import Preparation

EXPORTED = (".onnx", ".xml")
"""Suffixes of models that were exported, their card inside them."""
CARD, WEIGHTS, GRAPH, NUMBERS = "card.json", "weights.safetensors", "graph.onnx", "graph.json"
_NO_PARAMETERS = {"running_mean", "running_var", "num_batches_tracked", "feature", "threshold", "left", "right"}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*$")


@dataclass(frozen=True)
class Card:
    """What a model is, what it saw, and how well it did."""

    name: str
    """Name of the bundle."""
    architecture: str
    """Key of MODELS."""
    settings: dict
    """Keyword arguments of the architecture where they differ from its defaults."""
    classes: tuple[str, ...]
    """Classes in the order of the logits."""
    labels: str
    """The label set in words."""
    meanings: tuple[str, ...]
    """What each class means."""
    preparation: Preparation
    """How a record becomes input."""
    training: dict
    """Corpus, protocol, patients, records, counts, recipe, versions."""
    class_weights: tuple[float, ...] = ()
    """What each class's probability is multiplied by before all are made to sum to one; chosen on validation data."""
    own_share: dict = field(default_factory=dict)
    """Of two classes of beats whose shares are worked out for each record by itself: ``of`` and ``beside``, their names; ``share``,
    that of the first among both in training data; ``counts``, beats that it counts like (see :mod:`einthoven.evaluation.share`)."""
    multi: bool = False
    """Whether a window can bear several classes at once, or none: each then has a probability of its own."""
    thresholds: tuple[float, ...] = ()
    """Probability from which each class is said, where several can be; chosen on validation data; empty means 0.5."""
    at_least_one: bool = False
    """Whether the class nearest to its threshold is said where none reaches it."""
    weights_sha256: str = ""
    """Checksum of the weights file."""
    graph_sha256: str = ""
    """Checksum of the graph for ONNX Runtime, where the bundle has one, and of what says which of the weights are in it."""
    n_parameters: int = 0
    """Trained numbers; of trees the answers of their leaves."""
    results: tuple[dict, ...] = field(default=())
    """Evaluations: corpus, protocol and the head of metrics.json."""
    export: dict = field(default_factory=dict)
    """Of an exported model: its target and precision, and how far its answers are from the model's on validation data."""
    attribution: str = ""
    """The data that trained it, with its licence."""
    intended_use: str = "Research and education. Not a medical device; not for diagnosis."

    @property
    def known_as(self) -> str:
        """The name, and of an exported file what it was exported to."""
        return ", ".join([self.name, *(self.export[key] for key in ("target", "precision") if key in self.export)])

    @property
    def made_of(self) -> str:
        """The architecture, and of an ensemble its members': how many, and which."""
        members = [member[0] for member in self.settings.get("members", ())] or [self.architecture]
        names = ", ".join(dict.fromkeys(members))
        return names if len(members) == 1 else f"ensemble of {len(members)}: {names}"

    def as_dict(self) -> dict:
        """Plain values for card.json."""
        plain = asdict(self) | {"preparation": self.preparation.as_dict()}
        return plain | {"card_sha256": _checksum(plain)}

    @classmethod
    def from_dict(cls, plain: dict) -> "Card":
        """The way back from :meth:`as_dict`.

        Raises
        ------
        ValueError
            Where the checksum is another than that of the content, or classes and meanings do not pair.
        """
        plain = dict(plain)
        if plain.pop("card_sha256", None) != _checksum(plain):
            raise ValueError("it was changed after it was written")
        if "signal" not in plain["preparation"]:
            plain = _from_version_1(plain)
        for name in ("class_weights", "thresholds"):
            if plain.get(name) and len(plain[name]) != len(plain["classes"]):
                raise ValueError(f"{len(plain[name])} {name} for {len(plain['classes'])} classes")
        own = plain.get("own_share")
        if own and not (
            {own["of"], own["beside"]} <= set(plain["classes"]) and 0 < own["share"] < 1 and own["counts"] > 0
        ):
            raise ValueError(f"own_share is {own}")
        if len(plain["classes"]) != len(plain["meanings"]):
            raise ValueError(f"{len(plain['classes'])} classes and {len(plain['meanings'])} meanings")
        lists = ("classes", "meanings", "results", "class_weights", "thresholds")
        lists = {name: tuple(plain[name]) for name in lists if name in plain}
        return cls(**(plain | lists | {"preparation": Preparation.from_dict(plain["preparation"])}))

    @property
    def patients(self) -> frozenset[str]:
        """Everybody whose recordings chose the weights or the epoch, as ``corpus/patient``."""
        return frozenset(unpacked(self.training.get("patients", ())))


def _from_version_1(plain: dict) -> dict:
    """Return a card of version 1 as version 2 has it."""
    return plain | {
        "preparation": preparation_from_version_1(plain["preparation"]),
        "settings": settings_from_version_1(plain["architecture"], plain["settings"]),
    }


def preparation_from_version_1(flat: dict) -> dict:
    """Return the flat preparation of version 1 as version 2 has it."""
    of_signal = ("leads", "fs_hz", "low_hz", "high_hz", "scaling", "mean_mv", "sd_mv")
    inputs = ["signal"]
    is_whole = flat.get("cut", "beats") == "tiles"
    if flat.get("patient"):
        inputs += ["beat", *(["summary"] if is_whole else ["rr", "p_waves", "similarity"])]
        inputs += [name for name in ("rhythm", "waves") if flat.get(name)]
    cut = {"kind": "beats", "before_s": flat["before_s"], "after_s": flat["after_s"]}
    if is_whole:
        cut = {"kind": "tiles", "window_s": flat["after_s"], "crop_s": flat.get("crop_s", 0.0)}
    return {"signal": {name: flat[name] for name in of_signal if name in flat}, "cut": cut, "inputs": inputs}


def settings_from_version_1(architecture: str, settings: dict) -> dict:
    """Return the settings of an architecture in version 1 as version 2 has them; of an ensemble those of its members too."""
    renamed = {"several": "multilabel", "beat": "beat_span", "n_numbers": "n_read", "n_rhythm": "n_timing"}
    found = {renamed.get(name, name): value for name, value in settings.items() if name != "n_alike"}
    if architecture == "rhythm":
        found.pop("n_read", None)
    if "members" in found:
        found["members"] = [[name, settings_from_version_1(name, own), *crop] for name, own, *crop in found["members"]]
    return found


def packed(names: Iterable[str]) -> list[str]:
    """Names in little room: of those that differ in a number at their end, which numbers there are, a bit each.

    Of 5,458 recordings a kilobyte is left of 120.
    """
    rest, numbered = [], defaultdict(list)
    for name in names:
        head = name.rstrip("0123456789")
        digits = name[len(head) :]
        if digits and len(digits) < 10:
            numbered[head, len(digits)].append(int(digits))
        else:
            rest.append(name)
    told = []
    for (head, width), numbers in numbered.items():
        if max(numbers) - min(numbers) > 1000 * len(numbers):
            rest += [f"{head}{number:0{width}}" for number in numbers]
            continue
        there = np.zeros(max(numbers) - min(numbers) + 1, bool)
        there[np.array(numbers) - min(numbers)] = True
        bits = base64.b85encode(zlib.compress(np.packbits(there).tobytes(), 9)).decode()
        told.append(json.dumps([head, width, min(numbers), bits]))
    return [*sorted(rest), *told]


def unpacked(names: Iterable[str]) -> list[str]:
    """The way back from :func:`packed`; other names stay as they are."""
    found = []
    for name in names:
        if not name.startswith("["):
            found.append(name)
            continue
        head, width, first, bits = json.loads(name)
        there = np.unpackbits(np.frombuffer(zlib.decompress(base64.b85decode(bits)), np.uint8))
        found += [f"{head}{first + at:0{width}}" for at in np.flatnonzero(there).tolist()]
    return found


def save(folder: Path, card: Card, tensors: dict[str, np.ndarray]) -> Card:
    """Write a bundle whole; the card gets the checksum and the count of the weights."""
    from safetensors.numpy import save as to_bytes

    content = to_bytes({name: np.ascontiguousarray(values) for name, values in tensors.items()})
    counted = sum(values.size for name, values in tensors.items() if _is_parameter(name))
    saved = replace(card, weights_sha256=hashlib.sha256(content).hexdigest(), n_parameters=counted)
    with folder_aside(folder) as aside:
        (aside / WEIGHTS).write_bytes(content)
        (aside / CARD).write_text(json.dumps(saved.as_dict(), indent=1) + "\n")
    return saved


def rewrite_card(folder: Path, card: Card) -> None:
    """Replace the card of a bundle and leave its weights."""
    with written_aside(folder / CARD) as aside:
        aside.write_text(json.dumps(card.as_dict(), indent=1) + "\n")


def load_card(folder: Path) -> Card:
    """Read and check a card.

    Raises
    ------
    BundleDamaged
        Where it is not there or says less than it must.
    """
    try:
        return Card.from_dict(json.loads((folder / CARD).read_text()))
    except Exception as error:
        raise _damaged(folder, f"{CARD}: {type(error).__name__}: {error}") from error


def load_weights(folder: Path, card: Card) -> dict[str, np.ndarray]:
    """Read the weights of a bundle; never unpickles.

    Raises
    ------
    BundleDamaged
        Where the file is missing, altered, a pickle, or no safetensors.
    """
    file = folder / WEIGHTS
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _damaged(folder, f"{WEIGHTS}: {error.strerror}") from error
    # A safetensors file begins with the length of its header in eight bytes, which may look like a pickle, and the header.
    if content[8:9] != b"{" and content[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise _damaged(folder, f"{WEIGHTS} is a pickle, which is never loaded: it can run code")
    if hashlib.sha256(content).hexdigest() != card.weights_sha256:
        raise _damaged(folder, f"{WEIGHTS} whose checksum is not the card's")
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load
    except ImportError as error:
        raise library_missing("safetensors") from error
    try:
        return load(content)
    except SafetensorError as error:
        raise _damaged(folder, f"{WEIGHTS}: {error}") from error


def numbers_of(taken: dict[str, list], tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a graph takes from the weights: for each of its names a tensor, as what kind of number, in which shape."""
    return {
        name: np.ascontiguousarray(tensors[of].astype(kind).reshape(shape)) for name, (of, kind, shape) in taken.items()
    }


def find(name_or_path: str | Path) -> Path:
    """The folder of a bundled model, of a bundle, or of the bundle inside a run; an exported file itself.

    Raises
    ------
    UnknownName, BundleDamaged
        Where there is no such model, or a file that is not a bundle was named.
    """
    path = Path(name_or_path)
    named = str(name_or_path)
    if len(named) > 1000:
        named, path = f"{named[:60]}…", Path("…")
    if _NAME.match(named) and (ASSETS / named / CARD).is_file():
        return ASSETS / named
    if here := at(path):
        return here
    if path.is_file() and path.suffix.lower() in EXPORTED:
        return path
    if path.is_file():
        kind = "a weights file by itself" if path.suffix == ".safetensors" else f"a {path.suffix or 'plain'} file"
        raise BundleDamaged(
            f"{path} is not a bundle.",
            found=f"{kind}; pickles (.pt, .pth, .ckpt, .pkl) are never loaded, they can run code",
            expected=f"a folder with {CARD} and {WEIGHTS}, or a name: {', '.join(bundled())}",
            remedy="einthoven models",
        )
    if (path / "run.json").is_file():
        raise BundleDamaged(
            f"{path} is a run that has not ended.",
            found="no bundle in it yet",
            expected=f"a folder bundle with {CARD} and {WEIGHTS}",
            remedy="run the command einthoven train again: it resumes",
        )
    raise UnknownName(
        "there is no such model.",
        found=named,
        expected=f"a run's folder, an exported file ({', '.join(EXPORTED)}), or one of {', '.join(bundled())}",
        remedy="einthoven models",
    )


def at(path: Path) -> Path | None:
    """The bundle in a folder, or in the run that it is of; None where there is none."""
    folders = (path, path / "bundle")
    return next((folder for folder in folders if (folder / CARD).is_file() or (folder / WEIGHTS).is_file()), None)


def is_bundled(folder: Path) -> bool:
    """Whether a folder is of a model that comes with the package, however it was named."""
    return ASSETS.resolve() in folder.resolve().parents


def bundled() -> tuple[str, ...]:
    """Names of the models that come with the package."""
    return tuple(sorted(file.parent.name for file in ASSETS.glob(f"*/{CARD}")))


def _checksum(plain: dict) -> str:
    """SHA-256 of a card's content, so that nobody's edited numbers are believed."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _is_parameter(name: str) -> bool:
    """Not a statistic of batches, nor how a tree branches."""
    return name.rsplit(".", 1)[-1] not in _NO_PARAMETERS


def _damaged(folder: Path, found: str) -> BundleDamaged:
    return BundleDamaged(
        f"the model in {folder} cannot be loaded.",
        found=found,
        expected=f"{CARD} and the {WEIGHTS} it was saved with",
        remedy="copy the bundle again, or install einthoven again if it came with the package",
    )
