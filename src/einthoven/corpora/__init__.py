"""CORPORA: every corpus by name."""

from einthoven.corpora.mitdb import MITDB
from einthoven.corpora.svdb import SVDB

CORPORA = {"mitdb": MITDB, "svdb": SVDB}
