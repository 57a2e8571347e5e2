"""Draw which samples were important for a model in the beats of each class, on average."""

from collections.abc import Mapping
from pathlib import Path

from einthoven.explanation.average import average_maps, share_by_wave
from einthoven.inference.predictor import Predictor
from einthoven.report import plots
from einthoven.signal.windows import Windows


def draw_average_maps(
    predictor: Predictor, windows: Mapping[str, Windows], title: str, file: Path
) -> dict[str, dict[str, float]]:
    """Draw Grad-CAM, and attention if the model has it, of each class over its mean beat, aligned at the R peak.

    Parameters
    ----------
    predictor : Predictor
        The model.
    windows : mapping of Windows
        Windows of beats, by class.
    title : str
        Title of the figure.
    file : Path
        The figure.

    Returns
    -------
    dict
        For each class, the shares of its mean map over P, QRS and T.
    """
    wanted = predictor.card.preparation
    before_s = wanted.before / wanted.fs_hz
    beats = {name: some.signal[:, 0].mean(axis=0) for name, some in windows.items()}
    maps = average_maps(predictor, windows)
    plots.gradcam(beats, maps.gradcam, maps.attention, before_s, wanted.fs_hz, title, file)
    return {name: share_by_wave(values, before_s, wanted.fs_hz, plots.WAVES_S) for name, values in maps.gradcam.items()}
