"""All architectures by name (MODELS): each is ``Model(n_leads, n_classes, n_samples, *, …)`` with features(), head, forward()."""

from typing import Any

from einthoven.models.arrhythminet import ArrhythmiNetV1, ArrhythmiNetV2
from einthoven.models.beat_forest import BeatForest
from einthoven.models.bilstm import BiLSTM
from einthoven.models.cnn import CNN
from einthoven.models.cnn_lstm import CNNLSTM
from einthoven.models.cnn_lstm_attention import CNNLSTMAttention
from einthoven.models.delineator import Delineator
from einthoven.models.delnet import DelNet
from einthoven.models.ecg_smart_net import ECGSmartNet
from einthoven.models.ensemble import Ensemble
from einthoven.models.forest import Forest
from einthoven.models.geodesic import Geodesic
from einthoven.models.hybrid import Hybrid
from einthoven.models.inception1d import Inception1d
from einthoven.models.linear_beat import LinearBeat
from einthoven.models.litenet import LiteNet
from einthoven.models.lstm_svm import LSTMSVM
from einthoven.models.mamba2 import Mamba2
from einthoven.models.patient_context import PatientContext
from einthoven.models.pulsediff import PulseDiff
from einthoven.models.resnet1d import ResNet1d
from einthoven.models.rhythm import RhythmNet
from einthoven.models.s4 import S4
from einthoven.models.self_onn import SelfONN
from einthoven.models.sevggnet_lstm import SEVGGNetLSTM
from einthoven.models.transformer import Transformer
from einthoven.models.typical_beat import TypicalBeat
from einthoven.models.xresnet1d import XResNet1d

MODELS: dict[str, Any] = {
    "cnn": CNN,
    "cnn_lstm": CNNLSTM,
    "cnn_lstm_attention": CNNLSTMAttention,
    "resnet1d": ResNet1d,
    "patient_context": PatientContext,
    "ensemble": Ensemble,
    "hybrid": Hybrid,
    "xresnet1d": XResNet1d,
    "inception1d": Inception1d,
    "s4": S4,
    "bilstm": BiLSTM,
    "transformer": Transformer,
    "mamba2": Mamba2,
    "typical_beat": TypicalBeat,
    "forest": Forest,
    "beat_forest": BeatForest,
    "linear_beat": LinearBeat,
    "litenet": LiteNet,
    "rhythm": RhythmNet,
    "arrhythminet_v1": ArrhythmiNetV1,
    "arrhythminet_v2": ArrhythmiNetV2,
    "self_onn": SelfONN,
    "delnet": DelNet,
    "delineator": Delineator,
    "lstm_svm": LSTMSVM,
    "ecg_smart_net": ECGSmartNet,
    "sevggnet_lstm": SEVGGNetLSTM,
}
"""Each architecture by the name that the command line and cards use."""
FILLERS: dict[str, Any] = {"pulsediff": PulseDiff}
"""What is listed beside the architectures: networks that fill gaps, and give no class."""
SIMULATIONS: dict[str, Any] = {"geodesic": Geodesic}
"""What is listed beside the architectures: simulations, which read no recording and are not trained."""
