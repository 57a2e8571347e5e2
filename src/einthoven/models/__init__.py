"""MODELS: every architecture by name. Each is ``Model(n_leads, n_classes, n_samples, *, …)`` with features(), head, forward()."""

from einthoven.models.cnn import CNN
from einthoven.models.cnn_lstm import CNNLSTM
from einthoven.models.cnn_lstm_attention import CNNLSTMAttention
from einthoven.models.ensemble import Ensemble
from einthoven.models.patient_context import PatientContext
from einthoven.models.resnet1d import ResNet1d

MODELS = {
    "cnn": CNN,
    "cnn_lstm": CNNLSTM,
    "cnn_lstm_attention": CNNLSTMAttention,
    "resnet1d": ResNet1d,
    "patient_context": PatientContext,
    "ensemble": Ensemble,
}
