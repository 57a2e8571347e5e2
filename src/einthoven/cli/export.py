"""Knows the verb export."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.evaluate import corpus_of
from einthoven.errors import OutputRefused, StatementMissing
from einthoven.paths import require_folder


@dataclass(frozen=True)
class Export:
    """Write a model as one file for a device, its card inside, and prove that it still answers alike.

    Example: einthoven export mitbih-cnn-lstm-mlii --to onnx --precision int8 --from ./mitdb --out beats.onnx
    """

    model: Positional[str]
    """A bundled model's name, a bundle's folder, or a run's folder."""
    out: Path
    """The file: .onnx, or .xml for OpenVINO (a .bin with the weights comes beside it)."""
    to: Literal["onnx", "openvino"] = "onnx"
    """Whose format."""
    precision: Literal["fp32", "bf16", "int8"] = "fp32"
    """What it reckons with."""
    source: Annotated[Path | None, arg(name="from")] = None
    """Folder of the corpus that trained it: ranges are found on training windows, answers are compared on validation windows."""
    even_if_worse: bool = False
    """Write an export that loses more than half a point of macro-F1 all the same."""
    corpus: str | None = None
    """The file that declares the corpus, ./mine.py[:NAME], if the model was trained on one of your own."""
    model_file: Annotated[str | None, arg(metavar="FILE.py")] = None
    """Python file of the model's architecture, if that is your own: it is run. A model brings along no code."""

    def run(self) -> int:
        """Convert, compare, write."""
        from einthoven.data.build import build
        from einthoven.export.convert import export
        from einthoven.export.files import TARGETS, files_of
        from einthoven.export.training_windows import real_windows
        from einthoven.inference.predictor import load

        if self.out.is_dir():
            raise OutputRefused(
                f"{self.out} is a folder.",
                found="a folder",
                expected="the path of a file",
                remedy=f"--out {self.out / 'model'}{TARGETS[self.to]}",
            )
        if self.out.suffix != TARGETS[self.to]:
            raise OutputRefused(
                f"an export to {self.to} has another suffix.",
                found=str(self.out),
                expected=f"a file that ends in {TARGETS[self.to]}",
                remedy=f"--out {self.out.with_suffix(TARGETS[self.to])}",
            )
        if not self.out.parent.is_dir():
            raise OutputRefused(
                f"there is no folder {self.out.parent}.",
                found=str(self.out),
                expected="a file in a folder that is there",
                remedy=f"mkdir -p {self.out.parent}",
            )
        beside = [file for file in files_of(self.out)[1:] if file.exists() and not self.out.exists()]
        if beside:
            raise OutputRefused(
                f"{beside[0]} is in the way.",
                found="a file that no export of this name left",
                expected="room for the weights beside the graph",
                remedy=f"--out {self.out.with_stem(self.out.stem + '-openvino')}",
            )
        require_folder(self.out.parent)
        if self.to == "onnx" and self.precision == "bf16":
            raise OutputRefused(
                "ONNX Runtime does not reckon with bf16 on CPUs.",
                found="--to onnx --precision bf16",
                expected="bf16 to openvino; fp32 or int8 to onnx",
                remedy=f"--to openvino --out {self.out.with_suffix('.xml')}",
            )
        if self.source is None and self.precision != "fp32":
            raise StatementMissing(
                f"an export to {self.precision} is compared on real windows.",
                found="no --from",
                expected="the folder of the corpus that trained the model",
                remedy="--from DIR",
            )
        model = load(self.model, self.model_file)
        if self.out.resolve().parent == model.folder.resolve():
            raise OutputRefused(
                "an export does not go into the bundle that it is made of.",
                found=str(self.out),
                expected="a file in another folder",
                remedy=f"--out {self.out.absolute().parent.parent / self.out.name}",
            )
        model.network  # noqa: B018  an exported file is refused before a corpus is prepared
        real = None
        if self.source is not None:
            corpus, protocol = corpus_of(model.card, self.corpus)
            store = build(corpus, self.source, model.card.preparation, protocol.without)
            real = real_windows(model.card, protocol, store)
        console.note(f"{model.card.name} to {self.to}, {self.precision}")
        card = export(model, self.to, self.precision, self.out, real, self.even_if_worse)
        self._show(card, sum(file.stat().st_size for file in files_of(self.out)))
        return 0

    def _show(self, card, n_bytes: int) -> None:
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.report.tables import beside_its_model

        title = f"{self.out}: {n_bytes / 1e6:.2f} MB, {card.n_parameters:,} parameters, {card.export['precision']}"
        columns, rows, told = beside_its_model(card)
        if rows:
            console.table(columns, rows, title)
        else:
            console.say(f"{title}\nName the corpus that trained it with --from DIR, to have it compared.")
        console.say(told)
        console.say(DISCLAIMER)
