"""CORPORA: every corpus by name."""

from einthoven.corpora.mitdb import MITDB
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.svdb import SVDB

CORPORA = {corpus.name: corpus for corpus in (MITDB, SVDB, PTBXL)}
