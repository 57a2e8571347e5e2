"""A user's network in a file, whole and with each clause of the contract broken, for tests."""

from einthoven.models import own
from einthoven.models.inputs import InputShape

WHOLE = InputShape(2, 100, 40, 13, 5)
"""Windows with typical beats and measurements; a net that reads the signal alone gets nothing else of them."""

GOOD = '''
import torch
from torch import nn

class Net(nn.Module):
    """A net.

    Parameters
    ----------
    width : int
        Channels of the convolution.
    """
    def __init__(self, n_leads, n_classes, n_samples, *, width=4):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(n_leads, width, 7, padding=3), nn.BatchNorm1d(width), nn.ReLU())
        self.head = nn.Linear(width, n_classes)

    def features(self, x):
        return self.body(x).mean(dim=2)

    def forward(self, x):
        return self.head(self.features(x))
'''
READS_FEATURES = '''
import torch
from torch import nn

class Net(nn.Module):
    """A net over the signal and its measurements.

    Parameters
    ----------
    width : int
        Channels of the convolution.
    n_features : int
        Number of measurements.
    """
    inputs = ("signal", "features")

    def __init__(self, n_leads, n_classes, n_samples, *, width=4, n_features=9):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(n_leads, width, 7, padding=3), nn.BatchNorm1d(width), nn.ReLU())
        self.numbers = nn.Linear(n_features, n_classes)
        self.head = nn.Linear(width + n_classes, n_classes)

    def features(self, signal, beat, features):
        return torch.cat((self.body(signal).mean(dim=2), self.numbers(features)), dim=1)

    def forward(self, signal, beat=None, features=None):
        return self.head(self.features(signal, beat, features))
'''
BROKEN = {
    "module": [("class Net(nn.Module)", "class Net")],
    "constructor": [("*, width=4", "width=4")],
    "inputs": [("    def features", "    inputs = ('signal', 'age')\n    def features")],
    "parts": [("self.head", "self.last")],
    "logits": [("self.head(self.features(x))", "self.head(self.features(x)) / 0")],
    "deterministic": [("mean(dim=2)", "mean(dim=2) + torch.rand(1)")],
    "forward": [("self.head(self.features(x))", "2 * self.head(self.features(x))")],
    "rows": [("mean(dim=2)", "mean(dim=2) - x.mean()")],
    "weights": [
        ("self.head =", "self.offset = torch.randn(1)\n        self.head ="),
        ("(dim=2)", "(dim=2) + self.offset"),
    ],
    "gradient": [("self.head =", "self.idle = nn.Linear(2, 2)\n        self.head =")],
}


def written(folder, text=GOOD, name="mynet.py"):
    file = folder / name
    file.write_text(text)
    return file


def changed(clause):
    text = GOOD
    for old, new in BROKEN[clause]:
        assert old in text
        text = text.replace(old, new)
    return text


def held(file):
    own.require_contract(own.take(file), WHOLE, 3, {})
