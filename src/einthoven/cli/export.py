"""The verb export."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import arg

from einthoven import console
from einthoven.cli.evaluate import corpus_of
from einthoven.cli.settings import MaybePath, MaybeText, ModelFile, ModelWithWeights, optional, value
from einthoven.errors import OutputRefused, StatementMissing
from einthoven.paths import require_folder

if TYPE_CHECKING:
    from einthoven.bundle import Card


@dataclass(frozen=True)
class Export:
    """Export a model as one file for a device, with its card inside; refuse an export that answers differently.

    Example: einthoven export mitbih-cnn-lstm-mlii --to onnx --precision int8 --from ./mitdb --out beats.onnx
    """

    model: ModelWithWeights
    out: Annotated[Path, value("FILE")]
    """The file: .onnx, or .xml for OpenVINO (a .bin with the weights comes beside it)."""
    to: Literal["onnx", "openvino"] = "onnx"
    """Format."""
    precision: Literal["fp32", "bf16", "int8"] = "fp32"
    """Numeric precision of the exported model."""
    source: Annotated[MaybePath, arg(name="from", metavar="DIR", help_behavior_hint="")] = None
    """Folder of the corpus that trained the model: int8 is calibrated on its training windows, answers are compared on its
    validation windows."""
    even_if_worse: bool = False
    """Write the export even if it loses more than half a point of macro-F1 (macro AUROC for multilabel models)."""
    corpus: Annotated[MaybeText, optional("CORPUS")] = None
    """The file that declares the corpus, ./mine.py[:NAME], if the model was trained on one of your own."""
    model_file: ModelFile = None

    def run(self) -> int:
        """Convert, compare, write."""
        from einthoven.data.build import build
        from einthoven.export.convert import export
        from einthoven.export.files import TARGETS, files_of
        from einthoven.export.training_windows import real_windows
        from einthoven.inference.predictor import load

        if self.out.is_dir():
            raise OutputRefused(
                f"Cannot write {self.out}.",
                found="a folder",
                expected="the path of a file",
                remedy=f"--out {self.out / 'model'}{TARGETS[self.to]}",
            )
        if self.out.suffix != TARGETS[self.to]:
            raise OutputRefused(
                f"Wrong suffix for an export to {self.to}.",
                found=str(self.out),
                expected=f"a file that ends in {TARGETS[self.to]}",
                remedy=f"--out {self.out.with_suffix(TARGETS[self.to])}",
            )
        if not self.out.parent.is_dir():
            raise OutputRefused(
                f"The folder {self.out.parent} does not exist.",
                found=str(self.out),
                expected="a file in an existing folder",
                remedy=f"mkdir -p {self.out.parent}",
            )
        beside = [file for file in files_of(self.out)[1:] if file.exists() and not self.out.exists()]
        if beside:
            raise OutputRefused(
                f"{beside[0]} exists already.",
                found="a file that is not part of an export of this name",
                expected="no file where the weights are written",
                remedy=f"--out {self.out.with_stem(self.out.stem + '-openvino')}",
            )
        require_folder(self.out.parent)
        if self.to == "onnx" and self.precision == "bf16":
            raise OutputRefused(
                "ONNX Runtime does not support bf16 on CPU.",
                found="--to onnx --precision bf16",
                expected="bf16 to openvino; fp32 or int8 to onnx",
                remedy=f"--to openvino --out {self.out.with_suffix('.xml')}",
            )
        if self.source is None and self.precision != "fp32":
            raise StatementMissing(
                f"An export to {self.precision} needs real windows to be compared on.",
                found="no --from",
                expected="the folder of the corpus that trained the model",
                remedy="--from DIR",
            )
        model = load(self.model, self.model_file)
        if self.out.resolve().parent == model.folder.resolve():
            raise OutputRefused(
                "An export cannot be written into its own bundle.",
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

    def _show(self, card: "Card", n_bytes: int) -> None:
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.report.tables import beside_its_model

        title = f"{self.out}: {n_bytes / 1e6:.2f} MB, {card.n_parameters:,} parameters, {card.export['precision']}"
        columns, rows, told = beside_its_model(card)
        if rows:
            console.table(columns, rows, title)
        else:
            console.say(f"{title}\nTo compare it with the model, name the folder of the training corpus: --from DIR.")
        console.say(told)
        console.say(DISCLAIMER)
