"""Small declarations of all studies, each run once a session on a small corpus in its publisher's layout."""

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from filelock import FileLock

from einthoven.corpora import mitdb
from einthoven.engine import runner
from einthoven.engine.declaration import Study
from einthoven.studies import STUDIES


def few(name: str, *models: str, **changes) -> Study:
    """A study with some of its models."""
    study = STUDIES[name]
    return replace(study, models={model: study.models[model] for model in models}, **changes)


def _mitbih() -> Study:
    """Two architectures, three strategies, one more seed; rare beats are not so rare in these small recordings."""
    study = STUDIES["mitbih"]
    names = [f"{one}-{how}" for how in ("none", "focal", "generated") for one in ("cnn", "cnn_lstm_attention")]
    settings = {"generation": study.settings["generation"] | {"rare_share": 0.25}, "more_seeds": [1]}
    steps = [step[:1] if isinstance(step, tuple) else step for step in study.steps]
    return few("mitbih", *names, settings=settings, steps=tuple(steps))


def _cpsc2018() -> Study:
    study = STUDIES["cpsc2018"]
    small = {"litenet": {"widths": (4, 4, 8), "hidden": (4, 4), "dense": 8}, "resnet18": {"widths": (8, 16)}}
    models = {name: replace(model, settings=small[name.split("-")[0]]) for name, model in study.models.items()}
    return replace(study, models=models)


def _ptbxl_model() -> Study:
    study = few("ptbxl-model", "measured", "boosted", "randomised")
    boosted = study.models["boosted"]
    families = {"nets": ["measured"], "boosted": ["boosted"], "randomised": ["randomised"]}
    models = study.models | {"boosted": replace(boosted, settings=boosted.settings | {"n_trees": 92})}
    return replace(study, models=models, settings=study.settings | {"families": families})


def _lstm_svm() -> Study:
    """Windows of two seconds, since every ten of these recordings have an ectopic beat."""
    study = STUDIES["lstm-svm"]
    stores = {name: preparation.with_settings(window_s=2.0) for name, preparation in study.stores.items()}
    return replace(study, stores=stores)


def _ecg_smart_net() -> Study:
    """Two narrow nets; these recordings are at 100 Hz only."""
    study = STUDIES["ecg-smart-net"]
    models = {
        name: replace(study.models[name], settings=study.models[name].settings | {"width": 4})
        for name in ("beat-16", "strip-16")
    }
    stores = {name: preparation.with_settings(fs_hz=100.0) for name, preparation in study.stores.items()}
    return replace(study, models=models, stores=stores)


def _narrow(name: str) -> Study:
    """Networks of SEVGGNet-LSTM with few channels."""
    study = STUDIES[name]
    small = {"blocks": (1, 1), "widths": (8, 16), "hidden": 8}
    models = {
        label: replace(model, settings=model.settings | small) if model.architecture == "sevggnet_lstm" else model
        for label, model in study.models.items()
    }
    return replace(study, models=models)


SMALL = {
    "mitbih": (_mitbih(), "mitdb_like", "clean"),
    "mitbih-clean": (STUDIES["mitbih-clean"], "mitdb_like", "clean"),
    "mitbih-small": (STUDIES["mitbih-small"], "mitdb_like", "both"),
    "ptbxl": (few("ptbxl", "cnn", "bilstm", "xresnet1d101", "typical_beat"), "ptbxl_like", "clean"),
    "ptbxl-model": (_ptbxl_model(), "ptbxl_like", "clean"),
    "pediatric": (few("pediatric", "transformer-9", "transformer-12", "mamba2-12"), "zzu_like", "both"),
    "challenge2017": (
        few("challenge2017", "rhythm", "rhythm_again", "trees", "distilled", "arrhythminet_v1", "arrhythminet_v2"),
        "challenge2017_like",
        "clean",
    ),
    "cpsc2018": (_cpsc2018(), "cpsc2018_like", "both"),
    "ecg-smart-net": (_ecg_smart_net(), "ptbxl_like", "clean"),
    "sevggnet": (_narrow("sevggnet"), "challenge2017_like", "clean"),
    "sevggnet-beats": (_narrow("sevggnet-beats"), "mitdb_like", "both"),
    "lstm-svm": (_lstm_svm(), "mitdb_like", "both"),
}
_FINISHED: dict[str, "Finished"] = {}


@dataclass
class Finished:
    """A study that was run."""

    study: Study
    source: Path
    protocol: str
    folder: Path
    home: Path
    results: dict
    seconds: float
    """Of processor time, so that a busy machine does not count."""

    def again(self, folder: Path | None = None, **changes) -> dict:
        """Run it once more, in the same folder or a copy."""
        words = {"source": self.source, "protocol": self.protocol, "folder": folder or self.folder} | changes
        return run(self.study, home=self.home, **words)


def run(study: Study, source: Path, protocol: str, folder: Path, home: Path, folds: str = "") -> dict:
    """A smoke run; records of twenty seconds have a first part of ten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EINTHOVEN_HOME", str(home))
        patch.setattr(mitdb, "_FIRST_S", 10.0)
        return runner.run(study, source, protocol, folder, True, folds)


def finished(name: str, request: pytest.FixtureRequest) -> Finished:
    """The small declaration of a study, run once by whichever test process asks first; not to be changed."""
    if name not in _FINISHED:
        study, corpus, protocol = SMALL[name]
        base = request.getfixturevalue("tmp_path_factory").getbasetemp()
        folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "studies" / name
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            if not (folder / "told").exists():
                source, started = request.getfixturevalue(corpus), time.process_time()
                results = run(study, source, protocol, folder / "out", folder / "home")
                told = [str(source), results, time.process_time() - started]
                (folder / "told").write_text(json.dumps(told))
        source, results, taken = json.loads((folder / "told").read_text())
        _FINISHED[name] = Finished(study, Path(source), protocol, folder / "out", folder / "home", results, taken)
    return _FINISHED[name]
